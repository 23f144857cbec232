// ali-oss uploads through the gateway; what arrived is read from S3.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';

import OSS from 'ali-oss';

import { serve } from '../../js-shim/serve.mjs';
import { ACCESS_KEYS, BUCKET, CONFIG, FIRST_KEY, OTHER_BUCKET, SECOND_KEY, StoredObjects, sha256 } from './fixture.mjs';

const MIB = 1024 * 1024;
const KEYS = JSON.parse(await readFile(new URL('keys.json', import.meta.url), 'utf8'));
const REQUEST_ID = /^[0-9A-F]{24}$/;

/** Resolves every name to this machine. */
const agent = new http.Agent({
  keepAlive: true,
  lookup: (_host, { all }, callback) => (all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4)),
});

/** Settings of a device for each addressing style. */
const STYLES = {
  cname: { host: 'localhost', cname: true },
  'virtual-hosted': { host: 'oss.test' },
  path: { host: 'path.test', sldEnable: true },
};

/** The gateway's log, and an event for each line that has a request id. */
const requests = [];
const logged = new EventEmitter();
let directory;
let server;
let stored;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'oss-edge-e2e-'));
  server = await serve({
    documents: { config: CONFIG, accessKeys: ACCESS_KEYS },
    data: directory,
    log: (entry, decision) => {
      const line = { ...decision, ...entry };
      requests.push(line);
      if (line.ossRequestId) logged.emit(String(line.ossRequestId), line);
    },
  });
  stored = new StoredObjects({ ...server.s3, directory });
});

after(async () => {
  agent.destroy();
  stored.close();
  await server.close();
  await rm(directory, { recursive: true });
  assert.deepEqual(requests.filter(({ violation }) => violation), [], 'no function broke a rule of CloudFront');
});

function device({ host = 'localhost', cname = host === 'localhost', amendTimeSkewed = 0, url = server.url, ...options } = {}) {
  const endpoint = `http://${host}:${new URL(url).port}`;
  const client = new OSS({ ...FIRST_KEY, bucket: BUCKET, endpoint, cname, agent, ...options });
  client.options.amendTimeSkewed = amendTimeSkewed;
  return client;
}

/** The log's line of a request, which is written once its answer is sent. */
async function lineOf(requestId) {
  const written = requests.find(({ ossRequestId }) => ossRequestId === requestId);
  return written ?? (await once(logged, requestId, { signal: AbortSignal.timeout(30_000) }))[0];
}

/** Asserts that S3 has these bytes under the key. */
async function assertStored(key, body, expected = {}, bucket = BUCKET) {
  const object = await stored.get(key, bucket);
  assert.notEqual(object, null, `S3 has no ${key}`);
  assert.equal(object.body.length, body.length);
  assert.equal(object.sha256, sha256(body));
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(object[name], value, name);
}

/** The error of a call that must be refused and leave S3 as it was. */
async function refused(call, expected) {
  const beforehand = await stored.everything();
  const error = await call().then(
    (result) => assert.fail(`was not refused: ${result?.res?.status}`),
    (thrown) => thrown,
  );
  const [status, code] = expected;
  assert.deepEqual([error.status, error.code, error.name], [status, code, `${code}Error`], error.message);
  assert.deepEqual(await stored.everything(), beforehand);
  return error;
}

/** Refused by the gateway itself, in OSS's form. */
async function refusedAtEdge(call, expected) {
  const error = await refused(call, expected);
  assert.match(error.requestId, REQUEST_ID);
  assert.match(error.ecCode, /^\d{4}-\d{8}$/);
  return error;
}

async function uploadInParts(client, key, parts, options = {}) {
  const { uploadId, name, bucket } = await client.initMultipartUpload(key, options);
  assert.deepEqual([name, bucket], [key, client.options.bucket]);
  const done = [];
  for (const [index, part] of parts.entries()) {
    const { etag } = await client.uploadPart(key, uploadId, index + 1, part, 0, part.length);
    assert.equal(etag, `"${createHash('md5').update(part).digest('hex')}"`);
    done.push({ number: index + 1, etag });
  }
  return client.completeMultipartUpload(key, uploadId, done, {});
}

describe('addressing', () => {
  for (const [style, options] of Object.entries(STYLES)) {
    test(`puts an object in ${style} style`, async () => {
      const body = randomBytes(1000);
      const { res } = await device(options).put(`${style}/put.bin`, body);
      assert.deepEqual([res.status, res.headers.etag], [200, `"${createHash('md5').update(body).digest('hex')}"`]);
      await assertStored(`${style}/put.bin`, body);
    });

    test(`uploads in parts in ${style} style`, async () => {
      const body = randomBytes(11 * MIB);
      const { res } = await device(options).multipartUpload(`${style}/parts.bin`, body, { partSize: 5 * MIB, parallel: 2 });
      assert.equal(res.status, 200);
      await assertStored(`${style}/parts.bin`, body);
    });

    test(`aborts an upload in ${style} style, and S3 forgets its parts`, async () => {
      const client = device(options);
      const beforehand = await stored.everything();
      const { uploadId } = await client.initMultipartUpload(`${style}/aborted.bin`);
      await client.uploadPart(`${style}/aborted.bin`, uploadId, 1, Buffer.from('part'), 0, 4);
      assert.notDeepEqual(await stored.everything(), beforehand);
      const { res } = await client.abortMultipartUpload(`${style}/aborted.bin`, uploadId);
      assert.equal(res.status, 204);
      assert.deepEqual(await stored.everything(), beforehand);
    });
  }

  for (const style of ['virtual-hosted', 'path']) {
    test(`keeps two buckets apart in ${style} style`, async () => {
      const [one, other] = [randomBytes(10), randomBytes(20)];
      await device(STYLES[style]).put(`${style}/same.bin`, one);
      await device({ ...STYLES[style], bucket: OTHER_BUCKET }).put(`${style}/same.bin`, other);
      await uploadInParts(device({ ...STYLES[style], bucket: OTHER_BUCKET }), `${style}/parts of one.bin`, [other]);
      await assertStored(`${style}/same.bin`, one);
      await assertStored(`${style}/same.bin`, other, {}, OTHER_BUCKET);
      await assertStored(`${style}/parts of one.bin`, other, {}, OTHER_BUCKET);
    });

    test(`refuses a bucket that nobody configured, in ${style} style`, async () => {
      const client = device({ ...STYLES[style], bucket: 'nobodys-bucket' });
      await refusedAtEdge(() => client.put('key', Buffer.from('x')), [404, 'NoSuchBucket']);
      await refusedAtEdge(() => client.initMultipartUpload('key'), [404, 'NoSuchBucket']);
    });
  }

  test('refuses a signature over another bucket than the one that the host stands for', async () => {
    const client = device({ bucket: OTHER_BUCKET });
    await refusedAtEdge(() => client.put('key', Buffer.from('x')), [403, 'SignatureDoesNotMatch']);
  });

  test('refuses what ali-oss sends to an IP address: the Host of Alibaba\'s own endpoint', async () => {
    const client = device({ host: '127.0.0.1' });
    await refusedAtEdge(() => client.put('key', Buffer.from('x')), [403, 'AccessDenied']);
  });
});

describe('keys', () => {
  for (const { what, key } of KEYS) {
    test(`keeps ${what} in a key`, async () => {
      const [put, part] = [randomBytes(100), randomBytes(200)];
      await device().put(key, put);
      await assertStored(key, put);
      await uploadInParts(device(), key, [part]);
      await assertStored(key, part);
      await device(STYLES.path).put(key, put);
      await assertStored(key, put);
    });
  }

  for (const [what, key] of [
    ['one-byte characters', 'k'.repeat(1023)],
    ['three-byte characters', '键'.repeat(341)],
  ]) {
    test(`takes a key of 1,023 bytes in ${what}, and no longer one`, async () => {
      const [put, part] = [randomBytes(100), randomBytes(200)];
      assert.equal(Buffer.byteLength(key), 1023);
      await device().put(key, put);
      await assertStored(key, put);
      await uploadInParts(device(), key, [part]);
      await assertStored(key, part);
      await refusedAtEdge(() => device().put(`${key}k`, put), [400, 'InvalidObjectName']);
      await refusedAtEdge(() => device().initMultipartUpload(`${key}k`), [400, 'InvalidObjectName']);
    });
  }

  test('has no slash at the beginning of a key: ali-oss takes it away', async () => {
    const body = randomBytes(10);
    await device().put('/leading/slash', body);
    await assertStored('leading/slash', body);
    assert.equal(await stored.get('/leading/slash'), null);
  });

  test('refuses a key that signs like a sub-resource', async () => {
    for (const key of ['a?uploads', 'a?partNumber=1&uploadId=b', 'a?b?uploadId=c']) {
      await refusedAtEdge(() => device().put(key, Buffer.from('x')), [400, 'InvalidObjectName']);
    }
  });
});

describe('what an object carries', () => {
  const META = { device: '7', 'firmware-version': '1.2.3', note: 'a = b; "c"' };
  const headers = () => ({
    'Cache-Control': 'max-age=60, private',
    'Content-Disposition': 'attachment; filename="log.txt"',
    'x-oss-storage-class': 'IA',
  });
  const CARRIED = {
    metadata: META,
    contentType: 'text/x-log; charset=utf-8',
    cacheControl: 'max-age=60, private',
    contentDisposition: 'attachment; filename="log.txt"',
    storageClass: 'STANDARD_IA',
  };

  test('puts metadata, headers and storage class', async () => {
    const body = randomBytes(100);
    await device().put('carried/put', body, { meta: META, mime: CARRIED.contentType, headers: headers() });
    await assertStored('carried/put', body, CARRIED);
  });

  test('uploads metadata, headers and storage class in parts', async () => {
    const body = randomBytes(6 * MIB);
    const options = { meta: META, mime: CARRIED.contentType, headers: headers(), partSize: 5 * MIB };
    await device().multipartUpload('carried/parts', body, options);
    await assertStored('carried/parts', body, CARRIED);
  });

  test('guesses nothing: the Content-Type is what ali-oss makes of the key', async () => {
    await device().put('carried/photo.jpg', Buffer.from('x'));
    await assertStored('carried/photo.jpg', Buffer.from('x'), { contentType: 'image/jpeg', metadata: {}, storageClass: undefined });
  });

  test('gives S3 metadata beyond ASCII as RFC 2047 writes it', async () => {
    // Only so does ali-oss send UTF-8; without it node refuses the header.
    const client = device({ headerEncoding: 'latin1' });
    const meta = { place: '深圳 7', mark: 'é' };
    const metadata = { place: '=?UTF-8?B?5rex5ZyzIDc=?=', mark: '=?UTF-8?B?w6k=?=' };
    await client.put('carried/地点', Buffer.from('x'), { meta });
    await assertStored('carried/地点', Buffer.from('x'), { metadata });
    await uploadInParts(client, 'carried/地点', [Buffer.from('xy')], { meta });
    await assertStored('carried/地点', Buffer.from('xy'), { metadata });
  });

  test('refuses metadata that S3 would not keep', async () => {
    const meta = { long: 'm'.repeat(2045) };
    await refusedAtEdge(() => device().put('carried/too-much', Buffer.from('x'), { meta }), [400, 'MetadataTooLarge']);
    await refusedAtEdge(() => device().initMultipartUpload('carried/too-much', { meta }), [400, 'MetadataTooLarge']);
    await device().put('carried/enough', Buffer.from('x'), { meta: { long: 'm'.repeat(2044) } });
    await assertStored('carried/enough', Buffer.from('x'), { metadata: { long: 'm'.repeat(2044) } });
  });

  test('refuses a storage class that OSS does not have', async () => {
    const options = { headers: { 'x-oss-storage-class': 'STANDARD_IA' } };
    await refusedAtEdge(() => device().put('carried/class', Buffer.from('x'), options), [400, 'InvalidArgument']);
  });

  test('refuses a callback, which S3 would not make', async () => {
    const callback = { url: 'http://example.com/callback', body: 'bucket=${bucket}', customValue: { a: 'b' } };
    await refusedAtEdge(() => device().put('carried/callback', Buffer.from('x'), { callback }), [400, 'NotImplemented']);
  });
});

describe('bodies', () => {
  const wrong = createHash('md5').update('another body').digest('base64');

  test('sends the Content-MD5 that ali-oss makes of a Buffer on to S3, which checks it', async () => {
    const body = randomBytes(1000);
    await device().put('md5/own', body);
    await assertStored('md5/own', body);
    const right = createHash('md5').update(body).digest('base64');
    await device().put('md5/right', body, { headers: { 'Content-MD5': right } });
    await assertStored('md5/right', body);
    await refused(() => device().put('md5/wrong', body, { headers: { 'Content-MD5': wrong } }), [400, 'BadDigest']);
  });

  test('leaves an object as it was when a Content-MD5 is wrong', async () => {
    const body = randomBytes(1000);
    await device().put('md5/kept', body);
    const options = { headers: { 'Content-MD5': wrong } };
    await refused(() => device().put('md5/kept', Buffer.from('new'), options), [400, 'BadDigest']);
    await assertStored('md5/kept', body);
  });

  test('has S3 check the Content-MD5 of a part', async () => {
    const client = device();
    const { uploadId } = await client.initMultipartUpload('md5/parts');
    const part = randomBytes(100);
    const send = (digest) => client.uploadPart('md5/parts', uploadId, 1, part, 0, part.length, { headers: { 'Content-MD5': digest } });
    await refused(() => send(wrong), [400, 'BadDigest']);
    const { etag } = await send(createHash('md5').update(part).digest('base64'));
    await client.completeMultipartUpload('md5/parts', uploadId, [{ number: 1, etag }]);
    await assertStored('md5/parts', part);
  });

  test('puts an empty object', async () => {
    await device().put('bodies/empty', Buffer.alloc(0));
    await assertStored('bodies/empty', Buffer.alloc(0));
  });

  test('puts a file and a stream of a known length', async () => {
    const body = randomBytes(300_000);
    const file = join(directory, 'a-file.bin');
    await writeFile(file, body);
    await device().put('bodies/file', file);
    await device().putStream('bodies/stream', Readable.from([body.subarray(0, 1000), body.subarray(1000)]), { contentLength: body.length });
    await device().multipartUpload('bodies/file-in-parts', file);
    await rm(file);
    for (const key of ['bodies/file', 'bodies/stream', 'bodies/file-in-parts']) await assertStored(key, body);
  });

  test('refuses a stream of unknown length, which S3 does not take', async () => {
    const call = () => device().putStream('bodies/chunked', Readable.from([randomBytes(100_000)]));
    await refusedAtEdge(call, [411, 'MissingContentLength']);
  });
});

describe('overwriting', () => {
  const forbidden = { headers: { 'x-oss-forbid-overwrite': 'true' } };

  test('overwrites an object, unless that is forbidden', async () => {
    const [first, second] = [randomBytes(100), randomBytes(200)];
    await device().put('overwrite/key', first, structuredClone(forbidden));
    await assertStored('overwrite/key', first);
    await refused(() => device().put('overwrite/key', second, structuredClone(forbidden)), [412, 'PreconditionFailed']);
    await assertStored('overwrite/key', first);
    await device().put('overwrite/key', second, { headers: { 'x-oss-forbid-overwrite': 'false' } });
    await assertStored('overwrite/key', second);
  });

  test('forbids it when an upload in parts is completed, not when one begins', async () => {
    const client = device();
    await client.put('overwrite/parts', Buffer.from('first'));
    await refusedAtEdge(() => client.initMultipartUpload('overwrite/parts', structuredClone(forbidden)), [400, 'NotImplemented']);
    const { uploadId } = await client.initMultipartUpload('overwrite/parts');
    const { etag } = await client.uploadPart('overwrite/parts', uploadId, 1, Buffer.from('second'), 0, 6);
    const complete = () => client.completeMultipartUpload('overwrite/parts', uploadId, [{ number: 1, etag }], structuredClone(forbidden));
    await refused(complete, [412, 'PreconditionFailed']);
    await assertStored('overwrite/parts', Buffer.from('first'));
  });
});

describe('who may upload', () => {
  const HOUR = 60 * 60 * 1000;
  const MINUTE = 60 * 1000;
  const calls = {
    PutObject: (client) => client.put('who/key', Buffer.from('x')),
    InitiateMultipartUpload: (client) => client.initMultipartUpload('who/key'),
    UploadPart: (client) => client.uploadPart('who/key', 'an-id', 1, Buffer.from('x'), 0, 1),
    CompleteMultipartUpload: (client) => client.completeMultipartUpload('who/key', 'an-id', [{ number: 1, etag: '"e"' }]),
    AbortMultipartUpload: (client) => client.abortMultipartUpload('who/key', 'an-id'),
  };

  for (const [operation, call] of Object.entries(calls)) {
    test(`refuses ${operation} with a wrong secret, an unknown key or a wrong clock`, async () => {
      const wrongSecret = device({ accessKeySecret: SECOND_KEY.accessKeySecret });
      await refusedAtEdge(() => call(wrongSecret), [403, 'SignatureDoesNotMatch']);
      await refusedAtEdge(() => call(device({ accessKeyId: 'LTAI5tNobodyKnowsThis' })), [403, 'InvalidAccessKeyId']);
      for (const hours of [-3, 3]) {
        await refusedAtEdge(() => call(device({ amendTimeSkewed: hours * HOUR })), [403, 'RequestTimeTooSkewed']);
      }
    });
  }

  test('takes a clock that is 4 of the 5 minutes off that are allowed, and none that is 6', async () => {
    for (const minutes of [-4, 4]) {
      const body = randomBytes(100);
      const client = device({ amendTimeSkewed: minutes * MINUTE });
      await client.put(`who/put at ${minutes}`, body);
      await uploadInParts(client, `who/parts at ${minutes}`, [body]);
      for (const how of ['put', 'parts']) await assertStored(`who/${how} at ${minutes}`, body);
    }
    for (const minutes of [-6, 6]) {
      const client = device({ amendTimeSkewed: minutes * MINUTE });
      await refusedAtEdge(() => client.put('who/late', Buffer.from('x')), [403, 'RequestTimeTooSkewed']);
    }
  });

  test('refuses signature version 4 and a security token', async () => {
    const v4 = device({ authorizationV4: true, region: 'oss-cn-hangzhou' });
    await refusedAtEdge(() => v4.put('who/v4', Buffer.from('x')), [400, 'InvalidArgument']);
    const token = device({ stsToken: 'a-token', refreshSTSToken: async () => ({ ...FIRST_KEY, stsToken: 'a-token' }) });
    await refusedAtEdge(() => token.put('who/token', Buffer.from('x')), [403, 'InvalidSecurityToken']);
  });

  test('takes either of two access keys at the same time', async () => {
    const [one, other] = [randomBytes(100), randomBytes(100)];
    await Promise.all([
      device(FIRST_KEY).put('who/first', one),
      device(SECOND_KEY).put('who/second', other),
      uploadInParts(device(SECOND_KEY), 'who/second in parts', [other]),
    ]);
    await assertStored('who/first', one);
    await assertStored('who/second', other);
    await assertStored('who/second in parts', other);
  });

  test('refuses an access key once the gateway is started without it, and not the other', async () => {
    const documents = (...accessKeys) => ({ config: CONFIG, accessKeys: { accessKeys } });
    const body = randomBytes(100);
    const old = await serve({ documents: documents(FIRST_KEY, SECOND_KEY), s3: server.s3 });
    try {
      await device({ ...FIRST_KEY, url: old.url }).put('who/before', body);
    } finally {
      await old.close();
    }
    const rotated = await serve({ documents: documents(SECOND_KEY), s3: server.s3 });
    try {
      const [first, second] = [FIRST_KEY, SECOND_KEY].map((key) => device({ ...key, url: rotated.url }));
      await refusedAtEdge(() => first.put('who/after', body), [403, 'InvalidAccessKeyId']);
      await refusedAtEdge(() => first.initMultipartUpload('who/after'), [403, 'InvalidAccessKeyId']);
      await second.put('who/after', body);
      await uploadInParts(second, 'who/after in parts', [body]);
    } finally {
      await rotated.close();
    }
    for (const key of ['who/before', 'who/after', 'who/after in parts']) await assertStored(key, body);
  });

  test('gives the device the request id that the operator finds in the log', async () => {
    const client = device({ accessKeySecret: 'wrong' });
    const error = await refusedAtEdge(() => client.put('who/logged', Buffer.from('x')), [403, 'SignatureDoesNotMatch']);
    assert.equal(error.hostId, `localhost:${new URL(server.url).port}`);
    const { operation, code, key, accessKeyId, status } = await lineOf(error.requestId);
    assert.deepEqual([operation, code, key, accessKeyId, status], ['PutObject', error.code, 'who/logged', FIRST_KEY.accessKeyId, 403]);
    assert.doesNotMatch(JSON.stringify(requests), /endToEndSecret/);
  });
});

describe('operations that are not served', () => {
  const NOT_ALLOWED = [405, 'MethodNotAllowed'];
  const body = Buffer.from('an object that stays as it is');

  before(() => device().put('stays', body));
  after(() => assertStored('stays', body));

  for (const [operation, call, expected = NOT_ALLOWED] of [
    ['GetObject', (client) => client.get('stays')],
    ['HeadObject, told by x-oss-err', (client) => client.head('stays')],
    ['GetObjectMeta, told by x-oss-err', (client) => client.getObjectMeta('stays')],
    ['DeleteObject', (client) => client.delete('stays')],
    ['DeleteMultipleObjects', (client) => client.deleteMulti(['stays'])],
    ['ListObjects', (client) => client.list()],
    ['ListObjectsV2', (client) => client.listV2({ prefix: 's' })],
    ['ListMultipartUploads', (client) => client.listUploads({ 'max-uploads': 10 })],
    ['ListParts', (client) => client.listParts('stays', 'an-id')],
    ['CopyObject', (client) => client.copy('copy', 'stays'), [400, 'NotImplemented']],
    ['CopyObject onto itself', (client) => client.putMeta('stays', { a: 'b' }), [400, 'NotImplemented']],
    ['UploadPartCopy', copyPart, [400, 'NotImplemented']],
    ['AppendObject', (client) => client.append('stays', Buffer.from('x'))],
    ['PutObjectACL', (client) => client.putACL('stays', 'public-read')],
    ['GetObjectACL', (client) => client.getACL('stays')],
    ['PutSymlink', (client) => client.putSymlink('symlink', 'stays')],
    ['GetSymlink', (client) => client.getSymlink('stays')],
    ['PutObjectTagging', (client) => client.putObjectTagging('stays', { a: 'b' })],
    ['RestoreObject', (client) => client.restore('stays')],
    ['AsyncFetch', (client) => client.postAsyncFetch('fetched', 'http://example.com/')],
    ['PutBucket', (client) => client.putBucket(BUCKET)],
    ['DeleteBucket', (client) => client.deleteBucket(BUCKET)],
    ['GetBucketInfo', (client) => client.getBucketInfo(BUCKET)],
    ['GetBucketLocation', (client) => client.getBucketLocation(BUCKET)],
    ['PutBucketACL', (client) => client.putBucketACL(BUCKET, 'public-read')],
    ['PutBucketLifecycle', (client) => client.putBucketLifecycle(BUCKET, [{ prefix: 'a', status: 'Enabled', expiration: { days: 1 } }])],
    ['ListBuckets', (client) => client.listBuckets()],
  ]) {
    test(`refuses ${operation}`, async () => {
      await refusedAtEdge(() => call(device()), expected);
    });
  }

  function copyPart(client) {
    return client.uploadPartCopy('copy', 'an-id', 1, '0-9', { sourceKey: 'stays', sourceBucketName: BUCKET });
  }

  test('refuses a URL signed for reading, and one signed for writing', async () => {
    for (const method of ['GET', 'PUT']) {
      const url = device({ host: 'localhost' }).signatureUrl('stays', { method });
      const beforehand = await stored.everything();
      const answer = await fetch(url, { method, body: method === 'PUT' ? 'x' : undefined });
      assert.match(await answer.text(), method === 'GET' ? /<Code>MethodNotAllowed</ : /<Code>InvalidArgument</);
      assert.equal(answer.status, method === 'GET' ? 405 : 400);
      assert.deepEqual(await stored.everything(), beforehand);
    }
  });
});

describe('uploads in parts that S3 refuses', () => {
  test('tells of an upload that S3 does not know', async () => {
    const client = device();
    await refused(() => client.uploadPart('parts/none', 'no-such-id', 1, Buffer.from('x'), 0, 1), [404, 'NoSuchUpload']);
    await refused(() => client.completeMultipartUpload('parts/none', 'no-such-id', [{ number: 1, etag: '"e"' }]), [404, 'NoSuchUpload']);
    await refused(() => client.abortMultipartUpload('parts/none', 'no-such-id'), [404, 'NoSuchUpload']);
  });

  test('has ali-oss give up an upload that it resumes and S3 no longer knows', async () => {
    const file = randomBytes(200_000);
    const checkpoint = { file, name: 'parts/resumed', fileSize: file.length, partSize: file.length, uploadId: 'no-such-id', doneParts: [] };
    const beforehand = await stored.everything();
    const error = await device().multipartUpload('parts/resumed', file, { checkpoint }).catch((thrown) => thrown);
    assert.equal(error.name, 'abort');
    assert.deepEqual(await stored.everything(), beforehand);
  });

  test('resumes an upload after its first part', async () => {
    const client = device();
    const file = randomBytes(6 * MIB);
    const { uploadId } = await client.initMultipartUpload('parts/two');
    const { etag } = await client.uploadPart('parts/two', uploadId, 1, file, 0, 5 * MIB);
    const doneParts = [{ number: 1, etag }];
    const checkpoint = { file, name: 'parts/two', fileSize: file.length, partSize: 5 * MIB, uploadId, doneParts };
    await client.multipartUpload('parts/two', file, { checkpoint });
    await assertStored('parts/two', file);
  });

  test('tells of parts below 5 MiB when the upload is completed: the default part size of ali-oss', async () => {
    const client = device();
    let uploadId;
    const progress = (_done, checkpoint) => void (uploadId = checkpoint?.uploadId ?? uploadId);
    const error = await client.multipartUpload('parts/small', randomBytes(2 * MIB + 1), { progress }).catch((thrown) => thrown);
    assert.deepEqual([error.status, error.code, error.name], [400, 'EntityTooSmall', 'EntityTooSmallError']);
    assert.equal(await stored.get('parts/small'), null);
    await client.abortMultipartUpload('parts/small', uploadId);
    assert.equal(await stored.get('parts/small'), null);
  });

  test('tells of a part that was never sent, and of a part number that cannot be', async () => {
    const client = device();
    const { uploadId } = await client.initMultipartUpload('parts/missing');
    const listed = [{ number: 1, etag: '"0123456789abcdef0123456789abcdef"' }];
    await refused(() => client.completeMultipartUpload('parts/missing', uploadId, listed), [400, 'InvalidPart']);
    for (const number of [0, 10_001]) {
      const send = () => client.uploadPart('parts/missing', uploadId, number, Buffer.from('x'), 0, 1);
      await refusedAtEdge(send, [400, 'InvalidArgument']);
    }
  });
});
