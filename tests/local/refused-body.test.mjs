// A body that nobody wants: the viewer gets its answer while it still sends, and the connection ends.

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import net from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';

import OSS from 'ali-oss';

import { startDistribution } from '../../local/distribution.mjs';

const XML = '<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>';
const refusal = { status: '403', headers: { 'content-type': [{ key: 'Content-Type', value: 'application/xml' }] }, body: XML };
const logged = new EventEmitter();
const handlers = { viewerRequest: async () => refusal, originRequest: async () => assert.fail('asked'), authorizer: async () => null };
const options = {
  handlers,
  originDomain: () => 'devices.s3.eu-west-1.amazonaws.com',
  api: { domain: 'abc123.execute-api.eu-west-1.amazonaws.com', path: '/prod', methods: [] },
  s3: { endpoint: 'http://127.0.0.1:1', credentials: { accessKeyId: 'a', secretAccessKey: 's' } },
  log: (entry) => logged.emit(entry.uri, entry),
};
const distribution = await startDistribution(options);
after(() => distribution.close());

// ali-oss stops sending a stream when it has its answer. It keeps the connection, and its process, for 60 s unless that ends.
test('lets go of ali-oss at once', { timeout: 30_000 }, async () => {
  const endpoint = `http://localhost:${distribution.port}`;
  const client = new OSS({ accessKeyId: 'a', accessKeySecret: 's', bucket: 'fleet-uploads', endpoint, cname: true });
  const ended = once(logged, '/refused');
  const body = Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(1024 * 1024)));
  const uploading = client.putStream('refused', body, { contentLength: 64 * 1024 * 1024 });
  await assert.rejects(uploading, { status: 403, code: 'SignatureDoesNotMatch' });
  const [{ status }] = await ended;
  assert.equal(status, 403);
});

test('answers a viewer that stops sending, says that the connection closes, and closes it', async () => {
  const short = await startDistribution({ ...options, linger: { silence: 10, total: 30_000 } });
  const ended = once(logged, '/stopped');
  const socket = net.connect({ port: short.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.write(`PUT /stopped HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(1000)}`);
  assert.match(await text(socket), /^HTTP\/1\.1 403 [^]*\r\nConnection: close\r\n[^]*<\/Error>$/);
  await ended;
  await short.close();
});

test('closes on a viewer that never stops sending', async () => {
  const short = await startDistribution({ ...options, linger: { silence: 30_000, total: 10 } });
  const socket = net.connect({ port: short.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  socket.resume();
  socket.write('PUT /endless HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n');
  const sending = setInterval(() => socket.write('1\r\nx\r\n'), 1);
  await once(logged, '/endless');
  clearInterval(sending);
  socket.destroy();
  await short.close();
});

test('keeps the connection of a viewer whose whole body had arrived', async () => {
  const socket = net.connect(distribution.port, distribution.host);
  for (let at = 0; at < 2; at += 1) {
    socket.write('PUT /small HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcde');
    let answer = '';
    while (!answer.endsWith('</Error>')) [answer] = [answer + (await once(socket, 'data'))[0]];
    assert.doesNotMatch(answer, /\r\nConnection: close\r\n/);
  }
  socket.destroy();
});
