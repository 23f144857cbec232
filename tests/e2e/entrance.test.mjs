// Published SDKs upload to the relay as the entrance, without CloudFront: `serve` with "entrance": "relay".

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import OSS from 'ali-oss';

import { MIB } from '../relay/fixture.mjs';
import { BUCKET, ENTRANCE_CONFIG, FIRST_KEY, STS_KEY, localAgent, startGateway } from './fixture.mjs';

const PYTHON = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));
const UPLOAD_ONCE = fileURLToPath(new URL('upload_once.py', import.meta.url));

const LOOKS_FIRST = { accessKeyId: 'LTAI5tEndToEndDevice4', accessKeySecret: 'endToEndSecretOfTheFourthKey4' };
const ACCESS_KEYS = { accessKeys: [FIRST_KEY, STS_KEY, { ...LOOKS_FIRST, allow: [{}, { operations: ['HeadObject'] }] }] };
const CONFIG = { ...ENTRANCE_CONFIG, bodiesWithoutLength: 'relay', smallParts: 'stage', headObject: 'served' };

const agent = localAgent();
let gateway;

before(async () => {
  gateway = await startGateway(ACCESS_KEYS, { config: CONFIG });
});
after(async () => {
  agent.destroy();
  await gateway.close();
  assert.deepEqual(gateway.loggingFunctions(), ['relay'], 'nothing else is before S3');
});

for (const signature of ['v1', 'v4']) {
  describe(`ali-oss, signature version ${signature}`, () => {
    const prefix = `ali-oss ${signature}/设备 7 ✓`;

    test('stores buffers and streams of each size', async () => {
      for (const size of [0, 1, 65_536, 65_537, 5 * MIB, 5 * MIB + 1, 11 * MIB]) {
        const body = randomBytes(size);
        const headers = { 'x-oss-meta-n': String(size), 'x-oss-storage-class': 'IA' };
        const { res } = await device(signature).put(`${prefix}/buffer ${size}`, body, { headers, mime: 'video/mp4' });
        assert.equal(res.headers['x-oss-hash-crc64ecma'].length > 0, true);
        await gateway.assertStored(`${prefix}/buffer ${size}`, body);
        const { metadata, storageClass, contentType } = await gateway.stored.get(`${prefix}/buffer ${size}`);
        assert.deepEqual([metadata, storageClass, contentType], [{ n: String(size) }, 'STANDARD_IA', 'video/mp4']);
        await device(signature).putStream(`${prefix}/stream ${size}`, Readable.from(size === 0 ? [] : [body]));
        await gateway.assertStored(`${prefix}/stream ${size}`, body);
      }
    });

    test('uploads small and large parts, lists and resumes them', async () => {
      for (const partSize of [200_000, 5 * MIB]) {
        const body = randomBytes(partSize * 2 + 77_777);
        const key = `${prefix}/parts of ${partSize}`;
        const checkpoints = [];
        const interrupted = device(signature);
        const progress = (done, checkpoint) => {
          checkpoints.push(structuredClone({ ...checkpoint, file: undefined }));
          if (done > 0.3) interrupted.cancel();
        };
        await assert.rejects(interrupted.multipartUpload(key, body, { partSize, parallel: 1, progress }));
        const checkpoint = { ...checkpoints.at(-1), file: body };
        const { parts } = await device(signature).listParts(key, checkpoint.uploadId);
        assert.ok(parts.length > 0 && parts.length < 3, 'what arrived');
        await device(signature).multipartUpload(key, body, { checkpoint });
        await gateway.assertStored(key, body);
      }
    });

    test('aborts an upload, which is gone then', async () => {
      const { uploadId } = await device(signature).initMultipartUpload(`${prefix}/aborted`);
      await device(signature).abortMultipartUpload(`${prefix}/aborted`, uploadId);
      await assert.rejects(device(signature).listParts(`${prefix}/aborted`, uploadId), { code: 'NoSuchUpload', status: 404 });
    });

    test('uploads by a signed URL', async () => {
      const client = device(signature);
      const url = signature === 'v1' ? client.signatureUrl(`${prefix}/url`, { method: 'PUT' }) : await client.signatureUrlV4('PUT', 60, {}, `${prefix}/url`);
      const body = randomBytes(1000);
      const { status } = await fetch(url, { method: 'PUT', body });
      assert.equal(status, 200);
      await gateway.assertStored(`${prefix}/url`, body);
    });

    test('looks first where its key may, and never reads', async () => {
      const client = device(signature, LOOKS_FIRST);
      await client.put(`${prefix}/looked`, Buffer.from('hello'));
      const { res } = await client.head(`${prefix}/looked`);
      assert.deepEqual([res.headers['content-length'], res.headers.etag], ['5', '"5D41402ABC4B2A76B9719D911017C592"'.toLowerCase()]);
      await assert.rejects(client.head(`${prefix}/absent`), { status: 404, code: 'NoSuchKey' });
      await assert.rejects(device(signature).head(`${prefix}/looked`), { status: 403, code: 'AccessDenied' });
      await assert.rejects(client.get(`${prefix}/looked`), { status: 405, code: 'MethodNotAllowed' });
      await assert.rejects(client.delete(`${prefix}/looked`), { status: 405, code: 'MethodNotAllowed' });
    });

    test('is refused for what is wrong', async () => {
      const body = Buffer.from('x');
      const before = await gateway.stored.everything();
      await assert.rejects(device(signature, { accessKeySecret: 'wrong' }).put('refused', body), { status: 403, code: 'SignatureDoesNotMatch' });
      await assert.rejects(device(signature, { accessKeyId: 'nobody' }).put('refused', body), { status: 403, code: 'InvalidAccessKeyId' });
      await assert.rejects(device(signature, { stsToken: 'wrong' }).put('refused', body), { status: 403, code: 'InvalidSecurityToken' });
      await assert.rejects(device(signature).put('refused', body, { headers: { 'Content-MD5': '1B2M2Y8AsgTpgAmY7PhCfg==' } }), { status: 400, code: 'InvalidDigest' });
      await assert.rejects(device(signature).copy('refused', 'other'), { status: 400 });
      assert.deepEqual(await gateway.stored.everything(), before);
      const { accessKeyId, accessKeySecret, securityToken } = STS_KEY;
      await device(signature, { accessKeyId, accessKeySecret, stsToken: securityToken }).put(`${prefix}/sts`, body);
    });
  });
}

for (const sdk of ['oss2', 'alibabacloud_oss_v2']) {
  test(`${sdk} uploads in every way that it has`, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'oss-edge-entrance-'));
    t.after(() => rm(directory, { recursive: true }));
    const body = randomBytes(11 * MIB);
    await writeFile(join(directory, 'body'), body);
    const { port } = new URL(gateway.url);
    const { accessKeyId, accessKeySecret } = FIRST_KEY;
    const options = [UPLOAD_ONCE, sdk, port, BUCKET, accessKeyId, accessKeySecret, join(directory, 'body')];
    const { stdout } = await promisify(execFile)(PYTHON, options);
    const keys = JSON.parse(stdout);
    assert.ok(keys.length >= 6, stdout);
    for (const key of keys) await gateway.assertStored(key, body);
  });
}

/** A device at the CNAME host. */
function device(signature, options = {}) {
  const endpoint = `http://localhost:${new URL(gateway.url).port}`;
  const versioned = signature === 'v4' ? { authorizationV4: true, region: 'oss-cn-hangzhou' } : {};
  return new OSS({ ...FIRST_KEY, bucket: BUCKET, endpoint, cname: true, agent, timeout: 60_000, ...versioned, ...options });
}
