// `node benches/key-memory.mjs [KEYS]`: what 100,000 access keys take of a viewer-request function's memory, above the
// bare runtime's. Each case is the function as it is bundled, in a process of its own.
//
//   one key          bundled: what the function itself takes
//   bundled          all keys in one document
//   fetched          from a Secrets Manager on this machine, in secrets of at most 64 KB
//   fetched again    and twice more while it serves, with another first document each time

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { ACCESS_KEY, NOW, eventTexts } from './events.mjs';
import { residentMib, watchWasmMemory } from './memories.mjs';

const CACHE = fileURLToPath(new URL('../target/bench/', import.meta.url));
const SELF = fileURLToPath(import.meta.url);
/** So little that two of them are within the clock skew of one event. */
const REFRESH_SECONDS = 60;
/** Secrets Manager's limit for a secret, in bytes. */
const SECRET_BYTES = 65_536;

/** A twentieth of the function's memory for each half of the young generation, nine tenths for the old one. */
const LAMBDA_FLAGS = ['--expose-gc', '--max-semi-space-size=6', '--max-old-space-size=116'];

const CONFIG = {
  hosts: [{ host: 'uploads.example.com', style: 'cname', bucket: 'fleet-uploads' }],
  buckets: { 'fleet-uploads': { s3Bucket: 'fleet-uploads-prod', region: 'us-east-1' } },
};

const [count = '100000', file] = process.argv.slice(2);
await (file === undefined ? measureAll(Number(count)) : measureOne(file, Number(count)));

/** @param {number} keys */
async function measureAll(keys) {
  const { table } = await import('../cli/table.mjs');
  await mkdir(CACHE, { recursive: true });
  const at = await mkdtemp(CACHE);
  const secretsManager = await startSecretsManager(keys);
  try {
    const credentials = { source: 'secrets-manager', secretId: '0', regions: ['us-east-1'], refreshSeconds: REFRESH_SECONDS, endpoint: secretsManager.endpoint };
    const bundled = await bundle(join(at, 'bundled'), { config: CONFIG, accessKeys: { accessKeys: accessKeys(keys) } });
    const fetching = await bundle(join(at, 'fetching'), { config: { ...CONFIG, credentials }, accessKeys: undefined });
    /** @type {[string, string, string][]} */
    const cases = [
      ['one key', await bundle(join(at, 'one'), { config: CONFIG, accessKeys: { accessKeys: [ACCESS_KEY] } }), '0'],
      ['bundled', bundled, '0'],
      ['fetched', fetching, '1'],
      ['fetched again', fetching, '3'],
    ];
    const rows = [];
    for (const [name, index, fetches] of cases) {
      secretsManager.begin();
      const { bare, resident, peak, wasm, stood, cpu } = await inProcess(index, fetches);
      rows.push([name, ...[resident - bare, peak - bare, wasm, bare].map((mib) => mib.toFixed(1)), cpu.toFixed(0), stood.toFixed(0)]);
    }
    process.stdout.write(`${keys} access keys, in Secrets Manager in ${secretsManager.documents} documents; MiB above the bare runtime\n`);
    process.stdout.write(`${table(['', 'resident', 'peak', 'of it WebAssembly', 'bare runtime', 'ms of a core', 'longest ms without a decision'], rows)}\n`);
  } finally {
    secretsManager.close();
    await rm(at, { recursive: true });
  }
}

/** @param {string} directory @param {import('../cli/documents.mjs').Documents} documents @returns {Promise<string>} the function's `index.mjs` */
async function bundle(directory, documents) {
  const { writeFunctions } = await import('../cli/bundle.mjs');
  await writeFunctions(documents, directory);
  return join(directory, 'viewer-request', 'index.mjs');
}

/** @param {string} index @param {string} fetches */
async function inProcess(index, fetches) {
  const env = { ...process.env, AWS_ACCESS_KEY_ID: 'AKIABENCH', AWS_SECRET_ACCESS_KEY: 'bench', AWS_REGION: 'us-east-1' };
  const { stdout } = await promisify(execFile)(process.execPath, [...LAMBDA_FLAGS, SELF, fetches, index], { env });
  return JSON.parse(stdout);
}

/** @param {string} index @param {number} fetches how many times the keys are fetched */
async function measureOne(index, fetches) {
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
  for (let fetched = 0; fetched <= Math.max(0, fetches - 1); fetched++) {
    now = NOW + fetched * REFRESH_SECONDS * 1000;
    do {
      const result = await handler(JSON.parse(event));
      if (result.status !== undefined) throw new Error(`the function refused its key: ${result.body}`);
      await sleep(20);
    } while (generation !== String(fetched + 1));
  }
  const { user, system } = process.cpuUsage(start);
  const peak = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ bare, resident: await residentMib(), peak, wasm: wasm(), stood: delay.max / 1e6, cpu: (user + system) / 1e3 }));
}

/**
 * A Secrets Manager with as many secrets as the keys take. Each time that the first is fetched it is another version, in which
 * the generation of the key that signs says how many times that was; the others stay what they are.
 *
 * @param {number} keys
 */
async function startSecretsManager(keys) {
  const others = accessKeys(keys).filter(({ accessKeyId }) => accessKeyId !== ACCESS_KEY.accessKeyId);
  const perSecret = Math.floor((SECRET_BYTES - 20) / (JSON.stringify(others[0]).length + 1));
  const documents = [''];
  for (let from = 0; from < others.length; from += perSecret) documents.push(JSON.stringify({ accessKeys: others.slice(from, from + perSecret) }));
  if (documents.some((text) => text.length > SECRET_BYTES)) throw new Error('a document is too large for a secret');
  const furtherSecrets = documents.slice(1).map((_, index) => String(index + 1));
  let fetches = 0;
  const first = () => {
    const secrets = [{ generation: String(++fetches), secret: ACCESS_KEY.accessKeySecret }];
    return JSON.stringify({ accessKeys: [{ accessKeyId: ACCESS_KEY.accessKeyId, secrets }], furtherSecrets });
  };
  const server = createServer(async (request, response) => {
    const { SecretId } = JSON.parse(await textOf(request));
    const SecretString = SecretId === '0' ? first() : documents[Number(SecretId)];
    response.end(JSON.stringify({ ARN: SecretId, Name: SecretId, SecretString, VersionId: SecretId === '0' ? String(fetches) : '1', VersionStages: ['AWSCURRENT'] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { endpoint: `http://127.0.0.1:${port}`, documents: documents.length, begin: () => void (fetches = 0), close: () => server.close() };
}

/** @param {number} keys */
function accessKeys(keys) {
  return [ACCESS_KEY, ...Array.from({ length: keys - 1 }, (_, index) => accessKey(index))];
}

/** An access key as OSS's look. @param {number} index */
function accessKey(index) {
  const secret = createHash('sha256').update(`secret ${index}`).digest('base64').replaceAll(/[^A-Za-z0-9]/gu, 'x').slice(0, 30);
  return { accessKeyId: `LTAI5t${createHash('sha256').update(`id ${index}`).digest('hex').slice(0, 18)}`, accessKeySecret: secret };
}
