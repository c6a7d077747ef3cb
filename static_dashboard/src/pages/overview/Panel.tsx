import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { useId, type ReactNode } from "react";

const useStyles = makeStyles({
  panel: {
    minWidth: 0,
    padding: "16px",
    boxSizing: "border-box",
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
    breakInside: "avoid",
    "@media (max-width: 640px)": { padding: "12px" },
  },
  wide: { gridColumn: "1 / -1" },
  // Beside it others find room, one below the other, where there is more than one column.
  tall: { "@media (min-width: 860px)": { gridRow: "span 2" } },
  title: { margin: "0 0 4px", fontSize: tokens.fontSizeBase400, lineHeight: tokens.lineHeightBase400, fontWeight: tokens.fontWeightSemibold },
  summary: { margin: "0 0 12px", color: tokens.colorNeutralForeground2, overflowWrap: "anywhere" },
});

/** One part of the overview: what it is about, what it says in a sentence, and the figures. */
export function Panel(props: { title: string; summary?: ReactNode; wide?: boolean; tall?: boolean; children: ReactNode }) {
  const styles = useStyles();
  const id = useId();
  return (
    <section className={mergeClasses(styles.panel, props.wide && styles.wide, props.tall && styles.tall)} aria-labelledby={id}>
      <h2 id={id} className={styles.title}>
        {props.title}
      </h2>
      {props.summary && <p className={styles.summary}>{props.summary}</p>}
      {props.children}
    </section>
  );
}
