export default function AdminPage({ part }: { part?: string | undefined }) {
  return <p>{part}</p>;
}
