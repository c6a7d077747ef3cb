import { Button, makeStyles, Text, tokens } from "@fluentui/react-components";
import { useEffect, useEffectEvent, useRef } from "react";

import { useMay } from "../../app/session";
import { Empty, Failed, Loading } from "../../shared/states";
import { FilterBar } from "./FilterBar";
import { useTrailAddress, type TrailAddress } from "./filters";
import { useFlash } from "./flash";
import { useTrail } from "./trail";
import { TrailTable } from "./TrailTable";

const useStyles = makeStyles({
  title: { margin: 0, fontSize: tokens.fontSizeBase600, lineHeight: tokens.lineHeightBase600, fontWeight: tokens.fontWeightSemibold },
  about: { color: tokens.colorNeutralForeground2 },
  foot: { padding: "16px", textAlign: "center", color: tokens.colorNeutralForeground2 },
});

/** Who did what, when, by which way, and what changed. */
export default function AuditPage() {
  const styles = useStyles();
  const address = useTrailAddress();
  const [fresh, flash] = useFlash();
  const trail = useTrail(address.filters, flash);
  const seesAccounts = useMay("manage_users");
  useEffect(() => {
    document.title = "Audit · AIOps RCA";
  }, []);

  const { entries, hasNextPage, isFetching, isError } = trail;
  // A page may be empty though older entries would match: then a person says whether to look further.
  const goesOn = hasNextPage && !isFetching && !isError && (trail.data?.pages.at(-1)?.items.length ?? 0) > 0;
  const foot = useReachedEnd(goesOn, () => void trail.fetchNextPage());

  return (
    <>
      <h1 className={styles.title}>Audit trail</h1>
      <Text className={styles.about}>
        {seesAccounts
          ? "Who did what to tickets, accounts and settings; newest first."
          : "Who did what to which ticket; newest first."}
      </Text>
      <FilterBar address={address} />
      {isError && <Failed what={entries.length ? "More of the trail" : "The trail"} error={trail.error} retry={() => void trail.refetch()} />}
      {trail.isPending &&
        (trail.fetchStatus === "paused" ? <Empty title="Without a network there is no trail yet" /> : <Loading what="the trail" />)}
      {entries.length > 0 && <TrailTable entries={entries} fresh={fresh} />}
      {trail.isSuccess && entries.length === 0 && <Nothing address={address} more={hasNextPage} />}
      {trail.isSuccess && (
        <div ref={foot} className={styles.foot} data-no-print>
          {hasNextPage ? (
            <Button appearance="subtle" disabled={isFetching} onClick={() => void trail.fetchNextPage()}>
              {trail.isFetchingNextPage ? "Looking for older entries …" : "Look for older entries"}
            </Button>
          ) : (
            entries.length > 0 && "This is where it begins."
          )}
        </div>
      )}
    </>
  );
}

function Nothing({ address, more }: { address: TrailAddress; more: boolean }) {
  if (more) return <Empty title="None of the entries looked through so far matches" />;
  if (Object.keys(address.filters).length === 0) return <Empty title="Nothing was done yet">The first ticket brings the first entry.</Empty>;
  return (
    <Empty title="No entry matches these filters">
      <Text>Action, person and ticket are compared as a whole, letter by letter.</Text>
      <Button onClick={address.clear}>Clear the filters</Button>
    </Empty>
  );
}

/** Calls `reached` when the element that the returned ref is on comes near the screen, or is there when `active` begins. */
function useReachedEnd(active: boolean, reached: () => void) {
  const element = useRef<HTMLDivElement>(null);
  const tell = useEffectEvent(reached);
  useEffect(() => {
    if (!active || !element.current) return;
    const observer = new IntersectionObserver(([seen]) => seen?.isIntersecting && tell(), { rootMargin: "600px" });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [active]);
  return element;
}
