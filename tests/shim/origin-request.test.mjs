import assert from 'node:assert/strict';
import { test } from 'node:test';

import { violation } from '../../local/cloudfront-rules.mjs';
import { loadFunctions } from '../../cli/load-functions.mjs';
import { DOCUMENTS, NOW, S3_DOMAIN, element, functions, memoryLog, originEvent, sealedUploadId, signedEvent } from './fixture.mjs';

const INITIATE = { method: 'POST', querystring: 'uploads', headers: { 'content-length': '0' } };
const PUT = { headers: { 'content-type': 'text/plain', 'content-length': '5', 'x-oss-meta-a': '1', 'x-oss-forbid-overwrite': 'true' } };

test('leaves the S3 origin as it is and takes the hand-over away', async () => {
  const event = originEvent(await atEdge(signedEvent({ headers: { 'content-type': 'text/plain' } })));
  const { origin } = structuredClone(event.Records[0].cf.request);
  const result = await handler()(structuredClone(event));
  assert.deepEqual(result.origin, origin);
  assert.deepEqual(Object.keys(result.headers).sort(), ['content-type', 'host']);
  assert.equal(result.headers.host[0].value, S3_DOMAIN);
  assert.equal(result.uri, '/logs/boot.txt');
  assert.equal(violation('origin-request', event, result), null);
});

test('sends S3 no body whose chunks CloudFront keeps', async () => {
  const both = { headers: { 'content-length': '5', 'transfer-encoding': 'chunked' } };
  const event = originEvent(await atEdge(signedEvent(both)));
  const { lines, log } = memoryLog();
  const result = await handler({ log })(structuredClone(event));
  assert.deepEqual([result.status, element(result.body, 'Code')], ['411', 'MissingContentLength']);
  assert.equal(violation('origin-request', event, result), null);
  assert.deepEqual([lines[0].code, lines[0].detail], ['MissingContentLength', 'S3 would get the body in chunks, or their framing as content: a `relay` takes such a body']);
  delete event.Records[0].cf.request.headers['transfer-encoding'];
  assert.equal((await handler()(event)).status, undefined);
  // S3 takes no body with what ends an upload.
  const ending = signedEvent({ method: 'DELETE', querystring: `uploadId=${sealedUploadId('logs/boot.txt')}`, headers: { 'transfer-encoding': 'chunked' } });
  assert.equal((await handler()(originEvent(await atEdge(ending)))).method, 'DELETE');
});

test('replaces the origin for InitiateMultipartUpload by the API, with its host, one path and the secret', async () => {
  const edge = await atEdge(signedEvent({ ...INITIATE, uri: '/a%2Fb%20c', resource: '/fleet-uploads/a/b c?uploads' }));
  const event = originEvent(edge, { 'x-ossedge-origin-secret': 'a secret of the distribution' });
  const result = await handler()(structuredClone(event));
  assert.deepEqual(result.origin, {
    custom: {
      domainName: 'abc123.execute-api.us-east-1.amazonaws.com',
      path: '/prod',
      port: 443,
      protocol: 'https',
      sslProtocols: ['TLSv1.2'],
      readTimeout: 30,
      keepaliveTimeout: 5,
      customHeaders: { 'x-ossedge-origin-secret': [{ key: 'x-ossedge-origin-secret', value: 'a secret of the distribution' }] },
    },
  });
  assert.equal(result.uri, '/initiate-multipart-upload');
  assert.equal(result.querystring, '');
  assert.equal(result.headers.host[0].value, 'abc123.execute-api.us-east-1.amazonaws.com');
  assert.deepEqual(Object.keys(result.headers).sort(), ['content-length', 'host', 'x-ossedge-request']);
  assert.equal(violation('origin-request', event, result), null);
});

test('replaces the origin by the relay for what goes there, and by nothing else', async () => {
  const relay = { domain: 'relay.example.com', path: '/v1' };
  const { api: _, ...config } = DOCUMENTS.config;
  const relaying = await loadFunctions({ ...DOCUMENTS, config: { ...config, relay, bodiesWithoutLength: 'relay' } });
  const edge = (/** @type {any} */ event) => relaying['viewer-request'].create({ now: () => NOW, log: () => {} })(event);
  const chunked = { headers: { 'transfer-encoding': 'chunked' } };
  for (const [request, uri] of /** @type {const} */ ([
    [chunked, '/put-object'],
    [{ ...chunked, querystring: `partNumber=1&uploadId=${sealedUploadId('logs/boot.txt')}` }, '/upload-part'],
    [INITIATE, '/initiate-multipart-upload'],
  ])) {
    const event = originEvent(await edge(signedEvent(request)), { 'x-ossedge-origin-secret': 'a secret of the distribution' });
    const result = await relaying['origin-request'].create({ now: () => NOW })(structuredClone(event));
    const { domainName, path, readTimeout, customHeaders } = result.origin.custom;
    assert.deepEqual([domainName, path, readTimeout, result.uri, result.querystring], ['relay.example.com', '/v1', 60, uri, '']);
    assert.deepEqual(Object.keys(customHeaders), ['x-ossedge-origin-secret']);
    assert.equal(result.headers.host[0].value, 'relay.example.com');
    assert.equal(violation('origin-request', event, result), null);
    const elsewhere = structuredClone(event);
    elsewhere.Records[0].cf.request.uri = '/other';
    assert.equal((await relaying['origin-request'].create({ now: () => NOW, log: () => {} })(elsewhere)).status, '500');
    // An edge function of a deployment with an API sends nothing to a relay.
    assert.equal((await handler()(event)).status, '500');
  }
});

/** Faults of a request for S3, and what the log says of each. */
const FAULTS = /** @type {[string, (request: any) => void, RegExp][]} */ ([
  ['no viewer-request function ran', ({ headers }) => ['origin', 'seal'].forEach((name) => delete headers[`x-ossedge-${name}`]), /^no seal: viewer-request did not run/u],
  ['viewer-request is of a release without seals', ({ headers }) => delete headers['x-ossedge-seal'], /^no seal: .* or is of a release before 0\.2\.0$/u],
  ['viewer-request is of a later release', ({ headers }) => (headers['x-ossedge-seal'][0].value = headers['x-ossedge-seal'][0].value.replace(/^1;/u, '2;')), /^the seal has another form/u],
  ['the distribution is another bucket\'s', ({ origin }) => (origin.s3.domainName = 'other.s3.us-east-1.amazonaws.com'), /^the origin is not fleet-uploads-prod\.s3/u],
  ['the distribution\'s origin has a path', ({ origin }) => (origin.s3.path = '/devices'), /^the S3 origin has an origin path: remove it$/u],
  ['the distribution has no S3 origin', (request) => (request.origin = { custom: { domainName: 'x' } }), /^the origin is not fleet-uploads-prod\.s3/u],
  ['the origin is repeated', ({ headers }) => headers['x-ossedge-origin'].push(headers['x-ossedge-origin'][0]), /^the seal has another form/u],
  ['the seal is repeated', ({ headers }) => headers['x-ossedge-seal'].push(headers['x-ossedge-seal'][0]), /^the seal has another form/u],
  ['the origin is another', ({ headers }) => (headers['x-ossedge-origin'][0].value = 'other.s3.us-east-1.amazonaws.com'), /^the seal is not of this request/u],
  ['the method is another', (request) => (request.method = 'DELETE'), /^the seal is not of this request/u],
  ['the path is another', (request) => (request.uri = '/logs/root.txt'), /^the seal is not of this request/u],
  ['the query is another', (request) => (request.querystring = 'acl'), /^the seal is not of this request/u],
  ['a header is another', ({ headers }) => (headers['x-amz-meta-a'][0].value = '2'), /^the seal is not of this request/u],
  ['a header was added to one', ({ headers }) => headers['x-amz-meta-a'].push({ key: 'x-amz-meta-a', value: '2' }), /^the seal is not of this request/u],
  ['a header was left out', ({ headers }) => delete headers['x-amz-meta-a'], /: x-amz-meta-a did not arrive, so check the origin request policy$/u],
  ['a forbidden overwrite was left out', ({ headers }) => delete headers['if-none-match'], /: if-none-match did not arrive/u],
  ['one of S3\'s headers came after', ({ headers }) => (headers['x-amz-acl'] = [{ key: 'x-amz-acl', value: 'public-read' }]), /^header `x-amz-acl` was added after viewer-request$/u],
  ['a condition came after', ({ headers }) => (headers['if-match'] = [{ key: 'If-Match', value: '*' }]), /^header `if-match` was added after viewer-request$/u],
]);

for (const [what, change, detail] of FAULTS) {
  test(`fails closed when ${what}`, async () => {
    const event = originEvent(await atEdge(signedEvent(PUT)));
    assert.ok(!('status' in (await handler()(structuredClone(event)))));
    change(event.Records[0].cf.request);
    const { lines, log } = memoryLog();
    const result = await handler({ log })(event);
    assert.equal(result.status, '500');
    assert.equal(element(result.body, 'Code'), 'InternalError');
    assert.ok(!result.body.includes('amazonaws.com'), 'names the bucket');
    assert.deepEqual(lines.map(({ function: name, decision, code }) => [name, decision, code]), [['origin-request', 'deny', 'InternalError']]);
    assert.match(lines[0].detail, detail);
  });
}

test('fails closed for the hand-over of another request, and of one a minute ago', async () => {
  const event = originEvent(await atEdge(signedEvent()));
  const another = structuredClone(event);
  another.Records[0].cf.config.requestId = 'another==';
  assert.equal((await handler()(another)).status, '500');
  const { lines, log } = memoryLog();
  assert.equal((await handler({ log, now: NOW + 61_000 })(structuredClone(event))).status, '500');
  assert.equal(lines[0].detail, 'the seal is 61 s old, and 60 s are allowed');
  assert.ok(!('status' in (await handler({ now: NOW + 60_000 })(event))));
});

test('sends no header on that is not sealed, but those of CloudFront', async () => {
  const event = originEvent(await atEdge(signedEvent(PUT)));
  const { headers } = event.Records[0].cf.request;
  const line = (/** @type {string} */ name, /** @type {string} */ value) => (headers[name] = [{ key: name, value }]);
  // What CloudFront adds, as in its documentation's example.
  for (const name of ['via', 'user-agent', 'x-forwarded-for', 'accept-encoding', 'cloudfront-viewer-country']) line(name, 'a');
  line('cache-control', 'no-cache');
  line('authorization', 'OSS a:b');
  line('date', 'Tue, 24 Nov 2026 01:52:57 GMT');
  line('x-ossedge-anything', 'a');
  const result = await handler()(structuredClone(event));
  const ofCloudFront = ['accept-encoding', 'cloudfront-viewer-country', 'content-length', 'host', 'user-agent', 'via', 'x-forwarded-for'];
  assert.deepEqual(Object.keys(result.headers).sort(), [...ofCloudFront, 'content-type', 'if-none-match', 'x-amz-meta-a'].sort());
  assert.equal(violation('origin-request', event, result), null);
});

test('sends a request on whose header without a value did not arrive', async () => {
  const edge = await atEdge(signedEvent({ headers: { 'x-oss-meta-a': '', 'x-oss-meta-b': '1' } }));
  delete edge.headers['x-amz-meta-a'];
  assert.deepEqual(Object.keys((await handler()(originEvent(edge))).headers).sort(), ['host', 'x-amz-meta-b']);
});

test('fails closed when the API is meant and the hand-over to it is missing, repeated or another', async () => {
  const event = originEvent(await atEdge(signedEvent(INITIATE)));
  for (const change of /** @type {((headers: any) => void)[]} */ ([
    (headers) => delete headers['x-ossedge-request'],
    (headers) => headers['x-ossedge-request'].push(headers['x-ossedge-request'][0]),
    (headers) => (headers['x-ossedge-request'][0].value += 'AA'),
  ])) {
    const changed = structuredClone(event);
    change(changed.Records[0].cf.request.headers);
    assert.equal((await handler()(changed)).status, '500');
  }
});

test('fails closed for an API that this function does not know, and for a path that is none of its resources', async () => {
  const event = originEvent(await atEdge(signedEvent(INITIATE)));
  const { lines, log } = memoryLog();
  const options = { now: () => NOW, log };
  const elsewhere = functions['origin-request'].create({ ...options, api: { domain: 'other.example.com', path: '' } });
  for (const without of [functions['origin-request'].create({ ...options, api: undefined }), elsewhere]) {
    assert.equal((await without(structuredClone(event))).status, '500');
  }
  const fault = 'the origin is not abc123.execute-api.us-east-1.amazonaws.com: the distribution has fleet-uploads-prod.s3.us-east-1.amazonaws.com, and this bundle';
  assert.deepEqual(lines.map(({ detail }) => detail), [`${fault} no API or relay`, `${fault} other.example.com`]);
});

test('fails closed on an event without records, and logs of an error that it did not expect the name alone', async () => {
  const { lines, log } = memoryLog();
  assert.equal((await handler({ log })({})).status, '500');
  assert.deepEqual(lines.map(({ detail }) => detail), ['no decision: TypeError']);
});

/** @param {any} event */
async function atEdge(event) {
  return functions['viewer-request'].create({ now: () => NOW, log: () => {} })(event);
}

/** @param {{ log?: (line: any) => void, now?: number }} [options] */
function handler({ log = () => {}, now = NOW } = {}) {
  return functions['origin-request'].create({ now: () => now, log });
}
