import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import type { ComponentType } from "react";
import { Link, Redirect } from "wouter";

import { usePerson, type Permission } from "../../app/session";
import { useLook } from "../../shared/look";
import { Empty } from "../../shared/states";
import { useTitle } from "../../shared/title";
import { DeadLettersPart } from "./DeadLettersPart";
import { JiraStatusesPart } from "./JiraStatusesPart";
import { OwnersPart } from "./owners/OwnersPart";
import { SendersPart } from "./senders/SendersPart";
import { UsersPart } from "./users/UsersPart";

interface Part {
  name: string;
  title: string;
  permission: Permission;
  Content: ComponentType;
}

/** The parts in the order of their tabs; `name` is the last part of the address. */
const PARTS: Part[] = [
  { name: "users", title: "Users", permission: "manage_users", Content: UsersPart },
  { name: "owners", title: "Owners", permission: "change_owners", Content: OwnersPart },
  { name: "dead-letters", title: "Dead letters", permission: "handle_dead_letters", Content: DeadLettersPart },
  { name: "senders", title: "Senders", permission: "test_senders", Content: SendersPart },
  { name: "jira-statuses", title: "Jira statuses", permission: "change_jira_statuses", Content: JiraStatusesPart },
];

const useStyles = makeStyles({
  tabs: { display: "flex", overflowX: "auto", borderBottom: `1px solid ${tokens.colorNeutralStroke2}` },
  tab: {
    padding: "10px 14px",
    whiteSpace: "nowrap",
    color: tokens.colorNeutralForeground2,
    textDecorationLine: "none",
    borderBottom: "2px solid transparent",
    ":hover": { color: tokens.colorNeutralForeground1 },
    "@media (max-width: 640px)": { padding: "10px 8px" },
  },
  here: { color: tokens.colorNeutralForeground1, borderBottomColor: tokens.colorBrandStroke1, fontWeight: tokens.fontWeightSemibold },
  heading: { position: "absolute", width: "1px", height: "1px", overflow: "hidden", clipPath: "inset(50%)" },
});

/** What keeps the assistant running: a tab for each part that the person may do something in. */
export default function AdminPage({ part }: { part?: string | undefined }) {
  const styles = useStyles();
  const look = useLook();
  const { permissions } = usePerson();
  const parts = PARTS.filter(({ permission }) => permissions.includes(permission));
  const here = parts.find(({ name }) => name === part);
  useTitle(here?.title ?? "Admin");

  if (!parts[0]) return <Empty title="This is for admins">Your role does not reach here; an admin can give you another.</Empty>;
  if (!part) return <Redirect to={`/admin/${parts[0].name}`} replace />;
  return (
    <div className={look.column}>
      <h1 className={styles.heading}>Admin{here && `: ${here.title}`}</h1>
      <nav className={styles.tabs} aria-label="Parts of the administration">
        {parts.map(({ name, title }) => (
          <Link
            key={name}
            href={`/admin/${name}`}
            className={mergeClasses(styles.tab, name === part && styles.here)}
            aria-current={name === part ? "page" : undefined}
          >
            {title}
          </Link>
        ))}
      </nav>
      {here ? <here.Content /> : <Empty title="There is no such part">The parts are in the tabs above.</Empty>}
    </div>
  );
}
