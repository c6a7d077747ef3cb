/** The time, once a second, for all who show a countdown: one timer for the page, none while nobody looks. */

import { useSyncExternalStore } from "react";

let now = Date.now();
const watchers = new Set<() => void>();
let timer: number | undefined;

function tick(): void {
  if (document.hidden) return;
  now = Date.now();
  watchers.forEach((watcher) => watcher());
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  if (timer === undefined) {
    now = Date.now();
    timer = window.setInterval(tick, 1000);
    document.addEventListener("visibilitychange", tick);
  }
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) {
      window.clearInterval(timer);
      timer = undefined;
      document.removeEventListener("visibilitychange", tick);
    }
  };
}

/** Milliseconds since 1970, fresh each second. `null` when `ticking` is false: then nothing is drawn again. */
export function useNow(ticking = true): number | null {
  return useSyncExternalStore(ticking ? watch : stands, () => (ticking ? now : null));
}

const stands = () => () => undefined;
