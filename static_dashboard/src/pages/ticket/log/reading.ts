/** Reads a text line by line as it comes in, so that its first lines are there before its last. */

import { useEffect, useState } from "react";

import { fetchRaw } from "../../../api/client";

export interface Text {
  /** Grows while it is read: `count` is how many lines of it are there now. */
  lines: readonly string[];
  count: number;
  bytes: number;
  /** null if the server does not tell. */
  totalBytes: number | null;
  state: "reading" | "read" | "failed";
  error: Error | null;
}

/** How often what has come in is drawn. */
const DRAW_MS = 200;

const NOTHING: Text = { lines: [], count: 0, bytes: 0, totalBytes: null, state: "reading", error: null };

/** The text behind `path`, which must not change while the component is there. */
export function useText(path: string): [Text, () => void] {
  const [text, setText] = useState(NOTHING);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const ended = new AbortController();
    void read(path, ended.signal, setText);
    return () => ended.abort();
  }, [path, attempt]);
  const again = () => {
    setText(NOTHING);
    setAttempt((before) => before + 1);
  };
  return [text, again];
}

/** Lines end with `\n`, as the quotes of a diagnosis count them. */
async function read(path: string, signal: AbortSignal, tell: (text: Text) => void): Promise<void> {
  const lines: string[] = [];
  // A line that is not at its end yet, in the pieces that it came in: joined once, however long it grows.
  let pending: string[] = [];
  const take = (piece: string) => {
    let start = 0;
    for (let end = piece.indexOf("\n"); end >= 0; end = piece.indexOf("\n", start)) {
      pending.push(piece.slice(start, end));
      lines.push(pending.length === 1 ? (pending[0] ?? "") : pending.join(""));
      pending = [];
      start = end + 1;
    }
    if (start < piece.length) pending.push(piece.slice(start));
  };
  let bytes = 0;
  let totalBytes: number | null = null;
  let drawn = 0;
  const report = (state: Text["state"], error: Error | null = null) => {
    if (!signal.aborted) tell({ lines, count: lines.length, bytes, totalBytes, state, error });
  };
  try {
    const response = await fetchRaw(path, { signal });
    // A compressed answer tells the length of what travels, not of what is read.
    const told = response.headers.has("Content-Encoding") ? 0 : Number(response.headers.get("Content-Length"));
    totalBytes = told || null;
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      bytes += part.value.byteLength;
      take(decoder.decode(part.value, { stream: true }));
      const now = performance.now();
      if (now - drawn < DRAW_MS) continue;
      drawn = now;
      report("reading");
    }
    take(decoder.decode());
    lines.push(pending.join(""));
    report("read");
  } catch (error) {
    report("failed", error instanceof Error ? error : new Error(String(error)));
  }
}
