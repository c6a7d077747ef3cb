import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { answerOf, api } from "../../api/client";
import { Failed, Loading } from "../../shared/states";

export function TicketsPage() {
  const tickets = useQuery({ queryKey: ["tickets"], queryFn: () => answerOf(api.GET("/api/tickets")) });
  if (tickets.isPending) return <Loading what="tickets" />;
  if (tickets.isError) return <Failed what="The tickets" error={tickets.error} />;
  return (
    <ul>
      {tickets.data.items.map((ticket) => (
        <li key={ticket.id}>
          <Link href={`/tickets/${ticket.id}`}>{ticket.title}</Link>
        </li>
      ))}
    </ul>
  );
}
