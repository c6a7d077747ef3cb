import { Button, Field, Select, Textarea, makeStyles, tokens } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";

import { answerOf, api } from "../../../api/client";
import { useLook } from "../../../shared/look";
import { refusedAt, Refusal } from "../../../shared/refusal";
import { Section } from "../../../shared/Section";
import { exampleOf, SENDERS, type SenderName } from "./examples";
import { readHeaders } from "./headers";
import { SampleResult } from "./SampleResult";

const FIELDS = ["sender", "headers", "body"];

const useStyles = makeStyles({
  text: { "& textarea": { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 } },
});

/** Tries what a sender posts: what would be made of it, and why it would be refused. */
export function SendersPart() {
  const look = useLook();
  const styles = useStyles();
  const [sender, setSender] = useState<SenderName>("azure-monitor");
  const [body, setBody] = useState("");
  const [headers, setHeaders] = useState("");
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: async () =>
      answerOf(api.POST("/api/sender-test", { body: { sender, body, headers: readHeaders(headers) } })),
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <>
      <Section title="Test what a sender posts">
        <p className={look.paragraph}>Nothing arrives, or not as it should? Paste what the sender sends. No ticket is made.</p>
        <form className={look.column} onSubmit={submit}>
          <Refusal error={error} fields={FIELDS} />
          <div className={look.row}>
            <Field label="Sender" {...refusedAt(error, "sender")}>
              <Select value={sender} onChange={(_, { value }) => setSender(value as SenderName)}>
                {Object.entries(SENDERS).map(([name, { title, path }]) => (
                  <option key={name} value={name}>
                    {title} ({path})
                  </option>
                ))}
              </Select>
            </Field>
            <Button onClick={() => setBody(exampleOf(sender))}>Fill in an example</Button>
          </div>
          <Field label="Body" {...refusedAt(error, "body")}>
            <Textarea className={styles.text} rows={12} resize="vertical" spellCheck={false} value={body} onChange={(_, { value }) => setBody(value)} />
          </Field>
          <Field
            label="Headers"
            hint="One a line, such as Authorization: Basic …; needed only where the sender proves itself by one."
            {...refusedAt(error, "headers")}
          >
            <Textarea className={styles.text} rows={2} resize="vertical" spellCheck={false} value={headers} onChange={(_, { value }) => setHeaders(value)} />
          </Field>
          <Button className={look.start} appearance="primary" type="submit" disabledFocusable={isPending}>
            {isPending ? "Testing …" : "Test it"}
          </Button>
        </form>
      </Section>
      {data && <SampleResult report={data} />}
    </>
  );
}
