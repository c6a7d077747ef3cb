import { Button, makeStyles } from "@fluentui/react-components";

import { usePerson } from "../../app/session";
import { useSignOut } from "../../app/signOut";
import { useLook } from "../../shared/look";
import { PERMISSION_TEXTS, ROLE_TEXTS } from "../../shared/roles";
import { Section } from "../../shared/Section";
import { useTitle } from "../../shared/title";
import { ChangePassword } from "./ChangePassword";
import { Tokens } from "./Tokens";

const useStyles = makeStyles({
  heading: { margin: 0, fontSize: "20px", lineHeight: "28px", overflowWrap: "anywhere" },
  facts: { display: "grid", gridTemplateColumns: "auto minmax(0, 1fr)", gap: "4px 16px", margin: 0, "& dd": { margin: 0 } },
  may: { margin: 0, paddingLeft: "18px" },
});

/** One's own account: who one is here, one's password, and tokens for scripts. */
export default function AccountPage() {
  useTitle("Your account");
  const look = useLook();
  const styles = useStyles();
  const person = usePerson();
  const signOut = useSignOut();
  const local = person.kind === "session";
  return (
    <div className={look.column}>
      <h1 className={styles.heading}>
        <bdi>{person.name || person.email}</bdi>
      </h1>
      <Section title="Who you are here" actions={local && <Button onClick={signOut}>Sign out</Button>}>
        <dl className={styles.facts}>
          <dt>E-mail address</dt>
          <dd className={look.paragraph}>
            <bdi>{person.email}</bdi>
          </dd>
          <dt>Role</dt>
          <dd>
            <b>{person.role}</b>: {ROLE_TEXTS[person.role]}
          </dd>
          <dt>You may</dt>
          <dd>
            <ul className={styles.may}>
              {person.permissions.map((permission) => (
                <li key={permission}>{PERMISSION_TEXTS[permission]}</li>
              ))}
            </ul>
          </dd>
        </dl>
      </Section>
      {local ? (
        <>
          <ChangePassword />
          <Tokens />
        </>
      ) : (
        <Section title="Password and tokens">
          <p className={look.paragraph}>You are signed in by the platform in front: it keeps your password, and signs you out.</p>
        </Section>
      )}
    </div>
  );
}
