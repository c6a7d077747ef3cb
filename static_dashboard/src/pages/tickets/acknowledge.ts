import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";

import { answerOf, api, ApiError } from "../../api/client";
import { useNotify } from "../../app/notify";
import { sendChange } from "../../shared/ticketChange";
import type { Row } from "./ticketList";

type Shown = Pick<Row, "id" | "version" | "status">;
type Status = Row["status"];

/** Acknowledges a ticket from the list at once, with a way back to where it was. `changed` is told of what changed. */
export function useAcknowledge(changed: (id: string) => void): (row: Row) => void {
  const notify = useNotify();
  const underWay = useRef(new Set<string>());
  const { mutate } = useMutation({
    mutationFn: ({ shown, status }: { shown: Shown; status: Status }) => change(shown, status),
    onSettled: (_ticket, _error, { shown }) => {
      underWay.current.delete(shown.id);
      changed(shown.id);
    },
    onSuccess: (ticket, { shown, status }) => {
      if (status !== "acknowledged") return;
      notify({
        intent: "success",
        title: "Acknowledged",
        body: ticket.title,
        to: `/tickets/${ticket.id}`,
        action: { text: "Undo", run: () => mutate({ shown: ticket, status: shown.status }) },
      });
    },
    onError: (error, { shown }) =>
      notify({
        intent: "error",
        title: error instanceof ApiError && error.status === 409 ? "Somebody was faster" : "Not changed",
        body: error.message,
        to: `/tickets/${shown.id}`,
      }),
  });
  return (row) => {
    if (underWay.current.has(row.id)) return;
    underWay.current.add(row.id);
    mutate({ shown: row, status: "acknowledged" });
  };
}

const change = (shown: Shown, status: Status) =>
  sendChange({
    shown,
    wanted: { status, note: "" },
    read: () => answerOf(api.GET("/api/tickets/{id}", { params: { path: { id: shown.id } } })),
    // A row has no entries of its own; each version of a ticket came with one.
    since: (now) => now.audit.slice(shown.version - now.version || now.audit.length),
    overtaken: (_now, _entries, refusal) => refusal,
  });
