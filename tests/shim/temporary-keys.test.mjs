// The functions in sample/temporary-keys and `keys derive --sts` make the temporary keys that the core takes.

import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createGate } from '../../js-shim/core/gate.mjs';
import { readDocumentsWasm } from '../../cli/wasm-file.mjs';
import { DOCUMENTS, NOW, signedEvent } from './fixture.mjs';

const run = promisify(execFile);

const isMissing = (/** @type {string} */ command) => spawnSync(command, ['version']).error !== undefined;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SAMPLES = join(ROOT, 'sample', 'temporary-keys');
const { vectors } = JSON.parse(readFileSync(join(ROOT, 'tests', 'vectors', 'derived-keys.json'), 'utf8'));

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-temporary-'));
after(() => rm(directory, { recursive: true }));

for (const [language, command, ...args] of [
  ['Node', 'node', 'temporary-key.mjs'],
  ['Python', 'python3', 'temporary_key.py'],
  ['Java', 'java', 'TemporaryKey.java'],
  ['Go', 'go', 'run', 'temporary_key.go'],
]) {
  test(`the function in ${language} makes the key of the vectors`, { skip: isMissing(command) && `${command} is not installed` }, async () => {
    const { masterSecret, accessKeyId, accessKeySecret, masterKey, deviceId } = vectors.find((/** @type {any} */ one) => /^OE1\.a1\.SN-000123\.e1795485177$/u.test(one.accessKeyId));
    const env = { ...process.env, MASTER_SECRET: masterSecret, GOCACHE: join(ROOT, 'target', 'go-cache') };
    const { stdout } = await run(command, [...args, masterKey, deviceId, '1795485177'], { cwd: SAMPLES, env });
    assert.deepEqual(JSON.parse(stdout), { AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret, SecurityToken: accessKeyId, Expiration: '2026-11-24T01:52:57Z' });
  });
}

test('keys derive --sts prints what AssumeRole would have answered, and the edge takes it', async () => {
  const accessKeys = { masterKeys: [{ id: 'a1', secret: vectors[0].masterSecret, allow: [{ prefix: '{device}/' }] }] };
  const [file, devices, out] = ['keys.json', 'devices.txt', 'out.jsonl'].map((name) => join(directory, name));
  await Promise.all([writeFile(file, JSON.stringify(accessKeys)), writeFile(devices, 'SN-1\nSN-2\n')]);
  const derive = (/** @type {string[]} */ ...more) => run(process.execPath, [join(ROOT, 'cli', 'oss-edge.mjs'), 'keys', 'derive', '--sts', '--file', file, '--master', 'a1', '--devices', devices, ...more]);
  await assert.rejects(derive(), /--sts: expected --expires too/u);
  await derive('--expires', '2099-01-01T00:00:00Z', '--out', out);
  await assert.rejects(derive('--expires', '2099-01-01T00:00:00Z', '--out', out), /out\.jsonl exists: expected a new file/u);
  const [first, second] = (await readFile(out, 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(Object.keys(first), ['RequestId', 'AssumedRoleUser', 'Credentials']);
  assert.equal(second.AssumedRoleUser.Arn, 'acs:ram::oss-edge:role/device/SN-2');
  const { AccessKeyId, AccessKeySecret, SecurityToken, Expiration } = first.Credentials;
  assert.deepEqual([AccessKeyId, Expiration], ['OE1.a1.SN-1.e4070908800', '2099-01-01T00:00:00Z']);
  const { request } = signedEvent({ uri: '/SN-1/a', headers: { 'x-oss-security-token': SecurityToken } }).Records[0].cf;
  const text = `PUT\n\n\n${request.headers.date[0].value}\nx-oss-security-token:${SecurityToken}\n/fleet-uploads/SN-1/a`;
  request.headers.authorization[0].value = `OSS ${AccessKeyId}:${createHmac('sha1', AccessKeySecret).update(text).digest('base64')}`;
  const gate = createGate({ wasm: await readDocumentsWasm(), config: DOCUMENTS.config, accessKeys });
  assert.equal(gate.decide(request, 'id', NOW).decision, 'forward');
});
