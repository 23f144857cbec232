// `node benches/requests.mjs`: what an upload of each kind is billed by: invocations of functions, and requests to S3.

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// @ts-expect-error ali-oss ships no types
import OSS from 'ali-oss';

import { readDocuments } from '../cli/documents.mjs';
import { serve } from '../cli/serve.mjs';
import { table } from '../cli/table.mjs';
import { startS3Server } from '../local/s3-server.mjs';

const KIB = 1024;
const MIB = 1024 * KIB;
const BUCKET = 'fleet-uploads';

const sample = (/** @type {string} */ name) => fileURLToPath(new URL(`../sample/${name}.json`, import.meta.url));

/** S3's price lists: these, and everything else that isn't free. */
const READS = ['GetObject', 'HeadObject'];
const FREE = ['AbortMultipartUpload', 'DeleteObject', 'DeleteObjects'];

/** @typedef {{ edge: number, api: number, relay: number, writes: number, reads: number }} Counts */
/** @typedef {(client: any) => Promise<unknown>} Upload */

const API = { smallParts: 'stage' };
const RELAY = { ...API, api: undefined, relay: { domain: 'relay.example.com', path: '' }, bodiesWithoutLength: 'relay' };
const ONE_FUNCTION = { triggers: 'origin-request' };

/** @type {Upload} */
const small = (client) => client.put('small', Buffer.alloc(100 * KIB));
/** @param {number} mib @returns {Upload} */
const stream = (mib) => (client) => client.putStream('stream', Readable.from([randomBytes(mib * MIB)]));
/** @param {number} bytes @param {number} partSize @returns {Upload} */
const inParts = (bytes, partSize) => (client) => client.multipartUpload('parts', Buffer.alloc(bytes), { partSize });

/** @type {[what: string, change: object, upload: Upload][]} */
const KINDS = [
  ['an object of 100 KiB', API, small],
  ['the same, by one function', { ...API, ...ONE_FUNCTION }, small],
  ['3 parts of 5 MiB, by the API', API, inParts(15 * MIB, 5 * MIB)],
  ['the same, by a relay', RELAY, inParts(15 * MIB, 5 * MIB)],
  ['2 parts of 5 MiB and a small one, by the API', API, inParts(11 * MIB, 5 * MIB)],
  ['11 parts of 1 MiB, by the API', API, inParts(11 * MIB, MIB)],
  ['the same, by a relay', RELAY, inParts(11 * MIB, MIB)],
  ['a stream of 1 MiB without a length, by a relay', RELAY, stream(1)],
  ['a stream of 20 MiB without a length, by a relay', RELAY, stream(20)],
];

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(`${table(...(await requestTable()))}\n`);

/** @returns {Promise<[heads: string[], rows: string[][]]>} */
export async function requestTable() {
  const rows = [];
  for (const [what, change, upload] of KINDS) {
    const { edge, api, relay, writes, reads } = await counted(change, upload);
    rows.push([what, ...[edge, api, relay, writes, reads].map(String)]);
  }
  return [['an upload of', 'at the edge', 'behind the API', 'to the relay', 'S3: put, post, list', 'S3: get'], rows];
}

/** @param {object} change of the configuration @param {Upload} upload @returns {Promise<Counts>} */
async function counted(change, upload) {
  const counts = { edge: 0, api: 0, relay: 0, writes: 0, reads: 0 };
  const { config, accessKeys } = await readDocuments({ config: sample('config'), accessKeys: sample('access-keys') });
  const changed = Object.fromEntries(Object.entries({ .../** @type {object} */ (config), ...change }).filter(([, value]) => value !== undefined));
  const directory = await mkdtemp(join(tmpdir(), 'oss-edge-requests-'));
  const s3 = await startS3Server({ directory, buckets: Object.values(/** @type {import('../cli/serve.mjs').Config} */ (config).buckets).map(({ s3Bucket }) => s3Bucket), fault: ({ operation }) => void count(operation) });
  const server = await serve({ documents: { config: changed, accessKeys }, s3, invoked, log });
  try {
    const [{ accessKeyId, accessKeySecret }] = /** @type {any} */ (accessKeys).accessKeys;
    const { port } = new URL(server.url);
    await upload(new OSS({ accessKeyId, accessKeySecret, bucket: BUCKET, endpoint: `http://localhost:${port}`, cname: true }));
  } finally {
    await server.close();
    await s3.close();
    await rm(directory, { recursive: true });
  }
  return counts;

  /** @param {string} operation of S3 */
  function count(operation) {
    if (!FREE.includes(operation)) counts[READS.includes(operation) ? 'reads' : 'writes'] += 1;
  }

  /** @param {string} name of a function */
  function invoked(name) {
    counts[/^(viewer|origin)-/u.test(name) ? 'edge' : 'api'] += 1;
  }

  /** @param {import('../cli/serve.mjs').LogEntry} entry */
  function log({ origin }) {
    if (origin === 'relay') counts.relay += 1;
  }
}
