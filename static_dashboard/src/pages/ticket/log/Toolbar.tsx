import { Button, Input, Link, makeStyles, Switch } from "@fluentui/react-components";
import { ArrowDownRegular, ArrowUpRegular, DismissRegular, SearchRegular } from "@fluentui/react-icons";
import { useState, type KeyboardEvent } from "react";

import { CopyButton } from "../../../shared/CopyButton";
import { count } from "../../../shared/format";
import { useLook } from "../look";
import type { Hits } from "./searching";

const useStyles = makeStyles({
  search: { flexGrow: 1, minWidth: "160px", maxWidth: "360px" },
  goTo: { width: "110px" },
  hits: { display: "inline-flex", alignItems: "center", gap: "4px" },
  found: { fontVariantNumeric: "tabular-nums", minWidth: "72px" },
});

/** Search, go to a line, how the lines are shown, and what can be taken along. */
export function Toolbar(props: {
  words: string;
  find: (words: string) => void;
  hits: Hits;
  hit: number;
  turn: (steps: number) => void;
  lineCount: number;
  choose: ((from: number, to: number) => void) | undefined;
  wrap: boolean;
  setWrap: (wrap: boolean) => void;
  /** Undefined for what is no JSON. */
  setOut: boolean | undefined;
  setSetOut: (setOut: boolean) => void;
  chosen: { from: number; to: number; text: () => string } | null;
  link: () => string;
  download: string;
  close: () => void;
}) {
  const styles = useStyles();
  const look = useLook();
  const { hits, hit, turn, chosen } = props;
  const none = hits.lines.length === 0;
  const onSearchKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !none) turn(event.shiftKey ? -1 : 1);
  };
  return (
    <div className={look.row}>
      <Input
        className={styles.search}
        type="search"
        aria-label="Search in the log"
        data-search
        placeholder="Search"
        contentBefore={<SearchRegular />}
        value={props.words}
        maxLength={500}
        onChange={(_, { value }) => props.find(value)}
        onKeyDown={onSearchKey}
      />
      <span className={styles.hits}>
        <span className={styles.found} role="status">
          {props.words && found(hits, hit)}
        </span>
        <Button
          size="small"
          icon={<ArrowUpRegular />}
          title="The hit before: Shift+Enter"
          aria-label="The hit before"
          disabled={none}
          onClick={() => turn(-1)}
        />
        <Button
          size="small"
          icon={<ArrowDownRegular />}
          title="The next hit: Enter"
          aria-label="The next hit"
          disabled={none}
          onClick={() => turn(1)}
        />
      </span>
      {props.choose && <GoTo lineCount={props.lineCount} choose={props.choose} />}
      <Switch label="Wrap" checked={props.wrap} onChange={(_, { checked }) => props.setWrap(checked)} />
      {props.setOut !== undefined && (
        <Switch label="Set out" title="JSON over lines" checked={props.setOut} onChange={(_, { checked }) => props.setSetOut(checked)} />
      )}
      {chosen && (
        <span>
          {chosen.from === chosen.to ? `Line ${chosen.from}` : `Lines ${chosen.from}–${chosen.to}`}
          <CopyButton text={chosen.text()} what={chosen.from === chosen.to ? "the line" : "the lines"} />
        </span>
      )}
      <span>
        Link
        <CopyButton text={props.link()} what="the link to this place" />
      </span>
      <Link href={props.download} download>
        Download
      </Link>
      <Button size="small" appearance="subtle" icon={<DismissRegular />} onClick={props.close}>
        Close
      </Button>
    </div>
  );
}

function found(hits: Hits, hit: number): string {
  if (hits.state === "searching") return "Searching …";
  if (hits.lines.length === 0) return "Not found";
  return `${count(hit + 1)} of ${count(hits.lines.length)}${hits.more ? " or more" : ""}`;
}

function GoTo({ lineCount, choose }: { lineCount: number; choose: (from: number, to: number) => void }) {
  const styles = useStyles();
  const [typed, setTyped] = useState("");
  const onKeyDown = (event: KeyboardEvent) => {
    const line = Math.min(Math.floor(Number(typed)), lineCount);
    if (event.key === "Enter" && line >= 1) choose(line, line);
  };
  return (
    <Input
      className={styles.goTo}
      type="number"
      min={1}
      max={lineCount}
      aria-label="Go to line"
      placeholder="Go to line"
      value={typed}
      onChange={(_, { value }) => setTyped(value)}
      onKeyDown={onKeyDown}
    />
  );
}
