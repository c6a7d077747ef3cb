/** Finds words in a long text in small slices of time, so that the page stays usable meanwhile. */

import { useEffect, useState } from "react";

/** Where the words were found: line (from 0) and character of each hit, in order. */
export interface Hits {
  lines: number[];
  starts: number[];
  state: "searching" | "searched";
  /** Whether there are more than are counted. */
  more: boolean;
}

const SLICE_MS = 8;
const MOST_HITS = 100_000;
const NONE: Hits = { lines: [], starts: [], state: "searched", more: false };

/** The words as they stand, upper and lower case alike. */
export function pattern(words: string): RegExp {
  return new RegExp(words.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "gi");
}

/** The first hit that is on this line or below it; the very first if there is none. */
export function firstFrom(hitLines: readonly number[], line: number): number {
  return Math.max(0, hitLines.findIndex((found) => found >= line));
}

/** The hits in the first `count` lines, found again when more lines are there. */
export function useSearch(lines: readonly string[], count: number, words: string): Hits {
  const [found, setFound] = useState({ words: "", hits: NONE });
  useEffect(() => {
    if (!words) return;
    const ended = new AbortController();
    void search(lines, count, words, ended.signal, (hits) => setFound({ words, hits }));
    return () => ended.abort();
  }, [lines, count, words]);
  if (!words) return NONE;
  return found.words === words ? found.hits : { ...NONE, state: "searching" };
}

async function search(
  lines: readonly string[],
  count: number,
  words: string,
  signal: AbortSignal,
  tell: (hits: Hits) => void,
): Promise<void> {
  const wanted = pattern(words);
  const hits: Hits = { lines: [], starts: [], state: "searching", more: false };
  let until = performance.now() + SLICE_MS;
  for (let line = 0; line < count && !hits.more; line++) {
    const text = lines[line] ?? "";
    wanted.lastIndex = 0;
    for (let match = wanted.exec(text); match; match = wanted.exec(text)) {
      hits.lines.push(line);
      hits.starts.push(match.index);
      hits.more = hits.lines.length >= MOST_HITS;
      if (hits.more) break;
    }
    if (performance.now() < until) continue;
    await pause();
    if (signal.aborted) return;
    until = performance.now() + SLICE_MS;
  }
  tell({ ...hits, state: "searched" });
}

/** Lets the browser draw and listen. */
const pause = () => new Promise((resolve) => setTimeout(resolve));
