export default function AccountPage() {
  return <p />;
}
