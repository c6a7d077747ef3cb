import { Button, makeStyles, tokens, useRestoreFocusSource } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useId, useLayoutEffect, useRef, type ReactNode, type SubmitEvent } from "react";

import { useLook } from "./look";
import { Refusal } from "./refusal";

const useStyles = makeStyles({
  dialog: {
    boxSizing: "border-box",
    width: "calc(100% - 16px)",
    maxWidth: "600px",
    maxHeight: "calc(100vh - 16px)",
    overflowY: "auto",
    padding: "24px",
    border: `1px solid ${tokens.colorTransparentStroke}`,
    borderRadius: tokens.borderRadiusXLarge,
    boxShadow: tokens.shadow64,
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorNeutralForeground1,
    "::backdrop": { backgroundColor: "rgba(0, 0, 0, 0.4)" },
    "@media (max-width: 640px)": { padding: "16px" },
  },
  title: { margin: 0, fontSize: tokens.fontSizeBase500, lineHeight: tokens.lineHeightBase500, overflowWrap: "anywhere" },
  actions: { display: "flex", flexWrap: "wrap", justifyContent: "flex-end", gap: "8px" },
});

interface Props {
  title: string;
  /** What the button says that does it. */
  action: string;
  run: () => Promise<unknown>;
  close: () => void;
  /** The API's names of the fields that show a refusal themselves. */
  fields?: readonly string[];
  children: ReactNode | ((error: Error | null) => ReactNode);
}

/**
 * Asks for something, or whether it is meant; does it, and closes unless the API refuses. Buttons that open it have
 * `useRestoreFocusTarget()`.
 */
export function FormDialog({ title, action, run, close, fields = [], children }: Props) {
  const look = useLook();
  const styles = useStyles();
  const titleId = useId();
  const focusBack = useRestoreFocusSource();
  const dialog = useRef<HTMLDialogElement>(null);
  // The browser's own dialog: it leaves nothing behind on the page when the page is hidden because the session ended,
  // and opens again with all that was typed.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  const { mutate, isPending, error } = useMutation({ mutationFn: run, onSuccess: close });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      {...focusBack}
    >
      <form className={look.column} onSubmit={submit}>
        <h2 id={titleId} className={styles.title}>
          {title}
        </h2>
        <Refusal error={error} fields={fields} />
        {typeof children === "function" ? children(error) : children}
        <div className={styles.actions}>
          <Button onClick={close}>Cancel</Button>
          <Button appearance="primary" type="submit" disabledFocusable={isPending}>
            {action}
          </Button>
        </div>
      </form>
    </dialog>
  );
}
