import { Button, makeStyles, MessageBar, MessageBarActions, MessageBarBody, Text, tokens } from "@fluentui/react-components";
import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";

import { useMay } from "../../app/session";
import { count } from "../../shared/format";
import { useKeys } from "../../shared/keys";
import { Empty, Failed, Loading } from "../../shared/states";
import { useSummary } from "../../shared/summary";
import { useAcknowledge } from "./acknowledge";
import { useChosenColumns } from "./chosenColumns";
import { FilterBar } from "./FilterBar";
import { isFiltered, isNewestFirst, NEWEST_FIRST, useListAddress, type ListAddress, type Tab } from "./filters";
import { TabBar } from "./TabBar";
import { MOST_SORTED, useTicketList } from "./ticketList";
import { TicketTable } from "./TicketTable";

const useStyles = makeStyles({
  paper: { display: "none", "@media print": { display: "block" } },
  foot: { padding: "16px", textAlign: "center", color: tokens.colorNeutralForeground2 },
});

/** The list of tickets: what is open, how bad, how long there is. */
export function TicketsPage() {
  const styles = useStyles();
  const address = useListAddress();
  const { filters, sort } = address;
  const whole = !isNewestFirst(sort);
  const list = useTicketList(filters, whole);
  const full = list.rows.length >= MOST_SORTED;
  const summary = useSummary();
  const chosen = useChosenColumns();
  const [selected, setSelected] = useState("");
  const [chosenIn, setChosenIn] = useState(filters);
  if (filters !== chosenIn) {
    // Of another list nothing is chosen yet.
    setChosenIn(filters);
    setSelected("");
  }
  const [, navigate] = useLocation();
  const mayChange = useMay("change_tickets");
  const acknowledge = useAcknowledge((id) => list.refresh([id]));
  const search = useRef<HTMLInputElement>(null);

  useEffect(() => {
    document.title = `${summary.data ? `(${summary.data.by_status["open"] ?? 0}) ` : ""}Tickets · AIOps RCA`;
  }, [summary.data]);

  const selectedRow = list.rows.find((row) => row.id === selected);
  useKeys({
    "/": () => search.current?.focus(),
    ...(mayChange && selectedRow && selectedRow.status !== "acknowledged" && { a: () => acknowledge(selectedRow) }),
  });

  return (
    <>
      <TabBar chosen={filters.tab} counts={summary.data} choose={(status) => address.change({ status })} />
      <FilterBar address={address} search={search} chosen={chosen} />
      {list.isError && (
        <Failed what={list.rows.length ? "Newer tickets" : "The tickets"} error={list.error} retry={() => void list.refetch()} />
      )}
      {list.isPending && <Loading what="tickets" />}
      {list.rows.length > 0 && (
        <TicketTable
          rows={list.rows}
          sort={sort || NEWEST_FIRST}
          setSort={(wanted) => address.change({ sort: wanted === NEWEST_FIRST ? "" : wanted })}
          columns={chosen.columns}
          selected={selected}
          select={setSelected}
          open={(id) => navigate(`/tickets/${encodeURIComponent(id)}`)}
          reachedEnd={() => {
            if (list.hasNextPage && !list.isFetching && !whole) void list.fetchNextPage();
          }}
        />
      )}
      {list.rows.length > 0 && <Text className={styles.paper}>These are the rows that were in view; View › Download as CSV has all.</Text>}
      {list.isSuccess && list.rows.length === 0 && !list.hasNextPage && (
        <Nothing address={address} anyAtAll={(summary.data?.total_tickets ?? 1) > 0} />
      )}
      {whole && list.hasNextPage && (
        <MessageBar intent={full ? "warning" : "info"}>
          <MessageBarBody>
            {list.readsOn
              ? `Sorted so far: the newest ${count(list.rows.length)}; the rest is being read …`
              : `Sorted are the newest ${count(list.rows.length)}.${full ? " Filter to sort what is older." : ""}`}
          </MessageBarBody>
          {!list.readsOn && !full && (
            <MessageBarActions>
              <Button disabled={list.isFetching} onClick={() => void list.fetchNextPage()}>
                Look for older ones
              </Button>
            </MessageBarActions>
          )}
        </MessageBar>
      )}
      {!whole && list.hasNextPage && (
        <div className={styles.foot}>
          <Button appearance="subtle" disabled={list.isFetching} onClick={() => void list.fetchNextPage()}>
            {list.isFetchingNextPage ? "Loading older tickets …" : "Load older tickets"}
          </Button>
        </div>
      )}
    </>
  );
}

function Nothing({ address, anyAtAll }: { address: ListAddress; anyAtAll: boolean }) {
  const { filters, change, clear } = address;
  if (isFiltered(filters)) {
    return (
      <Empty title="No ticket matches these filters">
        <Button onClick={clear}>Clear the filters</Button>
        {filters.tab !== "all" && <Button appearance="subtle" onClick={() => change({ status: "all" })}>Look in all tickets</Button>}
      </Empty>
    );
  }
  if (!anyAtAll) {
    return (
      <Empty title="No failure was reported yet">
        <Text>Connect Azure Monitor, Databricks or Airflow: docs/senders.md says how. A first failure shows here within seconds.</Text>
      </Empty>
    );
  }
  return <Empty title={EMPTY_TABS[filters.tab]} />;
}

const EMPTY_TABS: Record<Tab, string> = {
  open: "Nothing is open",
  in_progress: "Nobody is working on a ticket right now",
  acknowledged: "Nothing was acknowledged yet",
  unresolved: "Everything is acknowledged",
  all: "There are no tickets",
};
