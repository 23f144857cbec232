// Bodies without a length through the relay: what is stored, what is answered, and what stores nothing.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { after, test } from 'node:test';

import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';

import { Crc64 } from '../../js-shim/operations/crc64.mjs';
import { NOW } from '../shim/fixture.mjs';
import { LIMIT, LIMITED_KEY, MIB, SECRET, chunked, exchange, handedOver, head, startRelay } from './fixture.mjs';

const CHUNKED = { 'transfer-encoding': 'chunked' };
const clock = { now: NOW };
/** The calls of S3. */
let calls = [];
const server = await startRelay({ clock, fault: (call) => void calls.push(call) });
after(() => server.close());

for (const [what, size] of [['no bytes', 0], ['1 byte', 1], ['64 KiB', 65_536], ['64 KiB and 1 byte', 65_537], ['5 MiB less 1 byte', 5 * MIB - 1], ['5 MiB', 5 * MIB], ['5 MiB and 1 byte', 5 * MIB + 1], ['10 MiB', 10 * MIB], ['30 MiB', 30 * MIB]]) {
  test(`stores a chunked object of ${what}, with its metadata`, async () => {
    const body = randomBytes(size);
    const key = `sizes/${size}.bin`;
    const headers = { ...CHUNKED, 'content-type': 'video/mp4', 'x-oss-meta-device': '设备', 'cache-control': 'no-store' };
    const answer = await put(key, body, { headers });
    assert.equal(answer.status, 200, answer.body);
    const [hex, base64] = ['hex', 'base64'].map((form) => createHash('md5').update(body).digest(form));
    assert.deepEqual([answer.headers.ETag, answer.headers['Content-MD5']], [`"${hex}"`, base64]);
    assert.equal(answer.headers['x-oss-hash-crc64ecma'], await crc64(body));
    assert.match(answer.headers['x-oss-request-id'], /^[0-9A-F]{24}$/u);
    const object = await stored(key);
    assert.ok(object.body.equals(body));
    assert.equal(object.ContentType, 'video/mp4');
    assert.equal(object.CacheControl, 'no-store');
    assert.deepEqual(object.Metadata, { device: '=?UTF-8?B?6K6+5aSH?=' });
    assert.deepEqual(await unfinished(), []);
  });
}

test('has S3 check the MD5 of a body in one request, and the SHA-256 of the parts of a larger one', async () => {
  for (const size of [0, 10, 100_000, 5 * MIB]) {
    const body = randomBytes(size);
    calls = [];
    assert.equal((await put('checked', body, { headers: CHUNKED })).status, 200);
    assert.deepEqual(digests(), [['PutObject', createHash('md5').update(body).digest('base64'), 'UNSIGNED-PAYLOAD']]);
    assert.match(calls[0].headers.authorization, /SignedHeaders=[^,]*\bcontent-md5;/u, 'the MD5 is signed in place of the body');
  }
  const body = randomBytes(6 * MIB);
  calls = [];
  assert.equal((await put('checked', body, { headers: CHUNKED })).status, 200);
  const sha256 = [body.subarray(0, 5 * MIB), body.subarray(5 * MIB)].map((part) => createHash('sha256').update(part).digest('hex'));
  assert.deepEqual(digests().filter(([name]) => name === 'UploadPart'), sha256.map((digest) => ['UploadPart', undefined, digest]));
});

test('answers the check value of CRC-64/XZ', async () => {
  assert.equal(BigInt(await crc64(Buffer.from('123456789'))).toString(16), '995dc9bbdf1939fa');
  const bytes = randomBytes(1000);
  for (const cut of [0, 1, 7, 8, 9, 500, 999]) {
    const [checksum, other] = [await Crc64.create(), await Crc64.create()];
    checksum.update(bytes.subarray(0, cut));
    other.update(bytes);
    checksum.update(bytes.subarray(cut));
    assert.equal(checksum.digest(), await crc64(bytes), `cut at ${cut}`);
  }
});

test('keeps what is there where overwriting is forbidden, whole or in parts', async () => {
  for (const size of [10, 6 * MIB]) {
    const [first, second] = [randomBytes(size), randomBytes(size)];
    const headers = { ...CHUNKED, 'x-oss-forbid-overwrite': 'true' };
    assert.equal((await put(`once/${size}`, first, { headers })).status, 200);
    const again = await put(`once/${size}`, second, { headers });
    assert.deepEqual([again.status, again.code], [409, 'FileAlreadyExists']);
    assert.ok((await stored(`once/${size}`)).body.equals(first));
    assert.deepEqual(await unfinished(), []);
  }
});

test('checks Content-MD5 before anything is stored, whole or in parts', async () => {
  for (const size of [0, 10, 100_000, 6 * MIB]) {
    const body = randomBytes(size);
    const md5 = createHash('md5').update(body).digest('base64');
    const wrong = await put('md5', body, { headers: { ...CHUNKED, 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfA==' } });
    assert.deepEqual([wrong.status, wrong.code], [400, 'InvalidDigest'], `${size} bytes`);
    await nothingStored('md5');
    assert.equal((await put(`md5/${size}`, body, { headers: { ...CHUNKED, 'content-md5': md5 } })).status, 200);
  }
});

test('stores nothing of a body that is cut before its end, wherever it is cut', async () => {
  for (const size of [10, 100_000, 5 * MIB, 6 * MIB, 11 * MIB]) {
    const framed = chunked(randomBytes(size));
    const { path, handOver } = await handedOver({ uri: '/cut', headers: CHUNKED });
    // Within a chunk, within its size, and before the last chunk, which alone says that the body is whole.
    for (const kept of [Math.floor(framed.length / 2), framed.length - 7, framed.length - 5, framed.length - 2]) {
      const before = server.lines.length;
      const answer = await exchange(server.port, [head({ path, handOver }, ['Transfer-Encoding: chunked']), framed.subarray(0, kept)], { end: true });
      await server.logged(before + 1);
      assert.notEqual(answer.status, 200, `${kept} of ${framed.length} bytes`);
      await nothingStored('cut');
    }
  }
});

test('holds the limit of a key by count', async () => {
  const at = await put('limit/at', randomBytes(LIMIT), { accessKey: LIMITED_KEY });
  assert.equal(at.status, 200, at.body);
  const over = await put('limit/over', randomBytes(LIMIT + 1), { accessKey: LIMITED_KEY });
  assert.deepEqual([over.status, over.code], [400, 'EntityTooLarge']);
  await nothingStored('limit/over');
});

test('ends a body that is too large while it arrives, and the client reads the answer', async () => {
  const { path, handOver } = await handedOver({ uri: '/limit/endless', headers: CHUNKED, accessKey: LIMITED_KEY });
  const piece = chunked(randomBytes(MIB)).subarray(0, -5);
  const answer = await exchange(server.port, [head({ path, handOver }, ['Transfer-Encoding: chunked']), ...Array(40).fill(piece), '0\r\n\r\n']);
  assert.deepEqual([answer.status, answer.code, answer.headers.Connection], [400, 'EntityTooLarge', 'close']);
  await nothingStored('limit/endless');
});

test('takes a body that has neither header, as over HTTP/2, for what the last hop makes of it', async () => {
  const { path, handOver } = await handedOver({ uri: '/neither' });
  const empty = await exchange(server.port, head({ path, handOver }, ['Content-Length: 0']));
  assert.equal(empty.status, 200);
  assert.equal((await stored('neither')).body.length, 0);
  const body = randomBytes(70_000);
  const sent = await exchange(server.port, [head({ path, handOver }, ['Transfer-Encoding: chunked']), chunked(body)]);
  assert.equal(sent.status, 200);
  assert.ok((await stored('neither')).body.equals(body));
});

test('stores no empty object where the framing of a body was lost on the way', async () => {
  for (const headers of [CHUNKED, {}]) {
    const { path, handOver } = await handedOver({ uri: '/lost', headers });
    const answer = await exchange(server.port, head({ path, handOver }));
    assert.deepEqual([answer.status, answer.code], [400, 'IncompleteBody']);
    await nothingStored('lost');
  }
});

test('stores bytes that only begin like the size of a chunk', async () => {
  for (const text of ['0'.repeat(100), `${'0'.repeat(18)} rest of a hex dump`.padEnd(100)]) {
    const { path, handOver } = await handedOver({ uri: '/digits', headers: { ...CHUNKED, 'content-length': '100' } });
    const answer = await exchange(server.port, head({ path, handOver }, ['Content-Length: 100']) + text);
    assert.equal(answer.status, 200, text);
    assert.equal(String((await stored('digits')).body), text);
  }
});

for (const size of [0, 3, 100_000, 5 * MIB, 6 * MIB, 12 * MIB]) {
  test(`stores ${size} bytes that came with a length and in chunks, and nothing of another length`, async () => {
    const body = randomBytes(size);
    const send = async (/** @type {number} */ declared, /** @type {string[]} */ framing, /** @type {Buffer} */ bytes) => {
      const { path, handOver } = await handedOver({ uri: `/both/${size}`, headers: { ...CHUNKED, 'content-length': String(declared) } });
      return exchange(server.port, [head({ path, handOver }, framing), bytes]);
    };
    for (const declared of [size - 1, size + 1].filter((one) => one >= 0)) {
      const other = await send(declared, ['Transfer-Encoding: chunked'], chunked(body));
      assert.deepEqual([other.status, other.code], [400, 'IncompleteBody'], `declared ${declared}`);
      await nothingStored(`both/${size}`);
    }
    const answer = await send(size, ['Transfer-Encoding: chunked'], chunked(body));
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.headers['x-oss-hash-crc64ecma'], await crc64(body));
    assert.ok((await stored(`both/${size}`)).body.equals(body));
    // A hop that reads the chunks and keeps the length.
    const unchunked = await send(size, [`Content-Length: ${size}`], body);
    assert.equal(unchunked.status, 200, unchunked.body);
    assert.ok((await stored(`both/${size}`)).body.equals(body));
  });
}

test('refuses chunks that a hop counted as content, and cut off at the declared length', async () => {
  for (const size of [1, 2, 3, 4, 20, 70_000, 6 * MIB]) {
    const { path, handOver } = await handedOver({ uri: '/framing', headers: { ...CHUNKED, 'content-length': String(size) } });
    const framed = chunked(Buffer.alloc(size, 0x7a)).subarray(0, size);
    const answer = await exchange(server.port, [head({ path, handOver }, [`Content-Length: ${size}`]), framed]);
    assert.deepEqual([answer.status, answer.code], [400, 'IncompleteBody'], `${size} bytes`);
    await nothingStored('framing');
  }
});

for (const [what, change, code] of /** @type {const} */ ([
  ['without the origin secret', { secret: null }, 'AccessDenied'],
  ['with a wrong origin secret', { secret: 'x'.repeat(SECRET.length) }, 'AccessDenied'],
  ['without a hand-over', { handOver: '' }, 'InvalidArgument'],
  ['with another\'s hand-over', { tamper: true }, 'SignatureDoesNotMatch'],
])) {
  test(`refuses a request ${what}`, async () => {
    const handed = await handedOver({ uri: '/refused', headers: CHUNKED });
    const tampered = Buffer.from(Buffer.from(handed.handOver, 'base64url').toString().replace('/refused', '/refuseD')).toString('base64url');
    const handOver = 'tamper' in change ? tampered : handed.handOver;
    const before = server.lines.length;
    const answer = await exchange(server.port, [head({ ...handed, handOver, ...change }, ['Transfer-Encoding: chunked']), chunked(Buffer.from('x'))]);
    assert.deepEqual([Math.floor(answer.status / 100), answer.code], [4, code]);
    assert.match(answer.headers['x-oss-request-id'], /^[0-9A-F]{24}$/u);
    await nothingStored('refused');
    const [line, ...more] = server.lines.slice(before);
    assert.deepEqual([line.decision, line.code, more.length], ['deny', code, 0]);
    assert.ok(!JSON.stringify(line).includes(SECRET));
  });
}

test('refuses what became too old on its way', async () => {
  clock.now = NOW + 300_001;
  const answer = await put('old', Buffer.from('x'));
  clock.now = NOW;
  assert.deepEqual([answer.status, answer.code], [403, 'RequestTimeTooSkewed']);
  await nothingStored('old');
});

test('says that it lives to whoever asks', async () => {
  assert.equal((await exchange(server.port, 'GET /health HTTP/1.1\r\nHost: h\r\n\r\n')).status, 200);
  assert.equal((await exchange(server.port, 'POST /health HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n')).status, 403);
  assert.equal((await exchange(server.port, 'GET /other HTTP/1.1\r\nHost: h\r\n\r\n')).status, 403);
});

/** @param {string} key @param {Buffer} body */
async function put(key, body, { headers = CHUNKED, ...request } = {}) {
  const { path, handOver } = await handedOver({ uri: `/${key}`, headers, ...request });
  return exchange(server.port, [head({ path, handOver }, ['Transfer-Encoding: chunked']), chunked(body)]);
}

/** @param {string} key */
async function stored(key) {
  const found = await server.s3.send(new GetObjectCommand({ Bucket: 'fleet-uploads-prod', Key: key }));
  return { ...found, body: Buffer.from(await found.Body.transformToByteArray()) };
}

/** What S3 was told to check of each call's body. */
function digests() {
  return calls.map(({ operation, headers }) => [operation, headers['content-md5'], headers['x-amz-content-sha256']]);
}

/** Neither an object nor an upload that was begun. */
async function nothingStored(/** @type {string} */ key) {
  const { Contents = [] } = await server.s3.send(new ListObjectsV2Command({ Bucket: 'fleet-uploads-prod' }));
  assert.ok(!Contents.some(({ Key }) => Key === key), key);
  assert.deepEqual(await unfinished(), []);
}

/** Uploads that were begun and are neither completed nor aborted, by their folders. */
async function unfinished() {
  const names = await readdir(server.directory, { recursive: true });
  return names.filter((name) => /uploads\/[^/]+$/u.test(name));
}

/** @param {Buffer} bytes */
async function crc64(bytes) {
  const checksum = await Crc64.create();
  checksum.update(bytes);
  return checksum.digest();
}
