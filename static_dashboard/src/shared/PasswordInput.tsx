import { Button, Input } from "@fluentui/react-components";
import { EyeOffRegular, EyeRegular } from "@fluentui/react-icons";
import { useState } from "react";

/** The rules, said before somebody errs; the API knows them in full and tells which was broken. */
export const PASSWORD_RULES =
  "At least 12 characters: a few words that do not belong together are good. None that many people use, and not your name or address.";

interface Props {
  value: string;
  change: (value: string) => void;
  /** For the browser's own keeper of passwords. */
  autoComplete: "current-password" | "new-password";
  autoFocus?: boolean;
}

/** A password, which may be looked at while it is typed. Goes into a `Field`. */
export function PasswordInput({ value, change, autoComplete, autoFocus = false, ...field }: Props) {
  const [shown, setShown] = useState(false);
  return (
    <Input
      {...field}
      type={shown ? "text" : "password"}
      autoComplete={autoComplete}
      autoFocus={autoFocus}
      spellCheck={false}
      value={value}
      onChange={(_, data) => change(data.value)}
      contentAfter={
        <Button
          appearance="transparent"
          size="small"
          icon={shown ? <EyeOffRegular /> : <EyeRegular />}
          aria-label="Show what is typed"
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        />
      }
    />
  );
}
