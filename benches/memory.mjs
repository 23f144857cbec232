// What a function keeps in memory. Runs in a process of its own, and prints JSON. Arguments:
//
//   keys FILE           what loading the function FILE takes above the bare runtime
//   hostile FILE N      resident memory before and after N hostile requests

import { NOW, eventTexts } from './events.mjs';
import { hostileEvent } from './hostile.mjs';
import { residentMib, watchWasmMemory } from './memories.mjs';

/** Before memory is measured for the first time. */
const WARM_UP_REQUESTS = 50_000;

const [what, file, count] = process.argv.slice(2);
const wasmMib = watchWasmMemory();
const bare = await residentMib();
const { create } = await import(file);
const handler = create({ now: () => NOW, log: () => {} });
process.stdout.write(JSON.stringify(what === 'keys' ? await keys() : await hostile(Number(count))));

async function keys() {
  const result = await handler(JSON.parse(eventTexts('v1-header', 1)[0]));
  if (result.uri === undefined) throw new Error(`refused: ${JSON.stringify(result)}`);
  return { bare, aboveBare: (await residentMib()) - bare, wasm: wasmMib() };
}

/** @param {number} requests */
async function hostile(requests) {
  await refuse(0, WARM_UP_REQUESTS);
  const before = await measured();
  await refuse(WARM_UP_REQUESTS, WARM_UP_REQUESTS + requests);
  return { requests, before, after: await measured() };
}

async function measured() {
  const resident = await residentMib();
  return { resident, heap: process.memoryUsage().heapUsed / 2 ** 20, wasm: wasmMib() };
}

/** @param {number} from @param {number} to */
async function refuse(from, to) {
  for (let index = from; index < to; index += 1) {
    const result = await handler(JSON.parse(hostileEvent(index)));
    if (result.status === undefined || Number(result.status) >= 500) {
      throw new Error(`request ${index} was not refused: ${JSON.stringify(result)}`);
    }
  }
}
