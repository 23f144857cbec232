// A cold start: loads a function, decides on one event, and prints what that cost since the process started.
// Arguments: the function's `index.mjs`, a file with the event.

import { readFileSync } from 'node:fs';

const [file, eventFile] = process.argv.slice(2);
const { create } = await import(file);
const { now, event } = JSON.parse(readFileSync(eventFile, 'utf8'));
const handler = create({ now: () => now, log: () => {} });
const result = await handler(event);
const { user, system } = process.cpuUsage();
const wallMillis = performance.now();
if (result.uri === undefined) throw new Error(`refused: ${JSON.stringify(result)}`);
process.stdout.write(JSON.stringify({ cpuMillis: (user + system) / 1000, wallMillis }));
