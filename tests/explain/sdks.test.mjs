// Failures of published SDKs, each by what usually goes wrong: what the device's app sets, or what is between it and the edge
// and changes its request. ali-oss and aliyun-sdk sign and send each request; a server that stands for the edge records it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';

import OSS from 'ali-oss';

import { createExplainer } from '../../cli/explain/explainer.mjs';
import { subjectsOf } from '../../cli/explain/input.mjs';
import { readDocumentsWasm } from '../../cli/wasm-file.mjs';
import { localAgent } from '../e2e/local-agent.mjs';
import { DOCUMENTS, KEY, OTHER_KEY } from './documents.mjs';

const wasm = await readDocumentsWasm();
const explain = createExplainer({ wasm, documents: DOCUMENTS });
const inOneRegion = createExplainer({
  wasm,
  documents: { ...DOCUMENTS, config: { ...DOCUMENTS.config, signatureRegions: ['cn-hangzhou'] } },
});
const md5 = (text) => createHash('md5').update(text).digest('base64');

/** The last request that came. */
let received;
const edge = http.createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString();
  const { method, url, rawHeaders } = request;
  const headers = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1]]] : []));
  received = { method, target: url, headers, body };
  response.setHeader('ETag', `"${md5(body)}"`);
  response.end('<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>');
});
edge.listen(0, '127.0.0.1');
await once(edge, 'listening');
const { port } = edge.address();
const agent = localAgent();
after(() => {
  agent.destroy();
  edge.close();
  edge.closeAllConnections();
});

const V4 = { authorizationV4: true, region: 'oss-cn-hangzhou' };
const PUT = (client) => client.put('logs/boot.txt', Buffer.from('hello'));

function aliOss({ host = 'uploads.example.com', cname = true, key = {}, bucket = 'fleet-uploads', ...options }, call = PUT) {
  return call(new OSS({ ...KEY, ...key, bucket, endpoint: `http://${host}:${port}`, cname, agent, ...options }));
}

/** A web app that has only a URL which its server signed. */
const upload = async (client) => fetch(await client.signatureUrl('logs/boot.txt', { method: 'PUT' }), { method: 'PUT', body: 'hello' });

/** Signs Host as well, with a port. */
const putWithHost = (client) =>
  client.put('logs/boot.txt', Buffer.from('hello'), { headers: { host: 'uploads.example.com:8080' }, additionalHeaders: ['host'] });

/** An early release: it signs Date, and sends no x-oss-date. */
function aliyunSdk(parameters = {}) {
  const { OSS: Client } = createRequire(import.meta.url)('aliyun-sdk-1.12.10');
  const { accessKeyId, accessKeySecret: secretAccessKey } = KEY;
  const endpoint = `http://localhost:${port}`;
  const client = new Client({ accessKeyId, secretAccessKey, endpoint, apiVersion: '2013-10-15', cname: true });
  const object = { Bucket: 'fleet-uploads', Key: 'logs/boot.txt', Body: Buffer.from('hello'), ...parameters };
  return new Promise((resolve, reject) => client.putObject(object, (error, data) => (error ? reject(error) : resolve(data))));
}

// What is between: each gives back a request that was changed after signing.
const header = (name, change) => (request) => ({
  ...request,
  headers: request.headers.flatMap(([known, value]) => {
    if (known.toLowerCase() !== name.toLowerCase()) return [[known, value]];
    const changed = change(value);
    return changed === undefined ? [] : [[known, changed]];
  }),
});
const withHeader = (name, value) => (request) => ({ ...request, headers: [...request.headers, [name, value]] });
const target = (change) => (request) => ({ ...request, target: change(request.target) });

/** @type {[hypothesis: string, what: string, send: () => Promise<unknown>, between?: (request: any) => any][]} */
const FAILURES = [
  ['another-secret', "a secret that has ended", () => aliOss({ key: { accessKeySecret: 'testSecret0001ofTheLastYear00' } })],
  ['another-secret', 'a secret that has ended, by V4', () => aliOss({ key: { accessKeySecret: 'testSecret0001ofTheLastYear00' }, ...V4 })],
  ['another-key', "another key's secret", () => aliOss({ key: { accessKeySecret: OTHER_KEY.accessKeySecret } })],
  ['path-style', 'the bucket in the path of a cname host', () => aliOss({ host: 'localhost', cname: false, sldEnable: true })],
  ['cname-style', 'a cname client at a path host', () => aliOss({ host: 'path.example.com' })],
  ['cname-style', 'a cname client at a path host, by V4', () => aliOss({ host: 'path.example.com', ...V4 })],
  ['virtual-hosted-style', 'an endpoint whose host is a cname', () => aliOss({ host: 'example.com', bucket: 'uploads', cname: false })],
  ['other-bucket', "another bucket's name", () => aliOss({ bucket: 'fleet-logs' })],
  ['other-bucket', "another bucket's name, by V4", () => aliOss({ bucket: 'fleet-logs', ...V4 })],
  ['content-type-added', 'a Content-Type that fetch adds to a signed URL', () => aliOss({ host: 'localhost' }, upload)],
  ['charset-added', 'a charset', () => aliOss({}), header('Content-Type', (value) => `${value}; charset=UTF-8`)],
  ['charset-added', 'a charset, by V4', () => aliOss(V4), header('Content-Type', (value) => `${value};charset=utf-8`)],
  ['content-type-changed', 'another Content-Type', () => aliOss({}), header('Content-Type', () => 'application/octet-stream')],
  ['content-md5-removed', 'no Content-MD5', () => aliOss({}, (client) => client.put('logs/boot.txt', Buffer.from('hello'), { headers: { 'Content-MD5': md5('hello') } })), header('Content-MD5', () => undefined)],
  ['content-md5-changed', 'another Content-MD5', () => aliOss({}, (client) => client.put('logs/boot.txt', Buffer.from('hello'), { headers: { 'Content-MD5': md5('hello') } })), header('Content-MD5', () => md5('other'))],
  ['x-oss-date-added', 'an x-oss-date', () => aliyunSdk(), withHeader('x-oss-date', new Date().toUTCString())],
  ['date-format', 'the same date in another form', () => aliyunSdk(), header('Date', (value) => new Date(value).toISOString().replaceAll(/[-:]|\.\d{3}/gu, ''))],
  ['key-encoded-twice', 'one encoding more', () => aliOss({}, (client) => client.put('logs/a b', Buffer.from('hello'))), target((text) => text.replaceAll('%', '%25'))],
  ['plus-for-space', 'a + for a blank', () => aliOss(V4, (client) => client.put('logs/a b', Buffer.from('hello'))), target((text) => text.replaceAll('%20', '+'))],
  ['space-for-plus', 'a blank for a +', () => aliOss({}, (client) => client.put('logs/a+b', Buffer.from('hello'))), target((text) => text.replaceAll('%2B', '%20'))],
  ['sub-resource-lost', 'no query', () => aliOss({}, (client) => client.putACL('logs/boot.txt', 'private')), target((text) => text.split('?')[0])],
  ['sub-resource-added', 'a further sub-resource', () => aliOss({}), target((text) => `${text}?partNumber=1&uploadId=id`)],
  ['header-added', 'a further header', () => aliOss({}), withHeader('x-oss-meta-gateway', '7')],
  ['header-added', 'a further header, by V4', () => aliOss(V4), withHeader('x-oss-meta-gateway', '7')],
  ['additional-headers', 'Host among the additional headers no more', () => aliOss(V4, putWithHost), header('Authorization', (value) => value.replace(/AdditionalHeaders=[^,]*,\s*/u, ''))],
  ['host-port', 'Host without its port', () => aliOss(V4, putWithHost), header('Host', (value) => value.replace(/:\d+$/u, ''))],
  ['region', 'another region in the credential', () => aliOss({ ...V4, region: 'oss-cn-shanghai' }), header('Authorization', (value) => value.replace('cn-shanghai', 'cn-hangzhou'))],
];

for (const [hypothesis, what, send, between = (request) => request] of FAILURES) {
  test(`finds ${hypothesis}: ${what}`, async () => {
    await send().catch(() => {});
    assert.deepEqual(explained(between(received)).cause?.hypotheses, [hypothesis]);
    received = undefined;
  });
}

test('names the region that a device has, where another is configured', async () => {
  await aliOss({ ...V4, region: 'oss-cn-shanghai' });
  const { code, detail, signature, advice } = explained(received, inOneRegion);
  assert.deepEqual([code, detail, signature], ['InvalidArgument', "the credential's region is `cn-shanghai`, which is not in `signatureRegions`", 'right']);
  assert.equal(advice, 'A header, parameter or credential has a value that OSS does not take: the detail names it.');
});

function explained({ method, target: path, headers, body }, by = explain) {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const [subject, ...others] = subjectsOf(`${method} ${path} HTTP/1.1\r\n${lines}\r\n${body}`, 'request');
  assert.deepEqual(others, []);
  return by(subject);
}
