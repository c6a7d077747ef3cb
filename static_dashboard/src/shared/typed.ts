import { useState } from "react";

/** The text of a field whose value stands in the address: another way there, a link or the way back, changes it too. */
export function useTyped(value: string, change: (value: string) => void) {
  const [text, setText] = useState(value);
  const [told, setTold] = useState(value);
  if (value !== told) {
    setTold(value);
    setText(value);
  }
  const apply = (wanted: string) => {
    if (wanted.trim() !== value) change(wanted.trim());
  };
  return { text, setText, apply };
}
