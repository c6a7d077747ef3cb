import { useState } from "react";

import { useNotify } from "../../../app/notify";
import { FormDialog } from "../../../shared/FormDialog";
import { RoleField } from "./RoleField";
import { useAccountChanges, type Account } from "./userQueries";

/** What an admin wants to do with an account. */
export interface Asked {
  what: "approve" | "role" | "enable" | "disable" | "sign-out" | "invite";
  account: Account;
}

/** Asks whether it is meant, and as what; says what follows. */
export function AccountDialog({ asked: { what, account }, close }: { asked: Asked; close: () => void }) {
  const { change, signOut } = useAccountChanges();
  const notify = useNotify();
  const [role, setRole] = useState(account.role);
  const then = (done: Promise<void>, title: string) => done.then(() => notify({ intent: "success", title }));
  const who = account.email;
  switch (what) {
    case "approve":
      return (
        <FormDialog
          title={`Approve ${who}?`}
          action="Approve"
          run={() => then(change(account, role, "active"), `${who} may sign in`)}
          close={close}
          fields={["role"]}
        >
          {(error) => <RoleField role={role} choose={setRole} error={error} />}
        </FormDialog>
      );
    case "role":
      return (
        <FormDialog
          title={`Role of ${who}`}
          action="Give the role"
          run={() => then(change(account, role, null), `${who} is ${role} now`)}
          close={close}
          fields={["role"]}
        >
          {(error) => (
            <>
              <RoleField role={role} choose={setRole} error={error} />
              Another role ends the sessions of the account: they sign in again.
            </>
          )}
        </FormDialog>
      );
    case "enable":
      return (
        <FormDialog title={`Enable ${who}?`} action="Enable" run={() => then(change(account, null, "active"), `${who} may sign in`)} close={close}>
          They may sign in again, as {account.role}, with their old password.
        </FormDialog>
      );
    case "disable":
      return (
        <FormDialog title={`Disable ${who}?`} action="Disable" run={() => then(change(account, null, "disabled"), `${who} is shut out`)} close={close}>
          They are signed out at once and cannot sign in; their tokens are revoked.
        </FormDialog>
      );
    case "sign-out":
      return (
        <FormDialog title={`Sign ${who} out everywhere?`} action="Sign out" run={() => then(signOut(account), `${who} is signed out`)} close={close}>
          All their sessions end and their tokens are revoked; they may sign in again.
        </FormDialog>
      );
    case "invite":
      return null;
  }
}
