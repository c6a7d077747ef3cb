import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { memo, type MouseEvent, type ReactNode } from "react";

import type { Row } from "./rows";
import { pattern } from "./searching";

const useStyles = makeStyles({
  row: { display: "flex", minHeight: "20px", borderLeft: "3px solid transparent" },
  quoted: { backgroundColor: tokens.colorStatusWarningBackground1, borderLeftColor: tokens.colorStatusWarningBorderActive },
  chosen: { backgroundColor: tokens.colorBrandBackground2, borderLeftColor: tokens.colorBrandStroke1 },
  number: {
    flexShrink: 0,
    boxSizing: "border-box",
    position: "sticky",
    left: 0,
    padding: "0 1ch 0 0",
    textAlign: "right",
    color: tokens.colorNeutralForeground3,
    backgroundColor: tokens.colorNeutralBackground3,
    textDecorationLine: "none",
    userSelect: "none",
  },
  text: { paddingLeft: "1ch", paddingRight: "8px", whiteSpace: "pre", unicodeBidi: "isolate", direction: "ltr", tabSize: 4 },
  wrap: { whiteSpace: "pre-wrap", overflowWrap: "anywhere", flexGrow: 1, minWidth: 0 },
  hit: { backgroundColor: tokens.colorPaletteYellowBackground2, color: tokens.colorNeutralForeground1 },
  current: { backgroundColor: tokens.colorPaletteMarigoldBackground3, color: "#000", outline: `1px solid ${tokens.colorNeutralForeground1}` },
});

interface Props {
  row: Row;
  /** The whole line. */
  text: string;
  wrap: boolean;
  gutter: string;
  words: string;
  /** Where in this line the hit is that one is at. */
  currentStart: number | null;
  /** The quotes that stand on this line. */
  quotedAs: readonly string[];
  chosen: boolean;
  /** The address of the line. */
  href: string | undefined;
  onNumber: (event: MouseEvent, line: number) => void;
}

/** A line, or a part of a very long one. */
export function OneRow(props: Props) {
  const { row, text, quotedAs, href } = props;
  const styles = useStyles();
  const number = row.line + 1;
  const isFirst = row.from === 0;
  return (
    <div
      className={mergeClasses(styles.row, quotedAs.length > 0 && styles.quoted, props.chosen && styles.chosen)}
      title={quotedAs.length ? `Quoted${quotedAs.some(Boolean) ? ` as ${quotedAs.join(", ")}` : ""}` : undefined}
      data-line={number}
      data-quoted={quotedAs.length > 0 || undefined}
      data-chosen={props.chosen || undefined}
    >
      {isFirst && href ? (
        // By keyboard, "Go to line" does the same.
        <a
          className={styles.number}
          style={{ width: props.gutter }}
          href={href}
          tabIndex={-1}
          onClick={(event) => props.onNumber(event, number)}
        >
          {number}
        </a>
      ) : (
        <span className={styles.number} style={{ width: props.gutter }}>
          {isFirst ? number : "↳"}
        </span>
      )}
      <span className={mergeClasses(styles.text, props.wrap && styles.wrap)}>
        <Marked row={row} text={text} words={props.words} currentStart={props.currentStart} />
      </span>
    </div>
  );
}

/** The text of a row with what was searched for marked in it, also where a hit goes over the row's end. */
const Marked = memo(function Marked({ row, text, words, currentStart }: Pick<Props, "row" | "text" | "words" | "currentStart">) {
  const styles = useStyles();
  const end = row.to === text.length && text.endsWith("\r") ? row.to - 1 : row.to;
  if (!words) return text.slice(row.from, end);
  const near = Math.max(0, row.from - words.length);
  const parts: ReactNode[] = [];
  let done = row.from;
  for (const match of text.slice(near, end + words.length).matchAll(pattern(words))) {
    const start = near + match.index;
    const [from, to] = [Math.max(done, start), Math.min(end, start + match[0].length)];
    if (from >= to) continue;
    parts.push(text.slice(done, from));
    parts.push(
      <mark key={start} className={mergeClasses(styles.hit, start === currentStart && styles.current)} data-current={start === currentStart || undefined}>
        {text.slice(from, to)}
      </mark>,
    );
    done = to;
  }
  return [...parts, text.slice(done, end)];
});
