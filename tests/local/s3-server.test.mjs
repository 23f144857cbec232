import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';

import { DeleteObjectCommand, DeleteObjectsCommand, GetObjectTaggingCommand, HeadObjectCommand, ListObjectsV2Command, RestoreObjectCommand } from '@aws-sdk/client-s3';

import { openRequest } from '../../local/origin-access-control.mjs';
import { Bucket, send, startTestS3, waitFor } from './s3-fixture.mjs';

const s3 = await startTestS3();
after(() => s3.close());
const { ask, exists, stored } = s3;

const put = (uri, options = {}) => ask({ uri, body: 'x', ...options, headers: { 'Content-Length': 1, ...options.headers } });

test('takes what origin access control signs, and the AWS SDK signs', async () => {
  assert.deepEqual((({ status, headers }) => [status, headers.etag])(await put('/signed')), [200, `"${createHash('md5').update('x').digest('hex')}"`]);
  await s3.put('sdk', 'y');
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
  const credentials = { ...s3.credentials, secretAccessKey: 'wrong' };
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
  const old = await s3.signed({ method: 'GET', uri: '/old' }).finally(() => (globalThis.Date = real));
  assert.equal((await send(old, '')).code, 'RequestTimeTooSkewed');
});

for (const key of ['a b', 'a+b', 'a%b', '你好/é', 'a//b', '/lead', 'dir/', '../../up', 'a/../b', "!'()*@:&=$,;", 'k'.repeat(1023), `${'你'.repeat(341)}k`]) {
  test(`keeps the key ${JSON.stringify(key.slice(0, 12))} of ${Buffer.byteLength(key)} bytes apart`, async () => {
    const uri = `/${encodeURIComponent(key).replaceAll('%2F', '/').replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)}`;
    const body = randomBytes(8).toString('hex');
    assert.equal((await ask({ uri, body, headers: { 'Content-Length': 16 } })).status, 200);
    assert.equal((await ask({ method: 'GET', uri })).text, body);
    const { Contents } = await s3.run(ListObjectsV2Command, { Prefix: key });
    assert.deepEqual(Contents.map(({ Key }) => Key), [key]);
  });
}

test('stays in its directory', async () => {
  assert.deepEqual(await readdir(s3.directory), [Bucket]);
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
  ['a streaming signature', { headers: { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' } }, 501, 'NotImplemented'],
  ['a public access control list', { headers: { 'x-amz-acl': 'public-read' } }, 400, 'AccessControlListNotSupported'],
  ['2,049 bytes of metadata', { headers: { 'x-amz-meta-a': 'a'.repeat(2048) } }, 400, 'MetadataTooLarge'],
  ['a copy', { headers: { 'x-amz-copy-source': '/devices/signed' } }, 501, 'NotImplemented'],
  ['a subresource it does not have', { querystring: 'acl' }, 501, 'NotImplemented'],
  ['a wrong checksum', { headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } }, 400, 'BadDigest'],
  ['a checksum it can\'t compute', { headers: { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' } }, 501, 'NotImplemented'],
  ['more than 5 GiB, by what is announced', { body: '', headers: { 'Content-Length': 5 * 1024 ** 3 + 1 } }, 400, 'EntityTooLarge'],
  ['an unknown storage class', { headers: { 'x-amz-storage-class': 'COLD' } }, 400, 'InvalidStorageClass'],
  ['an unknown encryption', { headers: { 'x-amz-server-side-encryption': 'KMS' } }, 400, 'InvalidArgument'],
  ['eleven tags', { headers: { 'x-amz-tagging': Array.from({ length: 11 }, (_, at) => `t${at}=v`).join('&') } }, 400, 'BadRequest'],
  ['a tag that is repeated', { headers: { 'x-amz-tagging': 'a=1&a=2' } }, 400, 'InvalidTag'],
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

test('refuses an unknown bucket', async () => {
  const change = (signed) => ({ ...signed, path: '/other/k' });
  const own = await ask({ method: 'GET', uri: '/k', change });
  assert.equal(own.code, 'SignatureDoesNotMatch');
  const { client } = s3;
  await assert.rejects(client.send(new ListObjectsV2Command({ Bucket: 'other' })), { name: 'NoSuchBucket' });
});

test('stores nothing of an upload that is cut', async () => {
  const before = await s3.dataFiles();
  const upstream = openRequest(await s3.signed({ uri: '/cut', headers: { 'Content-Length': 1_000_000 } }));
  upstream.on('error', () => {});
  upstream.write(Buffer.alloc(500_000));
  await waitFor(async () => (await s3.dataFiles()) > before);
  upstream.destroy();
  await waitFor(async () => (await s3.dataFiles()) === before);
  assert.equal(await exists('cut'), false);
});

/** What S3 answers to a body that is framed by hand. */
async function askRaw(framing, body, { method = 'PUT', uri = '/framed', querystring = '' } = {}) {
  const { headers, path } = await s3.signed({ method, uri, querystring });
  const socket = net.connect(Number(new URL(s3.endpoint).port), '127.0.0.1');
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}${framing}Connection: close\r\n\r\n${body}`);
  const answer = await text(socket);
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? [];
  return [Number(status), /<Code>(.*?)<\/Code>/.exec(answer)?.[1], /<Header>(.*?)<\/Header>/.exec(answer)?.[1]];
}

const CHUNKS = '1\r\nx\r\n0\r\n\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n';

test('answers 501 to a body in chunks, with a Content-Length beside it or not', async () => {
  const refused = [501, 'NotImplemented', 'Transfer-Encoding'];
  assert.deepEqual(await askRaw(CHUNKED, CHUNKS), refused);
  assert.deepEqual(await askRaw(`${CHUNKED}Content-Length: 1\r\n`, CHUNKS), refused);
  assert.deepEqual(await askRaw(`Content-Length: 1\r\n${CHUNKED}`, CHUNKS), refused);
  assert.deepEqual(await askRaw(CHUNKED, '0\r\n\r\n', { method: 'POST', querystring: 'uploads' }), refused);
  assert.equal(await exists('framed'), false);
});

test('answers 411 to an upload and a document without Content-Length', async () => {
  const refused = [411, 'MissingContentLength', undefined];
  assert.deepEqual(await askRaw('', ''), refused);
  assert.deepEqual(await askRaw('', '', { method: 'POST', querystring: 'uploadId=x' }), refused);
  assert.equal(await exists('framed'), false);
});

test('keeps tags, and tells how many there are', async () => {
  await s3.put('tagged', 'x', { Tagging: 'site=a%2Fb&empty=' });
  assert.equal((await ask({ method: 'HEAD', uri: '/tagged' })).headers['x-amz-tagging-count'], '2');
  const { TagSet } = await s3.run(GetObjectTaggingCommand, { Key: 'tagged' });
  assert.deepEqual(TagSet, [{ Key: 'site', Value: 'a/b' }, { Key: 'empty', Value: '' }]);
});

test('gives an object under SSE-KMS an ETag that is not its MD5, and says the key', async () => {
  const keyId = 'arn:aws:kms:eu-west-1:123456789012:key/k';
  const { ETag } = await s3.put('kms', 'x', { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: keyId });
  assert.notEqual(ETag, `"${createHash('md5').update('x').digest('hex')}"`);
  const head = await s3.run(HeadObjectCommand, { Key: 'kms' });
  assert.deepEqual([head.ServerSideEncryption, head.SSEKMSKeyId, head.ETag], ['aws:kms', keyId, ETag]);
  assert.equal((await s3.put('aes', 'x')).ServerSideEncryption, 'AES256');
});

test('reads no object of an archive class until it is restored', async () => {
  await s3.put('frozen', 'x', { StorageClass: 'GLACIER' });
  await assert.rejects(stored('frozen'), { name: 'InvalidObjectState' });
  assert.equal((await s3.run(HeadObjectCommand, { Key: 'frozen' })).StorageClass, 'GLACIER');
  await s3.run(RestoreObjectCommand, { Key: 'frozen', RestoreRequest: { Days: 1 } });
  assert.equal(String(await stored('frozen')), 'x');
});

const READS = [
  [{ Range: 'bytes=2-4' }, 206, 'cde', 'bytes 2-4/10'],
  [{ Range: 'bytes=7-' }, 206, 'hij', 'bytes 7-9/10'],
  [{ Range: 'bytes=-3' }, 206, 'hij', 'bytes 7-9/10'],
  [{ Range: 'bytes=8-99' }, 206, 'ij', 'bytes 8-9/10'],
  [{ Range: 'bytes=4-2' }, 200, 'abcdefghij', undefined],
  [{ Range: 'bytes=0-1,3-4' }, 200, 'abcdefghij', undefined],
  [{ Range: 'bytes=10-' }, 416, 'InvalidRange', undefined],
];

test('reads a range of an object', async () => {
  await s3.put('range', 'abcdefghij');
  for (const [headers, status, expected, contentRange] of READS) {
    const answer = await ask({ method: 'GET', uri: '/range', headers });
    assert.deepEqual([answer.status, answer.code ?? answer.text, answer.headers['content-range']], [status, expected, contentRange], headers.Range);
  }
});

test('lists page by page and deletes', async () => {
  for (const Key of ['page/a', 'page/b', 'page/é']) await s3.put(Key, 'x');
  const first = await s3.run(ListObjectsV2Command, { Prefix: 'page/', MaxKeys: 2 });
  const second = await s3.run(ListObjectsV2Command, { Prefix: 'page/', ContinuationToken: first.NextContinuationToken });
  assert.deepEqual([first, second].map(({ Contents }) => Contents.map(({ Key }) => Key)), [['page/a', 'page/b'], ['page/é']]);
  const { KeyCount } = await s3.run(ListObjectsV2Command, { Prefix: 'page/', StartAfter: 'page/a' });
  assert.equal(KeyCount, 2);
  await s3.run(DeleteObjectCommand, { Key: 'page/a' });
  assert.equal(await exists('page/a'), false);
});

test('deletes up to 1,000 objects at once, and needs a checksum of the list', async () => {
  for (const Key of ['many/<a>', 'many/b']) await s3.put(Key, 'x');
  const before = await s3.dataFiles();
  const Objects = [{ Key: 'many/<a>' }, { Key: 'many/b' }, { Key: 'many/none' }];
  const { Deleted, Errors } = await s3.run(DeleteObjectsCommand, { Delete: { Objects } });
  assert.deepEqual([Deleted.map(({ Key }) => Key), Errors], [Objects.map(({ Key }) => Key), undefined]);
  assert.equal(await s3.dataFiles(), before - 2);
  const quiet = await s3.run(DeleteObjectsCommand, { Delete: { Objects, Quiet: true } });
  assert.equal(quiet.Deleted, undefined);
  const body = '<Delete><Object><Key>range</Key></Object></Delete>';
  const unchecked = await ask({ method: 'POST', uri: '/', querystring: 'delete=', headers: { 'Content-Length': body.length }, body });
  assert.deepEqual([unchecked.status, unchecked.code], [400, 'InvalidRequest']);
  const others = Array.from({ length: 1001 }, (_, at) => ({ Key: `many/${at}` }));
  await assert.rejects(s3.run(DeleteObjectsCommand, { Delete: { Objects: others } }), { name: 'MalformedXML' });
});

test('serves again what is on disk', async () => {
  await put('/kept');
  const upload = await s3.begin('kept upload');
  await s3.part(upload, 1, 'part');
  const again = await startTestS3({ directory: s3.directory, credentials: s3.credentials });
  assert.equal((await again.stored('kept')).toString(), 'x');
  assert.match((await again.part(upload, 2, 'more')).ETag, /^"[0-9a-f]{32}"$/);
  await again.close();
});
