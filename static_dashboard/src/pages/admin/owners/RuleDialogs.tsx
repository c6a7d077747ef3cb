import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { answerOf, api, ApiError } from "../../../api/client";
import { useNotify } from "../../../app/notify";
import { FormDialog } from "../../../shared/FormDialog";
import { ANY_SOURCE, ownersKey, type Rule, type RuleTexts } from "./ownerQueries";
import { OvertakenBy } from "./OvertakenBy";
import { RULE_FIELDS, RuleFields } from "./RuleFields";

/** Adds a rule, from what is known of the pipeline it is for. */
export function AddRule({ start, close }: { start: Partial<RuleTexts>; close: () => void }) {
  const queries = useQueryClient();
  const notify = useNotify();
  const [texts, setTexts] = useState<RuleTexts>({
    ...{ pattern: "", source: ANY_SOURCE, team: "", owner: "", cost_center: "", note: "" },
    ...start,
  });
  const add = async () => {
    const rule = await answerOf(api.POST("/api/owners", { body: texts }));
    notify({
      intent: "success",
      title: `“${rule.pattern}” has an owner`,
      body: "It counts for tickets made from half a minute later on; those that are there keep theirs.",
    });
    await queries.invalidateQueries({ queryKey: ownersKey });
  };
  return (
    <FormDialog title="Add a rule" action="Add it" run={add} close={close} fields={RULE_FIELDS}>
      {(error) => <RuleFields texts={texts} change={setTexts} error={error} />}
    </FormDialog>
  );
}

/** Changes a rule. If somebody else did meanwhile it says what the rule is now; saving again puts this over it. */
export function EditRule({ opened, close }: { opened: Rule; close: () => void }) {
  const queries = useQueryClient();
  const [base, setBase] = useState(opened);
  const [texts, setTexts] = useState<RuleTexts>(opened);
  const save = async () => {
    const { team, owner, cost_center, note } = texts;
    try {
      await answerOf(
        api.PATCH("/api/owners/{id}", {
          params: { path: { id: base.id } },
          body: { version: base.version, team, owner, cost_center, note },
        }),
      );
      await queries.invalidateQueries({ queryKey: ownersKey });
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) {
        const { items } = await answerOf(api.GET("/api/owners"));
        setBase((before) => items.find(({ id }) => id === before.id) ?? before);
      }
      throw error;
    }
  };
  return (
    <FormDialog title="Edit the rule" action="Save" run={save} close={close} fields={RULE_FIELDS}>
      {(error) => (
        <>
          {base !== opened && <OvertakenBy rule={base} take={() => setTexts(base)} />}
          <RuleFields known texts={texts} change={setTexts} error={error} />
        </>
      )}
    </FormDialog>
  );
}
