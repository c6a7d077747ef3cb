import { Field, Input, Select } from "@fluentui/react-components";
import { useState } from "react";

import { answerOf, api, type Schema } from "../../api/client";
import { usePerson } from "../../app/session";
import { FormDialog } from "../../shared/FormDialog";
import { refusedAt } from "../../shared/refusal";
import { ROLES, type Role } from "../../shared/roles";

const FIELDS = ["name", "days", "role"];

/** Makes a token, which `made` is given to show. */
export function MakeToken(props: { made: (token: Schema["MadeToken"]) => void; close: () => void }) {
  const own = ROLES.indexOf(usePerson().role);
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const [role, setRole] = useState<Role>("viewer");
  return (
    <FormDialog
      title="Make a token"
      action="Make it"
      run={() => answerOf(api.POST("/api/tokens", { body: { name, days: Number(days), role } })).then(props.made)}
      close={props.close}
      fields={FIELDS}
    >
      {(error) => (
        <>
          <Field label="What it is for" required {...refusedAt(error, "name")}>
            <Input value={name} onChange={(_, { value }) => setName(value)} placeholder="Grafana, nightly report" />
          </Field>
          <Field label="Days until it expires" required hint="At most 366." {...refusedAt(error, "days")}>
            <Input type="number" value={days} onChange={(_, { value }) => setDays(value)} />
          </Field>
          <Field label="Reads as" hint="Never more than you may." {...refusedAt(error, "role")}>
            <Select value={role} onChange={(_, { value }) => setRole(value as Role)}>
              {ROLES.slice(0, own + 1).map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
          </Field>
        </>
      )}
    </FormDialog>
  );
}
