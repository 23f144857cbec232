// `node benches/key-memory.mjs`: what access keys take of a function's memory, above the bare runtime's, each case in a
// process of its own. Arguments: how many keys (100,000).
//
//   baked in        the function as it is bundled, with all keys in one document
//   fetched         the same core with the documents of several secrets of 64 KB, as Secrets Manager gives them
//   fetched again   and two times others in their place

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { ACCESS_KEY, NOW, eventTexts } from './events.mjs';

const CACHE = fileURLToPath(new URL('../node_modules/.cache/oss-edge-bench/', import.meta.url));
const SELF = fileURLToPath(import.meta.url);
const MIB = 1024 * 1024;

/** Secrets Manager's limit for a secret, in bytes. */
const SECRET_BYTES = 65_536;

const CONFIG = {
  hosts: [{ host: 'uploads.example.com', style: 'cname', bucket: 'fleet-uploads' }],
  buckets: { 'fleet-uploads': { s3Bucket: 'fleet-uploads-prod', region: 'us-east-1' } },
  credentials: { source: 'secrets-manager', secretId: 'fleet-keys', regions: ['us-east-1'] },
};

/** @type {Record<string, () => Promise<number[]>>} */
const CASES = { 'baked in': bakedIn, fetched: () => fetched(1), 'fetched again': () => fetched(3) };

const [name = '100000', directory] = process.argv.slice(2);
await (directory === undefined ? measureAll(Number(name)) : measureOne(name, directory));

/** @param {number} count */
async function measureAll(count) {
  await mkdir(CACHE, { recursive: true });
  const at = await mkdtemp(CACHE);
  try {
    const documents = await writeDocuments(count, at);
    process.stdout.write(`${count} access keys in ${documents} documents of at most ${SECRET_BYTES} bytes, MiB above the bare runtime\n`);
    const { table } = await import('../js-shim/table.mjs');
    const rows = [];
    for (const one of Object.keys(CASES)) {
      const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', SELF, one, at]);
      const { bare, resident, peak, wasm, milliseconds } = JSON.parse(stdout);
      rows.push([one, ...[resident - bare, peak - bare, wasm, bare].map((bytes) => (bytes / MIB).toFixed(1)), milliseconds.map(Math.round).join(', ')]);
    }
    process.stdout.write(`${table(['', 'resident', 'peak', 'of it WebAssembly', 'bare runtime', 'ms to load'], rows)}\n`);
  } finally {
    await rm(at, { recursive: true });
  }
}

/** @param {string} one @param {string} at */
async function measureOne(one, at) {
  process.chdir(at);
  /** @type {WebAssembly.Memory[]} */
  const memories = [];
  const Original = WebAssembly.Instance;
  WebAssembly.Instance = /** @type {any} */ (
    new Proxy(Original, {
      construct(target, args) {
        const instance = new target(.../** @type {[WebAssembly.Module]} */ (args));
        memories.push(/** @type {WebAssembly.Memory} */ (instance.exports.memory));
        return instance;
      },
    })
  );
  const bare = resident();
  const milliseconds = await CASES[one]();
  const wasm = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  const peak = process.resourceUsage().maxRSS * 1024;
  process.stdout.write(JSON.stringify({ bare, resident: resident(), peak, wasm, milliseconds }));
}

async function bakedIn() {
  const start = performance.now();
  const { create } = await import(pathToFileURL('viewer-request/index.mjs').href);
  const milliseconds = performance.now() - start;
  check(await create({ now: () => NOW, log: () => {} })(event()));
  return [milliseconds];
}

/** @param {number} times */
async function fetched(times) {
  const { createGate } = await import('../js-shim/gate.mjs');
  const { createViewerRequest } = await import('../js-shim/viewer-request.mjs');
  const gate = createGate({ wasm: await readFile('viewer-request/oss_edge.wasm'), config: CONFIG });
  const handler = createViewerRequest({ gate, now: () => NOW, log: () => {} });
  const milliseconds = [];
  for (let time = 0; time < times; time++) {
    const documents = [];
    for (const file of await readdir('documents')) documents.push(JSON.parse(await readFile(join('documents', file), 'utf8')));
    const start = performance.now();
    gate.useAccessKeys(documents);
    milliseconds.push(performance.now() - start);
    check(/** @type {any} */ (await handler(event())));
  }
  return milliseconds;
}

function event() {
  return JSON.parse(eventTexts('v1-header', 1)[0]);
}

/** @param {any} result of the function */
function check(result) {
  if (result.status !== undefined) throw new Error(`the function refused its key: ${result.body}`);
}

function resident() {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

/** Writes the function with all keys, and the documents of as many secrets as they take. @param {number} count @param {string} at */
async function writeDocuments(count, at) {
  const { writeFunctions } = await import('../js-shim/bundle.mjs');
  const keys = Array.from({ length: count - 1 }, (_, index) => accessKey(index));
  keys.splice(count >> 1, 0, ACCESS_KEY);
  const { credentials: _, ...config } = CONFIG;
  await writeFunctions({ config, accessKeys: { accessKeys: keys } }, at);
  await mkdir(join(at, 'documents'));
  const perSecret = Math.floor((SECRET_BYTES - 20) / (JSON.stringify(keys[0]).length + 1));
  let documents = 0;
  for (let from = 0; from < count; from += perSecret) {
    const text = JSON.stringify({ accessKeys: keys.slice(from, from + perSecret) });
    if (Buffer.byteLength(text) > SECRET_BYTES) throw new Error(`a document of ${text.length} bytes`);
    await writeFile(join(at, 'documents', `${String(documents++).padStart(5, '0')}.json`), text);
  }
  return documents;
}

/** An access key as OSS's look. @param {number} index */
function accessKey(index) {
  const secret = createHash('sha256').update(`secret ${index}`).digest('base64').replaceAll(/[^A-Za-z0-9]/gu, 'x').slice(0, 30);
  return { accessKeyId: `LTAI5t${createHash('sha256').update(`id ${index}`).digest('hex').slice(0, 18)}`, accessKeySecret: secret };
}
