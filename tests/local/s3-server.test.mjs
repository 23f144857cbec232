import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import {
  AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand,
  HeadObjectCommand, ListObjectsV2Command, ListPartsCommand, PutObjectCommand, S3Client, UploadPartCommand,
} from '@aws-sdk/client-s3';
import { openRequest, signedRequest } from '../../local/origin-access-control.mjs';
import { startS3Server } from '../../local/s3-server.mjs';

const Bucket = 'devices';
let directory;
let server;
let client;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 's3-server-'));
  server = await startS3Server({ directory, buckets: [Bucket] });
  client = new S3Client({ endpoint: server.endpoint, credentials: server.credentials, region: 'eu-west-1', forcePathStyle: true, maxAttempts: 1 });
});

after(async () => {
  client.destroy();
  await server.close();
  await rm(directory, { recursive: true });
});

/** Answer to a request that is signed as origin access control signs it. */
async function ask({ method = 'PUT', uri, querystring = '', headers = {}, body = '', change = (signed) => signed, s3 = {} }) {
  const cloudFront = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), [{ key, value: String(value) }]]));
  const origin = { s3: { domainName: `${Bucket}.s3.eu-west-1.amazonaws.com`, path: '', customHeaders: {} } };
  const signed = await signedRequest({ method, uri, querystring, headers: cloudFront, origin }, { ...server, region: 'eu-west-1', ...s3 });
  return send(change(signed), body);
}

async function send(request, body) {
  const upstream = openRequest(request);
  upstream.write(Buffer.from(body));
  upstream.end();
  const [message] = await once(upstream, 'response');
  const answer = await text(message);
  return { status: message.statusCode, headers: message.headers, text: answer, code: /<Code>(.*?)<\/Code>/.exec(answer)?.[1] };
}

async function stored(Key) {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from(await Body.transformToByteArray());
}

const exists = (Key) => client.send(new HeadObjectCommand({ Bucket, Key })).then(() => true, ({ name }) => (assert.equal(name, 'NotFound'), false));

const put = (uri, options = {}) => ask({ uri, body: 'x', ...options, headers: { 'Content-Length': 1, ...options.headers } });

test('takes what origin access control signs, and the AWS SDK signs', async () => {
  assert.deepEqual((({ status, headers }) => [status, headers.etag])(await put('/signed')), [200, `"${createHash('md5').update('x').digest('hex')}"`]);
  await client.send(new PutObjectCommand({ Bucket, Key: 'sdk', Body: 'y' }));
  assert.equal((await stored('signed')).toString() + (await stored('sdk')), 'xy');
});

const TAMPERED = [
  ['the path', (r) => ({ ...r, path: '/devices/tampered2' })],
  ['the query', (r) => ({ ...r, path: `${r.path}?uploads` })],
  ['the method', (r) => ({ ...r, method: 'DELETE' })],
  ['metadata', (r) => ({ ...r, headers: { ...r.headers, 'x-amz-meta-a': 'other' } })],
  ['the signature', (r) => ({ ...r, headers: { ...r.headers, authorization: r.headers.authorization.replace(/.$/, (c) => (c === '0' ? '1' : '0')) } })],
];

for (const [name, change] of TAMPERED) {
  test(`refuses a request of which ${name} was changed after signing`, async () => {
    const { status, code } = await put('/tampered', { change, headers: { 'x-amz-meta-a': 'signed' } });
    assert.deepEqual([status, code], [403, 'SignatureDoesNotMatch']);
    assert.equal((await exists('tampered')) || (await exists('tampered2')), false);
  });
}

test('refuses a request without signature, with another key, and with an unsigned x-amz- header', async () => {
  const change = (signed) => ({ ...signed, headers: { host: signed.headers.host, 'content-length': '1' } });
  assert.deepEqual((({ status, code }) => [status, code])(await put('/unsigned', { change })), [403, 'AccessDenied']);
  const credentials = { ...server.credentials, secretAccessKey: 'wrong' };
  assert.equal((await put('/unsigned', { s3: { credentials } })).code, 'SignatureDoesNotMatch');
  assert.equal((await put('/unsigned', { s3: { credentials: { ...credentials, accessKeyId: 'AKIAOTHER' } } })).code, 'InvalidAccessKeyId');
  const added = await put('/unsigned', { change: (signed) => ({ ...signed, headers: { ...signed.headers, 'x-amz-acl': 'public-read' } }) });
  assert.match(added.text, /AccessDenied.*<HeadersNotSigned>x-amz-acl</);
  assert.equal(await exists('unsigned'), false);
});

test('refuses an old signature', async () => {
  const real = Date;
  globalThis.Date = class extends real {
    constructor(...given) {
      super(...(given.length > 0 ? given : [real.now() - 16 * 60 * 1000]));
    }
  };
  const origin = { s3: { domainName: `${Bucket}.s3.eu-west-1.amazonaws.com`, path: '', customHeaders: {} } };
  const signing = signedRequest({ method: 'GET', uri: '/old', querystring: '', headers: {}, origin }, { ...server, region: 'eu-west-1' });
  const old = await signing.finally(() => (globalThis.Date = real));
  assert.equal((await send(old, '')).code, 'RequestTimeTooSkewed');
});

for (const key of ['a b', 'a+b', 'a%b', '你好/é', 'a//b', '/lead', 'dir/', '../../up', 'a/../b', "!'()*@:&=$,;", 'k'.repeat(1023), `${'你'.repeat(341)}k`]) {
  test(`keeps the key ${JSON.stringify(key.slice(0, 12))} of ${Buffer.byteLength(key)} bytes apart`, async () => {
    const uri = `/${encodeURIComponent(key).replaceAll('%2F', '/').replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)}`;
    const body = randomBytes(8).toString('hex');
    assert.equal((await ask({ uri, body, headers: { 'Content-Length': 16 } })).status, 200);
    assert.equal((await ask({ method: 'GET', uri })).text, body);
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: key }));
    assert.deepEqual(Contents.map(({ Key }) => Key), [key]);
  });
}

test('stays in its directory', async () => {
  assert.deepEqual(await readdir(directory), [Bucket]);
});

for (const [name, uri] of [['a raw plus', '/a+b'], ['%2F', '/a%2Fb'], ['lower-case hex', '/%e4%bd%a0'], ['a raw parenthesis', '/a(b']]) {
  test(`refuses a path with ${name}, which S3 signs in another spelling`, async () => assert.equal((await put(uri)).code, 'SignatureDoesNotMatch'));
}

test('refuses a key of 1,025 bytes', async () => assert.equal((await put(`/${'k'.repeat(1025)}`)).code, 'KeyTooLongError'));

test('keeps the headers of an object', async () => {
  const headers = { 'Content-Type': 'image/png', 'Cache-Control': 'no-store', 'x-amz-meta-a': 'v  w', 'x-amz-storage-class': 'STANDARD_IA' };
  assert.equal((await put('/meta', { headers: { ...headers, 'x-amz-meta-u': 'é你' } })).text, '');
  const answer = await ask({ method: 'HEAD', uri: '/meta' });
  assert.equal(answer.text, '');
  assert.equal(answer.headers['content-length'], '1');
  for (const [name, value] of Object.entries(headers)) assert.equal(answer.headers[name.toLowerCase()], value);
  assert.equal(Buffer.from(answer.headers['x-amz-meta-u'], 'latin1').toString(), 'é你');
});

const md5 = (body) => createHash('md5').update(body).digest('base64');
const sha256 = (body) => createHash('sha256').update(body).digest('hex');
const REFUSED = [
  ['a wrong Content-MD5', { headers: { 'Content-MD5': md5('y') } }, 400, 'BadDigest'],
  ['a Content-MD5 that is none', { headers: { 'Content-MD5': 'eA==' } }, 400, 'InvalidDigest'],
  ['a wrong x-amz-content-sha256', { headers: { 'x-amz-content-sha256': sha256('y') } }, 400, 'XAmzContentSHA256Mismatch'],
  ['a chunked body', { change: ({ headers: { 'content-length': length, ...headers }, ...r }) => ({ ...r, headers }) }, 411, 'MissingContentLength'],
  ['a streaming signature', { headers: { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' } }, 501, 'NotImplemented'],
  ['a public access control list', { headers: { 'x-amz-acl': 'public-read' } }, 400, 'AccessControlListNotSupported'],
  ['2,049 bytes of metadata', { headers: { 'x-amz-meta-a': 'a'.repeat(2048) } }, 400, 'MetadataTooLarge'],
  ['a copy', { headers: { 'x-amz-copy-source': '/devices/signed' } }, 501, 'NotImplemented'],
  ['a subresource it does not have', { querystring: 'tagging' }, 501, 'NotImplemented'],
  ['an unknown upload', { querystring: 'partNumber=1&uploadId=..' }, 404, 'NoSuchUpload'],
  ['part number 0', { querystring: 'partNumber=0&uploadId=x' }, 400, 'InvalidArgument'],
  ['part number 10001', { querystring: 'partNumber=10001&uploadId=x' }, 400, 'InvalidArgument'],
];

for (const [name, options, status, code] of REFUSED) {
  test(`refuses ${name}`, async () => {
    const answer = await put('/refused', options);
    assert.deepEqual([answer.status, answer.code], [status, code]);
    assert.match(answer.text, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>/);
    assert.equal(await exists('refused'), false);
  });
}

test('takes right digests', async () => {
  assert.equal((await put('/digests', { headers: { 'Content-MD5': md5('x'), 'x-amz-content-sha256': sha256('x') } })).status, 200);
});

test('does not overwrite under If-None-Match: *', async () => {
  const headers = { 'If-None-Match': '*' };
  assert.equal((await put('/once', { headers })).status, 200);
  const again = await ask({ uri: '/once', headers: { 'Content-Length': 1, ...headers }, body: 'y' });
  assert.deepEqual([again.status, again.code], [412, 'PreconditionFailed']);
  assert.equal((await stored('once')).toString(), 'x');
  const racing = await Promise.all(Array.from({ length: 8 }, () => put('/raced', { headers })));
  assert.equal(racing.filter(({ status }) => status === 200).length, 1);
});

test('refuses an unknown bucket', async () => {
  const origin = { s3: { domainName: 'other.s3.eu-west-1.amazonaws.com', path: '', customHeaders: {} } };
  const signed = await signedRequest({ method: 'GET', uri: '/k', querystring: '', headers: {}, origin }, { ...server, region: 'eu-west-1' });
  assert.equal((await send(signed, '')).code, 'NoSuchBucket');
});

test('stores nothing of an upload that is cut', async () => {
  const dataBefore = (await readdir(join(directory, Bucket, 'data'))).length;
  const origin = { s3: { domainName: `${Bucket}.s3.eu-west-1.amazonaws.com`, path: '', customHeaders: {} } };
  const headers = { 'content-length': [{ key: 'Content-Length', value: '1000000' }] };
  const upstream = openRequest(await signedRequest({ method: 'PUT', uri: '/cut', querystring: '', headers, origin }, { ...server, region: 'eu-west-1' }));
  upstream.on('error', () => {});
  upstream.write(Buffer.alloc(500_000));
  await waitFor(async () => (await readdir(join(directory, Bucket, 'data'))).length > dataBefore);
  upstream.destroy();
  await waitFor(async () => (await readdir(join(directory, Bucket, 'data'))).length === dataBefore);
  assert.equal(await exists('cut'), false);
});

async function waitFor(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

const MINIMUM = 5 * 1024 * 1024;

async function created(Key) {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, Metadata: { a: 'v' } }));
  return { Bucket, Key, UploadId };
}

async function uploaded(upload, PartNumber, Body) {
  const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
  return { PartNumber, ETag };
}

test('puts parts together in their order', async () => {
  const upload = await created('multi part');
  const bodies = [randomBytes(MINIMUM), randomBytes(10)];
  const second = await uploaded(upload, 7, bodies[1]);
  await uploaded(upload, 2, Buffer.from('replaced'));
  const first = await uploaded(upload, 2, bodies[0]);
  const { Parts } = await client.send(new ListPartsCommand(upload));
  assert.deepEqual(Parts.map(({ PartNumber, Size }) => [PartNumber, Size]), [[2, MINIMUM], [7, 10]]);
  assert.equal(await exists('multi part'), false);
  const { ETag } = await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: [first, second] } }));
  const digests = bodies.map((body) => createHash('md5').update(body).digest());
  assert.equal(ETag, `"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-2"`);
  assert.ok(Buffer.concat(bodies).equals(await stored('multi part')));
  assert.deepEqual((await client.send(new HeadObjectCommand({ Bucket, Key: 'multi part' }))).Metadata, { a: 'v' });
  await assert.rejects(client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: [first] } })), { name: 'NoSuchUpload' });
});

test('refuses a Complete that S3 refuses', async () => {
  const upload = await created('refused parts');
  const [first, second] = [await uploaded(upload, 1, 'small'), await uploaded(upload, 2, 'small')];
  const complete = (...Parts) => client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  await assert.rejects(complete(first, second), { name: 'EntityTooSmall' });
  await assert.rejects(complete(second, first), { name: 'InvalidPartOrder' });
  await assert.rejects(complete({ ...first, ETag: '"0"' }), { name: 'InvalidPart' });
  await assert.rejects(complete(first, { ...second, PartNumber: 3 }), { name: 'InvalidPart' });
  await assert.rejects(complete(), { name: 'MalformedXML' });
  assert.equal(await exists('refused parts'), false);
  await complete(second);
  assert.equal((await stored('refused parts')).toString(), 'small');
});

test('answers in S3\'s namespace and takes ETags without quotes', async () => {
  const initiated = await ask({ method: 'POST', uri: '/xml%26', querystring: 'uploads=', headers: { 'Content-Length': 0 } });
  assert.match(initiated.text, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<InitiateMultipartUploadResult xmlns="http:\/\/s3.amazonaws.com\/doc\/2006-03-01\/"><Bucket>devices<\/Bucket><Key>xml&amp;<\/Key><UploadId>/);
  const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(initiated.text)[1];
  const { headers } = await ask({ uri: '/xml%26', querystring: `partNumber=1&uploadId=${uploadId}`, headers: { 'Content-Length': 1 }, body: 'x' });
  const body = `<?xml version="1.0"?><CompleteMultipartUpload>\n<Part><PartNumber>1</PartNumber><ETag>${headers.etag.replaceAll('"', '')}</ETag></Part></CompleteMultipartUpload>\n`;
  const completed = await ask({ method: 'POST', uri: '/xml%26', querystring: `uploadId=${uploadId}`, headers: { 'Content-Length': body.length }, body });
  assert.match(completed.text, /<CompleteMultipartUploadResult xmlns="[^"]*"><Location>.*<ETag>&quot;[0-9a-f]{32}-1&quot;<\/ETag>/);
});

test('aborts an upload with 204, and keeps nothing of it', async () => {
  const upload = await created('aborted');
  await uploaded(upload, 1, 'x');
  const { $metadata } = await client.send(new AbortMultipartUploadCommand(upload));
  assert.equal($metadata.httpStatusCode, 204);
  await assert.rejects(uploaded(upload, 2, 'x'), { name: 'NoSuchUpload' });
  await assert.rejects(client.send(new ListPartsCommand(upload)), { name: 'NoSuchUpload' });
});

test('does not open an upload of another key', async () => {
  const upload = await created('mine');
  await assert.rejects(uploaded({ ...upload, Key: 'yours' }, 1, 'x'), { name: 'NoSuchUpload' });
});

test('lists page by page and deletes', async () => {
  for (const Key of ['page/a', 'page/b', 'page/é']) await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  const first = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'page/', MaxKeys: 2 }));
  const second = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'page/', ContinuationToken: first.NextContinuationToken }));
  assert.deepEqual([first, second].map(({ Contents }) => Contents.map(({ Key }) => Key)), [['page/a', 'page/b'], ['page/é']]);
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'page/a' }));
  assert.equal(await exists('page/a'), false);
});

test('serves again what is on disk', async () => {
  await put('/kept');
  const again = await startS3Server({ directory, buckets: [Bucket] });
  const reader = new S3Client({ endpoint: again.endpoint, credentials: again.credentials, region: 'eu-west-1', forcePathStyle: true });
  const { ContentLength } = await reader.send(new HeadObjectCommand({ Bucket, Key: 'kept' }));
  reader.destroy();
  await again.close();
  assert.equal(ContentLength, 1);
});
