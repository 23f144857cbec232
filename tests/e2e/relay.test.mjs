// Uploads through a gateway with a relay: published SDKs that stream without a length, and the framing of those that can't
// be had here, on raw sockets.

import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Readable } from 'node:stream';

import OSS from 'ali-oss';

import { FRAMINGS } from '../../local/request-framing.mjs';
import { MIB, chunked, exchange } from '../relay/fixture.mjs';
import { BUCKET, FIRST_KEY, RELAY_CONFIG, localAgent, startGateway } from './fixture.mjs';

/** What CloudFront may make of two framings, so that such uploads succeed; of the others nothing is stored. */
const STORED = ['drop-length', 'drop-chunking'];

const agent = localAgent();

let gateway;
let refusing;

before(async () => {
  gateway = await startGateway(undefined, { config: RELAY_CONFIG });
  refusing = await startGateway(undefined, { config: { ...RELAY_CONFIG, bodiesWithoutLength: 'refuse' } });
});

after(async () => {
  agent.destroy();
  await gateway.close();
  await refusing.close();
  assert.ok(gateway.loggingFunctions().includes('relay'), 'whose lines were checked');
});

for (const size of [0, 1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 30 * MIB]) {
  test(`ali-oss streams ${size} bytes without a length`, async () => {
    const body = randomBytes(size);
    const key = `ali-oss/流 ${size}`;
    const { res } = await device().putStream(key, Readable.from(pieces(body)), { mime: 'video/mp4', meta: { device: '7' } });
    assert.equal(res.headers['x-oss-hash-crc64ecma'].length > 0, true);
    await gateway.assertStored(key, body);
    const object = await gateway.stored.get(key);
    assert.deepEqual([object.contentType, object.metadata], ['video/mp4', { device: '7' }]);
    assert.equal(lastRequest().origin, 'relay');
  });
}

for (const size of [1, 6 * MIB]) {
  test(`ali-oss streams ${size} bytes with a storage class`, async () => {
    const body = randomBytes(size);
    await device().putStream('ali-oss/class', Readable.from(pieces(body)), { headers: { 'x-oss-storage-class': 'IA' } });
    await gateway.assertStored('ali-oss/class', body);
    assert.equal((await gateway.stored.get('ali-oss/class')).storageClass, 'STANDARD_IA');
  });
}

test('ali-oss uploads in parts, the parts straight to S3 and the rest through the relay', async () => {
  const body = randomBytes(12 * MIB);
  await device().multipartUpload('ali-oss/parts', body, { partSize: 5 * MIB });
  await gateway.assertStored('ali-oss/parts', body);
  const origins = gateway.requests.slice(-5).map(({ operation, origin }) => `${operation} ${origin}`);
  assert.deepEqual([...origins].sort(), [
    'CompleteMultipartUpload relay', 'InitiateMultipartUpload relay', 'UploadPart s3', 'UploadPart s3', 'UploadPart s3',
  ]);
});

test('ali-oss is told of a wrong secret, before the body is stored', async () => {
  const wrong = device({ accessKeySecret: 'another' });
  await assert.rejects(wrong.putStream('ali-oss/wrong', Readable.from(pieces(randomBytes(MIB)))), { status: 403, code: 'SignatureDoesNotMatch' });
  assert.equal(await gateway.stored.get('ali-oss/wrong'), null);
});

test('without the option a stream is refused, and the log names it', async () => {
  const client = device({}, refusing);
  await assert.rejects(client.putStream('refused', Readable.from(pieces(randomBytes(10)))), { status: 411, code: 'MissingContentLength' });
  assert.match(refusing.requests.at(-1).detail, /`bodiesWithoutLength` is "refuse"/u);
  await client.put('buffer', Buffer.from('a length is known'));
});

// As the SDKs for C, C++, C# and Ruby were recorded on the wire: how each frames what it uploads.
for (const [sdk, framing, expects] of /** @type {const} */ ([
  ['C', 'both', true],
  ['C++', 'chunks', false],
  ['C#', 'chunks', true],
  ['Ruby', 'chunks', false],
])) {
  test(`takes objects and parts as the SDK for ${sdk} frames them`, async () => {
    const send = (method, key, query, body, headers = {}) => {
      const lines = ['Transfer-Encoding: chunked'];
      if (framing === 'both') lines.push(`Content-Length: ${body.length}`);
      // Without waiting for 100, as these clients do after a second.
      if (expects) lines.push('Expect: 100-continue');
      return signedExchange({ method, key, query, headers, lines, body });
    };
    for (const size of [0, 1, 70_000, 5 * MIB + 1, 12 * MIB]) {
      const body = randomBytes(size);
      const key = `${sdk}/objects/${size}`;
      const answer = await send('PUT', key, '', body, { 'content-type': 'application/octet-stream', 'x-oss-meta-n': String(size) });
      assert.equal(answer.status, 200, answer.body);
      await gateway.assertStored(key, body);
      assert.deepEqual((await gateway.stored.get(key)).metadata, { n: String(size) });
    }
    const [first, last, key] = [randomBytes(6 * MIB), randomBytes(100_000), `${sdk}/parts`];
    // C's POSTs have a body of no bytes in chunks.
    const begun = await send('POST', key, 'uploads', Buffer.alloc(0));
    const uploadId = /<UploadId>([^<]*)/u.exec(begun.body)?.[1];
    const etags = [];
    for (const [index, body] of [first, last].entries()) {
      const answer = await send('PUT', key, `partNumber=${index + 1}&uploadId=${uploadId}`, body);
      assert.equal(answer.headers.ETag, `"${createHash('md5').update(body).digest('hex')}"`, answer.body);
      etags.push(answer.headers.ETag);
    }
    const document = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`).join('');
    const done = await send('POST', key, `uploadId=${uploadId}`, Buffer.from(`<CompleteMultipartUpload>${document}</CompleteMultipartUpload>`));
    assert.equal(done.status, 200, done.body);
    await gateway.assertStored(key, Buffer.concat([first, last]));
  });
}

for (const framing of Object.keys(FRAMINGS)) {
  test(`where CloudFront would ${framing}, an upload like C's is stored as it is or refused`, async () => {
    const modelled = await startGateway(undefined, { config: RELAY_CONFIG, framing });
    for (const size of [0, 1, 20, 70_000, 6 * MIB]) {
      const body = randomBytes(size);
      const lines = ['Transfer-Encoding: chunked', `Content-Length: ${size}`];
      const answer = await signedExchange({ method: 'PUT', key: `both/${size}`, query: '', lines, body }, modelled);
      const object = await modelled.stored.get(`both/${size}`);
      if (answer.status === 200) assert.ok(object.body.equals(body), `${size} bytes`);
      else assert.equal(object, null, `${size} bytes: ${answer.status} ${answer.body}`);
      assert.equal(answer.status === 200, STORED.includes(framing) || (framing === 'trust-length' && size === 0), `${size} bytes: ${answer.status} ${answer.body}`);
    }
    await modelled.close();
  });
}

test('stores nothing of a body that the client cuts, or whose MD5 is another', async () => {
  const framed = chunked(randomBytes(6 * MIB));
  const request = { method: 'PUT', key: 'cut', query: '', lines: ['Transfer-Encoding: chunked'] };
  await signedExchange({ ...request, framed: framed.subarray(0, -5), end: true });
  const wrong = await signedExchange({ ...request, headers: { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' }, framed });
  assert.deepEqual([wrong.status, wrong.code], [400, 'InvalidDigest']);
  assert.equal(await gateway.stored.get('cut'), null);
});

function device(options = {}, { url } = gateway) {
  return new OSS({ ...FIRST_KEY, bucket: BUCKET, endpoint: `http://localhost:${new URL(url).port}`, cname: true, agent, timeout: 60_000, ...options });
}

function* pieces(body) {
  for (let at = 0; at < body.length; at += 50_000) yield body.subarray(at, at + 50_000);
}

function lastRequest() {
  return gateway.requests.at(-1);
}

/** One request signed by version 1, at the CNAME host. */
async function signedExchange({ method, key, query, headers = {}, lines, body = Buffer.alloc(0), framed = chunked(body), end = false }, { url } = gateway) {
  const date = new Date().toUTCString();
  const oss = Object.entries(headers).filter(([name]) => name.startsWith('x-oss-')).map(([name, value]) => `${name}:${value}\n`);
  const text = [method, headers['content-md5'] ?? '', headers['content-type'] ?? '', date, `${oss.join('')}/${BUCKET}/${key}${query && `?${query}`}`].join('\n');
  const signature = createHmac('sha1', FIRST_KEY.accessKeySecret).update(text).digest('base64');
  const all = { Host: 'localhost', Date: date, Authorization: `OSS ${FIRST_KEY.accessKeyId}:${signature}`, ...headers };
  const target = `/${key.split('/').map(encodeURIComponent).join('/')}${query && `?${query}`}`;
  const head = [`${method} ${target} HTTP/1.1`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`), ...lines].join('\r\n');
  return exchange(Number(new URL(url).port), [`${head}\r\n\r\n`, framed], { end });
}
