// The relay's server with a gate that decides by the path, and an S3 in memory: what it answers, what it logs, what it does
// with what is no request, and how it stops. uploads.test.mjs and entrance.test.mjs have the real gate.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { readDocumentsWasm, readWasm } from '../../cli/wasm-file.mjs';
import { sealFile } from '../../js-shim/core/gate.mjs';
import { createRelay } from '../../js-shim/relay/relay.mjs';
import { readSettings } from '../../js-shim/relay/settings.mjs';
import { BUCKET } from '../operations/device.mjs';
import { MemoryS3 } from '../operations/memory-s3.mjs';
import { chunked, exchange } from './wire.mjs';

const NOW = Date.parse('2026-11-24T01:52:57Z');
const SECRET = 'the-origin-secret-of-the-distribution';
const HELLO = Buffer.from('hello');
const [wasm, documentsWasm] = await Promise.all([readWasm(), readDocumentsWasm()]);
const seal = sealFile(documentsWasm, { secrets: [{ number: 1, secret: 'dGhlIGZpcnN0IHNlY3JldCwgYWxzbyAzMiBieXRlcy4' }] }, { uploadIds: true });

const UNDERSTOOD = { operation: 'PutObject', bucket: 'fleet', key: 'k', accessKeyId: 'key', scheme: 'v1-header', generation: '1', style: 'cname', reading: 'r', clockDifferenceSeconds: 0 };
const FORWARD = { decision: 'forward', ...UNDERSTOOD, requestId: 'R', s3Bucket: BUCKET, region: 'eu-west-1', query: '', options: [], headers: [], maxBodyBytes: 100 };
const DECISIONS = /** @type {Record<string, any>} */ ({
  '/stored': FORWARD,
  '/described': { ...FORWARD, operation: 'HeadObject' },
  '/begun': { ...FORWARD, operation: 'InitiateMultipartUpload', uploadOptions: '-' },
  '/refused': { decision: 'refuse', ...UNDERSTOOD, code: 'SignatureDoesNotMatch', status: 403, headers: [['x-oss-request-id', 'O']], body: '<Error/>', detail: 'signature mismatch', field: 'authorization', ossRequestId: 'O', renewal: 'never' },
  '/chunked': { ...FORWARD, bodyLength: 6, bodyIsChunked: true },
  '/unsendable': { decision: 'refuse', status: 403, code: 'C', headers: [['x-a', '\n']], body: '', detail: 'd', ossRequestId: 'O', renewal: 'never' },
  '/answered': { decision: 'answer', operation: undefined, status: 200, headers: [['Vary', 'Origin']], body: '', ossRequestId: 'O' },
});

/** @param {string} path */
function decide(path) {
  if (path in DECISIONS) return DECISIONS[path];
  throw new RangeError('secret text');
}

const gate = /** @type {any} */ ({
  decideAtEntrance: (/** @type {any} */ { uri }) => decide(uri),
  decideAtRelay: (/** @type {string} */ handOver) => decide(handOver),
  corsHeaders: (/** @type {string} */ origin) => [['Access-Control-Allow-Origin', origin]],
});

/** A relay, what it logs, and its S3. */
async function started({ settings = {}, ...options } = /** @type {any} */ ({})) {
  const s3 = new MemoryS3();
  const [lines, regions] = [/** @type {any[]} */ ([]), /** @type {string[]} */ ([])];
  Object.assign(s3, { HeadObject: () => ({ ContentLength: 7, LastModified: new Date(0) }) });
  const relay = createRelay({
    gate,
    wasm,
    seal,
    ...('originSecret' in options ? {} : { entrance: {} }),
    settings: { ...readSettings({}), port: 0, ...settings },
    s3Client: async (region) => (regions.push(region), /** @type {any} */ (s3)),
    now: () => NOW,
    log: ({ log: _, ...line }) => lines.push(line),
    ...options,
  });
  const port = await relay.listen('127.0.0.1');
  const logged = async (/** @type {number} */ count) => {
    while (lines.length < count) await new Promise((resolve) => setTimeout(resolve, 2));
    return lines.splice(0);
  };
  return { relay, port, s3, lines, regions, logged };
}

const entrance = await started();
after(() => entrance.relay.stop());

/** @param {string} path @param {string[]} [lines] */
const head = (path, lines = ['Content-Length: 5'], method = 'PUT') => `${[`${method} ${path} HTTP/1.1`, 'Host: h', 'User-Agent: sdk', ...lines].join('\r\n')}\r\n\r\n`;
const REQUEST = { clientIp: '127.0.0.1', host: 'h', method: 'PUT', userAgent: 'sdk', contentLength: 5, framing: 'length', vpcEndpointId: undefined };
const LINE = { time: '2026-11-24T01:52:57.000Z', function: 'relay' };
const PAGE = 'Origin: https://app.example.com';

test('performs what is forwarded, in its Region, and says what came', async () => {
  const answer = await exchange(entrance.port, [head('/stored'), HELLO]);
  const [line, ...others] = await entrance.logged(1);
  assert.deepEqual([answer.status, answer.headers['x-oss-request-id'], answer.headers['Content-Type'], answer.body], [200, 'R', undefined, '']);
  assert.ok(entrance.s3.bytesOf('k').equals(HELLO));
  assert.deepEqual([entrance.regions.at(-1), others], ['eu-west-1', []]);
  assert.deepEqual(line, { ...LINE, decision: 'forward', ...REQUEST, ...UNDERSTOOD, ossRequestId: 'R', status: 200, bytes: 5, joinedBytes: undefined });
});

test('answers with the headers that it says, and no others', async () => {
  const own = ['Cache-Control', 'Connection', 'Content-Length', 'Date'];
  for (const [bytes, more] of /** @type {[string, string[]][]} */ ([
    [head('/begun', ['Content-Length: 0'], 'POST'), ['Content-Type', 'Keep-Alive', 'x-oss-request-id']],
    [head('/stored') + HELLO, ['Content-MD5', 'ETag', 'Keep-Alive', 'x-oss-hash-crc64ecma', 'x-oss-request-id']],
    [head('/refused', ['Content-Length: 0']), ['Keep-Alive', 'x-oss-request-id']],
    [head('/.oss-edge/health', [], 'GET'), []],
  ])) {
    assert.deepEqual(Object.keys((await exchange(entrance.port, [bytes])).headers).sort(), [...own, ...more].sort());
  }
  await entrance.logged(3);
});

test("answers with an operation's document, its size, and what lets a page read it", async () => {
  const begun = await exchange(entrance.port, [head('/begun', ['Content-Length: 0', PAGE], 'POST')]);
  assert.deepEqual([begun.headers['Content-Type'], begun.headers['Access-Control-Allow-Origin']], ['application/xml', 'https://app.example.com']);
  assert.match(begun.body, /<InitiateMultipartUploadResult>/u);
  const described = await exchange(entrance.port, [head('/described', [], 'HEAD')], { end: true });
  assert.deepEqual([described.status, described.headers['Content-Length']], [200, '7']);
  await entrance.logged(2);
});

test('refuses as the gate says, in the answer and in the line', async () => {
  const answer = await exchange(entrance.port, [head('/refused', ['Content-Length: 5', PAGE]), HELLO]);
  assert.deepEqual([answer.status, answer.body, answer.headers['x-oss-request-id'], answer.headers['Access-Control-Allow-Origin']], [403, '<Error/>', 'O', undefined]);
  const refused = { status: 403, code: 'SignatureDoesNotMatch', detail: 'signature mismatch', field: 'authorization', ossRequestId: 'O' };
  assert.deepEqual(await entrance.logged(1), [{ ...LINE, decision: 'deny', ...REQUEST, ...UNDERSTOOD, ...refused }]);
});

test('answers as the gate says', async () => {
  const answer = await exchange(entrance.port, [head('/answered', ['Content-Length: 0'], 'OPTIONS')]);
  assert.deepEqual([answer.status, answer.headers.Vary, answer.headers['Content-Length']], [200, 'Origin', '0']);
  const [{ decision, status, ossRequestId, clientIp }] = await entrance.logged(1);
  assert.deepEqual([decision, status, ossRequestId, clientIp], ['answer', 200, 'O', '127.0.0.1']);
});

test('what fails is an error of OSS with the id of the line, and nobody is told its message', async () => {
  const answer = await exchange(entrance.port, [head('/failing', ['Content-Length: 5', PAGE]), HELLO]);
  assert.deepEqual([answer.status, answer.code, answer.headers['Access-Control-Allow-Origin']], [500, 'InternalError', 'https://app.example.com']);
  const [line, ...others] = await entrance.logged(1);
  assert.deepEqual(line, { ...LINE, decision: 'deny', ...REQUEST, ossRequestId: answer.headers['x-oss-request-id'], bytes: 0, status: 500, code: 'InternalError', detail: 'RangeError' });
  assert.deepEqual(others, []);
  assert.match(line.ossRequestId, /^[0-9A-F]{24}$/u);
});

test('a request that S3 fails has the id of it in its line', async (t) => {
  const denied = Object.assign(new Error('secret text'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403, requestId: '4442587FB7D0A2F9' } });
  const { relay, port, logged } = await started({ s3Client: async () => ({ send: () => Promise.reject(denied) }) });
  t.after(() => relay.stop());
  assert.equal((await exchange(port, [head('/stored', ['Content-Length: 5']), HELLO])).code, 'AccessDenied');
  const [{ code, detail, s3RequestId }] = await logged(1);
  assert.deepEqual([code, detail, s3RequestId], ['AccessDenied', 'AccessDenied (status 403)', '4442587FB7D0A2F9']);
});

test('what lets a page read an answer may fail, and the answer stays what it is', async () => {
  const failing = await started({ gate: { ...gate, corsHeaders: () => decide('/failing') } });
  for (const [path, status] of /** @type {const} */ ([['/stored', 200], ['/failing', 500]])) {
    const answer = await exchange(failing.port, [head(path, ['Content-Length: 5', PAGE]), HELLO]);
    assert.deepEqual([answer.status, answer.headers['Access-Control-Allow-Origin']], [status, undefined]);
  }
  assert.equal((await failing.logged(2)).length, 2);
  await failing.relay.stop();
});

test('a body that is refused is told with the bytes that came', async () => {
  const answer = await exchange(entrance.port, [head('/stored', ['Content-Length: 101', PAGE]), Buffer.alloc(101)]);
  assert.deepEqual([answer.status, answer.code, answer.headers['Access-Control-Allow-Origin']], [400, 'EntityTooLarge', 'https://app.example.com']);
  const [{ decision, code, ossRequestId, bytes }] = await entrance.logged(1);
  assert.deepEqual([decision, code, ossRequestId, bytes], ['deny', 'EntityTooLarge', 'R', 101]);
});

test('a body whose chunks a hop may have left in it is refused behind an edge, and is content at the entrance', async () => {
  const behind = await started({ originSecret: SECRET });
  const body = '5\r\nhel';
  const handedOver = ['x-ossedge-request: /chunked', `x-ossedge-origin-secret: ${SECRET}`, 'Content-Length: 6'];
  const refused = await exchange(behind.port, [head('/put-object', handedOver), body]);
  const stored = await exchange(entrance.port, [head('/chunked', ['Content-Length: 6']), body]);
  assert.deepEqual([refused.code, stored.status], ['IncompleteBody', 200]);
  await Promise.all([behind.logged(1), entrance.logged(1)]);
  await behind.relay.stop();
});

test('a request without a Host is decided at the entrance, and none behind an edge', async () => {
  const behind = await started({ originSecret: SECRET });
  const without = 'PUT /refused HTTP/1.1\r\nContent-Length: 0\r\n\r\n';
  assert.equal((await exchange(entrance.port, [without])).body, '<Error/>');
  assert.equal((await exchange(behind.port, [without])).status, 400);
  assert.deepEqual([(await entrance.logged(1)).length, behind.lines], [1, []]);
  await behind.relay.stop();
});

test('an answer that cannot be sent ends the connection', async () => {
  const answer = await exchange(entrance.port, [head('/unsendable', ['Content-Length: 0'])]);
  assert.equal(answer.status, 0);
  await entrance.logged(1);
});

test('refuses framing that the lenient parser takes, before anybody decides', async () => {
  const lenient = await started({ settings: { bothFramings: 'accept' } });
  assert.deepEqual([lenient.relay.server.maxRequestsPerSocket, entrance.relay.server.maxRequestsPerSocket], [1, 0]);
  const answer = await exchange(lenient.port, [head('/failing', ['Transfer-Encoding: chunked', 'a: b\x01']), chunked(HELLO)]);
  assert.deepEqual([answer.status, answer.code], [400, 'InvalidArgument']);
  assert.equal((await lenient.logged(1))[0].detail, 'a control character in a header');
  const both = await exchange(lenient.port, [head('/stored', ['Transfer-Encoding: chunked', 'Content-Length: 5']), chunked(HELLO)]);
  assert.deepEqual([both.status, both.headers.Connection], [200, 'close']);
  await lenient.relay.stop();
});

for (const [what, bytes, code, detail] of /** @type {[string, string, string, RegExp][]} */ ([
  ['no request', 'hello\r\n\r\n', 'InvalidArgument', /^not a request \(HPE_INVALID_METHOD\)$/u],
  ['both framings', head('/stored', ['Content-Length: 5', 'Transfer-Encoding: chunked']), 'InvalidArgument', /^not a request \(HPE_\w+\)$/u],
  ['larger headers than are taken', `GET / HTTP/1.1\r\nHost: h\r\na: ${'a'.repeat(40_000)}\r\n\r\n`, 'InvalidArgument', /^larger headers than `RELAY_HEADER_BYTES`$/u],
  ['a tunnel', 'CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n', 'InvalidArgument', /^not a request \(CONNECT\)$/u],
])) {
  test(`answers ${what} in OSS's words, with one line, and ends the connection`, async () => {
    const answer = await exchange(entrance.port, [bytes]);
    assert.deepEqual([answer.status, answer.code, answer.headers.Connection], [400, code, 'close']);
    const [line, ...others] = await entrance.logged(1);
    assert.match(line.detail, detail);
    const ossRequestId = answer.headers['x-oss-request-id'];
    assert.match(ossRequestId, /^[0-9A-F]{24}$/u);
    assert.deepEqual([{ ...line, detail: '' }, others], [{ ...LINE, decision: 'deny', status: 400, code, detail: '', ossRequestId, clientIp: '127.0.0.1' }, []]);
  });
}

test('a body that becomes unreadable gets one line, that of its request', async () => {
  const answer = await exchange(entrance.port, [head('/stored', ['Transfer-Encoding: chunked']), 'zz\r\n']);
  const [line, ...others] = await entrance.logged(1);
  assert.deepEqual([answer.status, line.code, line.ossRequestId, others], [400, 'IncompleteBody', 'R', []]);
  // And a second request on the connection of one that is done gets its own.
  const socket = net.connect({ port: entrance.port, host: '127.0.0.1' });
  socket.write(head('/stored') + HELLO);
  await entrance.logged(1);
  socket.write('hello\r\n\r\n');
  await once(socket.resume(), 'close');
  assert.equal((await entrance.logged(1))[0].detail, 'not a request (HPE_INVALID_METHOD)');
});

test('a client that does not send its headers is told so, and one that has gone is told nothing', async () => {
  const hasty = await started({ settings: { headersSeconds: 0.1 } });
  const silent = await exchange(hasty.port, ['PUT /stored HTTP/1.1\r\nHost: h\r\n']);
  assert.deepEqual([silent.status, silent.code], [400, 'RequestTimeout']);
  assert.equal((await hasty.logged(1))[0].detail, 'no whole request in time');
  const gone = net.connect({ port: hasty.port, host: '127.0.0.1' });
  gone.write('PUT /stored HTTP/1.1\r\nHost: h\r\n');
  const [connection] = await once(hasty.relay.server, 'connection');
  while (connection.bytesRead === 0) await turn();
  gone.resetAndDestroy();
  await new Promise((resolve) => connection.once('close', resolve));
  assert.deepEqual(hasty.lines, []);
  await hasty.relay.stop();
});

test('tells only those whose request is forwarded to send the body', async () => {
  const waiting = ['Content-Length: 5', 'Expect: 100-continue'];
  const received = async (/** @type {string} */ path) => {
    const socket = net.connect({ port: entrance.port, host: '127.0.0.1' });
    let text = '';
    socket.on('data', (data) => {
      text += data;
      if (text.endsWith('100 Continue\r\n\r\n')) socket.write(HELLO);
      if (/ 200 OK[^]*\r\n\r\n$/u.test(text)) socket.end();
    });
    socket.write(head(path, waiting));
    await once(socket, 'close');
    return text.match(/HTTP\/1\.1 \d+/gu);
  };
  assert.deepEqual(await received('/stored'), ['HTTP/1.1 100', 'HTTP/1.1 200']);
  assert.deepEqual(await received('/refused'), ['HTTP/1.1 403']);
  const other = await exchange(entrance.port, [head('/stored', ['Content-Length: 0', 'Expect: more'])]);
  assert.deepEqual([other.status, other.code], [400, 'InvalidArgument']);
  await entrance.logged(3);
});

test('reads the rest of a body that it refuses, unless the client keeps it back', async (t) => {
  const usual = AbortSignal.timeout;
  const lingers = t.mock.method(AbortSignal, 'timeout', (/** @type {number} */ milliseconds) => usual.call(AbortSignal, milliseconds));
  const expecting = 'Expect: 100-continue';
  for (const [lines, bytes, count] of /** @type {[string[], string, number][]} */ ([
    [['Content-Length: 10'], '/refused', 1],
    [['Content-Length: 10', expecting], '/refused', 0],
    // It was told to send the body, and it is too large.
    [['Content-Length: 200', expecting], '/stored', 1],
  ])) {
    const socket = net.connect({ port: entrance.port, host: '127.0.0.1' });
    socket.write(head(bytes, lines));
    const body = once(entrance.relay.server, count === 1 && lines.includes(expecting) ? 'checkContinue' : 'connection');
    if (bytes === '/stored') void body.then(() => socket.write(Buffer.alloc(150)));
    const [{ code }] = await entrance.logged(1);
    assert.equal(code, bytes === '/stored' ? 'EntityTooLarge' : 'SignatureDoesNotMatch');
    assert.equal(lingers.mock.callCount(), count, lines.join());
    lingers.mock.resetCalls();
    socket.destroy();
  }
});

test('tells of connections that it refuses, and of a certificate that it cannot use', async (t) => {
  const proxied = await started({ entrance: { clientAddress: 'proxy-protocol', trustedProxies: ['10.0.0.1'] } });
  assert.equal((await exchange(proxied.port, [head('/stored')])).status, 0);
  const detail = "127.0.0.1 isn't one of `listener.trustedProxies`";
  assert.deepEqual(await proxied.logged(1), [{ ...LINE, decision: 'deny', clientIp: '127.0.0.1', detail }]);
  await proxied.relay.stop();
  const directory = mkdtempSync(join(tmpdir(), 'oss-edge-server-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const tls = { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') };
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=relay', '-keyout', tls.key, '-out', tls.certificate], { stdio: 'ignore' });
  t.mock.timers.enable({ apis: ['setInterval'] });
  const secure = await started({ entrance: { tls } });
  writeFileSync(tls.certificate, '');
  t.mock.timers.tick(60_000);
  const told = { event: 'certificate', detail: `listener.tls.certificate: expected PEM, found ${tls.certificate}, which is empty` };
  assert.deepEqual(secure.lines, [{ ...LINE, level: 'error', ...told }]);
  await secure.relay.stop();
});

test('a page may read that there are no access keys', async () => {
  const keys = { ready: () => false, arrival: async () => false, retryAfter: () => 7 };
  const keyless = await started({ keys });
  const answer = await exchange(keyless.port, [head('/stored', ['Content-Length: 0', PAGE])]);
  assert.deepEqual([answer.status, answer.headers['Retry-After'], answer.headers['Access-Control-Allow-Origin']], [503, '7', 'https://app.example.com']);
  await keyless.relay.stop();
});

test('asks a store for a bucket in the path where the settings say so', async () => {
  const paths = /** @type {unknown[]} */ ([]);
  const store = http.createServer((request, response) => {
    paths.push(request.url?.split('?')[0]);
    request.resume().on('end', () => response.writeHead(200, { ETag: '"e"' }).end());
  });
  store.listen(0, '127.0.0.1');
  await once(store, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (store.address());
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };
  const { relay, port: at, lines } = await started({ settings: { s3PathStyle: true }, s3Client: undefined, s3Options: { endpoint: `http://127.0.0.1:${port}`, credentials, requestChecksumCalculation: 'WHEN_REQUIRED' } });
  assert.equal((await exchange(at, [head('/stored'), HELLO])).status, 200, JSON.stringify(lines));
  assert.deepEqual(paths, [`/${BUCKET}/k`]);
  await relay.stop();
  store.close();
  store.closeAllConnections();
});

test('answers checks of health, and at a port of their own nothing else', async () => {
  const { relay, port, lines } = await started({ settings: { healthPort: 0 } });
  const { port: healthPort } = /** @type {net.AddressInfo} */ (relay.health?.address());
  for (const [at, path, status] of /** @type {[number, string, number][]} */ ([[port, '/.oss-edge/health', 200], [healthPort, '/.oss-edge/health', 200], [healthPort, '/stored', 404], [healthPort, '/health', 404]])) {
    const { status: answered, body } = await exchange(at, [head(path, [], 'GET')]);
    assert.deepEqual([answered, body], [status, status === 200 ? 'ok\n' : '']);
  }
  assert.equal((await exchange(healthPort, [head('/.oss-edge/health', ['Content-Length: 0'], 'POST')])).status, 404);
  assert.deepEqual(lines, []);
  await relay.stop();
  await assert.rejects(once(net.connect({ port: healthPort, host: '127.0.0.1' }), 'connect'));
  assert.equal(entrance.relay.health, undefined);
});

test('behind the edge it asks about the hand-over, and names no address', async () => {
  const behind = await started({ originSecret: SECRET });
  const handedOver = ['x-ossedge-request: /refused', `x-ossedge-origin-secret: ${SECRET}`, 'x-amz-cf-id: id'];
  const answer = await exchange(behind.port, [head('/put-object', [...handedOver, 'Content-Length: 0'])]);
  assert.equal(answer.status, 403);
  const [{ cloudFrontRequestId, code, clientIp }] = await behind.logged(1);
  assert.deepEqual([cloudFrontRequestId, code, clientIp], ['id', 'SignatureDoesNotMatch', undefined]);
  await behind.relay.stop();
  const needed = { gate, wasm, seal };
  for (const originSecret of [undefined, 'short']) assert.throws(() => createRelay({ ...needed, originSecret }), /^Error: ORIGIN_SECRET: expected the value/u);
  assert.throws(() => createRelay({ ...needed, entrance: {}, originSecret: SECRET }), /^Error: ORIGIN_SECRET: expected none where `entrance` is "relay"/u);
});

for (const [what, options, path] of /** @type {[string, any, string][]} */ ([
  ['at the entrance', {}, '/refused'],
  ['behind the edge', { originSecret: SECRET }, '/put-object'],
])) {
  test(`answers 16 requests that come together, and closes a connection with more: ${what}`, async () => {
    const { relay, port, logged } = await started(options);
    const together = async (/** @type {number} */ count) => {
      const socket = net.connect({ port, host: '127.0.0.1' });
      socket.on('error', () => {});
      socket.write(head(path, [], 'GET').repeat(count) + head(path, ['Connection: close'], 'GET'));
      let text = '';
      socket.on('data', (data) => (text += data));
      await once(socket, 'close');
      return text.match(/HTTP\/1\.1 403/gu)?.length;
    };
    assert.equal(await together(15), 16);
    assert.deepEqual((await logged(16)).filter(({ status }) => status !== 403), []);
    // Those before it are decided on; nobody takes their answers.
    assert.equal(await together(200), undefined);
    const lines = await logged(17);
    const clientIp = 'originSecret' in options ? '' : '127.0.0.1';
    assert.deepEqual(lines.filter(({ status }) => status !== 403), [{ ...LINE, decision: 'deny', clientIp, detail: 'more requests than answers' }]);
    assert.equal(lines.length, 17);
    // As long as the client takes the answers, there is no end of requests.
    const answers = Array.from({ length: 20 }, () => head(path, [], 'GET'));
    const socket = net.connect({ port, host: '127.0.0.1' });
    for (const request of answers) {
      socket.write(request);
      assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 403/u);
    }
    socket.destroy();
    await relay.stop();
  });
}

test('where a connection has one request, those that come with it are no more either', async () => {
  const { relay, port, logged } = await started({ settings: { bothFramings: 'accept' } });
  await exchange(port, [head('/refused', [], 'GET').repeat(200)]);
  assert.deepEqual((await logged(2)).map(({ status, detail }) => [status, detail]), [[undefined, 'more requests than answers'], [403, 'signature mismatch']]);
  await relay.stop();
});

test('a flood of connections without a request does not fill the log', async (t) => {
  t.mock.method(performance, 'now', () => 0);
  const { relay, port, lines } = await started();
  for (let connection = 0; connection < 102; connection += 1) assert.equal((await exchange(port, ['hello\r\n\r\n'])).status, 400);
  assert.equal(lines.length, 100);
  await relay.stop();
});

test('a failure outside of the decision costs its client the connection, and nobody else', async () => {
  const lines = /** @type {any[]} */ ([]);
  const { relay, port } = await started({
    log: (/** @type {any} */ line) => {
      if (lines.push(line) === 1) throw new TypeError('secret text');
    },
  });
  assert.equal((await exchange(port, [head('/refused', [], 'GET')])).status, 0);
  assert.equal((await exchange(port, [head('/refused', [], 'GET')])).status, 403);
  assert.deepEqual(lines.map(({ level, decision, detail }) => [level, decision, detail]), [[undefined, 'deny', 'signature mismatch'], ['error', 'deny', 'TypeError'], [undefined, 'deny', 'signature mismatch']]);
  await relay.stop();
});

test('the port for checks of health has the limits of the other one, and a connection one check', async () => {
  const { relay } = await started({ settings: { healthPort: 0, connections: 2, idleSeconds: 4, headersSeconds: 0.1 } });
  const { maxConnections, timeout } = /** @type {import('node:http').Server} */ (relay.health);
  assert.deepEqual([maxConnections, timeout], [2, 4000]);
  const { port } = /** @type {net.AddressInfo} */ (relay.health?.address());
  const check = head('/.oss-edge/health', [], 'GET');
  const { headers, body } = await exchange(port, [check.repeat(3)]);
  assert.deepEqual([headers.Connection, body], ['close', 'ok\n']);
  // Three that say nothing: one is too many, and the others have their time.
  await Promise.all([1, 2, 3].map(async () => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    await once(socket.resume(), 'close');
  }));
  await relay.stop();
});

test('its server has the limits of the settings', async () => {
  const { relay } = await started({ settings: { connections: 3, idleSeconds: 4, headersSeconds: 5, requestSeconds: 6, keepAliveSeconds: 7 } });
  const { maxConnections, timeout, headersTimeout, requestTimeout, keepAliveTimeout } = relay.server;
  assert.deepEqual([maxConnections, timeout, headersTimeout, requestTimeout, keepAliveTimeout], [3, 4000, 5000, 6000, 7000]);
  await relay.stop();
});

test('finishes what is under way when it is told to stop, and takes no further request', async () => {
  const { relay, port, logged } = await started();
  const socket = net.connect({ port, host: '127.0.0.1' });
  const requested = once(relay.server, 'request');
  socket.write(head('/stored'));
  await requested;
  const stopped = relay.stop();
  // It has 25 seconds for that.
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.write(HELLO);
  const [answer] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  assert.match(String(answer), /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n/u);
  await stopped;
  await logged(1);
  await assert.rejects(once(net.connect({ port, host: '127.0.0.1' }), 'connect'));
});

test('ends what is under way when its time to stop is over', async () => {
  const { relay, port, logged } = await started({ settings: { stopSeconds: 0 } });
  const socket = net.connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  const requested = once(relay.server, 'request');
  socket.write(head('/stored'));
  await requested;
  const closed = once(socket.resume(), 'close');
  await relay.stop();
  await closed;
  assert.equal((await logged(1))[0].code, 'IncompleteBody');
});

test('ends connections on which no request can come yet, when its time to stop is over', { timeout: 60_000 }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'oss-edge-stop-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const tls = { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') };
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=relay', '-keyout', tls.key, '-out', tls.certificate], { stdio: 'ignore' });
  for (const entrance of [{ tls }, { clientAddress: 'proxy-protocol', trustedProxies: ['127.0.0.1'] }]) {
    const { relay, port } = await started({ entrance, settings: { stopSeconds: 0, headersSeconds: 600 } });
    const accepted = once(relay.server, 'connection');
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    const closed = once(socket.resume(), 'close');
    await accepted;
    await relay.stop();
    await closed;
  }
});
