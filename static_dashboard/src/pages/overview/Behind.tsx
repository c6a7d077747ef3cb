import { makeStyles, tokens } from "@fluentui/react-components";
import { useState, type ReactNode } from "react";

const useStyles = makeStyles({
  summary: { padding: "6px 0", cursor: "pointer", color: tokens.colorBrandForegroundLink, width: "fit-content" },
});

/** The figures behind a chart, drawn when somebody wants them. */
export function Behind({ what, children }: { what: string; children: ReactNode }) {
  const styles = useStyles();
  const [open, setOpen] = useState(false);
  return (
    <details data-no-print open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className={styles.summary} aria-label={`${what} as a table`}>
        As a table
      </summary>
      {open && children}
    </details>
  );
}
