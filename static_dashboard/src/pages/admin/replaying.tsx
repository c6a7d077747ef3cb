import { MessageBar, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { ApiError, type Schema } from "../../api/client";
import { sendOnceMore } from "../../shared/deadLetters";
import { count } from "../../shared/format";
import { Refusal } from "../../shared/refusal";
import { summaryQuery } from "../../shared/summary";

export const deadLettersKey = ["dead-letters"];

interface Result {
  sent: number;
  /** Why others were not sent, each reason once. */
  refused: string[];
  left: number;
}

/** Sends dead letters once more, one after the other; `sent` counts along. */
export function useReplay() {
  const queries = useQueryClient();
  const [sent, setSent] = useState(0);
  const mutation = useMutation({
    mutationFn: (letters: Schema["DeadLetter"][]) => replayed(letters, setSent),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: deadLettersKey }),
        queries.invalidateQueries({ queryKey: summaryQuery.queryKey }),
      ]),
  });
  return { ...mutation, sent };
}

async function replayed(letters: Schema["DeadLetter"][], tell: (sent: number) => void): Promise<Result> {
  const refused = new Set<string>();
  let sent = 0;
  tell(0);
  for (const letter of letters) {
    try {
      await sendOnceMore(letter);
      tell(++sent);
    } catch (error) {
      // A session that ended, a server that is away: the rest would meet the same.
      if (!(error instanceof ApiError) || error.status === 401 || error.passes) throw error;
      refused.add(error.message);
    }
  }
  return { sent, refused: [...refused], left: letters.length - sent };
}

export function ReplayResult({ result, error }: { result: Result | undefined; error: Error | null }) {
  const bar = useRef<HTMLDivElement>(null);
  // The button that was pressed has gone with its row.
  useEffect(() => bar.current?.focus(), [result]);
  if (error) return <Refusal error={error} />;
  if (!result) return null;
  return (
    <MessageBar ref={bar} tabIndex={-1} intent={result.left ? "warning" : "success"} layout="multiline" role="status">
      <MessageBarBody>
        <MessageBarTitle>
          {count(result.sent)} sent once more{result.left > 0 && `, ${count(result.left)} not`}
        </MessageBarTitle>
        {result.refused.map((reason) => (
          <div key={reason}>{reason}</div>
        ))}
        What fails again comes back here.
      </MessageBarBody>
    </MessageBar>
  );
}
