import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";

import { statusName } from "../../shared/format";
import { MOVE_NAMES, type Overtaken, type Status } from "./changing";
import { Happening } from "./Happening";
import { useLook } from "./look";

/** Who changed what while one was about to change the ticket; one may insist on the ticket as it is now. */
export function OvertakenNotice(props: {
  overtaken: Overtaken;
  busy: boolean;
  insist: (status: Status | null) => void;
  leave: () => void;
}) {
  const look = useLook();
  const { wanted, entries, now } = props.overtaken;
  const settled = wanted.status === now.status;
  // It is where it was to be moved: what is left of the change is its note.
  const status = settled ? null : wanted.status;
  const insist = status ? `${MOVE_NAMES[status]} all the same` : "Add the note all the same";
  return (
    <MessageBar intent="warning" layout="multiline" role="alert">
      <MessageBarBody>
        <MessageBarTitle>Somebody was faster; nothing of yours was changed</MessageBarTitle>
        <ul className={look.list}>
          {entries.map((entry) => (
            <li key={entry.id}>
              <Happening entry={entry} />
            </li>
          ))}
        </ul>
        <div>
          The ticket is now: {statusName(now.status)}.{wanted.note && " Your note is kept below."}
        </div>
      </MessageBarBody>
      <MessageBarActions>
        {(status !== null || wanted.note) && (
          <Button disabled={props.busy} onClick={() => props.insist(status)}>
            {insist}
          </Button>
        )}
        <Button disabled={props.busy} onClick={props.leave}>
          Leave it so
        </Button>
      </MessageBarActions>
    </MessageBar>
  );
}
