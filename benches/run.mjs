// `./build.sh bench`: measures the functions against one in plain JavaScript, prints tables and writes
// JSON. It never fails on a time.
//
//   --short          fewer rounds, and only what takes seconds
//   --requests N     how many requests the memory is watched over (200,000)
//   --json FILE      where the figures go (target/bench.json)
//   --plots DIR      where plots go, if anywhere

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';

import { table } from '../cli/table.mjs';
import { measureCold, measureColdWithQuota } from './cold.mjs';
import { load, writeContestants } from './contestants.mjs';
import { NOW, documents, eventTexts } from './events.mjs';
import { measureHeaderBytes, measureKeys } from './growth.mjs';
import { bars, scatter } from './plot.mjs';
import { measureAgainstHmac, measureStream, measureWarm } from './warm.mjs';

const CACHE = fileURLToPath(new URL('../node_modules/.cache/oss-edge-bench/', import.meta.url));
const MEMORY = fileURLToPath(new URL('memory.mjs', import.meta.url));
const MANY_KEYS = 100_000;

// V8 forgets code for objects of a kind that two collections found none of. Between two rounds of a function there are two
// collections that are asked for; in production there are thousands of requests between any.
setFlagsFromString('--retain-maps-for-n-gc=1000000');

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    requests: { type: 'string', default: '200000' },
    json: { type: 'string', default: 'target/bench.json' },
    plots: { type: 'string' },
  },
});

await mkdir(CACHE, { recursive: true });
const directory = await mkdtemp(CACHE);
try {
  const figures = await (values.short ? measureShort() : measureAll());
  await mkdir(dirname(values.json), { recursive: true });
  await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`);
} finally {
  await rm(directory, { recursive: true });
}

async function measureShort() {
  const { files, contestants } = await contest();
  const warm = await shown(await measureWarm(contestants, 5), 'µs a request');
  const hmac = await shown({ 'HMAC-SHA1 alone': await measureAgainstHmac(contestants.ours, 5) }, 'µs');
  const cold = await shown(await measureCold(files, await eventFile(), 5), 'ms from start to first decision');
  return { machine: machine(), warm, hmac, cold };
}

async function measureAll() {
  const { files, contestants } = await contest();
  const warm = await shown(await measureWarm(contestants, 31), 'µs a request');
  const stream = await shown(await measureStream(contestants, 31), 'µs a request of a stream');
  const hmac = await shown({ 'HMAC-SHA1 alone': await measureAgainstHmac(contestants.ours, 31) }, 'µs');
  const event = await eventFile();
  const cold = await shown(await measureCold(files, event, 40), 'ms from start to first decision');
  const coldWithQuota = await measureColdWithQuota(files, event, 30);
  if (coldWithQuota) await shown(coldWithQuota, 'ms from start to first decision, 1/14 of a processor');
  else process.stdout.write('no control group can be made here: nothing was measured under a quota\n\n');
  const { file, ...keys } = await measureKeys(MANY_KEYS, directory, 31);
  await shown({ [`${MANY_KEYS} access keys, 1`]: keys }, 'µs a request');
  const headerBytes = await measureHeaderBytes(contestants.ours, 15);
  printHeaderBytes(headerBytes);
  const loaded = await inProcess('loaded', file);
  const flat = await inProcess('flat', files.ours, values.requests);
  printMemory(loaded, flat);
  const figures = { machine: machine(), warm, stream, hmac, cold, coldWithQuota, keys, headerBytes, loaded, flat };
  if (values.plots) await writePlots(values.plots, figures);
  return figures;
}

async function contest() {
  const files = await writeContestants(documents(), directory);
  return { files, contestants: { ours: await load(files.ours), theirs: await load(files.theirs) } };
}

async function eventFile() {
  const file = join(directory, 'event.json');
  const [text] = eventTexts('v1-header', 1);
  await writeFile(file, `{"now":${NOW},"event":${text}}`);
  return file;
}

/** @template {Record<string, import('./warm.mjs').Pair>} T @param {T} pairs @param {string} unit @returns {Promise<T>} */
async function shown(pairs, unit) {
  const rows = Object.entries(pairs).map(([name, { ours, theirs, ratio, least, pairs: count }]) => [
    name,
    ours.toFixed(2),
    theirs.toFixed(2),
    ratio.toFixed(3),
    `${least.ours.toFixed(2)}, ${least.theirs.toFixed(2)}`,
    (least.ours / least.theirs).toFixed(3),
    String(count),
  ]);
  process.stdout.write(`${table([unit, 'oss-edge', 'JavaScript', 'ratio', 'least', 'ratio', 'pairs'], rows)}\n\n`);
  return pairs;
}

/** @param {Awaited<ReturnType<typeof measureHeaderBytes>>} growth */
function printHeaderBytes({ points, slope, intercept, r2 }) {
  const rows = points.map(([bytes, micros]) => [String(bytes), micros.toFixed(2)]);
  process.stdout.write(`${table(['bytes of headers', 'µs a request'], rows)}\n`);
  process.stdout.write(`a line: ${intercept.toFixed(2)} µs and ${(slope * 1024).toFixed(2)} µs a KB, r² ${r2.toFixed(4)}\n\n`);
}

/** @param {any} loaded @param {any} flat */
function printMemory(loaded, { requests, tenths }) {
  const mib = (/** @type {number} */ value) => `${value.toFixed(1)} MiB`;
  const rows = [
    [`${MANY_KEYS} access keys loaded, above the bare runtime's ${mib(loaded.bareMiB)}`, mib(loaded.aboveBareMiB), mib(loaded.wasmMiB)],
    ...tenths.map((/** @type {any} */ { rssMiB, wasmMiB }, /** @type {number} */ index) => [
      `after ${((index + 1) * requests) / 10} mixed requests`,
      mib(rssMiB),
      mib(wasmMiB),
    ]),
  ];
  process.stdout.write(`${table(['memory', 'resident', 'WebAssembly'], rows)}\n\n`);
}

/** @param {string[]} args of memory.mjs */
async function inProcess(...args) {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', MEMORY, ...args]);
  return JSON.parse(stdout);
}

/** @param {string} plots @param {any} figures */
async function writePlots(plots, { warm, headerBytes }) {
  const rows = Object.entries(warm).map(([label, { ours, theirs, ratio }]) => ({ label, ours, theirs, ratio }));
  await mkdir(plots, { recursive: true });
  await writeFile(join(plots, 'warm.svg'), bars('A warm function: microseconds a request', ['oss-edge', 'plain JavaScript'], 'µs', rows));
  const axes = /** @type {[string, string]} */ (['bytes of one signed header', 'µs a request']);
  await writeFile(join(plots, 'header-bytes.svg'), scatter('Cost by the size of the headers', axes, headerBytes.points, headerBytes));
}

function machine() {
  const [{ model }] = cpus();
  return { processor: model, processors: cpus().length, node: process.version, date: new Date().toISOString().slice(0, 10) };
}
