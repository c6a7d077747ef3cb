import { useMutation } from "@tanstack/react-query";

import { answerOf, api, ApiError, type Schema } from "../../api/client";
import { useNotify } from "../../app/notify";
import type { Row } from "./ticketList";

type Status = Schema["TicketRow"]["status"];
type Change = Pick<Row, "id" | "version"> & { status: Status };

/** Acknowledges a ticket from the list at once, with a way back. `changed` is told of what changed. */
export function useAcknowledge(changed: (id: string) => void): (row: Row) => void {
  const notify = useNotify();
  const { mutate } = useMutation({
    mutationFn: ({ id, version, status }: Change) =>
      answerOf(api.PATCH("/api/tickets/{id}", { params: { path: { id } }, body: { status, version, note: "" } })),
    onSettled: (_ticket, _error, { id }) => changed(id),
    onSuccess: (ticket, { status }) => {
      if (status !== "acknowledged") return;
      notify({
        intent: "success",
        title: "Acknowledged",
        body: ticket.title,
        to: `/tickets/${ticket.id}`,
        action: { text: "Undo", run: () => mutate({ id: ticket.id, version: ticket.version, status: "open" }) },
      });
    },
    onError: (error, { id }) =>
      notify({
        intent: "error",
        title: error instanceof ApiError && error.status === 409 ? "Somebody was faster" : "Not changed",
        body: error.message,
        to: `/tickets/${id}`,
      }),
  });
  return (row) => mutate({ id: row.id, version: row.version, status: "acknowledged" });
}
