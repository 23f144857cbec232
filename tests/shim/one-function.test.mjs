// The one function of `"triggers": "origin-request"`, over the events and requests of the tests of viewer-request.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { loadFunctions } from '../../cli/load-functions.mjs';
import { createGate } from '../../js-shim/core/gate.mjs';
import { createOneFunction } from '../../js-shim/edge/one-function.mjs';
import { createViewerRequest } from '../../js-shim/edge/viewer-request.mjs';
import { ORIGIN_REQUEST_POLICY, POLICY_WITH_HOST } from '../../deploy/distribution.mjs';
import { violation } from '../../local/cloudfront-rules.mjs';
import { originRequestEvent } from '../../local/origin-request-event.mjs';
import { DOCUMENTS, NOW, S3_DOMAIN, element, functions, memoryLog, originEvent, signedEvent } from './fixture.mjs';
import { eventOf } from './written-requests.mjs';

const config = { ...DOCUMENTS.config, triggers: 'origin-request' };
const { api: _, ...withoutApi } = config;
const relayed = { ...withoutApi, relay: { domain: 'relay.example.com', path: '/v1' } };
const SECRET = { 'x-ossedge-origin-secret': 'a secret of the distribution' };
const INITIATE = { method: 'POST', querystring: 'uploads', headers: { 'content-length': '0' } };
const FORBIDDEN = { 'content-length': '5', 'x-oss-forbid-overwrite': 'true' };

const one = await loadFunctions({ ...DOCUMENTS, config });
const relaying = await loadFunctions({ ...DOCUMENTS, config: relayed });
/** Some events have upload ids that are S3's own. */
const migrating = await loadFunctions({ ...DOCUMENTS, config: { ...config, unsealedUploadIds: 'forward' } });

const cases = JSON.parse(readFileSync(new URL('events/viewer-request.json', import.meta.url), 'utf8'));
const malformed = JSON.parse(readFileSync(new URL('../malformed/requests.json', import.meta.url), 'utf8'));

for (const { name, now, event, expected } of cases) {
  test(`decides as viewer-request does of the event file: ${name}`, async () => {
    const { lines, log } = memoryLog();
    const shown = atOrigin(event);
    const result = await migrating['origin-request'].create({ now: () => Date.parse(now), log })(structuredClone(shown));
    assert.equal(violation('origin-request', shown, result), null);
    if (expected.result.headers['if-none-match']) {
      assert.equal(element(result.body, 'Header'), 'x-oss-forbid-overwrite');
      return;
    }
    const { headers, ...other } = JSON.parse(JSON.stringify(result));
    const { headers: expectedHeaders, ...expectedOther } = expected.result;
    if ('status' in expected.result) {
      assert.deepEqual([other, headers], [expectedOther, expectedHeaders]);
    } else {
      const domain = expectedHeaders['x-ossedge-origin'][0].value;
      const { origin, ...rest } = other;
      assert.deepEqual(rest, expectedOther);
      assert.equal(origin.custom?.domainName ?? origin.s3.domainName, domain);
      assert.deepEqual(inAnyOrder(headers), inAnyOrder(atTheOrigin(expectedHeaders, domain)));
    }
    // CloudFront names itself for a viewer that sent no User-Agent.
    assert.deepEqual(JSON.parse(JSON.stringify(lines)), [{ userAgent: 'Amazon CloudFront', ...expected.log, function: 'origin-request' }]);
  });
}

test('refuses every malformed request as viewer-request does, and CloudFront takes the answer', async () => {
  const handlerOf = (/** @type {any} */ documents, /** @type {number} */ now) =>
    createOneFunction({ gate: gateOf(documents), now: () => now, log: () => {} });
  assert.ok(malformed.requests.length >= 100);
  const documents = { ...malformed, config: { ...malformed.config, triggers: 'origin-request' } };
  for (const entry of malformed.requests) {
    const event = atOrigin(eventOf(entry));
    // Where there is none, the model would show the origin's.
    if (!entry.headers.some((/** @type {string[]} */ [name]) => name.toLowerCase() === 'host')) delete event.Records[0].cf.request.headers.host;
    const result = /** @type {any} */ (await handlerOf(documents, Date.parse(entry.now))(structuredClone(event)));
    assert.equal(Number(result.status), entry.expected.status, entry.id);
    const document = result.body || Buffer.from(result.headers['x-oss-err'][0].value, 'base64').toString();
    assert.equal(element(document, 'Code'), entry.expected.code, entry.id);
    assert.equal(violation('origin-request', event, result), null, entry.id);
  }
});

test('keeps the S3 origin, puts its Host in the place of the viewer\'s, and sends nothing on that is not decided', async () => {
  const forged = {
    'content-length': '5',
    'x-amz-acl': 'public-read',
    'x-amz-meta-forged': '1',
    'x-ossedge-origin': 'evil.example.com',
    'x-ossedge-request': 'AAAA',
    'x-ossedge-seal': '1;2;1795485177;;AAAA',
    'x-forwarded-for': '10.0.0.1',
    'if-match': '*',
    range: 'bytes=0-1',
    cookie: 'a=b',
    'accept-encoding': 'gzip',
    'user-agent': 'aliyun-sdk-c/3.11.2',
    'cloudfront-viewer-country': 'XX',
  };
  const event = atOrigin(signedEvent({ headers: { ...forged, 'x-oss-meta-a': '1' } }), SECRET);
  const before = structuredClone(event);
  const result = await handler()(event);
  assert.deepEqual(event, before);
  assert.deepEqual(result.origin, event.Records[0].cf.request.origin);
  assert.deepEqual(result.headers.host, [{ key: 'Host', value: S3_DOMAIN }]);
  assert.deepEqual(Object.keys(result.headers).sort(), ['accept-encoding', 'content-length', 'host', 'via', 'x-amz-meta-a']);
  assert.equal(violation('origin-request', event, result), null);
});

test('replaces the origin by the API, with its host and the secret, whatever conditions the viewer sends', async () => {
  const conditions = ['if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since'];
  const headers = { ...INITIATE.headers, ...Object.fromEntries(conditions.map((name) => [name, '*'])) };
  const event = atOrigin(signedEvent({ ...INITIATE, headers, uri: '/a%2Fb%20c', resource: '/fleet-uploads/a/b c?uploads' }), SECRET);
  const result = await handler()(structuredClone(event));
  const { domainName, path, readTimeout, customHeaders } = result.origin.custom;
  assert.deepEqual([domainName, path, readTimeout], ['abc123.execute-api.us-east-1.amazonaws.com', '/prod', 30]);
  assert.deepEqual(Object.keys(customHeaders), ['x-ossedge-origin-secret']);
  assert.deepEqual([result.uri, result.querystring, result.headers.host[0].value], ['/initiate-multipart-upload', '', domainName]);
  assert.deepEqual(Object.keys(result.headers).sort(), ['content-length', 'host', ...conditions, 'via', 'x-ossedge-request']);
  assert.equal(violation('origin-request', event, result), null);
});

test('sends the relay a forbidden overwrite, and without one refuses it by name', async () => {
  const event = atOrigin(signedEvent({ headers: FORBIDDEN }), SECRET);
  const result = await relaying['origin-request'].create({ now: () => NOW, log: () => {} })(structuredClone(event));
  assert.deepEqual([result.origin.custom.domainName, result.uri, result.headers['if-none-match']], ['relay.example.com', '/put-object', undefined]);
  assert.equal(violation('origin-request', event, result), null);
  const { lines, log } = memoryLog();
  const refused = await handler({ log })(event);
  assert.deepEqual([refused.status, element(refused.body, 'Code'), element(refused.body, 'Header')], ['400', 'NotImplemented', 'x-oss-forbid-overwrite']);
  assert.equal(lines[0].detail, 'header `x-oss-forbid-overwrite` is `true`: with `triggers` "origin-request" it needs a `relay`');
});

test('answers a preflight, and a page can read what it refuses', async () => {
  const page = 'https://app.example.com';
  const paged = await loadFunctions({ ...DOCUMENTS, config: { ...config, cors: { origins: [page] } } });
  const create = () => paged['origin-request'].create({ now: () => NOW, log: () => {} });
  const asked = { origin: page, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'authorization,x-oss-date' };
  const preflight = atOrigin(signedEvent({ method: 'OPTIONS', headers: asked }));
  const answer = await create()(structuredClone(preflight));
  assert.deepEqual([answer.status, answer.headers['access-control-allow-origin'][0].value], ['200', page]);
  assert.equal(violation('origin-request', preflight, answer), null);
  const refused = await create()(atOrigin(signedEvent({ headers: { origin: page, date: 'Tue, 24 Nov 2026 00:52:57 GMT' } })));
  assert.deepEqual([refused.status, refused.headers['access-control-allow-origin'][0].value], ['403', page]);
});

/** How a distribution may be wired wrongly: the answer, and what the log says. */
const FAULTS = /** @type {[string, () => Promise<any>, string, RegExp][]} */ ([
  ['the function of three is the only one', () => functions['origin-request'].create(quiet())(atOrigin(signedEvent())), '500', /^no seal: viewer-request did not run/u],
  ['the one function is beside viewer-request of three', async () => handlerOf(quiet())(atOrigin(viewerEventOf(await ofThree(signedEvent())))), '403', /^no signature$/u],
  ['the one function gets what three handed over', async () => handlerOf(quiet())(originEvent(await ofThree(signedEvent()))), '500', /^the Host is the bucket's: the origin request policy must pass all headers of the viewer/u],
  ['the policy keeps the viewer\'s Host back', () => handlerOf(quiet())(atOrigin(signedEvent(), {}, ORIGIN_REQUEST_POLICY)), '500', /^the Host is the bucket's/u],
  ['the one function is at viewer request', () => handlerOf(quiet())(signedEvent()), '500', /must be associated with origin request alone$/u],
  ['the distribution is another bucket\'s', () => handlerOf(quiet())(atOrigin(signedEvent(), {}, POLICY_WITH_HOST, 'other.s3.us-east-1.amazonaws.com')), '500', /^the origin is not fleet-uploads-prod\.s3/u],
  ['the distribution\'s origin has a path', () => handlerOf(quiet())(changed(({ origin }) => (origin.s3.path = '/devices'))), '500', /^the S3 origin has an origin path: remove it$/u],
  ['the distribution has no S3 origin', () => handlerOf(quiet())(changed((request) => (request.origin = { custom: { domainName: 'x' } }))), '500', /^the origin is not fleet-uploads-prod\.s3/u],
  ['the policy forwards no query', () => handlerOf(quiet())(atOrigin(signedEvent(INITIATE), {}, { ...POLICY_WITH_HOST, queryStrings: { behavior: 'none' } })), '405', /^the operation is not served$/u],
  ['the function knows another API', () => one['origin-request'].create({ ...quiet(), api: { domain: 'other.example.com', path: '' } })(atOrigin(signedEvent(INITIATE))), '500', /^the origin is not abc123\.execute-api/u],
  ['a gate of three decides', async () => createOneFunction({ gate: gateOf(DOCUMENTS), ...quiet() })(atOrigin(signedEvent())), '500', /^the configuration of the gate must have `triggers` "origin-request"$/u],
  ['a gate of one is at viewer request', async () => createViewerRequest({ gate: gateOf({ ...DOCUMENTS, config }), ...quiet() })(signedEvent()), '500', /no function may be associated with viewer request$/u],
]);

/** The lines of the last function that `quiet` was for. @type {any[]} */
let logged = [];

for (const [what, run, status, detail] of FAULTS) {
  test(`sends nothing on when ${what}`, async () => {
    const result = await run();
    assert.equal(result.status, status);
    assert.ok(element(result.body, 'Code'));
    assert.ok(!result.body.includes('amazonaws.com'), 'names the bucket');
    assert.equal(logged.length, 1);
    assert.match(logged[0].detail, detail);
  });
}

for (const event of [undefined, null, {}, { Records: [] }, { Records: [{ cf: { config: {} } }] }]) {
  test(`fails closed on an event that is ${JSON.stringify(event)}`, async () => {
    const result = await handler()(event);
    assert.deepEqual([result.status, element(result.body, 'Code')], ['500', 'InternalError']);
  });
}

/** A log for one function, and the time. */
function quiet() {
  const { lines, log } = memoryLog();
  logged = lines;
  return { now: () => NOW, log };
}

/** @param {{ log?: (line: any) => void }} [options] */
function handler({ log = () => {} } = {}) {
  return handlerOf({ now: () => NOW, log });
}

/** @param {object} options */
function handlerOf(options) {
  return one['origin-request'].create(options);
}

/** What viewer-request of three functions makes of an event. @param {any} event */
async function ofThree(event) {
  return functions['viewer-request'].create({ now: () => NOW, log: () => {} })(event);
}

/** @param {any} request */
function viewerEventOf(request) {
  return { Records: [{ cf: { ...signedEvent().Records[0].cf, request } }] };
}

/**
 * What CloudFront shows origin-request of a viewer's request, without a function at viewer request.
 *
 * @param {any} event @param {Record<string, string>} [customHeaders]
 * @param {import('../../deploy/distribution.mjs').OriginRequestPolicy} [policy] @param {string} [domainName]
 * @returns {any}
 */
function atOrigin(event, customHeaders = {}, policy = POLICY_WITH_HOST, domainName = S3_DOMAIN) {
  const { config: { requestId }, request } = event.Records[0].cf;
  return originRequestEvent(request, { requestId, domainName, customHeaders }, policy);
}

/** @param {(request: any) => void} change */
function changed(change) {
  const event = atOrigin(signedEvent());
  change(event.Records[0].cf.request);
  return event;
}

/** The headers that leave viewer-request, as one function sends them. @param {Record<string, any>} headers @param {string} domain */
function atTheOrigin({ 'x-ossedge-origin': _origin, 'x-ossedge-seal': _seal, ...headers }, domain) {
  return { ...headers, host: [{ key: 'Host', value: domain }], via: [{ key: 'Via', value: '1.1 d111111abcdef8.cloudfront.net (CloudFront)' }] };
}

/** With the hand-over's headers sorted, which are in the order of the event. @param {Record<string, any>} headers */
function inAnyOrder({ 'x-ossedge-request': handOver, ...headers }) {
  if (handOver === undefined) return headers;
  const [count, id, method, uri, query, ...lines] = Buffer.from(handOver[0].value, 'base64url').toString().split('\0');
  const pairs = lines.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${lines[at + 1]}`] : []));
  return { ...headers, handOver: [count, id, method, uri, query, ...pairs.sort()] };
}

/** @param {{ config: unknown, accessKeys: unknown }} documents */
function gateOf(documents) {
  const wasm = readFileSync(new URL('../../js-shim/wasm/oss_edge_documents_bg.wasm', import.meta.url));
  return createGate({ wasm, config: documents.config, accessKeys: documents.accessKeys });
}
