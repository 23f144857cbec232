// What one function takes that has its keys, or fetches them some times. Runs in a process of its own, and prints JSON:
// MiB and milliseconds. Arguments: the function's `index.mjs`, how many times it fetches keys, their `refreshSeconds`.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { NOW, eventTexts } from './events.mjs';
import { residentMib, watchWasmMemory } from './memories.mjs';

const [index, fetches, refreshSeconds] = process.argv.slice(2);
const wasm = watchWasmMemory();
const event = eventTexts('v1-header', 1)[0];
const bare = await residentMib();
const start = process.cpuUsage();
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const { create } = await import(pathToFileURL(index).href);
let now = NOW;
let generation = '';
const handler = create({ now: () => now, log: (/** @type {any} */ line) => (generation = line.generation) });
for (let fetched = 0; fetched <= Math.max(0, Number(fetches) - 1); fetched++) {
  now = NOW + fetched * Number(refreshSeconds) * 1000;
  do {
    const result = await handler(JSON.parse(event));
    if (result.status !== undefined) throw new Error(`the function refused its key: ${result.body}`);
    await sleep(20);
  } while (generation !== String(fetched + 1));
}
const { user, system } = process.cpuUsage(start);
const resident = await residentMib();
const peak = process.resourceUsage().maxRSS / 1024;
const times = { stood: delay.max / 1e6, cpu: (user + system) / 1e3 };
process.stdout.write(JSON.stringify({ bare, resident, peak, wasm: wasm(), ...times }));
