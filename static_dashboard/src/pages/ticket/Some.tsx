import { Button } from "@fluentui/react-components";
import { useEffect, useRef, useState, type ReactNode } from "react";

import { count } from "../../shared/format";
import { focusOn } from "../../shared/focus";
import { useLook } from "./look";

/** The first of many items; the rest when they are asked for. Each item is an `li` with a key. */
export function Some({ items, first, what }: { items: readonly ReactNode[]; first: number; what: string }) {
  const look = useLook();
  const list = useRef<HTMLOListElement>(null);
  const [all, setAll] = useState(false);
  // The button has gone: one reads on where it stood.
  useEffect(() => {
    if (all) focusOn(list.current?.children[first]);
  }, [all, first]);
  return (
    <>
      <ol ref={list} className={look.list}>{all ? items : items.slice(0, first)}</ol>
      {!all && items.length > first && (
        <Button appearance="transparent" onClick={() => setAll(true)} data-no-print>
          Show all {count(items.length)} {what}
        </Button>
      )}
    </>
  );
}
