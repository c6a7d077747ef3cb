import { useEffect, useRef, useState } from "react";

/** The ids that it was called with last, for a moment: to let what has just come light up. */
export function useFlash(ms = 1500): [Set<string>, (ids: string[]) => void] {
  const [lit, setLit] = useState<Set<string>>(new Set());
  const timer = useRef<number>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const flash = (ids: string[]) => {
    setLit(new Set(ids));
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setLit(new Set()), ms);
  };
  return [lit, flash];
}
