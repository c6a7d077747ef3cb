import { Button, makeStyles, MessageBar, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { useNotify } from "../../app/notify";
import { useMay } from "../../app/session";
import { sendOnceMore, undone } from "../../shared/deadLetters";
import { Time } from "../../shared/Time";
import { useLook } from "./look";
import { Outside } from "./Outside";
import { ticketQuery, type Ticket } from "./ticketQuery";

type Letter = Ticket["dead_letters"][number];

const useStyles = makeStyles({ item: { display: "flex", flexDirection: "column", alignItems: "flex-start", gap: "4px" } });

/** What of this ticket did not reach Jira, Slack or the diagnosis; who may sends it once more. */
export function DeadLetters({ ticket }: { ticket: Ticket }) {
  const styles = useStyles();
  const look = useLook();
  if (ticket.dead_letters.length === 0) return null;
  return (
    <MessageBar intent="warning" layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>Not everything was delivered</MessageBarTitle>
        <ul className={look.list}>
          {ticket.dead_letters.map((letter) => (
            <li key={letter.id} className={styles.item}>
              <span>
                <strong>{undone(letter.queue)}</strong>
                {letter.state === "dead" ? "; given up" : "; it is tried again"}
                {letter.next_try && (
                  <>
                    {" "}
                    at <Time at={letter.next_try} />
                  </>
                )}
                . Tried {letter.tries} {letter.tries === 1 ? "time" : "times"}, last <Time at={letter.at} />.
              </span>
              <Outside text={letter.reason} most={400} />
              <Replay letter={letter} />
            </li>
          ))}
        </ul>
      </MessageBarBody>
    </MessageBar>
  );
}

function Replay({ letter }: { letter: Letter }) {
  const may = useMay("handle_dead_letters");
  const notify = useNotify();
  const queries = useQueryClient();
  const replay = useMutation({
    mutationFn: () => sendOnceMore(letter),
    onSuccess: () => notify({ intent: "success", title: "Sent once more" }),
    onError: (error) => notify({ intent: "error", title: "It was not sent again", body: error.message }),
    onSettled: () => queries.invalidateQueries({ queryKey: ticketQuery(letter.ticket_id).queryKey }),
  });
  if (!may) return null;
  return (
    <Button size="small" disabled={replay.isPending} onClick={() => replay.mutate()} data-no-print>
      Send once more
    </Button>
  );
}
