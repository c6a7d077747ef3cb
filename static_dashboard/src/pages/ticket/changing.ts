/** Changing the ticket: what is sent, and what happens when somebody else was faster. */

import { useMutation, useQueryClient } from "@tanstack/react-query";

import { sendChange } from "../../shared/ticketChange";
import { entriesSince, entryIds, ticketQuery, type Entry, type Ticket } from "./ticketQuery";

export type Status = Ticket["status"];

/** From each status, where a ticket may go: the likely move first. */
export const MOVES: Record<Status, readonly Status[]> = {
  open: ["acknowledged", "in_progress"],
  in_progress: ["acknowledged", "open"],
  acknowledged: ["in_progress", "open"],
};
export const MOVE_NAMES: Record<Status, string> = { acknowledged: "Acknowledge", in_progress: "In progress", open: "Reopen" };
export const MOVE_KEYS: Record<Status, string> = { acknowledged: "a", in_progress: "p", open: "r" };

export const mayMove = (ticket: Ticket, status: Status): boolean => MOVES[ticket.status].includes(status);

/** `status` is null for a note alone. */
interface Wanted {
  status: Status | null;
  note: string;
}

/** What somebody else did to the ticket while one was about to change it. */
export class Overtaken extends Error {
  constructor(
    readonly wanted: Wanted,
    readonly entries: Entry[],
    readonly now: Ticket,
  ) {
    super("The ticket changed meanwhile.");
    this.name = "Overtaken";
  }
}

/** Sends a change that is based on the ticket as it is shown; fails with `Overtaken` if people changed it meanwhile. */
export function useChange(shown: Ticket, done: (made: Wanted) => void) {
  const queries = useQueryClient();
  const { queryKey } = ticketQuery(shown.id);
  return useMutation({
    // For people who were overtaken it is said who did what.
    mutationFn: (wanted: Wanted): Promise<Ticket> =>
      sendChange({
        shown,
        wanted,
        read: () => queries.query({ ...ticketQuery(shown.id), staleTime: 0 }),
        since: (now) => entriesSince(now, entryIds(shown)),
        overtaken: (now, entries) => new Overtaken(wanted, entries, now),
      }),
    onSuccess: (ticket, made) => {
      queries.setQueryData(queryKey, ticket);
      void queries.invalidateQueries({ predicate: (query) => query.queryKey[0] === "tickets" });
      done(made);
    },
  });
}
