// What each way into the relay asks the core, and what it makes of the answer, with a gate that says what it was asked.
// uploads.test.mjs and entrance.test.mjs have the real one.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { entranceWayIn } from '../../js-shim/relay/entrance.mjs';
import { edgeWayIn, headerOf } from '../../js-shim/relay/verify.mjs';

const NOW = Date.parse('2026-11-24T00:52:57Z');
const SECRET = 'the-origin-secret-of-the-distribution';
const FORWARD = { decision: 'forward', operation: 'PutObject' };
const REFUSAL = { decision: 'refuse', status: 403, code: 'SignatureDoesNotMatch', detail: 'signature mismatch', renewal: 'never' };
const HAND_OVER = Buffer.from(['3', 'id', 'PUT', '/k', '', 'host', 'uploads.example.com'].join('\0')).toString('base64url');
const VERIFIED = { 'x-ossedge-origin-secret': [SECRET], 'x-ossedge-request': [HAND_OVER] };

/** Access keys that couldn't be fetched yet. */
const NO_KEYS = /** @type {any} */ ({ ready: () => false, arrival: async () => false, retryAfter: () => 7 });

/** A request as Node has it. @param {Record<string, string[]>} [headersDistinct] @returns {any} */
function message(headersDistinct = {}, more = {}) {
  const rawHeaders = Object.entries(headersDistinct).flatMap(([name, values]) => values.flatMap((value) => [name, value]));
  const headers = Object.fromEntries(Object.entries(headersDistinct).map(([name, [first]]) => [name, first]));
  return { method: 'PUT', url: '/a?b', rawHeaders, headersDistinct, headers, ...more };
}

/** A gate that decides so, and what it was asked. @param {object} decision @returns {any} */
function gateOf(decision) {
  const asked = /** @type {unknown[][]} */ ([]);
  const decide = (/** @type {string} */ name) => (/** @type {unknown[]} */ ...inputs) => (asked.push([name, ...inputs]), decision);
  return { asked, decideAtRelay: decide('relay'), decideAtEntrance: decide('entrance'), corsHeaders: (/** @type {string} */ origin) => [['Access-Control-Allow-Origin', origin]] };
}

/** @param {any} gate @param {object} [options] */
function behindEdge(gate, options) {
  return edgeWayIn({ gate, isOriginSecret: (presented) => presented === SECRET, ...options });
}

/** @param {any} gate @param {object} [options] */
function atEntrance(gate, options) {
  return entranceWayIn({ gate, clientOf: () => ({ address: '198.51.100.9', vpcEndpointId: 'vpce-08d2bf15fac5001c9' }), ...options });
}

test('a header that is repeated is none', () => {
  const values = [[], ['a'], ['a', 'a']].map((lines) => headerOf(message({ name: lines }), 'name'));
  assert.deepEqual([...values, headerOf(message(), 'name')], [undefined, 'a', undefined, undefined]);
});

test('behind the edge it answers two paths of health, and gives pages no headers, as CloudFront does', () => {
  const { healthPaths, pageHeaders } = behindEdge(gateOf(FORWARD));
  assert.deepEqual([healthPaths, pageHeaders(message({ origin: ['https://app.example.com'] }))], [['/health', '/.oss-edge/health'], []]);
});

test("behind the edge each request has an id of its own, and CloudFront's in its line", () => {
  const { receive } = behindEdge(gateOf(FORWARD));
  const [first, second] = [receive(message({ 'x-amz-cf-id': ['id'] })), receive(message({ 'x-amz-cf-id': ['id', 'other'] }))];
  assert.match(first.requestId, /^[0-9A-F]{24}$/u);
  assert.notEqual(first.requestId, second.requestId);
  assert.deepEqual([first.line, second.line], [{ cloudFrontRequestId: 'id' }, { cloudFrontRequestId: undefined }]);
});

test('behind the edge it asks the core about the hand-over, at the time of the request', async () => {
  const gate = gateOf(FORWARD);
  const verified = await behindEdge(gate).receive(message(VERIFIED)).verify(NOW);
  assert.deepEqual(verified, { forward: FORWARD, url: 'http://uploads.example.com/k' });
  await behindEdge(gate).receive(message({ ...VERIFIED, 'x-ossedge-request': [HAND_OVER, HAND_OVER] })).verify(NOW);
  assert.deepEqual(gate.asked, [['relay', HAND_OVER, NOW], ['relay', '', NOW]]);
});

test('behind the edge it asks the core nothing for whom the secret is wrong, and tells them no more', async () => {
  for (const secrets of [[], ['x'.repeat(SECRET.length)], [SECRET, SECRET]]) {
    const gate = gateOf(FORWARD);
    const { receive } = behindEdge(gate, { keys: NO_KEYS });
    const received = receive(message({ ...VERIFIED, 'x-ossedge-origin-secret': secrets }));
    const { refused, ...rest } = /** @type {any} */ (await received.verify(NOW));
    assert.deepEqual([refused.status, refused.code, rest], [403, 'AccessDenied', { detail: 'the origin secret is missing or wrong' }]);
    assert.ok(refused.body.includes(`<RequestId>${received.requestId}</RequestId>`), refused.body);
    assert.deepEqual(gate.asked, []);
  }
});

test('behind the edge the answer to HEAD has its error in a header', async () => {
  for (const [headers, code] of /** @type {const} */ ([[{}, 'AccessDenied'], [VERIFIED, 'ServiceUnavailable']])) {
    const { refused } = /** @type {any} */ (await behindEdge(gateOf(FORWARD), { keys: NO_KEYS }).receive(message(headers, { method: 'HEAD' })).verify(NOW));
    const error = Object.fromEntries(refused.headers)['x-oss-err'];
    assert.deepEqual([refused.body, /<Code>(.*)<\/Code>/u.exec(Buffer.from(error, 'base64').toString())?.[1]], ['', code]);
  }
});

for (const [what, wayIn] of /** @type {const} */ ([['behind the edge', behindEdge], ['at the entrance', atEntrance]])) {
  test(`${what} it refuses as the core says, in the answer and in the line`, async () => {
    const refused = await wayIn(gateOf(REFUSAL)).receive(message(VERIFIED)).verify(NOW);
    assert.deepEqual(refused, { refused: REFUSAL, detail: 'signature mismatch', understood: REFUSAL });
  });

  test(`${what} it asks the core nothing while there are no access keys, and says when to come again`, async () => {
    const gate = gateOf(FORWARD);
    const received = wayIn(gate, { keys: NO_KEYS }).receive(message(VERIFIED));
    const { refused, ...rest } = /** @type {any} */ (await received.verify(NOW));
    assert.deepEqual([refused.status, refused.code, rest], [503, 'ServiceUnavailable', { detail: 'no access keys' }]);
    assert.deepEqual(refused.headers.at(-1), ['Retry-After', '7']);
    assert.ok(refused.body.includes(`<RequestId>${received.requestId}</RequestId>`), refused.body);
    assert.deepEqual(gate.asked, []);
  });
}

test('at the entrance it asks the core about the request as it came, with an id that nobody can choose', async () => {
  const gate = gateOf(FORWARD);
  const lines = { host: ['uploads.example.com'], 'user-agent': ['aliyun-sdk-c'], 'content-length': ['5'], 'x-amz-cf-id': ['forged'] };
  const received = [1, 2].map(() => atEntrance(gate).receive(message(lines)));
  const verified = await Promise.all(received.map(({ verify }) => verify(NOW)));
  assert.deepEqual(verified[0], { forward: FORWARD, url: 'http://uploads.example.com/a' });
  const [[, request, id, time], [, , otherId]] = gate.asked;
  assert.deepEqual([request.method, request.uri, request.querystring, request.clientIp, time], ['PUT', '/a', 'b', '198.51.100.9', NOW]);
  assert.ok(id.length >= 27 && id !== otherId, `${id} ${otherId}`);
  assert.notEqual(received[0].requestId, received[1].requestId);
  const { clientIp, vpcEndpointId, host, contentLength, framing } = received[0].line;
  assert.deepEqual([clientIp, vpcEndpointId, host, contentLength, framing], ['198.51.100.9', 'vpce-08d2bf15fac5001c9', 'uploads.example.com', 5, 'length']);
});

test('at the entrance it asks the core nothing of whom it knows no address, and of what is no path', async () => {
  for (const [request, client, code, detail] of /** @type {[any, object, string, string][]} */ ([
    [message(), { address: '127.0.0.1', fault: 'no client is known' }, 'AccessDenied', 'no client is known'],
    [message({}, { url: 'http://h/a' }), { address: '127.0.0.1' }, 'InvalidArgument', 'the target is not a path'],
  ])) {
    const gate = gateOf(FORWARD);
    await assert.rejects(atEntrance(gate, { clientOf: () => client }).receive(request).verify(NOW), { name: code, message: detail });
    assert.deepEqual(gate.asked, []);
  }
});

test('at the entrance a gate that decides at the edge alone decides nothing', async () => {
  const { decideAtEntrance: _, ...gate } = gateOf(FORWARD);
  await assert.rejects(atEntrance(gate).receive(message()).verify(NOW), /^Error: the gate has no decideAtEntrance$/u);
});

test('at the entrance it answers a preflight, and pages as the core says', async () => {
  const answer = { decision: 'answer', status: 200 };
  const { healthPaths, receive, pageHeaders } = atEntrance(gateOf(answer));
  assert.deepEqual([healthPaths, await receive(message()).verify(NOW)], [['/.oss-edge/health'], { answered: answer }]);
  const page = ['https://app.example.com'];
  const asked = [[], page, [...page, ...page]].map((origin) => pageHeaders(message({ origin })));
  assert.deepEqual(asked, [[], [['Access-Control-Allow-Origin', page[0]]], []]);
  assert.deepEqual(atEntrance({}).pageHeaders(message({ origin: page })), []);
});

test('at the entrance a request without one Host has none in its URL', async () => {
  for (const host of [[], ['a', 'b']]) {
    const { url } = /** @type {any} */ (await atEntrance(gateOf(FORWARD)).receive(message({ host })).verify(NOW));
    assert.equal(url, 'http:///a');
  }
});
