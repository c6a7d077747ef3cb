import { Button, Field, Input, Select } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";

import { answerOf, api, type Schema } from "../../api/client";
import { handsFocusOn } from "../../shared/focus";
import { STATUS_NAMES, statusName } from "../../shared/format";
import { useLook } from "../../shared/look";
import { refusedAt, Refusal } from "../../shared/refusal";
import { Section } from "../../shared/Section";
import { SmallTable, type Column } from "../../shared/SmallTable";
import { Failed, Loading } from "../../shared/states";

type Named = Schema["NamedStatus"];

const KEY = ["jira-statuses"];

/** Which of Jira's statuses mean something else than their category says. */
export function JiraStatusesPart() {
  const look = useLook();
  const queries = useQueryClient();
  const list = useQuery({ queryKey: KEY, queryFn: () => answerOf(api.GET("/api/jira-statuses")) });
  const remove = useMutation({
    mutationFn: (name: string) => answerOf(api.DELETE("/api/jira-statuses", { params: { query: { name } } })),
    onSuccess: (rest) => queries.setQueryData(KEY, rest),
  });
  const columns: Column<Named>[] = [
    { title: "In Jira", cell: ({ name }) => <bdi>{name}</bdi> },
    { title: "Means", cell: ({ status }) => statusName(status) },
    {
      title: "Action",
      cell: ({ name }) => (
        <Button
          ref={handsFocusOn}
          size="small"
          disabledFocusable={remove.isPending}
          aria-label={`Remove ${name}`}
          onClick={() => remove.mutate(name)}
        >
          Remove
        </Button>
      ),
    },
  ];
  return (
    <Section title="What Jira's statuses mean">
      <p className={look.paragraph}>
        Without an entry the category of a status decides, whatever its name: To Do is Open, In Progress is In progress, Done is
        Acknowledged.
      </p>
      <GiveMeaning />
      <Refusal error={remove.error} />
      {list.isPending && <Loading what="statuses" />}
      {list.isError && <Failed what="The statuses" error={list.error} retry={() => void list.refetch()} />}
      {list.data?.items.length === 0 && <span className={look.quiet}>There is no entry: the categories decide.</span>}
      {list.data && list.data.items.length > 0 && (
        <SmallTable label="Statuses with a meaning of their own" columns={columns} rows={list.data.items} rowKey={({ name }) => name} />
      )}
    </Section>
  );
}

function GiveMeaning() {
  const look = useLook();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [status, setStatus] = useState<Named["status"]>("open");
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => answerOf(api.PUT("/api/jira-statuses", { body: { name, status } })),
    onSuccess: () => {
      setName("");
      return queries.invalidateQueries({ queryKey: KEY });
    },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <>
      <form className={look.row} onSubmit={submit}>
        <Field label="Name of the status in Jira" required {...refusedAt(error, "name")}>
          <Input value={name} onChange={(_, { value }) => setName(value)} placeholder="Waiting for vendor" />
        </Field>
        <Field label="It means">
          <Select value={status} onChange={(_, { value }) => setStatus(value as Named["status"])}>
            {Object.entries(STATUS_NAMES).map(([one, shown]) => (
              <option key={one} value={one}>
                {shown}
              </option>
            ))}
          </Select>
        </Field>
        <Button appearance="primary" type="submit" disabledFocusable={isPending}>
          Give it this meaning
        </Button>
      </form>
      <Refusal error={error} fields={["name"]} />
    </>
  );
}
