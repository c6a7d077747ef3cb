import { makeStyles, tokens } from "@fluentui/react-components";
import { lazy, Suspense, useEffect, useRef, useState } from "react";

import type { ChosenColumns } from "./chosenColumns";
import type { ListAddress } from "./filters";

const ViewPanel = lazy(() => import("./ViewPanel"));

const useStyles = makeStyles({
  details: { position: "relative", marginLeft: "auto" },
  summary: {
    padding: "6px 12px",
    borderRadius: tokens.borderRadiusMedium,
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    backgroundColor: tokens.colorNeutralBackground1,
    cursor: "pointer",
    userSelect: "none",
  },
});

/** Opens what is rarely changed: sorting, columns, the rows as a file. */
export function ViewOptions({ address, chosen }: { address: ListAddress; chosen: ChosenColumns }) {
  const styles = useStyles();
  const [open, setOpen] = useState(false);
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const outside = event.target instanceof Node && !details.current?.contains(event.target);
      if (details.current && (outside || (event instanceof KeyboardEvent && event.key === "Escape"))) details.current.open = false;
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, []);
  return (
    <details ref={details} className={styles.details} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className={styles.summary}>View</summary>
      {open && (
        <Suspense>
          <ViewPanel address={address} chosen={chosen} />
        </Suspense>
      )}
    </details>
  );
}
