import { Button } from "@fluentui/react-components";
import { useState, type ReactNode } from "react";

import { count } from "../../shared/format";
import { useLook } from "./look";

/** The first of many items; the rest when they are asked for. Each item is an `li` with a key. */
export function Some({ items, first, what }: { items: readonly ReactNode[]; first: number; what: string }) {
  const look = useLook();
  const [all, setAll] = useState(false);
  return (
    <>
      <ol className={look.list}>{all ? items : items.slice(0, first)}</ol>
      {!all && items.length > first && (
        <Button appearance="transparent" onClick={() => setAll(true)} data-no-print>
          Show all {count(items.length)} {what}
        </Button>
      )}
    </>
  );
}
