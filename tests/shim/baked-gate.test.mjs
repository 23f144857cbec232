// The gate of an image, in the modules that functions carry.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createBakedGate } from '../../js-shim/core/bundled-gate.mjs';
import { readEvent } from '../../js-shim/edge/cloudfront-event.mjs';
import { ImageError, decide, instantiate, readImage } from '../../js-shim/core/core.mjs';
import { isForward, readUpload } from '../../js-shim/core/decision.mjs';
import { createGate } from '../../js-shim/core/gate.mjs';
import { readWasm } from '../../cli/wasm-file.mjs';
import { ACCESS_KEY, DOCUMENTS, NOW, SECOND_KEY, readDecision, signedEvent } from './fixture.mjs';

const [whole, viewerRequest, authorizer, responses] = await Promise.all(
  /** @type {const} */ (['oss_edge', 'viewer_request', 'authorizer', 'responses']).map((name) => readWasm(name)),
);
const image = createGate({ wasm: whole, ...DOCUMENTS, accessKeys: { accessKeys: [ACCESS_KEY] } }).image();

for (const [name, wasm] of Object.entries({ whole, viewerRequest })) {
  test(`decides as the gate of the documents, in the module ${name}`, () => {
    const gate = createBakedGate({ wasm, image });
    assert.deepEqual([ACCESS_KEY, SECOND_KEY].map((key) => outcome(gate, key)), ['forward', 'InvalidAccessKeyId']);
  });
}

test('decides at the API as well, in the module of the authorizer', () => {
  const edge = createBakedGate({ wasm: viewerRequest, image });
  const parts = edge.decide(...request(ACCESS_KEY, { method: 'POST', querystring: 'uploads' }), NOW);
  assert.ok(isForward(parts));
  const handOver = parts[parts.indexOf('x-ossedge-request') + 1];
  const upload = readUpload(createBakedGate({ wasm: authorizer, image }).decideAtApi(handOver, NOW));
  assert.deepEqual([upload.decision, upload.operation], ['forward', 'InitiateMultipartUpload']);
});

test('a function\'s module has the functions that it calls, and needs nothing of JavaScript', () => {
  const exchange = ['memory', 'input', 'answerPlace'];
  for (const [wasm, names] of /** @type {[Uint8Array<ArrayBuffer>, string[]][]} */ ([
    [viewerRequest, ['decide', 'lengths', 'imageRoom', 'readImage', 'bucketTexts']],
    [authorizer, ['decideAtApi', 'imageRoom', 'readImage', 'bucketTexts']],
    [responses, ['translateResponse', 's3Error']],
  ])) {
    const module = new WebAssembly.Module(wasm);
    assert.deepEqual(WebAssembly.Module.imports(module), []);
    assert.deepEqual(WebAssembly.Module.exports(module).map(({ name }) => name).sort(), [...exchange, ...names].sort());
  }
});

test('a new instance after a failure has the same gate', () => {
  const gate = createBakedGate({ wasm: viewerRequest, image });
  // No symbol is a number.
  assert.throws(() => gate.decide(...request(ACCESS_KEY), /** @type {any} */ (Symbol('now'))), TypeError);
  assert.equal(outcome(gate, ACCESS_KEY), 'forward');
});

test('is refused at start where the image is damaged or of another build, and never decides', () => {
  const changed = (/** @type {number} */ at) => image.with(at, image[at] ^ 1);
  const others = { empty: new Uint8Array(), 'cut off': image.subarray(0, -1), longer: Buffer.concat([image, Buffer.of(0)]), format: changed(0), build: changed(20) };
  for (const [what, other] of Object.entries(others)) {
    assert.throws(() => createBakedGate({ wasm: viewerRequest, image: other }), ImageError, what);
    const core = instantiate(new WebAssembly.Module(viewerRequest));
    assert.throws(() => readImage(core, other), ImageError);
    assert.equal(decide(core, ...request(ACCESS_KEY), NOW).length, 0);
  }
});

test('an image that is refused leaves the gate as it is', () => {
  const core = instantiate(new WebAssembly.Module(viewerRequest));
  readImage(core, image);
  assert.throws(() => readImage(core, image.subarray(1)), ImageError);
  assert.ok(isForward(decide(core, ...request(ACCESS_KEY), NOW)));
});

test('is the same of the same documents, and tells nothing in an error', () => {
  const again = createGate({ wasm: whole, ...DOCUMENTS, accessKeys: [{ accessKeys: [ACCESS_KEY] }] }).image();
  assert.deepEqual(again, image);
  assert.throws(() => createBakedGate({ wasm: viewerRequest, image: image.subarray(1) }), {
    message: 'the image of the gate is damaged, or of another build of the core',
  });
});

/** @param {typeof ACCESS_KEY} accessKey @param {object} [parts] */
function request(accessKey, parts = {}) {
  const { request, requestId } = readEvent(/** @type {any} */ (signedEvent({ accessKey, ...parts })));
  return /** @type {const} */ ([request, requestId]);
}

/** @param {import('../../js-shim/core/gate.mjs').Gate} gate @param {typeof ACCESS_KEY} accessKey */
function outcome(gate, accessKey) {
  const decision = readDecision(gate.decide(...request(accessKey), NOW));
  return decision.decision === 'refuse' ? decision.code : 'forward';
}
