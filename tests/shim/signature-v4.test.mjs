import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';

import { ACCESS_KEY, NOW, SECOND_KEY, functions, viewerEvent } from './fixture.mjs';

/** What version 4 derives keys for: each has a key of its own, which is kept while it is in use. */
const SCOPES = [ACCESS_KEY, SECOND_KEY].flatMap((accessKey) =>
  ['cn-hangzhou', 'cn-shanghai'].flatMap((region) => ['oss', 'oss-cloudbox'].map((product) => ({ accessKey, region, product, day: '20261124' }))),
);

test('forwards requests of one key in several scopes, again and again', async () => {
  const handler = functions['viewer-request'].create({ now: () => NOW, log: () => {} });
  for (let round = 0; round < 3; round += 1) {
    for (const scope of SCOPES) assert.equal((await handler(signedEvent(scope))).uri, '/logs/boot.txt', JSON.stringify(scope));
  }
});

test('forwards requests of the days before and after midnight in turn', async () => {
  const midnight = Date.parse('2026-11-25T00:00:00Z');
  const handler = functions['viewer-request'].create({ now: () => midnight, log: () => {} });
  for (const [day, time] of [['20261124', '235900'], ['20261125', '000100'], ['20261124', '235900'], ['20261125', '000100']]) {
    const event = signedEvent({ ...SCOPES[0], day, time });
    assert.equal((await handler(event)).uri, '/logs/boot.txt', day);
  }
});

/** @param {{ accessKey: typeof ACCESS_KEY, region: string, product: string, day: string, time?: string }} scope */
function signedEvent({ accessKey, region, product, day, time = '015257' }) {
  const date = `${day}T${time}Z`;
  const parts = [day, region, product, 'aliyun_v4_request'];
  const canonicalRequest = `PUT\n/fleet-uploads/logs/boot.txt\n\nx-oss-content-sha256:UNSIGNED-PAYLOAD\nx-oss-date:${date}\n\n\nUNSIGNED-PAYLOAD`;
  const hash = createHash('sha256').update(canonicalRequest).digest('hex');
  const secret = /** @type {import('node:crypto').BinaryLike} */ (`aliyun_v4${accessKey.accessKeySecret}`);
  const key = parts.reduce((derived, part) => createHmac('sha256', derived).update(part).digest(), secret);
  const signature = createHmac('sha256', key).update(`OSS4-HMAC-SHA256\n${date}\n${parts.join('/')}\n${hash}`).digest('hex');
  const authorization = `OSS4-HMAC-SHA256 Credential=${accessKey.accessKeyId}/${parts.join('/')},Signature=${signature}`;
  const headers = { host: 'uploads.example.com', authorization, 'x-oss-date': date, 'x-oss-content-sha256': 'UNSIGNED-PAYLOAD' };
  return viewerEvent({ method: 'PUT', uri: '/logs/boot.txt', headers });
}
