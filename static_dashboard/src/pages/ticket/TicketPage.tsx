import { MessageBar, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";
import { Link } from "wouter";

import { ApiError } from "../../api/client";
import { longTime } from "../../shared/format";
import { Empty, Failed, Loading } from "../../shared/states";
import { useTitle } from "../../shared/title";
import { Sheet } from "./Sheet";
import { useTicket } from "./ticketQuery";

/** One ticket, as it is now. */
export default function TicketPage({ id }: { id: string }) {
  const ticket = useTicket(id);
  useTitle(ticket.data ? `${ticket.data.severity}: ${ticket.data.title.slice(0, 120)}` : id.slice(0, 60));
  if (ticket.isPending) return <Loading what="the ticket" />;
  if (!ticket.data) {
    if (ticket.error instanceof ApiError && ticket.error.status === 404) {
      return (
        <Empty title="There is no such ticket">
          <p>{ticket.error.message}</p>
          <Link href="/tickets">To the tickets</Link>
        </Empty>
      );
    }
    return <Failed what="The ticket" error={ticket.error} retry={() => void ticket.refetch()} />;
  }
  return (
    <>
      {ticket.isError && (
        <MessageBar intent="warning" layout="multiline" role="status" data-no-print>
          <MessageBarBody>
            <MessageBarTitle>This is how the ticket was at {longTime(new Date(ticket.dataUpdatedAt).toISOString())}</MessageBarTitle>
            {ticket.error.message}
          </MessageBarBody>
        </MessageBar>
      )}
      <Sheet ticket={ticket.data} />
    </>
  );
}
