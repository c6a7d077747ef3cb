import { makeStyles, mergeClasses, MessageBar, MessageBarBody, ProgressBar, tokens } from "@fluentui/react-components";
import { useMemo, useRef, useState } from "react";

import { addressOf } from "../../../api/client";
import { count } from "../../../shared/format";
import { Failed } from "../../../shared/states";
import { useLook } from "../look";
import { indented } from "./indenting";
import { Lines, type Target } from "./Lines";
import { hashOf, type Jump, type Place } from "./place";
import { useText, type Text } from "./reading";
import { rowAt, rowsOf } from "./rows";
import { firstFrom, useSearch } from "./searching";
import type { LogSource } from "./sources";
import { Toolbar } from "./Toolbar";

/** Beyond it, setting JSON out over lines would be felt. */
const MOST_INDENTED_BYTES = 2_000_000;

const NO_SEARCH = { words: "", from: 0, hit: null };

const useStyles = makeStyles({ note: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 } });

/** One text: its lines, and what one can do with them. */
export function TextView(props: { source: LogSource; place: Jump; open: (place: Place) => void; close: () => void }) {
  const { source, place, open, close } = props;
  const styles = useStyles();
  const look = useLook();
  const [text, again] = useText(source.path);
  const [wrap, setWrap] = useState(true);
  const [setOut, setSetOut] = useState(false);
  // `from` is the line at which the search began: the first hit is looked for from there on.
  const [search, setSearch] = useState<{ words: string; from: number; hit: number | null }>(NO_SEARCH);
  const top = useRef(0);

  const canSetOut = source.json && text.state === "read" && text.bytes <= MOST_INDENTED_BYTES;
  const pretty = useMemo(() => (canSetOut && setOut ? indented(text.lines.join("\n")) : null), [canSetOut, setOut, text]);
  const lines = pretty ?? text.lines;
  const lineCount = pretty ? pretty.length : text.count;
  const rows = useMemo(() => rowsOf(lines, lineCount), [lines, lineCount]);
  const { words } = search;
  const hits = useSearch(lines, lineCount, words);
  const hit = search.hit ?? firstFrom(hits.lines, search.from);

  // Numbers of lines count in the text as it came, nowhere else.
  const chosen = !pretty && place.from > 0 ? { from: place.from, to: place.to } : null;
  const hitLine = hits.lines[hit];
  const target: Target | null =
    hitLine !== undefined
      ? { key: `hit ${words} ${hitLine} ${hits.starts[hit]}`, line: hitLine, character: hits.starts[hit] ?? 0 }
      : chosen && { key: `place ${place.asked}`, line: chosen.from - 1, character: 0 };
  // Who types on searches from where they began; who went on to another hit, from there.
  const begun = search.hit === null ? search.from : (hitLine ?? 0);
  const find = (asked: string) =>
    setSearch({ words: asked, from: words ? begun : rowAt(rows, lines, top.current).line, hit: null });
  const turn = (steps: number) => setSearch({ ...search, hit: (hit + steps + hits.lines.length) % hits.lines.length });
  const choose = (from: number, to: number) => {
    setSearch(NO_SEARCH);
    open({ source: source.id, from, to });
  };

  return (
    <>
      <Toolbar
        words={words}
        find={find}
        hits={hits}
        hit={hit}
        turn={turn}
        lineCount={lineCount}
        choose={pretty ? undefined : choose}
        wrap={wrap}
        setWrap={setWrap}
        setOut={source.json ? setOut : undefined}
        setSetOut={setSetOut}
        chosen={chosen && { ...chosen, text: () => text.lines.slice(chosen.from - 1, chosen.to).join("\n") }}
        link={() => new URL(hashOf({ ...place, source: source.id }), window.location.href).href}
        download={addressOf(source.path)}
        close={close}
      />
      {text.state === "failed" && <Failed what="The text" error={text.error ?? new Error()} retry={again} />}
      {text.state === "reading" && <Progress text={text} />}
      {setOut && canSetOut && !pretty && (
        <MessageBar intent="info">
          <MessageBarBody>The payload is no JSON; it is shown as it came.</MessageBarBody>
        </MessageBar>
      )}
      <Lines
        key={`${wrap} ${pretty !== null}`}
        label={source.label}
        lines={lines}
        rows={rows}
        wrap={wrap}
        words={words}
        current={hitLine === undefined ? null : { line: hitLine, start: hits.starts[hit] ?? 0 }}
        quoted={pretty ? [] : source.quoted}
        chosen={chosen}
        target={target}
        top={top}
        choose={pretty ? undefined : choose}
        hashOf={(line) => hashOf({ source: source.id, from: line, to: line })}
      />
      <div className={mergeClasses(look.row, styles.note)}>
        <span>
          {count(lineCount)} {lineCount === 1 ? "line" : "lines"}, {size(text.bytes)}
        </span>
        {source.note && <span>{source.note}</span>}
        {rows.cut && <span>There are more lines than can be shown here; the download has all.</span>}
        {chosen && text.state === "read" && chosen.from > lineCount && <span>There is no line {count(chosen.from)}.</span>}
      </div>
    </>
  );
}

function Progress({ text }: { text: Text }) {
  const styles = useStyles();
  return (
    <div className={styles.note}>
      Reading: {size(text.bytes)}
      {text.totalBytes !== null && ` of ${size(text.totalBytes)}`}
      <ProgressBar aria-label="Read so far" value={text.totalBytes ? text.bytes / text.totalBytes : undefined} />
    </div>
  );
}

function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(0)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
