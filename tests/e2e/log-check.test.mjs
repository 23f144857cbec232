// The check of what functions log finds what it is for.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { FIRST_KEY } from './fixture.mjs';
import { LogCheck } from './log-check.mjs';

// The lines below have secrets on purpose: nothing of them is kept for tests/secret-scan.mjs.
delete process.env.SECRET_SCAN;

const LINE = { log: 1, time: '2026-11-24T01:52:57.000Z', function: 'viewer-request', decision: 'deny' };

/** What is wrong with a line, after these requests. */
async function problemsOf(line, requests = []) {
  const check = new LogCheck({ accessKeys: [FIRST_KEY] });
  const server = http.createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  for (const { path = '/', headers } of requests) {
    await fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers });
  }
  server.close();
  server.closeAllConnections();
  check.add(typeof line === 'string' ? line : JSON.stringify(line));
  return check.end();
}

test('takes a line that is as it should be', async () => {
  assert.deepEqual(await problemsOf(LINE), []);
  assert.deepEqual(await problemsOf({ ...LINE, accessKeyId: FIRST_KEY.accessKeyId }), []);
});

for (const [what, line] of [
  ['is no JSON', 'INFO a text'],
  ['lacks its time', { ...LINE, time: undefined }],
  ['has a field that the schema does not know', { ...LINE, secretOfDevice: 'x' }],
  ['has a field of another type', { ...LINE, status: '403' }],
  ['is of an unknown function', { ...LINE, function: 'other' }],
]) {
  test(`finds a line that ${what}`, async () => assert.equal((await problemsOf(line)).length, 1));
}

const SIGNATURE = 'TzpiNJxh4dCbmqzk+QBcVgsoIYM=';
for (const [what, text, request] of [
  ['a secret', FIRST_KEY.accessKeySecret],
  ['a signature of version 1', SIGNATURE, { headers: { authorization: `OSS ${FIRST_KEY.accessKeyId}:${SIGNATURE}` } }],
  ['a signature of version 4', 'a'.repeat(64), { headers: { authorization: `OSS4-HMAC-SHA256 Credential=a/b,Signature=${'a'.repeat(64)}` } }],
  ['a signature of a URL', SIGNATURE, { path: `/k?OSSAccessKeyId=a&Expires=1&Signature=${encodeURIComponent(SIGNATURE)}` }],
  ['a signature of a URL, still encoded', encodeURIComponent(SIGNATURE), { path: `/k?Signature=${encodeURIComponent(SIGNATURE)}` }],
  ['a security token', 'CAIS+a/security/token', { headers: { 'x-oss-security-token': 'CAIS+a/security/token' } }],
  ['what is handed over', 'aHR0cDovL2V4YW1wbGU', { headers: { 'x-ossedge-request': 'aHR0cDovL2V4YW1wbGU' } }],
]) {
  test(`finds ${what} in a line`, async () => {
    const [problem, ...others] = await problemsOf({ ...LINE, detail: `it is ${text}!` }, request && [request]);
    assert.match(problem, /^a secret, signature or token is in \{/u);
    assert.deepEqual(others, []);
  });
}

const SCAN = fileURLToPath(new URL('../secret-scan.mjs', import.meta.url));

/** What the scan says of a folder with these files. */
async function scanned(files) {
  const folder = await mkdtemp(join(tmpdir(), 'oss-edge-scan-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const { status, stdout } = spawnSync(process.execPath, [SCAN, folder], { encoding: 'utf8' });
  await rm(folder, { recursive: true });
  return { status, text: stdout };
}

test('the scan of all output finds a secret of the sources, and one that a test told, in each form, and shows neither', async () => {
  const { accessKeySecret } = FIRST_KEY;
  const told = 'told+by/a test"=0123';
  const { status, text } = await scanned({
    'step.log': `# pass 1\npanicked at ${accessKeySecret}!\n`,
    'functions.jsonl': `${JSON.stringify({ a: told })}\n`,
    'url.log': `PUT /?Signature=${encodeURIComponent(told)}\n`,
    '1.secrets': `${told}\n`,
  });
  assert.equal(status, 1);
  assert.match(text, /: found 3 times$/mu);
  for (const file of ['step.log:2:', 'functions.jsonl:1:', 'url.log:1:']) assert.ok(text.includes(file), text);
  for (const secret of [accessKeySecret, told, encodeURIComponent(told)]) assert.ok(!text.includes(secret), text);
});

test('the scan of all output passes what has none', async () => {
  const { status, text } = await scanned({ 'step.log': `${FIRST_KEY.accessKeyId} is an id\n`, '1.secrets': 'not-in-any-other-file\n' });
  assert.deepEqual([status, / found 0 times$/mu.test(text)], [0, true], text);
});
