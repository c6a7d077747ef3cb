/** Live updates: SignalR tells which ticket changed; who shows it fetches it. Without SignalR the page polls. */

import type { HubConnection } from "@microsoft/signalr";
import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useEffectEvent, useRef, useState, type ReactNode } from "react";

import { addressOf } from "../api/client";

/** A ticket changed: a hint, no more. */
export interface Hint {
  id: string;
  version: number;
  status: string;
}

type LiveState = "live" | "connecting" | "polling";

/** How often to ask while nobody tells: `refetchInterval` of what must stay fresh. */
const POLL_MS = 15_000;
/** The first hint is told at once; of a storm one gathering each so many milliseconds. */
const GATHER_MS = 300;
const LONGEST_PAUSE_MS = 60_000;

interface Live {
  state: LiveState;
  listen: (listener: (hints: Hint[]) => void) => () => void;
}

const LiveContext = createContext<Live | null>(null);

export function LiveProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<LiveState>("connecting");
  const [listeners] = useState(() => new Set<(hints: Hint[]) => void>());
  const queries = useQueryClient();

  useEffect(() => {
    const tell = gathered((hints) => listeners.forEach((listener) => listener(hints)));
    return keepConnected(tell, (now) => {
      setState(now);
      // What happened while nobody listened is fetched now.
      if (now === "live") void queries.invalidateQueries({ predicate: ({ queryKey, meta }) => queryKey[0] !== "me" && !meta?.["follows"] });
    });
  }, [listeners, queries]);

  const [live] = useState(() => ({
    listen: (listener: (hints: Hint[]) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  }));
  return <LiveContext value={{ state, listen: live.listen }}>{children}</LiveContext>;
}

function useLive(): Live {
  const live = use(LiveContext);
  if (!live) throw new Error("useLive outside of LiveProvider");
  return live;
}

export const useLiveState = (): LiveState => useLive().state;

/** For `refetchInterval`: false while hints come, else how often to ask. */
export const usePolling = (): number | false => (useLive().state === "live" ? false : POLL_MS);

/** Calls back with the tickets that changed, a burst of them gathered. */
export function useHints(listener: (hints: Hint[]) => void): void {
  const { listen } = useLive();
  const latest = useEffectEvent(listener);
  useEffect(() => listen((hints) => latest(hints)), [listen]);
}

/**
 * Calls back when hints may have been missed: connected again, regularly while nobody tells, and when somebody looks at
 * the page again. A query with `meta: { follows: true }` is read anew by this alone.
 */
export function useMissed(listener: () => void): void {
  const { state } = useLive();
  const before = useRef(state);
  const look = useEffectEvent(() => {
    if (!document.hidden) listener();
  });
  useEffect(() => {
    const cameBack = state === "live" && before.current !== "live";
    before.current = state;
    if (cameBack) look();
    if (state === "live") return;
    const timer = window.setInterval(() => look(), POLL_MS);
    return () => window.clearInterval(timer);
  }, [state]);
  useEffect(() => {
    const looked = () => look();
    document.addEventListener("visibilitychange", looked);
    return () => document.removeEventListener("visibilitychange", looked);
  }, []);
}

/** The first hint is told at once; those that follow within GATHER_MS together, the last word of each ticket. */
function gathered(tell: (hints: Hint[]) => void): (hint: Hint) => void {
  const waiting = new Map<string, Hint>();
  let timer: number | undefined;
  const flush = () => {
    timer = undefined;
    if (!waiting.size) return;
    const hints = [...waiting.values()];
    waiting.clear();
    timer = window.setTimeout(flush, GATHER_MS);
    tell(hints);
  };
  return (hint) => {
    waiting.set(hint.id, hint);
    if (timer === undefined) flush();
  };
}

/** Connects, and again with growing pauses whenever the connection is lost, until the returned function is called. */
function keepConnected(tell: (hint: Hint) => void, changed: (state: LiveState) => void): () => void {
  let connection: HubConnection | undefined;
  let ended = false;
  let failures = 0;
  let timer: number | undefined;

  const again = () => {
    if (ended) return;
    changed("polling");
    const pause = Math.min(1000 * 2 ** failures++, LONGEST_PAUSE_MS);
    timer = window.setTimeout(() => void connect(), pause * (0.7 + Math.random() * 0.6));
  };
  const connect = async () => {
    timer = undefined;
    try {
      const signalr = await import("@microsoft/signalr");
      connection = new signalr.HubConnectionBuilder()
        .withUrl(addressOf("/api"))
        .configureLogging(signalr.LogLevel.None)
        .build();
      connection.on("ticketChanged", tell);
      connection.onclose(again);
      await connection.start();
      if (ended) return void connection.stop();
      failures = 0;
      changed("live");
    } catch {
      again();
    }
  };
  // Back online, or looked at again: no reason to wait for the pause to end.
  const now = () => {
    if (timer === undefined || document.hidden) return;
    window.clearTimeout(timer);
    failures = 0;
    void connect();
  };
  window.addEventListener("online", now);
  document.addEventListener("visibilitychange", now);
  // After a session that ended and began again, the connection of before is gone.
  changed("connecting");
  void connect();
  return () => {
    ended = true;
    window.clearTimeout(timer);
    window.removeEventListener("online", now);
    document.removeEventListener("visibilitychange", now);
    void connection?.stop();
  };
}
