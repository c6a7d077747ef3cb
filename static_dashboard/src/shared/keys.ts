import { useEffect, useEffectEvent } from "react";

/** Single keys for the whole page, `{ "/": search, a: acknowledge }`; not while somebody types, nor with Ctrl and the like. */
export function useKeys(keys: Record<string, () => void>): void {
  const pressed = useEffectEvent((event: KeyboardEvent) => {
    const run = keys[event.key];
    if (!run || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    // A key that is held moves on; it does nothing else twice.
    if (event.repeat && !event.key.startsWith("Arrow")) return;
    if (isWithin(event.target, TYPED_IN) || (event.key === "Enter" && isWithin(event.target, PRESSED))) return;
    event.preventDefault();
    run();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => pressed(event);
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }, []);
}

const TYPED_IN = "input, select, textarea, [contenteditable], [role=dialog], [role=menu]";
/** What Enter presses by itself. */
const PRESSED = "a, button, summary, [role=button]";

const isWithin = (target: EventTarget | null, selector: string): boolean => target instanceof Element && target.closest(selector) !== null;
