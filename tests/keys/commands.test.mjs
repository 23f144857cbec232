// bundle, serve and replay with access keys in moto's Secrets Manager.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';

import { unzipSync } from 'fflate';

import { ACCESS_KEY, DOCUMENTS, NOW, SECOND_KEY, element, signedEvent } from '../shim/fixture.mjs';
import { CLI, run as runCommand } from '../oss-edge.mjs';
import { ENV, startSecretsManager } from './moto.mjs';

const CREDENTIALS = { source: 'secrets-manager', secretId: 'fleet', regions: ['us-east-1'] };

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-commands-'));
/** @type {Awaited<ReturnType<typeof startSecretsManager>>} */
let secretsManager;
let config = '';
let accessKeys = '';
before(async () => {
  secretsManager = await startSecretsManager();
  config = await written('config.json', { ...DOCUMENTS.config, credentials: CREDENTIALS });
  accessKeys = await written('access-keys.json', DOCUMENTS.accessKeys);
});
after(async () => {
  await secretsManager.close();
  await rm(directory, { recursive: true });
});

test('bundle takes no access keys, asks nobody for any, and puts none into a zip', async () => {
  secretsManager.takeFetches();
  const out = join(directory, 'dist');
  assert.equal((await run('bundle', '--config', config, '--secrets', await written('secrets.json', DOCUMENTS.secrets), '--out', out)).status, 0);
  const files = unzipSync(await readFile(join(out, 'viewer-request.zip')));
  const index = Buffer.from(files['index.mjs']).toString();
  assert.ok(index.includes('AWS4-HMAC-SHA256') && index.includes('fleet'));
  assert.deepEqual(secretsManager.takeFetches(), []);
});

test('access keys that would not be used are refused, and so is an endpoint', async () => {
  const bundled = await written('bundled.json', DOCUMENTS.config);
  for (const [args, expected] of /** @type {[string[], string][]} */ ([
    [['bundle', '--config', config, '--access-keys', accessKeys], '--access-keys: expected none, since the configuration has them come from Secrets Manager'],
    [['bundle', '--config', bundled], 'expected --access-keys FILE'],
    [['serve', '--config', bundled, '--access-keys', accessKeys, '--credentials-endpoint', 'http://127.0.0.1:1'], '--credentials-endpoint: expected credentials from Secrets Manager in the configuration'],
  ])) {
    assert.deepEqual(await run(...args), { status: 2, stdout: '', stderr: `oss-edge: ${expected}\nSee oss-edge ${args[0]} --help.\n` });
  }
  const elsewhere = await run('serve', '--config', config, '--credentials-endpoint', 'http://secrets.example.com');
  assert.equal(elsewhere.status, 2);
  assert.match(elsewhere.stderr, /^oss-edge: config: credentials\.endpoint: expected /u);
});

test('replay fetches the documents once, whatever the number of events', async () => {
  await secretsManager.put('fleet', { accessKeys: [ACCESS_KEY], furtherSecrets: ['further'] });
  await secretsManager.put('further', { accessKeys: [SECOND_KEY] });
  const events = join(directory, 'events.jsonl');
  const keys = [ACCESS_KEY, SECOND_KEY, { accessKeyId: 'nobody', accessKeySecret: 'knows' }];
  await writeFile(events, keys.map((accessKey) => JSON.stringify(signedEvent({ accessKey }))).join('\n'));
  secretsManager.takeFetches();
  const args = ['--config', config, '--credentials-endpoint', secretsManager.endpoint, '--now', new Date(NOW).toISOString(), '--json', events];
  const { status, stdout, stderr } = await run('replay', ...args);
  assert.equal(status, 0, stderr);
  const verdicts = stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(verdicts.map(({ decision, code }) => [decision, code]), [['forward', null], ['forward', null], ['deny', 'InvalidAccessKeyId']]);
  assert.deepEqual(secretsManager.takeFetches().map(({ input }) => input.SecretId), ['fleet', 'further']);
});

test('replay says when the documents can not be had', async () => {
  await secretsManager.put('fleet', { accessKeys: [ACCESS_KEY] });
  secretsManager.behaviour = 'answers 500';
  const event = await written('event.json', signedEvent());
  const { status, stderr } = await run('replay', '--config', config, '--credentials-endpoint', secretsManager.endpoint, event);
  secretsManager.behaviour = 'answers';
  assert.deepEqual([status, stderr], [2, 'oss-edge: fleet: us-east-1: status 500 InternalServiceError\n']);
});

test('serve answers 503 while there are no access keys, at the edge and at the API, and then serves', async () => {
  await secretsManager.put('fleet', { accessKeys: [ACCESS_KEY] });
  const server = await serving();
  secretsManager.behaviour = 'answers 500';
  const away = await server.send('PUT');
  assert.deepEqual([away.status, element(away.body, 'Code'), /^\d+$/u.test(away.retryAfter)], [503, 'ServiceUnavailable', true]);
  secretsManager.behaviour = 'answers';
  await until(async () => (await server.send('PUT')).status === 200);

  secretsManager.behaviour = 'answers 500';
  const withoutKeys = await server.send('POST', 'uploads');
  assert.deepEqual([withoutKeys.status, element(withoutKeys.body, 'Code')], [503, 'ServiceUnavailable'], 'the authorizer has none of its own yet');
  secretsManager.behaviour = 'answers';
  await until(async () => (await server.send('POST', 'uploads')).status === 200);
  assert.equal(await server.interrupted(), 0);
  const failures = (await server.errors).trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(new Set(failures.map(({ function: name }) => name)), new Set(['viewer-request', 'authorizer']));
  for (const { event, detail } of failures) assert.deepEqual([event, detail], ['access-keys', 'not fetched: fleet: us-east-1: status 500 InternalServiceError']);
});

async function serving() {
  const args = ['serve', '--config', config, '--credentials-endpoint', secretsManager.endpoint, '--port', '0', '--json'];
  const child = spawn(process.execPath, [CLI, ...args], { env: { ...process.env, ...ENV } });
  const lines = createInterface({ input: child.stdout });
  const [first] = await once(lines, 'line');
  const url = /listening on (\S+),/u.exec(first)?.[1];
  return {
    errors: text(child.stderr),
    /** @param {string} method @param {string} [querystring] */
    send: async (method, querystring = '') => {
      const date = new Date().toUTCString();
      const { uri, headers } = signedEvent({ method, querystring, headers: { date } }).Records[0].cf.request;
      const request = http.request(`${url}${uri}${querystring && `?${querystring}`}`, {
        method,
        headers: { host: 'uploads.example.com', date, authorization: headers.authorization[0].value, 'content-length': 0 },
      });
      request.end();
      const [response] = await once(request, 'response');
      return { status: response.statusCode, retryAfter: response.headers['retry-after'], body: await text(response) };
    },
    interrupted: async () => {
      child.kill('SIGINT');
      const [status] = await once(child, 'exit');
      return status;
    },
  };
}

/** @param {() => Promise<boolean>} condition */
async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => void setTimeout(resolve, 50));
}

/** @param {string[]} args */
function run(...args) {
  return runCommand(args, { env: { ...process.env, ...ENV } });
}

/** @param {string} name @param {unknown} value */
async function written(name, value) {
  const file = join(directory, name);
  await writeFile(file, JSON.stringify(value));
  return file;
}
