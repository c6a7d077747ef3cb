import { useEffect, useRef } from "react";

/** Calls `run` at once, or when `pause` milliseconds have passed since it ran last; never twice for one pause. */
export function useThrottled(run: () => void, pause: number): () => void {
  const timer = useRef<number>(undefined);
  const lastRun = useRef(-Infinity);
  useEffect(
    () => () => {
      window.clearTimeout(timer.current);
      // What is hidden keeps this: left set, no call would be heard once it is shown again.
      timer.current = undefined;
    },
    [],
  );
  return () => {
    if (timer.current !== undefined) return;
    const wait = Math.max(0, lastRun.current + pause - performance.now());
    timer.current = window.setTimeout(() => {
      timer.current = undefined;
      lastRun.current = performance.now();
      run();
    }, wait);
  };
}
