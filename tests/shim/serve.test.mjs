import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { DOCUMENTS, element, signedEvent } from './fixture.mjs';

const CLI = fileURLToPath(new URL('../../cli/oss-edge.mjs', import.meta.url));

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-serve-'));
/** A test that fails leaves its server running. @type {import('node:child_process').ChildProcess[]} */
const children = [];
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(directory, { recursive: true });
});
const config = await written('config.json', DOCUMENTS.config);
const accessKeys = await written('access-keys.json', DOCUMENTS.accessKeys);

test('serves, logs one line a request, keeps the data, and ends cleanly on Ctrl-C', async () => {
  const data = join(directory, 'data');
  const functionLog = join(directory, 'functions.jsonl');
  const server = await started('--data', data, '--json', '--function-log', functionLog);
  const stored = await send(server.url, { body: 'hello' });
  assert.equal(stored.status, 200);
  const refused = await send(server.url, { body: 'hello', authorization: 'OSS a:b' });
  assert.deepEqual([refused.status, element(refused.body, 'Code')], [403, 'InvalidAccessKeyId']);
  const lines = [await server.line(), await server.line()].map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ method, uri, status, origin, bytes, operation, code }) => [method, uri, status, origin, bytes, operation, code]),
    [
      ['PUT', '/logs/boot.txt', 200, 's3', 5, 'PutObject', undefined],
      ['PUT', '/logs/boot.txt', 403, null, 5, 'PutObject', 'InvalidAccessKeyId'],
    ],
  );
  assert.equal(await server.interrupted(), 0);
  assert.deepEqual(await readdir(data), ['fleet-uploads-prod']);
  const logged = (await readFile(functionLog, 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(
    logged.map(({ function: name, decision, code }) => [name, decision, code]),
    [['viewer-request', 'forward', undefined], ['viewer-request', 'deny', 'InvalidAccessKeyId']],
  );
});

test('shows a person one readable line a request', async () => {
  const server = await started();
  await send(server.url, { body: 'hello' });
  assert.match(await server.line(), /^PUT {2}\/logs\/boot\.txt {2}200 {2}s3 {2}5 B {2}\d+ ms {2}PutObject$/u);
  assert.equal(await server.interrupted(), 0);
});

test('shows why the functions behind the API and S3 refuse, and with --explain what the device does wrong', async () => {
  const forwarding = await written('forwarding.json', { ...DOCUMENTS.config, unsealedUploadIds: 'forward' });
  const server = await started('--explain', '--config', forwarding);
  const lines = async (/** @type {Parameters<typeof send>[1]} */ request) => {
    await send(server.url, request);
    return server.line();
  };
  const resource = '/fleet-uploads/logs/boot.txt?uploadId=none';
  const complete = { method: 'POST', querystring: 'uploadId=none', resource, body: '<CompleteMultipartUpload/>' };
  assert.match(await lines(complete), /^POST {2}\S+ {2}400 {2}api .*CompleteMultipartUpload, MalformedXML, the body is no list of parts$/u);
  const part = { querystring: 'partNumber=1&uploadId=none', resource: '/fleet-uploads/logs/boot.txt?partNumber=1&uploadId=none', body: 'hello' };
  assert.match(await lines(part), /^PUT .*UploadPart, NoSuchUpload, the origin answered 404, S3: NoSuchUpload: \S+/u);
  const otherStyle = { resource: '/fleet-uploads/fleet-uploads/logs/boot.txt', body: 'hello' };
  assert.match(await lines(otherStyle), /^PUT .*SignatureDoesNotMatch, signature mismatch for/u);
  assert.match(await server.line(), /^ {2}bucket-twice: The device signs the bucket twice/u);
  assert.equal(await server.interrupted(), 0);
});

test('serves and explains with one function at origin request', async () => {
  const one = await written('one.json', { ...DOCUMENTS.config, triggers: 'origin-request' });
  const server = await started('--explain', '--config', one);
  assert.equal((await send(server.url, { body: 'hello' })).status, 200);
  assert.match(await server.line(), /^PUT {2}\/logs\/boot\.txt {2}200 {2}s3 {2}5 B {2}\d+ ms {2}PutObject$/u);
  await send(server.url, { resource: '/fleet-uploads/fleet-uploads/logs/boot.txt', body: 'hello' });
  assert.match(await server.line(), /^PUT .*SignatureDoesNotMatch, signature mismatch for/u);
  assert.match(await server.line(), /^ {2}bucket-twice: The device signs the bucket twice/u);
  assert.equal(await server.interrupted(), 0);
});

test('says that its port is in use, and ends', async () => {
  const server = await started();
  const args = ['serve', '--config', config, '--access-keys', accessKeys, '--port', new URL(server.url).port];
  const second = spawn(process.execPath, [CLI, ...args]);
  const [stderr, [status]] = await Promise.all([text(second.stderr), once(second, 'exit')]);
  assert.deepEqual([status, stderr], [2, `oss-edge: port ${new URL(server.url).port} is in use\n`]);
  assert.equal(await server.interrupted(), 0);
});

/** @param {string[]} args */
async function started(...args) {
  const child = spawn(process.execPath, [CLI, 'serve', '--config', config, '--access-keys', accessKeys, '--port', '0', ...args]);
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value;
  const url = /listening on (\S+),/u.exec(await line())?.[1];
  assert.ok(url, await (child.exitCode === null ? '' : text(child.stderr)));
  const interrupted = async () => {
    child.kill('SIGINT');
    const [status] = await once(child, 'exit');
    return status;
  };
  return { url, line, interrupted };
}

/**
 * @param {string} url
 * @param {{ method?: string, querystring?: string, resource?: string, body: string, authorization?: string }} request
 */
async function send(url, { method = 'PUT', querystring = '', resource, body, authorization }) {
  const date = new Date().toUTCString();
  const { uri, headers } = signedEvent({ method, querystring, resource, headers: { date } }).Records[0].cf.request;
  const sent = http.request(`${url}${uri}${querystring && `?${querystring}`}`, {
    method,
    headers: {
      host: 'uploads.example.com',
      date,
      authorization: authorization ?? headers.authorization[0].value,
      'content-length': body.length,
    },
  });
  sent.end(body);
  const [response] = await once(sent, 'response');
  return { status: response.statusCode, body: await text(response) };
}

/** @param {string} name @param {unknown} value */
async function written(name, value) {
  const file = join(directory, name);
  await writeFile(file, JSON.stringify(value));
  return file;
}
