// `node benches/key-memory.mjs [KEYS]`: what 100,000 access keys take of a viewer-request function's memory, above the
// bare runtime's. Each case is the function as it is bundled, in a process of its own.
//
//   one key          bundled: what the function itself takes
//   bundled          all keys in one document
//   fetched          from a Secrets Manager on this machine, in secrets of at most 64 KB
//   fetched again    and twice more while it serves, each time with another version of every secret
//
// The last column is a cold start, from the start of the process to its first decision, with the share of a core that Lambda
// gives a function of 128 MB; with a whole core where no control group can be made.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { writeFunctions } from '../cli/bundle.mjs';
import { newSecrets } from '../cli/secrets.mjs';
import { table } from '../cli/table.mjs';
import { writeEvent } from './cold-rows.mjs';
import { firstDecision } from './cold.mjs';
import { ACCESS_KEY } from './events.mjs';
import { withQuota } from './quota.mjs';

const CACHE = fileURLToPath(new URL('../target/bench/', import.meta.url));
const PROCESS = fileURLToPath(new URL('key-process.mjs', import.meta.url));
/** So little that two of them are within the clock skew of one event. */
const REFRESH_SECONDS = 60;
/** Secrets Manager's limit for a secret, in bytes. */
const SECRET_BYTES = 65_536;

/** A twentieth of the function's memory for each half of the young generation, nine tenths for the old one. */
const LAMBDA_FLAGS = ['--expose-gc', '--max-semi-space-size=6', '--max-old-space-size=116'];

const ENV = {
  ...process.env,
  AWS_ACCESS_KEY_ID: 'AKIABENCH',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_REGION: 'us-east-1',
};

const CREDENTIALS = {
  source: 'secrets-manager',
  secretId: '0',
  regions: ['us-east-1'],
  refreshSeconds: REFRESH_SECONDS,
};

const CONFIG = {
  hosts: [{ host: 'uploads.example.com', style: 'cname', bucket: 'fleet-uploads' }],
  buckets: { 'fleet-uploads': { s3Bucket: 'fleet-uploads-prod', region: 'us-east-1' } },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await printAll(Number(process.argv[2] ?? 100_000));

/** @param {number} keys */
async function printAll(keys) {
  const { cases, documents } = await measureKeys(keys);
  const rows = cases.map(({ name, bare, resident, peak, wasm, stood, cpu, cold }) => [
    name,
    ...[resident - bare, peak - bare, wasm, bare].map((mib) => mib.toFixed(1)),
    ...[cpu, stood].map((milliseconds) => milliseconds.toFixed(0)),
    cold?.toFixed(0) ?? 'refused',
  ]);
  const memory = ['resident', 'peak', 'of it WebAssembly', 'bare runtime'];
  const heads = ['', ...memory, 'ms of a core', 'longest ms without a decision', 'cold start, ms'];
  const what = `${keys} access keys, in Secrets Manager in ${documents} documents; MiB above the bare runtime`;
  process.stdout.write(`${what}\n${table(heads, rows)}\n`);
}

/**
 * @typedef {object} Measured what key-process.mjs prints: MiB and milliseconds
 * @property {number} bare
 * @property {number} resident
 * @property {number} peak
 * @property {number} wasm
 * @property {number} stood
 * @property {number} cpu
 *
 * @param {number} keys
 * @returns {Promise<{ cases: ({ name: string, cold?: number } & Measured)[], documents: number }>} `cold` is undefined
 *   where the function refused its key, as it had none in time
 */
export async function measureKeys(keys) {
  await mkdir(CACHE, { recursive: true });
  const at = await mkdtemp(CACHE);
  const secretsManager = await startSecretsManager(keys);
  try {
    const credentials = { ...CREDENTIALS, endpoint: secretsManager.endpoint };
    const bundled = await bundle(join(at, 'bundled'), { config: CONFIG, accessKeys: { accessKeys: accessKeys(keys) } });
    const fetching = await bundle(join(at, 'fetching'), { config: { ...CONFIG, credentials }, accessKeys: undefined });
    /** @type {[string, string, string][]} */
    const cases = [
      ['one key', await bundle(join(at, 'one'), { config: CONFIG, accessKeys: { accessKeys: [ACCESS_KEY] } }), '0'],
      ['bundled', bundled, '0'],
      ['fetched', fetching, '1'],
      ['fetched again', fetching, '3'],
    ];
    const event = await writeEvent(at);
    const measured = [];
    for (const [name, index, fetches] of cases) {
      secretsManager.begin();
      measured.push({ name, ...(await inProcess(index, fetches)), cold: await coldMillis(index, event) });
    }
    return { cases: measured, documents: secretsManager.documents };
  } finally {
    secretsManager.close();
    await rm(at, { recursive: true });
  }
}

/**
 * @param {string} directory
 * @param {import('../cli/documents.mjs').Documents} documents
 * @returns {Promise<string>} the function's `index.mjs`
 */
async function bundle(directory, documents) {
  await writeFunctions({ ...documents, secrets: newSecrets() }, directory);
  return join(directory, 'viewer-request', 'index.mjs');
}

/** @param {string} index @param {string} fetches @returns {Promise<Measured>} */
async function inProcess(index, fetches) {
  const args = [...LAMBDA_FLAGS, PROCESS, index, fetches, String(REFRESH_SECONDS)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: ENV });
  return JSON.parse(stdout);
}

/** @param {string} index @param {string} event a file @returns {Promise<number | undefined>} */
async function coldMillis(index, event) {
  const start = await withQuota((group) => firstDecision(index, event, group, ENV)).catch(() => undefined);
  return start?.wallMillis;
}

/**
 * A Secrets Manager with as many secrets as the keys take. Each time that the first is fetched, all are another version,
 * which is the worst case: no text is the one before. In the first, the generation of the key that signs counts them.
 *
 * @param {number} keys
 */
async function startSecretsManager(keys) {
  const others = accessKeys(keys).filter(({ accessKeyId }) => accessKeyId !== ACCESS_KEY.accessKeyId);
  const perSecret = Math.floor((SECRET_BYTES - 20) / (JSON.stringify(others[0]).length + 1));
  const documents = [''];
  for (let from = 0; from < others.length; from += perSecret) {
    documents.push(JSON.stringify({ accessKeys: others.slice(from, from + perSecret) }));
  }
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
    const version = { VersionId: String(fetches), VersionStages: ['AWSCURRENT'] };
    response.end(JSON.stringify({ ARN: SecretId, Name: SecretId, SecretString, ...version }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    endpoint: `http://127.0.0.1:${port}`,
    documents: documents.length,
    begin: () => void (fetches = 0),
    close: () => server.close(),
  };
}

/** @param {number} keys */
function accessKeys(keys) {
  return [ACCESS_KEY, ...Array.from({ length: keys - 1 }, (_, index) => accessKey(index))];
}

/** An access key as OSS's look. @param {number} index */
function accessKey(index) {
  const digest = (/** @type {string} */ text) => createHash('sha256').update(text).digest();
  const secret = digest(`secret ${index}`).toString('base64').replaceAll(/[^A-Za-z0-9]/gu, 'x').slice(0, 30);
  return { accessKeyId: `LTAI5t${digest(`id ${index}`).toString('hex').slice(0, 18)}`, accessKeySecret: secret };
}
