// The gate of bytes, as functions with bundled access keys have it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readDocumentsWasm, readWasm } from '../../cli/wasm-file.mjs';
import { createBundledGate } from '../../js-shim/core/bundled-gate.mjs';
import { createGate, sealFile } from '../../js-shim/core/gate.mjs';
import { readEvent } from '../../js-shim/edge/cloudfront-event.mjs';
import { ACCESS_KEY, DOCUMENTS, NOW, SECOND_KEY, signedEvent } from './fixture.mjs';

const wasm = await readWasm();
const bytes = createGate({ wasm: await readDocumentsWasm(), ...DOCUMENTS, accessKeys: { accessKeys: [ACCESS_KEY] } }).toBytes();

const seal = sealFile(await readDocumentsWasm(), DOCUMENTS.secrets, { uploadIds: true, handOver: true });

const DAMAGED = { message: 'gate.bin is damaged: bundle again' };

test('decides as the gate of the documents', () => {
  const gate = createBundledGate({ wasm, bytes, seal });
  assert.deepEqual([ACCESS_KEY, SECOND_KEY].map((key) => outcome(gate, key)), ['forward', 'InvalidAccessKeyId']);
});

test('decides at the API as well', () => {
  const gate = createBundledGate({ wasm, bytes, seal });
  const forward = gate.decide(...request(ACCESS_KEY, { method: 'POST', querystring: 'uploads' }), NOW);
  assert.equal(forward.decision, 'forward');
  const [, handOver] = forward.headers.find(([name]) => name === 'x-ossedge-request') ?? [];
  const atApi = gate.decideAtApi(String(handOver), NOW);
  assert.deepEqual([atApi.decision, atApi.operation], ['forward', 'InitiateMultipartUpload']);
});

test('a new instance after a failure has the same gate', () => {
  const gate = createBundledGate({ wasm, bytes, seal });
  // No symbol is a number.
  assert.throws(() => gate.decide(...request(ACCESS_KEY), /** @type {any} */ (Symbol('now'))), TypeError);
  assert.equal(outcome(gate, ACCESS_KEY), 'forward');
});

test('is refused at start where the bytes are damaged or of another build', () => {
  const changed = (/** @type {number} */ at) => bytes.with(at, bytes[at] ^ 1);
  const others = { empty: new Uint8Array(), 'cut off': bytes.subarray(0, -1), longer: Buffer.concat([bytes, Buffer.of(0)]), digest: changed(0), format: changed(33), build: changed(50) };
  for (const other of Object.values(others)) assert.throws(() => createBundledGate({ wasm, bytes: other, seal }), DAMAGED);
});

test('is refused at start where the bytes of the seals are damaged or of another build', () => {
  const changed = (/** @type {number} */ at) => seal.with(at, seal[at] ^ 1);
  for (const other of [new Uint8Array(), seal.subarray(0, -1), changed(0), changed(33), changed(60), bytes]) {
    assert.throws(() => createBundledGate({ wasm, bytes, seal: other }), /^Error: seal\.bin (?:is damaged|was written by another build of oss-edge): bundle again$/u);
  }
});

test('bytes that are refused leave other gates as they are', () => {
  const gate = createBundledGate({ wasm, bytes, seal });
  assert.throws(() => createBundledGate({ wasm, bytes: bytes.subarray(1), seal }), DAMAGED);
  assert.equal(outcome(gate, ACCESS_KEY), 'forward');
});

test('is the same of the same documents', async () => {
  const again = createGate({ wasm: await readDocumentsWasm(), ...DOCUMENTS, accessKeys: [{ accessKeys: [ACCESS_KEY] }] }).toBytes();
  assert.deepEqual(again, bytes);
});

/** @param {typeof ACCESS_KEY} accessKey @param {object} [parts] */
function request(accessKey, parts = {}) {
  const { request, requestId } = readEvent(/** @type {any} */ (signedEvent({ accessKey, ...parts })));
  return /** @type {const} */ ([request, requestId]);
}

/** @param {import('../../js-shim/core/gate-decisions.mjs').Gate} gate @param {typeof ACCESS_KEY} accessKey */
function outcome(gate, accessKey) {
  const decision = gate.decide(...request(accessKey), NOW);
  return decision.decision === 'refuse' ? decision.code : 'forward';
}
