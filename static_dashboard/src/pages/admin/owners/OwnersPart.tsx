import { useState } from "react";

import { Preview } from "./Preview";
import { RemoveRule } from "./RemoveRule";
import { AddRule, EditRule } from "./RuleDialogs";
import { Rules } from "./Rules";
import type { Rule, RuleTexts } from "./ownerQueries";
import { Unowned } from "./Unowned";

/** Who owns which pipeline. */
export function OwnersPart() {
  const [added, setAdded] = useState<Partial<RuleTexts>>();
  const [edited, setEdited] = useState<Rule>();
  const [removed, setRemoved] = useState<Rule>();
  return (
    <>
      <Unowned make={setAdded} />
      <Rules add={() => setAdded({})} edit={setEdited} remove={setRemoved} />
      <Preview />
      {added && <AddRule start={added} close={() => setAdded(undefined)} />}
      {edited && <EditRule opened={edited} close={() => setEdited(undefined)} />}
      {removed && <RemoveRule opened={removed} close={() => setRemoved(undefined)} />}
    </>
  );
}
