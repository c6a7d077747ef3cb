import { Link } from "@fluentui/react-components";
import { Section } from "../../shared/Section";

import { useLook } from "./look";
import { OutsideLink } from "./Outside";
import { Some } from "./Some";
import type { Ticket } from "./ticketQuery";

const RUNS: Record<Ticket["source"], string> = {
  adf: "Data Factory: pipeline run",
  databricks: "Databricks: run",
  airflow: "Airflow: run",
  "azure-monitor": "Azure: run",
};
const KINDS: Record<string, string> = {
  log: "Log of the task",
  alert: "Azure: alert",
  resource: "Azure: resource",
  query: "Azure: query of the alert",
  runbook: "Runbook",
  docs: "Documentation",
  jira: "Jira",
  slack: "Slack: the channel of its message",
};

/** Where to look further, in the systems that the failure went through. */
export function Links({ ticket, openLog }: { ticket: Ticket; openLog: () => void }) {
  const look = useLook();
  // The payload is shown by the log viewer.
  const links = ticket.links.filter(({ kind }) => kind !== "payload");
  if (ticket.slack_channel) links.push({ kind: "slack", url: slackChannel(ticket.slack_channel) });
  return (
    <Section title="Links">
      <Some
        first={20}
        what="links"
        items={[
          <li key="log" data-no-print>
            <Link as="button" onClick={openLog}>
              Log and payload
            </Link>
          </li>,
          ...links.map(({ kind, url }) => (
            <li key={`${kind} ${url}`}>
              <OutsideLink url={url}>{label(ticket, kind)}</OutsideLink> <span className={look.quiet}>{host(url)}</span>
            </li>
          )),
        ]}
      />
    </Section>
  );
}

function label({ source, itsm_ticket_id }: Ticket, kind: string): string {
  if (kind === "run") return RUNS[source];
  if (kind === "jira" && itsm_ticket_id) return `Jira: ${itsm_ticket_id.slice(0, 40)}`;
  return KINDS[kind] ?? kind.slice(0, 40);
}

/** Where a link leads: a sender may have chosen it. */
function host(url: string): string {
  return URL.canParse(url) ? new URL(url).host.slice(0, 80) : "";
}

/** "Deep linking into Slack" (Slack's documentation): a channel by its id, in whichever workspace one is signed in to. */
const slackChannel = (id: string) => `https://slack.com/app_redirect?channel=${encodeURIComponent(id)}`;
