// Requests and answers as they cross into the core's memory and out of it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { applyForward, readEvent, requestView } from '../../js-shim/edge/cloudfront-event.mjs';
import { decide, instantiate, useDocuments } from '../../js-shim/core/core.mjs';
import { readApiDecision, readDecision } from '../../js-shim/core/answer-parts.mjs';
import { createGate } from '../../js-shim/core/gate.mjs';
import { NUMBERS, WORDS } from '../../js-shim/core/words.mjs';
import { ACCESS_KEY, DOCUMENTS, NOW, signedEvent } from './fixture.mjs';

const wasm = readFileSync(new URL('../../js-shim/wasm/oss_edge_bg.wasm', import.meta.url));
const gate = createGate({ wasm, ...DOCUMENTS });

test('every word that is a header of a request has its number, and no other', () => {
  for (const [number, word] of WORDS.entries()) assert.equal(NUMBERS.get(word), number < 20 ? number : undefined);
});

test('a header in capitals is the same header, whatever words there are', () => {
  const event = signedEvent();
  event.Records[0].cf.request.headers['Content-Type'] = [{ key: 'Content-Type', value: 'text/evil' }];
  const { decision } = decided(event);
  assert.deepEqual([decision.decision, decision.code], ['refuse', 'SignatureDoesNotMatch']);
});

for (const parts of [1, 2, 4, 9]) {
  test(`an answer of ${parts} parts is no decision`, () => {
    for (const first of ['forward', 'refuse', 's3']) {
      const answer = [first, ...new Array(parts - 1).fill('s3')];
      assert.throws(() => readDecision(answer), /the core gave/u);
      assert.throws(() => readApiDecision(answer), /the core gave/u);
    }
  });
}

test('a decision that names another origin than there are is none', () => {
  const answer = ['forward', ...new Array(9).fill('s3')];
  assert.equal(readDecision(answer).decision, 'forward');
  assert.throws(() => readDecision(answer.with(7, 's4')), /the core named no origin/u);
});

for (const [what, headers] of /** @type {[string, Record<string, string>][]} */ ([
  ['no more headers', {}],
  ['text beyond ASCII', { 'x-oss-meta-a': 'dépôt 日志 😀', 'content-disposition': 'attachment; filename="é.log"' }],
  ['half a surrogate pair', { 'x-oss-meta-a': '\ud83d' }],
  ['a value of 30,000 characters', { 'x-unknown': 'v'.repeat(30_000) }],
  ['a value of 90,000 bytes', { 'x-unknown': '日'.repeat(30_000) }],
  ['2,000 headers', Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`x-unknown-${index}`, String(index)]))],
  ['2,000 headers beyond ASCII', Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`x-unknown-${index}`, '日'.repeat(30)]))],
  ['names that are words of another kind', { forward: 'a', api: 'b', listparts: 'c', PutObject: 'd' }],
])) {
  test(`a request with ${what} is decided as the parts say`, () => {
    const { decision, request } = decided(signedEvent({ headers }));
    assert.equal(decision.decision, 'forward', JSON.stringify(decision));
    assert.equal(request.uri, '/logs/boot.txt');
    const metadata = headers['x-oss-meta-a'];
    if (metadata?.isWellFormed?.() ?? metadata) {
      const [{ value }] = request.headers['x-amz-meta-a'];
      assert.equal(value, `=?UTF-8?B?${Buffer.from(metadata).toString('base64')}?=`);
    }
    const disposition = request.headers['content-disposition'];
    assert.deepEqual(disposition, headers['content-disposition'] && [{ key: 'content-disposition', value: headers['content-disposition'] }]);
  });
}

test('an answer beyond ASCII is cut where its parts end', () => {
  const key = 'dépôt/日志 😀.txt';
  const uri = `/${key.split('/').map(encodeURIComponent).join('/')}`;
  const headers = { 'x-oss-meta-a': 'a', 'content-disposition': 'attachment; filename="é.log"' };
  const { decision, request } = decided(signedEvent({ uri, resource: `/fleet-uploads/${key}`, headers }));
  assert.deepEqual([decision.bucket, decision.key, decision.accessKeyId, decision.uri], ['fleet-uploads', key, ACCESS_KEY.accessKeyId, uri]);
  assert.deepEqual(request.headers['x-amz-meta-a'], [{ key: 'x-amz-meta-a', value: 'a' }]);
});

for (const [what, change] of /** @type {[string, (headers: any) => void][]} */ ([
  ['a NUL in a value', (headers) => (headers['x-unknown'] = [{ value: 'a\0b' }])],
  ['a number for a value', (headers) => (headers['x-unknown'] = [{ value: 5 }])],
  ['a surrogate pair that two parts share', (headers) => (headers['x-unknown'] = [{ value: 'a\ud83d' }]) && (headers['\ude00'] = [{ value: 'b' }])],
  ['a name that is none', (headers) => (headers['x unknown'] = [{ value: 'a' }])],
  ['a word that is no name', (headers) => (headers['Bad Request'] = [{ value: 'a' }])],
])) {
  test(`a request with ${what} is malformed`, () => {
    const event = signedEvent();
    change(event.Records[0].cf.request.headers);
    const { decision } = decided(event);
    assert.deepEqual([decision.decision, decision.code], ['refuse', 'InvalidArgument']);
  });
}

test('a request whose header has no value is none', () => {
  const event = signedEvent({ headers: { 'x-unknown': /** @type {any} */ (undefined) } });
  assert.throws(() => decided(event), TypeError);
});

test('each bucket is named by its own texts, in the gate that has it', () => {
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

test('a gate that takes the place of another names its own buckets', () => {
  const core = instantiate(new WebAssembly.Module(wasm));
  for (const s3Bucket of ['one-prod', 'other-prod']) {
    const config = { ...DOCUMENTS.config, buckets: { 'fleet-uploads': { s3Bucket, region: 'us-east-1' } } };
    useDocuments(core, JSON.stringify(config), [JSON.stringify(DOCUMENTS.accessKeys)]);
    const by = {
      decide: (/** @type {any} */ request, /** @type {string} */ requestId, /** @type {number} */ now) => decide(core, requestView(request, requestId), now),
    };
    const [{ value }] = decided(signedEvent(), by).request.headers['x-ossedge-origin'];
    assert.equal(value, `${s3Bucket}.s3.us-east-1.amazonaws.com`);
  }
});

/** Names of user metadata, whose letter says where they are told. */
const NAMED = ['x-oss-meta-b', 'x-oss-meta-d', 'x-oss-meta-f'];

/** @param {string[]} names */
function assertMetadata(names) {
  const { request } = decided(signedEvent({ headers: Object.fromEntries(names.map((name) => [name, name])) }));
  const metadata = Object.entries(request.headers).filter(([key]) => key.startsWith('x-amz-meta-'));
  const expected = [...names].sort().map((name) => [name.replace('oss', 'amz'), name]);
  assert.deepEqual(metadata.map(([key, [line]]) => [key, line.value]), expected);
}

/** Each name in each place, after each of the others. */
function assertMetadataInEveryPlace(/** @type {string[]} */ others) {
  const subsets = Array.from({ length: 8 }, (_, bits) => NAMED.filter((_, index) => bits & (1 << index)));
  for (const before of subsets) {
    for (const names of subsets) {
      assertMetadata(before);
      assertMetadata(names);
      assertMetadata([...names, ...others]);
    }
  }
}

test('a name of user metadata is its own, whichever was in its place before', () => {
  assertMetadataInEveryPlace([]);
});

test('user metadata has its names however many there were', () => {
  for (const round of [1, 2]) {
    for (let number = 0; number < 100; number += 1) {
      const { request } = decided(signedEvent({ headers: { [`x-oss-meta-n${number}`]: `${round}` } }));
      assert.deepEqual(request.headers[`x-amz-meta-n${number}`], [{ key: `x-amz-meta-n${number}`, value: `${round}` }]);
    }
  }
});

test('a name of user metadata is its own among some that there was no room for', () => {
  assertMetadataInEveryPlace(['x-oss-meta-a', 'x-oss-meta-c', 'x-oss-meta-e', 'x-oss-meta-g']);
});

test('a request with more user metadata than places are remembered of is told all of it', () => {
  const many = Array.from({ length: 100 }, (_, index) => `x-oss-meta-${String(index).padStart(3, '0')}`);
  for (const names of [many, [...many.slice(1), NAMED[0]], NAMED]) assertMetadata(names);
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
