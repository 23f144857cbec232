// What is around the core, with a core that says what it was asked; and each question to a gate, of documents and bundled.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { readDocumentsWasm, readWasm } from '../../cli/wasm-file.mjs';
import { createBundledGate } from '../../js-shim/core/bundled-gate.mjs';
import { CoreInstance } from '../../js-shim/core/core-instance.mjs';
import { requestText, responseText } from '../../js-shim/core/event-text.mjs';
import { GateDecisions } from '../../js-shim/core/gate-decisions.mjs';
import { createGate, derivedSecret, sealFile } from '../../js-shim/core/gate.mjs';
import { createSeal } from '../../js-shim/core/seal.mjs';
import * as glue from '../../js-shim/wasm/oss_edge.js';
import { DOCUMENTS, NOW, S3_DOMAIN, sealedUploadId, signedEvent } from './fixture.mjs';

const [wasm, documentsWasm] = await Promise.all([readWasm(), readDocumentsWasm()]);
const { api: _, ...config } = DOCUMENTS.config;
const PAGE = 'https://app.example.com';
const RELAYED = { ...config, relay: { domain: 'relay.example.com', path: '' }, bodiesWithoutLength: 'relay', cors: { origins: [PAGE] } };
const ENTRANCE = { ...config, entrance: 'relay' };

/** Gates of a configuration: of documents, and bundled. @param {object} of */
function gatesOf(of) {
  const gate = createGate({ wasm: documentsWasm, ...DOCUMENTS, config: of });
  const seal = sealFile(documentsWasm, DOCUMENTS.secrets, { uploadIds: true, handOver: true });
  return [gate, createBundledGate({ wasm, bytes: gate.toBytes(), seal })];
}

const requestOf = (/** @type {object} */ parts) => /** @type {any} */ (signedEvent(parts)).Records[0].cf.request;

test('a gate is asked at the edge, at the API, at the relay and at the entrance', () => {
  for (const gate of gatesOf(RELAYED)) {
    const decision = /** @type {any} */ (gate.decide(requestOf({ headers: { 'transfer-encoding': 'chunked' } }), 'id', NOW));
    const handOver = decision.headers.find(([name]) => name === 'x-ossedge-request')[1];
    assert.deepEqual([decision.decision, decision.origin, decision.uri], ['forward', 'relay', '/put-object']);
    const { decision: atRelay, operation, bodyIsChunked } = /** @type {any} */ (gate.decideAtRelay(handOver, NOW));
    assert.deepEqual([atRelay, operation, bodyIsChunked], ['forward', 'PutObject', true]);
    assert.equal(gate.decideAtRelay('', NOW).decision, 'refuse');
    assert.deepEqual([gate.corsHeaders?.(PAGE)[0], gate.corsHeaders?.('https://other.example.com')], [['Access-Control-Allow-Origin', PAGE], []]);
  }
  for (const gate of gatesOf(DOCUMENTS.config)) {
    const begun = requestOf({ method: 'POST', querystring: 'uploads', resource: '/fleet-uploads/logs/boot.txt?uploads' });
    const handOver = /** @type {any} */ (gate.decide(begun, 'id', NOW)).headers.find(([name]) => name === 'x-ossedge-request')[1];
    assert.equal(gate.decideAtApi(handOver, NOW).operation, 'InitiateMultipartUpload');
  }
  for (const gate of gatesOf(ENTRANCE)) {
    assert.deepEqual([gate.decideAtEntrance?.(requestOf({ headers: { 'content-length': '5' } }), 'id', NOW).decision, gate.decideAtEntrance?.(requestOf({ accessKey: { accessKeyId: 'a', accessKeySecret: 'b' } }), 'id', NOW).decision], ['forward', 'refuse']);
  }
});

test('a gate verifies upload ids and seals what it hands over by the secrets that it has, in whatever form', () => {
  const part = () => requestOf({ querystring: `partNumber=1&uploadId=${sealedUploadId('logs/boot.txt')}`, headers: { 'content-length': '5' } });
  const seal = sealFile(documentsWasm, DOCUMENTS.secrets, { uploadIds: true, handOver: true });
  const { secrets: _secrets, ...documents } = DOCUMENTS;
  for (const [of, expected] of /** @type {[object, unknown[]][]} */ ([[{ secrets: DOCUMENTS.secrets }, ['forward', true]], [{ seal }, ['forward', true]], [{}, ['refuse', false]]])) {
    const gate = createGate({ wasm: documentsWasm, ...documents, ...of });
    const put = /** @type {any} */ (gate.decide(requestOf({ headers: { 'content-length': '5' } }), 'id', NOW));
    assert.deepEqual([gate.decide(part(), 'id', NOW).decision, put.headers.some(([name]) => name === 'x-ossedge-seal')], expected);
  }
});

test('a function gets the keys of the seals that it needs, and no others', () => {
  const files = [{}, { uploadIds: true }, { handOver: true }, { uploadIds: true, handOver: true }].map((uses) => sealFile(documentsWasm, DOCUMENTS.secrets, uses));
  assert.equal(new Set(files.map((file) => Buffer.from(file).toString('hex'))).size, 4);
  assert.ok(files[0].length < files[1].length && files[1].length < files[3].length);
  const upload = { s3Bucket: 'b', key: 'k', s3UploadId: 'U', options: '-' };
  assert.ok(createSeal({ wasm, bytes: files[1] }).sealUploadId(upload, NOW));
  assert.equal(createSeal({ wasm, bytes: files[2] }).sealUploadId(upload, NOW), undefined);
});

test('opens what was handed over, and gives the keys of the seals back after each use', (t) => {
  const freed = t.mock.method(glue.Seal.prototype, 'free');
  const [gate] = gatesOf(DOCUMENTS.config);
  const forward = /** @type {any} */ (gate.decide(requestOf({ headers: { 'content-length': '5' } }), 'id', NOW));
  const headers = Object.fromEntries(forward.headers.map(([name, value]) => [name, [{ key: name, value }]]));
  const seal = createSeal({ wasm, bytes: sealFile(documentsWasm, DOCUMENTS.secrets, { handOver: true }) });
  const request = /** @type {any} */ ({ method: 'PUT', uri: forward.uri, querystring: forward.query, headers });
  const { origin, remove, fault } = /** @type {any} */ (seal.openHandOver(request, 'id', NOW));
  assert.deepEqual([origin, fault], [S3_DOMAIN, undefined]);
  assert.ok(remove.includes('x-ossedge-seal'));
  assert.match(String(seal.openHandOver({ ...request, uri: '/other' }, 'id', NOW).fault), /seal/u);
  assert.throws(() => seal.openHandOver(request, 'id', /** @type {any} */ (Symbol('now'))), TypeError);
  assert.equal(freed.mock.callCount(), 4);
});

test('derives the secret of an access key, and nothing of what is no master secret', () => {
  const [{ masterSecret, accessKeyId, accessKeySecret }] = JSON.parse(readFileSync(new URL('../vectors/derived-keys.json', import.meta.url), 'utf8')).vectors;
  assert.deepEqual([derivedSecret(documentsWasm, masterSecret, accessKeyId), derivedSecret(documentsWasm, '', accessKeyId)], [accessKeySecret, undefined]);
});

/** A core that makes gates, and what becomes of them. */
function fakeCore() {
  const made = /** @type {string[]} */ ([]);
  const core = { generation: 1, call: (/** @type {() => unknown} */ use) => use() };
  const create = (/** @type {string} */ name, more = {}) => () => {
    made.push(`made ${name}`);
    return /** @type {any} */ ({ decideAtApi: (/** @type {string} */ text) => `${name} ${text}`, free: () => made.push(`freed ${name}`), ...more });
  };
  return { made, core: /** @type {any} */ (core), create };
}

test('a gate is made once for each instance of the core, and freed where another takes its place in it', () => {
  const { made, core, create } = fakeCore();
  const gate = new GateDecisions(core, create('a'));
  const use = () => gate.call((one) => one.decideAtApi('x', 0));
  assert.deepEqual([use(), use(), made], ['a x', 'a x', ['made a']]);
  gate.replace(create('b'));
  assert.deepEqual([use(), made], ['b x', ['made a', 'made b', 'freed a']]);
  // What was made in an instance is gone with it.
  core.generation = 2;
  gate.replace(create('c'));
  assert.deepEqual([use(), made.slice(3)], ['c x', ['made c']]);
  core.generation = 3;
  assert.deepEqual([use(), use(), made.slice(4)], ['c x', 'c x', ['made c']]);
});

test('an answer of the core is JSON, and after a NUL its body', () => {
  const { core, create } = fakeCore();
  const decisionOf = (/** @type {string} */ text) => new GateDecisions(core, create('a', { decideAtApi: () => text })).decideAtApi('', 0);
  assert.deepEqual(decisionOf('{"decision":"refuse"}\0<a>\0</a>'), { decision: 'refuse', body: '<a>\0</a>' });
  assert.deepEqual([decisionOf('{"decision":"refuse"}\0'), decisionOf('{"decision":"forward"}')], [{ decision: 'refuse', body: '' }, { decision: 'forward' }]);
  for (const text of ['', 'forward', '\0{}']) assert.throws(() => decisionOf(text), SyntaxError);
});

test('a gate that explains nothing has no explanation', () => {
  const { core, create } = fakeCore();
  const explained = (/** @type {object} */ more) => new GateDecisions(core, create('a', more)).explain(requestOf({}), 'id', NOW);
  assert.deepEqual([explained({}), explained({ explain: () => ({ refusal: 'r' }) })], [{}, { refusal: 'r' }]);
});

test('an instance of the core is made once, and anew after a failure that is not of a document', () => {
  const calls = /** @type {string[]} */ ([]);
  const glue = { initSync: () => calls.push('start'), __wbg_reset_state: () => calls.push('reset') };
  const core = new CoreInstance(glue, 'oss_edge.wasm');
  core.start(/** @type {any} */ (new Uint8Array()));
  core.start(/** @type {any} */ (new Uint8Array()));
  const fail = (/** @type {Error} */ error) => assert.throws(() => core.call(() => { throw error; }), error);
  assert.deepEqual([core.call(() => 5), core.generation, calls], [5, 1, ['start']]);
  fail(Object.assign(new Error('a field'), { name: 'DocumentError' }));
  assert.deepEqual([core.call(() => 5), core.generation, calls], [5, 1, ['start']]);
  fail(new WebAssembly.RuntimeError('unreachable'));
  assert.deepEqual([core.call(() => 5), core.call(() => 6), core.generation, calls], [5, 6, 2, ['start', 'reset']]);
  const cause = new Error('no module');
  const broken = new CoreInstance({ ...glue, initSync: () => { throw cause; } }, 'oss_edge.wasm');
  assert.throws(() => broken.start(/** @type {any} */ (new Uint8Array())), { message: 'wasm: expected the contents of oss_edge.wasm, of this release of oss-edge', cause });
  assert.equal(broken.generation, 0);
});

test('the core reads requests and responses as strings with a NUL between them', () => {
  const headers = { host: [{ value: 'h' }], 'x-a': [{ value: '1' }, { value: '设' }] };
  const request = /** @type {any} */ ({ method: 'PUT', uri: '/k', querystring: 'q', headers });
  assert.equal(String(requestText(request, 'id')), ['3', 'id', 'PUT', '/k', 'q', 'host', 'h', 'x-a', '1', 'x-a', '设'].join('\0'));
  const response = /** @type {any} */ ({ status: '200', headers: { etag: [{ value: 'e' }] } });
  const md5 = { ...request, headers: { 'content-md5': [{ value: 'm' }] } };
  for (const [asked, fields] of /** @type {[any, string[]][]} */ ([
    [request, ['s3', 'false']],
    [{ ...request, origin: { s3: { domainName: S3_DOMAIN } } }, ['s3', 'false']],
    [{ ...md5, origin: { custom: {} } }, ['api', 'true']],
  ])) {
    assert.equal(String(responseText(asked, response, 'id')), ['1', 'id', 'PUT', '/k', 'q', ...fields, '200', 'etag', 'e'].join('\0'));
  }
});
