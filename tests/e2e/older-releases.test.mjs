// Earlier releases of ali-oss upload as the latest does. Until 6.0 its methods are generators, and a wrapper makes promises of them.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { BUCKET, FIRST_KEY, record, startGateway } from './fixture.mjs';

const MIB = 1024 * 1024;
const require = createRequire(import.meta.url);
const { devDependencies } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
const RELEASES = Object.keys(devDependencies).filter((name) => name.startsWith('ali-oss-'));

let gateway;

before(async () => {
  gateway = await startGateway();
});

after(async () => {
  await gateway.close();
  await record('older-ali-oss', gateway.requests);
});

describe('earlier releases of ali-oss', () => {
  assert.ok(RELEASES.length > 0);
  for (const release of RELEASES) {
    test(`${release} uploads at once and in parts, and signs a URL`, async () => {
      const OSS = require(release);
      const client = new (OSS.Wrapper ?? OSS)({ ...FIRST_KEY, bucket: BUCKET, endpoint: `http://localhost:${new URL(gateway.url).port}`, cname: true });
      const body = randomBytes(6 * MIB);
      await client.put(`${release}/put`, body);
      await gateway.assertStored(`${release}/put`, body);
      const file = join(gateway.directory, 'a-file.bin');
      await writeFile(file, body);
      await client.multipartUpload(`${release}/parts`, file, { partSize: 5 * MIB, parallel: 1 });
      await gateway.assertStored(`${release}/parts`, body);
      await rm(file);
      const version = require(`${release}/package.json`).version;
      const url = client.signatureUrl(`${release}/url`, { method: 'PUT', expires: 60 });
      const headers = { 'User-Agent': `aliyun-sdk-nodejs/${version}`, 'Content-Type': '' };
      assert.equal((await fetch(url, { method: 'PUT', body, headers })).status, 200);
      await gateway.assertStored(`${release}/url`, body);
    });
  }
});
