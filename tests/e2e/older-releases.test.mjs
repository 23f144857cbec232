// Earlier releases of ali-oss upload as the latest does. Until 6.0 its methods are generators, and a wrapper makes promises of them.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { serve } from '../../js-shim/serve.mjs';
import { ACCESS_KEYS, BUCKET, CONFIG, FIRST_KEY, StoredObjects, record, sha256 } from './fixture.mjs';

const MIB = 1024 * 1024;
const require = createRequire(import.meta.url);
const { devDependencies } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
const RELEASES = Object.keys(devDependencies).filter((name) => name.startsWith('ali-oss-'));

const requests = [];
let directory;
let server;
let stored;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'oss-edge-older-'));
  const log = (entry, decision) => requests.push({ ...decision, ...entry });
  server = await serve({ documents: { config: CONFIG, accessKeys: ACCESS_KEYS }, data: directory, log });
  stored = new StoredObjects({ ...server.s3, directory });
});

after(async () => {
  stored.close();
  await server.close();
  await rm(directory, { recursive: true });
  await record('older-ali-oss', requests);
});

async function assertStored(key, body) {
  const object = await stored.get(key);
  assert.deepEqual([object?.body.length, object?.sha256], [body.length, sha256(body)], key);
}

describe('earlier releases of ali-oss', () => {
  assert.ok(RELEASES.length > 0);
  for (const release of RELEASES) {
    test(`${release} uploads at once and in parts, and signs a URL`, async () => {
      const OSS = require(release);
      const client = new (OSS.Wrapper ?? OSS)({ ...FIRST_KEY, bucket: BUCKET, endpoint: `http://localhost:${new URL(server.url).port}`, cname: true });
      const body = randomBytes(6 * MIB);
      await client.put(`${release}/put`, body);
      await assertStored(`${release}/put`, body);
      const file = join(directory, 'a-file.bin');
      await writeFile(file, body);
      await client.multipartUpload(`${release}/parts`, file, { partSize: 5 * MIB, parallel: 1 });
      await assertStored(`${release}/parts`, body);
      await rm(file);
      const version = require(`${release}/package.json`).version;
      const url = client.signatureUrl(`${release}/url`, { method: 'PUT', expires: 60 });
      const headers = { 'User-Agent': `aliyun-sdk-nodejs/${version}`, 'Content-Type': '' };
      assert.equal((await fetch(url, { method: 'PUT', body, headers })).status, 200);
      await assertStored(`${release}/url`, body);
    });
  }
});
