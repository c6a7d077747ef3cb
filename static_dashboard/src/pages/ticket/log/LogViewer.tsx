import { makeStyles, Select, tokens } from "@fluentui/react-components";
import { useEffect, useMemo, useRef, type KeyboardEvent } from "react";

import { Section } from "../../../shared/Section";
import type { Ticket } from "../ticketQuery";
import type { Jump, Place } from "./place";
import { sourcesOf } from "./sources";
import { TextView } from "./TextView";

const useStyles = makeStyles({
  viewer: {
    display: "flex",
    flexDirection: "column",
    gap: "8px",
    // Below the bar that stays at the top.
    scrollMarginTop: "104px",
    "@media (max-width: 640px)": { scrollMarginTop: "150px" },
  },
  source: { maxWidth: "100%", minWidth: 0, width: "420px" },
  none: { margin: 0, color: tokens.colorNeutralForeground2 },
});

/** The texts of a ticket, one at a time, at the place that was asked for. */
export default function LogViewer(props: { ticket: Ticket; place: Jump; open: (place: Place) => void; close: () => void }) {
  const { ticket, place, open, close } = props;
  const styles = useStyles();
  const viewer = useRef<HTMLDivElement>(null);
  const cameFrom = useRef<Element>(null);
  const sources = useMemo(() => sourcesOf(ticket), [ticket]);
  const source = sources.find(({ id }) => id === place.source) ?? (place.source ? undefined : sources[0]);

  useEffect(() => {
    const { activeElement } = document;
    if (viewer.current?.contains(activeElement)) return;
    cameFrom.current = activeElement;
    viewer.current?.scrollIntoView({ block: "start" });
    viewer.current?.querySelector<HTMLElement>("[data-lines]")?.focus({ preventScroll: true });
  }, [place.asked]);

  /** Escape leads back to the quote that led here. */
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    if (cameFrom.current instanceof HTMLElement && cameFrom.current !== document.body) {
      cameFrom.current.focus({ preventScroll: true });
      cameFrom.current.scrollIntoView({ block: "center" });
    } else {
      viewer.current?.querySelector<HTMLElement>("[data-lines]")?.blur();
    }
  };

  return (
    <Section title="Log" screenOnly>
      <div ref={viewer} className={styles.viewer} onKeyDown={onKeyDown}>
        <Select
          className={styles.source}
          aria-label="Which text"
          value={source?.id ?? ""}
          onChange={(_, { value }) => open({ source: value, from: 0, to: 0 })}
        >
          {!source && <option value="">–</option>}
          {sources.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </Select>
        {source ? (
          <TextView key={`${source.path} ${source.version}`} source={source} place={place} open={open} close={close} />
        ) : (
          <p className={styles.none}>This ticket has no text {place.source}. Choose another one.</p>
        )}
      </div>
    </Section>
  );
}
