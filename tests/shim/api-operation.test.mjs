// The functions behind the API with an S3 in memory: what they make of the authorizer's result, what they log, and how they
// ask other instances for a part of a long join. api.test.mjs has them bundled, with the local S3.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { after, test } from 'node:test';

import { digestOf, packHeaders } from '../../js-shim/api/api-gateway-event.mjs';
import { apiOperation } from '../../js-shim/api/api-operation.mjs';
import { createComplete } from '../../js-shim/api/complete.mjs';
import { createHeadObject } from '../../js-shim/api/head-object.mjs';
import { invokeThisFunction } from '../../js-shim/api/invoke-this-function.mjs';
import { BUCKET, MIB, Upload, areJoined } from '../operations/device.mjs';
import { MemoryS3 } from '../operations/memory-s3.mjs';

const NOW = Date.parse('2026-11-24T01:52:57Z');
const wasm = readFileSync(new URL('../../js-shim/wasm/oss_edge_bg.wasm', import.meta.url));
const HAND_OVER = Buffer.from(['3', 'id', 'POST', '/k', '', 'host', 'uploads.example.com'].join('\0')).toString('base64url');
const VERIFIED = { digest: digestOf(HAND_OVER), bucket: 'fleet-uploads', key: 'k', requestId: '0123456789ABCDEF01234567', s3Bucket: BUCKET, region: 'eu-west-1', query: '', options: '', headers: '' };

/** An event of API Gateway's with the authorizer's result. @param {object} verified @returns {any} */
function eventOf(verified, more = {}) {
  const requestContext = { requestId: 'api-request', authorizer: { ...VERIFIED, ...verified } };
  return { httpMethod: 'POST', multiValueHeaders: { 'x-ossedge-request': [HAND_OVER] }, requestContext, ...more };
}

/** What an operation answers, what it was asked, and the lines of the log. */
async function performed(/** @type {any} */ event, /** @type {any} */ answer = {}) {
  const [asked, lines, regions] = [/** @type {any[]} */ ([]), /** @type {any[]} */ ([]), /** @type {string[]} */ ([])];
  const perform = async (/** @type {any} */ _s3, /** @type {any} */ request, /** @type {string} */ region) => (asked.push({ ...request, region }), answer);
  const s3Client = /** @type {any} */ (async (/** @type {string} */ region) => void regions.push(region));
  const create = apiOperation('Operation', perform);
  const result = /** @type {any} */ (await create({ wasm, s3Client, now: () => NOW, log: (line) => lines.push(line) })(event));
  return { asked, lines, regions, result };
}

test('performs what was verified, in its Region, and logs nothing of it', async () => {
  const verified = { operation: 'Operation', query: 'uploadId=U%20', options: 'encode-key other', headers: packHeaders([['content-type', 'text/x']]), uploadOptions: '-', uploadId: 'sealed', staging: 'folder', maxJoinBytes: '7' };
  const { asked: [request], lines, regions, result } = await performed(eventOf(verified, { body: 'PGEvPg==', isBase64Encoded: true }));
  const { query, ...rest } = request;
  assert.equal(query.get('uploadId'), 'U ');
  assert.deepEqual(rest, {
    bucket: 'fleet-uploads',
    key: 'k',
    object: { Bucket: BUCKET, Key: 'k' },
    options: new Set(['encode-key', 'other']),
    headers: { 'content-type': 'text/x' },
    uploadOptions: '-',
    uploadId: 'sealed',
    staging: { folder: 'folder', maxJoinBytes: 7, headers: {} },
    url: 'http://uploads.example.com/k',
    body: Buffer.from('<a/>'),
    region: 'eu-west-1',
  });
  assert.deepEqual([regions, lines], [['eu-west-1'], []]);
  const headers = { 'Cache-Control': 'no-store', 'Content-Type': 'application/xml', 'x-oss-request-id': VERIFIED.requestId };
  assert.deepEqual(result, { statusCode: 200, headers, body: '' });
});

test('performs what has no options, no body and no headers', async () => {
  const { asked: [{ options, headers, body, staging }] } = await performed(eventOf({ operation: 'Operation' }));
  assert.deepEqual([options, headers, body, staging], [new Set(), {}, Buffer.alloc(0), undefined]);
  const text = await performed(eventOf({ operation: 'Operation' }, { body: '<设/>' }));
  assert.equal(text.asked[0].body.toString(), '<设/>');
});

test("answers with an operation's document, headers and size, and logs the bytes that were joined", async () => {
  const answer = { document: '<a/>', headers: [['Content-Type', 'text/x']], objectBytes: 0, joinedBytes: 9 };
  const { lines, result } = await performed(eventOf({ operation: 'Operation' }), answer);
  const headers = { 'Cache-Control': 'no-store', 'Content-Type': 'text/x', 'x-oss-request-id': VERIFIED.requestId, 'x-ossedge-object-bytes': '0' };
  assert.deepEqual(result, { statusCode: 200, headers, body: '<a/>' });
  const [{ log: _, ...line }] = lines;
  const who = { bucket: 'fleet-uploads', key: 'k', ossRequestId: VERIFIED.requestId };
  assert.deepEqual([line, lines.length], [{ time: '2026-11-24T01:52:57.000Z', function: 'Operation', event: 'joined', joinedBytes: 9, ...who }, 1]);
});

test('a request that S3 fails has the id of it in its line', async () => {
  const denied = Object.assign(new Error('secret text'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403, requestId: '4442587FB7D0A2F9' } });
  const { lines: [{ code, detail, s3RequestId }] } = await performed(eventOf({ operation: 'Operation' }), Promise.reject(denied));
  assert.deepEqual([code, detail, s3RequestId], ['AccessDenied', 'AccessDenied (status 403)', '4442587FB7D0A2F9']);
});

for (const [what, event, requestId] of /** @type {[string, any, string][]} */ ([
  ['no event', undefined, 'unknown'],
  ['an event that is empty', {}, 'unknown'],
  ['an event without an authorizer', { requestContext: { requestId: 'r' } }, 'r'],
  ['another operation', eventOf({ operation: 'Other' }), 'api-request'],
  ['another hand-over', eventOf({ operation: 'Operation', digest: digestOf('') }), 'api-request'],
  ['no hand-over', eventOf({ operation: 'Operation', digest: digestOf('') }, { multiValueHeaders: {} }), 'api-request'],
  ['no digest', eventOf({ operation: 'Operation', digest: undefined }), 'api-request'],
])) {
  test(`performs nothing for ${what}`, async () => {
    const { asked, lines, result } = await performed(event);
    assert.deepEqual([asked, result.statusCode, result.headers['x-oss-request-id']], [[], 403, requestId]);
    const { code, status, detail, ossRequestId, bucket } = lines[0];
    assert.deepEqual([code, status, detail, ossRequestId, bucket, lines.length], ['AccessDenied', 403, 'NotAuthorized', requestId, undefined, 1]);
    const head = createHeadObject({ wasm, s3Client: async () => assert.fail('asks S3'), log: () => {} });
    assert.equal((await head(event)).statusCode, 403);
  });
}

test('shares a long join with another instance, and makes what that one does not', async () => {
  const s3 = new MemoryS3();
  const options = /** @type {any} */ ({ wasm, s3Client: async () => s3, now: () => NOW, s3Options: undefined });
  for (const [invoke, failures] of /** @type {[any, string[]][]} */ ([
    [(/** @type {any} */ event) => createComplete({ slices: 1, ...options })(JSON.parse(JSON.stringify(event))), []],
    [() => Promise.reject(new RangeError('secret text')), ['a slice of a join failed and is made here: RangeError']],
    [() => Promise.reject('secret text'), ['a slice of a join failed and is made here: string']],
  ])) {
    const upload = /** @type {any} */ (await Upload.begin(s3, `shared-${failures}`));
    const sent = await upload.parts(Array.from({ length: 17 }, () => 4 * MIB));
    const [events, lines] = [/** @type {any[]} */ ([]), /** @type {any[]} */ ([])];
    const complete = createComplete({ ...options, slices: 2, invoke: (event) => (events.push(event), invoke(event)), log: (line) => lines.push(line) });
    const body = `<CompleteMultipartUpload>${sent.map((/** @type {any} */ { number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`).join('')}</CompleteMultipartUpload>`;
    const verified = { operation: 'CompleteMultipartUpload', key: upload.key, query: `uploadId=${upload.id}`, staging: upload.id, maxJoinBytes: String(512 * MIB) };
    const { statusCode, body: answer } = /** @type {any} */ (await complete(eventOf(verified, { body })));
    assert.equal(statusCode, 200, answer);
    assert.ok(areJoined(s3.bytesOf(upload.key), sent));
    assert.deepEqual([events.length, events[0].region, events[0].joinSlice.upload.uploadId], [1, 'eu-west-1', upload.id]);
    const told = lines.filter(({ event }) => event === 'join-slice').map(({ log: _, ...line }) => line);
    const line = { time: '2026-11-24T01:52:57.000Z', function: 'CompleteMultipartUpload', event: 'join-slice', level: 'error' };
    assert.deepEqual(told, failures.map((detail) => ({ ...line, detail })));
  }
});

test('a join has so many slices as the function is told', async (t) => {
  t.after(() => delete process.env.JOIN_SLICES);
  for (const text of ['1', '9', '10', '99']) {
    process.env.JOIN_SLICES = text;
    assert.equal(typeof createComplete({ wasm }), 'function');
  }
  for (const text of ['0', '-1', '01', '100', '1.5', '1x', 'x1', 'four', '']) {
    process.env.JOIN_SLICES = text;
    assert.throws(() => createComplete({ wasm }), { message: `JOIN_SLICES: expected a number from 1 to 99, found "${text}"` });
  }
});

/** Lambda: what it was asked, and what it answers next. */
const asked = /** @type {{ url: string | undefined, body: unknown }[]} */ ([]);
const answers = /** @type {{ headers?: object, body: string }[]} */ ([]);
const lambda = http.createServer(async (request, response) => {
  const body = await request.toArray();
  asked.push({ url: request.url, body: JSON.parse(Buffer.concat(body).toString()) });
  const { headers = {}, body: answer } = /** @type {any} */ (answers.shift());
  response.writeHead(200, headers).end(answer);
});
lambda.listen(0, '127.0.0.1');
await once(lambda, 'listening');
after(() => (lambda.close(), lambda.closeAllConnections()));

test('asks another instance of its own version, and tells nothing of what failed there', async (t) => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (lambda.address());
  const environment = {
    AWS_LAMBDA_FUNCTION_NAME: 'complete',
    AWS_LAMBDA_FUNCTION_VERSION: '7',
    AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
  };
  const before = Object.fromEntries(Object.keys(environment).map((name) => [name, process.env[name]]));
  Object.assign(process.env, environment);
  t.after(() => Object.entries(before).forEach(([name, value]) => (value === undefined ? delete process.env[name] : (process.env[name] = value))));
  answers.push({ body: '{"parts":[1]}' }, { headers: { 'X-Amz-Function-Error': 'Unhandled' }, body: '{"errorMessage":"secret text"}' }, { body: '' });
  assert.deepEqual(await invokeThisFunction({ joinSlice: 'a slice' }), { parts: [1] });
  await assert.rejects(invokeThisFunction({}), { name: 'FunctionFailed', message: '' });
  // An instance that ended without an answer.
  await assert.rejects(invokeThisFunction({}), SyntaxError);
  const url = '/2015-03-31/functions/complete/invocations?Qualifier=7';
  assert.deepEqual(asked, [{ url, body: { joinSlice: 'a slice' } }, { url, body: {} }, { url, body: {} }]);
});
