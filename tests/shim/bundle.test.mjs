import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import Ajv from 'ajv';
import { unzipSync } from 'fflate';

import { writeZips } from '../../cli/zip.mjs';
import { ACCESS_KEY, DOCUMENTS, S3_DOMAIN, originEvent, signedEvent } from './fixture.mjs';

const CLI = fileURLToPath(new URL('../../cli/oss-edge.mjs', import.meta.url));
const ZIPS = ['authorizer', 'complete', 'initiate', 'list-parts', 'origin-request', 'origin-response', 'viewer-request'].map((name) => `${name}.zip`);
const BEHIND_API = ['complete.zip', 'initiate.zip', 'list-parts.zip'];

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-bundle-'));
after(() => rm(directory, { recursive: true }));
const config = await written('config.json', JSON.stringify(DOCUMENTS.config));
const accessKeys = await written('access-keys.json', JSON.stringify(DOCUMENTS.accessKeys));
const secrets = await written('secrets.json', JSON.stringify(DOCUMENTS.secrets));

/** The functions that make or verify seals. */
const SEALED = ['authorizer.zip', 'initiate.zip', 'origin-request.zip', 'viewer-request.zip'];

/** @type {{ keys: { number: number, uploadIds: string, handOver: string }[] }} */
const { keys } = JSON.parse(await readFile(new URL('../vectors/seals.json', import.meta.url), 'utf8'));

test('makes a zip of each function, the same bytes from the same input in any time zone', async () => {
  const digests = [];
  for (const [out, TZ] of [['one', 'UTC'], ['two', 'Pacific/Kiritimati']]) {
    const { status, stdout } = await bundle({ out, TZ });
    assert.equal(status, 0);
    assert.deepEqual((await readdir(join(directory, out))).filter((name) => name.endsWith('.zip')), ZIPS);
    for (const zip of ZIPS) assert.match(stdout, new RegExp(`${zip} +[0-9.]+ KB  code sha256 [0-9a-f]{64}\n`, 'u'));
    const bytes = await Promise.all(ZIPS.map((zip) => readFile(join(directory, out, zip))));
    digests.push(bytes.map((zip) => createHash('sha256').update(zip).digest('hex')));
  }
  assert.deepEqual(digests[0], digests[1]);
});

test("tells hashes of the code and of the WebAssembly that no configuration changes", async () => {
  const other = await written('other.json', JSON.stringify({ ...DOCUMENTS.config, maxClockSkewSeconds: 60, api: { domain: 'other.example.com', path: '/v2' } }));
  const lines = [];
  for (const [out, file] of [['hashed', config], ['hashed-other', other]]) {
    const { stdout } = await bundle({ out, config: file, options: ['--json'] });
    lines.push(stdout.trim().split('\n').map((line) => JSON.parse(line)));
    for (const { function: name, bytes, lambdaCodeSha256, codeSha256, modules } of lines.at(-1)) {
      const zip = await readFile(join(directory, out, `${name}.zip`));
      assert.deepEqual([bytes, lambdaCodeSha256], [zip.length, createHash('sha256').update(zip).digest('base64')]);
      const { 'index.mjs': index, ...files } = unzipSync(zip);
      const [line, ...code] = Buffer.from(index).toString().split('\n');
      assert.match(line, /^(const OSS_EDGE_[A-Z_]+="[^\n]*";)*$/u);
      assert.equal(codeSha256, sha256(code.join('\n')), 'as `tail -n +2 index.mjs | sha256sum` tells');
      assert.deepEqual(modules, { 'oss_edge.wasm': sha256(files['oss_edge.wasm']) });
    }
  }
  const published = lines.map((bundled) => bundled.map(({ function: name, codeSha256, modules }) => ({ name, codeSha256, modules })));
  assert.deepEqual(published[0], published[1]);
  assert.notDeepEqual(lines[0], lines[1], 'the zips are of two configurations');
});

test('writes a software bill of materials beside each zip: what is in it, by the schema of CycloneDX', async () => {
  const { api, ...rest } = DOCUMENTS.config;
  const relayed = await written('relayed-too.json', JSON.stringify({ ...rest, relay: api }));
  await bundle({ out: 'sbom', config: relayed });
  const isSbom = await cycloneDx();
  const names = (await readdir(join(directory, 'sbom'))).filter((name) => name.endsWith('.cdx.json'));
  assert.deepEqual(names, ['origin-request', 'origin-response', 'relay', 'viewer-request'].map((name) => `${name}.cdx.json`));
  for (const file of names) {
    const sbom = JSON.parse(await readFile(join(directory, 'sbom', file), 'utf8'));
    assert.ok(isSbom(sbom), JSON.stringify(isSbom.errors));
    const files = unzipSync(await readFile(join(directory, 'sbom', file.replace('.cdx.json', '.zip'))));
    const hashes = Object.fromEntries(sbom.components.filter(({ type }) => type === 'file').map(({ name, hashes: [{ content }] }) => [name, content]));
    const code = Buffer.from(files['index.mjs']).toString().split('\n').slice(1).join('\n');
    assert.deepEqual(hashes, { 'index.mjs': sha256(code), 'oss_edge.wasm': sha256(files['oss_edge.wasm']) });
    const libraries = sbom.components.filter(({ type }) => type === 'library').map(({ name, version }) => `${name} ${version}`);
    const noticed = [...Buffer.from(files['THIRD-PARTY-NOTICES.txt']).toString().matchAll(/^ {2}(\S.*) \(.*\)$/gmu)].map(([, one]) => one);
    assert.deepEqual(libraries.sort(), noticed.sort());
    assert.equal(libraries.includes('saxes 6.0.0'), file.startsWith('relay'));
    const { dependsOn } = sbom.dependencies.find(({ ref }) => ref === 'oss_edge.wasm');
    assert.ok(dependsOn.some((purl) => purl.startsWith('pkg:cargo/hmac@')));
    const crates = sbom.components.filter(({ purl }) => purl?.startsWith('pkg:cargo/'));
    for (const { name, hashes: [{ content }] } of crates) assert.match(content, /^[0-9a-f]{64}$/u, name);
  }
});

/** A validator by the schema that the library carries. */
async function cycloneDx() {
  const schemas = new URL('../../node_modules/@cyclonedx/cyclonedx-library/res/schema/', import.meta.url);
  const ajv = new Ajv.default({ strict: false, validateFormats: false });
  const read = async (name) => JSON.parse(await readFile(new URL(name, schemas), 'utf8'));
  for (const name of ['spdx.SNAPSHOT.schema.json', 'jsf-0.82.SNAPSHOT.schema.json']) ajv.addSchema(await read(name), `http://cyclonedx.org/schema/${name}`);
  return ajv.compile(await read('bom-1.6.SNAPSHOT.schema.json'));
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

test('makes head-object.zip where HeadObject is served by the API, without the access keys', async () => {
  const served = await written('served.json', JSON.stringify({ ...DOCUMENTS.config, headObject: 'served' }));
  const { status } = await bundle({ out: 'served', config: served });
  assert.equal(status, 0);
  const zips = (await readdir(join(directory, 'served'))).filter((name) => name.endsWith('.zip'));
  assert.deepEqual(zips, [...ZIPS, 'head-object.zip'].sort());
  const files = unzipSync(await readFile(join(directory, 'served', 'head-object.zip')));
  assert.deepEqual(Object.keys(files).sort(), ['THIRD-PARTY-NOTICES.txt', 'index.mjs', 'oss_edge.wasm']);
});

test('makes one zip of the relay in place of those behind the API, with all that it needs', async () => {
  const { api, ...rest } = DOCUMENTS.config;
  const relayed = await written('relayed.json', JSON.stringify({ ...rest, relay: api }));
  const { status } = await bundle({ out: 'relay', config: relayed });
  assert.equal(status, 0);
  const zips = (await readdir(join(directory, 'relay'))).filter((name) => name.endsWith('.zip'));
  assert.deepEqual(zips, ['origin-request.zip', 'origin-response.zip', 'relay.zip', 'viewer-request.zip']);
  const files = unzipSync(await readFile(join(directory, 'relay', 'relay.zip')));
  assert.deepEqual(Object.keys(files).sort(), ['THIRD-PARTY-NOTICES.txt', 'gate.bin', 'index.mjs', 'oss_edge.wasm', 'seal.bin']);
  const index = Buffer.from(files['index.mjs']).toString();
  const imports = [...index.matchAll(/^import\b.*? from "([^"]+)"/gmu), ...index.matchAll(/\bimport\("([^"]+)"\)/gu)].map(([, name]) => name);
  assert.ok(imports.length > 5);
  for (const name of imports) assert.match(name, /^node:/u);
  assert.match(Buffer.from(files['THIRD-PARTY-NOTICES.txt']).toString(), /@aws-sdk\/client-s3 3\.[\s\S]*Apache License/u);
});

test('puts access keys only where signatures are verified', async () => {
  await bundle({ out: 'keys' });
  for (const zip of ZIPS) {
    const files = unzipSync(await readFile(join(directory, 'keys', zip)));
    const text = Object.values(files).map((bytes) => Buffer.from(bytes).toString('latin1')).join('');
    const verifies = ['authorizer.zip', 'viewer-request.zip'].includes(zip);
    assert.equal(text.includes(ACCESS_KEY.accessKeySecret), verifies, zip);
    const sealed = SEALED.includes(zip) ? ['seal.bin'] : [];
    assert.deepEqual(Object.keys(files).sort(), ['THIRD-PARTY-NOTICES.txt', ...(verifies ? ['gate.bin'] : []), 'index.mjs', 'oss_edge.wasm', ...sealed], zip);
    assert.ok(!Buffer.from(files['index.mjs']).toString().includes(ACCESS_KEY.accessKeySecret), zip);
    assert.equal(text.includes(DOCUMENTS.config.buckets['fleet-uploads'].s3Bucket), verifies, zip);
  }
});

test('puts into each zip the keys of the seals that its function makes or verifies, and no secret', async () => {
  await bundle({ out: 'seals' });
  for (const zip of ZIPS) {
    const files = unzipSync(await readFile(join(directory, 'seals', zip)));
    const hex = Object.values(files).map((bytes) => Buffer.from(bytes).toString('hex')).join('');
    for (const { uploadIds, handOver } of keys) {
      assert.equal(hex.includes(uploadIds), ['authorizer.zip', 'initiate.zip', 'viewer-request.zip'].includes(zip), zip);
      assert.equal(hex.includes(handOver), ['origin-request.zip', 'viewer-request.zip'].includes(zip), zip);
    }
    for (const { secret } of DOCUMENTS.secrets.secrets) {
      for (const form of [Buffer.from(secret, 'base64url'), Buffer.from(secret)]) assert.ok(!hex.includes(form.toString('hex')), zip);
    }
  }
});

test('makes one function at the edge beside origin-response where origin-request decides, with the keys of upload ids alone', async () => {
  const triggered = await written('one.json', JSON.stringify({ ...DOCUMENTS.config, triggers: 'origin-request' }));
  const { status } = await bundle({ out: 'at-origin', config: triggered });
  assert.equal(status, 0);
  const zips = (await readdir(join(directory, 'at-origin'))).filter((name) => name.endsWith('.zip'));
  assert.deepEqual(zips, ZIPS.filter((zip) => zip !== 'viewer-request.zip'));
  const files = unzipSync(await readFile(join(directory, 'at-origin', 'origin-request.zip')));
  assert.deepEqual(Object.keys(files).sort(), ['THIRD-PARTY-NOTICES.txt', 'gate.bin', 'index.mjs', 'oss_edge.wasm', 'seal.bin']);
  const hex = Object.values(files).map((bytes) => Buffer.from(bytes).toString('hex')).join('');
  for (const { uploadIds, handOver } of keys) assert.deepEqual([hex.includes(uploadIds), hex.includes(handOver)], [true, false]);
  const notices = Buffer.from(files['THIRD-PARTY-NOTICES.txt']).toString();
  assert.match(notices, /^ {2}sha2 [\d.]+ \(MIT OR Apache-2\.0\)$/mu);
  const { handler } = await import(pathToFileURL(join(directory, 'at-origin', 'origin-request', 'index.mjs')).href);
  assert.equal(handler.length, 1, 'Node 24 on Lambda takes no callback handlers');
  const { Records: [{ cf }] } = signedEvent({ headers: { date: new Date().toUTCString() } });
  const event = originEvent(cf.request);
  event.Records[0].cf.request.headers.host = cf.request.headers.host;
  const result = await handler(event);
  assert.deepEqual([result.uri, result.headers.host[0].value], ['/logs/boot.txt', S3_DOMAIN]);
});

test('puts no access key into the one function where it fetches them', async () => {
  const credentials = { source: 'secrets-manager', secretId: 'fleet', regions: ['us-east-1'] };
  const fetching = await written('one-fetching.json', JSON.stringify({ ...DOCUMENTS.config, credentials, triggers: 'origin-request' }));
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'bundle', '--config', fetching, '--secrets', secrets, '--out', join(directory, 'one-fetching')]);
  assert.match(stdout, /origin-request\.zip/u);
  const files = unzipSync(await readFile(join(directory, 'one-fetching', 'origin-request.zip')));
  assert.deepEqual(Object.keys(files).sort(), ['THIRD-PARTY-NOTICES.txt', 'index.mjs', 'oss_edge_documents.wasm', 'seal.bin']);
  assert.ok(Buffer.from(files['index.mjs']).toString().includes('abc123.execute-api.us-east-1.amazonaws.com'));
});

test('warns while upload ids without a seal are forwarded', async () => {
  const forwarding = await written('forward.json', JSON.stringify({ ...DOCUMENTS.config, unsealedUploadIds: 'forward' }));
  const { status, stderr } = await bundle({ out: 'forward', config: forwarding });
  assert.equal(status, 0);
  assert.match(stderr, /^oss-edge: warning: unsealedUploadIds: with `forward` a client may cut the seal off/mu);
  assert.doesNotMatch((await bundle({ out: 'forward' })).stderr, /unsealedUploadIds/u);
});

test('gives a handler that runs from the unzipped files alone', async () => {
  await bundle({ out: 'run' });
  for (const zip of ZIPS) {
    const name = zip.replace('.zip', '');
    const { handler } = await import(pathToFileURL(join(directory, 'run', name, 'index.mjs')).href);
    assert.equal(typeof handler, 'function');
    assert.equal(handler.length, 1, 'Node 24 on Lambda takes no callback handlers');
    if (name === 'viewer-request') {
      const date = new Date().toUTCString();
      const result = await handler(signedEvent({ headers: { date } }));
      assert.equal(result.uri, '/logs/boot.txt');
    }
  }
});

test('has no import that Lambda does not bring', async () => {
  await bundle({ out: 'imports' });
  for (const zip of ZIPS) {
    const files = unzipSync(await readFile(join(directory, 'imports', zip)));
    const imports = [...Buffer.from(files['index.mjs']).toString().matchAll(/(?:from|import\()\s*"([^"]+)"/gu)].map(([, name]) => name);
    for (const name of imports) {
      const provided = ['@aws-sdk/client-s3', ...(zip === 'complete.zip' ? ['@aws-sdk/client-lambda'] : [])];
      const allowed = name.startsWith('node:') || (BEHIND_API.includes(zip) && provided.includes(name));
      assert.ok(allowed, `${zip} imports ${name}`);
    }
  }
});

test('names the licences of what is in each zip, with their texts', async () => {
  await bundle({ out: 'notices' });
  for (const zip of ZIPS) {
    const notices = Buffer.from(unzipSync(await readFile(join(directory, 'notices', zip)))['THIRD-PARTY-NOTICES.txt']).toString();
    assert.match(notices, /^ {2}sha2 [\d.]+ \(MIT OR Apache-2\.0\)$/mu, zip);
    assert.equal(/^ {2}saxes [\d.]+ \(ISC\)$/mu.test(notices), zip === 'complete.zip', zip);
    // Crates that are compiled into the standard library are in no list of cargo's.
    assert.ok(notices.includes("Copyright (c) 2016 Amanieu d'Antras (hashbrown"), zip);
    const [list, ...texts] = notices.split(`${'-'.repeat(80)}\n`);
    const named = new Set(texts.flatMap((text) => text.slice(0, text.indexOf(':\n')).split(', ')));
    for (const [, name] of list.matchAll(/^ {2}(.+) \S+ \(.*\)$/gmu)) assert.ok(named.has(name), `${zip}: no text for ${name}`);
    assert.ok(!/\/(?:root|home|tmp|work)\//u.test(list), 'names no path');
  }
});

test('writes for the owner only, also over what was there', async () => {
  const out = join(directory, 'private');
  await mkdir(join(out, 'viewer-request'), { recursive: true, mode: 0o755 });
  await writeFile(join(out, 'viewer-request.zip'), '', { mode: 0o644 });
  await writeFile(join(out, 'viewer-request', 'index.mjs'), '', { mode: 0o644 });
  await writeFile(join(out, 'viewer-request', 'gate.bin'), '', { mode: 0o644 });
  await bundle({ out: 'private' });
  for (const file of ['viewer-request.zip', 'viewer-request/index.mjs', 'viewer-request/gate.bin', 'authorizer.zip', 'authorizer/gate.bin', 'origin-request/seal.bin']) {
    assert.equal((await stat(join(out, file))).mode & 0o777, 0o600, file);
  }
});

test('refuses a viewer-request function that is too large for CloudFront', async () => {
  const files = (/** @type {number} */ bytes) => new Map([['viewer-request', { 'index.mjs': randomBytes(bytes) }]]);
  assert.equal((await writeZips(files(1_000_000), directory)).length, 1);
  await assert.rejects(writeZips(files(1_100_000), directory), /a viewer-request function may have 1048576/u);
});

for (const [what, change, expected] of /** @type {const} */ ([
  ['a field that is unknown', { regoin: 'x' }, 'config: the document: unknown field `regoin`, expected one of triggers, maxClockSkewSeconds, maxUrlExpirySeconds, signatureSchemes, signatureRegions, hosts, buckets, api, relay, entrance, listener, bodiesWithoutLength, completeMultipartUpload, listParts, unsealedUploadIds, smallParts, maxJoinBytes, headObject, cors, headers, credentials, capture, furtherRegions, $schema'],
  ['unsealed upload ids that are neither refused nor forwarded', { unsealedUploadIds: true }, 'config: unsealedUploadIds: expected one of "refuse", "forward", found true'],
  ['small parts that are neither forwarded nor staged', { smallParts: 'join' }, 'config: smallParts: expected one of "forward", "stage", found "join"'],
  ['staged parts that nothing joins', { smallParts: 'stage', completeMultipartUpload: 's3' }, 'config: smallParts: expected "forward" where `completeMultipartUpload` is "s3": S3 can\'t join parts'],
  ['more bytes to join than parts can have', { maxJoinBytes: 52_428_800_001 }, 'config: maxJoinBytes: expected an integer from 0 to 52428800000, found 52428800001'],
  ['a field that is malformed', { api: { domain: 'a.example.com', path: 'prod' } }, 'config: api.path: expected a path as in `/prod`, or an empty string for none, found "prod"'],
])) {
  test(`refuses a configuration with ${what}`, async () => {
    const bad = await written('bad.json', JSON.stringify({ ...DOCUMENTS.config, ...change }));
    const { status, stderr } = await bundle({ out: 'bad', config: bad });
    assert.equal(status, 2);
    assert.equal(stderr, `oss-edge: ${expected}\n`);
  });
}

test('never shows a part of access keys that do not parse', async () => {
  const bad = await written('bad-keys.json', '{"accessKeys":[{"accessKeyId":"a",\n"accessKeySecret":"se-cr-et" oops');
  const { status, stderr } = await bundle({ out: 'bad', accessKeys: bad });
  assert.equal(status, 2);
  assert.match(stderr, /bad-keys\.json: expected JSON/u);
  assert.ok(!stderr.includes('se-cr-et'));
});

test('refuses secrets by the path of the field, and never shows one', async () => {
  const [one, other] = DOCUMENTS.secrets.secrets;
  for (const [document, expected] of /** @type {[unknown, string][]} */ ([
    [{}, 'secrets: secrets: expected this field to be present'],
    [{ secrets: [] }, 'secrets: secrets: expected 1 to 8 secrets'],
    [{ secrets: [{ ...one, secret: 'se-cr-et' }] }, 'secrets: secrets[0].secret: expected 43 characters of base64url, as `oss-edge secrets new` makes them'],
    [{ secrets: [one, { ...other, number: one.number }] }, 'secrets: secrets[1].number: expected a number of its own'],
    [{ secrets: [one], secert: [] }, 'secrets: the document: unknown field `secert`, did you mean `secrets`?'],
  ])) {
    const { status, stderr } = await bundle({ out: 'bad', secrets: await written('bad-secrets.json', JSON.stringify(document)) });
    assert.deepEqual([status, stderr], [2, `oss-edge: ${expected}\n`]);
  }
});

test('says what is missing', async () => {
  for (const [args, expected] of /** @type {[string[], RegExp][]} */ ([
    [['bundle'], /expected --config FILE\nSee oss-edge bundle --help\.\n$/u],
    [['bundle', '--config', config], /expected --access-keys FILE/u],
    [['bundle', '--config', config, '--access-keys', accessKeys], /expected --secrets FILE: make one with `oss-edge secrets new --out FILE`\nSee/u],
    [['bundle', '--config', config, '--access-keys', accessKeys, '--secrets', '/none.json'], /\/none\.json: no such file/u],
    [['bundle', '--config', '/nonexistent.json', '--access-keys', accessKeys], /\/nonexistent\.json: no such file/u],
    [['publish'], /unknown command 'publish'/u],
    [['replay', '--config', config, '--access-keys', accessKeys], /expected a FILE/u],
    [['serve', '--config', config, '--access-keys', accessKeys, '--port', '99999'], /--port: expected a number from 0 to 65535/u],
  ])) {
    const { status, stderr } = await run(args);
    assert.equal(status, 2);
    assert.match(stderr, expected);
  }
  assert.equal((await run(['--help'])).status, 0);
});

/** @param {{ out: string, config?: string, accessKeys?: string, secrets?: string, TZ?: string }} options */
function bundle({ out, TZ, options = [], ...files }) {
  const documents = ['--config', files.config ?? config, '--access-keys', files.accessKeys ?? accessKeys, '--secrets', files.secrets ?? secrets];
  return run(['bundle', ...documents, '--out', join(directory, out), ...options], TZ ? { TZ } : {});
}

/** @param {string[]} args @param {Record<string, string>} [env] */
async function run(args, env = {}) {
  const options = { env: { ...process.env, ...env } };
  return promisify(execFile)(process.execPath, [CLI, ...args], options).then(
    ({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ status: code, stdout, stderr }),
  );
}

/** @param {string} name @param {string} text */
async function written(name, text) {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
}
