// Requests as they cross into the core, and its decisions as they come back.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readDocumentsWasm } from '../../cli/wasm-file.mjs';
import { createGate } from '../../js-shim/core/gate.mjs';
import { applyForward, readEvent } from '../../js-shim/edge/cloudfront-event.mjs';
import { ACCESS_KEY, DOCUMENTS, NOW, signedEvent } from './fixture.mjs';

const wasm = await readDocumentsWasm();
const gate = createGate({ wasm, ...DOCUMENTS });

test('a header in capitals is the same header', () => {
  const event = signedEvent();
  event.Records[0].cf.request.headers['Content-Type'] = [{ key: 'Content-Type', value: 'text/evil' }];
  const { decision } = decided(event);
  assert.deepEqual([decision.decision, decision.code], ['refuse', 'SignatureDoesNotMatch']);
});

for (const [what, headers] of /** @type {[string, Record<string, string>][]} */ ([
  ['no more headers', {}],
  ['text beyond ASCII', { 'x-oss-meta-a': 'dépôt 日志 😀', 'content-disposition': 'attachment; filename="é.log"' }],
  ['a value of 30,000 characters', { 'x-unknown': 'v'.repeat(30_000) }],
  ['a value of 90,000 bytes', { 'x-unknown': '日'.repeat(30_000) }],
  ['2,000 headers', Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`x-unknown-${index}`, String(index)]))],
  ['2,000 headers beyond ASCII', Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`x-unknown-${index}`, '日'.repeat(30)]))],
])) {
  test(`a request with ${what} is decided as a whole`, () => {
    const { decision, request } = decided(signedEvent({ headers }));
    assert.equal(decision.decision, 'forward', JSON.stringify(decision));
    assert.equal(request.uri, '/logs/boot.txt');
    const metadata = headers['x-oss-meta-a'];
    if (metadata) {
      const [{ value }] = request.headers['x-amz-meta-a'];
      assert.equal(value, `=?UTF-8?B?${Buffer.from(metadata).toString('base64')}?=`);
    }
    const disposition = request.headers['content-disposition'];
    assert.deepEqual(disposition, headers['content-disposition'] && [{ key: 'content-disposition', value: headers['content-disposition'] }]);
  });
}

test('a key, metadata and a header beyond ASCII come back whole', () => {
  const key = 'dépôt/日志 😀.txt';
  const uri = `/${key.split('/').map(encodeURIComponent).join('/')}`;
  const headers = { 'x-oss-meta-a': 'a', 'content-disposition': 'attachment; filename="é.log"' };
  const { decision, request } = decided(signedEvent({ uri, resource: `/fleet-uploads/${key}`, headers }));
  assert.deepEqual([decision.bucket, decision.key, decision.accessKeyId, decision.uri], ['fleet-uploads', key, ACCESS_KEY.accessKeyId, uri]);
  assert.deepEqual(request.headers['x-amz-meta-a'], [{ key: 'x-amz-meta-a', value: 'a' }]);
});

for (const [what, change] of /** @type {[string, (headers: any) => void][]} */ ([
  ['a NUL in a value', (headers) => (headers['x-unknown'] = [{ value: 'a\0b' }])],
  ['a NUL in a name', (headers) => (headers['x-unknown\0a'] = [{ value: 'a' }])],
  ['NULs that make a header of another', (headers) => (headers['x-unknown'] = [{ value: 'a\0x-oss-object-acl\0public-read' }])],
  ['a name that is none', (headers) => (headers['x unknown'] = [{ value: 'a' }])],
])) {
  test(`a request with ${what} is malformed`, () => {
    const event = signedEvent();
    change(event.Records[0].cf.request.headers);
    const { decision } = decided(event);
    assert.deepEqual([decision.decision, decision.code], ['refuse', 'InvalidArgument']);
  });
}

for (const [what, value] of /** @type {[string, any][]} */ ([
  ['no value', undefined],
  ['null for a value', null],
  ['a number for a value', 5],
  ['half a surrogate pair', 'a\ud83d'],
  ['the other half', '\ude00a'],
])) {
  test(`a request whose header has ${what} gets no decision`, () => {
    assert.throws(() => decided(signedEvent({ headers: { 'x-unknown': value } })), TypeError);
  });
}

test('a request whose headers have half a surrogate pair each gets no decision', () => {
  const event = signedEvent({ headers: { 'x-unknown': 'a\ud83d', '\ude00': 'b' } });
  assert.throws(() => decided(event), TypeError);
});

test('each bucket goes to its own S3 bucket', () => {
  const names = ['fleet-logs', 'fleet-uploads', 'fleet-images'];
  const bucketOf = (/** @type {string} */ name) => [name, { s3Bucket: `${name}-prod`, region: 'eu-west-1' }];
  for (const order of [names, [...names].reverse()]) {
    const config = { ...DOCUMENTS.config, buckets: Object.fromEntries(order.map(bucketOf)) };
    const ordered = createGate({ wasm, config, accessKeys: DOCUMENTS.accessKeys });
    for (const name of names) {
      const event = signedEvent({ uri: `/${name}/k`, resource: `/${name}/k`, headers: { host: '127.0.0.1' } });
      const { decision, request } = decided(event, ordered);
      assert.deepEqual([decision.bucket, decision.key, request.uri], [name, 'k', '/k']);
      const [{ value }] = request.headers['x-ossedge-origin'];
      assert.equal(value, `${name}-prod.s3.eu-west-1.amazonaws.com`);
    }
  }
});

test('headers are the same in every order, whatever the request before had', () => {
  const headers = { 'content-type': 'text/plain', 'x-oss-meta-a': 'a', 'x-oss-storage-class': 'IA', accept: '*/*', 'cache-control': 'no-store' };
  const event = signedEvent({ headers });
  const lines = Object.entries(event.Records[0].cf.request.headers);
  const expected = { ...decided(structuredClone(event)).request.headers };
  for (let shift = 0; shift < lines.length; shift += 1) {
    for (const order of [[...lines.slice(shift), ...lines.slice(0, shift)], lines.slice(shift).reverse().concat(lines.slice(0, shift))]) {
      const other = structuredClone(event);
      other.Records[0].cf.request.headers = Object.fromEntries(order);
      const { decision, request } = decided(other);
      assert.equal(decision.decision, 'forward', JSON.stringify(decision));
      assert.deepEqual(request.headers, expected);
    }
  }
});

test('memory that grows between two requests is looked at anew', () => {
  const fresh = createGate({ wasm, config: DOCUMENTS.config, accessKeys: DOCUMENTS.accessKeys });
  const before = decided(signedEvent(), fresh);
  const others = Array.from({ length: 20_000 }, (_, index) => ({ accessKeyId: `k${index}`, accessKeySecret: 's'.repeat(30) }));
  fresh.useAccessKeys([DOCUMENTS.accessKeys, { accessKeys: others }]);
  assert.deepEqual(decided(signedEvent(), fresh), before);
});

/** @param {any} event */
function decided(event, by = gate) {
  const { request, requestId } = readEvent(event);
  const decision = by.decide(request, requestId, NOW);
  const { headers: _, ...understood } = /** @type {any} */ (decision);
  return { decision: understood, request: /** @type {any} */ (decision.decision === 'forward' ? applyForward(request, decision) : request) };
}
