// The relay as the entrance, on raw sockets: what a client says of itself isn't believed, and every refusal is OSS's.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { after, test } from 'node:test';

import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';

import { loadFunctions } from '../../cli/load-functions.mjs';
import { DOCUMENTS, NOW, signedEvent } from '../shim/fixture.mjs';
import { HOST, S3_BUCKET, documents, signed, startEntrance } from './entrance-fixture.mjs';
import { MIB, chunked, exchange } from './fixture.mjs';

const PAGE = 'https://app.example.com';
const relay = await startEntrance({ fields: { headObject: 'absent', cors: { origins: [PAGE] } } });
after(() => relay.close());

const length = (/** @type {{ length: number }} */ body) => `Content-Length: ${body.length}`;

test('stores what was signed, and what nobody signed reaches S3 in no header', async () => {
  const body = Buffer.from('hello');
  const forged = [
    length(body),
    'x-amz-acl: public-read',
    'x-amz-meta-forged: 1',
    'x-amz-cf-id: forged',
    'X-Forwarded-For: 198.51.100.9',
    'If-None-Match: *',
  ];
  const answer = await put('logs/boot.txt', body, { 'x-oss-meta-a': '1', 'content-type': 'text/plain' }, forged);
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.headers.ETag, '"5d41402abc4b2a76b9719d911017c592"');
  const object = await relay.s3.send(new GetObjectCommand({ Bucket: S3_BUCKET, Key: 'logs/boot.txt' }));
  assert.deepEqual([object.Metadata, object.ContentType], [{ a: '1' }, 'text/plain']);
  const line = relay.lines.at(-1);
  assert.deepEqual([line.clientIp, line.cloudFrontRequestId], ['127.0.0.1', undefined]);
  assert.deepEqual([line.decision, line.operation, line.key, line.bytes], ['forward', 'PutObject', 'logs/boot.txt', 5]);
  assert.equal(answer.headers['x-oss-request-id'], line.ossRequestId);
});

test('a body that begins like a chunk is stored as it is', async () => {
  const body = Buffer.from('5\r\nhello\r\n0\r\n\r\n');
  assert.equal((await put('chunk-like', body)).status, 200);
  assert.equal(await stored('chunk-like'), body.toString());
});

test('gives S3 a Content-Disposition beyond ASCII as it was sent, whatever the size', async () => {
  const name = 'attachment; filename="日志.txt"';
  const wire = Buffer.from(name).toString('latin1');
  for (const size of [0, 1, 70_000, 5 * MIB + 1]) {
    const body = randomBytes(size);
    const head = Buffer.from(signed({ key: `named/${size}`, headers: { 'content-disposition': wire } }, [length(body)]), 'latin1');
    const answer = await exchange(relay.port, [head, body]);
    assert.equal(answer.status, 200, answer.body);
    const { ContentDisposition } = await relay.s3.send(new GetObjectCommand({ Bucket: S3_BUCKET, Key: `named/${size}` }));
    assert.equal(Buffer.from(String(ContentDisposition), 'latin1').toString(), name, `${size}`);
  }
});

test("takes no edge's hand-over, with the right secret of one", async () => {
  const { api: _, ...config } = DOCUMENTS.config;
  const edge = { ...DOCUMENTS, config: { ...config, relay: { domain: 'relay.example.com', path: '' }, bodiesWithoutLength: 'relay' } };
  const viewerRequest = (await loadFunctions(edge))['viewer-request'].create({ now: () => NOW, log: () => {} });
  const { uri, headers } = await viewerRequest(signedEvent({ headers: { 'transfer-encoding': 'chunked' } }));
  assert.equal(uri, '/put-object');
  const names = ['x-ossedge-request', 'x-ossedge-seal', 'x-ossedge-origin'];
  const handOver = names.map((name) => `${name}: ${headers[name][0].value}`);
  const forged = [...handOver, 'x-ossedge-origin-secret: the-origin-secret-of-the-distribution'];
  const head = [`PUT ${uri} HTTP/1.1`, `Host: ${HOST}`, ...forged, 'Transfer-Encoding: chunked'].join('\r\n');
  const answer = await exchange(relay.port, [`${head}\r\n\r\n`, chunked(Buffer.from('forged'))]);
  assert.deepEqual([answer.status, answer.code], [403, 'AccessDenied']);
  assert.equal(relay.lines.at(-1).operation, 'PutObject');
  // Beside a signature of its own they change nothing.
  const body = Buffer.from('own');
  assert.equal((await put('own.txt', body, {}, [length(body), ...forged])).status, 200);
  assert.equal(await stored('own.txt'), 'own');
  assert.deepEqual((await keys()).filter((key) => /boot|put-object/u.test(key)), ['logs/boot.txt']);
});

test('health is asked for by a path that no object has', async () => {
  const before = relay.lines.length;
  const alive = await exchange(relay.port, [`GET /.oss-edge/health HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`]);
  assert.deepEqual([alive.status, alive.body, relay.lines.length], [200, 'ok\n', before]);
  for (const [target, more] of [['GET /health', []], ['GET /.oss-edge/health?a', []], ['HEAD /.oss-edge/health', []], ['GET /%2Eoss-edge/health', []], ['PUT /.oss-edge/health', ['Content-Length: 0']]]) {
    const head = [`${target} HTTP/1.1`, `Host: ${HOST}`, ...more].join('\r\n');
    const answer = await exchange(relay.port, [`${head}\r\n\r\n`]);
    assert.ok(answer.status >= 400 && answer.status < 500, `${target}: ${answer.status}`);
  }
  const body = Buffer.from('x');
  const own = await put('.oss-edge/health', body);
  assert.deepEqual([own.status, own.code], [400, 'InvalidObjectName']);
  assert.equal((await put('health', body)).status, 200);
});

for (const [what, head, status, code] of /** @type {const} */ ([
  ['a whole URL', `PUT http://${HOST}/a HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 0`, 400, 'InvalidArgument'],
  ['an asterisk', `OPTIONS * HTTP/1.1\r\nHost: ${HOST}`, 400, 'InvalidArgument'],
  ['no Host', 'PUT /a HTTP/1.1\r\nContent-Length: 0', 403, 'AccessDenied'],
  ['two Hosts', `PUT /a HTTP/1.1\r\nHost: ${HOST}\r\nHost: other.example.com\r\nContent-Length: 0`, 400, 'InvalidArgument'],
  ['an unknown Host', 'PUT /a HTTP/1.1\r\nHost: other.example.com\r\nContent-Length: 0', 403, 'AccessDenied'],
  ['another expectation', `PUT /a HTTP/1.1\r\nHost: ${HOST}\r\nExpect: miracles\r\nContent-Length: 0`, 400, 'InvalidArgument'],
  ['another method', `PATCH /a HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 0`, 405, 'MethodNotAllowed'],
  ['an upgrade', `GET /a HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: h2c`, 405, 'MethodNotAllowed'],
  ['a tunnel', `CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}`, 400, 'InvalidArgument'],
  ['no signature', `PUT /a HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 0`, 403, 'AccessDenied'],
  ['no request at all', 'hello', 400, 'InvalidArgument'],
  ['a header of the PROXY protocol where none is expected', 'PROXY TCP4 198.51.100.9 10.0.0.1 1 2', 400, 'InvalidArgument'],
  ['a blank before a colon', `PUT /a HTTP/1.1\r\nHost : ${HOST}\r\nContent-Length: 0`, 400, 'InvalidArgument'],
  ['both framings', `PUT /a HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked`, 400, 'InvalidArgument'],
  ['larger headers than are taken', `PUT /a HTTP/1.1\r\nHost: ${HOST}\r\nx-oss-meta-a: ${'a'.repeat(40_000)}`, 400, 'InvalidArgument'],
])) {
  test(`refuses ${what} in OSS's words and with one line`, async () => {
    const before = relay.lines.length;
    const answer = await exchange(relay.port, [`${head}\r\n\r\n`]);
    assert.deepEqual([answer.status, answer.code], [status, code], answer.body);
    assert.match(answer.headers['Content-Type'], /^application\/xml/u);
    await relay.logged(before + 1);
    const [line, ...others] = relay.lines.slice(before);
    assert.deepEqual([line.decision, line.status, line.code, line.clientIp, others], ['deny', status, code, '127.0.0.1', []]);
    assert.ok(line.detail && line.ossRequestId, JSON.stringify(line));
    assert.equal(/<RequestId>(.*)</u.exec(answer.body)?.[1], line.ossRequestId);
  });
}

test('refuses a wrong signature, a header that was added to it, and a key that differs', async () => {
  for (const head of [
    signed({ secret: 'another' }, ['Content-Length: 0']),
    signed({}, ['Content-Length: 0', 'x-oss-meta-added: 1']),
    signed({}, ['Content-Length: 0']).replace('PUT /a.txt', 'PUT /b.txt'),
    signed({}, ['Content-Length: 0']).replace('PUT /a.txt', 'PUT /a%2Etxt/'),
  ]) {
    const answer = await exchange(relay.port, [head]);
    assert.deepEqual([answer.status, answer.code], [403, 'SignatureDoesNotMatch'], answer.body);
  }
  assert.ok(!JSON.stringify(relay.lines).includes('Signature='), 'no signature is logged');
});

test('tells only who may send a body to send it', async () => {
  const body = randomBytes(70_000);
  const socket = net.connect({ port: relay.port, host: '127.0.0.1' });
  const received = [];
  socket.on('data', (data) => received.push(data.toString('latin1')));
  const until = async (/** @type {RegExp} */ pattern) => {
    while (!pattern.test(received.join(''))) await once(socket, 'data');
  };
  socket.write(signed({ key: 'expected' }, [length(body), 'Expect: 100-continue']));
  await until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/u);
  socket.write(body);
  await until(/HTTP\/1\.1 200 OK/u);
  socket.destroy();
  const refused = net.connect({ port: relay.port, host: '127.0.0.1' });
  refused.write(signed({ key: 'expected', secret: 'wrong' }, [length(body), 'Expect: 100-continue']));
  const [answer] = await once(refused, 'data');
  assert.match(answer.toString(), /^HTTP\/1\.1 403 Forbidden\r\n/u);
  await once(refused.resume(), 'close');
});

test('answers a preflight, and lets the page read what it is answered', async () => {
  const preflight = [`OPTIONS /a HTTP/1.1`, `Host: ${HOST}`, `Origin: ${PAGE}`, 'Access-Control-Request-Method: PUT'];
  const answered = await exchange(relay.port, [`${preflight.join('\r\n')}\r\n\r\n`]);
  assert.deepEqual([answered.status, answered.headers['Access-Control-Allow-Origin']], [200, PAGE]);
  assert.deepEqual([relay.lines.at(-1).decision, relay.lines.at(-1).status], ['answer', 200]);
  const body = Buffer.from('x');
  const allowedOf = async (/** @type {Promise<any>} */ answer) => [(await answer).status, (await answer).headers['Access-Control-Allow-Origin']];
  const from = [length(body), `Origin: ${PAGE}`];
  assert.deepEqual(await allowedOf(put('page', body, {}, from)), [200, PAGE]);
  assert.deepEqual(await allowedOf(put('page', body, { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' }, from)), [400, PAGE]);
  assert.deepEqual(await allowedOf(exchange(relay.port, [signed({ secret: 'wrong' }, from), body])), [403, PAGE]);
  const other = [length(body), 'Origin: https://other.example.com'];
  assert.deepEqual(await allowedOf(put('page', body, {}, other)), [200, undefined]);
});

test('a failure to decide is an error in OSS\'s words, and nothing is stored', async () => {
  const failing = { decideAtEntrance: () => { throw new Error('secret text'); } };
  const broken = await startEntrance({ options: { gate: failing } });
  const body = Buffer.from('x');
  const answer = await exchange(broken.port, [signed({ key: 'broken' }, [length(body)]), body]);
  assert.deepEqual([answer.status, answer.code], [500, 'InternalError']);
  assert.deepEqual([broken.lines.length, broken.lines[0].detail], [1, 'Error']);
  const without = await startEntrance({ options: { gate: {} } });
  assert.equal((await exchange(without.port, [signed({}, [length(body)]), body])).status, 500);
  await Promise.all([broken.close(), without.close()]);
});

test('with access keys that can\'t be fetched it asks the client to come again', async () => {
  const unfetched = { ready: () => false, arrival: async () => false, retryAfter: () => 7 };
  const keyless = await startEntrance({ options: { keys: unfetched } });
  const body = Buffer.from('x');
  const answer = await exchange(keyless.port, [signed({}, [length(body)]), body]);
  assert.deepEqual([answer.status, answer.code, answer.headers['Retry-After']], [503, 'ServiceUnavailable', '7']);
  await keyless.close();
});

test('bounds what one key sends at once, and how slowly', async () => {
  const settings = { bodiesPerKey: 1, minBytesPerSecond: 1000, rateSeconds: 1, headersSeconds: 1 };
  const bounded = await startEntrance({ settings });
  const slow = exchange(bounded.port, [signed({ key: 'slow' }, ['Content-Length: 100000']), Buffer.alloc(10)]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const body = Buffer.from('x');
  const second = await exchange(bounded.port, [signed({ key: 'second' }, [length(body)]), body]);
  assert.deepEqual([second.status, second.code], [503, 'ServiceUnavailable']);
  assert.deepEqual([(await slow).status, (await slow).code], [400, 'RequestTimeout']);
  const silent = await exchange(bounded.port, [`PUT /a HTTP/1.1\r\nHost: ${HOST}\r\n`]);
  assert.deepEqual([silent.status, silent.code], [400, 'RequestTimeout']);
  assert.equal(bounded.lines.length, 3);
  await bounded.close();
});

test('stores nothing of a body that ends early or has another length', async () => {
  const body = randomBytes(6 * MIB);
  await exchange(relay.port, [signed({ key: 'cut' }, [length(body)]), body.subarray(1)], { end: true });
  const framed = chunked(body);
  await exchange(relay.port, [signed({ key: 'cut' }, ['Transfer-Encoding: chunked']), framed.subarray(0, -5)], { end: true });
  const invalid = await exchange(relay.port, [signed({ key: 'cut' }, ['Transfer-Encoding: chunked']), 'zz\r\nhello']);
  assert.equal(invalid.status, 400);
  assert.ok(!(await keys()).includes('cut'));
});

test('aborting an upload removes what waited beside it', async () => {
  const staging = await startEntrance({ fields: { smallParts: 'stage' } });
  const begun = await exchange(staging.port, [signed({ method: 'POST', key: 'up', query: 'uploads' }, ['Content-Length: 0'])]);
  const uploadId = /<UploadId>([^<]*)/u.exec(begun.body)?.[1];
  const body = randomBytes(100_000);
  const part = await exchange(staging.port, [signed({ key: 'up', query: `partNumber=1&uploadId=${uploadId}` }, [length(body)]), body]);
  assert.equal(part.status, 200, part.body);
  const all = async () => ((await staging.s3.send(new ListObjectsV2Command({ Bucket: S3_BUCKET }))).Contents ?? []).map(({ Key }) => Key);
  assert.match((await all()).join(), /^\.oss-edge\/parts\/.*\/00001$/u);
  const abort = [signed({ method: 'DELETE', key: 'up', query: `uploadId=${uploadId}` }, ['Connection: close'])];
  const aborted = await exchange(staging.port, abort);
  assert.deepEqual([aborted.status, aborted.headers['Content-Length']], [204, undefined]);
  assert.deepEqual(await all(), []);
  const again = await exchange(staging.port, abort);
  assert.deepEqual([again.status, again.code], [404, 'NoSuchUpload']);
  await staging.close();
});

test('takes no origin secret, which would say that an edge is before it', async () => {
  const { relay: bundled } = await loadFunctions(documents());
  assert.throws(() => bundled.create({ originSecret: 'the-origin-secret-of-the-distribution' }), /^Error: ORIGIN_SECRET: expected none/u);
});

/** @param {string} key @param {Buffer} body @param {Record<string, string>} [headers] @param {string[]} [more] */
function put(key, body, headers = {}, more = [length(body)]) {
  return exchange(relay.port, [signed({ key, headers }, more), body]);
}

/** @param {string} key */
async function stored(key) {
  const object = await relay.s3.send(new GetObjectCommand({ Bucket: S3_BUCKET, Key: key }));
  return object.Body.transformToString();
}

async function keys() {
  const { Contents = [] } = await relay.s3.send(new ListObjectsV2Command({ Bucket: S3_BUCKET }));
  return Contents.map(({ Key }) => Key);
}
