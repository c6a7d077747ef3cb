export default function AuditPage() {
  return <p />;
}
