import { makeStyles, tokens } from "@fluentui/react-components";
import { useId, type ReactNode } from "react";

const useStyles = makeStyles({
  section: {
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
    padding: "12px 16px 16px",
    minWidth: 0,
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalM,
    "@media (max-width: 640px)": { padding: "8px 12px 12px" },
    "@media print": { border: "none", padding: "4px 0", breakInside: "auto" },
  },
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", justifyContent: "space-between", gap: "8px" },
  title: {
    margin: 0,
    fontSize: tokens.fontSizeBase400,
    lineHeight: tokens.lineHeightBase400,
    fontWeight: tokens.fontWeightSemibold,
    "@media print": { breakAfter: "avoid" },
  },
});

interface Props {
  title: string;
  /** What can be done about the whole of it, beside the heading. */
  actions?: ReactNode;
  /** Of no use on paper. */
  screenOnly?: boolean;
  children: ReactNode;
}

/** A part of a page under a heading of its own. */
export function Section({ title, actions, screenOnly = false, children }: Props) {
  const styles = useStyles();
  const heading = useId();
  return (
    <section className={styles.section} aria-labelledby={heading} data-no-print={screenOnly || undefined}>
      <div className={styles.head}>
        <h2 id={heading} className={styles.title}>
          {title}
        </h2>
        {actions}
      </div>
      {children}
    </section>
  );
}
