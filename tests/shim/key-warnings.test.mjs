// What is valid and hardly meant is said, and nothing else.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { MAX_LISTED_KEYS, bucketWarnings, keyWarnings } from '../../cli/key-warnings.mjs';
import { DOCUMENTS } from './fixture.mjs';

const ROOT = new URL('../../', import.meta.url);
const CLI = fileURLToPath(new URL('cli/oss-edge.mjs', ROOT));
const SAMPLE = /^oss-edge: warning: a secret is one of the published samples, which anybody can sign with: not for deployment$/mu;

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-warnings-'));
after(() => rm(directory, { recursive: true }));

const listed = (/** @type {number} */ count) => ({
  accessKeys: Array.from({ length: count }, (_, index) => ({ accessKeyId: `k${index}`, accessKeySecret: `s${index}` })),
});

test('more listed keys than fit are told by their number, over all documents', () => {
  assert.deepEqual(keyWarnings([listed(MAX_LISTED_KEYS)]), []);
  const [warning, ...others] = keyWarnings([listed(MAX_LISTED_KEYS), { masterKeys: [] }, listed(1)]);
  assert.deepEqual(others, []);
  assert.match(warning, /^25001 listed access keys: a function of 128 MB that fetches them is too slow for more than 25000; derive keys from a master key, or /u);
});

test('the number is the one that docs/access-keys.md gives', async () => {
  const page = await readFile(new URL('docs/access-keys.md', ROOT), 'utf8');
  assert.ok(page.includes(`more than some ${MAX_LISTED_KEYS.toLocaleString('en-US')} listed keys`));
});

test('the published secrets are told in each place that a secret can have', async () => {
  const [sample, example] = await Promise.all(['sample/access-keys.json', 'docs/access-keys.md'].map((file) => readFile(new URL(file, ROOT), 'utf8')));
  assert.equal(keyWarnings([JSON.parse(sample)]).length, 1);
  const secrets = [...`${sample}${example}`.matchAll(/"(?:accessKeySecret|secret)": "(sample[A-Za-z0-9]+)"/gu)].map(([, secret]) => secret);
  assert.ok(secrets.length >= 5);
  for (const secret of secrets) {
    for (const document of [{ accessKeys: [{ accessKeySecret: secret }] }, { accessKeys: [{ secrets: [{ secret: 's' }, { secret }] }] }, { masterKeys: [{ secret }] }]) {
      assert.equal(keyWarnings([document]).length, 1, secret);
    }
  }
});

test('buckets of rules that the configuration has not are told, each once, by the path', () => {
  const document = {
    accessKeys: [{ allow: [{ bucket: 'fleet' }, { prefix: 'a/' }, { bucket: 'flete' }] }, {}, { allow: [{ bucket: 'flete' }] }],
    masterKeys: [{ allow: [{ bucket: 'constructor' }], scopes: { logs: { allow: [{ bucket: 'logs' }] } } }, {}],
  };
  const told = bucketWarnings(document, { fleet: {} }).map((warning) => /^access keys: (\S+): `([^`]+)` is not in `buckets`/u.exec(warning)?.slice(1));
  assert.deepEqual(told, [['accessKeys[0].allow[2].bucket', 'flete'], ['masterKeys[0].allow[0].bucket', 'constructor'], ['masterKeys[0].scopes.logs.allow[0].bucket', 'logs']]);
  assert.deepEqual(bucketWarnings({}, {}), []);
});

test('bundle and keys check print them, and go on', async () => {
  const config = await written('config.json', DOCUMENTS.config);
  const sample = JSON.parse(await readFile(new URL('sample/access-keys.json', ROOT), 'utf8'));
  sample.accessKeys[1].allow = [{ bucket: 'not-there' }];
  const accessKeys = await written('access-keys.json', sample);
  const bundled = await run('bundle', '--config', config, '--access-keys', accessKeys, '--out', join(directory, 'dist'));
  assert.equal(bundled.status, 0);
  assert.match(bundled.stderr, SAMPLE);
  assert.match(bundled.stderr, /^oss-edge: warning: access keys: accessKeys\[1\]\.allow\[0\]\.bucket: `not-there` is not in `buckets` of the configuration/mu);
  const checked = await run('keys', 'check', '--file', accessKeys);
  assert.equal(checked.status, 0);
  assert.match(checked.stderr, SAMPLE);
  const many = await run('keys', 'check', '--file', await written('many.json', listed(MAX_LISTED_KEYS + 1)));
  assert.match(many.stderr, /^oss-edge: warning: 25001 listed access keys: /u);
});

/** @param {string} name @param {unknown} value */
async function written(name, value) {
  const file = join(directory, name);
  await writeFile(file, JSON.stringify(value));
  return file;
}

/** @param {string[]} args @returns {Promise<{ status: number, stderr: string }>} */
function run(...args) {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], (error, _, stderr) => resolve({ status: error ? Number(error.code) : 0, stderr }));
  });
}
