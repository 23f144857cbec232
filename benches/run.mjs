// `./build.sh bench`: measures the budget of docs/performance.md, prints it and writes it as JSON. A missed limit is
// printed, and is no failure: times depend on the machine.
//
//   --short          only what takes seconds
//   --requests N     how many hostile requests memory is watched over (1,000,000)
//   --json FILE      where the figures go (target/bench.json)

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';

import { writeZips } from '../cli/zip.mjs';
import { bodyRows } from './bodies.mjs';
import * as cold from './cold-rows.mjs';
import { load, writeContestants } from './contestants.mjs';
import { documents } from './events.mjs';
import { joinRows } from './joins.mjs';
import { WARM, ZIP_BYTES } from './limits.mjs';
import * as memory from './memory-rows.mjs';
import { printPairs, printRows, print, row, withLimit } from './report.mjs';
import { requestTable } from './requests.mjs';
import { measureWarm } from './warm.mjs';

const SCRATCH = fileURLToPath(new URL('../target/bench/', import.meta.url));

// V8 drops optimized code for objects that two collections in a row didn't find. Between two rounds of a function the
// bench asks for two collections; in production there are thousands of requests between them.
setFlagsFromString('--retain-maps-for-n-gc=1000000');

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    requests: { type: 'string', default: '1000000' },
    json: { type: 'string', default: 'target/bench.json' },
  },
});

await mkdir(SCRATCH, { recursive: true });
const directory = await mkdtemp(SCRATCH);
try {
  const figures = { machine: machine(), ...(await measure()) };
  await mkdir(dirname(values.json), { recursive: true });
  await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`);
} finally {
  await rm(directory, { recursive: true });
}

async function measure() {
  // Bundle all functions first: a build meanwhile must not mix two cores.
  const files = await bundle('one-key', 1);
  const forCold = values.short ? undefined : await bundle('cold', cold.MANY_KEYS);
  const forMemory = values.short ? undefined : await bundle('memory', memory.MANY_KEYS);
  const event = await cold.writeEvent(directory);
  const figures = {
    warm: printPairs('warm: µs a request', await warmRows(files)),
    cold: printPairs('cold start: ms to the first decision', await cold.coldRows(files, event, values.short ? 5 : 40)),
    size: printRows('size', 'bytes', [await zipRow(files)]),
  };
  if (forCold === undefined || forMemory === undefined) {
    process.stdout.write('left out by --short: cold starts with many keys, memory, joins, bodies, requests of an upload\n');
    return figures;
  }
  const memoryRows = [
    ...(await memory.keyRows(forMemory.ours)),
    ...(await memory.fetchedKeyRows()),
    ...(await memory.hostileRows(files.ours, Number(values.requests))),
  ];
  const requests = await requestTable();
  print(...requests);
  return {
    ...figures,
    requests: requests[1],
    memory: printRows('memory', 'MiB', memoryRows),
    joins: printRows('joins of staged parts', '', await joinRows()),
    bodies: printRows('bodies through the relay', '', await bodyRows()),
    coldWithQuota: printPairs('cold start with many keys: ms', await cold.coldRowsWithQuota(forCold, event, 8)),
  };
}

/** @param {string} name @param {number} keys */
function bundle(name, keys) {
  return writeContestants(documents(keys), join(directory, name));
}

/** @param {{ ours: string, theirs: string }} files */
async function warmRows({ ours, theirs }) {
  const pairs = await measureWarm({ ours: await load(ours), theirs: await load(theirs) }, values.short ? 5 : 31);
  return Object.entries(pairs).map(([kind, pair]) => withLimit(kind, pair, WARM[kind]));
}

/** @param {import('./contestants.mjs').Bundled} files */
async function zipRow({ functions }) {
  const zips = await writeZips(functions, directory);
  const bytes = zips.find(({ file }) => file.endsWith('/viewer-request.zip'))?.bytes ?? Infinity;
  return row('viewer-request.zip', bytes, ZIP_BYTES);
}

function machine() {
  const [{ model }] = cpus();
  return { processor: model, cores: cpus().length, node: process.version, date: new Date().toISOString().slice(0, 10) };
}
