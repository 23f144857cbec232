// ali-oss uploads where one function at origin request decides: each operation by each signature scheme, through the API
// and through the relay, and what that function leaves to the relay.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { Readable } from 'node:stream';

import OSS from 'ali-oss';

import { createDevice } from '../../cli/doctor/device.mjs';
import { ORIGIN_REQUEST_POLICY } from '../../deploy/distribution.mjs';
import { FRAMINGS } from '../../local/request-framing.mjs';
import { BUCKET, CONFIG, FIRST_KEY, OTHER_BUCKET, RELAY_CONFIG, SECOND_KEY, STS_KEY, localAgent, startGateway } from './fixture.mjs';

const MIB = 1024 * 1024;
const V4 = { authorizationV4: true, region: 'oss-cn-hangzhou' };
const VERSIONS = { 1: {}, 4: V4 };
const ACCESS_KEYS = { accessKeys: [{ ...FIRST_KEY, allow: [{}, { operations: ['HeadObject'] }] }, SECOND_KEY, STS_KEY] };
const MORE = { triggers: 'origin-request', headObject: 'served', smallParts: 'stage' };

const agent = localAgent();
/** By what is behind the edge. */
const gateways = {};
let forwarding;

before(async () => {
  gateways.api = await startGateway(ACCESS_KEYS, { config: { ...CONFIG, ...MORE } });
  gateways.relay = await startGateway(ACCESS_KEYS, { config: { ...RELAY_CONFIG, ...MORE } });
  const { api: _, ...withoutApi } = CONFIG;
  forwarding = await startGateway(ACCESS_KEYS, { config: { ...withoutApi, triggers: 'origin-request' } });
});

after(async () => {
  agent.destroy();
  for (const gateway of [...Object.values(gateways), forwarding]) await gateway.close();
  assert.deepEqual(gateways.api.loggingFunctions().filter((name) => name.endsWith('request')), ['origin-request'], 'who decided');
});

for (const by of ['api', 'relay']) {
  for (const [version, options] of Object.entries(VERSIONS)) {
    describe(`${by}, version ${version} in the header`, () => {
      const key = (name) => `header${version}/日 ${name} + 100%`;
      const client = (more) => device(by, { ...options, ...more });

      test('PutObject', async () => {
        const body = randomBytes(100_000);
        const { res } = await client().put(key('put'), body, { meta: { a: '1' }, mime: 'image/png', headers: { 'x-oss-storage-class': 'IA' } });
        assert.deepEqual([res.status, res.headers.etag], [200, `"${md5(body)}"`]);
        await gateways[by].assertStored(key('put'), body);
        const { metadata, contentType, storageClass } = await gateways[by].stored.get(key('put'));
        assert.deepEqual([metadata, contentType, storageClass], [{ a: '1' }, 'image/png', 'STANDARD_IA']);
        assert.deepEqual(decided(by), { function: 'origin-request', operation: 'PutObject', origin: 's3' });
      });

      test('InitiateMultipartUpload, UploadPart, ListParts, CompleteMultipartUpload', async () => {
        const [first, last] = [randomBytes(5 * MIB), randomBytes(10)];
        const { uploadId } = await client().initMultipartUpload(key('parts'));
        const done = [];
        for (const [index, part] of [first, last].entries()) {
          const { etag } = await client().uploadPart(key('parts'), uploadId, index + 1, part, 0, part.length);
          done.push({ number: index + 1, etag });
        }
        const { parts } = await client().listParts(key('parts'), uploadId);
        assert.deepEqual(parts.map(({ Size }) => Number(Size)), [first.length, last.length]);
        assert.equal((await client().completeMultipartUpload(key('parts'), uploadId, done)).res.status, 200);
        await gateways[by].assertStored(key('parts'), Buffer.concat([first, last]));
        assert.deepEqual(decided(by), { function: 'origin-request', operation: 'CompleteMultipartUpload', origin: by });
      });

      test('AbortMultipartUpload', async () => {
        const before = await gateways[by].stored.everything();
        const { uploadId } = await client().initMultipartUpload(key('aborted'));
        await client().uploadPart(key('aborted'), uploadId, 1, randomBytes(5 * MIB), 0, 5 * MIB);
        assert.equal((await client().abortMultipartUpload(key('aborted'), uploadId)).res.status, 204);
        assert.deepEqual(await gateways[by].stored.everything(), before);
        await assert.rejects(client().listParts(key('aborted'), uploadId), { status: 404, code: 'NoSuchUpload' });
      });

      test('HeadObject and GetObjectMeta', async () => {
        await client().put(key('looked at'), Buffer.from('hello'));
        assert.equal((await client().head(key('looked at'))).res.headers['content-length'], '5');
        assert.equal((await client().getObjectMeta(key('looked at'))).res.headers['content-length'], '5');
        await assert.rejects(client().head(key('nowhere')), { status: 404, code: 'NoSuchKey' });
      });

      test('stages parts of 1 MiB, and joins them', async () => {
        const body = randomBytes(7 * MIB + 1);
        await client().multipartUpload(key('staged'), body, { partSize: MIB, parallel: 2 });
        await gateways[by].assertStored(key('staged'), body);
      });

      test('refuses a wrong secret, a wrong clock, an unknown key and a foreign operation, and S3 stays as it was', async () => {
        const before = await gateways[by].stored.everything();
        const put = (more) => client(more).put(key('refused'), Buffer.from('refused'));
        await assert.rejects(put({ accessKeySecret: 'wrong' }), { status: 403, code: 'SignatureDoesNotMatch' });
        await assert.rejects(put({ accessKeyId: 'nobody' }), { status: 403, code: 'InvalidAccessKeyId' });
        await assert.rejects(client(SECOND_KEY).head(key('put')), { status: 403, code: 'AccessDenied' });
        await assert.rejects(client().get(key('put')), { status: 405, code: 'MethodNotAllowed' });
        await assert.rejects(client().delete(key('put')), { status: 405, code: 'MethodNotAllowed' });
        const late = client();
        late.options.amendTimeSkewed = -3_600_000;
        await assert.rejects(late.put(key('refused'), Buffer.from('refused')), { status: 403, code: 'RequestTimeTooSkewed' });
        assert.deepEqual(await gateways[by].stored.everything(), before);
      });
    });

    describe(`${by}, version ${version} in the URL`, () => {
      const key = (name) => `url${version}/日 ${name} + 100%`;

      test('PutObject', async () => {
        const body = randomBytes(1000);
        const answer = await send('PUT', await signedUrl(by, version, 'PUT', key('put')), body);
        assert.deepEqual([answer.status, answer.headers.etag], [200, `"${md5(body)}"`]);
        await gateways[by].assertStored(key('put'), body);
      });

      test('InitiateMultipartUpload, UploadPart, ListParts, CompleteMultipartUpload, AbortMultipartUpload', async () => {
        const begin = async () => {
          const { text } = await send('POST', await signedUrl(by, version, 'POST', key('parts'), { uploads: null }));
          return /<UploadId>(.*?)<\/UploadId>/u.exec(text)?.[1] ?? assert.fail(text);
        };
        const [uploadId, aborted] = [await begin(), await begin()];
        const part = randomBytes(200);
        const { headers } = await send('PUT', await signedUrl(by, version, 'PUT', key('parts'), { partNumber: '1', uploadId }), part);
        const listed = await send('GET', await signedUrl(by, version, 'GET', key('parts'), { uploadId }));
        assert.match(listed.text, /<PartNumber>1<\/PartNumber>[^]*<Size>200<\/Size>/u);
        const list = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${headers.etag}</ETag></Part></CompleteMultipartUpload>`;
        const completed = await send('POST', await signedUrl(by, version, 'POST', key('parts'), { uploadId }), list);
        assert.equal(completed.status, 200, completed.text);
        await gateways[by].assertStored(key('parts'), part);
        assert.equal((await send('DELETE', await signedUrl(by, version, 'DELETE', key('parts'), { uploadId: aborted }))).status, 204);
      });

      test('HeadObject', async () => {
        await device(by, VERSIONS[version]).put(key('looked at'), Buffer.from('hello'));
        assert.equal((await send('HEAD', await signedUrl(by, version, 'HEAD', key('looked at')))).headers['content-length'], '5');
      });

      test('refuses a URL for another object, and S3 stays as it was', async () => {
        const before = await gateways[by].stored.everything();
        const url = (await signedUrl(by, version, 'PUT', 'mine')).replace('/mine?', '/yours?');
        assert.equal((await send('PUT', url, 'x')).status, 403);
        assert.deepEqual(await gateways[by].stored.everything(), before);
      });
    });
  }

  test(`${by}: each style, two buckets and a security token`, async () => {
    for (const style of [{ host: 'oss.test', cname: false }, { host: 'path.test', cname: false, sldEnable: true }]) {
      for (const bucket of [BUCKET, OTHER_BUCKET]) {
        const body = randomBytes(100);
        await device(by, { ...style, bucket }).put('style', body);
        const object = await gateways[by].stored.get('style', bucket);
        assert.ok(object.body.equals(body), `${style.host} ${bucket}`);
      }
    }
    const { securityToken: stsToken, ...key } = STS_KEY;
    const refreshSTSToken = async () => ({ ...key, stsToken });
    await device(by, { ...key, stsToken, refreshSTSToken }).put('sts', Buffer.from('sts'));
    await gateways[by].assertStored('sts', Buffer.from('sts'));
  });

  test(`${by}: an upload in parts that forbids overwriting overwrites nothing`, async () => {
    await device(by).put('kept', Buffer.from('first'));
    const forbidding = { headers: { 'x-oss-forbid-overwrite': 'true' }, partSize: MIB };
    await assert.rejects(device(by).multipartUpload('kept', randomBytes(6 * MIB), forbidding), { code: 'FileAlreadyExists' });
    await gateways[by].assertStored('kept', Buffer.from('first'));
  });
}

test('the relay takes an object that forbids overwriting, and a body without a length', async () => {
  const once = { headers: { 'x-oss-forbid-overwrite': 'true' } };
  for (const size of [0, 5, 6 * MIB]) {
    const body = randomBytes(size);
    const { res } = await device('relay').put(`once/${size}`, body, once);
    assert.deepEqual([res.status, res.headers.etag], [200, `"${md5(body)}"`]);
    assert.deepEqual(decided('relay'), { function: 'origin-request', operation: 'PutObject', origin: 'relay' });
    await assert.rejects(device('relay').put(`once/${size}`, Buffer.from('second'), once), { status: 409, code: 'FileAlreadyExists' });
    await gateways.relay.assertStored(`once/${size}`, body);
  }
  const streamed = randomBytes(100_000);
  await device('relay').putStream('streamed', Readable.from([streamed]));
  await gateways.relay.assertStored('streamed', streamed);
  const likeChunks = Buffer.from('5\r\nhello\r\n0\r\n\r\n');
  await device('relay').put('like/chunks', likeChunks, once);
  await gateways.relay.assertStored('like/chunks', likeChunks);
});

test('without a relay an object that forbids overwriting is refused, and the log names what would take it', async () => {
  for (const [client, { requests, stored }] of [[device('api'), gateways.api], [deviceAt(forwarding.url), forwarding]]) {
    const once = { headers: { 'x-oss-forbid-overwrite': 'true' } };
    await assert.rejects(client.put('once', Buffer.from('first'), once), { status: 400, code: 'NotImplemented' });
    assert.match(requests.at(-1).detail, /^header `x-oss-forbid-overwrite` is `true`: .* it needs a `relay`$/u);
    assert.equal(await stored.get('once'), null);
    await client.put('twice', Buffer.from('first'), { headers: { 'x-oss-forbid-overwrite': 'false' } });
  }
});

test('with neither an API nor a relay objects are stored, and uploads in parts refused', async () => {
  await deviceAt(forwarding.url).put('plain', Buffer.from('plain'));
  await forwarding.assertStored('plain', Buffer.from('plain'));
  await assert.rejects(deviceAt(forwarding.url).initMultipartUpload('parts'), { status: 405, code: 'MethodNotAllowed' });
});

test('lets no condition of a client reach S3', async () => {
  const before = await gateways.api.stored.everything();
  for (const name of ['If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since', 'If-Range']) {
    const answer = await send('PUT', await signedUrl('api', '1', 'PUT', 'conditional'), 'x', { [name]: '*' });
    assert.deepEqual([answer.status, /<Code>(.*?)</u.exec(answer.text)?.[1]], [400, 'NotImplemented'], name);
  }
  assert.deepEqual(await gateways.api.stored.everything(), before);
});

for (const framing of Object.keys(FRAMINGS)) {
  test(`where CloudFront would ${framing}, a body with a length and chunks is stored as it is, or refused`, async () => {
    for (const config of [CONFIG, RELAY_CONFIG]) {
      const modelled = await startGateway(ACCESS_KEYS, { config: { ...config, triggers: 'origin-request' }, framing });
      const { hostname, port, protocol } = new URL(modelled.url);
      const raw = createDevice({ address: { hostname, port: Number(port), protocol, servername: 'localhost' }, host: 'localhost', bucket: BUCKET, key: FIRST_KEY, prefix: '' });
      for (const size of [1, 20, 70_000]) {
        const body = randomBytes(size);
        const answer = await raw.ask({ method: 'PUT', key: `both/${size}`, content: body, framing: 'both' });
        const object = await modelled.stored.get(`both/${size}`);
        if (answer.status === 200) assert.ok(object.body.equals(body), `${size} bytes`);
        else assert.equal(object, null, `${size} bytes: ${answer.status}`);
        const isStored = framing === 'drop-chunking' || (framing === 'drop-length' && config === RELAY_CONFIG);
        assert.equal(answer.status === 200, isStored, `${size} bytes: ${answer.status} ${answer.body}`);
      }
      await modelled.close();
    }
  });
}

test('lets a page of another origin upload, and read why it may not', async () => {
  const page = 'https://app.example.com';
  const paged = await startGateway(ACCESS_KEYS, { config: { ...CONFIG, triggers: 'origin-request', cors: { origins: [page] } } });
  const url = await deviceAt(paged.url).signatureUrl('page', { method: 'PUT', expires: 60 });
  const asked = { Origin: page, 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'authorization' };
  const preflight = await send('OPTIONS', url, '', asked);
  assert.deepEqual([preflight.status, preflight.headers['access-control-allow-origin'], preflight.headers['access-control-allow-headers']], [200, page, 'authorization']);
  assert.equal((await send('OPTIONS', url, '', { ...asked, Origin: 'https://evil.example.com' })).status, 403);
  for (const [target, status] of [[url, 200], [url.replace('/page?', '/other?'), 403]]) {
    const answer = await send('PUT', target, 'page', { Origin: page });
    assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [status, page]);
    assert.match(answer.headers['access-control-expose-headers'], /ETag/u);
  }
  await paged.close();
});

test('reaches no origin where the policy keeps the viewer\'s Host back', async () => {
  const wrong = await startGateway(ACCESS_KEYS, { config: { ...CONFIG, triggers: 'origin-request' }, originRequestPolicy: ORIGIN_REQUEST_POLICY });
  await assert.rejects(deviceAt(wrong.url).put('nowhere', Buffer.from('x')), { status: 500, code: 'InternalError' });
  assert.match(wrong.requests.at(-1).detail, /^the Host is the bucket's: the origin request policy must pass/u);
  assert.equal(await wrong.stored.get('nowhere'), null);
  await wrong.close();
});

function device(by, options) {
  return deviceAt(gateways[by].url, options);
}

function deviceAt(url, { host = 'localhost', cname = true, ...options } = {}) {
  return new OSS({ ...FIRST_KEY, bucket: BUCKET, endpoint: `http://${host}:${new URL(url).port}`, cname, agent, timeout: 60_000, ...options });
}

/** A URL that is signed by version 1 or 4. */
async function signedUrl(by, version, method, key, queries = {}) {
  return version === '1'
    ? device(by).signatureUrl(key, { method, expires: 60, subResource: queries })
    : device(by, V4).signatureUrlV4(method, 60, { queries }, key);
}

/** What a URL that was signed is answered, sent as any HTTP client does. */
async function send(method, url, body = '', headers = {}) {
  const request = http.request(url, { method, agent, headers: { 'Content-Length': Buffer.byteLength(body), ...headers } });
  request.end(body);
  const [answer] = await once(request, 'response');
  return { status: answer.statusCode, headers: answer.headers, text: Buffer.concat(await answer.toArray()).toString() };
}

/** Who decided over the last request, and how. */
function decided(by) {
  const { function: name, operation, origin } = gateways[by].requests.at(-1);
  // A function behind the edge that decides again adds to the line.
  return { function: ['relay', 'authorizer'].includes(name) ? 'origin-request' : name, operation, origin };
}

function md5(bytes) {
  return createHash('md5').update(bytes).digest('hex');
}
