import { makeStyles, tokens } from "@fluentui/react-components";
import { Link } from "wouter";

import { useMay } from "../../app/session";
import { queueName } from "../../shared/deadLetters";
import { count } from "../../shared/format";
import { FigureTable } from "./FigureTable";
import type { Overview } from "./overview";
import { Panel } from "./Panel";
import { counted } from "./words";

const useStyles = makeStyles({
  link: { display: "inline-block", marginTop: "8px", padding: "4px 0", color: tokens.colorBrandForegroundLink },
});

/** What could not be delivered, now. Admins may do something about it. */
export function DeadLetters({ letters }: { letters: Overview["dead_letters"] }) {
  const styles = useStyles();
  const mayHandle = useMay("handle_dead_letters");
  return (
    <Panel title="Dead letters" summary={inWords(letters)}>
      {letters.total > 0 && (
        <FigureTable
          caption="Dead letters by queue"
          columns={["For", "Not delivered"]}
          rows={Object.entries(letters.by_queue).map(([queue, found]) => ({ key: queue, cells: [queueName(queue), count(found)] }))}
        />
      )}
      {mayHandle && letters.total > 0 && (
        <Link href="/admin/dead-letters" className={styles.link}>
          See the reasons, and send again
        </Link>
      )}
    </Panel>
  );
}

function inWords({ total, dead, retrying, or_more: orMore }: Overview["dead_letters"]): string {
  if (total === 0) return "Everything was delivered.";
  const all = orMore ? `${count(total)} or more deliveries` : counted(total, "delivery", "deliveries");
  return `${all} in trouble: ${count(dead)} given up, ${count(retrying)} tried again by itself.`;
}
