import { Input, type InputProps } from "@fluentui/react-components";
import { useId } from "react";

import { useTyped } from "./typed";

interface Props extends Pick<InputProps, "id" | "className" | "placeholder" | "onFocus" | "aria-label"> {
  value: string;
  change: (value: string) => void;
  type?: "search" | "datetime-local";
  suggestions?: string[];
}

/** A filter that matches whole values: it takes effect when it is left, with Enter, or when a suggestion is taken. */
export function WholeValueInput({ value, change, type = "search", suggestions = [], ...input }: Props) {
  const list = useId();
  const { text, setText, apply } = useTyped(value, change);
  return (
    <>
      <Input
        {...input}
        type={type}
        value={text}
        input={{ list: suggestions.length ? list : undefined, style: { minWidth: 0 } }}
        onChange={(_, data) => {
          setText(data.value);
          // A half typed time is empty too, so only a text that is emptied counts.
          if ((type === "search" && data.value === "") || suggestions.includes(data.value)) apply(data.value);
        }}
        onBlur={() => apply(text)}
        onKeyDown={(event) => {
          if (event.key === "Enter") apply(text);
        }}
      />
      {suggestions.length > 0 && (
        <datalist id={list}>
          {suggestions.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </>
  );
}
