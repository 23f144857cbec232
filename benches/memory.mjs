// What a function keeps in memory: over many requests, and for many access keys. Runs in a process of
// its own, and prints JSON. Arguments: what (`flat` or `loaded`), the function's `index.mjs`, and for
// `flat` how many requests.

import { KIND_NAMES, NOW, eventTexts } from './events.mjs';
import { resident, watchMemories } from './memories.mjs';

const MIB = 1024 * 1024;
const EVENTS = 200;

const memories = watchMemories();

const [what, file, count = '0'] = process.argv.slice(2);
const bare = resident();
const { create } = await import(file);
const handler = create({ now: () => NOW, log: () => {} });
const result = what === 'flat' ? await flat(Number(count)) : await loaded();
process.stdout.write(JSON.stringify(result));

/** Mixed requests, refusals and headers of 32 KB among them: memory after each tenth of them. @param {number} requests */
async function flat(requests) {
  const texts = mixed();
  const tenths = [];
  for (let done = 0; done < requests; ) {
    for (const text of texts) await handler(JSON.parse(text));
    done += texts.length;
    if (done >= (requests / 10) * (tenths.length + 1)) tenths.push(measured());
  }
  return { requests, tenths };
}

/** What loading it took, above the bare runtime's memory. */
async function loaded() {
  await handler(JSON.parse(eventTexts('v1-header', 1)[0]));
  return { bareMiB: bare / MIB, aboveBareMiB: (resident() - bare) / MIB, wasmMiB: wasmMiB() };
}

function mixed() {
  const large = eventTexts('v1-header', 2, { 'x-oss-unknown': 'u'.repeat(32 * 1024) });
  const texts = KIND_NAMES.flatMap((kind) => eventTexts(kind, EVENTS));
  return [...texts, ...large, ...eventTexts('refused: wrong signature', 2, { 'x-oss-unknown': 'u'.repeat(32 * 1024) })];
}

function measured() {
  return { rssMiB: resident() / MIB, wasmMiB: wasmMiB() };
}

function wasmMiB() {
  return memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0) / MIB;
}
