// Parts without a length through the relay, and the operations of an upload in parts.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, test } from 'node:test';

import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';

import { requestText } from '../../js-shim/core/event-text.mjs';
import { element, s3UploadIdOf, signedEvent } from '../shim/fixture.mjs';
import { MIB, chunked, exchange, handedOver, head, startRelay } from './fixture.mjs';

const CHUNKED = { 'transfer-encoding': 'chunked' };

/** Commands that must fail, by name. @type {Set<string>} */
const failing = new Set();
/** @type {string[]} */
let sent = [];
const server = await startRelay({ s3Client: async () => ({ send: (command, options) => sendOrFail(command, options) }) });
after(() => server.close());

for (const [what, size] of [['empty', 0], ['small', 100], ['of 5 MiB', 5 * MIB], ['of 5 MiB and a byte', 5 * MIB + 1], ['of 12 MiB', 12 * MIB]]) {
  test(`uploads a part that is ${what}, and completes with it`, async () => {
    const key = `parts/${size}.bin`;
    const [first, last] = [randomBytes(8 * MIB), randomBytes(size)];
    const uploadId = await begin(key);
    const parts = [];
    for (const [index, body] of [first, last].entries()) {
      const answer = await part(key, uploadId, index + 1, body);
      assert.equal(answer.status, 200, answer.body);
      assert.equal(answer.headers.ETag, `"${createHash('md5').update(body).digest('hex')}"`);
      parts.push(`<Part><PartNumber>${index + 1}</PartNumber><ETag>${answer.headers.ETag}</ETag></Part>`);
    }
    const listed = await request(key, `uploadId=${uploadId}`, { method: 'GET' });
    assert.deepEqual([listed.status, [...listed.body.matchAll(/<Size>(\d+)/gu)].map(([, bytes]) => Number(bytes))], [200, [8 * MIB, size]]);
    assert.equal(element(listed.body, 'UploadId'), uploadId);
    const document = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
    const completed = await request(key, `uploadId=${uploadId}`, { method: 'POST', headers: CHUNKED, body: document });
    assert.equal(completed.status, 200, completed.body);
    assert.equal(element(completed.body, 'Key'), key);
    const object = await server.s3.send(new GetObjectCommand({ Bucket: 'fleet-uploads-prod', Key: key }));
    assert.ok(Buffer.from(await object.Body.transformToByteArray()).equals(Buffer.concat([first, last])));
    assert.deepEqual(await keys(), [key]);
    await server.s3.send(new DeleteObjectCommand({ Bucket: 'fleet-uploads-prod', Key: key }));
  });
}

test('streams a part whose length is declared beside its chunks, without an object of its own', async () => {
  const [key, body] = ['both.bin', randomBytes(6 * MIB)];
  const uploadId = await begin(key);
  sent = [];
  const answer = await part(key, uploadId, 1, body, { ...CHUNKED, 'content-length': String(body.length) });
  assert.deepEqual([answer.status, sent], [200, ['UploadPartCommand']]);
  assert.equal(answer.headers.ETag, `"${createHash('md5').update(body).digest('hex')}"`);
});

for (const name of ['CreateMultipartUploadCommand', 'UploadPartCommand', 'CompleteMultipartUploadCommand', 'UploadPartCopyCommand']) {
  test(`leaves no object of its own behind when S3 fails at ${name}`, async () => {
    const uploadId = await begin('failing.bin');
    failing.add(name);
    const answer = await part('failing.bin', uploadId, 1, randomBytes(12 * MIB));
    failing.clear();
    assert.deepEqual([answer.status, answer.code, answer.wasRead], [503, 'ServiceUnavailable', true]);
    assert.deepEqual(await keys(), []);
    const again = await part('failing.bin', uploadId, 1, randomBytes(12 * MIB));
    assert.equal(again.status, 200);
  });
}

test('stores nothing of a part that is cut', async () => {
  const uploadId = await begin('cut.bin');
  for (const size of [100, 6 * MIB]) {
    const { path, handOver } = await handedOver({ uri: '/cut.bin', querystring: `partNumber=1&uploadId=${uploadId}`, headers: CHUNKED });
    const before = server.lines.length;
    const framed = chunked(randomBytes(size));
    const answer = await exchange(server.port, [head({ path, handOver }, ['Transfer-Encoding: chunked']), framed.subarray(0, -3)], { end: true });
    assert.notEqual(answer.status, 200);
    await server.logged(before + 1);
  }
  const listed = await request('cut.bin', `uploadId=${uploadId}`, { method: 'GET' });
  assert.equal(listed.body.includes('<Part>'), false);
  assert.deepEqual(await keys(), []);
});

test('refuses a document of CompleteMultipartUpload that is too long or cut', async () => {
  const uploadId = await begin('document.bin');
  const long = await request('document.bin', `uploadId=${uploadId}`, { method: 'POST', headers: CHUNKED, body: Buffer.alloc(4 * MIB + 1) });
  assert.deepEqual([long.status, long.code], [400, 'EntityTooLarge']);
  const wrong = await request('document.bin', `uploadId=${uploadId}`, { method: 'POST', headers: CHUNKED, body: Buffer.from('<a/>') });
  assert.deepEqual([wrong.status, wrong.code], [400, 'MalformedXML']);
});

test('takes no upload id that is not sealed for the object, whoever hands it over', async () => {
  const uploadId = String(await begin('sealed.bin'));
  assert.match(uploadId, /^s1\.2\.498745\.-\./u);
  sent = [];
  for (const [key, id] of [['sealed.bin', s3UploadIdOf(uploadId)], ['other.bin', uploadId], ['sealed.bin', uploadId.replace('.-.', '.f.')], ['sealed.bin', 'none']]) {
    for (const [method, path, querystring] of [['PUT', '/upload-part', `partNumber=1&uploadId=${id}`], ['POST', '/complete-multipart-upload', `uploadId=${id}`], ['GET', '/list-parts', `uploadId=${id}`]]) {
      const [{ cf }] = signedEvent({ method, uri: `/${key}`, querystring, headers: CHUNKED, resource: `/fleet-uploads/${key}?${querystring}` }).Records;
      const handOver = Buffer.from(requestText(cf.request, 'id')).toString('base64url');
      const answer = await exchange(server.port, [head({ path, handOver, method }, ['Transfer-Encoding: chunked']), chunked(Buffer.alloc(9))]);
      assert.deepEqual([answer.status, answer.code], [404, 'NoSuchUpload'], `${method} ${key} ${id}`);
    }
  }
  assert.deepEqual(sent, []);
});

async function sendOrFail(command, options) {
  const name = command.constructor.name.replace(/\d+$/u, '');
  sent.push(name);
  if (failing.has(name)) throw Object.assign(new Error('S3 fails'), { name: 'SlowDown' });
  return server.s3.send(command, options);
}

/** @param {string} key */
async function begin(key) {
  const answer = await request(key, 'uploads', { method: 'POST', headers: CHUNKED });
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.headers['Content-Type'], 'application/xml');
  return element(answer.body, 'UploadId');
}

async function part(key, uploadId, number, body, headers = CHUNKED) {
  return request(key, `partNumber=${number}&uploadId=${uploadId}`, { method: 'PUT', headers, body });
}

async function request(key, querystring, { method, headers = {}, body = Buffer.alloc(0) }) {
  const { path, handOver } = await handedOver({ method, uri: `/${key}`, querystring, headers, resource: `/fleet-uploads/${key}?${querystring}` });
  const framing = method === 'GET' ? [] : ['Transfer-Encoding: chunked'];
  return exchange(server.port, [head({ path, handOver, method }, framing), ...(method === 'GET' ? [] : [chunked(body)])]);
}

async function keys() {
  const { Contents = [] } = await server.s3.send(new ListObjectsV2Command({ Bucket: 'fleet-uploads-prod' }));
  return Contents.map(({ Key }) => Key);
}
