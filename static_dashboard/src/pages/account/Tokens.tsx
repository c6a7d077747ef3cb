import { Button, useRestoreFocusTarget } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { answerOf, api, type Schema } from "../../api/client";
import { handsFocusOn } from "../../shared/focus";
import { FormDialog } from "../../shared/FormDialog";
import { useLook } from "../../shared/look";
import { Section } from "../../shared/Section";
import { ShownOnce } from "../../shared/ShownOnce";
import { SmallTable, type Column } from "../../shared/SmallTable";
import { Failed, Loading } from "../../shared/states";
import { Time } from "../../shared/Time";
import { MakeToken } from "./MakeToken";

type Token = Schema["TokenView"];

export const tokensKey = ["tokens"];

/** One's tokens for scripts: made, shown once, revoked. */
export function Tokens() {
  const look = useLook();
  const focusBack = useRestoreFocusTarget();
  const queries = useQueryClient();
  const tokens = useQuery({ queryKey: tokensKey, queryFn: () => answerOf(api.GET("/api/tokens")) });
  const [asking, setAsking] = useState(false);
  const [made, setMade] = useState<Schema["MadeToken"]>();
  const [revoked, setRevoked] = useState<Token>();
  const refresh = () => queries.invalidateQueries({ queryKey: tokensKey });

  return (
    <Section
      title="Tokens for scripts"
      actions={
        <Button onClick={() => setAsking(true)} {...focusBack}>
          Make a token
        </Button>
      }
    >
      <p className={look.paragraph}>
        A script that sends <code>Authorization: Bearer rca_…</code> reads what you may read, and changes nothing.
      </p>
      {made && (
        <ShownOnce
          title={`Token “${made.details.name}” is made`}
          what="the token"
          secret={made.token}
          hint="Copy it now: it is shown this once."
          putAway={() => setMade(undefined)}
        />
      )}
      {tokens.isPending && <Loading what="your tokens" />}
      {tokens.isError && <Failed what="Your tokens" error={tokens.error} retry={() => void tokens.refetch()} />}
      {tokens.data?.items.length === 0 && <span className={look.quiet}>You have none.</span>}
      {tokens.data && tokens.data.items.length > 0 && (
        <SmallTable label="Your tokens" columns={columnsFor(setRevoked)} rows={tokens.data.items} rowKey={({ id }) => id} />
      )}
      {asking && (
        <MakeToken
          made={(token) => {
            setMade(token);
            void refresh();
          }}
          close={() => setAsking(false)}
        />
      )}
      {revoked && (
        <FormDialog
          title={`Revoke “${revoked.name}”?`}
          action="Revoke"
          run={() => answerOf(api.DELETE("/api/tokens/{id}", { params: { path: { id: revoked.id } } })).then(() => void refresh())}
          close={() => setRevoked(undefined)}
        >
          What uses the token {revoked.prefix}… is refused from now on.
        </FormDialog>
      )}
    </Section>
  );
}

const columnsFor = (revoke: (token: Token) => void): Column<Token>[] => [
  { title: "For", cell: ({ name }) => <bdi>{name}</bdi> },
  { title: "Begins with", cell: ({ prefix }) => <code>{prefix}…</code> },
  { title: "Reads as", cell: ({ role }) => role },
  { title: "Last used", cell: ({ last_used }) => (last_used ? <Time at={last_used} /> : "never") },
  { title: "Expires", cell: ({ expires }) => <Time at={expires} /> },
  { title: "State", cell: (token) => (isOver(token) ? "expired" : token.revoked ? <>revoked <Time at={token.revoked} /></> : "valid") },
  { title: "Action", cell: (token) => !token.revoked && !isOver(token) && <RevokeButton token={token} revoke={revoke} /> },
];

const isOver = ({ expires, revoked }: Token) => !revoked && Date.parse(expires) <= Date.now();

function RevokeButton({ token, revoke }: { token: Token; revoke: (token: Token) => void }) {
  const focusBack = useRestoreFocusTarget();
  return (
    <Button ref={handsFocusOn} size="small" aria-label={`Revoke ${token.name}`} onClick={() => revoke(token)} {...focusBack}>
      Revoke
    </Button>
  );
}
