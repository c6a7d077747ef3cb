import { Button, makeStyles, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";
import { useState } from "react";

import { usePerson } from "../../app/session";
import { handsFocusOn } from "../../shared/focus";
import { Happening } from "./Happening";
import { useLook } from "./look";
import { ASSISTANT, entriesSince, entryIds, type Entry, type Ticket } from "./ticketQuery";

const useStyles = makeStyles({ news: { marginTop: "16px" } });

const MOST = 3;
/** Of what the app itself does, this changes what one reads or how urgent it is. */
const TOLD = new Set(["Diagnosis Updated", "Report Added", "SLA Warning", "SLA Breached"]);

/** What others did to the ticket since it was opened here, until it is dismissed. */
export function News({ ticket }: { ticket: Ticket }) {
  const styles = useStyles();
  const look = useLook();
  const me = usePerson().email;
  const [seen, setSeen] = useState(() => entryIds(ticket));
  const matters = (entry: Entry) => (entry.user === ASSISTANT ? TOLD.has(entry.action) : entry.user !== me);
  const news = entriesSince(ticket, seen).filter(matters).reverse();
  return (
    <div aria-live="polite" data-no-print>
      {news.length > 0 && (
        <MessageBar className={styles.news} intent="info" layout="multiline">
          <MessageBarBody>
            <MessageBarTitle>Changed just now</MessageBarTitle>
            <ul className={look.list}>
              {news.slice(0, MOST).map((entry) => (
                <li key={entry.id}>
                  <Happening entry={entry} />
                </li>
              ))}
              {news.length > MOST && <li>and {news.length - MOST} more, below in the timeline.</li>}
            </ul>
          </MessageBarBody>
          <MessageBarActions>
            <Button ref={handsFocusOn} onClick={() => setSeen(entryIds(ticket))}>Dismiss</Button>
          </MessageBarActions>
        </MessageBar>
      )}
    </div>
  );
}
