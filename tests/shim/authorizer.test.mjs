// The authorizer with a gate that says what it was asked. api.test.mjs has the real one.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { digestOf, headerOf, packHeaders, policy, unpackHeaders } from '../../js-shim/api/api-gateway-event.mjs';
import { createAuthorizer } from '../../js-shim/api/authorizer.mjs';
import { readOriginSecrets } from '../../js-shim/edge/origin-secret.mjs';

const ARN = 'arn:aws:execute-api:us-east-1:123456789012:abc123/prod/POST/initiate-multipart-upload';
const NOW = Date.parse('2026-11-24T01:52:57Z');
const SECRET = 'the-origin-secret-of-the-distribution';
const FORWARD = { decision: 'forward', operation: 'ListParts', bucket: 'b', key: 'k', accessKeyId: 'LTAI5tKey', scheme: 'v1-header', generation: '1', requestId: 'R', s3Bucket: 's', region: 'us-east-1', query: 'uploadId=U', options: ['encode-key', 'other'], headers: [] };
const SHOWN = '  <StringToSign>PUT\n\n</StringToSign>\n  <StringToSignBytes>50 55</StringToSignBytes>\n  <CanonicalRequest>PUT\n/</CanonicalRequest>\n';
const BODY = '<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n  <Code>SignatureDoesNotMatch</Code>\n  <HostId>h</HostId>\n</Error>\n';
const REFUSAL = { decision: 'refuse', operation: 'ListParts', accessKeyId: 'LTAI5tKey', code: 'SignatureDoesNotMatch', detail: 'signature mismatch', ossRequestId: 'O', body: BODY.replace('  <HostId>', `${SHOWN}  <HostId>`), renewal: 'never' };
const HEADERS = { 'X-Ossedge-Request': ['hand-over'], 'x-ossedge-origin-secret': [SECRET] };

/** What is made of an event, and what the core was asked and the log was told. */
async function authorized(/** @type {() => object} */ decide, { keys = undefined, lines = [], ...event } = /** @type {any} */ ({})) {
  const asked = /** @type {unknown[][]} */ ([]);
  const gate = /** @type {any} */ ({ decideAtApi: (/** @type {unknown[]} */ ...inputs) => (asked.push(inputs), decide()) });
  const authorizer = createAuthorizer({ gate, keys, originSecret: SECRET, now: () => NOW, log: (line) => lines.push(line) });
  const result = /** @type {any} */ (await authorizer({ methodArn: ARN, requestContext: { requestId: 'api-request' }, multiValueHeaders: HEADERS, ...event }));
  return { asked, lines, result };
}

const requestIdOf = (/** @type {any} */ { context }) => /<RequestId>(.*)<\/RequestId>/u.exec(context.body)?.[1];

test('asks the core about the hand-over, and gives the function nothing but texts', async () => {
  const { asked, lines, result } = await authorized(() => FORWARD);
  assert.deepEqual(asked, [['hand-over', NOW]]);
  assert.deepEqual(result, policy('Allow', ARN, 'LTAI5tKey', {
    digest: digestOf('hand-over'),
    operation: 'ListParts',
    bucket: 'b',
    key: 'k',
    requestId: 'R',
    s3Bucket: 's',
    region: 'us-east-1',
    query: 'uploadId=U',
    options: 'encode-key other',
    headers: '',
  }));
  assert.ok(Object.values(result.context).every((value) => typeof value === 'string'));
  const { log: _, ...line } = lines[0];
  const understood = { operation: 'ListParts', bucket: 'b', key: 'k', accessKeyId: 'LTAI5tKey', scheme: 'v1-header', generation: '1' };
  assert.deepEqual([line, lines.length], [{ time: '2026-11-24T01:52:57.000Z', function: 'authorizer', decision: 'forward', ...understood, ossRequestId: 'R' }, 1]);
});

test('gives the function what is only known of some operations', async () => {
  const some = { uploadOptions: '-', uploadId: 'sealed', staging: 'folder' };
  const { result } = await authorized(() => ({ ...FORWARD, ...some, maxJoinBytes: 7, headers: [['a', 'b']] }));
  const { uploadOptions, uploadId, staging, maxJoinBytes, headers } = result.context;
  assert.deepEqual([{ uploadOptions, uploadId, staging }, maxJoinBytes, unpackHeaders(headers)], [some, '7', { a: 'b' }]);
});

test('tells the client what the core says, without what the edge has shown already', async () => {
  const { lines, result } = await authorized(() => REFUSAL);
  assert.deepEqual(result, policy('Deny', ARN, 'LTAI5tKey', { body: BODY }));
  const { decision, code, detail, ossRequestId } = lines[0];
  assert.deepEqual([decision, code, detail, ossRequestId, lines.length], ['deny', 'SignatureDoesNotMatch', 'signature mismatch', 'O', 1]);
  const { result: unknown } = await authorized(() => ({ ...REFUSAL, accessKeyId: undefined }));
  assert.equal(unknown.principalId, 'unknown');
});

test('asks the core nothing without the origin secret, and answers with the id of the request', async () => {
  for (const secrets of [undefined, [], ['x'.repeat(SECRET.length)], [SECRET, SECRET]]) {
    const { asked, lines, result } = await authorized(() => FORWARD, { multiValueHeaders: { ...HEADERS, 'x-ossedge-origin-secret': secrets } });
    assert.deepEqual([asked, result.policyDocument.Statement[0].Effect, result.principalId, requestIdOf(result)], [[], 'Deny', 'unknown', 'api-request']);
    const { decision, code, detail, ossRequestId } = lines[0];
    assert.deepEqual([decision, code, detail, ossRequestId, lines.length], ['deny', 'AccessDenied', 'the origin secret is missing or wrong', 'api-request', 1]);
    assert.match(result.context.body, /<Code>AccessDenied<\/Code>/u);
  }
  assert.equal(requestIdOf((await authorized(() => FORWARD, { multiValueHeaders: {}, requestContext: undefined })).result), 'unknown');
});

test('denies what the core fails to decide, and tells nobody the message', async () => {
  for (const [thrown, name] of /** @type {[any, string][]} */ ([[new RangeError('secret text'), 'RangeError'], ['secret text', 'string']])) {
    const { lines, result } = await authorized(() => {
      throw thrown;
    });
    const [{ code, detail, ossRequestId }] = lines;
    assert.deepEqual([result.policyDocument.Statement[0].Effect, code, detail, ossRequestId], ['Deny', 'InternalError', `no decision: ${name}`, requestIdOf(result)]);
    assert.match(result.context.body, /<Code>InternalError<\/Code>/u);
    assert.ok(!JSON.stringify([lines, result]).includes('secret text'));
  }
});

test('logs that there are no access keys, and fails, so that API Gateway keeps no answer', async () => {
  const keys = { ready: () => false, arrival: async () => false };
  const lines = /** @type {any[]} */ ([]);
  await assert.rejects(authorized(() => FORWARD, { keys, lines }), { name: 'NoAccessKeys', message: 'no access keys' });
  const { decision, code, detail, ossRequestId } = lines[0];
  assert.deepEqual([decision, code, detail, ossRequestId, lines.length], ['deny', 'ServiceUnavailable', 'no access keys', 'api-request', 1]);
});

test('a header of an event is one value, whatever the case of its name, or none', () => {
  for (const [event, value] of /** @type {[object, string | undefined][]} */ ([
    [{}, undefined],
    [{ multiValueHeaders: null, headers: null }, undefined],
    [{ headers: { 'X-A': 'a' } }, 'a'],
    [{ headers: { 'x-a': undefined } }, undefined],
    [{ headers: { 'x-a': 'last' }, multiValueHeaders: { 'x-a': ['first', 'last'] } }, undefined],
    [{ multiValueHeaders: { 'X-A': ['a'] } }, 'a'],
    [{ multiValueHeaders: { 'X-A': ['a'], 'x-a': ['b'] } }, undefined],
    [{ multiValueHeaders: { 'x-a': undefined } }, undefined],
    [{ multiValueHeaders: { 'x-ab': ['a'] } }, undefined],
  ])) {
    assert.equal(headerOf(event, 'x-a'), value, JSON.stringify(event));
  }
});

test('packs headers into one text, and reads them again', () => {
  for (const headers of /** @type {[string, string][][]} */ ([[], [['a', '']], [['a', '"1"'], ['b', '设']]])) {
    assert.deepEqual(unpackHeaders(packHeaders(headers)), Object.fromEntries(headers));
  }
});

test('takes each of several origin secrets, and nothing near them', () => {
  const other = 'another-secret-of-enough-length';
  const isOriginSecret = readOriginSecrets(` ${SECRET}\n\t${other} `);
  assert.deepEqual([SECRET, other].map(isOriginSecret), [true, true]);
  for (const wrong of [undefined, '', SECRET.slice(1), `${SECRET} `, `${SECRET} ${other}`, SECRET.toUpperCase()]) {
    assert.equal(isOriginSecret(wrong), false, `${wrong}`);
  }
  const shortest = 'x'.repeat(16);
  assert.equal(readOriginSecrets(shortest)(shortest), true);
  for (const bad of [undefined, '', ' \n', 'x'.repeat(15), `${SECRET} ${'x'.repeat(15)}`]) {
    assert.throws(() => readOriginSecrets(bad), /^Error: ORIGIN_SECRET: expected the value of the S3 origin's custom header x-ossedge-origin-secret, at least 16 characters/u);
  }
});
