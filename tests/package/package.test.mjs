// The npm package, installed into an empty folder.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { build } from 'esbuild';
import webpack from 'webpack';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SAMPLE = join(ROOT, 'sample');
const CONFIG = join(SAMPLE, 'config.json');
const ACCESS_KEYS = join(SAMPLE, 'access-keys.json');
const DOCUMENTS = ['--config', CONFIG, '--access-keys', ACCESS_KEYS];

const { accessKeys } = JSON.parse(await readFile(ACCESS_KEYS, 'utf8'));
const [ACCESS_KEY] = accessKeys;

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-package-'));
const SECRETS = join(directory, 'secrets.json');
const installed = join(directory, 'node_modules', 'oss-edge');
after(() => rm(directory, { recursive: true }));

before(async () => {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', directory], ROOT);
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  await writeFile(join(directory, 'package.json'), '{"private":true}');
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join(directory, filename)], directory);
});

test('contains what runs and its types, and neither tests nor sources of the core', async () => {
  const names = (await readdir(installed)).sort();
  for (const name of ['README.md', 'cli', 'deploy', 'js-shim', 'local', 'package.json', 'types']) assert.ok(names.includes(name), name);
  for (const name of ['tests', 'benches', 'src', 'build', 'docs', 'target', 'node_modules']) assert.ok(!names.includes(name), name);
  const { exports } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  const files = Object.values(exports).flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)));
  for (const file of files.filter((one) => !one.includes('*'))) await readFile(join(installed, file));
});

test('oss-edge --version prints its version', async () => {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  assert.equal(await ossEdge('--version'), `${version}\n`);
});

test('oss-edge replay decides over the sample as expected', async () => {
  const stdout = await ossEdge('replay', ...DOCUMENTS, '--json', join(SAMPLE, 'events.jsonl'));
  assert.deepEqual(stdout.trim().split('\n').map((line) => JSON.parse(line).decision), ['forward', 'forward', 'deny', 'deny']);
});

test('oss-edge bundle makes the same functions as in the repository', async () => {
  await ossEdge('secrets', 'new', '--out', SECRETS);
  const documents = [...DOCUMENTS, '--secrets', SECRETS, '--allow-weak-secrets'];
  await ossEdge('bundle', ...documents, '--out', join(directory, 'dist'));
  await run(process.execPath, [join(ROOT, 'cli', 'oss-edge.mjs'), 'bundle', ...documents, '--out', join(directory, 'dist-of-repository')], directory);
  const files = (await readdir(join(directory, 'dist'), { recursive: true })).filter((name) => /\.(?:mjs|wasm|bin|txt)$/u.test(name));
  // Of each index.mjs, its WebAssembly and its notices; and gate.bin, and seal.bin.
  assert.equal(files.length, 7 + 7 + 7 + 2 + 4);
  // esbuild chooses short names by the paths of CommonJS modules, which saxes is.
  for (const file of files.filter((name) => name !== join('complete', 'index.mjs'))) {
    const [ours, theirs] = await Promise.all(['dist', 'dist-of-repository'].map((out) => readFile(join(directory, out, file))));
    assert.ok(ours.equals(theirs), file);
  }
});

test('oss-edge deploy template writes what a deployment consists of', async () => {
  const { api: _, ...config } = JSON.parse(await readFile(CONFIG, 'utf8'));
  const deployment = { certificate: 'arn:aws:acm:us-east-1:111122223333:certificate/1234abcd' };
  await writeFile(join(directory, 'deployment.json'), JSON.stringify({ ...config, deployment }));
  await ossEdge('deploy', 'template', '--config', join(directory, 'deployment.json'), '--access-keys', ACCESS_KEYS, '--out', join(directory, 'templates'));
  assert.deepEqual((await readdir(join(directory, 'templates'))).sort(), ['oss-edge-artifacts.us-east-1.json', 'oss-edge-regional.us-east-1.json']);
});

test('oss-edge serve stores what a signed request uploads', async () => {
  const child = spawn(join(directory, 'node_modules', '.bin', 'oss-edge'), ['serve', ...DOCUMENTS, '--port', '0'], { cwd: directory });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const url = /listening on (\S+),/u.exec((await lines.next()).value)?.[1];
  const { uri, headers } = requestOf(signedEvent());
  const sent = http.request(url + uri, { method: 'PUT', headers: { ...headers, 'content-length': 5 } });
  sent.end('hello');
  const [response] = await once(sent, 'response');
  assert.deepEqual([response.statusCode, await text(response)], [200, '']);
  assert.match((await lines.next()).value, /^PUT {2}\/logs\/boot\.txt {2}200 {2}s3 /u);
  child.kill('SIGINT');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('oss-edge keys makes, derives and checks keys', async () => {
  const file = join(directory, 'keys.json');
  assert.match(await ossEdge('keys', 'new', '--everything', '--file', file, '--id', 'first'), /^accessKeyId {2}first\n/u);
  await ossEdge('keys', 'new', '--file', file, '--master', 'a1', '--prefix', '{device}/');
  await writeFile(join(directory, 'devices.txt'), 'SN-1\n');
  const derived = await ossEdge('keys', 'derive', '--file', file, '--master', 'a1', '--devices', join(directory, 'devices.txt'));
  assert.match(derived, /^SN-1,OE1\.a1\.SN-1,\w{30}$/mu);
  assert.equal(await ossEdge('keys', 'check', '--file', file), `${file}: 1 access keys, 1 master keys\n`);
});

test('its types describe the library', async () => {
  await writeFile(join(directory, 'use.mts'), TYPED);
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node', '--typeRoots', join(ROOT, 'node_modules', '@types')];
  await run(join(ROOT, 'node_modules', '.bin', 'tsc'), [...flags, 'use.mts'], directory);
});

for (const [bundler, bundle] of /** @type {[string, (from: string) => Promise<unknown>][]} */ ([
  ['esbuild', bundleWithEsbuild],
  ['webpack', bundleWithWebpack],
])) {
  test(`a function of one's own, bundled by ${bundler}, decides with its checks before and after`, async () => {
    const from = join(directory, bundler);
    await mkdir(from);
    await cp(join(SAMPLE, 'own-function'), from, { recursive: true });
    for (const file of [CONFIG, ACCESS_KEYS, SECRETS]) await cp(file, join(from, basename(file)));
    await bundle(from);
    assert.deepEqual(await readdir(join(from, 'dist')), ['index.mjs']);
    const { handler } = await import(pathToFileURL(join(from, 'dist', 'index.mjs')).href);
    assert.equal((await handler(signedEvent())).uri, '/logs/boot.txt');
    assert.deepEqual(await handler(signedEvent({ clientIp: '203.0.113.9' })), { status: '403', statusDescription: 'Forbidden' });
    assert.deepEqual(await handler(signedEvent({ key: 'virus.exe' })), { status: '403', statusDescription: 'Forbidden' });
    const refused = await handler(signedEvent({ accessKeySecret: 'wrong' }));
    assert.match(refused.body, /<Code>SignatureDoesNotMatch<\/Code>/u);
  });
}

const TYPED = `
  import { createBundledGate } from 'oss-edge/bundled-gate';
  import { createGate } from 'oss-edge/gate';
  import { createAuthorizer } from 'oss-edge/authorizer';
  import { createComplete } from 'oss-edge/complete';
  import { createInitiate } from 'oss-edge/initiate';
  import { createHeadObject } from 'oss-edge/head-object';
  import { createListParts } from 'oss-edge/list-parts';
  import { createOneFunction } from 'oss-edge/one-function';
  import { createOriginRequest } from 'oss-edge/origin-request';
  import { createOriginResponse } from 'oss-edge/origin-response';
  import { createSecretsManagerKeys } from 'oss-edge/secrets-manager';
  import { createViewerRequest } from 'oss-edge/viewer-request';

  declare const wasm: Uint8Array<ArrayBuffer>;
  const gate = createGate({ wasm, config: {} });
  const keys = createSecretsManagerKeys({ name: 'f', gate, credentials: { secretId: 's', regions: ['us-east-1'] } });
  const viewerRequest = createViewerRequest({ gate, keys, log: (line) => console.log(line.decision) });
  export const ask = async (event: Parameters<typeof viewerRequest>[0]): Promise<string | undefined> => {
    const result = await viewerRequest(event);
    return result && 'uri' in result ? result.uri : result?.status;
  };
  const decision = createBundledGate({ wasm, bytes: wasm, seal: wasm }).decideAtApi('', 0);
  export const region: string = decision.decision === 'forward' ? decision.region : decision.code;
  export const others = [
    createAuthorizer({ gate, originSecret: '' }), createComplete({ wasm }), createInitiate({ wasm, seal: wasm }), createListParts({ wasm }), createHeadObject({ wasm }),
    createOriginRequest({ wasm, seal: wasm, api: { domain: '', path: '' } }), createOriginResponse({ wasm }),
    createOneFunction({ gate, keys, relay: { domain: '', path: '' } }),
  ];
  // @ts-expect-error a gate is required
  createViewerRequest({});
`;

/** As the sample's README says. @param {string} from */
function bundleWithEsbuild(from) {
  const options = /** @type {const} */ ({ bundle: true, platform: 'node', format: 'esm', minify: true, target: 'node20', loader: { '.wasm': 'binary' } });
  return build({ absWorkingDir: from, entryPoints: ['viewer-request.mjs'], outfile: 'dist/index.mjs', ...options });
}

/** @param {string} from */
async function bundleWithWebpack(from) {
  const { default: config } = await import(pathToFileURL(join(from, 'webpack.config.mjs')).href);
  const output = { ...config.output, path: join(from, 'dist') };
  const stats = await new Promise((resolve, reject) => {
    webpack({ ...config, context: from, output }, (error, result) => (error ? reject(error) : resolve(result)));
  });
  assert.ok(!stats.hasErrors() && !stats.hasWarnings(), stats.toString());
}

/** The installed command line. @param {string[]} args @returns {Promise<string>} standard output */
async function ossEdge(...args) {
  return (await run(join(directory, 'node_modules', '.bin', 'oss-edge'), args, directory)).stdout;
}

/** @param {string} command @param {string[]} args @param {string} cwd */
function run(command, args, cwd) {
  return promisify(execFile)(command, args, { cwd });
}

/** A viewer-request event of now. @param {{ key?: string, clientIp?: string, accessKeySecret?: string }} [changed] */
function signedEvent({ key = 'logs/boot.txt', clientIp = '203.0.113.178', accessKeySecret = ACCESS_KEY.accessKeySecret } = {}) {
  const date = new Date().toUTCString();
  const signature = createHmac('sha1', accessKeySecret).update(`PUT\n\n\n${date}\n/fleet-uploads/${key}`).digest('base64');
  const headers = { host: 'uploads.example.com', date, authorization: `OSS ${ACCESS_KEY.accessKeyId}:${signature}` };
  const lines = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [{ key: name, value }]]));
  const request = { clientIp, method: 'PUT', uri: `/${key}`, querystring: '', headers: lines };
  return { Records: [{ cf: { config: { eventType: 'viewer-request', requestId: 'an-id==' }, request } }] };
}

/** @param {ReturnType<typeof signedEvent>} event */
function requestOf({ Records: [{ cf: { request } }] }) {
  return { uri: request.uri, headers: Object.fromEntries(Object.entries(request.headers).map(([name, [{ value }]]) => [name, value])) };
}
