import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";

import { Time } from "../../../shared/Time";
import type { Rule } from "./ownerQueries";

/** Says what somebody else made of the rule meanwhile; what is typed stays unless theirs is taken. */
export function OvertakenBy({ rule, take }: { rule: Rule; take: () => void }) {
  const says = [rule.team, rule.owner, rule.cost_center, rule.note].filter(Boolean).join(" · ");
  return (
    <MessageBar intent="warning" layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>
          <bdi>{rule.updated_by}</bdi> changed it
        </MessageBarTitle>
        At <Time at={rule.updated} /> to: <bdi>{says}</bdi>. Save once more to put what stands below over it.
      </MessageBarBody>
      <MessageBarActions>
        <Button size="small" onClick={take}>
          Take theirs
        </Button>
      </MessageBarActions>
    </MessageBar>
  );
}
