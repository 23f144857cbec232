import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, test } from 'node:test';
import { startDistribution } from '../../local/distribution.mjs';
import { signedRequest, openRequest } from '../../local/origin-access-control.mjs';
import { startS3Server } from '../../local/s3-server.mjs';

const BUCKET = 'devices';
const S3_DOMAIN = `${BUCKET}.s3.eu-west-1.amazonaws.com`;
const API = { domain: 'abc123.execute-api.eu-west-1.amazonaws.com', path: '/prod', methods: [] };

const requestOf = (event) => event.Records[0].cf.request;
const PASS = { viewerRequest: async (event) => requestOf(event), originRequest: async (event) => requestOf(event) };
const ALLOW = { principalId: 'ak', policyDocument: { Statement: [{ Action: '*', Effect: 'Allow', Resource: '*' }] } };

let directory;
let s3;
let distribution;
/** Of all tests: a request's line is written when its connection is done with, maybe in the next test. */
const log = [];
/** What the functions of the running test are; each test replaces those it needs. */
let functions;
let events;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'distribution-'));
  s3 = { ...(await startS3Server({ directory, buckets: [BUCKET] })), region: 'eu-west-1' };
  distribution = await startDistribution({
    handlers: {
      viewerRequest: (event) => functions.viewerRequest(event),
      originRequest: (event) => functions.originRequest((events.originRequest = structuredClone(event)) && event),
      originResponse: (event) => (functions.originResponse ?? (() => event.Records[0].cf.response))(event),
      authorizer: async (event) => (events.authorizer = event) && ALLOW,
    },
    originDomain: ({ headers }) => headers['x-origin']?.[0].value ?? S3_DOMAIN,
    customHeaders: { 'X-Origin-Secret': 'hush' },
    api: {
      ...API,
      methods: [
        {
          method: 'POST',
          resourcePath: '/initiate',
          integration: async (event) => (events.initiate = event) && { statusCode: 200, headers: { 'Content-Type': 'application/xml' }, body: '<a/>' },
        },
      ],
    },
    s3,
    log: (entry) => log.push(entry),
  });
});

beforeEach(() => {
  functions = PASS;
  events = {};
});

after(async () => {
  await distribution.close();
  await s3.close();
  await rm(directory, { recursive: true });
});

/** Answer to a request of a viewer; `body` is a buffer or a stream. */
async function ask(method, path, { headers = {}, body } = {}) {
  const request = http.request({ host: distribution.host, port: distribution.port, method, path, headers, agent: false });
  if (body instanceof Readable) body.pipe(request);
  else request.end(body);
  const [message] = await once(request, 'response');
  return { status: message.statusCode, headers: message.headers, rawHeaders: message.rawHeaders, body: await buffer(message) };
}

async function stored(uri, method = 'GET') {
  const origin = { s3: { domainName: S3_DOMAIN, path: '', customHeaders: {} } };
  const request = openRequest(await signedRequest({ method, uri, querystring: '', headers: {}, origin }, s3));
  request.end();
  const [message] = await once(request, 'response');
  return { status: message.statusCode, headers: message.headers, body: await buffer(message) };
}

/** The log's lines of the requests for a path that no other test asks for, once there are as many. */
async function linesOf(path, count = 1) {
  const lines = () => log.filter(({ uri }) => uri === path);
  await waitFor(() => lines().length >= count);
  return lines();
}

async function waitFor(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('stores a PUT and answers what S3 answers', async () => {
  const body = Buffer.from('hello');
  const { status, headers, rawHeaders } = await ask('PUT', '/a%20b//c', { headers: { 'Content-Length': 5, Cookie: 'c', Authorization: 'OSS a:b', 'User-Agent': 'device/1' }, body });
  assert.equal(status, 200);
  assert.equal(headers.etag, `"${createHash('md5').update(body).digest('hex')}"`);
  assert.ok(rawHeaders.includes('ETag'));
  assert.deepEqual([headers.server, headers['x-cache']], ['AmazonS3', 'Miss from cloudfront']);
  assert.match(headers.via, /CloudFront/);
  assert.match(headers['x-amz-cf-id'], /==$/);
  assert.equal((await stored('/a%20b//c')).body.toString(), 'hello');
  assert.equal(requestOf(events.originRequest).headers.cookie, undefined);
  assert.equal(requestOf(events.originRequest).origin.s3.customHeaders['x-origin-secret'][0].value, 'hush');
  const [line] = await linesOf('/a%20b//c');
  const { requestId } = events.originRequest.Records[0].cf.config;
  assert.deepEqual({ ...line, milliseconds: 0 }, { requestId, method: 'PUT', uri: '/a%20b//c', userAgent: 'device/1', status: 200, bytes: 5, milliseconds: 0, origin: 's3' });
  await ask('PUT', '/browser', { headers: { 'Content-Length': 0, 'User-Agent': 'Mozilla/5.0', 'x-oss-user-agent': 'sdk/1' } });
  assert.deepEqual((await linesOf('/browser')).map(({ userAgent }) => userAgent), ['sdk/1']);
});

test('shows functions headers that are named like members of every JavaScript object', async () => {
  const names = ['__proto__', 'constructor', 'tostring', 'hasownproperty'];
  const socket = net.connect(distribution.port, distribution.host);
  socket.write(`PUT /named-like-members HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n${names.map((name) => `${name}: 1\r\n${name}: 2\r\n`).join('')}\r\n`);
  assert.match((await buffer(socket)).toString(), /^HTTP\/1\.1 200 OK\r\n/);
  const { headers } = requestOf(events.originRequest);
  for (const name of names) {
    assert.ok(Object.hasOwn(headers, name), name);
    assert.deepEqual(headers[name].map(({ value }) => value), ['1', '2'], name);
  }
});

test('sends metadata that a function sets, in UTF-8', async () => {
  functions = { ...PASS, originRequest: async (event) => ((requestOf(event).headers['x-amz-meta-name'] = [{ value: 'é你' }]), requestOf(event)) };
  assert.equal((await ask('PUT', '/named', { headers: { 'Content-Length': 0 } })).status, 200);
  const { headers } = await stored('/named', 'HEAD');
  assert.equal(Buffer.from(headers['x-amz-meta-name'], 'latin1').toString(), 'é你');
});

test('answers S3\'s errors', async () => {
  const { status, headers, body } = await ask('GET', '/none');
  assert.equal(status, 404);
  assert.match(body.toString(), /<Code>NoSuchKey</);
  assert.equal(headers['x-cache'], 'Error from cloudfront');
});

test('answers HEAD without a body', async () => {
  await ask('PUT', '/head', { headers: { 'Content-Length': 3 }, body: Buffer.from('abc') });
  const { status, headers, body } = await ask('HEAD', '/head');
  assert.deepEqual([status, headers['content-length'], body.length], [200, '3', 0]);
});

test('streams 64 MB, byte for byte, in both directions', async () => {
  const sent = Array.from({ length: 64 }, () => randomBytes(1024 * 1024));
  const { status } = await ask('PUT', '/large', { headers: { 'Content-Length': 64 * 1024 * 1024 }, body: Readable.from(sent) });
  assert.equal(status, 200);
  const { body } = await ask('GET', '/large');
  assert.ok(Buffer.concat(sent).equals(body));
});

test('takes chunked together with Content-Length, as the OSS C SDK sends them', async () => {
  const socket = net.connect(distribution.port, distribution.host);
  socket.write('PUT /framed HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n');
  const [interim] = await once(socket, 'data');
  assert.match(interim.toString(), /^HTTP\/1\.1 100 Continue\r\n/);
  socket.write('2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n');
  assert.match((await buffer(socket)).toString(), /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal((await stored('/framed')).body.toString(), 'abcde');
});

test('lets S3 refuse a chunked body without Content-Length, an empty one too', async () => {
  for (const body of [Readable.from([Buffer.from('x')]), Readable.from([])]) {
    const { status, body: answer } = await ask('PUT', '/chunked', { headers: { 'Transfer-Encoding': 'chunked' }, body });
    assert.equal(status, 501);
    assert.match(answer.toString(), /NotImplemented/);
  }
});

test('stores nothing when the viewer goes away', async () => {
  const data = join(directory, BUCKET, 'data');
  const beforehand = (await readdir(data)).length;
  const request = http.request({ host: distribution.host, port: distribution.port, method: 'PUT', path: '/cut', headers: { 'Content-Length': 10_000_000 } });
  request.on('error', () => {});
  request.write(Buffer.alloc(5_000_000));
  await waitFor(async () => (await readdir(data)).length > beforehand);
  request.destroy();
  await waitFor(async () => (await readdir(data)).length === beforehand);
  assert.equal((await stored('/cut')).status, 404);
  assert.deepEqual((await linesOf('/cut')).map(({ status }) => status), [0]);
});

test('lets the viewer read a refusal of S3 while it is still sending', async () => {
  const length = 8 * 1024 * 1024;
  const headers = { 'Content-Length': length, 'Content-MD5': 'none' };
  const { status, body } = await ask('PUT', '/early', { headers, body: Readable.from(Array.from({ length: 8 }, () => Buffer.alloc(1024 * 1024))) });
  assert.equal(status, 400);
  assert.match(body.toString(), /InvalidDigest/);
});

test('lets go of the origin when the viewer stops reading', async () => {
  let closed;
  const origin = http.createServer((_request, response) => {
    closed = once(response, 'close');
    response.writeHead(200);
    response.write('first');
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const endpoint = `http://127.0.0.1:${origin.address().port}`;
  const left = await startDistribution({ handlers: { ...PASS, authorizer: async () => null }, originDomain: () => S3_DOMAIN, api: API, s3: { ...s3, endpoint } });
  const request = http.get({ host: left.host, port: left.port, path: '/', agent: false });
  const [message] = await once(request, 'response');
  message.on('error', () => {});
  message.destroy();
  await closed;
  await left.close();
  origin.close();
});

test('cuts the viewer\'s response where the origin\'s is cut', async () => {
  const origin = http.createServer((_request, response) => {
    response.writeHead(200, { 'Content-Length': 10 });
    response.write('half', () => response.destroy());
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const endpoint = `http://127.0.0.1:${origin.address().port}`;
  const cut = await startDistribution({ handlers: { ...PASS, authorizer: async () => null }, originDomain: () => S3_DOMAIN, api: API, s3: { ...s3, endpoint } });
  const request = http.get({ host: cut.host, port: cut.port, path: '/', agent: false });
  const [message] = await once(request, 'response');
  await assert.rejects(buffer(message), { code: 'ECONNRESET' });
  await cut.close();
  origin.close();
});

test('answers 502 where the origin cannot be reached', async () => {
  const lost = await startDistribution({ handlers: { ...PASS, authorizer: async () => null }, originDomain: () => S3_DOMAIN, api: API, s3: { ...s3, endpoint: 'http://127.0.0.1:1' } });
  const request = http.request({ host: lost.host, port: lost.port, method: 'PUT', agent: false, headers: { 'Content-Length': 5_000_000 } });
  request.end(Buffer.alloc(5_000_000));
  const [message] = await once(request, 'response');
  assert.equal(message.statusCode, 502);
  message.resume();
  await lost.close();
});

test('answers a generated response, in its own spelling, and reads the refused body away', async () => {
  const headers = { 'content-type': [{ key: 'Content-Type', value: 'application/xml' }], 'x-oss-request-id': [{ key: 'x-oss-Request-Id', value: 'é' }], date: [{ key: 'Date', value: 'then' }] };
  functions = { ...PASS, viewerRequest: async () => ({ status: '403', statusDescription: 'Denied', headers, body: '<Error>ü</Error>' }) };
  const length = 8 * 1024 * 1024;
  const answer = await ask('PUT', '/refused', { headers: { 'Content-Length': length }, body: Buffer.alloc(length) });
  assert.deepEqual([answer.status, answer.body.toString(), answer.headers['x-cache']], [403, '<Error>ü</Error>', 'LambdaGeneratedResponse from cloudfront']);
  assert.ok(answer.rawHeaders.includes('x-oss-Request-Id'));
  assert.equal(answer.headers.date, 'then');
  assert.equal(Buffer.from(answer.headers['x-oss-request-id'], 'latin1').toString(), 'é');
  assert.equal(answer.headers['content-length'], '17');
  assert.equal((await ask('HEAD', '/refused')).body.length, 0);
  assert.equal((await stored('/refused')).status, 404);
  assert.equal(events.originRequest, undefined);
  assert.deepEqual((await linesOf('/refused', 2)).map(({ origin }) => origin), [null, null]);
});

test('decodes a generated body in base64', async () => {
  functions = { ...PASS, originRequest: async () => ({ status: '200', body: '/wA=', bodyEncoding: 'base64' }) };
  assert.deepEqual((await ask('GET', '/')).body, Buffer.from([0xff, 0]));
});

const VIOLATIONS = [
  ['viewerRequest', 'viewer-request: the header host is read-only in viewer-request functions', (request) => delete request.headers.host],
  ['originRequest', 'origin-request: the header via is read-only in origin-request functions', (request) => delete request.headers.via],
  ['originRequest', 'origin-request: an S3 origin with origin access control may not be changed', (request) => (request.origin.s3.path = '/x')],
];

for (const [index, [name, violation, change]] of VIOLATIONS.entries()) {
  test(`answers 502 to a violation in ${violation}`, async () => {
    functions = { ...PASS, [name]: async (event) => (change(requestOf(event)), requestOf(event)) };
    const { status, headers, body } = await ask('PUT', `/violated/${index}`, { headers: { 'Content-Length': 1 }, body: Buffer.from('x') });
    assert.deepEqual([status, headers['x-cache']], [502, 'LambdaValidationError from cloudfront']);
    assert.ok(body.toString().includes(violation.split(': ')[1]));
    assert.equal((await stored(`/violated/${index}`)).status, 404);
    assert.deepEqual((await linesOf(`/violated/${index}`)).map((line) => line.violation), [violation]);
  });
}

test('answers 503 where a function throws', async () => {
  functions = { ...PASS, viewerRequest: async () => assert.fail('oops') };
  const { status, headers, body } = await ask('PUT', '/thrown', { headers: { 'Content-Length': 1 }, body: Buffer.from('x') });
  assert.deepEqual([status, headers['x-cache']], [503, 'LambdaExecutionError from cloudfront']);
  assert.doesNotMatch(body.toString(), /oops/);
  assert.match((await linesOf('/thrown'))[0].violation, /viewer-request: the function threw .*oops/);
});

test('says in the log that an origin is no bucket', async () => {
  const { status } = await ask('PUT', '/no-bucket', { headers: { 'Content-Length': 0, 'x-origin': 'www.example.com' } });
  assert.equal(status, 502);
  assert.match((await linesOf('/no-bucket'))[0].violation, /`www.example.com` is not the domain name of an S3 bucket/);
});

test('sends to the bucket that the origin names', async () => {
  const { status, body } = await ask('PUT', '/k', { headers: { 'Content-Length': 0, 'x-origin': 'a.b.s3.eu-west-1.amazonaws.com' } });
  assert.equal(status, 404);
  assert.match(body.toString(), /<BucketName>a\.b</);
});

test('answers the quotas', async () => {
  assert.equal((await ask('PUT', `/${'a'.repeat(8192)}`)).status, 414);
  assert.equal((await ask('PUT', '/quota', { headers: { 'x-a': 'a'.repeat(33_000) } })).status, 494);
  assert.equal((await ask('GET', '/quota', { headers: { 'Content-Length': 1 }, body: Buffer.from('x') })).status, 403);
  const lines = [...(await linesOf(`/${'a'.repeat(8192)}`)), ...(await linesOf('/quota', 2))];
  assert.deepEqual(lines.map(({ status }) => status), [414, 494, 403]);
  const socket = net.connect(distribution.port, distribution.host);
  socket.write(`PUT / HTTP/1.1\r\nHost: h\r\nx-a: ${'a'.repeat(140_000)}\r\n\r\n`);
  assert.match((await once(socket, 'data'))[0].toString(), /^HTTP\/1\.1 494 /);
  socket.destroy();
});

/** The origin-request function that sends a request to the API. */
async function toApi(event) {
  const request = requestOf(event);
  const custom = { customHeaders: { 'x-key': [{ key: 'X-Key', value: 'k' }] }, domainName: API.domain, keepaliveTimeout: 5, path: API.path, port: 443, protocol: 'https', readTimeout: 30, sslProtocols: ['TLSv1.2'] };
  request.headers.host = [{ key: 'Host', value: API.domain }];
  request.origin = { custom };
  request.uri = '/initiate';
  return request;
}

test('sends to the API what a function routes there', async () => {
  functions = { ...PASS, originRequest: toApi };
  const { status, headers, body } = await ask('POST', '/key?uploads', { headers: { Authorization: 'OSS a:b', 'Content-Length': 3 }, body: Buffer.from('abc') });
  assert.deepEqual([status, headers['content-type'], body.toString()], [200, 'application/xml', '<a/>']);
  assert.equal(events.authorizer.headers.Authorization, 'OSS a:b');
  assert.equal(events.authorizer.headers['X-Key'], 'k');
  assert.match(events.authorizer.headers['X-Forwarded-For'], /^127\.0\.0\.1, /);
  assert.deepEqual(events.authorizer.queryStringParameters, { uploads: '' });
  assert.equal(events.initiate.body, 'abc');
  assert.deepEqual((await linesOf('/key')).map(({ origin, bytes }) => [origin, bytes]), [['api', 3]]);
});

test('answers 413 to more than the API takes, and reads the rest away', async () => {
  functions = { ...PASS, originRequest: toApi };
  const length = 24 * 1024 * 1024;
  assert.equal((await ask('POST', '/key?uploads', { headers: { 'Content-Length': length }, body: Buffer.alloc(length) })).status, 413);
  assert.equal(events.authorizer, undefined);
});

test('shows an origin-response function what an origin answered, and gives the viewer what it made of it', async () => {
  const seen = [];
  functions = {
    ...PASS,
    originResponse: async (event) => {
      const { config, request, response } = structuredClone(event.Records[0].cf);
      seen.push([config.eventType, request.method, response.status, response.headers['content-type'][0].value, 'x-cache' in response.headers]);
      const headers = { 'content-type': [{ key: 'Content-Type', value: 'text/x' }], 'x-added': [{ value: 'é' }] };
      return response.status === '404' ? { status: '418', statusDescription: 'Teapot', headers, body: 'another' } : { ...response, headers };
    },
  };
  const { status, headers, rawHeaders, body } = await ask('GET', '/none');
  assert.deepEqual([status, headers['content-type'], headers['content-length'], body.toString()], [418, 'text/x', '7', 'another']);
  assert.ok(rawHeaders.includes('X-Added') && rawHeaders.includes('Content-Type'));
  assert.equal(headers['x-amz-request-id'], undefined);
  await ask('PUT', '/edited', { headers: { 'Content-Length': 3 }, body: Buffer.from('abc') });
  const kept = await ask('GET', '/edited');
  assert.deepEqual([kept.status, kept.headers['content-type'], kept.body.toString()], [200, 'text/x', 'abc']);
  assert.deepEqual(seen[0], ['origin-response', 'GET', '404', 'application/xml', false]);
});

test('holds an origin-response function to CloudFront\'s rules', async () => {
  const rules = [
    [(response) => ({ ...response, headers: { ...response.headers, via: [{ value: 'forged' }] } }), /via is read-only in origin-response/],
    [(response) => ({ ...response, headers: { ...response.headers, 'x-cache': [{ value: 'Hit' }] } }), /x-cache is not allowed/],
    [(response) => ({ ...response, status: '700' }), /status must be a string from 200 to 599/],
    [(response) => ({ ...response, body: 'b'.repeat(1024 * 1024) }), /may not be larger than 1048576/],
    [(response, request) => request, /must return a response/],
    [() => null, /must return a request or a response object/],
    [() => { throw new Error('oops'); }, /the function threw Error: oops/],
  ];
  for (const [index, [change, rule]] of rules.entries()) {
    functions = { ...PASS, originResponse: async (event) => change(event.Records[0].cf.response, requestOf(event)) };
    const { status } = await ask('GET', `/none/${index}`);
    assert.ok([502, 503].includes(status), String(rule));
    assert.match((await linesOf(`/none/${index}`))[0].violation, rule);
  }
});

test('runs no origin-response function where no origin answered', async () => {
  functions = { ...PASS, originResponse: async () => assert.fail('it ran'), viewerRequest: async () => ({ status: '403' }) };
  assert.equal((await ask('PUT', '/k', { headers: { 'Content-Length': 0 } })).status, 403);
});

test('answers 403 where a function forgets the Host of the API, and 502 to a domain that is nowhere', async () => {
  functions = { ...PASS };
  functions.originRequest = async (event) => {
    const { headers: { host } } = structuredClone(requestOf(event));
    const request = await toApi(event);
    return { ...request, headers: { ...request.headers, host } };
  };
  assert.equal((await ask('POST', '/key?uploads', { headers: { 'Content-Length': 0 } })).status, 403);
  functions.originRequest = async (event) => {
    const request = await toApi(event);
    request.origin.custom.domainName = 'nowhere.example.com';
    return request;
  };
  assert.equal((await ask('POST', '/key?uploads', { headers: { 'Content-Length': 0 } })).status, 502);
});

test('closes while a viewer keeps a connection open', async () => {
  const short = await startDistribution({ handlers: { ...PASS, authorizer: async () => null }, originDomain: () => S3_DOMAIN, api: API, s3 });
  const agent = new http.Agent({ keepAlive: true });
  const request = http.get({ host: short.host, port: short.port, path: '/none', agent });
  const [message] = await once(request, 'response');
  await buffer(message);
  await short.close();
  agent.destroy();
  await assert.rejects(once(http.get({ host: short.host, port: short.port, agent: false }), 'response'), { code: 'ECONNREFUSED' });
});
