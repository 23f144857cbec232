// The seals through the bundled functions: their vectors, a rotation of the secrets, functions of different bundles.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { loadFunctions } from '../../cli/load-functions.mjs';
import { readDocumentsWasm, readWasm } from '../../cli/wasm-file.mjs';
import { sealFile } from '../../js-shim/core/gate.mjs';
import { createSeal } from '../../js-shim/core/seal.mjs';
import { DOCUMENTS, NOW, element, memoryLog, originEvent, sealedUploadId, signedEvent } from './fixture.mjs';

const CLI = fileURLToPath(new URL('../../cli/oss-edge.mjs', import.meta.url));
const VECTORS = new URL('../vectors/seals.json', import.meta.url);

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-seals-'));
after(() => rm(directory, { recursive: true }));

test('the vectors are those that another implementation makes', async () => {
  const script = fileURLToPath(new URL('../vectors/seals.py', import.meta.url));
  const { stdout } = await promisify(execFile)('python3', ['-B', script]);
  assert.equal(await readFile(VECTORS, 'utf8'), stdout);
  const page = await readFile(new URL('../../docs/seals.md', import.meta.url), 'utf8');
  const { sealedUploadIds: [{ uploadId }], handOvers: [{ headers }] } = JSON.parse(stdout);
  assert.ok(page.includes(`\n${uploadId}\n`), 'the example of an upload id');
  assert.ok(page.includes(`\nx-ossedge-seal: ${headers.at(-1)[1]}\n`), 'the example of a hand-over');
});

test('a file of secrets is new, for its owner alone, and never overwritten or shown', async () => {
  const file = join(directory, 'new.json');
  const { status, stdout } = await ossEdge('secrets', 'new', '--out', file);
  const text = await readFile(file, 'utf8');
  const [{ number, secret }] = JSON.parse(text).secrets;
  assert.deepEqual([status, number, Buffer.from(secret, 'base64url').length, (await stat(file)).mode & 0o777], [0, 1, 32, 0o600]);
  assert.ok(!stdout.includes(secret));
  const again = await ossEdge('secrets', 'new', '--out', file);
  assert.deepEqual(again, { status: 2, stdout: '', stderr: `oss-edge: ${file}: exists already, and is not overwritten\n` });
  assert.equal(await readFile(file, 'utf8'), text);
  await ossEdge('secrets', 'new', '--out', join(directory, 'other.json'));
  assert.notEqual(await readFile(join(directory, 'other.json'), 'utf8'), text);
  for (const [args, expected] of /** @type {[string[], string][]} */ ([
    [['new'], 'expected --out FILE\nSee oss-edge secrets new --help.'],
    [['new', '--out', join(directory, 'none', 'a.json')], `${join(directory, 'none', 'a.json')}: ${join(directory, 'none')}: no such directory`],
    [['rotate', '--out', join(directory, 'a.json')], 'expected --from FILE\nSee oss-edge secrets rotate --help.'],
    [['rotate', '--from', file], 'expected --out FILE\nSee oss-edge secrets rotate --help.'],
    [['rotate', '--from', file, '--out', file], `${file}: exists already, and is not overwritten`],
    [['rotate', '--from', join(directory, 'none.json'), '--out', join(directory, 'a.json')], `${join(directory, 'none.json')}: no such file`],
  ])) {
    assert.deepEqual(await ossEdge('secrets', ...args), { status: 2, stdout: '', stderr: `oss-edge: ${expected}\n` });
  }
  await writeFile(join(directory, 'bad.json'), '{"secrets":[{"number":1,"secret":"se-cr-et"}]}');
  const bad = await ossEdge('secrets', 'rotate', '--from', join(directory, 'bad.json'), '--out', join(directory, 'a.json'));
  assert.match(bad.stderr, /^oss-edge: secrets: secrets\[0\]\.secret: expected 43 characters of base64url/u);
  assert.ok(!bad.stderr.includes('se-cr-et'));
});

test('uploads go on through a rotation, whichever of two neighbouring bundles each function is of', async () => {
  const steps = await rotation();
  assert.deepEqual(steps.map(({ secrets }) => secrets.map((/** @type {any} */ { number }) => number)), [[1], [1, 2], [2, 1], [2]]);
  const bundles = await Promise.all(steps.map((secrets) => loadFunctions({ ...DOCUMENTS, secrets })));
  for (const [before, now] of [[0, 0], [0, 1], [1, 0], [1, 1], [1, 2], [2, 1], [2, 2], [2, 3], [3, 2], [3, 3]]) {
    const [one, other] = [bundles[before], bundles[now]];
    const name = `${before} and ${now}`;
    // Initiate of one bundle, the edge of another, and the two functions of the edge of one each.
    const uploadId = await begun(one);
    const part = { uri: '/k', querystring: `partNumber=1&uploadId=${uploadId}` };
    const edge = await other['viewer-request'].create({ now: () => NOW, log: () => {} })(signedEvent(part));
    assert.equal(edge.querystring, 'partNumber=1&uploadId=S3s-own', name);
    const sent = await one['origin-request'].create({ now: () => NOW, log: () => {} })(originEvent(edge));
    assert.ok(!('status' in sent), name);
  }
  // A bundle that is two steps away has none of the secrets that seal.
  const { lines, log } = memoryLog();
  const stranded = signedEvent({ method: 'DELETE', uri: '/k', querystring: `uploadId=${await begun(bundles[2])}` });
  const refused = await bundles[0]['viewer-request'].create({ now: () => NOW, log })(stranded);
  assert.deepEqual([refused.status, element(refused.body, 'Code')], ['404', 'NoSuchUpload']);
  assert.equal(lines[0].detail, 'the upload id was sealed with secret 2, which is not in the secrets');
  const edge = await bundles[2]['viewer-request'].create({ now: () => NOW, log })(signedEvent());
  assert.equal((await bundles[0]['origin-request'].create({ now: () => NOW, log })(originEvent(edge))).status, '500');
  assert.match(lines.at(-1).detail, /^sealed with secret 2, which this function does not have: bundle viewer-request and origin-request with the same secrets$/u);
});

test('two deployments with secrets of their own share nothing, even of the same number', async () => {
  const [one, other] = await Promise.all([0, 1].map(() => loadFunctions({ config: DOCUMENTS.config, accessKeys: DOCUMENTS.accessKeys })));
  const { lines, log } = memoryLog();
  const part = signedEvent({ uri: '/k', querystring: `partNumber=1&uploadId=${await begun(one)}` });
  const refused = await other['viewer-request'].create({ now: () => NOW, log })(part);
  assert.deepEqual([refused.status, element(refused.body, 'Code')], ['404', 'NoSuchUpload']);
  assert.match(lines[0].detail, /or is of another secret of the same number$/u);
  const edge = await one['viewer-request'].create({ now: () => NOW, log })(signedEvent());
  assert.equal((await other['origin-request'].create({ now: () => NOW, log })(originEvent(edge))).status, '500');
  assert.match(lines.at(-1).detail, /or the secret is another one of the same number$/u);
});

test('an id is good for the object alone that it was given for', async () => {
  const { 'viewer-request': edge } = await loadFunctions(DOCUMENTS);
  const status = async (/** @type {string} */ uri, /** @type {string} */ uploadId) => {
    const event = signedEvent({ uri, querystring: `partNumber=1&uploadId=${uploadId}` });
    return (await edge.create({ now: () => NOW, log: () => {} })(event)).status ?? 'forwarded';
  };
  assert.equal(await status('/k', sealedUploadId('k')), 'forwarded');
  assert.equal(await status('/other', sealedUploadId('k')), '404');
  assert.equal(await status('/k', 'U'), '404');
});

test('a new instance of the core after a failure has the same keys', async () => {
  const wasm = await readWasm();
  const bytes = sealFile(await readDocumentsWasm(), DOCUMENTS.secrets, { uploadIds: true });
  const seal = createSeal({ wasm, bytes });
  const upload = { s3Bucket: 'b', key: 'k', s3UploadId: 'U', options: '-' };
  const before = seal.sealUploadId(upload, NOW);
  // No symbol is a number.
  assert.throws(() => seal.sealUploadId(upload, /** @type {any} */ (Symbol('now'))), TypeError);
  assert.equal(seal.sealUploadId(upload, NOW), before);
  assert.throws(() => createSeal({ wasm, bytes: bytes.subarray(1) }), { message: 'seal.bin is damaged: bundle again' });
  assert.equal(seal.sealUploadId(upload, NOW), before);
});

test('a function has only the keys that it was bundled with', async () => {
  const [wasm, documentsWasm] = await Promise.all([readWasm(), readDocumentsWasm()]);
  const edge = await loadFunctions(DOCUMENTS);
  const { request } = originEvent(await edge['viewer-request'].create({ now: () => NOW, log: () => {} })(signedEvent())).Records[0].cf;
  const { requestId } = signedEvent().Records[0].cf.config;
  const upload = { s3Bucket: 'b', key: 'k', s3UploadId: 'U', options: '-' };
  const of = (/** @type {object} */ uses) => createSeal({ wasm, bytes: sealFile(documentsWasm, DOCUMENTS.secrets, uses) });
  assert.equal(of({ handOver: true }).sealUploadId(upload, NOW), undefined);
  assert.equal(of({ handOver: true }).openHandOver(request, requestId, NOW).fault, undefined);
  assert.ok(of({ uploadIds: true }).sealUploadId(upload, NOW));
  assert.match(String(of({ uploadIds: true }).openHandOver(request, requestId, NOW).fault), /^sealed with secret 2, which/u);
});

/** The documents of a whole rotation. */
async function rotation() {
  const files = [0, 1, 2, 3].map((step) => join(directory, `step-${step}.json`));
  assert.equal((await ossEdge('secrets', 'new', '--out', files[0])).status, 0);
  const said = [];
  for (const step of [1, 2, 3]) {
    const { status, stdout } = await ossEdge('secrets', 'rotate', '--from', files[step - 1], '--out', files[step]);
    assert.equal(status, 0);
    said.push(stdout.slice(files[step].length));
  }
  assert.match(said[0], /^: secret 2 was added and verifies; 1 still seals\. /u);
  assert.match(said[1], /^: secret 2 seals, and 1 verifies what it sealed\. .* after 7 days rotate again$/mu);
  assert.match(said[2], /^: secret 1 was removed\. /u);
  return Promise.all(files.map(async (file) => JSON.parse(await readFile(file, 'utf8'))));
}

/** The id of an upload that begins. @param {Awaited<ReturnType<typeof loadFunctions>>} functions */
async function begun(functions) {
  const options = { now: () => NOW, log: () => {}, originSecret: 'the-origin-secret-of-the-distribution' };
  const edge = await functions['viewer-request'].create(options)(signedEvent({ method: 'POST', uri: '/k', querystring: 'uploads' }));
  const event = {
    methodArn: 'arn',
    multiValueHeaders: {
      'x-ossedge-request': [edge.headers['x-ossedge-request'][0].value],
      'x-ossedge-origin-secret': [options.originSecret],
    },
  };
  const { context: authorizer } = await functions.authorizer.create(options)(event);
  const s3Client = async () => ({ send: async () => ({ UploadId: 'S3s-own' }) });
  const { body } = await functions.initiate.create({ ...options, s3Client })({ ...event, requestContext: { authorizer } });
  return element(body, 'UploadId');
}

/** @param {string[]} args @returns {Promise<{ status: number, stdout: string, stderr: string }>} */
function ossEdge(...args) {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}
