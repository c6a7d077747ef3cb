export default function Register() {
  return <p />;
}
