// What the log says when the AWS SDK fails: enough to find the cause, and nothing that S3 or the network wrote as text.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';

import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

import { S3Fault, failedRequest, faultDetail } from '../../js-shim/operations/s3-fault.mjs';

const DENIED = '<Error><Code>AccessDenied</Code><Message>User: arn:aws:sts::111122223333:assumed-role/r is not authorized</Message></Error>';

/** @param {http.RequestListener | undefined} answer undefined where nobody listens */
async function loggedOf(answer) {
  const server = http.createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  if (answer === undefined) server.close();
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  try {
    const error = await client.send(new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: 'x' })).then(assert.fail, (error) => error);
    return { detail: faultDetail(error), ...failedRequest(error) };
  } finally {
    client.destroy();
    server.close();
    server.closeAllConnections();
  }
}

for (const [what, answer, detail, more] of [
  ['nobody listens', undefined, 'Error (ECONNREFUSED)'],
  ['the connection is cut', (request) => request.socket.destroy(), 'TimeoutError (ECONNRESET)'],
  ['S3 refuses', (_, response) => void response.writeHead(403, { 'x-amz-request-id': '4442587FB7D0A2F9' }).end(DENIED), 'AccessDenied (status 403)', { s3RequestId: '4442587FB7D0A2F9' }],
  ['its request id is none', (_, response) => void response.writeHead(403, { 'x-amz-request-id': 'a secret' }).end(DENIED), 'AccessDenied (status 403)'],
  ['the answer is no XML', (_, response) => void response.writeHead(502).end('<html>'), 'Error (status 502)'],
]) {
  test(`says what failed where ${what}`, async () => assert.deepEqual(await loggedOf(answer), { detail, ...more }));
}

test('says what oss-edge found, and of anything else no more than its kind', () => {
  assert.equal(faultDetail(new S3Fault('EntityTooSmall', '7 bytes')), '7 bytes');
  assert.equal(faultDetail(new TypeError('a secret')), 'TypeError');
  assert.equal(faultDetail(Object.assign(new Error('x'), { code: 'a secret' })), 'Error');
  assert.equal(faultDetail('a secret'), 'string');
  assert.deepEqual([undefined, 'x', new Error('x')].map(failedRequest), [{}, {}, {}]);
});
