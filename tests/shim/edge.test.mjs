// The functions at the edge with a gate that says what it was asked: events of another shape, failures, and what is told of
// them. viewer-request.test.mjs and the others have the real gate.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readWasm } from '../../cli/wasm-file.mjs';
import { applyAtOriginRequest, applyForward } from '../../js-shim/edge/cloudfront-event.mjs';
import { isBucket, toEndpoint } from '../../js-shim/edge/endpoints.mjs';
import { failClosed } from '../../js-shim/edge/fail-closed.mjs';
import { requestFields } from '../../js-shim/edge/log-fields.mjs';
import { createOneFunction } from '../../js-shim/edge/one-function.mjs';
import { createOriginResponse } from '../../js-shim/edge/origin-response.mjs';
import { ACCESS_DENIED, INTERNAL_ERROR, SERVICE_UNAVAILABLE, escapeXml, ossError } from '../../js-shim/edge/oss-error.mjs';
import { createViewerRequest } from '../../js-shim/edge/viewer-request.mjs';

const NOW = Date.parse('2026-11-24T01:52:57Z');
const DATE = 'Tue, 24 Nov 2026 01:52:57 GMT';
const BUCKET = 'fleet.s3.us-east-1.amazonaws.com';
const PAGE = 'https://app.example.com';
const FORWARD = { decision: 'forward', origin: 's3', uri: '/k', query: '', headers: [] };
const ANSWER = { decision: 'answer', status: 200, statusDescription: 'OK', headers: [], body: '', ossRequestId: 'O' };
const wasm = await readWasm();

/** @param {Record<string, string[]>} [headers] @returns {any} */
function requestOf(headers = { host: ['uploads.example.com'] }, more = {}) {
  const fields = Object.entries(headers).map(([name, values]) => [name, values.map((value) => ({ key: name, value }))]);
  return { clientIp: '198.51.100.9', method: 'PUT', uri: '/k', querystring: '', headers: Object.fromEntries(fields), ...more };
}

/** @param {any} request @returns {any} */
function eventOf(request, eventType = 'viewer-request') {
  return { Records: [{ cf: { config: { requestId: 'id', eventType }, request } }] };
}

/** What a function makes of an event, what its gate was asked, and the log was told. */
async function decided(/** @type {any} */ event, { create = /** @type {any} */ (createViewerRequest), decide = () => /** @type {any} */ (FORWARD), ...options } = {}) {
  const [origins, lines] = [/** @type {string[]} */ ([]), /** @type {any[]} */ ([])];
  const corsHeaders = (/** @type {string} */ origin) => (origins.push(origin), [['Access-Control-Allow-Origin', origin]]);
  const gate = { decide, corsHeaders };
  const result = await create({ gate, now: () => NOW, log: (/** @type {any} */ line) => lines.push(line), ...options })(event);
  return { origins, lines, result };
}

const fails = () => {
  throw new RangeError('secret text');
};

/** Events of no shape that CloudFront has. */
const SHAPELESS = [undefined, null, 'text', {}, { Records: null }, { Records: [] }, { Records: [null] }, { Records: [{}] }, { Records: [{ cf: null }] }, { Records: [{ cf: { config: null } }] }];

for (const event of SHAPELESS) {
  test(`every function answers an event that is ${JSON.stringify(event)} with an error of OSS's`, async () => {
    for (const create of [createViewerRequest, createOneFunction, (/** @type {any} */ options) => createOriginResponse({ wasm, ...options })]) {
      const { lines, result } = await decided(event, { create });
      assert.deepEqual([result.status, lines.length, lines[0].code, lines[0].cloudFrontRequestId], ['500', 1, 'InternalError', '']);
      assert.match(result.body, /<HostId>oss-edge<\/HostId>/u);
    }
  });
}

test('a request without a Host, an Origin or headers is decided, or fails, as any', async () => {
  for (const headers of [{ host: [] }, {}]) {
    assert.equal((await decided(eventOf(requestOf(headers)))).result.uri, '/k');
    const failed = await decided(eventOf(requestOf(headers)), { decide: fails });
    assert.deepEqual([failed.result.status, failed.origins, failed.lines[0].detail], ['500', [], 'no decision: RangeError']);
  }
  const { result, origins } = await decided(eventOf({ method: 'PUT' }), { decide: fails });
  assert.deepEqual([result.status, origins], ['500', []]);
});

test('a failure is told to the one page that asks, and to it alone', async () => {
  for (const [origin, asked] of /** @type {[string[], string[]][]} */ ([[[PAGE], [PAGE]], [[PAGE, PAGE], []], [[], []]])) {
    const { result, origins } = await decided(eventOf(requestOf({ origin })), { decide: fails });
    assert.deepEqual([origins, result.headers['access-control-allow-origin']?.[0].value], [asked, asked[0]]);
  }
  for (const gate of [{ decide: fails }, { decide: fails, corsHeaders: fails }]) {
    const { result } = await decided(eventOf(requestOf({ origin: [PAGE] })), { gate });
    assert.deepEqual([result.status, Object.keys(result.headers).sort()], ['500', ['content-type', 'date', 'x-oss-ec', 'x-oss-request-id']]);
  }
});

test('without access keys it says when to come again', async () => {
  const keys = { ready: () => false, arrival: async () => false, retryAfter: () => 7 };
  const { result, lines } = await decided(eventOf(requestOf()), { keys });
  assert.deepEqual([result.status, result.headers['retry-after'][0].value, lines[0].detail], ['503', '7', 'no access keys']);
  assert.match(result.body, /<HostId>uploads\.example\.com<\/HostId>/u);
});

test('logs an answer with its status and id, and a forward with its origin', async () => {
  const { lines: [answered] } = await decided(eventOf(requestOf()), { decide: () => ANSWER });
  assert.deepEqual([answered.decision, answered.status, answered.ossRequestId, answered.cloudFrontRequestId, 'code' in answered], ['answer', 200, 'O', 'id', false]);
  const { lines: [forwarded] } = await decided(eventOf(requestOf()));
  assert.deepEqual([forwarded.decision, forwarded.origin, 'status' in forwarded], ['forward', 's3', false]);
});

test('the one function names what is wrong with an origin, also where there is none', async () => {
  for (const [origin, detail] of /** @type {[any, string][]} */ ([
    [undefined, `the origin is not ${BUCKET}: the distribution has no S3 origin, and this bundle no API or relay`],
    [{}, `the origin is not ${BUCKET}: the distribution has no S3 origin, and this bundle no API or relay`],
    [{ custom: {} }, `the origin is not ${BUCKET}: the distribution has no S3 origin, and this bundle no API or relay`],
    [{ s3: { domainName: 'other', path: '' } }, `the origin is not ${BUCKET}: the distribution has other, and this bundle no API or relay`],
    [{ s3: { domainName: BUCKET, path: '/a' } }, 'the S3 origin has an origin path: remove it'],
  ])) {
    const event = eventOf(requestOf({ host: [] }, { origin }), 'origin-request');
    const { lines, result } = await decided(event, { create: createOneFunction, decide: () => ({ ...FORWARD, domain: BUCKET }) });
    assert.deepEqual([result.status, lines[0].detail], ['500', detail]);
  }
});

test('a request is forwarded with its body where CloudFront shows one', () => {
  const body = { action: 'read-only', data: '', encoding: 'base64', inputTruncated: false };
  const forward = { uri: '/k', query: '', headers: [], domain: BUCKET };
  for (const apply of [applyForward, applyAtOriginRequest]) {
    assert.equal('body' in apply(requestOf(), /** @type {any} */ (forward)), false);
    assert.equal(apply(requestOf({}, { body }), /** @type {any} */ (forward)).body, body);
  }
});

const API = { domain: 'api.example.com', path: '/prod' };
const RELAY = { domain: 'relay.example.com', path: '' };

const OTHER_RELEASE = 'no such resource at the API or the relay: viewer-request is of another release';

for (const [what, uri, domain, endpoints, message] of /** @type {[string, string, string, object, string][]} */ ([
  ['another domain at a resource of the API', '/list-parts', 'evil.example.com', { api: API }, 'the origin is not evil.example.com: the distribution has no S3 origin, and this bundle api.example.com'],
  ['another domain at a resource of the relay', '/put-object', 'evil.example.com', { relay: RELAY }, 'the origin is not evil.example.com: the distribution has no S3 origin, and this bundle relay.example.com'],
  ['no resource of the API', '/put-object', API.domain, { api: API }, OTHER_RELEASE],
  ['no resource of the relay', '/k', RELAY.domain, { relay: RELAY }, OTHER_RELEASE],
  ['the API where there is none', '/list-parts', API.domain, { relay: RELAY }, 'the origin is not api.example.com: the distribution has no S3 origin, and this bundle relay.example.com'],
  ['the relay where there is none', '/put-object', RELAY.domain, { api: API }, 'the origin is not relay.example.com: the distribution has no S3 origin, and this bundle api.example.com'],
])) {
  test(`sends nothing to ${what}, and says what there is`, () => {
    assert.throws(() => toEndpoint(requestOf({}, { uri }), domain, endpoints), { message });
  });
}

test("sends the API and the relay the origin's secret, where it has one", () => {
  for (const [origin, secrets] of /** @type {[any, object][]} */ ([
    [undefined, {}],
    [{}, {}],
    [{ s3: {} }, {}],
    [{ s3: { customHeaders: {} } }, {}],
    [{ s3: { customHeaders: { 'x-ossedge-origin-secret': [{ key: 'a', value: 's' }], other: [] } } }, { 'x-ossedge-origin-secret': [{ key: 'a', value: 's' }] }],
  ])) {
    const request = toEndpoint(requestOf({}, { origin, uri: '/list-parts' }), API.domain, { api: API });
    assert.deepEqual(request.origin?.custom?.customHeaders, secrets);
  }
  assert.deepEqual([undefined, {}, { s3: { domainName: BUCKET } }].map((origin) => isBucket(requestOf({}, { origin }), BUCKET)), [false, false, true]);
});

test('a failure keeps what CloudFront wants kept of a response, and has no more than it says', () => {
  const told = /** @type {any[]} */ ([]);
  const failure = { function: 'f', detail: 'd', now: NOW, log: (/** @type {any} */ line) => told.push(line) };
  const event = /** @type {any} */ (eventOf(requestOf()));
  event.Records[0].cf.response = { status: '404', headers: { via: [{ value: '1.1' }], 'transfer-encoding': [{ value: 'chunked' }], server: [{ value: 'AmazonS3' }] } };
  const { headers } = failClosed({ ...failure, event });
  assert.deepEqual(Object.keys(headers ?? {}).sort(), ['content-type', 'date', 'transfer-encoding', 'via', 'x-oss-ec', 'x-oss-request-id']);
  const { headers: own } = failClosed({ ...failure, event: eventOf(requestOf()), retryAfter: 0 });
  assert.deepEqual(Object.keys(own ?? {}).sort(), ['content-type', 'date', 'retry-after', 'x-oss-ec', 'x-oss-request-id']);
  assert.deepEqual(told.map(({ cloudFrontRequestId, status, code, detail }) => [cloudFrontRequestId, status, code, detail]), Array(2).fill(['id', 500, 'InternalError', 'd']));
});

test('an error is written as OSS writes it, for HEAD in a header', () => {
  const context = { requestId: 'R', host: '<h>&\r', now: NOW };
  const { ec } = ACCESS_DENIED;
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<Error>', '  <Code>AccessDenied</Code>', `  <Message>${ACCESS_DENIED.message}</Message>`, '  <RequestId>R</RequestId>', '  <HostId>&lt;h&gt;&amp;&#13;</HostId>', `  <EC>${ec}</EC>`, `  <RecommendDoc>https://api.aliyun.com/troubleshoot?q=${ec}</RecommendDoc>`, '</Error>', ''];
  const headers = [['Content-Type', 'application/xml'], ['Date', DATE], ['x-oss-request-id', 'R'], ['x-oss-ec', ec]];
  const error = { code: 'AccessDenied', status: 403, statusDescription: 'Forbidden' };
  assert.deepEqual(ossError(ACCESS_DENIED, context), { ...error, headers, body: lines.join('\n') });
  const inHeader = ['x-oss-err', Buffer.from(lines.join('\n')).toString('base64')];
  assert.deepEqual(ossError(ACCESS_DENIED, { ...context, method: 'HEAD' }), { ...error, headers: [...headers, inHeader], body: '' });
  const { headers: without, body } = ossError(SERVICE_UNAVAILABLE, context);
  assert.deepEqual([without, /EC|RecommendDoc/u.test(body)], [headers.slice(0, 3), false]);
  assert.equal(body, [...lines.slice(0, 6), '</Error>', ''].join('\n').replace('AccessDenied', 'ServiceUnavailable').replace(ACCESS_DENIED.message, SERVICE_UNAVAILABLE.message));
  assert.match(ossError(INTERNAL_ERROR, { ...context, host: 'h'.repeat(513) }).body, /<HostId>h{512}<\/HostId>/u);
  assert.equal(escapeXml('<<&&>>\r\r'), '&lt;&lt;&amp;&amp;&gt;&gt;&#13;&#13;');
});

for (const [headers, fields] of /** @type {[Record<string, string[]>, object][]} */ ([
  [{}, { framing: 'none' }],
  [{ host: [], 'user-agent': [], 'content-length': [] }, { framing: 'none' }],
  [{ host: ['h', 'i'], 'user-agent': ['u'.repeat(257)], 'content-length': ['5'] }, { host: 'h', userAgent: 'u'.repeat(256), contentLength: 5, framing: 'length' }],
  [{ 'content-length': ['0'] }, { contentLength: 0, framing: 'length' }],
  [{ 'transfer-encoding': ['chunked'] }, { framing: 'chunked' }],
  [{ 'transfer-encoding': ['chunked'], 'content-length': ['5'] }, { contentLength: 5, framing: 'both' }],
])) {
  test(`logs of the headers ${JSON.stringify(headers).slice(0, 80)} ${JSON.stringify(fields).slice(0, 80)}`, () => {
    const none = { host: undefined, userAgent: undefined, contentLength: undefined };
    assert.deepEqual(requestFields(requestOf(headers)), { clientIp: '198.51.100.9', method: 'PUT', ...none, ...fields });
  });
}

test('of answers that it cannot translate it lets those of a success pass', async () => {
  for (const [status, passes] of /** @type {[string, boolean][]} */ ([['200', true], ['299', true], ['304', false], ['1200', false], ['2000', false], ['20x', false]])) {
    const response = { status, statusDescription: '', headers: {} };
    const event = { Records: [{ cf: { config: { requestId: 'id' }, request: null, response } }] };
    const { result } = await decided(event, { create: (/** @type {any} */ options) => createOriginResponse({ wasm, ...options }) });
    assert.equal(result === response, passes, status);
  }
});
