// What people have of a failed request, each form with a real failure (tests/explain/samples/README.md).

import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createExplainer } from '../../cli/explain/explainer.mjs';
import { subjectsOf } from '../../cli/explain/input.mjs';
import { readDocumentsWasm } from '../../cli/wasm-file.mjs';
import { run as runCommand } from '../oss-edge.mjs';
import { requestV1, signV1 } from './device.mjs';
import { DOCUMENTS, KEY } from './documents.mjs';

const SAMPLES = new URL('samples/', import.meta.url);
const wasm = await readDocumentsWasm();
const explain = createExplainer({ wasm, documents: DOCUMENTS });

/** For each sample its form, the code, and the hypotheses that verify; null where the input can't prove one. */
const EXPECTED = {
  'captured-line-oss2-2.19.1.json': ['captured-line', 'SignatureDoesNotMatch', ['path-style']],
  'curl-7.88.1.txt': ['curl', 'SignatureDoesNotMatch', ['content-type-added']],
  'event-oss2-2.19.1.json': ['event', 'SignatureDoesNotMatch', ['path-style']],
  'exception-ali-oss-4.16.0-debug.txt': ['sdk-exception', 'SignatureDoesNotMatch', ['cname-style']],
  'exception-ali-oss-6.23.0-debug.txt': ['sdk-exception', 'SignatureDoesNotMatch', ['cname-style']],
  'exception-ali-oss-6.23.0.txt': ['sdk-exception', 'SignatureDoesNotMatch', null],
  'exception-aliyun-sdk-1.12.10.txt': ['sdk-exception', 'SignatureDoesNotMatch', null],
  'exception-android-2.9.21.txt': ['sdk-exception', 'SignatureDoesNotMatch', ['other-bucket']],
  'exception-go-v1-3.0.2.txt': ['sdk-exception', 'SignatureDoesNotMatch', null],
  'exception-go-v2-1.6.1-v4.txt': ['sdk-exception', 'SignatureDoesNotMatch', null],
  'exception-java-v1-3.17.4-stream.txt': ['sdk-exception', 'MissingContentLength', null],
  'exception-java-v1-3.17.4.txt': ['sdk-exception', 'SignatureDoesNotMatch', ['path-style']],
  'exception-java-v2-0.4.0-v4.txt': ['sdk-exception', 'SignatureDoesNotMatch', null],
  'exception-oss-v2-1.4.1.txt': ['sdk-exception', 'SignatureDoesNotMatch', null],
  'exception-oss2-2.19.1-v4.txt': ['sdk-exception', 'SignatureDoesNotMatch', ['path-style']],
  'exception-oss2-2.19.1.txt': ['sdk-exception', 'SignatureDoesNotMatch', ['path-style']],
  'har-oss2-2.19.1.json': ['har', 'SignatureDoesNotMatch', ['path-style']],
  'http-ali-oss-6.23.0-ip-address.txt': ['http', 'AccessDenied', ['host-not-configured']],
  'http-ali-oss-6.23.0.txt': ['http', 'SignatureDoesNotMatch', ['cname-style']],
  'log-line-oss2-2.19.1.json': ['log-line', 'SignatureDoesNotMatch', null],
};

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-explain-'));
after(() => rm(directory, { recursive: true }));
const documents = ['--config', await written('config.json', DOCUMENTS.config), '--access-keys', await written('keys.json', DOCUMENTS.accessKeys)];

test('each sample is expected', async () => {
  const files = (await readdir(SAMPLES)).filter((name) => name !== 'README.md');
  assert.deepEqual(files.sort(), Object.keys(EXPECTED).sort());
});

for (const [name, [form, code, hypotheses]] of Object.entries(EXPECTED)) {
  test(`explains ${name}`, async () => {
    const sample = await readFile(new URL(name, SAMPLES), 'utf8');
    const [explanation, ...others] = subjectsOf(sample, name).map((subject) => explain(subject));
    assert.deepEqual(others, []);
    assert.deepEqual([explanation.input, explanation.code, explanation.cause?.hypotheses ?? null], [form, code, hypotheses]);
    assert.ok(explanation.cause !== null || explanation.advice !== null);
    assertHidden(JSON.stringify(explanation), sample);
    const printed = await run([fileURLToPath(new URL(name, SAMPLES))]);
    assert.deepEqual([printed.status, printed.stderr], [hypotheses === null && code === 'SignatureDoesNotMatch' ? 1 : 0, '']);
    assertHidden(printed.stdout, sample);
    assert.ok(printed.stdout.includes(explanation.proves));
  });
}

test('reads a file, standard input, JSON lines, and what filter-log-events answers', async () => {
  const line = (await readFile(new URL('captured-line-oss2-2.19.1.json', SAMPLES), 'utf8')).trim();
  const ids = (/** @type {string} */ input) => subjectsOf(input, 'x').map(({ id, form }) => [id, form]);
  assert.deepEqual(ids(line), [['x', 'captured-line']]);
  assert.deepEqual(ids(`${line}\n\n${line}\n`), [['x:1', 'captured-line'], ['x:3', 'captured-line']]);
  assert.deepEqual(ids(`2026-11-30T11:31:48Z INFO ${line}`), [['x:1', 'captured-line']]);
  assert.deepEqual(ids(JSON.stringify({ events: [{ message: `${line}\n` }] })), [['x[0]', 'captured-line']]);
  const { status, stdout } = await run(['--json'], line);
  const explanation = JSON.parse(stdout);
  assert.deepEqual([status, explanation.id, explanation.cause.hypotheses], [0, '-', ['path-style']]);
});

test('reads a code of OSS by itself', () => {
  const [explanation] = subjectsOf('SignatureDoesNotMatch: The request signature we calculated does not match', '').map((subject) => explain(subject));
  assert.deepEqual([explanation.input, explanation.code, explanation.cause], ['sdk-exception', 'SignatureDoesNotMatch', null]);
});

test('says what it expected when it recognises no form', async () => {
  for (const input of ['', 'hello', '{}', '{"log":{"entries":[]}}', '{"log":1,"event":"access-keys"}']) {
    const { status, stdout, stderr } = await run([], input);
    assert.deepEqual([status, stdout], [2, ''], input);
    assert.match(stderr, /^oss-edge: -: expected a line of the log about a request, .*\n$/u);
  }
});

test('says that a request is accepted, at its own date or at --now', async () => {
  const request = requestV1({ signs: 'PUT\n\n\nTue, 24 Nov 2026 01:52:57 GMT\n/fleet-uploads/logs/boot.txt' });
  const accepted = await run([], request);
  assert.equal(accepted.status, 0);
  assert.match(accepted.stdout, / accepted, as of 2026-11-24T01:52:57\.000Z .*\n\n {2}the signature is right\n/u);
  const late = await run(['--now', '2026-11-24T03:00:00Z'], request);
  assert.equal(late.status, 0);
  assert.match(late.stdout, /RequestTimeTooSkewed.*\n.*4023 s behind.*\n.*clock/u);
  assert.match(late.stdout, /the signature is right/u);
});

test('says that no form verifies, and exits with 1', async () => {
  const { status, stdout } = await run([], requestV1({ signs: 'PUT\n\n\nanything\n/' }));
  assert.equal(status, 1);
  assert.match(stdout, /none of \d+ forms verifies/u);
});

/** @param {object} fields */
const ofLine = (fields) => {
  const line = { log: 1, time: '2026-11-24T01:52:57.000Z', function: 'viewer-request', decision: 'deny', ...fields };
  return subjectsOf(JSON.stringify(line), '').map((subject) => explain(subject))[0];
};

test('says for every code that S3, the edge or the relay answers with what to do', () => {
  const codes =
    'AccessForbidden EntityTooLarge EntityTooSmall FileAlreadyExists IncompleteBody InternalError InvalidAccessKeyId ' +
    'InvalidArgument InvalidBucketName InvalidDigest InvalidObjectName InvalidPart InvalidPartOrder InvalidTag MalformedXML ' +
    'MetadataTooLarge MethodNotAllowed MissingContentLength NoSuchBucket NoSuchKey NoSuchUpload NotImplemented RequestTimeout ' +
    'RequestTimeTooSkewed ServiceUnavailable SignatureDoesNotMatch';
  const without = codes.split(' ').filter((code) => ofLine({ code }).advice === null);
  assert.deepEqual(without, []);
  assert.match(String(ofLine({ code: 'EntityTooSmall' }).advice), /5 MiB.*`"smallParts": "stage"`/u);
});

test('names the rules of a key that may not do it, and of its master key', () => {
  const detail = "no rule of the access key's `allow` covers the request";
  const rules = [{ prefix: 'line-2/' }, { bucket: 'fleet-logs', operations: ['PutObject'] }];
  const accessKeys = {
    accessKeys: [{ ...KEY, allow: rules }],
    masterKeys: [{ id: 'a1', secret: 'aMasterSecretOfThirtyTwoCharacters', allow: [{ prefix: 'd/{device}/' }], scopes: { logs: { allow: [{ prefix: 'd/{device}/logs/' }] } } }],
  };
  const explainOne = createExplainer({ wasm, documents: { ...DOCUMENTS, accessKeys } });
  const of = (/** @type {string} */ accessKeyId) => {
    const line = { log: 1, time: '2026-11-24T01:52:57.000Z', function: 'viewer-request', decision: 'deny', code: 'AccessDenied', detail, accessKeyId };
    return explainOne(subjectsOf(JSON.stringify(line), '')[0]);
  };
  assert.deepEqual(of(KEY.accessKeyId).notes, ['The key may write */line-2/*; fleet-logs/* PutObject.']);
  assert.deepEqual(of('OE1.a1.SN-1').notes, ['The key may write */d/{device}/*.']);
  assert.deepEqual(of('OE1.a1.SN-1.slogs').notes, ['The key may write */d/{device}/*, of that only */d/{device}/logs/*.']);
  assert.deepEqual(of('nobody').notes, []);
  assert.match(String(of(KEY.accessKeyId).advice), /`oss-edge keys set`/u);
});

test('asks for a capture only where a signature would help', () => {
  assert.match(ofLine({ code: 'SignatureDoesNotMatch' }).proves, /`capture`/u);
  for (const code of ['MethodNotAllowed', 'EntityTooSmall', 'RequestTimeTooSkewed']) assert.doesNotMatch(ofLine({ code }).proves, /`capture`/u);
  assert.doesNotMatch(ofLine({ decision: 'forward' }).proves, /`capture`/u);
});

test('a line of origin-response, which has no decision, is of a request that was refused', () => {
  const line = ofLine({ function: 'origin-response', decision: undefined, status: 409, code: 'FileAlreadyExists' });
  assert.deepEqual([line.decision, line.code], ['deny', 'FileAlreadyExists']);
});

test('finds two causes that hold together', () => {
  const signs = 'PUT\n\n\nTue, 24 Nov 2026 01:52:57 GMT\n/fleet-logs/logs/boot.txt';
  const request = requestV1({ headers: { Date: 'Tue, 24 Nov 2026 01:52:57 GMT', 'Content-Type': 'text/plain' }, signs });
  const [explanation] = subjectsOf(request, '').map((subject) => explain(subject));
  assert.deepEqual(explanation.cause?.hypotheses, ['other-bucket', 'content-type-added']);
  assert.equal(explanation.cause?.advice.length, 2);
});

test('compares the text that the SDK signed with the one that the server expects', async () => {
  const sample = await readFile(new URL('exception-ali-oss-4.16.0-debug.txt', SAMPLES), 'utf8');
  const [recorded] = subjectsOf(sample, '').map((subject) => explain(subject));
  assert.ok(recorded.notes.includes('The SDK signed bucket "fleet-uploads", the server expects "logs".'), String(recorded.notes));
  const signed = 'PUT\n\ntext/plain\nTue, 24 Nov 2026 01:52:57 GMT\n/fleet-uploads/k';
  const expected = signed.replace('text/plain', 'text/plain; charset=utf-8');
  const log = `ali-oss authorization stringToSign: ${signed} +1ms\n<Error><Code>SignatureDoesNotMatch</Code><OSSAccessKeyId>${KEY.accessKeyId}` +
    `</OSSAccessKeyId><SignatureProvided>${signV1(signed)}</SignatureProvided><StringToSign>${expected}</StringToSign></Error>`;
  const [explanation] = subjectsOf(log, '').map((subject) => explain(subject));
  assert.deepEqual(explanation.cause?.hypotheses, ['charset-added']);
  assert.ok(explanation.notes.includes('The SDK signed contentType "text/plain", the server expects "text/plain; charset=utf-8".'));
});

test('prints no token, and tests with those that access keys have', () => {
  const token = 'CAIS+test/token==';
  const id = 'STS.NUTestDevice0003';
  const signs = `PUT\n\n\nTue, 24 Nov 2026 01:52:57 GMT\nx-oss-security-token:${token}\n/fleet-logs/logs/boot.txt`;
  const headers = { Date: 'Tue, 24 Nov 2026 01:52:57 GMT', 'x-oss-security-token': token };
  const request = requestV1({ headers, signs, id, secret: 'testSecret0003abcdefghijklmno' });
  const [explanation] = subjectsOf(request, '').map((subject) => explain(subject));
  assert.deepEqual(explanation.cause?.hypotheses, ['other-bucket']);
  assert.ok(!JSON.stringify(explanation).includes(token));
  assert.match(explanation.stringToSign ?? '', /\nx-oss-security-token:\(sha256 [0-9a-f]{8}…\)\n/u);
});

/** Neither a signature nor a secret is in a text. @param {string} printed @param {string} sample */
function assertHidden(printed, sample) {
  const signatures = [...sample.matchAll(/(?:OSS LTAI5tTestDevice0001:|Signature(?:Provided)?(?:=|>|': '))([\w+/%=-]{28,})/gu)];
  for (const [, signature] of signatures) assert.ok(!printed.includes(signature.replace(/<.*/u, '')), signature);
  for (const { accessKeyId, accessKeySecret } of [KEY]) assert.ok(accessKeyId && !printed.includes(accessKeySecret));
}

/** @param {string[]} args @param {string} [input] */
function run(args, input) {
  return runCommand(['explain', ...documents, ...args], { input });
}

/** @param {string} name @param {unknown} document */
async function written(name, document) {
  const file = join(directory, name);
  await writeFile(file, JSON.stringify(document));
  return file;
}
