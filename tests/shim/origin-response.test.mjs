import assert from 'node:assert/strict';
import { test } from 'node:test';

import { violation } from '../../local/cloudfront-rules.mjs';
import { NOW, element, functions, memoryLog, originEvent, sealedUploadId, signedEvent } from './fixture.mjs';

const PUT = { headers: { 'content-length': '5' } };
const PART = { ...PUT, querystring: `partNumber=1&uploadId=${sealedUploadId('logs/boot.txt')}` };
const SECRETS = /fleet-uploads-prod|amazonaws|arn:aws/u;

test('gives a success OSS\'s header names and takes those of AWS away', async () => {
  const { event, result, lines } = await answered(PUT, {
    status: '200',
    headers: { ETag: '"e"', 'x-amz-request-id': 'S', 'x-amz-id-2': 'T', 'x-amz-version-id': 'v', 'x-amz-checksum-crc64nvme': 'c', Server: 'AmazonS3', Date: 'D' },
  });
  assert.deepEqual(lines, []);
  assert.equal(violation('origin-response', event, result), null);
  assert.equal(result.body, undefined);
  const sent = Object.fromEntries(Object.values(result.headers).flat().map(({ key, value }) => [key, value]));
  const { 'x-oss-request-id': requestId, ...rest } = sent;
  assert.match(requestId, /^[0-9A-F]{24}$/u);
  assert.deepEqual(rest, { ETag: '"e"', Date: 'D', 'x-oss-server-time': '0', 'x-oss-version-id': 'v' });
});

for (const [what, request, s3Status, status, code] of /** @type {[string, any, string, string, string][]} */ ([
  ['an object that exists and may not be overwritten', { headers: { ...PUT.headers, 'x-oss-forbid-overwrite': 'true' } }, '412', '409', 'FileAlreadyExists'],
  ['an upload that is none', PART, '404', '404', 'NoSuchUpload'],
  ['a bucket that is none', PUT, '404', '404', 'NoSuchBucket'],
  ['a body that is not what Content-MD5 says', { headers: { ...PUT.headers, 'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==' } }, '400', '400', 'InvalidDigest'],
  ['a bucket policy that does not allow it', PUT, '403', '403', 'AccessDenied'],
  ['too many requests', PUT, '503', '503', 'ServiceUnavailable'],
  ['a redirect to another Region', PUT, '301', '500', 'InternalError'],
])) {
  test(`replaces what S3 says of ${what}`, async () => {
    const { event, result, lines } = await answered(request, {
      status: s3Status,
      headers: { 'Content-Type': 'application/xml', 'Transfer-Encoding': 'chunked', 'Content-Length': '99', Location: 'https://fleet-uploads-prod.s3.amazonaws.com/' },
    });
    assert.equal(violation('origin-response', event, result), null);
    assert.deepEqual([result.status, element(result.body, 'Code')], [status, code]);
    assert.deepEqual(Object.keys(result.headers).filter((name) => !name.startsWith('x-oss-')).sort(), ['content-type', 'date', 'transfer-encoding']);
    assert.equal(result.headers['x-oss-request-id'][0].value, element(result.body, 'RequestId'));
    assert.ok(!SECRETS.test(JSON.stringify(result)), 'names the bucket');
    const [{ function: name, code: logged, detail, ossRequestId }] = lines;
    assert.deepEqual([name, logged, detail], ['origin-response', code, `the origin answered ${s3Status}`]);
    assert.equal(ossRequestId, element(result.body, 'RequestId'));
  });
}

test('leaves what the functions behind the API answered', async () => {
  const initiate = { method: 'POST', querystring: 'uploads', resource: '/fleet-uploads/logs/boot.txt?uploads' };
  const headers = { 'Content-Type': 'application/xml', 'x-oss-request-id': '0123456789ABCDEF01234567', 'x-amzn-RequestId': 'r', 'x-amz-apigw-id': 'g' };
  const ours = await answered(initiate, { status: '404', headers });
  assert.equal(ours.result.status, '404');
  assert.deepEqual(Object.keys(ours.result.headers).sort(), ['content-type', 'x-oss-request-id', 'x-oss-server-time']);
  const gateway = await answered(initiate, { status: '429', headers: { 'Content-Type': 'application/json', 'x-amzn-ErrorType': 'TooManyRequestsException' } });
  assert.deepEqual([gateway.result.status, element(gateway.result.body, 'Code')], ['503', 'ServiceUnavailable']);
});

test('never turns a success into an error', async () => {
  const handler = functions['origin-response'].create({ now: () => NaN, log: () => {} });
  const response = { status: '200', statusDescription: 'OK', headers: {} };
  const event = { Records: [{ cf: { config: {}, request: null, response } }] };
  assert.equal(await handler(event), response);
});

test('fails closed on an error that it cannot read', async () => {
  const { lines, log } = memoryLog();
  const handler = functions['origin-response'].create({ now: () => NOW, log });
  const response = { status: '404', statusDescription: 'Not Found', headers: {} };
  const result = await handler({ Records: [{ cf: { config: {}, request: null, response } }] });
  assert.deepEqual([result.status, lines[0].detail], ['500', 'no translation: TypeError']);
});

/**
 * What the function makes of an origin's answer to a request that went through the others.
 *
 * @param {Parameters<typeof signedEvent>[0]} request
 * @param {{ status: string, headers: Record<string, string> }} answer
 */
async function answered(request, { status, headers }) {
  const options = { now: () => NOW, log: () => {} };
  const edge = await functions['viewer-request'].create(options)(signedEvent(request));
  const sent = await functions['origin-request'].create(options)(originEvent(edge));
  assert.ok('uri' in sent, sent.body);
  const fields = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), [{ key, value }]]));
  const { config } = originEvent(edge).Records[0].cf;
  const response = { status, statusDescription: '', headers: fields };
  const event = { Records: [{ cf: { config: { ...config, eventType: 'origin-response' }, request: sent, response } }] };
  const { lines, log } = memoryLog();
  const result = await functions['origin-response'].create({ now: () => NOW, log })(structuredClone(event));
  return { event, result, lines };
}
