import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUOTAS, requestRefusal, violation } from '../../local/cloudfront-rules.mjs';
import { edgeEvent } from '../../local/viewer-request-event.mjs';

const CUSTOM = {
  customHeaders: {},
  domainName: 'api1.execute-api.eu-central-1.amazonaws.com',
  keepaliveTimeout: 5,
  path: '/prod',
  port: 443,
  protocol: 'https',
  readTimeout: 30,
  sslProtocols: ['TLSv1.2'],
};

function request() {
  return {
    clientIp: '192.0.2.1',
    headers: {
      host: [{ key: 'Host', value: 'bucket.example.com' }],
      'content-length': [{ key: 'Content-Length', value: '3' }],
      'if-none-match': [{ key: 'If-None-Match', value: '*' }],
      via: [{ key: 'Via', value: '1.1 proxy' }],
    },
    method: 'PUT',
    querystring: 'a=b',
    uri: '/key',
  };
}

const S3_ORIGIN = { s3: { authMethod: 'none', customHeaders: {}, domainName: 'b.s3.us-east-1.amazonaws.com', path: '', region: '' } };

function originRequest() {
  return { ...request(), origin: structuredClone(S3_ORIGIN) };
}

/** The violation of a request that `change` has changed. */
function changed(eventType, change) {
  const before = eventType === 'viewer-request' ? request() : originRequest();
  const after = structuredClone(before);
  change(after);
  return violation(eventType, edgeEvent(eventType, 'id', before), after);
}

const BOTH = ['viewer-request', 'origin-request'];
const REFUSED_CHANGES = [
  ['a changed method', BOTH, (r) => (r.method = 'POST'), /method is read-only/],
  ['a changed clientIp', BOTH, (r) => (r.clientIp = '192.0.2.2'), /clientIp is read-only/],
  ['a uri without a slash', BOTH, (r) => (r.uri = 'key'), /uri must be a string that begins/],
  ['a uri with a space', BOTH, (r) => (r.uri = '/a b'), /uri may not contain/],
  ['a querystring with a space', BOTH, (r) => (r.querystring = 'a=b c'), /querystring may not contain/],
  ['a querystring with a control character', BOTH, (r) => (r.querystring = 'a=\n'), /querystring may not contain/],
  ['a querystring with a fragment', BOTH, (r) => (r.querystring = 'a#b'), /querystring may not contain/],
  ['a querystring object', BOTH, (r) => (r.querystring = { a: 'b' }), /querystring must be a string/],
  ['a changed Content-Length', BOTH, (r) => (r.headers['content-length'][0].value = '4'), /content-length is read-only/],
  ['a removed Content-Length', BOTH, (r) => delete r.headers['content-length'], /content-length is read-only/],
  ['an added Transfer-Encoding', BOTH, (r) => (r.headers['transfer-encoding'] = [{ value: 'chunked' }]), /transfer-encoding is read-only/],
  ['a second Via', BOTH, (r) => r.headers.via.push({ key: 'Via', value: 'x' }), /via is read-only/],
  ['a changed Host', ['viewer-request'], (r) => (r.headers.host[0].value = 'other'), /host is read-only/],
  ['an added CloudFront-Viewer-Country', ['viewer-request'], (r) => (r.headers['cloudfront-viewer-country'] = [{ value: 'DE' }]), /viewer-country is read-only/],
  ['a removed If-None-Match', ['origin-request'], (r) => delete r.headers['if-none-match'], /if-none-match is read-only/],
  ['an added Accept-Encoding', ['origin-request'], (r) => (r.headers['accept-encoding'] = [{ value: 'gzip' }]), /accept-encoding is read-only/],
  ['an added Connection', BOTH, (r) => (r.headers.connection = [{ value: 'close' }]), /connection is not allowed/],
  ['an added X-Amz-Cf-Id', BOTH, (r) => (r.headers['x-amz-cf-id'] = [{ value: 'x' }]), /x-amz-cf-id is not allowed/],
  ['an added X-Edge-Location', BOTH, (r) => (r.headers['x-edge-location'] = [{ value: 'x' }]), /x-edge-location is not allowed/],
  ['an added X-Forwarded-Proto', BOTH, (r) => (r.headers['x-forwarded-proto'] = [{ value: 'x' }]), /x-forwarded-proto is not allowed/],
  ['a key of another name', BOTH, (r) => (r.headers['x-a'] = [{ key: 'X-B', value: 'x' }]), /does not match the header name/],
  ['an upper-case name', BOTH, (r) => (r.headers['X-A'] = [{ key: 'X-A', value: 'x' }]), /lower-case token/],
  ['a header that is no array', BOTH, (r) => (r.headers['x-a'] = { value: 'x' }), /must be an array/],
  ['a header value that is no string', BOTH, (r) => (r.headers['x-a'] = [{ value: 1 }]), /must be a string/],
  ['a header value with a line break', BOTH, (r) => (r.headers['x-a'] = [{ value: 'a\r\nb: c' }]), /control characters/],
  ['an origin at viewer-request', ['viewer-request'], (r) => (r.origin = { custom: CUSTOM }), /only origin-request/],
  ['a removed origin', ['origin-request'], (r) => delete r.origin, /origin may not be removed/],
  ['a changed S3 origin', ['origin-request'], (r) => (r.origin.s3.domainName = 'c.s3.us-east-1.amazonaws.com'), /S3 origin with origin access control/],
  ['a custom header added to the S3 origin', ['origin-request'], (r) => (r.origin.s3.customHeaders = { 'x-a': [{ value: 'x' }] }), /S3 origin with/],
  ['two origins', ['origin-request'], (r) => (r.origin.custom = CUSTOM), /exactly one/],
];

for (const [name, eventTypes, change, expected] of REFUSED_CHANGES) {
  for (const eventType of eventTypes) {
    test(`refuses ${name} in ${eventType}`, () => assert.match(changed(eventType, change) ?? 'no violation', expected));
  }
}

const REFUSED_CUSTOM_ORIGINS = [
  ...Object.keys(CUSTOM).map((field) => [`without ${field}`, (o) => delete o[field], new RegExp(`field ${field} of a custom origin is required`)]),
  ['with a port in the domain', (o) => (o.domainName = 'a.example.com:443'), /domainName/],
  ['with an IP address', (o) => (o.domainName = '192.0.2.1'), /domainName/],
  ['with port 22', (o) => (o.port = 22), /port/],
  ['with port 65536', (o) => (o.port = 65_536), /port/],
  ['with a string as port', (o) => (o.port = '443'), /port/],
  ['with protocol ftp', (o) => (o.protocol = 'ftp'), /protocol/],
  ['with a path without slash', (o) => (o.path = 'prod'), /path/],
  ['with a path that ends with a slash', (o) => (o.path = '/prod/'), /path/],
  ['with the path /', (o) => (o.path = '/'), /path/],
  ['with no TLS version', (o) => (o.sslProtocols = []), /sslProtocols/],
  ['with TLS 9', (o) => (o.sslProtocols = ['TLSv9']), /sslProtocols/],
  ['with read timeout 0', (o) => (o.readTimeout = 0), /readTimeout/],
  ['with keep-alive timeout 121', (o) => (o.keepaliveTimeout = 121), /keepaliveTimeout/],
  ['with a custom header that is in headers', (o) => (o.customHeaders = { via: [{ value: 'x' }] }), /both in headers and/],
  ['with an x-amz- custom header', (o) => (o.customHeaders = { 'x-amz-meta-a': [{ value: 'x' }] }), /may not be a custom header/],
];

for (const [name, change, expected] of REFUSED_CUSTOM_ORIGINS) {
  test(`refuses a custom origin ${name}`, () => {
    const custom = structuredClone(CUSTOM);
    change(custom);
    assert.match(changed('origin-request', (r) => (r.origin = { custom })) ?? 'no violation', expected);
  });
}

test('takes what the two functions may change', () => {
  assert.equal(changed('viewer-request', (r) => ((r.uri = '/a%20b'), (r.querystring = 'uploads'), (r.headers['x-a'] = [{ value: 'é' }]))), null);
  const routed = (r) => ((r.origin = { custom: CUSTOM }), (r.headers.host = [{ key: 'host', value: CUSTOM.domainName }]));
  assert.equal(changed('origin-request', routed), null);
  assert.equal(changed('origin-request', (r) => delete r.headers.host), null);
});

test('leaves alone what the viewer sent and the function kept', () => {
  const before = { ...request(), querystring: 'a=b c', uri: '/a b' };
  assert.equal(violation('viewer-request', edgeEvent('viewer-request', 'id', before), structuredClone(before)), null);
});

const REFUSED_RESPONSES = [
  ['nothing', undefined, /must return a request or a response/],
  ['a string', 'ok', /must return a request or a response/],
  ['a response without status', { body: 'x' }, /status of a generated response is required/],
  ['a numeric status', { status: 200 }, /status must be a string/],
  ['status 199', { status: '199' }, /from 200 to 599/],
  ['status 600', { status: '600' }, /from 200 to 599/],
  ['a 204 with a body', { status: '204', body: 'x' }, /204 response must not have a body/],
  ['a body that is no string', { status: '200', body: {} }, /body must be a string/],
  ['an unknown body encoding', { status: '200', body: '', bodyEncoding: 'hex' }, /bodyEncoding/],
  ['a generated Content-Length', { status: '200', headers: { 'content-length': [{ value: '0' }] } }, /content-length is read-only/],
  ['a generated X-Cache', { status: '200', headers: { 'x-cache': [{ value: 'x' }] } }, /x-cache is not allowed/],
];

for (const [name, result, expected] of REFUSED_RESPONSES) {
  test(`refuses ${name} as a result`, () => {
    assert.match(violation('viewer-request', edgeEvent('viewer-request', 'id', request()), result) ?? 'no violation', expected);
  });
}

for (const [eventType, limit] of Object.entries(QUOTAS.generatedResponseBytes)) {
  test(`refuses a response larger than ${limit} bytes in ${eventType}`, () => {
    const event = edgeEvent(eventType, 'id', request());
    const headers = { 'x-a': [{ key: 'X-A', value: 'b' }] };
    assert.equal(violation(eventType, event, { status: '200', headers, body: 'x'.repeat(limit - 4) }), null);
    assert.match(violation(eventType, event, { status: '200', headers, body: 'x'.repeat(limit - 3) }) ?? 'no violation', /larger than/);
  });
}

test('refuses requests over the quotas, and GET with a body', () => {
  const refusal = (url, headerBytes, method = 'PUT', hasBody = true) =>
    requestRefusal({ method, url, rawHeaders: ['x', 'y'.repeat(headerBytes - 1)], hasBody })?.status;
  assert.equal(refusal('/'.repeat(8192), 100), undefined);
  assert.equal(refusal('/'.repeat(8193), 100), 414);
  assert.equal(refusal('*', 100), 400);
  assert.equal(refusal('http://host/key', 100), undefined);
  assert.equal(refusal('/', 32_767), undefined);
  assert.equal(refusal('/', 32_768), 494);
  assert.equal(refusal('/', 100, 'GET', true), 403);
  assert.equal(refusal('/', 100, 'GET', false), undefined);
});
