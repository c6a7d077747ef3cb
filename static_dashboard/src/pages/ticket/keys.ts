/** The page's keys. They do nothing while somebody types, nor with Ctrl, Alt or Meta, which belong to the browser. */

import { useEffect, useEffectEvent } from "react";

export type Keys = Record<string, (() => void) | undefined>;

const TYPED_INTO = "input, textarea, select, [contenteditable], [role=dialog], [role=menu]";

export function useKeys(keys: Keys): void {
  const pressed = useEffectEvent((event: KeyboardEvent) => {
    const typed = event.target instanceof Element && event.target.closest(TYPED_INTO);
    if (typed || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => pressed(event);
    window.addEventListener("keydown", listener);
    return () => window.removeEventListener("keydown", listener);
  }, []);
}
