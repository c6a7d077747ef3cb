/** Changing a ticket, where the app itself may note something on it meanwhile. */

import { answerOf, api, ApiError, type Schema } from "../api/client";

type Ticket = Schema["TicketView"];
type Entry = Schema["AuditEntry"];

/** How the audit trail names the app itself. */
export const ASSISTANT = "assistant";

interface Sent {
  /** The ticket as it is shown: what the change is based on. */
  shown: Pick<Ticket, "id" | "version" | "status">;
  wanted: Omit<Schema["TicketChange"], "version">;
  /** Reads the ticket as it is now. */
  read: () => Promise<Ticket>;
  /** What was done to the ticket since it was shown. */
  since: (now: Ticket) => Entry[];
  /** What to throw where people changed the ticket meanwhile. */
  overtaken: (now: Ticket, entries: Entry[], refusal: ApiError) => Error;
}

/** Sends the change; once more if only the app noted something meanwhile, which is nothing that people must weigh. */
export async function sendChange({ shown, wanted, read, since, overtaken }: Sent): Promise<Ticket> {
  const send = (version: number) =>
    answerOf(api.PATCH("/api/tickets/{id}", { params: { path: { id: shown.id } }, body: { version, ...wanted } }));
  try {
    return await send(shown.version);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    const now = await read();
    const entries = since(now);
    if (now.status === shown.status && entries.every((entry) => entry.user === ASSISTANT)) return send(now.version);
    throw overtaken(now, entries, error);
  }
}
