// The gate's access keys: none yet, one document or several, and others in their place.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { readEvent, requestView } from '../../js-shim/edge/cloudfront-event.mjs';
import { coreInstance } from '../../js-shim/core/core-instance.mjs';
import { decide, decideAtApi, instantiate, useDocuments } from '../../js-shim/core/core.mjs';
import { Exchange } from '../../js-shim/core/exchange.mjs';
import { createGate } from '../../js-shim/core/gate.mjs';
import { ACCESS_KEY, DOCUMENTS, NOW, SECOND_KEY, signedEvent } from './fixture.mjs';

const wasm = readFileSync(new URL('../../js-shim/wasm/oss_edge_bg.wasm', import.meta.url));
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
  ['a text that is no JSON', '{"accessKeys":[', 'access keys: the document: expected a JSON text'],
  ['one of several that is no JSON', [JSON.stringify(other), '{'], 'access keys: documents[1]: expected a JSON text'],
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
  const instances = counting(() => {
    const instance = coreInstance(wasm, (core) => useDocuments(core, JSON.stringify(config), [JSON.stringify(one)]));
    const breaks = () => {
      throw new WebAssembly.RuntimeError('unreachable');
    };
    assert.throws(() => instance.prepare(breaks), WebAssembly.RuntimeError);
    const gate = /** @type {any} */ ({
      decide: (/** @type {any} */ request, /** @type {string} */ requestId, /** @type {number} */ now) =>
        instance.call((core) => decide(core, requestView(request, requestId), now)),
    });
    assert.equal(outcome(gate, ACCESS_KEY)[0], 'forward');
  });
  assert.equal(instances, 2);
});

test('documents that the core refuses leave its instance as it is', () => {
  const instances = counting(() => {
    const gate = createGate({ wasm, config, accessKeys: one });
    assert.throws(() => gate.useAccessKeys('{'));
    gate.useAccessKeys(other);
    assert.equal(outcome(gate, SECOND_KEY)[0], 'forward');
  });
  assert.equal(instances, 1);
});

test('a core that has no gate gives no decision', () => {
  const core = instantiate(new WebAssembly.Module(wasm));
  const { request, requestId } = readEvent(/** @type {any} */ (signedEvent()));
  for (const answer of [() => decide(core, requestView(request, requestId), NOW), () => decideAtApi(core, '', NOW)]) {
    assert.throws(answer, /the core gave no decision/u);
  }
});

test('a gate is made in the order of its steps only, and none is left of one that was begun in vain', () => {
  const exports = /** @type {any} */ (new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports);
  const exchange = new Exchange(exports);
  const write = (/** @type {string} */ text) => exchange.write(text);
  const finish = () => {
    const parts = exports.finishGate();
    exchange.released();
    return parts;
  };
  assert.ok(exports.readAccessKeys(write(JSON.stringify(one))) > 0);
  assert.ok(finish() > 0);
  const begin = () => exports.readConfig(write(JSON.stringify(config)), 1, 100);
  assert.equal(begin(), 0);
  assert.ok(exports.readAccessKeys(write('{')) > 0);
  assert.ok(finish() > 0);
  assert.equal(begin(), 0);
  assert.ok(exports.readConfig(write('{'), 1, 100) > 0);
  assert.ok(exports.readAccessKeys(write(JSON.stringify(one))) > 0);
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

/** A call that fails in the core: no symbol is a number. @param {import('../../js-shim/core/gate.mjs').Gate} gate */
function failing(gate) {
  const { request, requestId } = readEvent(/** @type {any} */ (signedEvent()));
  return gate.decide(request, requestId, /** @type {any} */ (Symbol('now')));
}

/** @param {import('../../js-shim/core/gate.mjs').Gate} gate @param {typeof ACCESS_KEY} accessKey */
function outcome(gate, accessKey) {
  const { request, requestId } = readEvent(/** @type {any} */ (signedEvent({ accessKey })));
  const decision = gate.decide(request, requestId, NOW);
  return [decision.decision, decision.decision === 'refuse' ? decision.code : '', decision.generation];
}
