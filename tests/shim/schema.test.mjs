// The JSON Schemas say the same as the core, for every document below.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import Ajv from 'ajv';

import { createGate } from '../../js-shim/gate.mjs';
import { DOCUMENTS } from './fixture.mjs';

const wasm = readFileSync(new URL('../../js-shim/wasm/oss_edge.wasm', import.meta.url));
const ajv = new /** @type {any} */ (Ajv).default({ strictTypes: false });
const schema = (/** @type {string} */ name) =>
  ajv.compile(JSON.parse(readFileSync(new URL(`../../js-shim/schema/${name}.schema.json`, import.meta.url), 'utf8')));
const isConfig = schema('config');
const isAccessKeys = schema('access-keys');

const { config } = DOCUMENTS;
const host = (/** @type {object} */ entry) => ({ ...config, hosts: [entry] });
const bucket = (/** @type {object} */ entry) => ({ ...config, buckets: { 'fleet-uploads': entry } });
const named = (/** @type {string} */ name) => ({ ...config, hosts: [{ host: 'a', style: 'path' }], buckets: { [name]: { s3Bucket: 'abc', region: 'r' } } });
const api = (/** @type {unknown} */ entry) => ({ ...config, api: entry });
const without = (/** @type {string} */ name) => Object.fromEntries(Object.entries(config).filter(([field]) => field !== name));

const CONFIGS = [
  config, without('maxClockSkewSeconds'), without('api'), without('hosts'), without('buckets'),
  null, [], 'config', 5, {}, { ...config, extra: 1 },
  ...[0, 1, 86_400, 86_401, -1, 1.5, '300', null, NaN].map((maxClockSkewSeconds) => ({ ...config, maxClockSkewSeconds })),
  ...[0, 604_800, 315_360_000, 315_360_001, -1, '1'].map((maxUrlExpirySeconds) => ({ ...config, maxUrlExpirySeconds })),
  ...[['v1-header'], ['v4-url', 'v1-url', 'v4-header', 'v1-header'], ['v1-url', 'v1-url'], ['v2-header'], [], 'v1-header', [1], null]
    .map((signatureSchemes) => ({ ...config, signatureSchemes })),
  ...[['cn-hangzhou'], ['a', 'b'], ['a', 'a'], ['oss cn'], ['Cn'], [], 'cn-hangzhou', [null]].map((signatureRegions) => ({ ...config, signatureRegions })),
  { ...config, hosts: [] }, { ...config, hosts: {} }, { ...config, buckets: {} }, { ...config, buckets: [] },
  ...['a', 'a.b', '127.0.0.1', 'A', 'a:80', '*.a', '', '.a', 'a.', '-a', 'a-', 'a_b', 'é', 'a'.repeat(63), 'a'.repeat(64), 'a.'.repeat(126) + 'a', 'a.'.repeat(127) + 'a']
    .map((name) => host({ host: name, style: 'path' })),
  ...['*.a', '*.a.b', '*', '*.', 'a', '*.*.a', '*a', '*.A', '*.a:1'].map((name) => host({ host: name, style: 'virtual-hosted' })),
  host({ host: 'a', style: 'cname', bucket: 'fleet-uploads' }), host({ host: 'a', style: 'cname' }),
  host({ host: 'a', style: 'path', bucket: 'fleet-uploads' }), host({ host: '*.a', style: 'virtual-hosted', bucket: 'fleet-uploads' }),
  host({ host: 'a', style: 'other' }), host({ host: 'a' }), host({ style: 'path' }), host({ host: 5, style: 'path' }), host({ host: 'a', style: 'path', port: 80 }),
  ...['abc', 'ab', 'a-b', '-ab', 'ab-', 'a.b', 'a_b', 'ABC', 'a'.repeat(63), 'a'.repeat(64)].map(named),
  ...['abc', 'ab', 'a.b.c', 'a..b', '.ab', 'ab.', 'a-.b', 'a_b', 'ABC', 'a'.repeat(63), 'a'.repeat(64), 5].map((s3Bucket) => bucket({ s3Bucket, region: 'r' })),
  ...['us-east-1', 'r', '', 'US', 'a_b', '-a', 'a'.repeat(32), 'a'.repeat(33), null].map((region) => bucket({ s3Bucket: 'abc', region })),
  bucket({ s3Bucket: 'abc' }), bucket({ region: 'r' }), bucket({ s3Bucket: 'abc', region: 'r', prefix: '' }),
  ...['', '/', '/a', '/a/b', '/a/', 'a', '/a b', '//a', '/é', `/${'a'.repeat(254)}`, `/${'a'.repeat(255)}`, 5].map((path) => api({ domain: 'a.b', path })),
  ...['a.b', 'https://a.b', 'a.b/c', 'a.b:443', '', 'A.b'].map((domain) => api({ domain, path: '' })),
  ...['api', 's3', 'API', '', null, true].map((completeMultipartUpload) => ({ ...config, completeMultipartUpload })),
  ...[true, false, 'true', null, 0].map((listParts) => ({ ...config, listParts })),
  ...[
    {}, [], null, { extra: 1 }, { tagging: true }, { tagging: 'yes' }, { publicAcl: 'dropped' }, { publicAcl: 'refused' }, { publicAcl: 'allowed' },
    { storageClasses: {} }, { storageClasses: { IA: 'GLACIER_IR' } }, { storageClasses: { IA: 'IA' } }, { storageClasses: { GLACIER: 'GLACIER' } }, { storageClasses: [] },
    { kmsKeys: {} }, { kmsKeys: { default: 'alias/a', 'a-b': 'arn:aws:kms:r:1:key/b' } }, { kmsKeys: { default: '' } }, { kmsKeys: { 'a b': 'c' } }, { kmsKeys: { a: 5 } },
    { kmsKeys: { a: 'k'.repeat(2048) } }, { kmsKeys: { a: 'k'.repeat(2049) } },
  ].map((headers) => ({ ...config, headers })),
  api({ domain: 'a.b' }), api({ path: '' }), api(null), api({ domain: 'a.b', path: '', stage: 'x' }),
];

const key = (/** @type {object} */ entry) => ({ accessKeys: [entry] });

const ACCESS_KEYS = [
  DOCUMENTS.accessKeys, null, [], {}, { accessKeys: [] }, { accessKeys: {} }, { ...DOCUMENTS.accessKeys, extra: 1 },
  ...['a', 'a.b', 'STS.x_y-z=', '', 'a:b', 'a/b', 'a,b', 'a b', 'é', '~', '!', '+', '-', ';', '\u007f', 'a\n', 'a'.repeat(128), 'a'.repeat(129), 5]
    .map((accessKeyId) => key({ accessKeyId, accessKeySecret: 's' })),
  ...['s', '~!', '', 's s', 'é', 's'.repeat(256), 's'.repeat(257), null, 's\n'].map((accessKeySecret) => key({ accessKeyId: 'a', accessKeySecret })),
  ...['t', '+/==', '', 'a b', 't'.repeat(4096), 't'.repeat(4097), null].map((securityToken) => key({ accessKeyId: 'a', accessKeySecret: 's', securityToken })),
  key({ accessKeyId: 'a' }), key({ accessKeySecret: 's' }), key({ accessKeyId: 'a', accessKeySecret: 's', status: 'active' }),
];

test('the schema of config.json takes what the core takes', () => {
  for (const document of CONFIGS) assert.equal(isConfig(document), takes({ config: document }), show(document));
});

test('the schema of access-keys.json takes what the core takes', () => {
  for (const document of ACCESS_KEYS) assert.equal(isAccessKeys(document), takes({ accessKeys: document }), show(document));
});

test('what no schema can say, the core refuses', () => {
  assert.ok(!takes({ config: host({ host: 'a', style: 'cname', bucket: 'not-there' }) }));
  assert.ok(!takes({ config: api({ domain: 'fleet-uploads-prod.s3.us-east-1.amazonaws.com', path: '' }) }));
  const [target] = Object.values(config.buckets);
  assert.ok(!takes({ config: { ...config, buckets: { ...config.buckets, other: target } } }));
  assert.ok(!takes({ config: { ...config, hosts: [{ host: 'a', style: 'path' }, { host: 'a', style: 'cname', bucket: 'fleet-uploads' }] } }));
  const [one] = DOCUMENTS.accessKeys.accessKeys;
  assert.ok(!takes({ accessKeys: { accessKeys: [one, { ...one, accessKeySecret: 'other' }] } }));
});

/** @param {Partial<{ config: unknown, accessKeys: unknown }>} documents */
function takes(documents) {
  try {
    createGate({ wasm, ...DOCUMENTS, ...documents });
    return true;
  } catch {
    return false;
  }
}

/** @param {unknown} document */
function show(document) {
  return JSON.stringify(document);
}
