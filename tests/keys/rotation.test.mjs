// A key is rotated, by the operator's tool and in Secrets Manager, while devices upload with ali-oss: none of
// their requests fails, from the first secret to the retirement of it.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import OSS from 'ali-oss';

import { serve } from '../../cli/serve.mjs';
import { BUCKET, CONFIG, FIRST_KEY, StoredObjects, sha256 } from '../e2e/fixture.mjs';
import { LogCheck } from '../e2e/log-check.mjs';
import { runHere } from '../oss-edge.mjs';
import { ENV, startSecretsManager } from './moto.mjs';

const REFRESH_SECONDS = 20;
const KB = 1024;

/** The least that S3 takes, and a last one. */
const PART_SIZES = [5 * KB * KB, 10 * KB];

/** How each device signs. */
const DEVICES = [{}, { authorizationV4: true, region: 'oss-cn-hangzhou' }, {}, { authorizationV4: true, region: 'oss-cn-hangzhou' }];

const agent = new http.Agent({ keepAlive: true });
const directory = await mkdtemp(join(tmpdir(), 'oss-edge-rotation-'));
const logFile = join(directory, 'edge.log');
/** @type {any[]} */
const lines = [];
/** How far the functions' clock is ahead, in milliseconds. */
let ahead = 0;
/** @type {Awaited<ReturnType<typeof startSecretsManager>>} */
let secretsManager;
/** @type {Awaited<ReturnType<typeof serve>>} */
let server;
/** @type {StoredObjects} */
let stored;
/** @type {LogCheck} */
let check;

before(async () => {
  Object.assign(process.env, ENV);
  secretsManager = await startSecretsManager();
  await secretsManager.put('fleet', { accessKeys: [FIRST_KEY] });
  const credentials = { source: 'secrets-manager', secretId: 'fleet', regions: ['eu-west-1', 'us-east-1'], refreshSeconds: REFRESH_SECONDS, endpoint: secretsManager.endpoint };
  await secretsManager.call('ReplicateSecretToRegions', { SecretId: 'fleet', AddReplicaRegions: [{ Region: 'eu-west-1' }] });
  check = new LogCheck({ accessKeys: [FIRST_KEY] });
  server = await serve({
    functionLog: (text) => check.add(text),
    documents: { config: { ...CONFIG, credentials }, accessKeys: undefined },
    data: join(directory, 's3'),
    now: () => Date.now() + ahead,
    log: (entry, decision) => void lines.push({ ...decision, ...entry }),
  });
  stored = new StoredObjects({ ...server.s3, directory: join(directory, 's3') });
});
after(async () => {
  agent.destroy();
  stored.close();
  await server.close();
  assert.deepEqual(check.end(), [], "the functions' log");
  assert.ok(check.functions.includes('viewer-request'));
  await secretsManager.close();
  await rm(directory, { recursive: true });
});

test('no request fails while a key is rotated, the store is away, and the earlier secret is retired', async () => {
  const devices = DEVICES.map((options, index) => uploading(index, options));
  const everyDevice = () => Promise.all(devices.map((device) => device.another()));
  await everyDevice();

  const { accessKeySecret } = await tool('rotate', '--id', FIRST_KEY.accessKeyId);
  await everyDevice();
  ahead += REFRESH_SECONDS * 1000;
  for (const device of devices) {
    await device.inTheMiddle();
    device.client.options.accessKeySecret = accessKeySecret;
  }
  await everyDevice();

  secretsManager.behaviour = 'answers 500';
  ahead += REFRESH_SECONDS * 1000;
  await everyDevice();
  secretsManager.behaviour = 'answers';
  ahead += REFRESH_SECONDS * 1000;
  await everyDevice();

  const retire = ['retire', '--id', FIRST_KEY.accessKeyId, '--logs', logFile];
  await writeFile(logFile, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await assert.rejects(tool(...retire), /generation 1 of LTAI5tEndToEndDevice1 was used \d+ times/u);
  const lastUse = lines.filter(({ generation }) => generation === '1').map(({ time }) => Date.parse(time)).reduce((a, b) => Math.max(a, b));
  const since = new Date(Math.ceil((lastUse + 1) / 1000) * 1000).toISOString().replace('.000Z', 'Z');
  assert.deepEqual(await tool(...retire, '--since', since), { accessKeyId: FIRST_KEY.accessKeyId, generation: '1', remaining: ['2'] });
  ahead += REFRESH_SECONDS * 1000;
  await everyDevice();
  ahead += REFRESH_SECONDS * 1000;
  await everyDevice();

  const objects = (await Promise.all(devices.map((device) => device.finish()))).flat();
  assert.deepEqual(lines.filter(({ status, violation, code }) => status >= 300 || violation || code), []);
  assert.deepEqual([...new Set(lines.map(({ generation }) => generation))], ['1', '2']);
  for (const { key, digest } of objects) assert.equal((await stored.get(key))?.sha256, digest, key);
  assert.ok(objects.length >= DEVICES.length * 12, `${objects.length} objects`);

  const late = uploading(9, {});
  await assert.rejects(late.finish(), { status: 403, code: 'SignatureDoesNotMatch' });
});

/**
 * A device that uploads one object after the other, in turns whole and in parts.
 *
 * @param {number} number @param {object} options
 */
function uploading(number, options) {
  const endpoint = `http://localhost:${new URL(server.url).port}`;
  const client = /** @type {any} */ (new OSS({ ...FIRST_KEY, bucket: BUCKET, endpoint, cname: true, agent, ...options }));
  /** @type {{ key: string, digest: string }[]} */
  const objects = [];
  /** @type {(() => void)[]} */
  let waitForObject = [];
  /** @type {(() => void)[]} */
  let waitForPart = [];
  let ended = false;

  async function upload() {
    while (!ended) {
      const key = `device-${number}/${objects.length}`;
      const parts = objects.length % 2 ? PART_SIZES.map((size) => randomBytes(size)) : [randomBytes(10 * KB)];
      if (parts.length > 1) await inParts(key, parts);
      else await client.put(key, parts[0]);
      objects.push({ key, digest: sha256(Buffer.concat(parts)) });
      waitForObject = released(waitForObject);
    }
  }

  /** @param {string} key @param {Buffer[]} parts */
  async function inParts(key, parts) {
    const { uploadId } = await client.initMultipartUpload(key);
    const done = [];
    for (const [index, part] of parts.entries()) {
      const { etag } = await client.uploadPart(key, uploadId, index + 1, part, 0, part.length);
      done.push({ number: index + 1, etag });
      if (index === 0) waitForPart = released(waitForPart);
    }
    await client.completeMultipartUpload(key, uploadId, done);
  }

  const running = upload();
  const failed = running.then(() => new Promise(() => {}));
  failed.catch(() => {});
  return {
    client,
    /** One whole object and one in parts more. */
    another: async () => {
      for (let i = 0; i < 2; i += 1) await Promise.race([new Promise((resolve) => void waitForObject.push(() => resolve(undefined))), failed]);
    },
    /** A part more: an upload is under way. */
    inTheMiddle: () => Promise.race([new Promise((resolve) => void waitForPart.push(() => resolve(undefined))), failed]),
    finish: async () => {
      ended = true;
      await running;
      return objects;
    },
  };
}

/** @param {(() => void)[]} waiting @returns {(() => void)[]} */
function released(waiting) {
  for (const release of waiting) release();
  return [];
}

/** What `oss-edge keys` answers on the secret. @param {string[]} args */
async function tool(command, ...args) {
  const options = ['--json', '--secret', 'fleet', '--region', 'us-east-1', '--endpoint', secretsManager.endpoint];
  const { status, stdout, stderr } = await runHere(['keys', command, ...options, ...args]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}
