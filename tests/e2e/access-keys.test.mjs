// What access keys may do, with ali-oss through the gateway: keys that are derived, two secrets at once, rules, clocks and sizes.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import OSS from 'ali-oss';

import { createDeriver } from '../../cli/keys/derived-key.mjs';
import { readDocumentsWasm } from '../../cli/wasm-file.mjs';
import { BUCKET, OTHER_BUCKET, localAgent, sha256, startGateway } from './fixture.mjs';

const MIB = 1024 * 1024;
const HOUR = 3600 * 1000;
const MASTER_SECRET = 'endToEndMasterSecretOfTheFleet0123456789';
const SECRET = 'endToEndSecretOfAListedKey0001';
const NEW_SECRET = 'endToEndSecretOfAListedKey0002';
const OLD_SECRET = 'endToEndSecretOfAListedKey0003';

const derive = createDeriver(await readDocumentsWasm());
const derived = (/** @type {string} */ accessKeyId) => ({ accessKeyId, accessKeySecret: derive(MASTER_SECRET, accessKeyId) });
const fromNow = (/** @type {number} */ milliseconds) => `${new Date(Date.now() + milliseconds).toISOString().slice(0, 19)}Z`;
const secondsFromNow = (/** @type {number} */ seconds) => Math.floor(Date.now() / 1000) + seconds;

const ACCESS_KEYS = {
  accessKeys: [
    {
      accessKeyId: 'rotating',
      secrets: [
        { generation: 'over', secret: OLD_SECRET, notAfter: fromNow(-HOUR) },
        { generation: 'ending', secret: SECRET, notAfter: fromNow(HOUR) },
        { generation: 'new', secret: NEW_SECRET, notBefore: fromNow(-HOUR) },
      ],
    },
    { accessKeyId: 'disabled', accessKeySecret: SECRET, status: 'disabled' },
    { accessKeyId: 'puts-only', accessKeySecret: SECRET, allow: [{ bucket: BUCKET, prefix: 'line-2/', operations: ['PutObject'] }] },
    { accessKeyId: 'slow-clock', accessKeySecret: SECRET, maxClockSkewSeconds: 7200 },
    { accessKeyId: 'plain', accessKeySecret: SECRET },
    { accessKeyId: 'small', accessKeySecret: SECRET, maxObjectBytes: 1000 },
  ],
  masterKeys: [
    {
      id: 'a1',
      secret: MASTER_SECRET,
      allow: [{ prefix: 'devices/{device}/' }],
      scopes: { logs: { allow: [{ bucket: BUCKET, prefix: 'devices/{device}/logs/' }] } },
    },
  ],
  revokedDevices: [{ masterKey: 'a1', deviceId: 'SN-2' }],
};

const VERSIONS = { 'version 1': {}, 'version 4': { authorizationV4: true, region: 'oss-cn-hangzhou' } };

const agent = localAgent();
let requests;
let logged;
let server;
let stored;
let close;

before(async () => {
  ({ requests, logged, server, stored, close } = await startGateway(ACCESS_KEYS));
});

after(async () => {
  agent.destroy();
  await close();
  const log = JSON.stringify(requests);
  const ids = new Set(requests.map(({ accessKeyId }) => accessKeyId).filter((id) => id?.startsWith('OE1.')));
  for (const secret of [MASTER_SECRET, SECRET, NEW_SECRET, OLD_SECRET, ...[...ids].map((id) => derive(MASTER_SECRET, id))]) {
    assert.ok(!log.includes(secret), 'no secret is logged');
  }
});

function device(accessKey, { bucket = BUCKET, host = 'oss.test', amendTimeSkewed = 0, ...options } = {}) {
  const endpoint = `http://${host}:${new URL(server.url).port}`;
  const client = new OSS({ ...accessKey, bucket, endpoint, agent, ...options });
  client.options.amendTimeSkewed = amendTimeSkewed;
  return client;
}

/** The log's lines of what a call sends, each written once its answer is sent. */
async function linesOf(count, call) {
  const from = requests.length;
  const result = await call();
  while (requests.length < from + count) await once(logged, 'line', { signal: AbortSignal.timeout(30_000) });
  return { result, lines: requests.slice(from) };
}

async function assertStored(key, body, bucket = BUCKET) {
  const object = await stored.get(key, bucket);
  assert.notEqual(object, null, `S3 has no ${key}`);
  assert.equal(object.sha256, sha256(body));
}

async function refused(call, [status, code]) {
  const beforehand = await stored.everything();
  const error = await call().then((result) => assert.fail(`was not refused: ${result?.res?.status}`), (thrown) => thrown);
  assert.deepEqual([error.status, error.code], [status, code], error.message);
  assert.deepEqual(await stored.everything(), beforehand);
  return error;
}

for (const [version, options] of Object.entries(VERSIONS)) {
  const DENIED = /** @type {const} */ ([403, 'AccessDenied']);
  const INVALID = /** @type {const} */ ([403, 'InvalidAccessKeyId']);

  describe(`a derived key, ${version}`, () => {
    for (const [what, id, path] of [
      ['a device', 'OE1.a1.SN-1', 'devices/SN-1/'],
      ['a device and an expiry', `OE1.a1.SN-1.e${secondsFromNow(3600)}`, 'devices/SN-1/'],
      ['a device and a scope', 'OE1.a1.SN_3.slogs', 'devices/SN_3/logs/'],
      ['a device, an expiry and a scope', `OE1.a1.SN_3.e${secondsFromNow(3600)}.slogs`, 'devices/SN_3/logs/'],
      ['the longest device id', `OE1.a1.${'D'.repeat(64)}`, `devices/${'D'.repeat(64)}/`],
    ]) {
      test(`of ${what} uploads under its own path`, async () => {
        const client = device(derived(id), options);
        const body = Buffer.from(`${version} ${what}`);
        const key = `${path}设备 7/a+b & 100%.txt`;
        const { lines } = await linesOf(1, () => client.put(key, body));
        await assertStored(key, body);
        assert.deepEqual(lines.map(({ accessKeyId, generation }) => [accessKeyId, generation]), [[id, 'a1']]);
        const url = options.authorizationV4 ? await client.signatureUrlV4('PUT', 60, {}, `${path}url`) : client.signatureUrl(`${path}url`, { method: 'PUT' });
        const answer = await fetchThrough('PUT', url, body);
        assert.equal(answer.statusCode, 200);
        await assertStored(`${path}url`, body);
      });
    }

    test('uploads in parts, through the API and back', async () => {
      const client = device(derived('OE1.a1.SN-1'), options);
      const key = `devices/SN-1/parts-${version}`;
      const parts = [Buffer.alloc(5 * MIB, 'a'), Buffer.alloc(10, 'b')];
      const { lines } = await linesOf(5, async () => {
        const { uploadId } = await client.initMultipartUpload(key);
        const done = [];
        for (const [index, part] of parts.entries()) {
          const { etag } = await client.uploadPart(key, uploadId, index + 1, part, 0, part.length);
          done.push({ number: index + 1, etag });
        }
        await client.listParts(key, uploadId);
        await client.completeMultipartUpload(key, uploadId, done, {});
      });
      await assertStored(key, Buffer.concat(parts));
      const generations = lines.map(({ operation, generation }) => [operation, generation]);
      const operations = ['InitiateMultipartUpload', 'UploadPart', 'UploadPart', 'ListParts', 'CompleteMultipartUpload'];
      assert.deepEqual(generations, operations.map((operation) => [operation, 'a1']));
      const other = device(derived('OE1.a1.SN-10'), options);
      const open = await client.initMultipartUpload(`${key}-open`);
      await refused(() => other.abortMultipartUpload(`${key}-open`, open.uploadId), DENIED);
      await client.abortMultipartUpload(`${key}-open`, open.uploadId);
    });

    for (const key of [
      'devices/SN-10/a', 'devices/SN-1', 'devices/sn-1/a', 'devices//SN-1/a', 'devices/SN-1%2Fa', 'devices%2FSN-1/a', 'Devices/SN-1/a', 'a', 'devices/{device}/a',
    ]) {
      test(`writes nothing to ${key}`, async () => {
        const client = device(derived('OE1.a1.SN-1'), options);
        await refused(() => client.put(key, Buffer.from('x')), DENIED);
        await refused(() => client.initMultipartUpload(key), DENIED);
        await refused(() => client.abortMultipartUpload(key, 'U1'), DENIED);
      });
    }

    test('keeps double slashes and encoded ones under its own path what they are', async () => {
      const client = device(derived('OE1.a1.SN-1'), options);
      for (const key of ['devices/SN-1//a', 'devices/SN-1/a//b/', 'devices/SN-1/%2e%2e/a', 'devices/SN-1/..%2Fa']) {
        await client.put(key, Buffer.from(key));
        await assertStored(key, Buffer.from(key));
      }
    });

    test('with a scope does only what the scope allows as well', async () => {
      const client = (bucket) => device(derived('OE1.a1.SN-1.slogs'), { ...options, bucket });
      await refused(() => client(BUCKET).put('devices/SN-1/a', Buffer.from('x')), DENIED);
      await refused(() => client(OTHER_BUCKET).put('devices/SN-1/logs/a', Buffer.from('x')), DENIED);
    });

    for (const [what, id] of [
      ['an expiry that has come', `OE1.a1.SN-1.e${secondsFromNow(-1)}`],
      ['a revoked device', 'OE1.a1.SN-2'],
      ['a revoked device in another spelling of its rights', `OE1.a1.SN-2.e${secondsFromNow(3600)}.slogs`],
      ['a scope that there is not', 'OE1.a1.SN-1.sother'],
      ['a master key that there is not', 'OE1.a2.SN-1'],
    ]) {
      test(`with ${what} is refused`, async () => {
        const { result, lines } = await linesOf(1, () => refused(() => device(derived(id), options).put('devices/SN-1/a', Buffer.from('x')), INVALID));
        assert.equal(result.message, 'The OSS Access Key Id you provided does not exist in our records.');
        assert.equal(lines[0].generation, undefined);
      });
    }

    test("with another id's secret, or the master secret, is refused", async () => {
      for (const secret of [derived('OE1.a1.SN-10').accessKeySecret, derived('OE1.a1.SN-1.slogs').accessKeySecret, MASTER_SECRET]) {
        const client = device({ accessKeyId: 'OE1.a1.SN-1', accessKeySecret: secret }, options);
        await refused(() => client.put('devices/SN-1/a', Buffer.from('x')), [403, 'SignatureDoesNotMatch']);
      }
    });
  });

  describe(`a listed key, ${version}`, () => {
    test('uploads with each of its valid secrets, and an upload goes on with the other one', async () => {
      const clients = [SECRET, NEW_SECRET].map((accessKeySecret) => device({ accessKeyId: 'rotating', accessKeySecret }, options));
      const key = `rotated-${version}`;
      const part = Buffer.alloc(5 * MIB, 'r');
      const { lines } = await linesOf(4, async () => {
        const { uploadId } = await clients[0].initMultipartUpload(key);
        const done = [];
        for (const number of [1, 2]) {
          const { etag } = await clients[number - 1].uploadPart(key, uploadId, number, part, 0, part.length);
          done.push({ number, etag });
        }
        await clients[1].completeMultipartUpload(key, uploadId, done, {});
      });
      await assertStored(key, Buffer.concat([part, part]));
      assert.deepEqual(lines.map(({ generation }) => generation), ['ending', 'ending', 'new', 'new']);
    });

    test('is refused with a secret that is over, and is shown the text to sign', async () => {
      const client = device({ accessKeyId: 'rotating', accessKeySecret: OLD_SECRET }, options);
      await refused(() => client.put('a', Buffer.from('x')), [403, 'SignatureDoesNotMatch']);
    });

    test('that is disabled is told so, and no more', async () => {
      const client = device({ accessKeyId: 'disabled', accessKeySecret: SECRET }, options);
      const error = await refused(() => client.put('a', Buffer.from('x')), INVALID);
      assert.equal(error.message, 'The OSS Access Key Id you provided is disabled.');
    });

    test('does what its rules allow, where they allow it', async () => {
      const client = (bucket = BUCKET) => device({ accessKeyId: 'puts-only', accessKeySecret: SECRET }, { ...options, bucket });
      await client().put('line-2/a', Buffer.from(version));
      await assertStored('line-2/a', Buffer.from(version));
      await refused(() => client().put('line-20/a', Buffer.from('x')), DENIED);
      await refused(() => client().initMultipartUpload('line-2/a'), DENIED);
      await refused(() => client(OTHER_BUCKET).put('line-2/a', Buffer.from('x')), DENIED);
    });

    test('goes by its own clock skew', async () => {
      const hourOff = { ...options, amendTimeSkewed: -HOUR };
      const body = Buffer.from(version);
      await device({ accessKeyId: 'slow-clock', accessKeySecret: SECRET }, hourOff).put('slow', body);
      await assertStored('slow', body);
      const SKEWED = /** @type {const} */ ([403, 'RequestTimeTooSkewed']);
      await refused(() => device({ accessKeyId: 'plain', accessKeySecret: SECRET }, hourOff).put('a', body), SKEWED);
      await refused(() => device({ accessKeyId: 'slow-clock', accessKeySecret: 'wrong' }, hourOff).put('a', body), SKEWED);
      await refused(() => device({ accessKeyId: 'nobody', accessKeySecret: SECRET }, hourOff).put('a', body), SKEWED);
    });

    test('sends bodies up to its size', async () => {
      const client = device({ accessKeyId: 'small', accessKeySecret: SECRET }, options);
      await client.put('small', Buffer.alloc(1000));
      await refused(() => client.put('large', Buffer.alloc(1001)), [400, 'EntityTooLarge']);
    });
  });
}

/** What a URL that was signed is answered, sent as any HTTP client does that knows nothing of OSS. */
async function fetchThrough(method, url, body) {
  const request = http.request(url, { method, agent, headers: { 'Content-Length': body.length } });
  request.end(body);
  const [answer] = await once(request, 'response');
  answer.resume();
  await once(answer, 'end');
  return answer;
}
