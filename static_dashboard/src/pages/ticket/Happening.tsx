import { statusName } from "../../shared/format";
import { Time } from "../../shared/Time";
import { Outside } from "./Outside";
import { ASSISTANT, type Entry } from "./ticketQuery";

/** An entry of the audit trail in one sentence: who, what, from what to what, when, and the note. */
export function Happening({ entry }: { entry: Entry }) {
  return (
    <>
      <strong>{entry.user === ASSISTANT ? "The assistant" : <Outside text={entry.user} most={120} />}</strong>:{" "}
      <Outside text={entry.action} most={120} />
      <Move entry={entry} />, <Time at={entry.time} />
      {entry.details && (
        <>
          {" – "}
          <Outside text={entry.details} most={300} />
        </>
      )}
    </>
  );
}

/** From what to what. */
export function Move({ entry }: { entry: Entry }) {
  const { old, new: now } = entry;
  if (!now || old === now) return null;
  return (
    <>
      {" ("}
      {old && (
        <>
          <Outside text={statusName(old)} most={120} /> →{" "}
        </>
      )}
      <Outside text={statusName(now)} most={120} />
      {")"}
    </>
  );
}
