import { Button, Field, MessageBar, MessageBarBody, Textarea } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { answerOf, api, type Schema } from "../../api/client";
import { useMay, usePerson } from "../../app/session";
import { engineName } from "../../shared/format";
import { Time } from "../../shared/Time";
import { Section } from "../../shared/Section";
import { useDraft } from "./drafts";
import { useLook } from "./look";
import { Outside } from "./Outside";
import { ticketQuery, type Ticket } from "./ticketQuery";

type Verdict = Ticket["feedback"][number]["verdict"];

const VERDICTS: readonly Verdict[] = ["right", "partly", "wrong"];
const WORDS: Record<Verdict, string> = { right: "Right", partly: "Partly right", wrong: "Wrong" };

/** What people say of the diagnosis, and one's own say in it. */
export function FeedbackForm({ ticket }: { ticket: Ticket }) {
  const look = useLook();
  const may = useMay("change_tickets");
  if (!may && ticket.feedback.length === 0) return null;
  return (
    <Section title="Was the diagnosis right?" screenOnly={ticket.feedback.length === 0}>
      <div className={look.column}>
        {ticket.feedback.length > 0 && (
          <ul className={look.list}>
            {ticket.feedback.map((one) => (
              <li key={one.user}>
                <strong>{WORDS[one.verdict]}</strong>, says <Outside text={one.user} most={120} />, <Time at={one.at} />{" "}
                <span className={look.quiet}>(answered by: {engineName(one.engine)})</span>
                {one.note && (
                  <div>
                    <Outside text={one.note} />
                  </div>
                )}
              </li>
            ))}
          </ul>
        )}
        {may && <Judge ticket={ticket} />}
      </div>
    </Section>
  );
}

function Judge({ ticket }: { ticket: Ticket }) {
  const look = useLook();
  const queries = useQueryClient();
  const me = usePerson().email;
  const [note, setNote] = useDraft(`feedback ${ticket.id}`);
  const judge = useMutation({
    mutationFn: (body: Schema["Judged"]) =>
      answerOf(api.POST("/api/tickets/{id}/feedback", { params: { path: { id: ticket.id } }, body })),
    onSuccess: (changed, said) => {
      queries.setQueryData(ticketQuery(ticket.id).queryKey, changed);
      if (note.trim() === said.note) setNote("");
    },
  });
  const mine = ticket.feedback.find(({ user }) => user === me)?.verdict;
  return (
    <div className={look.column} data-no-print>
      <Field label="What it really was" hint={CONSEQUENCES[ticket.diagnosis.engine]}>
        <Textarea value={note} maxLength={4_000} resize="vertical" dir="auto" onChange={(_, { value }) => setNote(value)} />
      </Field>
      <div className={look.row} role="group" aria-label="Your judgement">
        {VERDICTS.map((verdict) => (
          <Button
            key={verdict}
            aria-pressed={verdict === mine}
            appearance={verdict === mine ? "primary" : "secondary"}
            disabled={judge.isPending}
            onClick={() => judge.mutate({ verdict, note: note.trim() })}
          >
            {WORDS[verdict]}
          </Button>
        ))}
      </div>
      {judge.isError && (
        <MessageBar intent="error" layout="multiline" role="alert">
          <MessageBarBody>Your judgement was not taken. {judge.error.message}</MessageBarBody>
        </MessageBar>
      )}
    </div>
  );
}

const CONSEQUENCES = {
  gemini: "“Wrong” keeps this answer from being used for the next failure of the kind.",
  recall: "“Wrong” takes the note back that was recalled here.",
  rules: "",
} as const;
