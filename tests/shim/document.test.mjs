// Documents that are no JSON; and names that stand twice in one object, which JSON.parse takes silently.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkBySchema } from '../../cli/checked-document.mjs';
import { parseDocument, readText } from '../../cli/document.mjs';
import { createGate } from '../../js-shim/core/gate.mjs';
import { readDocumentsWasm } from '../../cli/wasm-file.mjs';
import { DOCUMENTS } from './fixture.mjs';

/** Texts with a repeated name, by its path. */
const REPEATED = {
  revokedDevices: '{"revokedDevices":[{"masterKey":"a1","deviceId":"a"}],"masterKeys":[],"revokedDevices":[]}',
  'accessKeys[1].status': '{"accessKeys":[{"status":"a"},{"status":"disabled","accessKeyId":"x, [{\\"}]","status":"active"}]}',
  'accessKeys[0].allow[1].prefix': '{"accessKeys":[{"allow":[{"prefix":"a/"},{"prefix":"b/","bucket":"abc","prefix":"c/"}]}]}',
  'masterKeys[0].scopes.logs': '{"masterKeys":[{"scopes":{"logs":{"allow":[{}]},"logs":{}}}]}',
  'buckets.fleet': String.raw`{"buckets":{"fleet":1,"fl\u0065et":2}}`,
  'a.b': '{"a":{"b":{"b":[[],{}]},"c":[{"b":1}],"b":null}}',
};

test('a text that is no JSON is refused by the line where it stops, or by its encoding', () => {
  const secret = 'kX9mQ2vR7wT4yB8nZ3cF6hJ1pL5sD0';
  const filler = `"accessKeySecret": "${secret}",\n`.repeat(50);
  for (const [text, message] of [
    ['', 'expected JSON, found nothing'],
    [' \n', 'expected JSON, found nothing'],
    ['{\n  "a": [ }', 'expected JSON, stopped at line 2'],
    [`{${filler}"a": tru,\n${filler}"b": 1}`, 'expected JSON, stopped at line 51'],
    ['{\n"a": 1,\n}', 'expected JSON, stopped at line 3'],
    ['{\n"a": 1\n', 'expected JSON, stopped at line 3'],
    ['{\n"a": [', 'expected JSON, stopped at line 2'],
    ['{"a": 1}\n}', 'expected JSON, stopped at line 2'],
    ['\uFEFF{"a": 1}', 'expected UTF-8 without a byte order mark'],
    [Buffer.from('\uFEFF{"a": 1}', 'utf16le').toString(), 'expected UTF-8, found another encoding, as UTF-16'],
  ]) {
    assert.throws(() => parseDocument(text, 'keys.json'), { message: `keys.json: ${message}` }, text);
  }
});

test('a file that cannot be read is refused by its name and the reason', async () => {
  await assert.rejects(readText('no-such.json'), { message: 'no-such.json: no such file' });
  await assert.rejects(readText('.'), { message: '.: expected a file, found a directory' });
});

test('a name that stands twice in one object is refused by its path', () => {
  for (const [path, text] of Object.entries(REPEATED)) {
    assert.throws(() => parseDocument(text, 'keys.json'), { message: `keys.json: ${path}: expected a name that appears once` });
  }
});

test('the same name in several objects, and the same text as a value, are none twice', () => {
  const text = ' {"a":"a","b":["a","a",{"a":1}, {"a":2}],"c":{"a":{"a":"\\"a\\":"}}, "__proto__": {}, "constructor": 1.5e3}';
  assert.deepEqual(parseDocument(text, 'n'), JSON.parse(text));
  for (const scalar of ['"a"', '1', 'null', '[]', '{}']) assert.deepEqual(parseDocument(scalar, 'n'), JSON.parse(scalar));
});

test('the core refuses it in a fetched document, which it reads as text', async () => {
  const config = { ...DOCUMENTS.config, credentials: { source: 'secrets-manager', secretId: 'k', regions: ['us-east-1'] } };
  const gate = createGate({ wasm: await readDocumentsWasm(), config });
  const entry = '{"accessKeyId":"a","accessKeySecret":"s","status":"disabled","status":"active"}';
  assert.throws(() => gate.useAccessKeys([`{"accessKeys":[${entry}]}`]), { message: 'access keys: accessKeys[0].status: expected a name that appears once' });
  assert.throws(() => gate.useAccessKeys(['{"accessKeys":[],"accessKeys":[]}']), { message: 'access keys: accessKeys: expected a name that appears once' });
});

test('a document that breaks its schema is refused with what was expected and what was found', () => {
  for (const [schema, value, problem] of /** @type {[object, unknown, string][]} */ ([
    [{ type: 'array', minItems: 2 }, ['a'], 'expected at least 2 items, found ["a"]'],
    [{ type: 'array', maxItems: 1 }, ['a', 'b'], 'expected at most 1 items, found ["a","b"]'],
    [{ type: 'array', uniqueItems: true }, ['a', 'a'], 'expected each value once, found ["a","a"]'],
    [{ type: 'string', minLength: 3 }, 'ab', 'expected at least 3 characters, found "ab"'],
    [{ type: 'string', maxLength: 1 }, 'ab', 'expected at most 1 characters, found "ab"'],
    [{ const: '*' }, 'a', 'expected "*", found "a"'],
    [{ enum: ['a', 'b'] }, 'c', 'expected one of a, b, found "c"'],
    [{ type: 'string', pattern: '^a$' }, 'b', 'expected pattern "^a$", found "b"'],
    [{ type: 'integer', minimum: 3 }, 1, 'expected >= 3, found 1'],
    [{ type: 'string' }, 1, 'expected string, found 1'],
  ])) {
    const message = `vpn: field: ${problem}`;
    assert.throws(() => checkBySchema({ properties: { field: schema } }, { field: value }, { name: 'vpn' }), { message });
  }
});
