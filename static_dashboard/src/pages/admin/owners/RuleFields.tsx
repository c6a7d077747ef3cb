import { Field, Input, Select } from "@fluentui/react-components";

import { SOURCE_NAMES } from "../../../shared/format";
import { refusedAt } from "../../../shared/refusal";
import { ANY_SOURCE, sourceOrAny, type RuleTexts } from "./ownerQueries";

/** The fields that show a refusal themselves, by the API's names. */
export const RULE_FIELDS = ["pattern", "source", "team", "owner", "cost_center", "note"] as const;

interface Props {
  texts: RuleTexts;
  change: (texts: RuleTexts) => void;
  error: Error | null;
  /** Another pattern is another rule: it cannot be changed, but seen. */
  known?: boolean;
}

/** What a rule says. */
export function RuleFields({ texts, change, error, known = false }: Props) {
  const text = (name: keyof RuleTexts, label: string, hint?: string) => (
    <Field label={label} {...(hint && { hint })} {...refusedAt(error, name)}>
      <Input value={texts[name]} onChange={(_, { value }) => change({ ...texts, [name]: value })} />
    </Field>
  );
  return (
    <>
      <Field
        label="Pattern"
        required={!known}
        hint="The whole name: * stands for anything, ? for one character. With a / it is factory/pipeline or DAG/task."
        {...refusedAt(error, "pattern")}
      >
        <Input disabled={known} value={texts.pattern} onChange={(_, { value }) => change({ ...texts, pattern: value })} />
      </Field>
      <Field label="Source" {...refusedAt(error, "source")}>
        <Select disabled={known} value={texts.source} onChange={(_, { value }) => change({ ...texts, source: value })}>
          {[ANY_SOURCE, ...Object.keys(SOURCE_NAMES)].map((source) => (
            <option key={source} value={source}>
              {sourceOrAny(source)}
            </option>
          ))}
        </Select>
      </Field>
      {text("team", "Team", "At least one of team, owner and cost center.")}
      {text("owner", "Owner")}
      {text("cost_center", "Cost center")}
      {text("note", "Note")}
    </>
  );
}
