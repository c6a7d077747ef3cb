import { Field, Input } from "@fluentui/react-components";
import { useState } from "react";

import { answerOf, api, type Schema } from "../../../api/client";
import { FormDialog } from "../../../shared/FormDialog";
import { refusedAt } from "../../../shared/refusal";
import type { Role } from "../../../shared/roles";
import { RoleField } from "./RoleField";

interface Props {
  /** The address of an account that is to get a new password; "" to invite somebody new. */
  known: string;
  made: (invitation: Schema["MadeInvitation"]) => void;
  close: () => void;
}

export function InviteDialog({ known, made, close }: Props) {
  const [email, setEmail] = useState(known);
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState("7");
  return (
    <FormDialog
      title={known ? `A new password for ${known}` : "Invite somebody"}
      action="Make the link"
      run={() => answerOf(api.POST("/api/invitations", { body: { email, role, days: Number(days) } })).then(made)}
      close={close}
      fields={["email", "role", "days"]}
    >
      {(error) => (
        <>
          {known ? (
            "You get a link to hand over. Whoever uses it sets the password of this account; what the account may do stays."
          ) : (
            <>
              <Field label="E-mail address" required {...refusedAt(error, "email")}>
                <Input type="email" value={email} onChange={(_, { value }) => setEmail(value)} />
              </Field>
              <RoleField role={role} choose={setRole} error={error} />
            </>
          )}
          <Field label="Days that the link is good" required hint="At most 30." {...refusedAt(error, "days")}>
            <Input type="number" value={days} onChange={(_, { value }) => setDays(value)} />
          </Field>
        </>
      )}
    </FormDialog>
  );
}
