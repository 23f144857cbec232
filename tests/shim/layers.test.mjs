// The rooms of the JavaScript (CONTRIBUTING.md): what is deployed knows nothing of what isn't, and no file imports itself
// through others.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Each may import from itself and from those before it. */
const ROOMS = ['js-shim/log.mjs', 'js-shim/wasm/', 'js-shim/core/', 'js-shim/keys/', 'js-shim/edge/', 'js-shim/operations/', 'js-shim/api/', 'js-shim/relay/', 'deploy/', 'network/', 'local/', 'cli/'];

const imports = new Map((await Promise.all(['js-shim', 'deploy', 'network', 'local', 'cli'].map(filesOf))).flat());

test('imports point to rooms that are earlier in the list, types included', () => {
  assert.ok(imports.size > 80);
  for (const [file, { all }] of imports) {
    for (const imported of all) {
      const [from, to] = [file, imported].map((path) => ROOMS.findIndex((room) => path.startsWith(room)));
      assert.ok(to >= 0 && to <= from, `${file} imports ${imported}`);
    }
  }
});

test('no file imports itself through others', () => {
  /** @type {Set<string>} */
  const acyclic = new Set();
  for (const file of imports.keys()) visit(file, []);

  /** @param {string} file @param {string[]} path */
  function visit(file, path) {
    assert.ok(!path.includes(file), [...path, file].join(' -> '));
    if (acyclic.has(file)) return;
    for (const imported of imports.get(file)?.atRunTime ?? []) visit(imported, [...path, file]);
    acyclic.add(file);
  }
});

test('nothing that a device can reach tests hypotheses', () => {
  const importers = [...imports].filter(([, { all }]) => all.includes('js-shim/core/examiner.mjs')).map(([file]) => file);
  assert.deepEqual(importers.filter((file) => !file.startsWith('cli/explain/')), []);
  assert.ok(importers.length > 0);
});

const KNOWN_PACKAGES = ['p-limit', 'hash-wasm', 'proxy-protocol-js', 'saxes', 'aws4fetch', '@aws-sdk/client-s3', '@aws-sdk/client-lambda'];

test('what is deployed imports no package but those for the functions behind the API and Secrets Manager', async () => {
  for (const file of [...imports.keys()].filter((path) => path.startsWith('js-shim/'))) {
    const text = await readFile(join(ROOT, file), 'utf8');
    const packages = [...text.matchAll(/(?:from |await import\()'([^.'][^']*)'/gu)].map(([, name]) => name);
    for (const name of packages.filter((one) => !one.startsWith('node:'))) {
      assert.ok(KNOWN_PACKAGES.includes(name), `${file} imports ${name}`);
    }
  }
});

/** @param {string} room @returns {Promise<[string, { all: string[], atRunTime: string[] }][]>} */
async function filesOf(room) {
  const names = (await readdir(join(ROOT, room), { recursive: true })).filter((name) => name.endsWith('.mjs'));
  return Promise.all(names.map(async (name) => /** @type {const} */ ([`${room}/${name}`, await importsOf(join(ROOT, room, name))])));
}

/** @param {string} file */
async function importsOf(file) {
  const text = await readFile(file, 'utf8');
  const of = (/** @type {RegExp} */ pattern) => [...text.matchAll(pattern)].map(([, path]) => relative(ROOT, resolve(file, '..', path)));
  return { all: of(/(?:from |import\()'(\.[^']+)'/gu), atRunTime: of(/(?:from |await import\()'(\.[^']+)'/gu) };
}
