// Listens as the dashboard will: negotiates with the function key and writes each hint as a line.
// Usage: node live_client.mjs <base url of negotiate> <function key>
import { createRequire } from 'node:module';

const signalR = createRequire(import.meta.url)('@microsoft/signalr');
const [base, key] = process.argv.slice(2);
const connection = new signalR.HubConnectionBuilder()
  .withUrl(base, { headers: { 'x-functions-key': key } })
  .configureLogging(signalR.LogLevel.None)
  .build();

connection.on('ticketChanged', (hint) => console.log(JSON.stringify(hint)));
process.stdin.on('end', () => connection.stop().finally(() => process.exit(0))).resume();
await connection.start();
console.log('connected');
