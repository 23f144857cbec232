// ali-oss uploads through the gateway; what arrived is read from S3.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, mock, test } from 'node:test';

import OSS from 'ali-oss';

import { serve } from '../../cli/serve.mjs';
import { ACCESS_KEYS, BUCKET, CONFIG, FIRST_KEY, IS_ENTRANCE, OTHER_BUCKET, SECOND_KEY, STS_KEY, localAgent, record, sha256, startGateway } from './fixture.mjs';

const MIB = 1024 * 1024;
const KEYS = JSON.parse(await readFile(new URL('keys.json', import.meta.url), 'utf8'));
const REQUEST_ID = /^[0-9A-F]{24}$/;

const agent = localAgent();

/** What ali-oss calls itself. */
const USER_AGENT = `aliyun-sdk-nodejs/${JSON.parse(await readFile(new URL('../../node_modules/ali-oss/package.json', import.meta.url), 'utf8')).version}`;

/** Settings of a device for each addressing style. */
const STYLES = {
  cname: { host: 'localhost', cname: true },
  'virtual-hosted': { host: 'oss.test' },
  path: { host: 'path.test', sldEnable: true },
};

/** Has a device sign by version 4. */
const V4 = { authorizationV4: true, region: 'oss-cn-hangzhou' };

let requests;
let logged;
let directory;
let server;
let stored;
let close;
let loggingFunctions;

before(async () => {
  ({ requests, logged, directory, server, stored, close, loggingFunctions } = await startGateway());
});

after(async () => {
  agent.destroy();
  await close();
  const decider = CONFIG.triggers ?? 'viewer-request';
  const behindEdge = ['CompleteMultipartUpload', 'ListParts', 'authorizer', 'origin-response', decider];
  const checked = IS_ENTRANCE ? ['relay'] : behindEdge;
  assert.deepEqual(loggingFunctions(), checked.sort(), 'whose lines were checked');
  await record('aliyun-sdk-nodejs', requests);
  const log = JSON.stringify(requests);
  for (const key of ACCESS_KEYS.accessKeys) assert.ok(!log.includes(key.accessKeySecret), 'no secret is logged');
  assert.ok(!log.includes(STS_KEY.securityToken), 'no security token is logged');
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

/** What a URL that was signed is answered, sent as any HTTP client does that knows nothing of OSS. */
async function send(method, url, body = '', headers = {}) {
  const request = http.request(url, { method, agent, headers: { 'User-Agent': USER_AGENT, 'Content-Length': Buffer.byteLength(body), ...headers } });
  request.end(body);
  const [answer] = await once(request, 'response');
  const chunks = await answer.toArray();
  return { status: answer.statusCode, headers: answer.headers, text: Buffer.concat(chunks).toString() };
}

/** A signed URL that the gateway refuses, in OSS's form, and S3 stays as it was. */
async function refusedUrl(method, url, [status, code, message], headers = {}) {
  const beforehand = await stored.everything();
  const answer = await send(method, url, method === 'GET' ? '' : 'refused', headers);
  assert.deepEqual([answer.status, /<Code>(.*?)<\/Code>/.exec(answer.text)?.[1]], [status, code], answer.text);
  if (message) assert.ok(answer.text.includes(`<Message>${message}</Message>`), answer.text);
  assert.match(answer.headers['x-oss-request-id'], REQUEST_ID);
  assert.deepEqual(await stored.everything(), beforehand);
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

  test('keeps names of metadata with every character that a header may have', async () => {
    const meta = { file_name: '1', 'v1.2~x': '2', "!#$%&'*+^`|": '3' };
    await device().put('carried/names', Buffer.from('x'), { meta });
    await assertStored('carried/names', Buffer.from('x'), { metadata: meta });
    await uploadInParts(device(V4), 'carried/names', [Buffer.from('xy')], { meta });
    await assertStored('carried/names', Buffer.from('xy'), { metadata: meta });
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
    await refused(() => device().put('md5/wrong', body, { headers: { 'Content-MD5': wrong } }), [400, 'InvalidDigest']);
  });

  test('leaves an object as it was when a Content-MD5 is wrong', async () => {
    const body = randomBytes(1000);
    await device().put('md5/kept', body);
    const options = { headers: { 'Content-MD5': wrong } };
    await refused(() => device().put('md5/kept', Buffer.from('new'), options), [400, 'InvalidDigest']);
    await assertStored('md5/kept', body);
  });

  test('has S3 check the Content-MD5 of a part', async () => {
    const client = device();
    const { uploadId } = await client.initMultipartUpload('md5/parts');
    const part = randomBytes(100);
    const send = (digest) => client.uploadPart('md5/parts', uploadId, 1, part, 0, part.length, { headers: { 'Content-MD5': digest } });
    await refused(() => send(wrong), [400, 'InvalidDigest']);
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

describe('uploads in parts that broke off', () => {
  test('resume from a checkpoint of multipartUpload', async () => {
    const body = randomBytes(16 * MIB);
    const file = join(directory, 'resumed.bin');
    await writeFile(file, body);
    let checkpoint;
    const breaksOff = (percentage, at) => {
      checkpoint = structuredClone({ ...at });
      if (percentage >= 0.4) throw new Error('the network is gone');
    };
    const options = { partSize: 5 * MIB, parallel: 1 };
    await assert.rejects(device().multipartUpload('resumed/key', file, { ...options, progress: breaksOff }), /network/);
    assert.equal(checkpoint.doneParts.length, 2);
    await device().multipartUpload('resumed/key', file, { ...options, checkpoint });
    await assertStored('resumed/key', body);
    await rm(file);
  });

  for (const [version, options] of [
    [1, {}],
    [4, V4],
  ]) {
    test(`list their parts page by page, signed by version ${version}`, async () => {
      const client = device(options);
      const key = 'resumed/<listed> & 日';
      const { uploadId } = await client.initMultipartUpload(key);
      const etags = [];
      for (const number of [1, 2, 3]) etags.push((await client.uploadPart(key, uploadId, number, Buffer.alloc(number), 0, number)).etag);
      const first = await client.listParts(key, uploadId, { 'max-parts': 2 });
      assert.deepEqual([first.bucket, first.name, first.uploadId, first.isTruncated], [BUCKET, key, uploadId, 'true']);
      const second = await client.listParts(key, uploadId, { 'part-number-marker': first.nextPartNumberMarker });
      assert.equal(second.isTruncated, 'false');
      const parts = [first.parts, second.parts].flat().map(({ PartNumber, ETag, Size }) => [PartNumber, ETag, Size]);
      assert.deepEqual(parts, etags.map((etag, index) => [`${index + 1}`, etag, `${index + 1}`]));
      await client.abortMultipartUpload(key, uploadId);
      await refused(() => client.listParts(key, uploadId), [404, 'NoSuchUpload']);
    });
  }
});

describe('overwriting', () => {
  const forbidden = { headers: { 'x-oss-forbid-overwrite': 'true' } };

  const needsRelay = CONFIG.triggers === 'origin-request' && 'an object that forbids it needs a relay then: one-function.test.mjs';
  test('overwrites an object, unless that is forbidden', { skip: needsRelay }, async () => {
    const [first, second] = [randomBytes(100), randomBytes(200)];
    await device().put('overwrite/key', first, structuredClone(forbidden));
    await assertStored('overwrite/key', first);
    await refused(() => device().put('overwrite/key', second, structuredClone(forbidden)), [409, 'FileAlreadyExists']);
    await assertStored('overwrite/key', first);
    await device().put('overwrite/key', second, { headers: { 'x-oss-forbid-overwrite': 'false' } });
    await assertStored('overwrite/key', second);
  });

  test('forbids it when an upload in parts is completed, whichever of its two ends asks for it', async () => {
    const client = device();
    await client.put('overwrite/parts', Buffer.from('first'));
    for (const [atInit, atComplete] of [
      [forbidden, {}],
      [{}, forbidden],
      [forbidden, forbidden],
    ]) {
      const { uploadId } = await client.initMultipartUpload('overwrite/parts', structuredClone(atInit));
      const { etag } = await client.uploadPart('overwrite/parts', uploadId, 1, Buffer.from('second'), 0, 6);
      const complete = () => client.completeMultipartUpload('overwrite/parts', uploadId, [{ number: 1, etag }], structuredClone(atComplete));
      await refused(complete, [409, 'FileAlreadyExists']);
      await assertStored('overwrite/parts', Buffer.from('first'));
      await client.abortMultipartUpload('overwrite/parts', uploadId);
    }
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

  test('refuses a URL signed for reading', async () => {
    const urls = [device().signatureUrl('stays', { method: 'GET' }), await device(V4).signatureUrlV4('GET', 60, {}, 'stays')];
    for (const url of urls) await refusedUrl('GET', url, [405, 'MethodNotAllowed']);
  });
});

describe('uploads in parts that S3 refuses', () => {
  /** What goes on with an upload, each refused as OSS refuses it. Gives the ids of the requests. */
  async function refusedEach(client, key, uploadId) {
    const requestIds = [];
    for (const call of [
      () => client.uploadPart(key, uploadId, 1, Buffer.from('x'), 0, 1),
      () => client.listParts(key, uploadId),
      () => client.completeMultipartUpload(key, uploadId, [{ number: 1, etag: `"${'e'.repeat(32)}"` }]),
      () => client.abortMultipartUpload(key, uploadId),
    ]) {
      requestIds.push((await refused(call, [404, 'NoSuchUpload'])).requestId);
    }
    return requestIds;
  }

  test('tells of an upload that S3 does not know', async () => {
    const client = device();
    const { uploadId } = await client.initMultipartUpload('parts/none');
    await client.abortMultipartUpload('parts/none', uploadId);
    await refusedEach(client, 'parts/none', uploadId);
  });

  test('goes on with no upload by another id than the one that was given, for no other object, and asks no origin', async () => {
    const client = device();
    const body = randomBytes(1000);
    await client.put('parts/kept', body);
    const { uploadId } = await client.initMultipartUpload('parts/kept', { headers: { 'x-oss-forbid-overwrite': 'true' } });
    assert.match(uploadId, /^s1\.1\.\d{6}\.f\.[\w-]{22}\.[\w.-]+$/);
    assert.ok(uploadId.length < 256);
    const part = Buffer.from('another');
    const { etag } = await client.uploadPart('parts/kept', uploadId, 1, part, 0, part.length);
    const s3UploadId = uploadId.split('.').slice(5).join('.');
    const { uploadId: other } = await client.initMultipartUpload('parts/other');
    const requestIds = [];
    for (const id of [
      s3UploadId,
      `${s3UploadId}~forbid-overwrite`,
      uploadId.replace('.f.', '.-.'),
      uploadId.replace(/^s1\.1\./, 's1.2.'),
      [...other.split('.').slice(0, 5), s3UploadId].join('.'),
      `${uploadId}1`,
      other,
    ]) {
      requestIds.push(...(await refusedEach(client, 'parts/kept', id)));
    }
    requestIds.push(...(await refusedEach(client, 'parts/stolen', uploadId)));
    requestIds.push(...(await refusedEach(device({ ...STYLES.path, bucket: OTHER_BUCKET }), 'parts/kept', uploadId)));
    for (const requestId of requestIds) assert.equal((await lineOf(requestId)).origin, null);
    await refused(() => client.completeMultipartUpload('parts/kept', uploadId, [{ number: 1, etag }]), [409, 'FileAlreadyExists']);
    await assertStored('parts/kept', body);
    for (const [key, id] of [['parts/kept', uploadId], ['parts/other', other]]) await client.abortMultipartUpload(key, id);
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

describe('signature version 4 in the header', () => {
  const v4 = (options = {}) => device({ ...V4, ...options });
  const MINUTE = 60 * 1000;

  for (const [style, options] of Object.entries(STYLES)) {
    test(`puts, uploads in parts and aborts in ${style} style`, async () => {
      const [put, parts] = [randomBytes(1000), randomBytes(11 * MIB)];
      const client = v4(options);
      await client.put(`v4/${style}/put.bin`, put);
      await assertStored(`v4/${style}/put.bin`, put);
      await client.multipartUpload(`v4/${style}/parts.bin`, parts, { partSize: 5 * MIB, parallel: 2 });
      await assertStored(`v4/${style}/parts.bin`, parts);
      const beforehand = await stored.everything();
      const { uploadId } = await client.initMultipartUpload(`v4/${style}/aborted.bin`);
      await client.uploadPart(`v4/${style}/aborted.bin`, uploadId, 1, Buffer.from('part'), 0, 4);
      assert.notDeepEqual(await stored.everything(), beforehand);
      assert.equal((await client.abortMultipartUpload(`v4/${style}/aborted.bin`, uploadId)).res.status, 204);
      assert.deepEqual(await stored.everything(), beforehand);
    });
  }

  for (const { what, key } of KEYS) {
    test(`keeps ${what} in a key`, async () => {
      for (const options of Object.values(STYLES)) {
        const [put, part] = [randomBytes(100), randomBytes(200)];
        await v4(options).put(key, put);
        await assertStored(key, put);
        await uploadInParts(v4(options), key, [part]);
        await assertStored(key, part);
      }
    });
  }

  test('takes a key that would sign like a sub-resource in version 1', async () => {
    const body = randomBytes(100);
    await v4().put('a?partNumber=1&uploadId=b', body);
    await assertStored('a?partNumber=1&uploadId=b', body);
  });

  test('carries metadata, headers and storage class', async () => {
    const meta = { device: '7', note: 'a = b; "c"' };
    const headers = () => ({ 'Cache-Control': 'max-age=60, private', 'x-oss-storage-class': 'IA' });
    const carried = { metadata: meta, contentType: 'text/x-log', cacheControl: 'max-age=60, private', storageClass: 'STANDARD_IA' };
    const body = randomBytes(100);
    await v4().put('v4/carried', body, { meta, mime: 'text/x-log', headers: headers() });
    await assertStored('v4/carried', body, carried);
    const parts = randomBytes(6 * MIB);
    await v4().multipartUpload('v4/carried', parts, { meta, mime: 'text/x-log', headers: headers(), partSize: 5 * MIB });
    await assertStored('v4/carried', parts, carried);
  });

  test('carries metadata beyond ASCII', async () => {
    const client = v4({ headerEncoding: 'latin1' });
    const meta = { place: '深圳 7' };
    const metadata = { place: '=?UTF-8?B?5rex5ZyzIDc=?=' };
    await client.put('v4/地点', Buffer.from('x'), { meta });
    await assertStored('v4/地点', Buffer.from('x'), { metadata });
    await uploadInParts(client, 'v4/地点', [Buffer.from('xy')], { meta });
    await assertStored('v4/地点', Buffer.from('xy'), { metadata });
  });

  for (const [style, options] of Object.entries(STYLES)) {
    test(`takes signed additional headers, and host among them, in ${style} style`, async () => {
      const { host } = new URL(device(options).signatureUrl('key'));
      const signing = () => ({ additionalHeaders: ['Host', 'User-Agent', 'X-Of-The-Device'], headers: { host, 'X-Of-The-Device': '7' } });
      const [put, part] = [randomBytes(100), randomBytes(200)];
      await v4(options).put(`v4/additional/${style}`, put, { ...signing(), meta: { a: 'b' } });
      await assertStored(`v4/additional/${style}`, put, { metadata: { a: 'b' } });
      const client = v4(options);
      const { uploadId } = await client.initMultipartUpload(`v4/additional/${style}`, { ...signing(), meta: { c: 'd' } });
      const { etag } = await client.uploadPart(`v4/additional/${style}`, uploadId, 1, part, 0, part.length, signing());
      await client.completeMultipartUpload(`v4/additional/${style}`, uploadId, [{ number: 1, etag }], signing());
      await assertStored(`v4/additional/${style}`, part, { metadata: { c: 'd' } });
      const wrong = { ...options, accessKeySecret: 'wrong' };
      await refusedAtEdge(() => v4(wrong).initMultipartUpload('v4/additional', signing()), [403, 'SignatureDoesNotMatch']);
    });
  }

  for (const [operation, call] of Object.entries({
    PutObject: (client) => client.put('v4/key', Buffer.from('x')),
    InitiateMultipartUpload: (client) => client.initMultipartUpload('v4/key'),
    UploadPart: (client) => client.uploadPart('v4/key', 'an-id', 1, Buffer.from('x'), 0, 1),
    CompleteMultipartUpload: (client) => client.completeMultipartUpload('v4/key', 'an-id', [{ number: 1, etag: '"e"' }]),
    AbortMultipartUpload: (client) => client.abortMultipartUpload('v4/key', 'an-id'),
  })) {
    test(`refuses ${operation} with a wrong secret, an unknown key or a wrong clock`, async () => {
      await refusedAtEdge(() => call(v4({ accessKeySecret: SECOND_KEY.accessKeySecret })), [403, 'SignatureDoesNotMatch']);
      await refusedAtEdge(() => call(v4({ accessKeyId: 'LTAI5tNobodyKnowsThis' })), [403, 'InvalidAccessKeyId']);
      for (const minutes of [-24 * 60, -6, 6, 24 * 60]) {
        await refusedAtEdge(() => call(v4({ amendTimeSkewed: minutes * MINUTE })), [403, 'RequestTimeTooSkewed']);
      }
    });
  }

  test('takes a clock that is 4 of the 5 minutes off that are allowed', async () => {
    for (const minutes of [-4, 4]) {
      const body = randomBytes(100);
      await v4({ amendTimeSkewed: minutes * MINUTE }).put(`v4/at ${minutes}`, body);
      await assertStored(`v4/at ${minutes}`, body);
    }
  });

  test('takes any region that nobody configured, and only those that are configured', async () => {
    await v4({ region: 'oss-eu-central-1' }).put('v4/region', Buffer.from('x'));
    await assertStored('v4/region', Buffer.from('x'));
    const documents = { config: { ...CONFIG, signatureRegions: ['cn-hangzhou'] }, accessKeys: ACCESS_KEYS };
    const choosy = await serve({ documents, s3: server.s3 });
    try {
      await v4({ url: choosy.url }).put('v4/region', Buffer.from('xy'));
      await assertStored('v4/region', Buffer.from('xy'));
      const error = await refused(() => v4({ url: choosy.url, region: 'oss-eu-central-1' }).put('v4/region', Buffer.from('x')), [400, 'InvalidArgument']);
      assert.match(error.ecCode, /^\d{4}-\d{8}$/);
    } finally {
      await choosy.close();
    }
  });

  test('is refused where only other schemes are configured', async () => {
    const documents = { config: { ...CONFIG, signatureSchemes: ['v1-header', 'v4-url'] }, accessKeys: ACCESS_KEYS };
    const choosy = await serve({ documents, s3: server.s3 });
    try {
      await refusedAtEdge(() => v4({ url: choosy.url }).put('v4/scheme', Buffer.from('x')), [400, 'InvalidArgument']);
      await refusedUrl('PUT', device({ url: choosy.url }).signatureUrl('v4/scheme', { method: 'PUT' }), [403, 'AccessDenied']);
      await device({ url: choosy.url }).put('v4/scheme', Buffer.from('1'));
      await assertStored('v4/scheme', Buffer.from('1'));
      const url = await v4({ url: choosy.url }).signatureUrlV4('PUT', 60, {}, 'v4/scheme');
      assert.equal((await send('PUT', url, '4')).status, 200);
      await assertStored('v4/scheme', Buffer.from('4'));
    } finally {
      await choosy.close();
    }
  });
});

/** How each version signs a URL; `seconds` may be in the past. */
const URLS = {
  1: (key, { method = 'PUT', seconds = 60, headers = {}, queries = {}, ...options } = {}) =>
    device(options).signatureUrl(key, { method, expires: seconds, subResource: { ...queries }, ...headers }),
  4: async (key, { method = 'PUT', seconds = 60, headers = {}, queries = {}, additional, ...options } = {}) => {
    // A URL of version 4 tells when it was signed: one that expired was signed before it did.
    if (seconds < 0) mock.timers.enable({ apis: ['Date'], now: Date.now() + (seconds - 60) * 1000 });
    try {
      return await device({ ...V4, ...options }).signatureUrlV4(method, Math.max(seconds, 60), { headers, queries }, key, additional);
    } finally {
      mock.timers.reset();
    }
  },
};

for (const [version, sign] of Object.entries(URLS)) {
  describe(`a URL signed by version ${version}`, () => {
    for (const [style, options] of Object.entries(STYLES)) {
      test(`puts an object in ${style} style`, async () => {
        const body = randomBytes(1000);
        const { status, headers } = await send('PUT', await sign(`url${version}/${style}/put.bin`, options), body);
        assert.deepEqual([status, headers.etag], [200, `"${createHash('md5').update(body).digest('hex')}"`]);
        await assertStored(`url${version}/${style}/put.bin`, body);
      });
    }

    for (const { what, key } of KEYS) {
      test(`keeps ${what} in a key`, async () => {
        for (const options of Object.values(STYLES)) {
          const body = randomBytes(100);
          const answer = await send('PUT', await sign(key, options), body);
          assert.equal(answer.status, 200, answer.text);
          await assertStored(key, body);
        }
      });
    }

    test('carries the headers that were signed, and no others', async () => {
      const signed = { 'Content-Type': 'text/x-log', 'x-oss-meta-device': '7' };
      const url = await sign(`url${version}/headers`, { headers: signed });
      assert.equal((await send('PUT', url, 'x', signed)).status, 200);
      await assertStored(`url${version}/headers`, Buffer.from('x'), { contentType: 'text/x-log', metadata: { device: '7' } });
      for (const headers of [
        { ...signed, 'Content-Type': 'text/html' },
        { ...signed, 'x-oss-meta-device': '8' },
        { ...signed, 'x-oss-meta-another': '7' },
        { 'Content-Type': 'text/x-log' },
        { 'x-oss-meta-device': '7' },
      ]) {
        await refusedUrl('PUT', url, [403, 'SignatureDoesNotMatch'], headers);
      }
    });

    test('has S3 check a Content-MD5 that was signed', async () => {
      const digest = createHash('md5').update('x').digest('base64');
      const url = await sign(`url${version}/md5`, { headers: { 'Content-MD5': digest } });
      assert.equal((await send('PUT', url, 'x', { 'Content-MD5': digest })).status, 200);
      await assertStored(`url${version}/md5`, Buffer.from('x'));
      const beforehand = await stored.everything();
      assert.match((await send('PUT', url, 'y', { 'Content-MD5': digest })).text, /<Code>InvalidDigest</);
      assert.deepEqual(await stored.everything(), beforehand);
    });

    test('is for one method, one key, one bucket and one secret', async () => {
      const mismatch = [403, 'SignatureDoesNotMatch'];
      await refusedUrl('PUT', await sign(`url${version}/key`, { method: 'GET' }), mismatch);
      await refusedUrl('POST', await sign(`url${version}/key`, { queries: { uploadId: 'an-id' } }), mismatch);
      await refusedUrl('GET', await sign(`url${version}/key`), [405, 'MethodNotAllowed']);
      const url = await sign(`url${version}/key`);
      await refusedUrl('PUT', url.replace('/key', '/other'), mismatch);
      await refusedUrl('PUT', `${url}&partNumber=1&uploadId=an-id`, mismatch);
      await refusedUrl('PUT', await sign(`url${version}/key`, { bucket: OTHER_BUCKET }), mismatch);
      await refusedUrl('PUT', await sign(`url${version}/key`, { accessKeySecret: 'wrong' }), mismatch);
      await refusedUrl('PUT', await sign(`url${version}/key`, { accessKeyId: 'LTAI5tNobodyKnowsThis' }), [403, 'InvalidAccessKeyId']);
    });

    test('ends when it says, and may not end too late', async () => {
      for (const seconds of [-1, -3600, -30 * 86_400]) {
        await refusedUrl('PUT', await sign(`url${version}/time`, { seconds }), [403, 'AccessDenied', 'Request has expired.']);
      }
      const later = new URL(await sign(`url${version}/time`));
      const name = version === '1' ? 'Expires' : 'x-oss-expires';
      later.searchParams.set(name, String(Number(later.searchParams.get(name)) + 60));
      await refusedUrl('PUT', String(later), [403, 'SignatureDoesNotMatch']);
      await refusedUrl('PUT', await sign(`url${version}/time`, { seconds: 86_400 + 60 }), [400, 'InvalidArgument']);
      assert.equal((await send('PUT', await sign(`url${version}/time`, { seconds: 86_400 - 60 }), 'x')).status, 200);
      await assertStored(`url${version}/time`, Buffer.from('x'));
    });

    test('is refused beside a signature in the header, and beside one of the other version', async () => {
      const url = await sign(`url${version}/two`);
      for (const authorization of [`OSS ${FIRST_KEY.accessKeyId}:c2ln`, 'OSS4-HMAC-SHA256 Credential=a', '']) {
        await refusedUrl('PUT', url, [400, 'InvalidArgument'], { authorization });
      }
      const other = await URLS[version === '1' ? 4 : 1](`url${version}/two`);
      await refusedUrl('PUT', `${url}&${new URL(other).search.slice(1)}`, [400, 'InvalidArgument']);
    });

    test('begins an upload, sends its parts, lists them, completes it, and aborts another', async () => {
      const key = `url${version}/日 parts`;
      const begin = async () => {
        const { text } = await send('POST', await sign(key, { method: 'POST', queries: { uploads: null } }));
        return /<UploadId>(.*?)<\/UploadId>/.exec(text)?.[1] ?? assert.fail(text);
      };
      const part = randomBytes(200);
      const sendPart = async (uploadId) => send('PUT', await sign(key, { queries: { partNumber: '1', uploadId } }), part);
      const uploadId = await begin();
      const { headers } = await sendPart(uploadId);
      const listed = await send('GET', await sign(key, { method: 'GET', queries: { uploadId } }));
      assert.match(listed.text, /<PartNumber>1<\/PartNumber>[^]*<Size>200<\/Size>/);
      const list = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${headers.etag}</ETag></Part></CompleteMultipartUpload>`;
      const completed = await send('POST', await sign(key, { method: 'POST', queries: { uploadId } }), list);
      assert.equal(completed.status, 200, completed.text);
      await assertStored(key, part);
      const beforehand = await stored.everything();
      const aborted = await begin();
      assert.equal((await sendPart(aborted)).status, 200);
      const answer = await send('DELETE', await sign(key, { method: 'DELETE', queries: { uploadId: aborted } }));
      assert.equal(answer.status, 204, answer.text);
      assert.deepEqual(await stored.everything(), beforehand);
    });
  });
}

test('a URL signed by version 4 binds the additional headers that were signed', async () => {
  const signed = { host: `localhost:${new URL(server.url).port}`, 'x-of-the-device': '7' };
  const url = await URLS[4]('url4/additional', { headers: signed, additional: ['Host', 'X-Of-The-Device'] });
  assert.equal((await send('PUT', url, 'x', signed)).status, 200);
  await assertStored('url4/additional', Buffer.from('x'));
  await refusedUrl('PUT', url, [403, 'SignatureDoesNotMatch'], { 'x-of-the-device': '8' });
  const elsewhere = url.replace('//localhost', `//${BUCKET}.oss.test`);
  await refusedUrl('PUT', elsewhere, [403, 'SignatureDoesNotMatch'], { 'x-of-the-device': '7' });
  await refusedUrl('PUT', url, [403, 'SignatureDoesNotMatch']);
});

test('no URL signed by version 4 is valid for more than seven days, whatever is configured', async () => {
  const documents = { config: { ...CONFIG, maxUrlExpirySeconds: 30 * 86_400 }, accessKeys: ACCESS_KEYS };
  const patient = await serve({ documents, s3: server.s3 });
  try {
    const { url } = patient;
    await refusedUrl('PUT', await URLS[4]('url/week', { url, seconds: 7 * 86_400 + 1 }), [400, 'InvalidArgument']);
    for (const [version, days] of [[4, 7], [1, 29]]) {
      assert.equal((await send('PUT', await URLS[version]('url/week', { url, seconds: days * 86_400 }), `${version}`)).status, 200);
      await assertStored('url/week', Buffer.from(`${version}`));
    }
  } finally {
    await patient.close();
  }
});

describe('security tokens', () => {
  const { securityToken: stsToken, ...key } = STS_KEY;
  const REFUSED = [403, 'InvalidSecurityToken'];
  const sts = (options) => ({ ...key, stsToken, refreshSTSToken: async () => ({ ...key, stsToken }), ...options });
  const WRONG = {
    'a wrong token': sts({ stsToken: `${stsToken}x` }),
    'a token that is cut off': sts({ stsToken: stsToken.slice(0, -1) }),
    'no token': key,
    'a token on a key that has none': { ...FIRST_KEY, stsToken, refreshSTSToken: async () => ({ ...FIRST_KEY, stsToken }) },
    'a token on a key that has none, once more': { ...SECOND_KEY, stsToken: 'any', refreshSTSToken: async () => ({ ...SECOND_KEY, stsToken: 'any' }) },
  };

  for (const [version, options] of [['1', {}], ['4', V4]]) {
    test(`takes the key's token in the header by version ${version}`, async () => {
      for (const style of Object.values(STYLES)) {
        const [put, part] = [randomBytes(100), randomBytes(200)];
        const client = device({ ...sts(options), ...style });
        await client.put(`sts${version}/put`, put);
        await assertStored(`sts${version}/put`, put);
        await uploadInParts(client, `sts${version}/put`, [part]);
        await assertStored(`sts${version}/put`, part);
      }
    });

    test(`takes the key's token in a URL by version ${version}`, async () => {
      for (const style of Object.values(STYLES)) {
        const body = randomBytes(100);
        const answer = await send('PUT', await URLS[version](`sts${version}/url`, { ...sts(), ...style }), body);
        assert.equal(answer.status, 200, answer.text);
        await assertStored(`sts${version}/url`, body);
      }
    });

    for (const [what, credentials] of Object.entries(WRONG)) {
      test(`refuses ${what} by version ${version}`, async () => {
        const client = () => device({ ...options, ...credentials });
        await refusedAtEdge(() => client().put('sts/key', Buffer.from('x')), REFUSED);
        await refusedAtEdge(() => client().initMultipartUpload('sts/key'), REFUSED);
        await refusedAtEdge(() => client().abortMultipartUpload('sts/key', 'an-id'), REFUSED);
        await refusedUrl('PUT', await URLS[version]('sts/key', credentials), REFUSED);
      });
    }

    test(`refuses a token that is put into a URL of version ${version} or exchanged there after it was signed`, async () => {
      const name = version === '1' ? 'security-token' : 'x-oss-security-token';
      const url = await URLS[version]('sts/key', key);
      await refusedUrl('PUT', `${url}&${name}=${encodeURIComponent(stsToken)}`, [403, 'SignatureDoesNotMatch']);
      const exchanged = new URL(await URLS[version]('sts/key', sts()));
      exchanged.searchParams.set(name, 'another');
      await refusedUrl('PUT', String(exchanged), [403, 'SignatureDoesNotMatch']);
    });
  }
});
