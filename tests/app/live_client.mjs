// Listens as the dashboard will: negotiates as somebody who is signed in and writes each hint as a line.
// Usage: node live_client.mjs <base url of negotiate> <origin> <cookie>
import { createRequire } from 'node:module';

const signalR = createRequire(import.meta.url)('@microsoft/signalr');
const [base, origin, cookie] = process.argv.slice(2);
const connection = new signalR.HubConnectionBuilder()
  .withUrl(base, { headers: { Origin: origin, Cookie: cookie } })
  .configureLogging(signalR.LogLevel.None)
  .build();

connection.on('ticketChanged', (hint) => console.log(JSON.stringify(hint)));
process.stdin.on('end', () => connection.stop().finally(() => process.exit(0))).resume();
await connection.start();
console.log('connected');
