// Slots, slow senders, the limit of a key, and how the relay stops.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';

import { GetObjectCommand } from '@aws-sdk/client-s3';

import { writeFunctions } from '../../cli/bundle.mjs';
import { SECOND_KEY, element } from '../shim/fixture.mjs';
import { MIB, RELAYED, SECRET, chunked, exchange, handedOver, head, startRelay } from './fixture.mjs';

const CHUNKED = { 'transfer-encoding': 'chunked' };
const FRAMING = ['Transfer-Encoding: chunked'];

/** More than a body may have without a slot, and no end. */
const BEGUN = chunked(Buffer.alloc(100_000)).subarray(0, -5);

test('serves a good upload among 64 that stall, and ends those', async () => {
  const server = await startRelay({ settings: { slots: 4, bodiesPerKey: 100, rateSeconds: 0.2, slotWaitSeconds: 60 } });
  const { path, handOver } = await handedOver({ uri: '/stalled', headers: CHUNKED });
  const stalled = await Promise.all(Array.from({ length: 64 }, () => opened(server.port, [head({ path, handOver }, FRAMING), BEGUN])));
  const body = randomBytes(6 * MIB);
  const good = await put(server, 'good', body);
  assert.equal(good.status, 200, good.body);
  const object = await server.s3.send(new GetObjectCommand({ Bucket: 'fleet-uploads-prod', Key: 'good' }));
  assert.ok(Buffer.from(await object.Body.transformToByteArray()).equals(body));
  await server.logged(65);
  const codes = server.lines.map(({ key, code }) => `${key} ${code}`);
  assert.deepEqual([...new Set(codes)].sort(), ['good undefined', 'stalled RequestTimeout']);
  stalled.forEach((socket) => socket.destroy());
  await server.close();
});

test('needs no slot for a small body, and ends the wait for one with a status that clients repeat', async () => {
  const server = await startRelay({ settings: { slots: 1, slotWaitSeconds: 0.1, rateSeconds: 60 } });
  const { path, handOver } = await handedOver({ uri: '/holds', headers: CHUNKED });
  const holder = await opened(server.port, [head({ path, handOver }, FRAMING), BEGUN]);
  const large = await untilRefused(() => put(server, 'waits', randomBytes(100_000)));
  assert.deepEqual([large.status, large.code], [503, 'ServiceUnavailable']);
  assert.equal((await put(server, 'small', randomBytes(60_000))).status, 200);
  holder.destroy();
  await server.logged(server.lines.length + 1);
  assert.equal((await put(server, 'waits', randomBytes(100_000))).status, 200);
  await server.close();
});

test('limits the bodies of one key at once, and of no other', async () => {
  const server = await startRelay({ settings: { bodiesPerKey: 2, rateSeconds: 60 } });
  const { path, handOver } = await handedOver({ uri: '/holds', headers: CHUNKED });
  const holders = await Promise.all([1, 2].map(() => opened(server.port, [head({ path, handOver }, FRAMING), BEGUN])));
  const third = await untilRefused(() => put(server, 'third', Buffer.from('x')));
  assert.deepEqual([third.status, third.code], [503, 'ServiceUnavailable']);
  assert.equal((await put(server, 'other', Buffer.from('x'), { accessKey: SECOND_KEY })).status, 200);
  holders.forEach((socket) => socket.destroy());
  await server.close();
});

test('ends a body that drips, however often a byte comes', async () => {
  const server = await startRelay({ settings: { rateSeconds: 0.3, minBytesPerSecond: 1000 } });
  const { path, handOver } = await handedOver({ uri: '/drips', headers: CHUNKED });
  const socket = await opened(server.port, [head({ path, handOver }, FRAMING)]);
  const dripping = setInterval(() => socket.write('1\r\nx\r\n'), 20);
  await server.logged(1);
  clearInterval(dripping);
  assert.deepEqual([server.lines[0].status, server.lines[0].code], [400, 'RequestTimeout']);
  socket.destroy();
  await server.close();
});

test('ends a list of parts that drips, and limits those of one key at once', async () => {
  const server = await startRelay({ settings: { bodiesPerKey: 2, rateSeconds: 0.3, minBytesPerSecond: 1000 } });
  const querystring = 'uploads';
  const begun = await handedOver({ method: 'POST', uri: '/list', querystring, headers: CHUNKED, resource: '/fleet-uploads/list?uploads' });
  const initiated = await exchange(server.port, [head({ ...begun, method: 'POST' }, FRAMING), chunked(Buffer.alloc(0))]);
  const query = `uploadId=${element(initiated.body, 'UploadId')}`;
  const completing = { method: 'POST', uri: '/list', querystring: query, headers: CHUNKED, resource: `/fleet-uploads/list?${query}` };
  const { path, handOver } = await handedOver(completing);
  const opening = head({ path, handOver, method: 'POST' }, FRAMING);
  const sockets = await Promise.all([1, 2].map(() => opened(server.port, [opening, '1\r\n<\r\n'])));
  const third = await untilRefused(async () => {
    const answer = await exchange(server.port, [opening, chunked(Buffer.from('<a/>'))]);
    return answer.code === 'MalformedXML' ? { status: 200 } : answer;
  });
  assert.deepEqual([third.status, third.code], [503, 'ServiceUnavailable']);
  const dripping = setInterval(() => sockets.forEach((socket) => socket.write('1\r\n<\r\n')), 20);
  const timedOut = () => server.lines.filter(({ code }) => code === 'RequestTimeout').length;
  while (timedOut() < 2) await nextTurn();
  clearInterval(dripping);
  sockets.forEach((socket) => socket.destroy());
  await server.close();
});

test('reads no more into memory that a failed upload gave back', async () => {
  const [failed, second] = [deferred(), deferred()];
  const [sending, reached] = [deferred(), deferred()];
  const server = await startRelay({
    settings: { slots: 1 },
    s3Client: async () => ({
      send: async (command, options) => {
        const { Key, PartNumber } = command.input;
        if (PartNumber === 1 && Key === 'failing') {
          sending.resolve();
          await failed.promise;
        }
        if (PartNumber === 2 && Key === 'whole') {
          reached.resolve();
          await second.promise;
        }
        return server.s3.send(command, options);
      },
    }),
  });
  const { path, handOver } = await handedOver({ uri: '/failing', headers: CHUNKED });
  const more = chunked(Buffer.alloc(200_000, 0xff)).subarray(0, -5);
  const failing = await opened(server.port, [head({ path, handOver }, FRAMING), chunked(Buffer.alloc(6 * MIB, 0xff)).subarray(0, -5)]);
  // Its second part is being read while the first fails.
  await sending.promise;
  failed.reject(Object.assign(new Error('S3 fails'), { name: 'InternalError' }));
  await server.logged(1);
  const body = randomBytes(11 * MIB);
  const whole = put(server, 'whole', body);
  await reached.promise;
  failing.write(more);
  while (failing.writableLength > 0) await nextTurn();
  await nextTurn();
  second.resolve();
  assert.equal((await whole).status, 200);
  const object = await server.s3.send(new GetObjectCommand({ Bucket: 'fleet-uploads-prod', Key: 'whole' }));
  assert.ok(Buffer.from(await object.Body.transformToByteArray()).equals(body));
  failing.destroy();
  await server.close();
});

test('mixes up no bytes where clients leave', async () => {
  const server = await startRelay({ settings: { slots: 1 } });
  for (let round = 0; round < 5; round += 1) {
    const { path, handOver } = await handedOver({ uri: '/gone', headers: CHUNKED });
    const gone = await opened(server.port, [head({ path, handOver }, FRAMING), chunked(randomBytes(7 * MIB)).subarray(0, -5)]);
    setTimeout(() => gone.destroy(), 20 * round);
    const body = randomBytes(11 * MIB);
    assert.equal((await put(server, 'whole', body)).status, 200);
    const object = await server.s3.send(new GetObjectCommand({ Bucket: 'fleet-uploads-prod', Key: 'whole' }));
    assert.ok(Buffer.from(await object.Body.transformToByteArray()).equals(body));
  }
  await server.close();
});

test('runs as a process: refuses a bad environment, serves, and finishes a body after SIGTERM', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'oss-edge-relay-process-'));
  after(() => rm(directory, { recursive: true }));
  await writeFunctions(RELAYED, directory);
  const run = (env) => spawn(process.execPath, [join(directory, 'relay', 'index.mjs')], { env: { ...process.env, PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const bad = run({ ORIGIN_SECRET: 'short' });
  const [failure] = await once(createInterface({ input: bad.stdout }), 'line');
  assert.match(JSON.parse(failure).detail, /^ORIGIN_SECRET: expected/u);
  if (bad.exitCode === null) await once(bad, 'exit');
  assert.equal(bad.exitCode, 1);

  const child = run({ ORIGIN_SECRET: SECRET });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  const { event, port } = await next();
  assert.equal(event, 'listening');
  // It is refused at its end: the clock of the process is not the signature's. Until then it is a request under way.
  const { path, handOver } = await handedOver({ uri: '/late', headers: CHUNKED });
  const socket = net.connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.write(head({ path, handOver, secret: null }, FRAMING));
  assert.equal((await next()).code, 'AccessDenied');
  child.kill('SIGTERM');
  assert.equal((await next()).event, 'stopping');
  await assert.rejects(() => exchange(port, 'GET /health HTTP/1.1\r\nHost: h\r\n\r\n'));
  assert.equal(child.exitCode, null);
  socket.end('0\r\n\r\n');
  assert.equal((await next()).event, 'stopped');
  if (child.exitCode === null) await once(child, 'exit');
  assert.equal(child.exitCode, 0);
});

test('finishes a body that is under way when it is told to stop', async () => {
  const server = await startRelay();
  let requests = 0;
  server.relay.server.on('request', () => (requests += 1));
  const { path, handOver } = await handedOver({ uri: '/under-way', headers: CHUNKED });
  const body = chunked(randomBytes(6 * MIB));
  const socket = await opened(server.port, [head({ path, handOver }, FRAMING), body.subarray(0, 100_000)]);
  const answer = once(socket, 'data');
  // Until it is a request.
  while (requests === 0) await nextTurn();
  const stopped = server.relay.stop();
  socket.write(body.subarray(100_000));
  assert.match(String((await answer)[0]), /^HTTP\/1.1 200 /u);
  await stopped;
  socket.destroy();
  assert.equal((await server.s3.send(new GetObjectCommand({ Bucket: 'fleet-uploads-prod', Key: 'under-way' }))).ContentLength, 6 * MIB);
  await server.closeStore();
});

async function put({ port }, key, body, request = {}) {
  const { path, handOver } = await handedOver({ uri: `/${key}`, headers: CHUNKED, ...request });
  return exchange(port, [head({ path, handOver }, FRAMING), chunked(body)]);
}

/** Until those who came before hold what they can. */
async function untilRefused(send) {
  for (;;) {
    const answer = await send();
    if (answer.status !== 200) return answer;
  }
}

/** A connection with bytes that are sent, and more to come. */
async function opened(port, pieces) {
  const socket = net.connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  await once(socket, 'connect');
  pieces.forEach((piece) => socket.write(piece));
  return socket;
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

function nextTurn() {
  return new Promise((resolve) => setTimeout(resolve, 10));
}
