// The gate's access keys: none yet, one document or several, and others in their place.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { readDocumentsWasm, readWasm } from '../../cli/wasm-file.mjs';
import { CoreInstance } from '../../js-shim/core/core-instance.mjs';
import { GateDecisions } from '../../js-shim/core/gate-decisions.mjs';
import { createGate } from '../../js-shim/core/gate.mjs';
import { readEvent } from '../../js-shim/edge/cloudfront-event.mjs';
import * as glue from '../../js-shim/wasm/oss_edge_documents.js';
import { ACCESS_KEY, DOCUMENTS, NOW, SECOND_KEY, signedEvent } from './fixture.mjs';

const wasm = await readDocumentsWasm();
const { config } = DOCUMENTS;
const one = { accessKeys: [ACCESS_KEY] };
const other = { accessKeys: [SECOND_KEY] };

test('a gate without access keys refuses every request as an unknown key, until they come', () => {
  const gate = createGate({ wasm, config });
  assert.deepEqual(outcome(gate, ACCESS_KEY), ['refuse', 'InvalidAccessKeyId', undefined]);
  gate.useAccessKeys(one);
  assert.deepEqual(outcome(gate, ACCESS_KEY), ['forward', '', '1']);
});

test('several documents stand for one', () => {
  const gate = createGate({ wasm, config, accessKeys: [one, other] });
  assert.deepEqual([ACCESS_KEY, SECOND_KEY].map((key) => outcome(gate, key)[0]), ['forward', 'forward']);
});

test('a document may be its JSON text, and documents any iterable of them', () => {
  const gate = createGate({ wasm, config, accessKeys: JSON.stringify(one) });
  assert.equal(outcome(gate, ACCESS_KEY)[0], 'forward');
  gate.useAccessKeys((function* () {
    yield other;
    yield JSON.stringify(one);
  })());
  assert.deepEqual([ACCESS_KEY, SECOND_KEY].map((key) => outcome(gate, key)[0]), ['forward', 'forward']);
});

test('other access keys take the place of all the earlier ones', () => {
  const gate = createGate({ wasm, config, accessKeys: one });
  gate.useAccessKeys([other]);
  assert.deepEqual([ACCESS_KEY, SECOND_KEY].map((key) => outcome(gate, key)[0]), ['refuse', 'forward']);
  const rotated = { secrets: [{ generation: 'b', secret: SECOND_KEY.accessKeySecret }] };
  gate.useAccessKeys({ accessKeys: [{ accessKeyId: SECOND_KEY.accessKeyId, ...rotated }] });
  assert.deepEqual(outcome(gate, SECOND_KEY), ['forward', '', 'b']);
});

for (const [what, documents, message] of /** @type {[string, unknown, string][]} */ ([
  ['a malformed one', { accessKeys: [{ accessKeyId: 'a' }] }, 'access keys: accessKeys[0].accessKeySecret: expected this field to be present'],
  ['one of several that is malformed', [other, { accessKeys: 5 }], 'access keys: documents[1].accessKeys: expected an array'],
  ['an id in two documents', [other, other], 'access keys: documents[1].accessKeys[0].accessKeyId: expected an id that appears once'],
  ['a text that is no JSON', '{"accessKeys":[', 'access keys: the document: expected JSON, stopped at line 1'],
  ['one of several that is no JSON', [JSON.stringify(other), '{'], 'access keys: documents[1]: expected JSON, stopped at line 1'],
  ['no document', [], 'access keys: the document: expected at least one access key or master key'],
  ['nothing', undefined, 'access keys: the document: expected an object'],
])) {
  test(`the earlier access keys stay after ${what}`, () => {
    const gate = createGate({ wasm, config, accessKeys: one });
    assert.throws(() => gate.useAccessKeys(documents), { message });
    assert.deepEqual([ACCESS_KEY, SECOND_KEY].map((key) => outcome(gate, key)[0]), ['forward', 'refuse']);
  });
}

test('an instance that is made after a failure has the latest access keys, and the latest good ones', () => {
  const gate = createGate({ wasm, config, accessKeys: one });
  gate.useAccessKeys(other);
  assert.throws(() => gate.useAccessKeys([{}]));
  assert.throws(() => failing(gate), TypeError);
  assert.deepEqual([ACCESS_KEY, SECOND_KEY].map((key) => outcome(gate, key)[0]), ['refuse', 'forward']);
});

test('documents that break the core while they are read leave the earlier access keys, in a new instance', () => {
  const core = new CoreInstance(glue, 'oss_edge_documents.wasm');
  core.start(wasm);
  const gate = new GateDecisions(core, () => glue.Gate.fromDocuments(JSON.stringify(config), [JSON.stringify(one)]));
  const breaks = () => {
    throw new WebAssembly.RuntimeError('unreachable');
  };
  const instances = counting(() => {
    assert.throws(() => gate.replace(breaks), WebAssembly.RuntimeError);
    assert.equal(outcome(gate, ACCESS_KEY)[0], 'forward');
    assert.equal(outcome(gate, ACCESS_KEY)[0], 'forward');
  });
  assert.equal(instances, 1);
});

test('every gate of the core has its keys after a failure of any', () => {
  const gates = [one, other].map((accessKeys) => createGate({ wasm, config, accessKeys }));
  const outcomes = () => gates.map((gate) => [ACCESS_KEY, SECOND_KEY].map((key) => outcome(gate, key)[0]));
  const before = outcomes();
  assert.deepEqual(before, [['forward', 'refuse'], ['refuse', 'forward']]);
  for (const gate of gates) {
    assert.throws(() => failing(gate), TypeError);
    assert.deepEqual(outcomes(), before);
    gate.useAccessKeys(gate === gates[0] ? one : other);
    assert.deepEqual(outcomes(), before);
  }
});

test('documents that the core refuses leave its instance as it is', () => {
  const gate = createGate({ wasm, config, accessKeys: one });
  const instances = counting(() => {
    assert.throws(() => gate.useAccessKeys('{'));
    gate.useAccessKeys(other);
    assert.equal(outcome(gate, SECOND_KEY)[0], 'forward');
  });
  assert.equal(instances, 0);
});

test('another module than the one that reads documents is refused by its name', async () => {
  const notStarted = '../../js-shim/wasm/oss_edge_documents.js?not-started';
  const core = new CoreInstance(await import(notStarted), 'oss_edge_documents.wasm');
  const small = await readWasm();
  assert.throws(() => core.start(small), /^Error: wasm: expected the contents of oss_edge_documents\.wasm, of this release of oss-edge$/u);
});

test('explains what a request should have signed, and only where it signed something else', () => {
  const gate = createGate({ wasm, config, accessKeys: one });
  const { request, requestId } = readEvent(/** @type {any} */ (signedEvent({ accessKey: { ...ACCESS_KEY, accessKeySecret: 'wrong' } })));
  const { refusal, stringToSign } = gate.explain(request, requestId, NOW);
  assert.match(String(refusal), /signature/u);
  assert.match(String(stringToSign), /^PUT\n/u);
  const { request: good } = readEvent(/** @type {any} */ (signedEvent()));
  assert.deepEqual(gate.explain(good, requestId, NOW), {});
});

test('names the buckets and where their objects go', () => {
  const [bucket] = createGate({ wasm, config }).buckets();
  const { s3Bucket, region } = config.buckets['fleet-uploads'];
  assert.deepEqual(bucket, { bucket: 'fleet-uploads', s3Bucket, region, domain: `${s3Bucket}.s3.${region}.amazonaws.com` });
});

test('replacing access keys takes no more memory each time', () => {
  const many = { accessKeys: Array.from({ length: 2000 }, (_, i) => ({ accessKeyId: `k${i}`, accessKeySecret: 's'.repeat(30) })) };
  const gate = createGate({ wasm, config, accessKeys: many });
  const before = process.memoryUsage().arrayBuffers + process.memoryUsage().external;
  for (let i = 0; i < 50; i++) gate.useAccessKeys(many);
  const grown = process.memoryUsage().arrayBuffers + process.memoryUsage().external - before;
  assert.ok(grown < 16e6, `${grown} bytes`);
});

test('the document that the documentation shows is one', () => {
  const page = readFileSync(new URL('../../docs/access-keys.md', import.meta.url), 'utf8');
  const [, text] = /```json\n([^`]*)```/u.exec(page) ?? [];
  createGate({ wasm, config, accessKeys: JSON.parse(String(text)) });
});

/** How many instances of the core are made meanwhile. @param {() => void} during */
function counting(during) {
  let instances = 0;
  const original = WebAssembly.Instance;
  WebAssembly.Instance = /** @type {any} */ (
    new Proxy(original, {
      construct(target, args) {
        instances += 1;
        return new target(.../** @type {[WebAssembly.Module]} */ (args));
      },
    })
  );
  try {
    during();
    return instances;
  } finally {
    WebAssembly.Instance = original;
  }
}

/** A call that fails in the core: no symbol is a number. @param {import('../../js-shim/core/gate-decisions.mjs').Gate} gate */
function failing(gate) {
  const { request, requestId } = readEvent(/** @type {any} */ (signedEvent()));
  return gate.decide(request, requestId, /** @type {any} */ (Symbol('now')));
}

/** @param {Pick<import('../../js-shim/core/gate-decisions.mjs').Gate, 'decide'>} gate @param {typeof ACCESS_KEY} accessKey */
function outcome(gate, accessKey) {
  const { request, requestId } = readEvent(/** @type {any} */ (signedEvent({ accessKey })));
  const decision = gate.decide(request, requestId, NOW);
  return [decision.decision, decision.decision === 'refuse' ? decision.code : '', decision.generation];
}
