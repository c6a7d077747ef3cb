// Connects as the dashboard does and writes one JSON line for each thing that happens.
// Usage: node signalr_client.mjs <base url> <user> ; the line "invoke" on its input calls a hub method.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);
const signalR = require('@microsoft/signalr');

const [base, user] = process.argv.slice(2);
const say = (...what) => process.stdout.write(JSON.stringify(what) + '\n');

const connection = new signalR.HubConnectionBuilder()
  .withUrl(base, { headers: user ? { 'x-user': user } : {} })
  .withAutomaticReconnect(Array(50).fill(100))
  .configureLogging(signalR.LogLevel.None)
  .build();

connection.on('news', (...args) => say('news', ...args));
connection.onreconnecting(() => say('reconnecting'));
connection.onreconnected((id) => say('reconnected', id !== null));
connection.onclose((error) => say('closed', error ? String(error.message) : null));

createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line === 'invoke') connection.send('anything').catch((error) => say('refused', String(error.message)));
  })
  .on('close', () => connection.stop().finally(() => process.exit(0)));

connection
  .start()
  .then(() => say('connected', connection.connectionId))
  .catch((error) => say('failed', String(error.message)));
