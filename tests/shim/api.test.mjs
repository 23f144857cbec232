// The authorizer and the initiate function behind the API, with a real S3 server.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { AbortMultipartUploadCommand, S3Client } from '@aws-sdk/client-s3';

import { startS3Server } from '../../js-shim/local/s3-server.mjs';
import { ACCESS_KEY, NOW, element, functions, memoryLog, signedEvent } from './fixture.mjs';

const SECRET = 'the-origin-secret-of-the-distribution';
const ARN = 'arn:aws:execute-api:us-east-1:123456789012:abc123/prod/POST/initiate-multipart-upload';

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-api-'));
const server = await startS3Server({ directory, buckets: ['fleet-uploads-prod'] });
const { endpoint, credentials } = server;
const s3 = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
after(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

test('allows one method ARN, with what was verified', async () => {
  const event = await authorizerEvent({ querystring: 'uploads=&encoding-type=url', resource: '/fleet-uploads/a&b?uploads', uri: '/a%26b' });
  const { principalId, policyDocument, context } = await authorize(event);
  assert.equal(principalId, ACCESS_KEY.accessKeyId);
  assert.deepEqual(policyDocument.Statement, [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: ARN }]);
  const { digest, requestId, ...rest } = context;
  assert.match(digest, /^[\w-]{43}$/u);
  assert.match(requestId, /^[0-9A-F]{24}$/u);
  assert.deepEqual(rest, {
    bucket: 'fleet-uploads',
    key: 'a&b',
    s3Bucket: 'fleet-uploads-prod',
    region: 'us-east-1',
    encoding: 'url',
    headers: '',
  });
});

for (const [what, change, code] of /** @type {[string, (event: any) => void, string][]} */ ([
  ['no origin secret', (event) => delete event.multiValueHeaders['x-ossedge-origin-secret'], 'AccessDenied'],
  ['a wrong origin secret', (event) => (event.multiValueHeaders['x-ossedge-origin-secret'] = ['x'.repeat(37)]), 'AccessDenied'],
  ['a repeated origin secret', (event) => event.multiValueHeaders['x-ossedge-origin-secret'].push(SECRET), 'AccessDenied'],
  ['no hand-over', (event) => delete event.multiValueHeaders['X-OSSEdge-Request'], 'InvalidArgument'],
  ['a repeated hand-over', (event) => event.multiValueHeaders['X-OSSEdge-Request'].push('AAAA'), 'InvalidArgument'],
  ['a hand-over for another key', (event) => rewrite(event, (flat) => flat.replace('boot.txt', 'root.txt')), 'SignatureDoesNotMatch'],
  ['a hand-over of another operation', (event) => rewrite(event, (flat) => flat.replace('POST', 'PUT').replace('uploads\0', '\0')), 'SignatureDoesNotMatch'],
  ['a hand-over that is no request', (event) => rewrite(event, () => 'x'), 'InvalidArgument'],
])) {
  test(`denies ${what}, in OSS's words`, async () => {
    const event = await authorizerEvent();
    change(event);
    const { lines, log } = memoryLog();
    const { policyDocument, context } = await authorize(event, { log });
    assert.equal(policyDocument.Statement[0].Effect, 'Deny');
    assert.equal(element(context.body, 'Code'), code);
    assert.equal(lines[0].decision, 'deny');
    assert.ok(!JSON.stringify([lines, context]).includes(SECRET));
  });
}

test('denies a request that has meanwhile become too old', async () => {
  const { policyDocument, context } = await authorize(await authorizerEvent(), { now: () => NOW + 300_001 });
  assert.equal(policyDocument.Statement[0].Effect, 'Deny');
  assert.equal(element(context.body, 'Code'), 'RequestTimeTooSkewed');
});

test('stays within the 8 KB of an authorizer\'s result', async () => {
  const headers = { 'x-oss-meta-a': '"'.repeat(2000), 'content-type': '"'.repeat(900) };
  const key = '"'.repeat(1023);
  const event = await authorizerEvent({ uri: `/${key}`, headers, resource: `/fleet-uploads/${key}?uploads` });
  const allowed = await authorize(event);
  assert.equal(allowed.policyDocument.Statement[0].Effect, 'Allow');
  assert.ok(JSON.stringify(allowed).length < 8192, `${JSON.stringify(allowed).length}`);
  rewrite(event, (flat) => flat.replace('a\0"', 'a\0!'));
  const denied = await authorize(event);
  assert.equal(element(denied.context.body, 'Code'), 'SignatureDoesNotMatch');
  assert.ok(JSON.stringify(denied).length < 8192);
});

test('takes either of two origin secrets during rotation', async () => {
  for (const originSecret of [`${SECRET} another-secret-of-enough-length`, `another-secret-of-enough-length\n${SECRET}`]) {
    const { policyDocument } = await authorize(await authorizerEvent(), { originSecret });
    assert.equal(policyDocument.Statement[0].Effect, 'Allow');
  }
});

test('refuses to start without an origin secret worth the name', () => {
  for (const originSecret of [undefined, '', '  ', 'short', `${SECRET} short`]) {
    assert.throws(() => functions.authorizer.create({ originSecret }), /ORIGIN_SECRET: expected/u);
  }
});

test('denies an event that is none', async () => {
  const { policyDocument } = await authorize({ methodArn: ARN });
  assert.equal(policyDocument.Statement[0].Effect, 'Deny');
});

test('begins the upload in S3 and answers in the XML of OSS, without a namespace', async () => {
  const key = 'a <b> & "c" 设备.bin';
  const { statusCode, headers, body } = await initiateKey(key);
  assert.equal(statusCode, 200);
  assert.equal(headers['Content-Type'], 'application/xml');
  assert.match(headers['x-oss-request-id'], /^[0-9A-F]{24}$/u);
  assert.match(body, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<InitiateMultipartUploadResult>\n/u);
  assert.equal(element(body, 'Bucket'), 'fleet-uploads');
  assert.equal(element(body, 'Key'), 'a &lt;b&gt; &amp; "c" 设备.bin');
  const upload = { Bucket: 'fleet-uploads-prod', Key: key, UploadId: element(body, 'UploadId') };
  assert.equal((await s3.send(new AbortMultipartUploadCommand(upload))).$metadata.httpStatusCode, 204);
});

test('percent-encodes the key when the client asks for it', async () => {
  const { body } = await initiateKey('a b+c/设.bin', 'uploads&encoding-type=url');
  assert.equal(element(body, 'EncodingType'), 'url');
  assert.equal(element(body, 'Key'), 'a%20b%2Bc%2F%E8%AE%BE.bin');
});

test('sends S3 the verified headers and no checksum that parts would have to carry', async () => {
  /** @type {http.IncomingHttpHeaders} */
  let sent = {};
  const wire = http.createServer((request, response) => {
    sent = request.headers;
    response.end('<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>');
  });
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (wire.address());
  const s3Options = { endpoint: `http://127.0.0.1:${port}`, credentials, forcePathStyle: true };
  const headers = { 'content-type': 'video/mp4', 'x-oss-meta-device': '7', 'x-oss-meta-name': '设', 'x-oss-storage-class': 'IA' };
  const { statusCode } = await initiateKey('k', 'uploads', { headers, s3Options });
  wire.close();
  wire.closeAllConnections();
  assert.equal(statusCode, 200);
  assert.equal(sent['content-type'], 'video/mp4');
  assert.equal(sent['x-amz-meta-device'], '7');
  assert.equal(sent['x-amz-meta-name'], '=?UTF-8?B?6K6+?=');
  assert.equal(sent['x-amz-storage-class'], 'STANDARD_IA');
  assert.deepEqual(Object.keys(sent).filter((name) => name.includes('checksum') || name.includes('crc')), []);
});

test('refuses the authorizer\'s result of another request', async () => {
  const context = (await authorize(await authorizerEvent())).context;
  const other = await authorizerEvent({ uri: '/other', resource: '/fleet-uploads/other?uploads' });
  for (const authorizer of [context, undefined, {}, { ...context, digest: '' }]) {
    const { statusCode, body } = await initiate()({ ...other, requestContext: { requestId: 'r', authorizer } });
    assert.equal(statusCode, 403);
    assert.equal(element(body, 'Code'), 'AccessDenied');
  }
});

for (const [name, statusCode, code] of /** @type {const} */ ([
  ['AccessDenied', 403, 'AccessDenied'],
  ['NoSuchBucket', 404, 'NoSuchBucket'],
  ['SlowDown', 503, 'ServiceUnavailable'],
  ['InvalidAccessKeyId', 500, 'InternalError'],
  ['constructor', 500, 'InternalError'],
  ['TimeoutError', 500, 'InternalError'],
])) {
  test(`answers S3's ${name} with ${statusCode} ${code}`, async () => {
    const { lines, log } = memoryLog();
    const s3Client = async () => ({ send: () => Promise.reject(Object.assign(new Error('from S3'), { name })) });
    const answer = await initiateKey('k', 'uploads', { s3Client, log });
    assert.equal(answer.statusCode, statusCode);
    assert.equal(element(answer.body, 'Code'), code);
    assert.equal(lines[0].detail, name);
  });
}

/** @param {Parameters<typeof signedEvent>[0]} [request] */
async function authorizerEvent(request) {
  const event = signedEvent({ method: 'POST', querystring: 'uploads', ...request });
  const edge = await functions['viewer-request'].create({ now: () => NOW, log: () => {} })(event);
  assert.ok('x-ossedge-request' in edge.headers, edge.body);
  return {
    type: 'REQUEST',
    methodArn: ARN,
    requestContext: { requestId: 'api-request' },
    multiValueHeaders: {
      'X-OSSEdge-Request': [edge.headers['x-ossedge-request'][0].value],
      'x-ossedge-origin-secret': [SECRET],
    },
  };
}

/** @param {any} event @param {object} [options] */
function authorize(event, options) {
  return functions.authorizer.create({ originSecret: SECRET, now: () => NOW, log: () => {}, ...options })(event);
}

/** @param {{ s3Options?: object, s3Client?: any, log?: (line: any) => void }} [options] */
function initiate({ s3Options = { endpoint, credentials, forcePathStyle: true }, log = () => {}, ...rest } = {}) {
  return functions.initiate.create({ s3Options, now: () => NOW, log, ...rest });
}

/** @param {string} key @param {string} [querystring] @param {{ headers?: Record<string, string>, s3Options?: object, s3Client?: any, log?: any }} [options] */
async function initiateKey(key, querystring = 'uploads', { headers, ...options } = {}) {
  const event = await authorizerEvent({ uri: `/${encodeURIComponent(key)}`, querystring, headers, resource: `/fleet-uploads/${key}?uploads` });
  const { context } = await authorize(event);
  return initiate(options)({ ...event, requestContext: { requestId: 'r', authorizer: context } });
}

/** @param {any} event @param {(flat: string) => string} change */
function rewrite(event, change) {
  const headers = event.multiValueHeaders;
  const name = 'X-OSSEdge-Request';
  headers[name] = [Buffer.from(change(Buffer.from(headers[name][0], 'base64url').toString())).toString('base64url')];
}
