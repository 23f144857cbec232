// The JSON Schemas say the same as the core, for every document below.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import Ajv from 'ajv';

import { createGate } from '../../js-shim/core/gate.mjs';
import { fetchKeyDocuments } from '../../js-shim/keys/key-documents.mjs';
import { DOCUMENTS } from './fixture.mjs';

/** The SDK's own list, which it doesn't export. */
const PARTITIONS = new URL('../../node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js', import.meta.url);

const wasm = readFileSync(new URL('../../js-shim/wasm/oss_edge_documents_bg.wasm', import.meta.url));
const ajv = new /** @type {any} */ (Ajv).default({ strictTypes: false });
const schema = (/** @type {string} */ name) =>
  ajv.compile(JSON.parse(readFileSync(new URL(`../../cli/schema/${name}.schema.json`, import.meta.url), 'utf8')));
const isConfig = schema('config');
const isAccessKeys = schema('access-keys');
const isSecrets = schema('secrets');

const { config } = DOCUMENTS;
const host = (/** @type {object} */ entry) => ({ ...config, hosts: [entry] });
const bucket = (/** @type {object} */ entry) => ({ ...config, buckets: { 'fleet-uploads': entry } });
const named = (/** @type {string} */ name) => ({ ...config, hosts: [{ host: 'a', style: 'path' }], buckets: { [name]: { s3Bucket: 'abc', region: 'us-east-1' } } });
const api = (/** @type {unknown} */ entry) => ({ ...config, api: entry });
const relayed = { ...config, api: undefined, relay: { domain: 'relay.example.com', path: '' } };
const entered = { ...config, api: undefined, entrance: 'relay' };
const secretsManager = (/** @type {object} */ fields) => ({ ...config, credentials: { source: 'secrets-manager', secretId: 'k', regions: ['us-east-1'], ...fields } });
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
  ...['abc', 'ab', 'a.b.c', 'a..b', '.ab', 'ab.', 'a-.b', 'a_b', 'ABC', 'a'.repeat(63), 'a'.repeat(64), 5].map((s3Bucket) => bucket({ s3Bucket, region: 'us-east-1' })),
  ...['us-east-1', 'us-esat-1', 'cn-north-1', 'us-gov-west-1', 'eusc-de-east-1', 'r', '', 'US', 'a_b', '-a', null].map((region) => bucket({ s3Bucket: 'abc', region })),
  ...[[], ['af-west-9'], ['af-west-9', 'us-east-1'], ['cn-west-9'], ['us-gov-north-1'], ['R'], 'af-west-9', null].flatMap((furtherRegions) => [
    { ...config, furtherRegions },
    { ...bucket({ s3Bucket: 'abc', region: 'af-west-9' }), furtherRegions: furtherRegions?.length === 0 ? ['af-west-9'] : furtherRegions },
    { ...secretsManager({ regions: ['us-east-1', 'af-west-9'] }), furtherRegions: furtherRegions?.length === 0 ? ['af-west-9'] : furtherRegions },
  ]),
  ...['https://example.com/config.schema.json', './a', '', null, 5].map(($schema) => ({ ...config, $schema })),
  bucket({ s3Bucket: 'abc' }), bucket({ region: 'us-east-1' }), bucket({ s3Bucket: 'abc', region: 'us-east-1', prefix: '' }),
  ...['', '/', '/a', '/a/b', '/a/', 'a', '/a b', '//a', '/é', `/${'a'.repeat(254)}`, `/${'a'.repeat(255)}`, 5].map((path) => api({ domain: 'a.b', path })),
  ...['a.b', 'https://a.b', 'a.b/c', 'a.b:443', '', 'A.b'].map((domain) => api({ domain, path: '' })),
  ...['api', 's3', 'API', '', null, true].map((completeMultipartUpload) => ({ ...config, completeMultipartUpload })),
  ...['api', 'relay', 's3', null].map((completeMultipartUpload) => ({ ...relayed, completeMultipartUpload })),
  ...['refuse', 'relay', 's3', null, true].flatMap((bodiesWithoutLength) => [config, relayed, without('api')].map((one) => ({ ...one, bodiesWithoutLength }))),
  ...['cloudfront', 'relay', 'Relay', '', null, true].flatMap((entrance) => [config, relayed, without('api')].map((one) => ({ ...one, entrance }))),
  ...['api', 'relay', 's3', null].map((completeMultipartUpload) => ({ ...entered, completeMultipartUpload })),
  ...['refuse', 'relay', 's3'].map((bodiesWithoutLength) => ({ ...entered, bodiesWithoutLength })),
  ...['viewer-request', 'origin-request'].map((triggers) => ({ ...entered, triggers })),
  { ...entered, headObject: 'served' }, { ...entered, smallParts: 'stage' }, { ...config, listener: {} }, { ...relayed, listener: {} },
  ...[
    {}, null, [], 'tls', { port: 1 }, { tls: {} }, { tls: null }, { tls: { certificate: '/a', key: '/b' } }, { tls: { certificate: '/a' } }, { tls: { certificate: 'a', key: '/b' } },
    { tls: { certificate: '/', key: '/b' } }, { tls: { certificate: '/a', key: '/b', ca: '/c' } }, { clientAddress: 'socket' }, { clientAddress: 'proxy' }, { clientAddress: null },
    { trustedProxies: ['10.0.0.0/8'] }, { clientAddress: 'socket', trustedProxies: ['10.0.0.0/8'] }, { clientAddress: 'proxy-protocol' }, { trustedHops: 1 },
    ...[['10.0.0.0/8'], ['10.0.0.1', 'fd00::/8', '::1'], [], ['10.0.0.0/0'], ['10.0.0.0/08'], ['10.0.0'], ['a.example.com'], [''], '10.0.0.0/8', [5], null]
      .map((trustedProxies) => ({ clientAddress: 'proxy-protocol', trustedProxies })),
    ...[1, 2, 10, 11, 0, 1.5, '1', null].map((trustedHops) => ({ clientAddress: 'x-forwarded-for', trustedProxies: ['10.0.0.1'], trustedHops })),
    { clientAddress: 'proxy-protocol', trustedProxies: ['10.0.0.1'], trustedHops: 1 },
  ].map((listener) => ({ ...entered, listener })),
  relayed, { ...config, relay: config.api }, { ...relayed, relay: null }, { ...relayed, relay: { domain: 'a.b' } }, { ...relayed, relay: { domain: 'a.b', path: '/a/' } },
  { ...without('api'), completeMultipartUpload: 'relay' }, { ...without('api'), completeMultipartUpload: 'api' },
  ...['viewer-request', 'origin-request', 'Origin-Request', '', null, true, ['origin-request']].map((triggers) => ({ ...config, triggers })),
  ...['refused', 'absent', 'served', 'Absent', null, false].flatMap((headObject) => [config, relayed, without('api')].map((one) => ({ ...one, headObject }))),
  ...[
    ...['https://a', 'https://app.example.com:8443', 'http://localhost:3000', 'http://127.0.0.1', 'https://a:65535', '*', 'http://a', 'https://a:443', 'https://a:0', 'https://a:65536',
      'https://a:08', 'https://a/', 'https://A', 'https://*.a', 'null', '', 'a', 'http://localhost:80', `https://${'a'.repeat(63)}`, `https://${'a'.repeat(64)}`, `https://${'a.'.repeat(126)}a`, `https://${'a.'.repeat(127)}a`, 5]
      .map((origin) => ({ origins: [origin] })),
    {}, null, { origins: [] }, { origins: '*' }, { origins: ['*', 'https://a'] }, { origins: ['https://a', 'https://b'] }, { origins: ['*'], methods: [] },
    ...[['ETag'], [], ['a b'], [''], 'ETag', null].map((exposedHeaders) => ({ origins: ['*'], exposedHeaders })),
    ...[0, 86_400, 86_401, -1, '1', null].map((maxAgeSeconds) => ({ origins: ['*'], maxAgeSeconds })),
  ].map((cors) => ({ ...config, cors })),
  ...[true, false, 'true', null, 0].map((listParts) => ({ ...config, listParts })),
  ...['refuse', 'forward', 'Refuse', '', true, null].map((unsealedUploadIds) => ({ ...config, unsealedUploadIds })),
  ...['forward', 'stage', 'Stage', '', true, null].flatMap((smallParts) => [config, relayed, without('api')].map((one) => ({ ...one, smallParts }))),
  ...['api', 's3'].map((completeMultipartUpload) => ({ ...config, completeMultipartUpload, smallParts: 'stage' })),
  ...[0, 1, 536_870_912, 52_428_800_000, 52_428_800_001, -1, 1.5, '1', null].map((maxJoinBytes) => ({ ...config, maxJoinBytes })),
  ...[
    {}, [], null, { extra: 1 }, { tagging: true }, { tagging: 'yes' }, { publicAcl: 'dropped' }, { publicAcl: 'refused' }, { publicAcl: 'allowed' },
    { storageClasses: {} }, { storageClasses: { IA: 'GLACIER_IR' } }, { storageClasses: { IA: 'IA' } }, { storageClasses: { GLACIER: 'GLACIER' } }, { storageClasses: [] },
    { kmsKeys: {} }, { kmsKeys: { default: 'alias/a', 'a-b': 'arn:aws:kms:r:1:key/b' } }, { kmsKeys: { default: '' } }, { kmsKeys: { 'a b': 'c' } }, { kmsKeys: { a: 5 } },
    { kmsKeys: { a: 'k'.repeat(2048) } }, { kmsKeys: { a: 'k'.repeat(2049) } },
  ].map((headers) => ({ ...config, headers })),
  ...[
    {}, [], null, { extra: 1 }, { accessKeyIds: [] }, { accessKeyIds: ['a', 'OE1.a1.SN-1', '~!+;-'] }, { accessKeyIds: 'a' }, { accessKeyIds: [''] }, { accessKeyIds: ['a b'] },
    { accessKeyIds: ['a:b'] }, { accessKeyIds: ['a/b'] }, { accessKeyIds: ['a,b'] }, { accessKeyIds: ['é'] }, { accessKeyIds: ['a'.repeat(128)] }, { accessKeyIds: ['a'.repeat(129)] }, { accessKeyIds: [null] },
    { accessKeyIds: Array(100).fill('a') }, { accessKeyIds: Array(101).fill('a') }, ...[0, 1, 0.01, 1.01, -0.1, 2, '1', null].map((refusedShare) => ({ refusedShare })),
  ].map((capture) => ({ ...config, capture })),
  api({ domain: 'a.b' }), api({ path: '' }), api(null), api({ domain: 'a.b', path: '', stage: 'x' }),
];

CONFIGS.push(
  ...[null, [], {}, 'bundled', { source: 'bundled' }, { source: 'vault' }, { source: 'bundled', secretId: 'k' }, { source: 'bundled', extra: 1 }]
    .map((credentials) => ({ ...config, credentials })),
  ...[{}, { extra: 1 }, { secretId: undefined }, { regions: undefined }].map((fields) => ({ ...config, credentials: { source: 'secrets-manager', secretId: 'k', regions: ['us-east-1'], ...fields } })),
  ...['a/b_c+d=e.f@g-h', 'arn:aws:secretsmanager:us-east-1:123456789012:secret:fleet-AbCdEf', '', 'a b', 'é', 'k'.repeat(2048), 'k'.repeat(2049), 5, 'k\n']
    .map((secretId) => secretsManager({ secretId })),
  ...[['us-east-1'], ['us-east-1', 'eu-west-1'], ['us-east-1', 'us-east-1'], ['us-esat-1'], ['cn-north-1'], [], 'us-east-1', ['US-EAST-1'], [null]].map((regions) => secretsManager({ regions })),
  ...[1, 300, 86_400, 0, 86_401, '300', 1.5].map((refreshSeconds) => secretsManager({ refreshSeconds })),
  ...[300, 2_592_000, 0, 2_592_001, '300', null].map((maxStaleSeconds) => secretsManager({ maxStaleSeconds })),
  ...[
    'https://a.example.com', 'https://a:8443', 'http://127.0.0.1', 'http://localhost:5000', 'http://a.example.com', 'https://', 'https://a/', 'https://a:0',
    'https://a:123456', 'https://u@a', 'https://A', 'a', 5, 'http://127.0.0.1.example.com', 'https://a\n',
  ].map((endpoint) => secretsManager({ endpoint })),
);

const key = (/** @type {object} */ entry) => ({ accessKeys: [entry] });
const secrets = (/** @type {unknown} */ list) => key({ accessKeyId: 'a', secrets: list });
const secret = (/** @type {object} */ fields) => secrets([{ generation: '1', secret: 's', ...fields }]);
const keyWith = (/** @type {object} */ fields) => key({ accessKeyId: 'a', accessKeySecret: 's', ...fields });
const MASTER_KEY = { id: 'a1', secret: '0123456789abcdef0123456789abcdef' };
const masterWith = (/** @type {object} */ fields) => ({ masterKeys: [{ ...MASTER_KEY, ...fields }] });
const revoked = (/** @type {unknown} */ entry) => ({ masterKeys: [MASTER_KEY], revokedDevices: [entry] });

const TIMES = [
  '2026-11-25T00:00:00Z', '2026-12-31T23:59:59Z', '2026-11-25', '2026-11-25T00:00:00', '2026-11-25T00:00:00z', '2026-11-25T00:00:00.000Z',
  '2026-11-25T00:00:00+00:00', '2026-13-25T00:00:00Z', '2026-11-32T00:00:00Z', '2026-11-25T24:00:00Z', '2026-11-25T00:60:00Z', '2026-11-25T00:00:60Z', '', 0, null,
];

const ALLOWS = [
  null, {}, [], [{}], ['a'], [{}, {}], [{ extra: 1 }], Array(100).fill({}), Array(101).fill({}),
  ...['abc', 'ab', 'ABC', 'a_b', '', 5].map((bucket) => [{ bucket }]),
  ...['a', '/', 'a/é/', '..', '../', './a', 'a/../b', 'a/..', '.a/b', 'a//./b', '{', '{devic}', '{Device}', '', 5, 'a'.repeat(1023)].map((prefix) => [{ prefix }]),
  ...[['PutObject'], ['PutObject', 'ListParts'], ['HeadObject'], ['GetObjectMeta'], ['PutObject', 'PutObject'], ['GetObject'], ['putObject'], [], 'PutObject', [null]].map((operations) => [{ operations }]),
  [{ bucket: 'abc', prefix: 'a/', operations: ['InitiateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'AbortMultipartUpload'] }],
];

const DEVICE_PREFIXES = ['{device}/', 'd/{device}/x', '{device}', 'd-{device}', '{device}{device}/', '{device}/{device}/', '{device}/{device}', '{device}x/', '{device}/{sn}', '{{device}/', '{device}/../'];

const ACCESS_KEYS = [
  DOCUMENTS.accessKeys, null, [], {}, { accessKeys: [] }, { accessKeys: {} }, { ...DOCUMENTS.accessKeys, extra: 1 },
  ...['a', 'a.b', 'STS.x_y-z=', '', 'a:b', 'a/b', 'a,b', 'a b', 'é', '~', '!', '+', '-', ';', '\u007f', 'a\n', 'a'.repeat(128), 'a'.repeat(129), 5]
    .map((accessKeyId) => key({ accessKeyId, accessKeySecret: 's' })),
  ...['s', '~!', '', 's s', 'é', 's'.repeat(256), 's'.repeat(257), null, 's\n'].map((accessKeySecret) => key({ accessKeyId: 'a', accessKeySecret })),
  ...['t', '+/==', '', 'a b', 't'.repeat(4096), 't'.repeat(4097), null].map((securityToken) => key({ accessKeyId: 'a', accessKeySecret: 's', securityToken })),
  ...['https://example.com/access-keys.schema.json', '', null, 5].map(($schema) => ({ ...DOCUMENTS.accessKeys, $schema })),
  key({ accessKeyId: 'a' }), key({ accessKeySecret: 's' }),
  ...['OE1.a.b', 'OE1.', 'OE1', 'oe1.a.b', 'OE2.a'].map((accessKeyId) => key({ accessKeyId, accessKeySecret: 's' })),
  ...['active', 'disabled', 'Active', '', null, true].flatMap((status) => [keyWith({ status }), masterWith({ status })]),
  ...[0, 1, 86_400, 86_401, -1, 1.5, '1', null].flatMap((maxClockSkewSeconds) => [keyWith({ maxClockSkewSeconds }), masterWith({ maxClockSkewSeconds })]),
  ...[0, 1, 5_368_709_120, 5_368_709_121, -1, 1.5, '1', null].flatMap((maxObjectBytes) => [keyWith({ maxObjectBytes }), masterWith({ maxObjectBytes })]),
  ...ALLOWS.flatMap((allow) => [keyWith({ allow }), masterWith({ allow }), masterWith({ scopes: { logs: { allow } } })]),
  ...DEVICE_PREFIXES.flatMap((prefix) => [keyWith({ allow: [{ prefix }] }), masterWith({ allow: [{ prefix }] }), masterWith({ scopes: { a: { allow: [{ prefix }] } } })]),
  ...[[], {}, null, 's', Array(4).fill(0), Array(5).fill(0)].map((list) => secrets(Array.isArray(list) ? list.map((_, generation) => ({ generation: `${generation}`, secret: `s${generation}` })) : list)),
  ...['1', 'a.b_c-D', '', 'a b', 'é', 'g'.repeat(32), 'g'.repeat(33), 1].map((generation) => secret({ generation })),
  ...['s', '', 's s', 's'.repeat(256), 's'.repeat(257), null].map((value) => secret({ secret: value })),
  ...TIMES.flatMap((time) => [secret({ notBefore: time }), secret({ notAfter: time })]),
  secret({ extra: 1 }), secrets([{ generation: '1' }]), secrets([{ secret: 's' }]), secrets(['s']),
  key({ accessKeyId: 'a', accessKeySecret: 's', secrets: [{ generation: '2', secret: 't' }] }),
  { masterKeys: [] }, { masterKeys: {} }, { masterKeys: [MASTER_KEY] }, { masterKeys: [MASTER_KEY], accessKeys: [] }, masterWith({ extra: 1 }),
  ...['a', '1', 'a'.repeat(16), 'a'.repeat(17), 'A', 'a-b', '', 1].map((id) => masterWith({ id })),
  ...['s'.repeat(31), 's'.repeat(32), 's'.repeat(256), 's'.repeat(257), `${'s'.repeat(32)} `, null].map((value) => masterWith({ secret: value })),
  ...['a', 'a-1', '', 'A', 'a'.repeat(16), 'a'.repeat(17), 'a.b'].map((name) => masterWith({ scopes: { [name]: { allow: [{}] } } })),
  masterWith({ scopes: {} }), masterWith({ scopes: [] }), masterWith({ scopes: { a: {} } }), masterWith({ scopes: { a: { allow: [{}], status: 'active' } } }),
  ...[{ masterKey: 'a1', deviceId: 'SN_1-a' }, { masterKey: 'a1' }, { deviceId: 'd' }, { masterKey: 'a1', deviceId: 'd', extra: 1 }, null, 'a1.d'].map(revoked),
  ...['d'.repeat(64), 'd'.repeat(65), '', 'd.e', 'd/e', 'é', 5].map((deviceId) => revoked({ masterKey: 'a1', deviceId })),
  ...[[], ['a'], ['a', 'b'], ['a', 'a'], [''], ['a b'], 'a', null, [5], Array.from({ length: 500 }, (_, i) => `s${i}`), Array.from({ length: 501 }, (_, i) => `s${i}`)]
    .map((furtherSecrets) => ({ ...DOCUMENTS.accessKeys, furtherSecrets })),
];

const SECRET = 'A'.repeat(43);
/** Another one for each number. @param {number} number */
const secretOf = (number) => Buffer.alloc(32, number).toString('base64url');
const secretsOf = (/** @type {unknown} */ list) => ({ secrets: list });
const listOf = (/** @type {number} */ count) => secretsOf(Array.from({ length: count }, (_, index) => ({ number: index + 1, secret: secretOf(index + 1) })));

const SECRETS = [
  DOCUMENTS.secrets, null, [], {}, 'secrets', { ...DOCUMENTS.secrets, extra: 1 }, secretsOf({}), secretsOf(null), secretsOf([null]), secretsOf(['a']),
  ...[0, 1, 2, 8, 9].map(listOf),
  ...[0, 1, 65_535, 65_536, -1, 1.5, '1', null].map((number) => secretsOf([{ number, secret: SECRET }])),
  ...['', 's', SECRET.slice(1), `${SECRET}A`, `${SECRET}=`, `${SECRET.slice(1)}B`, `${SECRET.slice(1)}Q`, `+${SECRET.slice(1)}`, `_-${SECRET.slice(2)}`, `${SECRET}\n`, 'é'.repeat(43), 5, null]
    .map((secret) => secretsOf([{ number: 1, secret }])),
  secretsOf([{ number: 1 }]), secretsOf([{ secret: SECRET }]), secretsOf([{ number: 1, secret: SECRET, extra: 1 }]),
];

test('the schema of secrets.json takes what the core takes', () => {
  for (const document of SECRETS) assert.equal(isSecrets(document), takes({ secrets: document }), show(document));
});

test('the schema of config.json takes what the core takes', () => {
  for (const document of CONFIGS) assert.equal(isConfig(document), takes({ config: document }), show(document));
});

test('the schema of access-keys.json takes what the core takes', () => {
  const fromSecretsManager = { ...config, credentials: { source: 'secrets-manager', secretId: 'k', regions: ['us-east-1'] } };
  for (const document of ACCESS_KEYS) {
    assert.equal(isAccessKeys(document), takes({ config: fromSecretsManager, accessKeys: [document] }), show(document));
  }
});

test('the Regions are those that the AWS SDK knows, and those of the schema', async () => {
  const { partitionsInfo } = await import(PARTITIONS.href);
  const { regions } = partitionsInfo.partitions.find((/** @type {{ id: string }} */ { id }) => id === 'aws');
  const published = Object.keys(regions).filter((region) => region !== 'aws-global');
  assert.ok(published.length > 30);
  for (const region of published) assert.ok(takes({ config: bucket({ s3Bucket: 'abc', region }) }), region);
  const { definitions } = JSON.parse(readFileSync(new URL('../../cli/schema/config.schema.json', import.meta.url), 'utf8'));
  for (const region of definitions.knownRegion.enum) assert.ok(takes({ config: bucket({ s3Bucket: 'abc', region }) }), region);
});

test('what no schema can say, the core refuses', () => {
  assert.ok(!takes({ config: host({ host: 'a', style: 'cname', bucket: 'not-there' }) }));
  assert.ok(!takes({ config: api({ domain: 'fleet-uploads-prod.s3.us-east-1.amazonaws.com', path: '' }) }));
  const [target] = Object.values(config.buckets);
  assert.ok(!takes({ config: { ...config, buckets: { ...config.buckets, other: target } } }));
  assert.ok(!takes({ config: { ...config, hosts: [{ host: 'a', style: 'path' }, { host: 'a', style: 'cname', bucket: 'fleet-uploads' }] } }));
  const [one] = DOCUMENTS.accessKeys.accessKeys;
  assert.ok(!takes({ accessKeys: { accessKeys: [one, { ...one, accessKeySecret: 'other' }] } }));
  assert.ok(!takes({ accessKeys: masterWith({ allow: [{ prefix: 'é'.repeat(512) }] }) }));
  assert.ok(!takes({ accessKeys: { masterKeys: [MASTER_KEY, MASTER_KEY] } }));
  assert.ok(!takes({ accessKeys: revoked({ masterKey: 'a2', deviceId: 'd' }) }));
  assert.ok(!takes({ accessKeys: secrets([{ generation: '1', secret: 's' }, { generation: '1', secret: 't' }]) }));
  assert.ok(!takes({ accessKeys: secrets([{ generation: '1', secret: 's' }, { generation: '2', secret: 's' }]) }));
  assert.ok(!takes({ accessKeys: key({ accessKeyId: 'same', accessKeySecret: 'same' }) }));
  assert.ok(!takes({ accessKeys: secret({ notBefore: '2026-02-30T00:00:00Z' }) }));
  assert.ok(!takes({ accessKeys: secret({ notBefore: '2026-11-25T00:00:00Z', notAfter: '2026-11-25T00:00:00Z' }) }));
  assert.ok(!takes({ accessKeys: { ...DOCUMENTS.accessKeys, furtherSecrets: [] } }));
  assert.ok(!takes({ config: { ...bucket({ s3Bucket: 'abc', region: 'af-west-8' }), furtherRegions: ['af-west-9'] } }));
  assert.ok(!takes({ config: secretsManager({ refreshSeconds: 600, maxStaleSeconds: 599 }) }));
  assert.ok(!takes({ secrets: secretsOf([1, 1].map((number, index) => ({ number, secret: secretOf(index) }))) }));
  assert.ok(!takes({ secrets: secretsOf([1, 2].map((number) => ({ number, secret: SECRET }))) }));
});

test('how many further secrets there may be is one number, in the schema, the core, what fetches them and the docs', async () => {
  const { properties } = JSON.parse(await readFile(new URL('../../cli/schema/access-keys.schema.json', import.meta.url), 'utf8'));
  const most = properties.furtherSecrets.maxItems;
  const fromSecretsManager = { ...config, credentials: { source: 'secrets-manager', secretId: 'k', regions: ['us-east-1'] } };
  const naming = (/** @type {number} */ count) => ({ ...DOCUMENTS.accessKeys, furtherSecrets: Array.from({ length: count }, (_, index) => `s${index}`) });
  const fetched = async (/** @type {number} */ count) => {
    const fetchSecret = async (/** @type {string} */ secretId) => ({ secretId, versionId: '1', text: JSON.stringify(naming(count)), region: 'us-east-1', createdAt: 1 });
    return (await fetchKeyDocuments(fetchSecret, 'first'))?.documents().length;
  };
  for (const [count, isTaken] of /** @type {[number, boolean][]} */ ([[most, true], [most + 1, false]])) {
    assert.equal(takes({ config: fromSecretsManager, accessKeys: [naming(count)] }), isTaken);
    assert.equal(await fetched(count), isTaken ? count + 1 : 1);
  }
  const page = await readFile(new URL('../../docs/access-keys.md', import.meta.url), 'utf8');
  assert.deepEqual([page.includes(`up to ${most} names or ARNs`), page.includes(`up to ${most} others in \`furtherSecrets\``)], [true, true]);
});

/** @param {Partial<{ config: unknown, accessKeys: unknown, secrets: unknown }>} documents */
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
