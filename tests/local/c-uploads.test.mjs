// Uploads as the OSS SDK for C sends them, through the bundled functions: every body with Content-Length and in chunks, an
// Expect before it. Whatever CloudFront makes of that, S3 has the right bytes or nothing.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, test } from 'node:test';

import { serve } from '../../cli/serve.mjs';
import { openRequest, signedRequest } from '../../local/origin-access-control.mjs';
import { FRAMINGS } from '../../local/request-framing.mjs';
import { DOCUMENTS, NOW, functions, element, originEvent, signedEvent } from '../shim/fixture.mjs';
import { send as sendToS3, startTestS3 } from './s3-fixture.mjs';

const MODELS = Object.keys(FRAMINGS);
const { s3Bucket } = DOCUMENTS.config.buckets['fleet-uploads'];

const directory = await mkdtemp(join(tmpdir(), 'c-uploads-'));
const s3 = await startTestS3({ directory, buckets: [s3Bucket] });
const servers = {};
for (const framing of MODELS) servers[framing] = await started({ framing });
after(async () => {
  for (const server of Object.values(servers)) await server.close();
  await s3.close();
  await rm(directory, { recursive: true });
});

function started(options) {
  const { endpoint, credentials } = s3;
  return serve({ documents: DOCUMENTS, s3: { endpoint, credentials }, now: () => NOW, ...options });
}

/** A body in chunks of 1,000 bytes. */
function chunks(body) {
  const parts = [];
  for (let at = 0; at < body.length; at += 1000) parts.push(body.subarray(at, at + 1000));
  const framed = parts.flatMap((part) => [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
  return Buffer.concat([...framed, Buffer.from('0\r\n\r\n')]);
}

/** The answer to a signed request whose body is framed by hand. */
async function send(server, { method = 'PUT', uri, querystring = '', framing, body, cut = false }) {
  const { headers } = signedEvent({ method, uri, querystring, headers: { 'content-type': 'application/octet-stream' } }).Records[0].cf.request;
  const lines = Object.values(headers).flatMap((values) => values.map(({ key, value }) => `${key}: ${value}\r\n`));
  const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.on('error', () => {});
  const target = uri + (querystring && `?${querystring}`);
  socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}Expect: 100-continue\r\nConnection: close\r\n${framing}\r\n`);
  socket.write(body);
  if (cut) return void (await new Promise((resolve) => setTimeout(resolve, 50)), socket.destroy());
  const answer = (await buffer(socket)).toString('latin1').replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '');
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]), code: element(answer, 'Code'), answer };
}

const both = (length) => `Transfer-Encoding: chunked\r\nContent-Length: ${length}\r\n`;
const stored = (Key) => s3.stored(Key, { Bucket: s3Bucket }).catch(({ name }) => (assert.equal(name, 'NoSuchKey'), null));
const body = Buffer.from('ab\r\n0\r\n\r\n'.repeat(300));

const PUTS = [
  ['a body', { framing: both(body.length), body: chunks(body) }, body],
  ['an empty body', { framing: both(0), body: chunks(Buffer.alloc(0)) }, Buffer.alloc(0)],
  ['chunk extensions', { framing: both(5), body: '5;a=b\r\nabcde\r\n0\r\n\r\n' }, Buffer.from('abcde')],
  ['trailers', { framing: `${both(5)}Trailer: x-a\r\n`, body: '5\r\nabcde\r\n0\r\nx-a: 1\r\n\r\n' }, Buffer.from('abcde')],
  ['a folded header', { framing: 'Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n', body: '5\r\nabcde\r\n0\r\n\r\n' }, Buffer.from('abcde')],
  ['a length that is too small', { framing: both(4), body: '5\r\nabcde\r\n0\r\n\r\n' }, null],
  ['a length that is too large', { framing: both(6), body: '5\r\nabcde\r\n0\r\n\r\n' }, null],
  ['no length', { framing: 'Transfer-Encoding: chunked\r\n', body: '5\r\nabcde\r\n0\r\n\r\n' }, null],
  ['neither header', { framing: '', body: '' }, null],
];

for (const framing of MODELS) {
  for (const [at, [name, request, expected]] of PUTS.entries()) {
    test(`${framing}: stores ${name} rightly, or nothing`, async () => {
      const key = `${framing}/${at}`;
      const { status, code } = await send(servers[framing], { uri: `/${key}`, ...request });
      // Where the functions see both headers, nobody could tell which of the two a hop goes by.
      const isTaken = expected !== null && framing === 'drop-chunking';
      assert.equal(status < 300, isTaken, `${status} ${code}`);
      assert.deepEqual(await stored(key), isTaken ? expected : null);
    });
  }

  test(`${framing}: stores nothing of a body that is cut`, async () => {
    await send(servers[framing], { uri: `/${framing}/cut`, framing: both(body.length), body: chunks(body).subarray(0, 1500), cut: true });
    assert.equal(await stored(`${framing}/cut`), null);
  });
}

/** Initiate, one part and Complete: the statuses, and what is stored. */
async function multipart(server, key) {
  const uri = `/${key}`;
  const initiated = await send(server, { method: 'POST', uri, querystring: 'uploads', framing: both(0), body: chunks(Buffer.alloc(0)) });
  const uploadId = element(initiated.answer, 'UploadId');
  if (!uploadId) return [initiated.status];
  const part = await send(server, { uri, querystring: `partNumber=1&uploadId=${uploadId}`, framing: both(body.length), body: chunks(body) });
  const etag = /^etag: (.*)\r$/im.exec(part.answer)?.[1];
  const list = Buffer.from(`<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`);
  const completed = await send(server, { method: 'POST', uri, querystring: `uploadId=${uploadId}`, framing: both(list.length), body: chunks(list) });
  return [initiated.status, part.status, completed.status];
}

for (const [framing, statuses] of Object.entries({
  'keep-both': [200, 411, 400],
  'drop-length': [200, 411, 411],
  'drop-chunking': [200, 200, 200],
  refuse: [400],
  'trust-length': [200, 411, 400],
})) {
  test(`${framing}: uploads in parts rightly, or not at all`, async () => {
    const key = `${framing}/parts`;
    assert.deepEqual(await multipart(servers[framing], key), statuses);
    assert.deepEqual(await stored(key), statuses.at(-1) === 200 ? body : null);
  });
}

test('an API Gateway that refuses chunked requests lets C begin no upload but under drop-chunking', async () => {
  for (const [framing, statuses] of [['keep-both', [500]], ['drop-length', [500]], ['drop-chunking', [200, 200, 200]]]) {
    const server = await started({ framing, apiChunked: 'refused' });
    assert.deepEqual(await multipart(server, `api/${framing}`), statuses, framing);
    await server.close();
  }
});

test('a body over HTTP/2, which needs neither header, is refused by S3', async () => {
  const event = signedEvent({ uri: '/http2' });
  const viewer = await functions['viewer-request'].create({ now: () => NOW, log: () => {} })(event);
  const request = await functions['origin-request'].create({ now: () => NOW, log: () => {} })(originEvent(viewer));
  const signed = await signedRequest(request, s3);
  const { status, code } = await sendToS3(signed, 'abcde');
  assert.deepEqual([status, code], [501, 'NotImplemented']);
  const upstream = openRequest(signed, { hasBody: false });
  upstream.end();
  assert.equal(await new Promise((resolve) => upstream.once('response', (one) => resolve(one.resume().statusCode))), 411);
  assert.equal(await stored('http2'), null);
});
