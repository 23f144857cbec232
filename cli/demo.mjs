// `./build.sh demo`: the published ali-oss client uploads through the bundled functions into S3.

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
// @ts-expect-error ali-oss ships no types
import OSS from 'ali-oss';

import { readDocuments } from './documents.mjs';
import { serve } from './serve.mjs';
import { table } from './table.mjs';

const MIB = 1024 * 1024;
const THREE_HOURS = 3 * 60 * 60 * 1000;
const BUCKET = 'fleet-uploads';

const sample = (/** @type {string} */ name) => fileURLToPath(new URL(`../sample/${name}.json`, import.meta.url));

/** @type {string[][]} */
const rows = [];
let failures = 0;

const documents = await readDocuments({ config: sample('config'), accessKeys: sample('access-keys') });
// Parts of 1 MiB, as ali-oss sends by default, are too small for S3.
const config = { .../** @type {any} */ (documents.config), smallParts: 'stage' };
const server = await serve({ documents: { ...documents, config } });
// The relay, in place of the API, takes bodies without a length.
const { api: _, ...withoutApi } = config;
const relayed = { ...withoutApi, relay: { domain: 'relay.example.com', path: '' }, bodiesWithoutLength: 'relay' };
const relayServer = await serve({ documents: { ...documents, config: relayed } });
const { s3Bucket, region } = config.buckets[BUCKET];
const [s3, relayS3] = [server, relayServer].map((one) => new S3Client({ ...one.s3, region, forcePathStyle: true }));
const { version } = JSON.parse(readFileSync(new URL('../node_modules/ali-oss/package.json', import.meta.url), 'utf8'));

process.stdout.write(`ali-oss ${version} ─▶ CloudFront on ${server.url} ─▶ S3 on ${server.s3.endpoint}\n\n`);
try {
  await uploads(device());
  await streams(device({ url: relayServer.url }));
  await refusals();
} finally {
  await server.close();
  await relayServer.close();
}
process.stdout.write(`${table(['the device', 'gets', 'and S3 has'], rows)}\n`);
if (failures > 0) process.stdout.write(`\n${failures} of ${rows.length} went wrong\n`);
process.exitCode = failures > 0 ? 1 : 0;

/** @param {any} client */
async function uploads(client) {
  const small = Buffer.from('hello from a device\n');
  for (const key of ['logs/boot.txt', 'logs/设备 7 ✓/a+b & 100%.txt']) {
    await attempt(`uploads ${key}, ${small.length} B`, async () => {
      const { res } = await client.put(key, small, { meta: { device: '7' } });
      return [`${res.status}, ETag ${res.headers.etag}`, await compared(key, small)];
    });
  }
  const large = randomBytes(12 * MIB);
  await attempt('uploads video.bin, 12 MiB in 12 parts', async () => {
    const { res } = await client.multipartUpload('video.bin', large, { partSize: MIB });
    return [`${res.status}`, await compared('video.bin', large)];
  });
  await attempt('begins an upload and aborts it', async () => {
    const { uploadId } = await client.initMultipartUpload('aborted.bin');
    await client.uploadPart('aborted.bin', uploadId, 1, small, 0, small.length);
    const { res } = await client.abortMultipartUpload('aborted.bin', uploadId);
    return [`${res.status}`, await absent('aborted.bin')];
  });
}

/** @param {any} client */
async function streams(client) {
  const recording = randomBytes(6 * MIB);
  await attempt('streams camera.ts, 6 MiB in chunks (relay)', async () => {
    const { res } = await client.putStream('camera.ts', Readable.from([recording], { objectMode: false }));
    return [`${res.status}, ETag ${res.headers.etag}`, await compared('camera.ts', recording, relayS3)];
  });
}

async function refusals() {
  const put = (/** @type {any} */ client, /** @type {string} */ key) => client.put(key, Buffer.from('x'));
  await refused('signs with a wrong secret', 'SignatureDoesNotMatchError', 'wrong-secret', (key) =>
    put(device({ accessKeySecret: 'not-the-secret' }), key),
  );
  await refused('has its clock 3 hours off', 'RequestTimeTooSkewedError', 'wrong-clock', (key) =>
    put(device({ amendTimeSkewed: THREE_HOURS }), key),
  );
  await refused('has an access key nobody knows', 'InvalidAccessKeyIdError', 'unknown-key', (key) =>
    put(device({ accessKeyId: 'LTAI5tNobodyKnowsThis' }), key),
  );
  await refused('reads an object (GET is not served)', 'MethodNotAllowedError', 'none', () =>
    device().get('logs/boot.txt'),
  );
}

/**
 * Creates a device. Only its endpoint and its access key are configured for oss-edge.
 *
 * @param {{ url?: string, accessKeyId?: string, accessKeySecret?: string, amendTimeSkewed?: number }} [changed]
 */
function device({ url = server.url, amendTimeSkewed = 0, ...changed } = {}) {
  const [key] = /** @type {any} */ (documents.accessKeys).accessKeys;
  // With an IP address ali-oss sends Alibaba Cloud's Host, so the device uses the name localhost.
  const endpoint = url.replace('127.0.0.1', 'localhost');
  const client = new OSS({ ...key, ...changed, bucket: BUCKET, endpoint, cname: true });
  client.options.amendTimeSkewed = amendTimeSkewed;
  return client;
}

/** @param {string} what @param {() => Promise<string[]>} run */
async function attempt(what, run) {
  try {
    rows.push([what, ...(await run())]);
  } catch (error) {
    failures += 1;
    rows.push([what, `✗ ${error instanceof Error ? `${error.name}: ${error.message}` : error}`, '']);
  }
}

/** @param {string} what @param {string} expected @param {string} key @param {(key: string) => Promise<unknown>} run */
async function refused(what, expected, key, run) {
  await attempt(what, async () => {
    const error = await run(key).then(
      () => undefined,
      (/** @type {any} */ thrown) => thrown,
    );
    if (error?.name !== expected) throw error ?? new Error('was not refused');
    return [`${error.status} ${error.name}`, await absent(key)];
  });
}

/** @param {string} key @param {Buffer} sent */
async function compared(key, sent, client = s3) {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: s3Bucket, Key: key }));
  const stored = Buffer.from((await Body?.transformToByteArray()) ?? []);
  if (!stored.equals(sent)) throw new Error(`S3 has other bytes under ${key}`);
  return `the same ${stored.length} B, sha256 ${createHash('sha256').update(stored).digest('hex').slice(0, 12)}…`;
}

/** @param {string} key */
async function absent(key) {
  const found = await s3.send(new GetObjectCommand({ Bucket: s3Bucket, Key: key })).catch((error) => error);
  if (found?.name !== 'NoSuchKey') throw new Error(`S3 has ${key}`);
  return 'nothing';
}
