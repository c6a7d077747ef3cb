import { Button, makeStyles, tokens, Tooltip } from "@fluentui/react-components";
import { InfoRegular } from "@fluentui/react-icons";

import { count, duration, percent } from "../../shared/format";
import type { Overview } from "./overview";
import { Panel } from "./Panel";
import { counted } from "./words";

const useStyles = makeStyles({
  figures: { display: "flex", flexWrap: "wrap", gap: "8px 32px", margin: 0, alignItems: "flex-end" },
  withHint: { display: "flex", gap: "8px", alignItems: "flex-end" },
  figure: { display: "flex", flexDirection: "column-reverse" },
  name: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
  number: { margin: 0, fontSize: tokens.fontSizeHero700, lineHeight: tokens.lineHeightHero700, fontWeight: tokens.fontWeightSemibold, fontVariantNumeric: "tabular-nums" },
  bar: { display: "flex", height: "12px", marginTop: "12px", gap: "2px", forcedColorAdjust: "none", printColorAdjust: "exact" },
  met: { backgroundColor: tokens.colorStatusSuccessBorderActive },
  // Striped, so that it is not told by colour alone.
  breached: {
    backgroundImage: `repeating-linear-gradient(135deg, ${tokens.colorStatusDangerBorderActive} 0 4px, ${tokens.colorNeutralBackground1} 4px 6px)`,
    border: `1px solid ${tokens.colorStatusDangerBorderActive}`,
    boxSizing: "border-box",
  },
});

/** How much of the window's SLA was kept, of what is decided. */
export function SlaShare({ sla }: { sla: Overview["sla"] }) {
  const styles = useStyles();
  const pending = sla.pending ? ` ${counted(sla.pending, "ticket")} still within time.` : "";
  return (
    <Panel
      title="SLA"
      summary={
        sla.met_share === null
          ? `Nothing is decided yet.${pending}`
          : `Of ${counted(sla.met + sla.breached, "ticket")}, ${count(sla.met)} acknowledged in time and ${count(sla.breached)} not.${pending}`
      }
    >
      {sla.met_share !== null && (
        <>
          <dl className={styles.figures}>
            <Figure name="Met" value={percent(sla.met_share)} />
            <Figure name="Breached" value={percent(1 - sla.met_share)} />
          </dl>
          <div className={styles.bar} aria-hidden>
            {sla.met > 0 && <div className={styles.met} style={{ flexGrow: sla.met }} />}
            {sla.breached > 0 && <div className={styles.breached} style={{ flexGrow: sla.breached }} />}
          </div>
        </>
      )}
    </Panel>
  );
}

const HOW_EXACT =
  "Times are counted in steps of 10 %, so the median and the 90th percentile are off by at most 5 %; the mean is exact. " +
  "90 of 100 tickets were acknowledged within the 90th percentile.";

export function AcknowledgeTimes({ times }: { times: Overview["time_to_acknowledge"] }) {
  const styles = useStyles();
  const { acknowledged, median_seconds: median, p90_seconds: p90, mean_seconds: mean } = times;
  return (
    <Panel
      title="Time to acknowledge"
      summary={acknowledged ? `From the failure to its acknowledgement, over ${counted(acknowledged, "ticket")}.` : "No ticket of these days was acknowledged yet."}
    >
      {median !== null && p90 !== null && mean !== null && (
        <div className={styles.withHint}>
          <dl className={styles.figures}>
            <Figure name="Median" value={duration(median)} title={HOW_EXACT} />
            <Figure name="90th percentile" value={duration(p90)} title={HOW_EXACT} />
            <Figure name="Mean" value={duration(mean)} />
          </dl>
          <Tooltip content={HOW_EXACT} relationship="description">
            <Button size="small" appearance="subtle" icon={<InfoRegular />} aria-label="How exact these times are" data-no-print />
          </Tooltip>
        </div>
      )}
    </Panel>
  );
}

function Figure({ name, value, title }: { name: string; value: string; title?: string }) {
  const styles = useStyles();
  return (
    <div className={styles.figure} title={title}>
      <dt className={styles.name}>{name}</dt>
      <dd className={styles.number}>{value}</dd>
    </div>
  );
}
