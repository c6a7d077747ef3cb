import { makeStyles, tokens } from "@fluentui/react-components";
import { useId, type ReactNode } from "react";

const useStyles = makeStyles({
  section: {
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
    padding: "12px 16px 16px",
    minWidth: 0,
    "@media (max-width: 640px)": { padding: "8px 12px 12px" },
    "@media print": { border: "none", padding: "4px 0", breakInside: "auto" },
  },
  title: {
    margin: "0 0 8px",
    fontSize: tokens.fontSizeBase400,
    lineHeight: tokens.lineHeightBase400,
    fontWeight: tokens.fontWeightSemibold,
    "@media print": { breakAfter: "avoid" },
  },
});

/** A part of the page under a heading of its own. What is only of use on a screen is not printed. */
export function Section({ title, screenOnly = false, children }: { title: string; screenOnly?: boolean; children: ReactNode }) {
  const styles = useStyles();
  const heading = useId();
  return (
    <section className={styles.section} aria-labelledby={heading} data-no-print={screenOnly || undefined}>
      <h2 id={heading} className={styles.title}>
        {title}
      </h2>
      {children}
    </section>
  );
}
