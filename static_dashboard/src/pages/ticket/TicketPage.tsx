export default function TicketPage({ id }: { id?: string | undefined }) {
  return <p>{id}</p>;
}
