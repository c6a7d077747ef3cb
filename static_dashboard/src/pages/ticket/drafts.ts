/** What was typed and not sent yet, kept while the tab is open: going to another ticket and back must not lose it. */

import { useState } from "react";

const drafts = new Map<string, string>();

/** As useState("") with what was typed under this name before. */
export function useDraft(name: string): [string, (text: string) => void] {
  const [text, setText] = useState(() => drafts.get(name) ?? "");
  return [
    text,
    (typed) => {
      if (typed) drafts.set(name, typed);
      else drafts.delete(name);
      setText(typed);
    },
  ];
}
