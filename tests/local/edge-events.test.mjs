import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { test } from 'node:test';
import { originRequestEvent } from '../../local/origin-request-event.mjs';
import { viewerRequestEvent } from '../../local/viewer-request-event.mjs';

/** The viewer-request event of a request given as its bytes. */
async function eventOf(bytes) {
  const server = http.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = net.connect(server.address().port, '127.0.0.1');
  socket.write(bytes);
  const [message, response] = await once(server, 'request');
  const event = viewerRequestEvent(message);
  response.end();
  socket.destroy();
  server.close();
  return event.Records[0].cf;
}

function head(...lines) {
  return Buffer.concat([...lines.flatMap((line) => [Buffer.from(line), Buffer.from('\r\n')]), Buffer.from('\r\n')]);
}

test('gives uri and querystring raw', async () => {
  const { config, request } = await eventOf(head('PUT //a%2Fb/../c%20+?x=%25&uploads HTTP/1.1', 'Host: h'));
  assert.equal(config.eventType, 'viewer-request');
  assert.match(config.requestId, /^[A-Za-z0-9_-]{54}==$/);
  assert.deepEqual({ ...request, headers: {} }, { clientIp: '127.0.0.1', headers: {}, method: 'PUT', querystring: 'x=%25&uploads', uri: '//a%2Fb/../c%20+' });
});

test('reduces an absolute target to its path', async () => {
  const { request } = await eventOf(head('PUT http://bucket.oss.example/k?a HTTP/1.1', 'Host: h'));
  assert.deepEqual([request.uri, request.querystring], ['/k', 'a']);
  assert.equal((await eventOf(head('GET http://h HTTP/1.1', 'Host: h'))).request.uri, '/');
});

test('groups headers by lower-case name, each value with its name as sent', async () => {
  const { request } = await eventOf(head('PUT / HTTP/1.1', 'Host: h', 'Content-MD5: a', 'content-md5: b', 'x-oss-Meta-A: c'));
  assert.deepEqual(request.headers, {
    host: [{ key: 'Host', value: 'h' }],
    'content-md5': [{ key: 'Content-MD5', value: 'a' }, { key: 'content-md5', value: 'b' }],
    'x-oss-meta-a': [{ key: 'x-oss-Meta-A', value: 'c' }],
  });
});

test('hides the headers that edge functions do not see', async () => {
  const { request } = await eventOf(head('PUT / HTTP/1.1', 'Host: h', 'Connection: close', 'X-Amz-Cf-Id: x', 'X-Edge-Foo: x', 'X-Real-IP: x', 'X-Cache: x'));
  assert.deepEqual(Object.keys(request.headers), ['host']);
});

test('reads header bytes as UTF-8, or ISO-8859-1 where they are not', async () => {
  const latin1 = Buffer.concat([Buffer.from('x-b: '), Buffer.from([0xe9])]);
  const { request } = await eventOf(head('PUT / HTTP/1.1', 'Host: h', 'x-a: 你é', latin1));
  assert.equal(request.headers['x-a'][0].value, '你é');
  assert.equal(request.headers['x-b'][0].value, 'é');
});

function viewerRequest(headers) {
  return { clientIp: '192.0.2.7', headers: { host: [{ key: 'Host', value: 'viewer' }], ...headers }, method: 'PUT', querystring: 'a', uri: '/k' };
}

test('sends every viewer header but Host and Cookie to the origin', () => {
  const sent = viewerRequest({ authorization: [{ key: 'Authorization', value: 'OSS a:b' }], cookie: [{ key: 'Cookie', value: 'c' }] });
  const { config, request } = originRequestEvent(sent, { requestId: 'id', domainName: 'b.s3.eu-west-1.amazonaws.com' }).Records[0].cf;
  assert.deepEqual([config.eventType, config.requestId], ['origin-request', 'id']);
  assert.deepEqual(request.headers.host, [{ key: 'Host', value: 'b.s3.eu-west-1.amazonaws.com' }]);
  assert.deepEqual(request.headers.authorization, sent.headers.authorization);
  assert.equal(request.headers.cookie, undefined);
  assert.deepEqual(request.headers['user-agent'], [{ key: 'User-Agent', value: 'Amazon CloudFront' }]);
  assert.equal(request.headers['x-forwarded-for'][0].value, '192.0.2.7');
  assert.match(request.headers.via[0].value, /CloudFront/);
});

test('keeps a viewer User-Agent and appends to X-Forwarded-For', () => {
  const sent = viewerRequest({ 'user-agent': [{ key: 'User-Agent', value: 'aliyun' }], 'x-forwarded-for': [{ key: 'X-Forwarded-For', value: '198.51.100.1' }] });
  const { headers } = originRequestEvent(sent, { requestId: 'id', domainName: 'd' }).Records[0].cf.request;
  assert.equal(headers['user-agent'][0].value, 'aliyun');
  assert.equal(headers['x-forwarded-for'][0].value, '198.51.100.1, 192.0.2.7');
});

test('gives the S3 origin with its custom headers, which take the place of the viewer\'s', () => {
  const sent = viewerRequest({ 'x-secret': [{ key: 'x-secret', value: 'forged' }] });
  const { request } = originRequestEvent(sent, { requestId: 'id', domainName: 'd', customHeaders: { 'X-Secret': 's' } }).Records[0].cf;
  assert.equal(request.headers['x-secret'], undefined);
  const { authMethod, domainName, path, customHeaders } = request.origin.s3;
  assert.deepEqual({ authMethod, domainName, path }, { authMethod: 'none', domainName: 'd', path: '' });
  assert.deepEqual(customHeaders, { 'x-secret': [{ key: 'X-Secret', value: 's' }] });
});
