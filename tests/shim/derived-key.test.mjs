// Derived keys through the boundary, against the vectors.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { createDeriver } from '../../cli/keys/derived-key.mjs';
import { readDocumentsWasm } from '../../cli/wasm-file.mjs';

const derive = createDeriver(await readDocumentsWasm());
const { vectors, malformed } = JSON.parse(readFileSync(new URL('../vectors/derived-keys.json', import.meta.url), 'utf8'));

test('derives the secret of every vector', () => {
  assert.ok(vectors.length > 0);
  for (const { id, masterSecret, accessKeyId, accessKeySecret } of vectors) {
    assert.equal(derive(masterSecret, accessKeyId), accessKeySecret, id);
  }
});

test('derives nothing for what is no id, or from what is no master secret, and repeats neither', () => {
  const [{ masterSecret, accessKeyId }] = vectors;
  for (const { id, accessKeyId: no } of malformed) assert.throws(() => derive(masterSecret, no), /^Error: expected a master/u, id);
  for (const no of ['', masterSecret.slice(1), `${masterSecret} `]) {
    assert.throws(() => derive(no, accessKeyId), (/** @type {Error} */ error) => no === '' || !error.message.includes(no));
  }
  assert.equal(derive(masterSecret, accessKeyId), vectors[0].accessKeySecret);
});
