import { useQueryClient } from "@tanstack/react-query";

import { answerOf, api } from "../../../api/client";
import { FormDialog } from "../../../shared/FormDialog";
import { ownersKey, sourceOrAny, type Rule } from "./ownerQueries";

export function RemoveRule({ opened: { id, version, pattern, source }, close }: { opened: Rule; close: () => void }) {
  const queries = useQueryClient();
  const remove = async () => {
    try {
      await answerOf(api.DELETE("/api/owners/{id}", { params: { path: { id }, query: { version } } }));
    } finally {
      // Also where somebody was faster: then the list shows what the rule says now.
      await queries.invalidateQueries({ queryKey: ownersKey });
    }
  };
  return (
    <FormDialog title="Remove the rule?" action="Remove" run={remove} close={close}>
      <span>
        <bdi>{pattern}</bdi> of {sourceOrAny(source)}: its new tickets get their owner from the next rule that names them, else
        from labels. Tickets that are there keep theirs.
      </span>
    </FormDialog>
  );
}
