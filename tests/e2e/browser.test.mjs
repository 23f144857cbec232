// ali-oss's browser build, in jsdom, uploads through the gateway; it is the build that mends a wrong clock.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';

import { JSDOM } from 'jsdom';

import { BUCKET, FIRST_KEY, record, startGateway } from './fixture.mjs';

const MIB = 1024 * 1024;
const HOUR = 60 * 60 * 1000;
const SDK = await readFile(new URL('../../node_modules/ali-oss/dist/aliyun-oss-sdk.js', import.meta.url), 'utf8');

let gateway;
let page;

before(async () => {
  gateway = await startGateway();
});

after(async () => {
  await gateway.close();
  await record('aliyun-sdk-js', gateway.requests);
});

beforeEach(() => {
  // A page of the gateway's own origin, so that no CORS is asked for.
  page = new JSDOM('', { url: `http://localhost:${new URL(gateway.url).port}/`, runScripts: 'outside-only' }).window;
  page.eval(SDK);
  return () => page.close();
});

/** A client in the page, whose clock is off. */
function device(milliseconds = 0, options = {}) {
  page.eval(`{
    const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...parts) { parts.length ? super(...parts) : super(Date.now()); }
      static now() { return Real.now() + ${milliseconds}; }
    };
  }`);
  const client = new page.OSS({ ...FIRST_KEY, bucket: BUCKET, endpoint: page.location.origin, cname: true, secure: false, ...options });
  return client;
}

/** What the requests under a key were answered. */
function answers(key) {
  return gateway.requests.filter(({ uri }) => uri === `/${key}`).map(({ operation, status, code }) => [operation, status, code]);
}

describe('a browser', () => {
  test('uploads', async () => {
    const body = randomBytes(1000);
    await device().put('browser/put.bin', new page.Blob([body]));
    await gateway.assertStored('browser/put.bin', body);
  });

  test('uploads signed by version 4, lists parts and aborts', async () => {
    const body = randomBytes(1000);
    const client = device(0, { authorizationV4: true, region: 'oss-cn-hangzhou' });
    await client.put('browser/v4.bin', new page.Blob([body]));
    await gateway.assertStored('browser/v4.bin', body);
    const { uploadId } = await client.initMultipartUpload('browser/v4-parts.bin');
    await client.uploadPart('browser/v4-parts.bin', uploadId, 1, new page.Blob([body]), 0, body.length);
    const { parts } = await client.listParts('browser/v4-parts.bin', uploadId);
    assert.deepEqual([parts.PartNumber, parts.Size], ['1', '1000']);
    await client.abortMultipartUpload('browser/v4-parts.bin', uploadId);
  });

  for (const [what, offset] of [
    ['slow', -3 * HOUR],
    ['fast', 3 * HOUR],
  ]) {
    test(`whose clock is 3 hours ${what} puts an object on its second try`, async () => {
      const body = randomBytes(1000);
      const key = `browser/${what}.bin`;
      await device(offset).put(key, new page.Blob([body]));
      await gateway.assertStored(key, body);
      assert.deepEqual(answers(key), [
        ['PutObject', 403, 'RequestTimeTooSkewed'],
        ['PutObject', 200, undefined],
      ]);
    });

    test(`whose clock is 3 hours ${what} uploads in parts, all but its first request with the clock mended`, async () => {
      const body = randomBytes(6 * MIB);
      const key = `browser/${what}-parts.bin`;
      await device(offset).multipartUpload(key, new page.Blob([body]), { partSize: 5 * MIB, parallel: 1 });
      await gateway.assertStored(key, body);
      assert.deepEqual(answers(key), [
        ['InitiateMultipartUpload', 403, 'RequestTimeTooSkewed'],
        ['InitiateMultipartUpload', 200, undefined],
        ['UploadPart', 200, undefined],
        ['UploadPart', 200, undefined],
        ['CompleteMultipartUpload', 200, undefined],
      ]);
    });
  }
});
