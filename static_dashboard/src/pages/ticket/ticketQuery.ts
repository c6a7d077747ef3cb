/** The ticket of this page: fetched when it is opened, and again whenever somebody changed it. */

import { queryOptions, useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";

import { answerOf, api, type Schema } from "../../api/client";
import { useHints, usePolling } from "../../app/live";

export type Ticket = Schema["TicketView"];
export type Entry = Schema["AuditEntry"];

export const ticketQuery = (id: string) =>
  queryOptions({
    queryKey: ["ticket", id],
    queryFn: ({ signal }) => answerOf(api.GET("/api/tickets/{id}", { params: { path: { id } }, signal })),
  });

export function useTicket(id: string): UseQueryResult<Ticket> {
  const queries = useQueryClient();
  const refetchInterval = usePolling();
  useHints((hints) => {
    const known = queries.getQueryData(ticketQuery(id).queryKey)?.version ?? 0;
    if (hints.some((hint) => hint.id === id && hint.version > known)) {
      void queries.invalidateQueries({ queryKey: ticketQuery(id).queryKey });
    }
  });
  return useQuery({ ...ticketQuery(id), refetchInterval });
}

/** The entries of a ticket that were not there before. */
export function entriesSince(ticket: Ticket, known: ReadonlySet<string>): Entry[] {
  return ticket.audit.filter((entry) => !known.has(entry.id));
}

export const entryIds = (ticket: Ticket): Set<string> => new Set(ticket.audit.map((entry) => entry.id));

export { ASSISTANT } from "../../shared/ticketChange";
