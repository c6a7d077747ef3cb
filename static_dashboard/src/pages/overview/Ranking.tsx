/** Who has the most failures: pipelines, teams, cost centers. */

import { makeStyles, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { Link } from "wouter";

import { count, sourceName } from "../../shared/format";
import { FigureTable } from "./FigureTable";
import { LONGEST_NAME, ticketsLink } from "./links";
import type { Overview } from "./overview";
import { Panel } from "./Panel";
import { counted } from "./words";

const useStyles = makeStyles({
  link: { color: tokens.colorNeutralForeground1 },
  track: { height: "4px", marginTop: "4px" },
  bar: { height: "100%", minWidth: "2px", borderRadius: "2px", backgroundColor: tokens.colorCompoundBrandStroke, printColorAdjust: "exact" },
  source: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
});

export function TopPipelines({ figures }: { figures: Overview }) {
  const styles = useStyles();
  const { top_pipelines: pipelines, names_left_out: leftOut } = figures;
  return (
    <Panel title="Top failing pipelines" summary={listed(pipelines.length, "pipeline", leftOut.pipelines)} tall>
      {pipelines.length > 0 && (
        <FigureTable
          caption="Top failing pipelines"
          columns={["Pipeline", "Failures"]}
          rows={pipelines.map(({ pipeline, source, count: found }) => ({
            key: `${source}:${pipeline}`,
            cells: [
              <Ranked key="name" share={found / (pipelines[0]?.count ?? found)}>
                <Link href={ticketsLink({ status: "all", source, q: pipeline })} className={styles.link}>
                  <bdi>{pipeline || "(without a name)"}</bdi>
                </Link>{" "}
                <span className={styles.source}>{sourceName(source)}</span>
              </Ranked>,
              count(found),
            ],
          }))}
        />
      )}
    </Panel>
  );
}

interface OwnersProps {
  title: string;
  one: string;
  owners: Overview["teams"];
  leftOut: number;
  /** Teams are a filter of the list; cost centers are not. */
  linked?: boolean;
}

export function Owners({ title, one, owners, leftOut, linked = false }: OwnersProps) {
  const styles = useStyles();
  return (
    <Panel title={title} summary={listed(owners.length, one, leftOut)}>
      {owners.length > 0 && (
        <FigureTable
          caption={title}
          columns={[one.charAt(0).toUpperCase() + one.slice(1), "Failures", "Not acknowledged"]}
          rows={owners.map(({ name, count: found, unresolved }) => ({
            key: name,
            cells: [
              <Ranked key="name" share={found / (owners[0]?.count ?? found)}>
                {linked && name.length < LONGEST_NAME ? (
                  <Link href={ticketsLink({ status: "all", team: name })} className={styles.link}>
                    <bdi>{name}</bdi>
                  </Link>
                ) : (
                  <bdi>{name}</bdi>
                )}
              </Ranked>,
              count(found),
              count(unresolved),
            ],
          }))}
        />
      )}
    </Panel>
  );
}

/** A name with a bar as long as its share of the first one's. */
function Ranked({ share, children }: { share: number; children: ReactNode }) {
  const styles = useStyles();
  return (
    <>
      {children}
      <div className={styles.track} aria-hidden>
        <div className={styles.bar} style={{ width: `${share * 100}%` }} />
      </div>
    </>
  );
}

const MOST_LISTED = 20;

function listed(found: number, one: string, leftOut: number): string {
  if (found === 0) return "No failure in these days.";
  const which = found < MOST_LISTED ? counted(found, one) : `The ${MOST_LISTED} ${one}s with the most`;
  return leftOut ? `${which}; ${counted(leftOut, "failure")} more on days with too many names to count each.` : `${which}.`;
}
