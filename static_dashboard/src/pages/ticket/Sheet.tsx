import { makeStyles } from "@fluentui/react-components";
import { lazy, Suspense, useRef, useState } from "react";
import { useLocation } from "wouter";

import { useMay } from "../../app/session";
import { useKeys } from "../../shared/keys";
import { useMedia } from "../../shared/media";
import { Loading } from "../../shared/states";
import { Actions } from "./Actions";
import { backToList } from "./behind";
import { Cause } from "./Cause";
import { mayMove, type Status } from "./changing";
import { DeadLetters } from "./DeadLetters";
import { Facts, Owner } from "./Facts";
import { FeedbackForm } from "./FeedbackForm";
import { Findings } from "./Findings";
import { Header } from "./Header";
import { Checks, Hypotheses } from "./Hypotheses";
import { Links } from "./Links";
import { useLogPlace } from "./log/place";
import { News } from "./News";
import { Asked, Reports } from "./Reports";
import { Similar } from "./Similar";
import { Steps } from "./Steps";
import type { Ticket } from "./ticketQuery";
import { Timeline } from "./Timeline";

const LogViewer = lazy(() => import("./log/LogViewer"));
const KeyList = lazy(() => import("./KeyList"));

/** Room for two columns: what one can do stands beside the cause then, else below the steps. */
const WIDE = "(min-width: 1001px)";
const wideScreen = window.matchMedia(WIDE);

const useStyles = makeStyles({
  sheet: { display: "flex", flexDirection: "column", gap: "16px", minWidth: 0 },
  columns: {
    display: "grid",
    gridTemplateColumns: "minmax(0, 1fr) 360px",
    gap: "16px",
    alignItems: "start",
    [`@media not ${WIDE}`]: { gridTemplateColumns: "minmax(0, 1fr)" },
    "@media print": { gridTemplateColumns: "minmax(0, 1fr)" },
  },
  column: { display: "flex", flexDirection: "column", gap: "16px", minWidth: 0 },
});

/** All of a ticket: what one needs to act at night first, how it came about below, the log at the end. */
export function Sheet({ ticket }: { ticket: Ticket }) {
  const styles = useStyles();
  const acts = useMay("change_tickets");
  const [, navigate] = useLocation();
  const [armed, setArmed] = useState<Status | null>(null);
  const [keysShown, setKeysShown] = useState(false);
  const note = useRef<HTMLTextAreaElement>(null);
  const wide = useMedia(wideScreen);
  const log = useLogPlace();
  const openLog = () => log.open({ source: "", from: 0, to: 0 });

  const arm = (status: Status) => {
    if (!acts || !mayMove(ticket, status)) return;
    setArmed(status);
    note.current?.focus();
  };
  useKeys({
    a: () => arm("acknowledged"),
    p: () => arm("in_progress"),
    r: () => arm("open"),
    l: openLog,
    "?": () => setKeysShown(true),
    Escape: () => backToList(navigate),
  });

  const actions = acts && <Actions ticket={ticket} armed={armed} noteRef={note} />;
  return (
    <article className={styles.sheet}>
      <div>
        <Header ticket={ticket} />
        <News ticket={ticket} />
      </div>
      <DeadLetters ticket={ticket} />
      <div className={styles.columns}>
        <div className={styles.column}>
          <Cause ticket={ticket} />
          <Steps steps={ticket.recommendations} />
          {!wide && actions}
          <Findings evidence={ticket.diagnosis.evidence} jump={log.open} />
          <Hypotheses diagnosis={ticket.diagnosis} />
          <Checks diagnosis={ticket.diagnosis} />
          <Similar diagnosis={ticket.diagnosis} />
          <FeedbackForm ticket={ticket} />
        </div>
        <div className={styles.column}>
          {wide && actions}
          <Facts ticket={ticket} />
          <Owner ticket={ticket} />
          <Links ticket={ticket} openLog={openLog} />
        </div>
      </div>
      {log.place && (
        <Suspense fallback={<Loading what="the log viewer" />}>
          <LogViewer ticket={ticket} place={log.place} open={log.open} close={log.close} />
        </Suspense>
      )}
      <Reports ticket={ticket} open={log.open} />
      <Asked ticket={ticket} open={log.open} />
      <Timeline audit={ticket.audit} />
      {keysShown && (
        <Suspense>
          <KeyList acts={acts} close={() => setKeysShown(false)} />
        </Suspense>
      )}
    </article>
  );
}
