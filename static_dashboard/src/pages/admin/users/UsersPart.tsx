import { Button, Select } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { handsFocusOn } from "../../../shared/focus";
import { useLook } from "../../../shared/look";
import { Section } from "../../../shared/Section";
import { Failed, Loading } from "../../../shared/states";
import { AccountDialog, type Asked } from "./AccountDialog";
import { AccountTable } from "./AccountTable";
import { Invitations } from "./Invitations";
import { usersQuery, type Status } from "./userQueries";

/** Who may come in, and as what. */
export function UsersPart() {
  const [asked, setAsked] = useState<Asked>();
  // Set where an admin helps somebody who has an account and forgot the password.
  const [invited, setInvited] = useState<string>();
  const ask = (next: Asked) => (next.what === "invite" ? setInvited(next.account.email) : setAsked(next));
  return (
    <>
      <Waiting ask={ask} />
      <Accounts ask={ask} />
      <Invitations invited={invited} invite={setInvited} />
      {asked && <AccountDialog asked={asked} close={() => setAsked(undefined)} />}
    </>
  );
}

/** Those who asked for an account: they stand first, since they cannot do anything before somebody looks. */
function Waiting({ ask }: { ask: (asked: Asked) => void }) {
  const look = useLook();
  const waiting = useInfiniteQuery(usersQuery("waiting"));
  const accounts = waiting.data?.pages.flatMap((page) => page.items) ?? [];
  if (accounts.length === 0) return null;
  return (
    <Section title="Waiting for approval">
      <p className={look.paragraph}>
        Approve whom you expect: no mail proves that who asked owns the address. An invitation does.
      </p>
      <AccountTable label="Accounts that wait" accounts={accounts} ask={ask} />
      <More list={waiting} />
    </Section>
  );
}

/** All who do not wait. */
function Accounts({ ask }: { ask: (asked: Asked) => void }) {
  const [status, setStatus] = useState<Status | "">("");
  const list = useInfiniteQuery(usersQuery(status));
  const accounts = (list.data?.pages.flatMap((page) => page.items) ?? [])
    .filter((account) => account.status !== "waiting")
    .sort((one, other) => one.email.localeCompare(other.email));
  return (
    <Section
      title="Accounts"
      actions={
        <Select aria-label="Status" value={status} onChange={(_, { value }) => setStatus(value as Status | "")}>
          <option value="">All</option>
          <option value="active">Active</option>
          <option value="disabled">Disabled</option>
        </Select>
      }
    >
      {list.isPending && <Loading what="accounts" />}
      {list.isError && <Failed what="The accounts" error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && accounts.length === 0 && "There is none of this status."}
      {accounts.length > 0 && <AccountTable label="Accounts" accounts={accounts} ask={ask} />}
      <More list={list} />
    </Section>
  );
}

interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

function More({ list }: { list: Pages }) {
  const look = useLook();
  return (
    list.hasNextPage && (
      <Button ref={handsFocusOn} className={look.start} disabledFocusable={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
        {list.isFetchingNextPage ? "Loading …" : "Show more"}
      </Button>
    )
  );
}
