import { Button, Field, makeStyles, MessageBar, MessageBarBody, Textarea } from "@fluentui/react-components";
import { useState, type KeyboardEvent, type Ref } from "react";
import { Section } from "../../shared/Section";

import { mayMove, MOVE_KEYS, MOVE_NAMES, MOVES, Overtaken, useChange, type Status } from "./changing";
import { useDraft } from "./drafts";
import { useLook } from "./look";
import { OvertakenNotice } from "./OvertakenNotice";
import type { Ticket } from "./ticketQuery";

const useStyles = makeStyles({ note: { width: "100%" } });

/**
 * Moves the ticket, with a note or without. `armed` is the move that Ctrl+Enter in the note makes: a key chose it,
 * or it is the likely one.
 */
export function Actions(props: { ticket: Ticket; armed: Status | null; noteRef: Ref<HTMLTextAreaElement> }) {
  const { ticket, armed, noteRef } = props;
  const styles = useStyles();
  const look = useLook();
  const [note, setNote] = useDraft(`note ${ticket.id}`);
  // What is typed while a change is under way is kept.
  const change = useChange(ticket, (made) => note.trim() === made.note && setNote(""));
  // The button that is being waited for says so.
  const [sent, setSent] = useState<Status | null>(null);
  const move = (status: Status | null) => {
    setSent(status);
    change.mutate({ status, note: note.trim() });
  };
  const first = armed && mayMove(ticket, armed) ? armed : (MOVES[ticket.status][0] ?? null);
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    // The page's keys work again.
    if (event.key === "Escape") event.currentTarget.blur();
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || change.isPending) return;
    event.preventDefault();
    move(first);
  };
  const overtaken = change.error instanceof Overtaken ? change.error : null;
  return (
    <Section title="Act" screenOnly>
      <div className={look.column}>
        {overtaken && (
          <OvertakenNotice
            overtaken={overtaken}
            busy={change.isPending}
            insist={(status) => move(status)}
            leave={() => change.reset()}
          />
        )}
        {change.isError && !overtaken && (
          <MessageBar intent="error" layout="multiline" role="alert">
            <MessageBarBody>Nothing was changed. {change.error.message}</MessageBarBody>
          </MessageBar>
        )}
        <Field label="Note" hint={hint(first)}>
          <Textarea
            ref={noteRef}
            className={styles.note}
            value={note}
            maxLength={4_000}
            resize="vertical"
            dir="auto"
            onChange={(_, { value }) => setNote(value)}
            onKeyDown={onKeyDown}
          />
        </Field>
        <div className={look.row}>
          {MOVES[ticket.status].map((status) => (
            <Button
              key={status}
              appearance={status === first ? "primary" : "secondary"}
              disabled={change.isPending}
              title={`Key: ${MOVE_KEYS[status]}`}
              onClick={() => move(status)}
            >
              {change.isPending && sent === status ? `${MOVE_NAMES[status]} …` : MOVE_NAMES[status]}
            </Button>
          ))}
          <Button disabled={change.isPending || !note.trim()} onClick={() => move(null)}>
            Add note
          </Button>
        </div>
      </div>
    </Section>
  );
}

function hint(first: Status | null): string {
  const what = first === "acknowledged" ? "What helped: the next failure of this kind will be told. " : "";
  return first ? `${what}Ctrl+Enter: ${MOVE_NAMES[first].toLowerCase()}.` : what;
}
