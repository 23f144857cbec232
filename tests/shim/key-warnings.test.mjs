// What is valid and hardly meant is said, and nothing else.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { MAX_LISTED_KEYS, bucketWarnings, keyWarnings } from '../../cli/key-warnings.mjs';
import { configWarnings } from '../../cli/config-warnings.mjs';
import { weakSecret } from '../../cli/weak-secrets.mjs';
import { DOCUMENTS } from './fixture.mjs';

const ROOT = new URL('../../', import.meta.url);
const CLI = fileURLToPath(new URL('cli/oss-edge.mjs', ROOT));
const STRONG = 'kT7vQ2mXw9RcZ4nLb8YdHs3JfGp6Va';
const OVERRIDE = '; or give --allow-weak-secrets, for tests';

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

test('a prefix without an end that reaches into the prefix of another key is told', () => {
  const rules = (/** @type {any[][]} */ ...keys) => ({ accessKeys: keys.map((allow) => ({ allow })) });
  const [warning, ...others] = keyWarnings([rules([{ prefix: 'line-1/' }, { prefix: 'line-2' }], [{ prefix: 'line-20/' }])]);
  assert.deepEqual(others, []);
  assert.equal(warning, 'access keys: accessKeys[0].allow[1].prefix: `line-2` also matches `line-20/` of accessKeys[1].allow[0]: end it with `/`');
  for (const meant of [
    rules([{ prefix: 'line-2' }]),
    // Of one key, below the prefix, the same prefix, and in another bucket.
    rules([{ prefix: 'line-2' }, { prefix: 'line-20/' }]),
    rules([{ prefix: 'line-2' }], [{ prefix: 'line-2/a/' }]),
    rules([{ prefix: 'line-2' }], [{ prefix: 'line-2' }]),
    rules([{ prefix: 'line-2', bucket: 'fleet' }], [{ prefix: 'line-20/', bucket: 'other' }]),
    rules([{ prefix: 'line-2/' }], [{ prefix: 'line-20/' }], []),
    { masterKeys: [{ allow: [{ prefix: 'd/{device}/' }] }] },
  ]) {
    assert.deepEqual(keyWarnings([meant]), [], JSON.stringify(meant));
  }
  const scope = { masterKeys: [{ allow: [{ prefix: 'd/' }], scopes: { logs: { allow: [{ prefix: 'd' }] } } }] };
  const [ofScope] = keyWarnings([rules([{ prefix: 'd2/' }]), scope]);
  assert.equal(ofScope, 'access keys: documents[1].masterKeys[0].scopes.logs.allow[0].prefix: `d` also matches `d2/` of documents[0].accessKeys[0].allow[0]: end it with `/`');
  const many = keyWarnings([rules(...Array.from({ length: 20 }, (_, index) => [{ prefix: `line-${index + 1}` }]))]);
  assert.deepEqual(many.map((text) => /: `(.*?)` also/u.exec(text)?.[1]), ['line-1', 'line-2']);
  const more = keyWarnings([rules(...Array.from({ length: 99 }, (_, index) => [{ prefix: `line-${index + 1}` }]))]);
  assert.deepEqual([more.length, more.at(-1)], [6, 'access keys: 4 more prefixes reach into that of another key']);
});

test('a prefix with which no key of an object can begin is told', () => {
  for (const [prefix, isTold] of /** @type {[string, boolean][]} */ ([['/a', true], ['\\a', true], ['.oss-edge/', true], ['.oss-edge', false], ['a/', false], ['.oss', false]])) {
    const warnings = keyWarnings([{ accessKeys: [{ allow: [{ prefix }] }] }]);
    assert.deepEqual(warnings, isTold ? [`access keys: accessKeys[0].allow[0].prefix: no object key may begin with \`${prefix}\`, so the rule allows nothing`] : []);
  }
});

test('the number is the one that docs/access-keys.md gives', async () => {
  const page = await readFile(new URL('docs/access-keys.md', ROOT), 'utf8');
  assert.ok(page.includes(`more than some ${MAX_LISTED_KEYS.toLocaleString('en-US')} listed keys`));
});

test('the published secrets are weak in each place that a secret can have', async () => {
  const [sample, example] = await Promise.all(['sample/access-keys.json', 'docs/access-keys.md'].map((file) => readFile(new URL(file, ROOT), 'utf8')));
  const secrets = [...`${sample}${example}`.matchAll(/"(?:accessKeySecret|secret)": "(sample[A-Za-z0-9]+)"/gu)].map(([, secret]) => secret);
  assert.ok(secrets.length >= 5);
  for (const secret of secrets) {
    for (const [path, document] of /** @type {[string, object][]} */ ([
      ['accessKeys[0].accessKeySecret', { accessKeys: [{ accessKeySecret: secret }] }],
      ['accessKeys[0].secrets[1].secret', { accessKeys: [{ secrets: [{ secret: STRONG }, { secret }] }] }],
      ['masterKeys[0].secret', { masterKeys: [{ secret }] }],
    ])) {
      assert.equal(weakSecret([document]), `${path}: expected a secret of your own, found one of the published samples${OVERRIDE}`);
      assert.equal(weakSecret([{}, document]), `documents[1].${path}: expected a secret of your own, found one of the published samples${OVERRIDE}`);
    }
  }
});

test('a secret that somebody could guess is weak', () => {
  const weak = (/** @type {string[]} */ ...secrets) => weakSecret([{ accessKeys: secrets.map((accessKeySecret) => ({ accessKeySecret })) }]);
  const at = 'accessKeys[0].accessKeySecret: expected';
  assert.equal(weak('1'), `${at} at least 16 characters, found 1${OVERRIDE}`);
  assert.equal(weak('abcdefghijklmno'), `${at} at least 16 characters, found 15${OVERRIDE}`);
  assert.equal(weak('0'.repeat(30)), `${at} at least 8 different characters, found 1${OVERRIDE}`);
  assert.equal(weak('abcdefg'.repeat(4)), `${at} at least 8 different characters, found 7${OVERRIDE}`);
  assert.equal(weak(STRONG, STRONG), `accessKeys[1].accessKeySecret: expected a secret that no other key has${OVERRIDE}`);
  assert.equal(weak(STRONG, STRONG.toLowerCase(), 'abcdefgh'.repeat(2)), undefined);
});

test('bundle and keys check refuse a weak secret, and never show it', async () => {
  const hosts = DOCUMENTS.config.hosts.filter(({ style }) => style !== 'virtual-hosted');
  const config = await written('config.json', { ...DOCUMENTS.config, hosts });
  const accessKeys = await written('weak.json', { accessKeys: [{ accessKeyId: 'a', accessKeySecret: 'hunter2hunter2' }] });
  const secrets = await written('secrets.json', DOCUMENTS.secrets);
  const documents = ['--config', config, '--access-keys', accessKeys, '--secrets', secrets, '--out', join(directory, 'weak')];
  for (const [command, status] of /** @type {[string[], number][]} */ ([[['bundle', ...documents], 2], [['keys', 'check', '--file', accessKeys], 1]])) {
    const refused = await run(...command);
    assert.equal(refused.status, status);
    assert.match(refused.stderr, /accessKeys\[0\]\.accessKeySecret: expected at least 16 characters, found 14; or give --allow-weak-secrets/u);
    assert.ok(!refused.stderr.includes('hunter2'));
    assert.deepEqual(await run(...command, '--allow-weak-secrets'), { status: 0, stderr: '' });
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

test('a configuration that is probably not meant is told', () => {
  const hosts = [{ host: '*.a.example', style: 'virtual-hosted' }, { host: '*.b.example', style: 'virtual-hosted' }, { host: 'b.example', style: 'cname', bucket: 'x' }, { host: 'c.example', style: 'endpoint', bucket: 'x' }];
  const [endpoint, ...others] = configWarnings({ hosts, maxClockSkewSeconds: 300 });
  assert.match(endpoint, /^hosts: `a\.example` itself leads nowhere, .*replace `\*\.a\.example` by \{ "host": "a\.example", "style": "endpoint", "bucket": "/u);
  assert.deepEqual(others, []);
  assert.deepEqual(configWarnings({ hosts: hosts.slice(1), maxClockSkewSeconds: 0 }), []);
  const forwarding = { hosts: hosts.slice(1), maxClockSkewSeconds: 300, unsealedUploadIds: 'forward' };
  assert.match(configWarnings(forwarding)[0], /^unsealedUploadIds: with `forward` a client may cut the seal off/u);
  assert.match(configWarnings({ hosts: hosts.slice(1) })[0], /^maxClockSkewSeconds: not set, .* 300 s .* 900;/u);
  const absent = { hosts: [], maxClockSkewSeconds: 0, headObject: 'absent' };
  for (const [capture, expected] of /** @type {[object, string | undefined][]} */ ([
    [{ accessKeyIds: ['LTAI5tA'] }, 'access key LTAI5tA'], [{ accessKeyIds: ['a', 'b'], refusedShare: 0.01 }, '2 access keys and 1 % of all refusals'],
    [{ refusedShare: 1 }, '100 % of all refusals'], [{}, undefined], [{ accessKeyIds: [], refusedShare: 0 }, undefined],
  ])) {
    const [warning] = configWarnings({ hosts: [], maxClockSkewSeconds: 0, capture });
    assert.equal(/^capture: on for (.*); their keys/u.exec(warning ?? '')?.[1], expected);
  }
  const atOrigin = { hosts: [], maxClockSkewSeconds: 0, triggers: 'origin-request' };
  assert.match(configWarnings(atOrigin)[0], /^triggers: .* without a `relay`, an object with `x-oss-forbid-overwrite: true` is refused$/u);
  assert.deepEqual(configWarnings({ ...atOrigin, relay: {} }), []);
  assert.match(configWarnings({ ...atOrigin, relay: {}, capture: { refusedShare: 1 } })[0], /go to the log of origin-request,/u);
  for (const config of [absent, { ...absent, headObject: 'served' }]) {
    assert.match(configWarnings(config, { accessKeys: [{}, { allow: [{}] }], masterKeys: [{}] })[0], /^headObject: no access key has a rule that names HeadObject/u);
  }
  assert.deepEqual(configWarnings(absent, { masterKeys: [{ allow: [{}, { operations: ['HeadObject'] }] }] }), []);
  assert.deepEqual(configWarnings(absent), []);
});

test('bundle and keys check print them, and go on', async () => {
  const config = await written('config.json', DOCUMENTS.config);
  const sample = JSON.parse(await readFile(new URL('sample/access-keys.json', ROOT), 'utf8'));
  sample.accessKeys[1].allow = [{ bucket: 'not-there' }];
  const accessKeys = await written('access-keys.json', sample);
  const secrets = await written('secrets.json', DOCUMENTS.secrets);
  const bundled = await run('bundle', '--config', config, '--access-keys', accessKeys, '--secrets', secrets, '--out', join(directory, 'dist'), '--allow-weak-secrets');
  assert.equal(bundled.status, 0);
  assert.match(bundled.stderr, /^oss-edge: warning: access keys: accessKeys\[1\]\.allow\[0\]\.bucket: `not-there` is not in `buckets` of the configuration/mu);
  const many = await run('keys', 'check', '--file', await written('many.json', listed(MAX_LISTED_KEYS + 1)), '--allow-weak-secrets');
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
