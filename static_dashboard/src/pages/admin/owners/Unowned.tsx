import { Button, useRestoreFocusTarget } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { Schema } from "../../../api/client";
import { handsFocusOn } from "../../../shared/focus";
import { count, sourceName } from "../../../shared/format";
import { useLook } from "../../../shared/look";
import { Section } from "../../../shared/Section";
import { SmallTable, type Column } from "../../../shared/SmallTable";
import { Failed, Loading } from "../../../shared/states";
import { TextLink } from "../../../shared/TextLink";
import { Time } from "../../../shared/Time";
import { unownedQuery, type RuleTexts } from "./ownerQueries";

type Pipeline = Schema["Unowned"];

const AT_FIRST = 10;

/** The pipelines that failed and have no owner: worked off from the top, by a rule each or for several. */
export function Unowned({ make }: { make: (start: Partial<RuleTexts>) => void }) {
  const look = useLook();
  const list = useQuery(unownedQuery);
  const [all, setAll] = useState(false);
  const items = list.data?.items ?? [];
  return (
    <Section title="Failed, and nobody owns it">
      {list.isPending && <Loading what="pipelines" />}
      {list.isError && <Failed what="The pipelines without an owner" error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && items.length === 0 && <span className={look.quiet}>Every pipeline that failed has an owner.</span>}
      {items.length > 0 && (
        <SmallTable
          label="Pipelines without an owner"
          columns={columnsFor(make)}
          rows={all ? items : items.slice(0, AT_FIRST)}
          rowKey={({ source, pipeline }) => `${source} ${pipeline}`}
        />
      )}
      {!all && items.length > AT_FIRST && (
        <Button ref={handsFocusOn} className={look.start} onClick={() => setAll(true)}>
          Show all {count(items.length)}
          {list.data?.complete ? "" : " and more"}
        </Button>
      )}
    </Section>
  );
}

const columnsFor = (make: (start: Partial<RuleTexts>) => void): Column<Pipeline>[] => [
  { title: "Pipeline", cell: ({ pipeline }) => <bdi>{pipeline}</bdi> },
  { title: "Source", cell: ({ source }) => sourceName(source) },
  { title: "Tickets", cell: ({ tickets, or_more }) => `${count(tickets)}${or_more ? " or more" : ""}` },
  { title: "Last", cell: ({ last_ticket, last_seen }) => <TextLink to={`/tickets/${last_ticket}`}><Time at={last_seen} /></TextLink> },
  { title: "Action", cell: (row) => <MakeButton row={row} make={make} /> },
];

function MakeButton({ row: { source, pipeline }, make }: { row: Pipeline; make: (start: Partial<RuleTexts>) => void }) {
  const focusBack = useRestoreFocusTarget();
  return (
    <Button size="small" aria-label={`Make a rule for ${pipeline}`} onClick={() => make({ source, pattern: pipeline })} {...focusBack}>
      Make a rule
    </Button>
  );
}
