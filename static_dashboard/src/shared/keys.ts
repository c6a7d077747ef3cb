import { useEffect, useEffectEvent } from "react";

/** Single keys for the whole page, `{ "/": search, a: acknowledge }`; not while somebody types, nor with Ctrl and the like. */
export function useKeys(keys: Record<string, () => void>): void {
  const pressed = useEffectEvent((event: KeyboardEvent) => {
    const run = keys[event.key];
    if (!run || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    event.preventDefault();
    run();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => pressed(event);
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, select, textarea, [contenteditable], [role=dialog], [role=menu]") !== null;
}
