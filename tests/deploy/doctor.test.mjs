// oss-edge doctor, against `serve` in each model of CloudFront.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http2 from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';

import { createProgram } from '../../cli/program.mjs';
import { CHECKS, STORED } from '../../cli/doctor/all-checks.mjs';
import { BY_HAND } from '../../cli/doctor/by-hand.mjs';
import { createDevice } from '../../cli/doctor/device.mjs';
import { bucketAccess, examined, hindranceOf } from '../../cli/doctor/run.mjs';
import { serve } from '../../cli/serve.mjs';
import { ORIGIN_REQUEST_POLICY } from '../../deploy/distribution.mjs';
import { FRAMINGS } from '../../local/request-framing.mjs';
import { run as runCommand } from '../oss-edge.mjs';
import { ACCESS_KEY, DOCUMENTS } from '../shim/fixture.mjs';

const BUCKET = DOCUMENTS.config.buckets['fleet-uploads'];
const documents = { ...DOCUMENTS, config: { ...DOCUMENTS.config, headObject: 'served', cors: { origins: ['https://app.example.com'] } } };

/** HEAD needs a rule that names it. */
const ACCESS_KEYS = { accessKeys: [{ ...ACCESS_KEY, allow: [{}, { operations: ['HeadObject'] }] }] };

const { api: _, ...WITHOUT_API } = documents.config;

/** A relay that does whatever it can. */
const WITH_RELAY = { ...WITHOUT_API, relay: { domain: 'relay.example.com', path: '' }, bodiesWithoutLength: 'relay', smallParts: 'stage', headObject: 'served' };

/** What A15 and A36 find in each with such a relay. */
const FRAMED_TWICE_TO_RELAY = {
  'keep-both': ['fails', '500 InternalError, and nothing is stored'],
  'drop-length': ['holds', '200, and the right bytes'],
  'drop-chunking': ['holds', '200, and the right bytes'],
  refuse: ['fails', '400, and nothing is stored'],
  'trust-length': ['fails', '400 IncompleteBody, and nothing is stored'],
};
const OTHER_LENGTHS = {
  'keep-both': ['holds', 'too-short: 500 InternalError, too-long: 500 InternalError'],
  'drop-length': ['holds', 'too-short: 200, too-long: 200'],
  'drop-chunking': ['holds', 'too-short: 400, too-long: 400'],
  refuse: ['holds', 'too-short: 400, too-long: 400'],
  // The client's own length is wrong there, which no SDK's is.
  'trust-length': ['fails', 'too-short: 200, and OTHER BYTES'],
};

/** What A15 finds in each. */
const FRAMED_TWICE = {
  'keep-both': ['fails', '411 MissingContentLength, and nothing is stored'],
  'drop-length': ['fails', '411 MissingContentLength, and nothing is stored'],
  'drop-chunking': ['holds', '200, and the right bytes'],
  refuse: ['fails', '400, and nothing is stored'],
  'trust-length': ['fails', '411 MissingContentLength, and nothing is stored'],
};

for (const framing of /** @type {import('../../local/request-framing.mjs').Framing[]} */ (Object.keys(FRAMINGS))) {
  test(`finds what each assumption is in the model ${framing}`, async () => {
    const { results } = await visit({ framing });
    const found = Object.fromEntries(results.map(({ id, verdict, found: what }) => [id, [verdict, what]]));
    assert.deepEqual(found.A15, FRAMED_TWICE[framing]);
    const others = results.filter(({ id }) => id !== 'A15');
    assert.deepEqual(others.filter(({ verdict }) => verdict === 'fails'), []);
    // The rest needs other configurations, which have their own tests, or a person.
    const open = results.filter(({ verdict }) => verdict === 'unknown').map(({ id }) => id);
    assert.deepEqual(open, ['A43', 'A44', 'A38', 'A35', 'A37', 'A36', ...BY_HAND.map(({ id }) => id)]);
  });

  test(`finds what each assumption about the relay is in the model ${framing}`, async () => {
    const { results } = await visit({ framing, config: WITH_RELAY });
    const found = Object.fromEntries(results.map(({ id, verdict, found: what }) => [id, [verdict, what]]));
    assert.deepEqual(found.A15, FRAMED_TWICE_TO_RELAY[framing]);
    assert.deepEqual(found.A36, OTHER_LENGTHS[framing]);
    const others = results.filter(({ id }) => !['A15', 'A36'].includes(id));
    assert.deepEqual(others.filter(({ verdict }) => verdict === 'fails'), []);
    // `serve` has no TLS, and so no HTTP/2: that has its own test.
    assert.deepEqual(others.filter(({ verdict }) => verdict === 'unknown').map(({ id }) => id), ['A37', ...BY_HAND.map(({ id }) => id)]);
  });
}

test('finds that a body is damaged, and says that no device may move', async () => {
  const check = CHECKS.find(({ id }) => id === 'A15');
  const device = { keyOf: (/** @type {string} */ name) => name, ask: async () => ({ status: 200, headers: {}, body: Buffer.alloc(0) }) };
  const stored = async () => ({ body: Buffer.from('d\r\nhello, docto'), metadata: {}, storageClass: 'STANDARD', contentDisposition: '' });
  const { verdict, found, follows } = await check.run({ device, stored, config: documents.config });
  assert.deepEqual([verdict, found, /DAMAGED/u.test(String(follows))], ['fails', '200, and OTHER BYTES', true]);
});

test('without a look into the bucket it says what cannot be told', async () => {
  const { results } = await visit({ looks: false });
  assert.deepEqual(results.filter(({ verdict }) => verdict === 'unknown').map(({ id }) => id), ['A12', 'A3', 'A7', 'A8', 'A15', 'A19', 'A26', 'A43', 'A44', 'A38', 'A35', 'A37', 'A36', ...BY_HAND.map(({ id }) => id)]);
  assert.deepEqual(results.filter(({ verdict }) => verdict === 'fails'), []);
});

test('finds a deployment whose origin request policy leaves something out', async () => {
  for (const [header, ids] of /** @type {[string, string[]][]} */ ([
    ['X-Amz-Meta-A', ['A8', 'A41', 'A19']],
    ['If-None-Match', ['A13', 'A28']],
    ['Content-MD5', ['A14', 'A41']],
    ['Content-Disposition', ['A3', 'A41']],
  ])) {
    const headers = { behavior: /** @type {const} */ ('allExcept'), names: ['Host', header] };
    const { results } = await visit({ originRequestPolicy: { ...ORIGIN_REQUEST_POLICY, headers } });
    assert.deepEqual(results.filter(({ verdict }) => verdict === 'fails').map(({ id }) => id), ids);
  }
  const { results } = await visit({ originRequestPolicy: { ...ORIGIN_REQUEST_POLICY, queryStrings: { behavior: 'none' } } });
  assert.deepEqual(results.filter(({ verdict }) => verdict === 'fails').map(({ id }) => id), ['A16', 'A33', 'A26', 'A45']);
});

test('where origin-request decides, tries that it can, and what is stored by a relay alone only with one', async () => {
  const { api: _, ...withoutApi } = documents.config;
  for (const [config, forbids] of /** @type {[any, boolean][]} */ ([[documents.config, false], [{ ...withoutApi, relay: { domain: 'relay.example.com', path: '' } }, true]])) {
    const { results } = await visit({ config: { ...config, triggers: 'origin-request' } });
    assert.deepEqual(results.filter(({ verdict }) => verdict === 'fails'), []);
    const ids = results.map(({ id }) => id);
    assert.deepEqual(['A13', 'A80', 'A81'].map((id) => ids.includes(id)), [forbids, true, true]);
  }
});

test("finds that the policy keeps the viewer's Host back, or a header, where origin-request decides", async () => {
  const config = { ...documents.config, triggers: 'origin-request' };
  const withoutHost = await visit({ config, originRequestPolicy: ORIGIN_REQUEST_POLICY });
  assert.ok(withoutHost.results.some(({ id, verdict, found, follows }) => id === 'A80' && verdict === 'fails' && found === '500 InternalError, expected 200' && /set `triggers` to "viewer-request"/u.test(follows)));
  const headers = { behavior: /** @type {const} */ ('allExcept'), names: ['Content-MD5'] };
  const { results } = await visit({ config, originRequestPolicy: { ...ORIGIN_REQUEST_POLICY, headers } });
  assert.deepEqual(results.filter(({ verdict }) => verdict === 'fails').map(({ id, found }) => [id, found]), [['A14', '403 SignatureDoesNotMatch, expected 400 InvalidDigest'], ['A80', '403 SignatureDoesNotMatch, expected 200']]);
});

test('finds that the answer to one of several requests at once went to all', async () => {
  const { run } = CHECKS.find(({ id }) => id === 'A81');
  const answer = (/** @type {string} */ code) => ({ status: 404, headers: {}, body: Buffer.from(`<Code>${code}</Code>`) });
  const verdict = async (/** @type {(asked: any) => any} */ ask) => {
    const { verdict: found } = await run({ device: { keyOf: (name) => name, ask: async (asked) => ask(asked) }, stored: undefined, config: documents.config });
    return found;
  };
  assert.equal(await verdict(() => answer('NoSuchUpload')), 'fails');
  assert.equal(await verdict(() => answer('SignatureDoesNotMatch')), 'fails');
  assert.equal(await verdict(({ secret }) => answer(secret ? 'SignatureDoesNotMatch' : 'NoSuchUpload')), 'holds');
  assert.equal(await verdict(() => ({ ...answer(''), status: 0, fault: 'ECONNRESET' })), 'unknown');
});

test('a deployment that nobody reaches is no deployment that is well', async () => {
  const device = deviceAt('http://127.0.0.1:1');
  const results = await collected({ device, stored: undefined, config: documents.config });
  assert.match(results[0].found, /ECONNREFUSED/u);
  assert.equal(results[0].verdict, 'fails');
});

test('says why no device is served, in place of what fails for it', async () => {
  assert.match(String(await hindranceOf(deviceAt('http://127.0.0.1:1'))), /^no answer \(connect ECONNREFUSED 127\.0\.0\.1:1\): look at /u);
  const running = await started({});
  const other = (/** @type {object} */ key) => hindranceOf(deviceAt(running.url, { ...ACCESS_KEY, ...key }));
  assert.match(String(await other({ accessKeyId: 'LTAI5tNobody' })), /^403 InvalidAccessKeyId: the deployment does not take LTAI5tNobody, /u);
  assert.match(String(await other({ accessKeySecret: 'another secret' })), /^403 SignatureDoesNotMatch: the deployment has another secret /u);
  assert.equal(await other({}), undefined);
  await running.close();
  // What some check finds the cause of is no hindrance.
  const failing = { ask: async () => ({ status: 500, headers: {}, body: Buffer.from('<Code>InternalError</Code>') }) };
  assert.equal(await hindranceOf(/** @type {any} */ (failing)), undefined);
});

test('the command tries nothing of a deployment that nobody reaches', async () => {
  const { directory, args } = await documentFiles();
  try {
    const { status, stdout, stderr } = await runCommand(['doctor', ...args, '--url', 'http://127.0.0.1:1', '--host', 'uploads.example.com']);
    assert.equal(status, 2);
    assert.match(stderr, /^oss-edge: http:\/\/127\.0\.0\.1:1: no answer \(.*\): .*; nothing was tried\n$/u);
    assert.doesNotMatch(stdout, /FAILS/u);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('removes what it stored', async () => {
  const { left } = await visit({});
  assert.deepEqual(left, []);
});

test('each assumption in the list is tried, or said to be for a person, and no other', async () => {
  const list = await readFile(new URL('../../docs/assumptions.md', import.meta.url), 'utf8');
  const rows = [...list.matchAll(/^\| \[(A\d+)\]/gmu)].map(([, id]) => id);
  const sections = [...list.matchAll(/^### (A\d+)$/gmu)].map(([, id]) => id);
  const number = (/** @type {string} */ id) => Number(id.slice(1));
  const sorted = (/** @type {string[]} */ ids) => ids.toSorted((one, other) => number(one) - number(other));
  assert.deepEqual(sorted(sections), sorted(rows));
  const untried = rows.filter((id) => !CHECKS.some((check) => check.id === id));
  assert.deepEqual(untried, [], 'add a check to cli/doctor/, or a line to cli/doctor/by-hand.mjs');
  assert.deepEqual(sorted(CHECKS.map(({ id }) => id)), sorted(rows));
});

test('finds an API that refuses POST in chunks', async () => {
  const { results } = await visit({ apiChunked: 'refused' });
  assert.deepEqual(results.filter(({ verdict }) => verdict === 'fails').map(({ id, found }) => [id, found]), [['A24', 'it does not begin: 500 InternalError']]);
});

test('over HTTP/2 a body has no length, and what is cut is stored or not', async () => {
  /** @type {Map<string, Buffer>} */
  const objects = new Map();
  let keepsCut = false;
  const server = http2.createServer();
  server.on('stream', (stream, { ':path': path = '', 'content-length': length, authorization }) => {
    assert.equal(length, undefined);
    assert.match(String(authorization), /^OSS LTAI/u);
    /** @type {Buffer[]} */
    const received = [];
    stream.on('data', (bytes) => received.push(bytes));
    stream.on('error', () => {});
    // Node emits `end` for a stream that was cut, too, before it says so.
    stream.on('end', () =>
      setImmediate(() => {
        const isCut = stream.destroyed || stream.aborted || Number(stream.rstCode) !== 0;
        if (!isCut || keepsCut) objects.set(path.slice(1), Buffer.concat(received));
        if (isCut) return;
        stream.respond({ ':status': 200 });
        stream.end();
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const device = { ...deviceAt(`http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`), hasTls: true };
  const stored = async (/** @type {string} */ key) => objects.has(key) ? /** @type {any} */ ({ body: objects.get(key) }) : undefined;
  const check = CHECKS.find(({ id }) => id === 'A37');
  const found = [];
  for (keepsCut of [false, true]) {
    objects.clear();
    found.push(await check?.run({ device, stored, config: WITH_RELAY }));
  }
  server.close();
  assert.deepEqual(found, [
    { verdict: 'holds', found: '1 MiB; of a connection that ends nothing is stored' },
    { verdict: 'fails', found: 'a part of a body that was cut is stored' },
  ]);
});

test('finds that a cut body is stored, and that no device may move', async () => {
  const check = CHECKS.find(({ id }) => id === 'A35');
  const device = { keyOf: (/** @type {string} */ name) => name, ask: async () => ({ status: 0, headers: {}, body: Buffer.alloc(0), fault: 'cut' }) };
  const stored = async (/** @type {string} */ key) => (key === 'cut-between' ? /** @type {any} */ ({}) : undefined);
  assert.deepEqual(await check?.run({ device, stored, config: WITH_RELAY }), { verdict: 'fails', found: 'cut-between: a part of it is stored' });
});

test('the command prints a line for each, and ends with 1 where one does not hold', async () => {
  const running = await started({ framing: 'refuse' });
  const { directory, args: files } = await documentFiles();
  const { write } = process.stdout;
  /** @type {string[]} */
  const printed = [];
  process.stdout.write = /** @type {any} */ ((/** @type {string} */ text) => printed.push(text));
  const before = process.exitCode;
  try {
    const args = ['doctor', ...files, '--url', running.url, '--host', 'uploads.example.com', '--s3-endpoint', running.s3.endpoint];
    await createProgram().parseAsync(['node', 'oss-edge', ...args]);
  } finally {
    process.stdout.write = write;
    await running.close();
    await rm(directory, { recursive: true });
  }
  const text = printed.join('');
  assert.equal(process.exitCode, 1);
  process.exitCode = before;
  assert.match(text, /^A11 {2}holds {4}a PUT without a body hash is signed and stored: 200$/mu);
  assert.match(text, /^A15 {2}FAILS {4}a body with Transfer-Encoding and Content-Length .*: 400, and nothing is stored\n {14}the SDK for C, which frames every body so, needs the relay/mu);
  assert.ok(!text.includes(ACCESS_KEY.accessKeySecret));
});

/** The documents in files. */
async function documentFiles() {
  const directory = await mkdtemp(join(tmpdir(), 'oss-edge-doctor-'));
  const [config, keys] = [join(directory, 'c.json'), join(directory, 'k.json')];
  await writeFile(config, JSON.stringify(documents.config));
  await writeFile(keys, JSON.stringify(documents.accessKeys));
  return { directory, args: ['--config', config, '--access-keys', keys] };
}

/**
 * @typedef {object} Model of a deployment
 * @property {import('../../local/request-framing.mjs').Framing} [framing]
 * @property {import('../../deploy/distribution.mjs').OriginRequestPolicy} [originRequestPolicy]
 * @property {'taken' | 'refused'} [apiChunked]
 * @property {any} [config] in place of that of `documents`
 */

/** @param {Model} model */
async function started({ config = documents.config, ...model }) {
  const server = await serve({ documents: { ...documents, config, accessKeys: ACCESS_KEYS }, ...model });
  process.env.AWS_ACCESS_KEY_ID = server.s3.credentials.accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = server.s3.credentials.secretAccessKey;
  return server;
}

/** @param {Model & { looks?: boolean }} options `looks` into the bucket */
async function visit({ looks = true, ...model }) {
  const server = await started(model);
  const access = bucketAccess(BUCKET, server.s3.endpoint);
  const device = deviceAt(server.url);
  const results = await collected({ device, stored: looks ? access.stored : undefined, config: model.config ?? documents.config });
  await access.remove(STORED.map(device.keyOf));
  const s3 = new S3Client({ region: BUCKET.region, endpoint: server.s3.endpoint, forcePathStyle: true });
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET.s3Bucket }));
  await server.close();
  return { results, left: Contents.map(({ Key }) => Key) };
}

/** @param {string} url @param {{ accessKeyId: string, accessKeySecret: string }} [key] */
function deviceAt(url, key = ACCESS_KEY) {
  const { protocol, hostname, port } = new URL(url);
  const address = { protocol, hostname, port: Number(port), servername: 'uploads.example.com' };
  return createDevice({ address, host: 'uploads.example.com', bucket: 'fleet-uploads', key, prefix: 'doctor/' });
}

/** @param {import('../../cli/doctor/finding.mjs').Patient} patient */
async function collected(patient) {
  const results = [];
  for await (const result of examined(patient)) results.push(result);
  return results;
}
