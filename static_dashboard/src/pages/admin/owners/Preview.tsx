import { Button, Field, Input, Select } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";

import { answerOf, api, type Schema } from "../../../api/client";
import { SOURCE_NAMES } from "../../../shared/format";
import { useLook } from "../../../shared/look";
import { refusedAt, Refusal } from "../../../shared/refusal";
import { Section } from "../../../shared/Section";

/** Who would own a pipeline. */
export function Preview() {
  const look = useLook();
  const [source, setSource] = useState("adf");
  const [pipeline, setPipeline] = useState("");
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () =>
      answerOf(api.GET("/api/owners/preview", { params: { query: { source: source as Schema["Failure"]["source"], pipeline } } })),
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <Section title="Who would own it?">
      <form className={look.row} onSubmit={submit}>
        <Field label="Source">
          <Select value={source} onChange={(_, { value }) => setSource(value)}>
            {Object.entries(SOURCE_NAMES).map(([one, name]) => (
              <option key={one} value={one}>
                {name}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Pipeline, factory/pipeline or DAG/task" {...refusedAt(error, "pipeline")}>
          <Input value={pipeline} onChange={(_, { value }) => setPipeline(value)} />
        </Field>
        <Button type="submit" disabledFocusable={isPending}>
          Look it up
        </Button>
      </form>
      <Refusal error={error} fields={["pipeline"]} />
      <p className={look.paragraph} aria-live="polite">
        {data && <Found preview={data} />}
      </p>
    </Section>
  );
}

function Found({ preview: { rule, reason } }: { preview: Schema["Preview"] }) {
  const says = rule ? [rule.team, rule.owner, rule.cost_center].filter(Boolean).join(" · ") : "Nobody.";
  return (
    <>
      <b>
        <bdi>{says}</bdi>
      </b>{" "}
      <bdi>{reason}</bdi>
    </>
  );
}
