import { Badge, Button, makeStyles } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { answerOf, api, type Schema } from "../../api/client";
import { undone } from "../../shared/deadLetters";
import { count, duration } from "../../shared/format";
import { useLook } from "../../shared/look";
import { useNow } from "../../shared/now";
import { Section } from "../../shared/Section";
import { SmallTable, type Column } from "../../shared/SmallTable";
import { Failed, Loading } from "../../shared/states";
import { TextLink } from "../../shared/TextLink";
import { Time } from "../../shared/Time";
import { deadLettersKey, ReplayResult, useReplay } from "./replaying";

type Letter = Schema["DeadLetter"];

const LOOK_MS = 15_000;

const useStyles = makeStyles({
  reason: { whiteSpace: "pre-wrap", maxHeight: "120px", overflowY: "auto" },
});

/** What could not be delivered, why, and a way to send it once more. */
export function DeadLettersPart() {
  const look = useLook();
  const letters = useQuery({
    queryKey: deadLettersKey,
    queryFn: () => answerOf(api.GET("/api/dead-letters")),
    refetchInterval: LOOK_MS,
  });
  const replay = useReplay();
  const items = letters.data?.items ?? [];
  const columns: Column<Letter>[] = [
    { title: "What did not happen", minWidth: "170px", cell: (letter) => <Undone letter={letter} /> },
    { title: "Ticket", minWidth: "220px", cell: ({ ticket_id }) => ticket_id && <TextLink to={`/tickets/${encodeURIComponent(ticket_id)}`}>{ticket_id}</TextLink> },
    { title: "Reason", cell: ({ reason }) => <Reason text={reason} /> },
    { title: "Tries", cell: ({ tries }) => count(tries) },
    { title: "Noted", minWidth: "110px", cell: ({ at }) => <Age at={at} /> },
    {
      title: "Action",
      cell: (letter) => (
        <Button
          size="small"
          disabled={replay.isPending}
          aria-label={`Replay ${letter.queue} ${letter.ticket_id}`}
          onClick={() => replay.mutate([letter])}
        >
          Replay
        </Button>
      ),
    },
  ];
  return (
    <Section
      title="What could not be delivered"
      actions={
        items.length > 1 && (
          <Button disabled={replay.isPending} onClick={() => replay.mutate(items)}>
            {replay.isPending ? `Replaying, ${count(replay.sent)} so far …` : `Replay all ${count(items.length)}`}
          </Button>
        )
      }
    >
      <p className={look.paragraph}>
        Mend what the reason names, then replay: the message is sent once more. Their order does not matter, and a second replay does no
        harm.
      </p>
      <ReplayResult result={replay.data} error={replay.error} />
      {letters.isPending && <Loading what="dead letters" />}
      {letters.isError && <Failed what="The dead letters" error={letters.error} retry={() => void letters.refetch()} />}
      {letters.isSuccess && items.length === 0 && <span className={look.quiet}>There is none: all has been delivered.</span>}
      {items.length > 0 && <SmallTable label="Dead letters" columns={columns} rows={items} rowKey={({ id }) => id} />}
    </Section>
  );
}

function Undone({ letter: { queue, state, next_try } }: { letter: Letter }) {
  const look = useLook();
  return (
    <>
      {undone(queue)}{" "}
      <Badge appearance="tint" color={state === "dead" ? "danger" : "warning"}>
        {state === "dead" ? "given up" : "being retried"}
      </Badge>
      {next_try && (
        <div className={look.quiet}>
          next try <Time at={next_try} />
        </div>
      )}
    </>
  );
}

function Reason({ text }: { text: string }) {
  const styles = useStyles();
  return (
    <div className={styles.reason} dir="auto" tabIndex={0}>
      {text}
    </div>
  );
}

function Age({ at }: { at: string }) {
  const now = useNow() ?? 0;
  return (
    <>
      {duration((now - Date.parse(at)) / 1000)} ago, <Time at={at} />
    </>
  );
}
