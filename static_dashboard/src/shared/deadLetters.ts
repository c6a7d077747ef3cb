/** Dead letters, what could not be delivered, as several pages tell of them and send them once more. */

import { answerOf, api, type Schema } from "../api/client";

/** For whom the messages of a queue are. */
const QUEUE_NAMES: Record<string, string> = {
  failures: "New failures",
  diagnoses: "Diagnoses",
  "jira-updates": "Jira",
  "slack-updates": "Slack",
  "live-updates": "Live updates",
};
export const queueName = (queue: string): string => QUEUE_NAMES[queue] ?? queue;

const UNDONE: Record<string, string> = {
  failures: "A failure did not reach its ticket",
  diagnoses: "The failing system or the model was not asked",
  "jira-updates": "Jira is behind the ticket",
  "slack-updates": "Slack is behind the ticket",
  "live-updates": "Open pages were not told",
};
/** What did not happen, by the queue whose message failed. */
export const undone = (queue: string): string => UNDONE[queue] ?? queue;

export const sendOnceMore = ({ id }: Pick<Schema["DeadLetter"], "id">) =>
  answerOf(api.POST("/api/dead-letters/{id}/replay", { params: { path: { id } } }));
