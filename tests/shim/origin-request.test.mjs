import assert from 'node:assert/strict';
import { test } from 'node:test';

import { violation } from '../../local/cloudfront-rules.mjs';
import { loadFunctions } from '../../cli/load-functions.mjs';
import { DOCUMENTS, NOW, S3_DOMAIN, functions, memoryLog, originEvent, signedEvent } from './fixture.mjs';

const INITIATE = { method: 'POST', querystring: 'uploads', headers: { 'content-length': '0' } };

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
    [{ ...chunked, querystring: 'partNumber=1&uploadId=U1' }, '/upload-part'],
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

for (const [what, change] of /** @type {[string, (request: any) => void][]} */ ([
  ['no viewer-request function ran', ({ headers }) => delete headers['x-ossedge-origin']],
  ['the distribution is another bucket\'s', ({ origin }) => (origin.s3.domainName = 'other.s3.us-east-1.amazonaws.com')],
  ['the distribution has no S3 origin', (request) => (request.origin = { custom: { domainName: 'x' } })],
  ['the hand-over is repeated', ({ headers }) => headers['x-ossedge-origin'].push(headers['x-ossedge-origin'][0])],
])) {
  test(`fails closed when ${what}`, async () => {
    const event = originEvent(await atEdge(signedEvent()));
    change(event.Records[0].cf.request);
    const { lines, log } = memoryLog();
    const result = await handler({ log })(event);
    assert.equal(result.status, '500');
    assert.match(result.body, /<Code>InternalError<\/Code>/u);
    assert.ok(!result.body.includes('amazonaws.com'), 'names the bucket');
    assert.equal(lines.length, 1);
  });
}

test('fails closed when the API is meant and nothing was handed over', async () => {
  const event = originEvent(await atEdge(signedEvent(INITIATE)));
  delete event.Records[0].cf.request.headers['x-ossedge-request'];
  assert.equal((await handler()(event)).status, '500');
});

test('fails closed on an event without records', async () => {
  assert.equal((await handler()({})).status, '500');
});

/** @param {any} event */
async function atEdge(event) {
  return functions['viewer-request'].create({ now: () => NOW, log: () => {} })(event);
}

/** @param {{ log?: (line: any) => void }} [options] */
function handler({ log = () => {} } = {}) {
  return functions['origin-request'].create({ now: () => NOW, log });
}
