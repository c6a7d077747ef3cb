import { Button, useRestoreFocusTarget } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { answerOf, api, type Schema } from "../../../api/client";
import { handsFocusOn } from "../../../shared/focus";
import { FormDialog } from "../../../shared/FormDialog";
import { useLook } from "../../../shared/look";
import { Section } from "../../../shared/Section";
import { ShownOnce } from "../../../shared/ShownOnce";
import { SmallTable, type Column } from "../../../shared/SmallTable";
import { Failed } from "../../../shared/states";
import { Time } from "../../../shared/Time";
import { invitationLink } from "../../sign-in/invitationLink";
import { InviteDialog } from "./InviteDialog";
import { invitationsQuery } from "./userQueries";

type Invitation = Schema["Invitation"];

interface Props {
  /** Whom the dialog is open for: "" somebody new, undefined nobody. */
  invited: string | undefined;
  invite: (email: string | undefined) => void;
}

/** Invitations that nobody used yet. */
export function Invitations({ invited, invite }: Props) {
  const look = useLook();
  const focusBack = useRestoreFocusTarget();
  const queries = useQueryClient();
  const pending = useQuery(invitationsQuery);
  const [made, setMade] = useState<Schema["MadeInvitation"]>();
  const [withdrawn, setWithdrawn] = useState<Invitation>();
  const refresh = () => queries.invalidateQueries({ queryKey: invitationsQuery.queryKey });
  return (
    <Section
      title="Invitations"
      actions={
        <Button onClick={() => invite("")} {...focusBack}>
          Invite somebody
        </Button>
      }
    >
      {made && (
        <ShownOnce
          title={`The link for ${made.details.email}`}
          what="the link"
          secret={invitationLink(made.invitation, made.details.email)}
          hint="Hand it to its owner by a way that nobody else reads. It is shown this once and serves once."
          putAway={() => setMade(undefined)}
        />
      )}
      {pending.isError && <Failed what="The invitations" error={pending.error} retry={() => void pending.refetch()} />}
      {pending.data?.items.length === 0 && <span className={look.quiet}>None is open.</span>}
      {pending.data && pending.data.items.length > 0 && (
        <SmallTable label="Open invitations" columns={columnsFor(setWithdrawn)} rows={pending.data.items} rowKey={({ id }) => id} />
      )}
      {invited !== undefined && (
        <InviteDialog
          known={invited}
          made={(invitation) => {
            setMade(invitation);
            void refresh();
          }}
          close={() => invite(undefined)}
        />
      )}
      {withdrawn && (
        <FormDialog
          title={`Withdraw the invitation of ${withdrawn.email}?`}
          action="Withdraw"
          run={async () => {
            await answerOf(api.DELETE("/api/invitations/{id}", { params: { path: { id: withdrawn.id } } }));
            if (made?.details.id === withdrawn.id) setMade(undefined);
            // Once the dialog is closed, and the focus back on a button that may go then.
            void refresh();
          }}
          close={() => setWithdrawn(undefined)}
        >
          The link that was handed over is worthless then.
        </FormDialog>
      )}
    </Section>
  );
}

const columnsFor = (withdraw: (invitation: Invitation) => void): Column<Invitation>[] => [
  { title: "For", cell: ({ email }) => <bdi>{email}</bdi> },
  { title: "Role", cell: ({ role }) => role },
  { title: "Made", cell: ({ created, created_by }) => <><Time at={created} /> by <bdi>{created_by}</bdi></> },
  { title: "Good until", cell: ({ expires }) => <Time at={expires} /> },
  { title: "Action", cell: (invitation) => <WithdrawButton invitation={invitation} withdraw={withdraw} /> },
];

function WithdrawButton({ invitation, withdraw }: { invitation: Invitation; withdraw: (invitation: Invitation) => void }) {
  const focusBack = useRestoreFocusTarget();
  return (
    <Button
      ref={handsFocusOn}
      size="small"
      aria-label={`Withdraw the invitation of ${invitation.email}`}
      onClick={() => withdraw(invitation)}
      {...focusBack}
    >
      Withdraw
    </Button>
  );
}
