import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { loadFunctions } from '../../cli/load-functions.mjs';
import { createGate } from '../../js-shim/core/gate.mjs';
import { createViewerRequest } from '../../js-shim/edge/viewer-request.mjs';
import { violation } from '../../local/cloudfront-rules.mjs';
import { ACCESS_KEY, DOCUMENTS, NOW, element, functions, memoryLog, signedEvent } from './fixture.mjs';
import { eventOf } from './written-requests.mjs';

const cases = JSON.parse(readFileSync(new URL('events/viewer-request.json', import.meta.url), 'utf8'));

/** Some events have upload ids that are S3's own. */
const migrating = await loadFunctions({ ...DOCUMENTS, config: { ...DOCUMENTS.config, unsealedUploadIds: 'forward' } });

for (const { name, now, event, expected } of cases) {
  test(`event file: ${name}`, async () => {
    const { lines, log } = memoryLog();
    const result = await migrating['viewer-request'].create({ now: () => Date.parse(now), log })(structuredClone(event));
    assert.deepEqual(JSON.parse(JSON.stringify(result)), expected.result);
    assert.deepEqual(JSON.parse(JSON.stringify(lines)), [expected.log]);
    assert.equal(violation('viewer-request', event, result), null);
  });
}

const malformed = JSON.parse(readFileSync(new URL('../malformed/requests.json', import.meta.url), 'utf8'));

test('refuses every malformed request through the real handler, and CloudFront takes the answer', async () => {
  assert.ok(malformed.requests.length >= 100);
  for (const { id, now, expected, ...request } of malformed.requests) {
    const event = eventOf(request);
    const { lines, log } = memoryLog();
    const handler = createViewerRequest({ gate: gateOf(malformed), now: () => Date.parse(now), log });
    const result = /** @type {any} */ (await handler(structuredClone(event)));
    assert.equal(Number(result.status), expected.status, id);
    const document = result.body || Buffer.from(result.headers['x-oss-err'][0].value, 'base64').toString();
    assert.equal(element(document, 'Code'), expected.code, id);
    for (const name of ['Message', 'RequestId', 'HostId', 'EC', 'RecommendDoc']) {
      assert.ok(element(document, name), `${id}: ${name} is empty`);
    }
    assert.equal(lines.length, 1, id);
    assert.equal(violation('viewer-request', event, result), null, id);
  }
});

test('makes a request of its own, with the body where CloudFront shows it, and leaves the event alone', async () => {
  const event = /** @type {any} */ (signedEvent());
  const { request } = event.Records[0].cf;
  request.future = 'unknown';
  request.body = { action: 'read-only', data: 'aGVsbG8=', encoding: 'base64', inputTruncated: false };
  const before = structuredClone(event);
  const result = await handler()(event);
  assert.deepEqual(event, before);
  assert.deepEqual(Object.keys(result).sort(), ['body', 'clientIp', 'headers', 'method', 'querystring', 'uri']);
  assert.deepEqual([result.clientIp, result.method, result.body], [request.clientIp, request.method, request.body]);
  assert.ok(!('body' in (await handler()(signedEvent()))));
});

test('keeps no header of the viewer but those that cannot be removed', async () => {
  const forged = {
    'content-length': '5',
    'x-amz-acl': 'public-read',
    'x-amz-copy-source': '/other/secret',
    'x-amz-meta-forged': '1',
    'x-ossedge-origin': 'evil.example.com',
    'x-ossedge-request': 'AAAA',
    'x-ossedge-origin-secret': 'guess',
    'x-ossedge-seal': '1;2;1795485177;;AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'x-forwarded-for': '10.0.0.1',
    'if-none-match': '*',
    cookie: 'a=b',
    'user-agent': 'aliyun-sdk-c/3.11.2',
  };
  const result = await handler()(signedEvent({ headers: forged }));
  assert.deepEqual(Object.keys(result.headers).sort(), ['content-length', 'host', 'x-ossedge-origin', 'x-ossedge-seal']);
  assert.deepEqual(result.headers['x-ossedge-origin'], [
    { key: 'x-ossedge-origin', value: 'fleet-uploads-prod.s3.us-east-1.amazonaws.com' },
  ]);
});

test('stores nothing with the signature of an operation that was refused', async () => {
  const acl = signedEvent({ querystring: 'acl' });
  assert.equal((await handler()(structuredClone(acl))).status, '405');
  const moved = structuredClone(acl);
  Object.assign(moved.Records[0].cf.request, { uri: '/logs/boot.txt%3Facl', querystring: '' });
  const result = await handler()(moved);
  assert.equal(element(result.body, 'Code'), 'InvalidObjectName');
});

test('logs no secret, no signature and no authorization', async () => {
  const { lines, log } = memoryLog();
  const right = signedEvent();
  await handler({ log })(structuredClone(right));
  const wrong = signedEvent({ accessKey: { ...ACCESS_KEY, accessKeySecret: 'another secret' } });
  await handler({ log })(wrong);
  const text = JSON.stringify(lines);
  assert.equal(lines.length, 2);
  for (const event of [right, wrong]) {
    assert.ok(!text.includes(event.Records[0].cf.request.headers.authorization[0].value.split(':')[1]));
  }
  assert.ok(!text.includes(ACCESS_KEY.accessKeySecret));
});

test('answers a trap with InternalError, and the next request works', async () => {
  const gate = trappingOnce();
  const { lines, log } = memoryLog();
  const viewerRequest = createViewerRequest({ gate, now: () => NOW, log });
  const refused = /** @type {any} */ (await viewerRequest(signedEvent()));
  assert.equal(refused.status, '500');
  assert.equal(element(refused.body, 'Code'), 'InternalError');
  assert.equal(element(refused.body, 'HostId'), 'uploads.example.com');
  assert.equal(refused.headers['content-type'][0].value, 'application/xml');
  assert.equal(lines[0].detail, 'no decision: RuntimeError');
  const forwarded = /** @type {any} */ (await viewerRequest(signedEvent()));
  assert.equal(forwarded.uri, '/logs/boot.txt');
});

test('lets the pages that may upload read that the gateway failed', async () => {
  const page = 'https://app.example.com';
  const documents = { ...DOCUMENTS, config: { ...DOCUMENTS.config, cors: { origins: [page], exposedHeaders: ['ETag'] } } };
  const noKeys = /** @type {any} */ ({ ready: () => false, arrival: async () => false, retryAfter: () => 1 });
  for (const [status, make] of /** @type {const} */ ([
    ['500', () => createViewerRequest({ gate: trappingOnce(documents), now: () => NOW, log: () => {} })],
    ['503', () => createViewerRequest({ gate: gateOf(documents), keys: noKeys, now: () => NOW, log: () => {} })],
  ])) {
    for (const [origins, allowed] of /** @type {[string[], string | undefined][]} */ ([[[page], page], [['https://other.example.com'], undefined], [[], undefined], [[page, page], undefined]])) {
      const event = signedEvent();
      if (origins.length > 0) event.Records[0].cf.request.headers.origin = origins.map((value) => ({ key: 'Origin', value }));
      const result = /** @type {any} */ (await make()(event));
      assert.equal(result.status, status);
      const told = ['access-control-allow-origin', 'access-control-expose-headers', 'vary'].map((name) => result.headers[name]?.[0].value);
      assert.deepEqual(told, allowed ? [allowed, 'ETag', 'Origin'] : [undefined, undefined, undefined], `${origins}`);
      assert.equal(violation('viewer-request', event, result), null);
    }
  }
});

test('begins a new instance after one that failed', () => {
  let instances = 0;
  const original = WebAssembly.Instance;
  const counted = new Proxy(original, {
    construct(target, args) {
      instances += 1;
      return new target(...args);
    },
  });
  WebAssembly.Instance = /** @type {any} */ (counted);
  try {
    const gate = gateOf({ ...DOCUMENTS });
    instances = 0;
    const malformed = /** @type {any} */ ({ method: 'PUT\0', uri: '', querystring: '', headers: {} });
    // No symbol is a number.
    assert.throws(() => gate.decide(malformed, '', /** @type {any} */ (Symbol('now'))), TypeError);
    assert.equal(/** @type {any} */ (gate.decide(malformed, '', NOW)).code, 'InvalidArgument');
    assert.equal(instances, 1);
    gate.decide(malformed, '', NOW);
    assert.equal(instances, 1);
  } finally {
    WebAssembly.Instance = original;
  }
});

for (const [what, event] of /** @type {[string, any][]} */ ([
  ['nothing', undefined],
  ['null', null],
  ['an empty object', {}],
  ['no records', { Records: [] }],
  ['no request', { Records: [{ cf: { config: {} } }] }],
  ['no headers', { Records: [{ cf: { config: { requestId: 'a' }, request: { method: 'PUT', uri: '/', querystring: '' } } }] }],
  ['headers that are strings', withHeaders({ host: 'uploads.example.com' })],
  ['headers that are null', withHeaders({ host: null })],
])) {
  test(`fails closed on an event that is ${what}`, async () => {
    const result = await handler()(event);
    assert.match(result.status, /^[45]\d\d$/u);
    assert.ok(element(result.body, 'Code'));
  });
}

test('refuses bad documents at start, with the field', () => {
  const config = { ...DOCUMENTS.config, maxClockSkewSeconds: 'five minutes' };
  assert.throws(() => gateOf({ ...DOCUMENTS, config }), /config: maxClockSkewSeconds: expected an integer from 0 to 86400/u);
  const accessKeys = { accessKeys: [{ accessKeyId: 'a', accessKeySecret: 'se cret' }] };
  assert.throws(
    () => gateOf({ ...DOCUMENTS, accessKeys }),
    (/** @type {Error} */ error) =>
      error.message === 'access keys: accessKeys[0].accessKeySecret: expected 1 to 256 visible ASCII characters',
  );
});

/** @param {{ log?: (line: any) => void }} [options] */
function handler({ log = () => {} } = {}) {
  return functions['viewer-request'].create({ now: () => NOW, log });
}

/** @param {{ config: unknown, accessKeys: unknown }} documents */
function gateOf({ config, accessKeys }) {
  const wasm = readFileSync(new URL('../../js-shim/wasm/oss_edge_documents_bg.wasm', import.meta.url));
  return createGate({ wasm, config, accessKeys });
}

/** A gate whose core runs into `unreachable` once. */
function trappingOnce(documents = DOCUMENTS) {
  const gate = gateOf(documents);
  // (module (func (export "trap") unreachable))
  const bytes = '0061736d01000000' + '010401600000' + '03020100' + '0708010474726170' + '0000' + '0a05010300000b';
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(bytes, 'hex')));
  let trapped = false;
  return {
    ...gate,
    decide: (/** @type {Parameters<typeof gate.decide>} */ ...inputs) => {
      if (trapped) return gate.decide(...inputs);
      trapped = true;
      return /** @type {any} */ (exports).trap();
    },
  };
}

/** @param {any} headers */
function withHeaders(headers) {
  const event = signedEvent();
  return { Records: [{ cf: { ...event.Records[0].cf, request: { ...event.Records[0].cf.request, headers } } }] };
}
