import { Field, Radio, RadioGroup } from "@fluentui/react-components";

import { refusedAt } from "../../../shared/refusal";
import { ROLE_TEXTS, ROLES, type Role } from "../../../shared/roles";

/** Chooses a role, each with what it may do. */
export function RoleField({ role, choose, error }: { role: Role; choose: (role: Role) => void; error: Error | null }) {
  return (
    <Field label="Role" {...refusedAt(error, "role")}>
      <RadioGroup value={role} onChange={(_, { value }) => choose(value as Role)}>
        {ROLES.map((one) => (
          <Radio key={one} value={one} label={`${one}: ${ROLE_TEXTS[one]}`} />
        ))}
      </RadioGroup>
    </Field>
  );
}
