import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { loadFunctions } from '../../cli/load-functions.mjs';
import { ACCESS_KEY, DOCUMENTS, functions, originEvent, sealedUploadId, signedEvent, viewerEvent } from './fixture.mjs';

const CLI = fileURLToPath(new URL('../../cli/oss-edge.mjs', import.meta.url));
const NOW = '2026-11-24T01:52:57Z';

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-replay-'));
after(() => rm(directory, { recursive: true }));
const config = await written('config.json', DOCUMENTS.config);
const accessKeys = await written('access-keys.json', DOCUMENTS.accessKeys);
const secrets = await written('secrets.json', DOCUMENTS.secrets);

const put = signedEvent();
const initiate = signedEvent({ method: 'POST', querystring: 'uploads' });
const wrong = signedEvent({ accessKey: { ...ACCESS_KEY, accessKeySecret: 'wrong' } });

const FORWARD = {
  id: 'put',
  decision: 'forward',
  operation: 'PutObject',
  origin: 's3',
  bucket: 'fleet-uploads',
  key: 'logs/boot.txt',
  status: null,
  code: null,
};

test('shows of the sample what the README says', async () => {
  const root = new URL('../../', import.meta.url);
  const sample = (/** @type {string} */ name) => fileURLToPath(new URL(`sample/${name}`, root));
  const documents = ['--config', sample('config.json'), '--access-keys', sample('access-keys.json')];
  const { status, stdout } = await run(['replay', ...documents, sample('events.jsonl')]);
  assert.equal(status, 0);
  const readme = await readFile(new URL('README.md', root), 'utf8');
  assert.ok(readme.includes(`sample/events.jsonl\n${stdout}\`\`\``), stdout);
  const json = await run(['replay', ...documents, '--json', sample('events.jsonl')]);
  assert.ok(readme.includes(`\`\`\`json\n${json.stdout.split('\n')[0]}\n\`\`\``), json.stdout);
});

test('says of a request for the relay that it goes there, at both functions', async () => {
  const { api, ...rest } = DOCUMENTS.config;
  const relaying = { ...rest, relay: api, bodiesWithoutLength: 'relay' };
  const documents = ['--config', await written('relay.json', relaying), '--access-keys', accessKeys, '--secrets', secrets];
  const streamed = signedEvent({ headers: { 'transfer-encoding': 'chunked' } });
  const relayed = await loadFunctions({ ...DOCUMENTS, config: relaying });
  const viewer = await relayed['viewer-request'].create({ now: () => Date.parse(NOW), log: () => {} })(structuredClone(streamed));
  const entries = [streamed, originEvent(viewer)].map((event, id) => ({ id, now: NOW, event, expected: { decision: 'forward', origin: 'relay' } }));
  const { status, stdout } = await run(['replay', ...documents, '--json', await written('relayed.jsonl', ...entries)]);
  assert.equal(status, 0, stdout);
});

test('shows events of both functions to the one that decides at origin request, as it sees them', async () => {
  const documents = ['--config', await written('one.json', { ...DOCUMENTS.config, triggers: 'origin-request' }), '--access-keys', accessKeys];
  const original = put.Records[0].cf.request;
  const recorded = originEvent(original);
  recorded.Records[0].cf.request.headers.host = original.headers.host;
  const withoutHost = originEvent(original);
  const forbidden = signedEvent({ headers: { 'x-oss-forbid-overwrite': 'true' } });
  const entries = [
    { id: 'viewer', now: NOW, event: put, expected: { decision: 'forward', origin: 's3', operation: 'PutObject', key: 'logs/boot.txt' } },
    { id: 'parts', now: NOW, event: initiate, expected: { decision: 'forward', origin: 'api' } },
    { id: 'origin', now: NOW, event: recorded, expected: { decision: 'forward', origin: 's3' } },
    { id: 'wrong', now: NOW, event: wrong, expected: { decision: 'deny', code: 'SignatureDoesNotMatch' } },
    { id: 'no host', now: NOW, event: withoutHost, expected: { decision: 'deny', code: 'InternalError' } },
    { id: 'forbidden', now: NOW, event: forbidden, expected: { decision: 'deny', code: 'NotImplemented' } },
    { id: 'broken', now: NOW, event: {}, expected: { decision: 'deny', code: 'InternalError' } },
  ];
  const { status, stdout, stderr } = await run(['replay', ...documents, await written('one.jsonl', ...entries)]);
  assert.deepEqual([status, stderr], [0, ''], stdout);
  assert.match(stdout, /the StringToSign of this request is/u);
  assert.match(stdout, /the Host is the bucket's: the origin request policy must pass all headers/u);
});

for (const type of ['origin-response', 'viewer-response']) {
  test(`takes no event of ${type} for a request`, async () => {
    const event = /** @type {any} */ (structuredClone(put));
    event.Records[0].cf.config.eventType = type;
    const file = await written(`${type}.json`, event);
    const { status, stderr } = await replay([file]);
    assert.equal(status, 2);
    assert.match(stderr, new RegExp(`${type}\\.json: expected an event of viewer request or origin request, not of ${type.replace('-', ' ')}\\n`, 'u'));
  });
}

test('prints one line an event with --json, in order, with these fields in this order', async () => {
  const lines = [
    { id: 'put', now: NOW, event: put },
    { id: 'initiate', now: NOW, event: initiate },
    { id: 'late', now: '2026-11-24T02:52:57Z', event: put },
    { id: 'anonymous', now: NOW, event: viewerEvent({ method: 'GET', uri: '/', headers: {} }) },
    { id: 'broken', now: NOW, event: {} },
  ];
  const { status, stdout } = await replay(['--json', await written('events.jsonl', ...lines)]);
  assert.equal(status, 0);
  const denied = { decision: 'deny', operation: null, origin: null, bucket: null, key: null };
  assert.deepEqual(stdout.trimEnd().split('\n'), [
    JSON.stringify(FORWARD),
    JSON.stringify({ ...FORWARD, id: 'initiate', operation: 'InitiateMultipartUpload', origin: 'api' }),
    JSON.stringify({ ...FORWARD, id: 'late', decision: 'deny', origin: null, status: 403, code: 'RequestTimeTooSkewed' }),
    JSON.stringify({ id: 'anonymous', ...denied, status: 403, code: 'AccessDenied' }),
    JSON.stringify({ id: 'broken', ...denied, status: 500, code: 'InternalError' }),
  ]);
});

test('takes a file that is one event, events of their own on lines, and standard input', async () => {
  const single = await written('single.json', put);
  const many = await written('many.jsonl', put, initiate);
  const { stdout } = await replay(['--json', '--now', NOW, single, many, '-'], JSON.stringify(put, null, 2));
  const ids = stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(ids.map(({ id }) => id), [single, `${many}:1`, `${many}:2`, '-']);
  assert.ok(ids.every(({ decision }) => decision === 'forward'));
});

test('ends with status 1 when a decision differs from what was expected', async () => {
  const right = { id: 'right', now: NOW, event: put, expected: { decision: 'forward', origin: 's3', code: null } };
  assert.equal((await replay(['--json', await written('right.jsonl', right)])).status, 0);
  const { status, stdout, stderr } = await replay(['--json', await written('wrong.jsonl', right, { ...right, id: 'other', expected: { origin: 'api' } })]);
  assert.equal(status, 1);
  assert.equal(stdout.trimEnd().split('\n').length, 2);
  assert.equal(stderr, 'other: expected origin "api", got "s3"\n');
});

test('shows a person a table, and the StringToSign behind a refused signature', async () => {
  const { stdout } = await replay(['--now', NOW, await written('wrong.json', wrong)]);
  assert.match(stdout, /event +decision +operation +origin or error +object +why/u);
  assert.match(stdout, /deny +PutObject +403 SignatureDoesNotMatch +fleet-uploads\/logs\/boot\.txt +signature mismatch for LTAI5tTestDevice0001 at uploads\.example\.com/u);
  assert.ok(stdout.includes('    PUT\n    \n    \n    Tue, 24 Nov 2026 01:52:57 GMT\n    /fleet-uploads/logs/boot.txt\n'), stdout);
});

test('takes the event shape of CloudFront Functions and says what it loses', async () => {
  const { headers, ...request } = initiate.Records[0].cf.request;
  const event = {
    version: '1.0',
    context: { requestId: 'cff', eventType: 'viewer-request' },
    viewer: { ip: '203.0.113.178' },
    request: {
      ...request,
      querystring: { uploads: { value: '' } },
      headers: Object.fromEntries(Object.entries(headers).map(([name, [{ value }]]) => [name, { value }])),
      cookies: {},
    },
  };
  const file = await written('cff.json', event);
  const { stdout } = await replay(['--json', '--now', NOW, file]);
  assert.deepEqual(JSON.parse(stdout), { ...FORWARD, id: file, operation: 'InitiateMultipartUpload', origin: 'api' });
  assert.match((await replay(['--now', NOW, file])).stdout, /the query was rebuilt/u);

  const repeated = structuredClone(event);
  repeated.request.headers.date = /** @type {any} */ ({ value: 'a', multiValue: [{ value: 'a' }, { value: 'b' }] });
  const answer = JSON.parse((await replay(['--json', '--now', NOW, await written('cff2.json', repeated)])).stdout);
  assert.deepEqual([answer.status, answer.code], [400, 'InvalidArgument']);
});

test('replays origin-request events too', async () => {
  const edge = await functions['viewer-request'].create({ now: () => Date.parse(NOW), log: () => {} })(structuredClone(initiate));
  const file = await written('origin.json', originEvent(edge));
  const { stdout } = await replay(['--json', '--now', NOW, '--secrets', secrets, file]);
  const { decision, origin } = JSON.parse(stdout);
  assert.deepEqual([decision, origin], ['forward', 'api']);
  // Of other secrets, and at another time.
  assert.match((await replay(['--now', NOW, file])).stdout, /deny +500 InternalError +the seal is not of this request|sealed with secret 2, which/u);
  assert.match((await replay(['--now', '2026-11-24T02:52:57Z', '--secrets', secrets, file])).stdout, /the seal is 3600 s old/u);
});

test('says why an upload id is refused', async () => {
  const part = (/** @type {string} */ uploadId) => ({ id: uploadId, now: NOW, event: signedEvent({ uri: '/k', querystring: `partNumber=1&uploadId=${uploadId}` }) });
  const file = await written('parts.jsonl', part(sealedUploadId('k')), part('U'), part(sealedUploadId('other')));
  const { stdout } = await replay(['--secrets', secrets, file]);
  const [, , ...rows] = stdout.split('\n');
  assert.match(rows[0], /forward +UploadPart +s3 /u);
  assert.match(rows[1], /deny +UploadPart +404 NoSuchUpload +fleet-uploads\/k +the upload id has no seal: /u);
  assert.match(rows[2], /deny +UploadPart +404 NoSuchUpload +fleet-uploads\/k +the upload id was sealed for another bucket or key/u);
  assert.match((await replay([file])).stdout, /which is not in the secrets/u);
});

test('says which file and line is wrong', async () => {
  for (const [args, expected] of /** @type {[string[], RegExp][]} */ ([
    [[await raw('bad.jsonl', '{"event":{}}\nnot json\n')], /bad\.jsonl:2: expected a JSON object on one line/u],
    [[await raw('no-event.json', '{"a":1}')], /no-event\.json: expected an event of Lambda@Edge or of CloudFront Functions/u],
    [['/nonexistent'], /\/nonexistent: no such file/u],
    [['--now', 'yesterday', await written('a.json', put)], /--now: expected an ISO 8601 time/u],
    [[await written('b.jsonl', { id: 'x', now: 'soon', event: put })], /x: now: expected an ISO 8601 time/u],
  ])) {
    const { status, stderr } = await replay(args);
    assert.equal(status, 2);
    assert.match(stderr, expected);
  }
});

/** @param {string[]} args @param {string} [input] */
function replay(args, input = '') {
  return run(['replay', '--config', config, '--access-keys', accessKeys, ...args], input);
}

/** @param {string[]} args of the command line @param {string} [input] */
async function run(args, input = '') {
  const child = spawn(process.execPath, [CLI, ...args]);
  child.stdin.on('error', () => {}).end(input);
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { status, stdout, stderr };
}

/** @param {string} name @param {unknown[]} values one a line */
function written(name, ...values) {
  return raw(name, values.map((value) => JSON.stringify(value)).join('\n'));
}

/** @param {string} name @param {string} content */
async function raw(name, content) {
  const file = join(directory, name);
  await writeFile(file, content);
  return file;
}
