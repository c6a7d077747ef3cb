import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  mergeClasses,
} from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode, SubmitEvent } from "react";

import { useLook } from "./look";
import { Refusal } from "./refusal";

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

/** Asks for something, or whether it is meant; does it, and closes unless the API refuses. Give opening buttons `useRestoreFocusTarget()`. */
export function FormDialog({ title, action, run, close, fields = [], children }: Props) {
  const look = useLook();
  const { mutate, isPending, error } = useMutation({ mutationFn: run, onSuccess: close });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && close()}>
      <DialogSurface>
        <form onSubmit={submit}>
          <DialogBody>
            <DialogTitle>{title}</DialogTitle>
            <DialogContent className={mergeClasses(look.column, look.inDialog)}>
              <Refusal error={error} fields={fields} />
              {typeof children === "function" ? children(error) : children}
            </DialogContent>
            <DialogActions>
              <Button onClick={close}>Cancel</Button>
              <Button appearance="primary" type="submit" disabledFocusable={isPending}>
                {action}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
