import {
  Badge,
  Button,
  makeStyles,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  useRestoreFocusTarget,
} from "@fluentui/react-components";
import { MoreHorizontalRegular } from "@fluentui/react-icons";

import { usePerson } from "../../../app/session";
import { useLook } from "../../../shared/look";
import { SmallTable, type Column } from "../../../shared/SmallTable";
import { Time } from "../../../shared/Time";
import type { Asked } from "./AccountDialog";
import type { Account, Status } from "./userQueries";

const useStyles = makeStyles({
  actions: { display: "flex", flexWrap: "wrap", gap: "4px", alignItems: "center" },
});

interface Props {
  label: string;
  accounts: Account[];
  ask: (asked: Asked) => void;
}

export function AccountTable({ label, accounts, ask }: Props) {
  const columns: Column<Account>[] = [
    { title: "Who", cell: (account) => <Who account={account} /> },
    { title: "Role", cell: ({ role }) => role },
    { title: "Status", cell: ({ status }) => <StatusBadge status={status} /> },
    { title: "Last sign-in", cell: ({ last_sign_in }) => (last_sign_in ? <Time at={last_sign_in} /> : "never") },
    { title: "Since", cell: ({ created }) => <Time at={created} /> },
    { title: "Changed", cell: (account) => <Changed account={account} /> },
    { title: "Action", cell: (account) => <Actions account={account} ask={ask} /> },
  ];
  return <SmallTable label={label} columns={columns} rows={accounts} rowKey={({ id }) => id} />;
}

function Who({ account: { id, name, email } }: { account: Account }) {
  const look = useLook();
  const self = usePerson().id === id;
  return (
    <>
      <bdi>{name}</bdi> {self && <Badge appearance="outline">you</Badge>}
      <div className={look.quiet}>
        <bdi>{email}</bdi>
      </div>
    </>
  );
}

const LOOK: Record<Status, "success" | "warning" | "subtle"> = { active: "success", waiting: "warning", disabled: "subtle" };

function StatusBadge({ status }: { status: Status }) {
  return (
    <Badge appearance="tint" color={LOOK[status]}>
      {status}
    </Badge>
  );
}

function Changed({ account: { changed, changed_by } }: { account: Account }) {
  return changed ? (
    <>
      <Time at={changed} /> by <bdi>{changed_by}</bdi>
    </>
  ) : (
    "never"
  );
}

function Actions({ account, ask }: { account: Account; ask: (asked: Asked) => void }) {
  const styles = useStyles();
  const focusBack = useRestoreFocusTarget();
  const { email, status } = account;
  return (
    <div className={styles.actions}>
      {status === "waiting" && (
        <Button
          size="small"
          appearance="primary"
          aria-label={`Approve ${email}`}
          onClick={() => ask({ what: "approve", account })}
          {...focusBack}
        >
          Approve
        </Button>
      )}
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <Button size="small" appearance="subtle" icon={<MoreHorizontalRegular />} aria-label={`More about ${email}`} {...focusBack} />
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            {status === "active" && <MenuItem onClick={() => ask({ what: "role", account })}>Change the role</MenuItem>}
            {status === "disabled" && <MenuItem onClick={() => ask({ what: "enable", account })}>Enable</MenuItem>}
            {status === "active" && <MenuItem onClick={() => ask({ what: "invite", account })}>Let them set a new password</MenuItem>}
            {status === "active" && <MenuItem onClick={() => ask({ what: "sign-out", account })}>Sign out everywhere</MenuItem>}
            {status !== "disabled" && <MenuItem onClick={() => ask({ what: "disable", account })}>Disable</MenuItem>}
          </MenuList>
        </MenuPopover>
      </Menu>
    </div>
  );
}
