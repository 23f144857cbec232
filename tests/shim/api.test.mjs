// The authorizer and the functions behind the API, with a real S3 server.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { AbortMultipartUploadCommand, CreateMultipartUploadCommand, GetObjectCommand, PutObjectCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3';

import { loadFunctions } from '../../cli/load-functions.mjs';
import { startS3Server } from '../../local/s3-server.mjs';
import { ACCESS_KEY, DOCUMENTS, NOW, element, functions, memoryLog, s3UploadIdOf, sealedUploadId, signedEvent } from './fixture.mjs';

const SECRET = 'the-origin-secret-of-the-distribution';
const ARN = 'arn:aws:execute-api:us-east-1:123456789012:abc123/prod/POST/initiate-multipart-upload';

/** Functions of a configuration that serves HeadObject, to a key that may ask. */
const asking = await loadFunctions({
  ...DOCUMENTS,
  config: { ...DOCUMENTS.config, headObject: 'served' },
  accessKeys: { accessKeys: [{ ...ACCESS_KEY, allow: [{}, { operations: ['HeadObject'] }] }] },
});

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-api-'));
const server = await startS3Server({ directory, buckets: ['fleet-uploads-prod'] });
const { endpoint, credentials } = server;
const s3 = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
after(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

test('allows one method ARN, with what was verified', async () => {
  const event = await authorizerEvent({ querystring: 'uploads=&encoding-type=url', resource: '/fleet-uploads/a&b?uploads', uri: '/a%26b' });
  const { lines, log } = memoryLog();
  const { principalId, policyDocument, context } = await authorize(event, { log });
  assert.equal(principalId, ACCESS_KEY.accessKeyId);
  assert.deepEqual(lines.map(({ decision, generation }) => [decision, generation]), [['forward', '1']]);
  assert.deepEqual(policyDocument.Statement, [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: ARN }]);
  const { digest, requestId, ...rest } = context;
  assert.match(digest, /^[\w-]{43}$/u);
  assert.match(requestId, /^[0-9A-F]{24}$/u);
  assert.deepEqual(rest, {
    operation: 'InitiateMultipartUpload',
    bucket: 'fleet-uploads',
    key: 'a&b',
    s3Bucket: 'fleet-uploads-prod',
    region: 'us-east-1',
    query: 'uploads',
    options: 'encode-key',
    headers: '',
    uploadOptions: '-',
  });
});

for (const [what, change, code] of /** @type {[string, (event: any) => void, string][]} */ ([
  ['no origin secret', (event) => delete event.multiValueHeaders['x-ossedge-origin-secret'], 'AccessDenied'],
  ['a wrong origin secret', (event) => (event.multiValueHeaders['x-ossedge-origin-secret'] = ['x'.repeat(37)]), 'AccessDenied'],
  ['a repeated origin secret', (event) => event.multiValueHeaders['x-ossedge-origin-secret'].push(SECRET), 'AccessDenied'],
  ['no hand-over', (event) => delete event.multiValueHeaders['X-OSSEdge-Request'], 'InvalidArgument'],
  ['a repeated hand-over', (event) => event.multiValueHeaders['X-OSSEdge-Request'].push('AAAA'), 'InvalidArgument'],
  ['a hand-over for another key', (event) => rewrite(event, (flat) => flat.replace('boot.txt', 'root.txt')), 'SignatureDoesNotMatch'],
  ['a hand-over of another operation', (event) => rewrite(event, (flat) => flat.replace('POST', 'PUT').replace('uploads\0', '\0')), 'SignatureDoesNotMatch'],
  ['a hand-over that is no request', (event) => rewrite(event, () => 'x'), 'InvalidArgument'],
])) {
  test(`denies ${what}, in OSS's words`, async () => {
    const event = await authorizerEvent();
    change(event);
    const { lines, log } = memoryLog();
    const { policyDocument, context } = await authorize(event, { log });
    assert.equal(policyDocument.Statement[0].Effect, 'Deny');
    assert.equal(element(context.body, 'Code'), code);
    assert.deepEqual([lines[0].decision, lines[0].generation || undefined], ['deny', undefined]);
    assert.ok(!JSON.stringify([lines, context]).includes(SECRET));
  });
}

test('denies a request that has meanwhile become too old', async () => {
  const { policyDocument, context } = await authorize(await authorizerEvent(), { now: () => NOW + 300_001 });
  assert.equal(policyDocument.Statement[0].Effect, 'Deny');
  assert.equal(element(context.body, 'Code'), 'RequestTimeTooSkewed');
});

test('stays within the 8 KB of an authorizer\'s result', async () => {
  const headers = { 'x-oss-meta-a': '"'.repeat(2000), 'content-type': '"'.repeat(900) };
  const key = '"'.repeat(1023);
  const event = await authorizerEvent({ uri: `/${key}`, headers, resource: `/fleet-uploads/${key}?uploads` });
  const allowed = await authorize(event);
  assert.equal(allowed.policyDocument.Statement[0].Effect, 'Allow');
  assert.ok(JSON.stringify(allowed).length < 8192, `${JSON.stringify(allowed).length}`);
  rewrite(event, (flat) => flat.replace('a\0"', 'a\0!'));
  const denied = await authorize(event);
  assert.equal(element(denied.context.body, 'Code'), 'SignatureDoesNotMatch');
  assert.ok(JSON.stringify(denied).length < 8192);
  const longest = sealedUploadId(key, 'U'.repeat(256 - sealedUploadId(key).length));
  assert.equal(longest.length, 255);
  const migrating = await loadFunctions({ ...DOCUMENTS, config: { ...DOCUMENTS.config, unsealedUploadIds: 'forward' } });
  const staged = sealedUploadId(key, 'U'.repeat(256 - sealedUploadId(key, 'U', 'fsk').length), 'fsk');
  for (const [uploadId, by] of /** @type {const} */ ([[longest, functions], [staged, functions], ['"'.repeat(255), migrating]])) {
    for (const method of ['POST', 'GET']) {
      const request = { method, uri: `/${key}`, querystring: `uploadId=${encodeURIComponent(uploadId)}`, headers: { 'content-md5': 'm'.repeat(24) } };
      const asked = await authorizerEvent({ ...request, resource: `/fleet-uploads/${key}?uploadId=${uploadId}` }, by);
      const answered = await by.authorizer.create({ originSecret: SECRET, now: () => NOW, log: () => {} })(asked);
      assert.equal(answered.policyDocument.Statement[0].Effect, 'Allow');
      assert.ok(JSON.stringify(answered).length < 8192, `${JSON.stringify(answered).length}`);
    }
  }
});

test('takes either of two origin secrets during rotation', async () => {
  for (const originSecret of [`${SECRET} another-secret-of-enough-length`, `another-secret-of-enough-length\n${SECRET}`]) {
    const { policyDocument } = await authorize(await authorizerEvent(), { originSecret });
    assert.equal(policyDocument.Statement[0].Effect, 'Allow');
  }
});

test('refuses to start without an origin secret worth the name', () => {
  for (const originSecret of [undefined, '', '  ', 'short', `${SECRET} short`]) {
    assert.throws(() => functions.authorizer.create({ originSecret }), /ORIGIN_SECRET: expected/u);
  }
});

test('denies an event that is none', async () => {
  const { policyDocument } = await authorize({ methodArn: ARN });
  assert.equal(policyDocument.Statement[0].Effect, 'Deny');
});

test('begins the upload in S3 and answers in the XML of OSS, without a namespace', async () => {
  const key = 'a <b> & "c" 设备.bin';
  const { statusCode, headers, body } = await initiateKey(key);
  assert.equal(statusCode, 200);
  assert.equal(headers['Content-Type'], 'application/xml');
  assert.match(headers['x-oss-request-id'], /^[0-9A-F]{24}$/u);
  assert.match(body, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<InitiateMultipartUploadResult>\n/u);
  assert.equal(element(body, 'Bucket'), 'fleet-uploads');
  assert.equal(element(body, 'Key'), 'a &lt;b&gt; &amp; "c" 设备.bin');
  const uploadId = String(element(body, 'UploadId'));
  assert.match(uploadId, /^s1\.2\.498745\.-\.[\w-]{22}\.[\w.-]+$/u);
  const upload = { Bucket: 'fleet-uploads-prod', Key: key, UploadId: s3UploadIdOf(uploadId) };
  assert.equal((await s3.send(new AbortMultipartUploadCommand(upload))).$metadata.httpStatusCode, 204);
});

test('percent-encodes the key when the client asks for it', async () => {
  const { body } = await initiateKey('a b+c/设.bin', 'uploads&encoding-type=url');
  assert.equal(element(body, 'EncodingType'), 'url');
  assert.equal(element(body, 'Key'), 'a%20b%2Bc%2F%E8%AE%BE.bin');
});

test('sends S3 the verified headers and no checksum that parts would have to carry', async () => {
  /** @type {http.IncomingHttpHeaders} */
  let sent = {};
  const wire = http.createServer((request, response) => {
    sent = request.headers;
    response.end('<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>');
  });
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (wire.address());
  const s3Options = { endpoint: `http://127.0.0.1:${port}`, credentials, forcePathStyle: true };
  const headers = { 'content-type': 'video/mp4', 'x-oss-meta-device': '7', 'x-oss-meta-name': '设', 'x-oss-storage-class': 'IA' };
  const { statusCode } = await initiateKey('k', 'uploads', { headers, s3Options });
  wire.close();
  wire.closeAllConnections();
  assert.equal(statusCode, 200);
  assert.equal(sent['content-type'], 'video/mp4');
  assert.equal(sent['x-amz-meta-device'], '7');
  assert.equal(sent['x-amz-meta-name'], '=?UTF-8?B?6K6+?=');
  assert.equal(sent['x-amz-storage-class'], 'STANDARD_IA');
  assert.deepEqual(Object.keys(sent).filter((name) => name.includes('checksum') || name.includes('crc')), []);
});

test('refuses the authorizer\'s result of another request', async () => {
  const context = (await authorize(await authorizerEvent())).context;
  const other = await authorizerEvent({ uri: '/other', resource: '/fleet-uploads/other?uploads' });
  for (const authorizer of [context, undefined, {}, { ...context, digest: '' }]) {
    const { statusCode, body } = await initiate()({ ...other, requestContext: { requestId: 'r', authorizer } });
    assert.equal(statusCode, 403);
    assert.equal(element(body, 'Code'), 'AccessDenied');
  }
});

test('refuses the authorizer\'s result for another operation, at each function', async () => {
  for (const [name, request] of Object.entries(REQUESTS)) {
    const event = await authorizerEvent(request);
    const { context } = await authorize(event);
    for (const other of Object.keys(REQUESTS).filter((one) => one !== name)) {
      const { statusCode, body } = await at(other)({ ...event, requestContext: { requestId: 'r', authorizer: context } });
      assert.deepEqual([statusCode, element(body, 'Code')], [403, 'AccessDenied'], `${name} at ${other}`);
    }
  }
});

for (const [name, statusCode, code] of /** @type {const} */ ([
  ['AccessDenied', 403, 'AccessDenied'],
  ['NoSuchBucket', 404, 'NoSuchBucket'],
  ['SlowDown', 503, 'ServiceUnavailable'],
  ['EntityTooSmall', 400, 'EntityTooSmall'],
  ['InvalidPart', 400, 'InvalidPart'],
  ['InvalidPartOrder', 400, 'InvalidPartOrder'],
  ['NoSuchUpload', 404, 'NoSuchUpload'],
  ['PreconditionFailed', 409, 'FileAlreadyExists'],
  ['InvalidAccessKeyId', 500, 'InternalError'],
  ['constructor', 500, 'InternalError'],
  ['TimeoutError', 500, 'InternalError'],
])) {
  test(`answers S3's ${name} with ${statusCode} ${code}`, async () => {
    const { lines, log } = memoryLog();
    const s3Client = async () => ({ send: () => Promise.reject(Object.assign(new Error('from S3'), { name })) });
    const answer = await initiateKey('k', 'uploads', { s3Client, log });
    assert.equal(answer.statusCode, statusCode);
    assert.equal(element(answer.body, 'Code'), code);
    assert.equal(lines[0].detail, name);
  });
}

test('completes an upload and answers in the XML of OSS, without a namespace', async () => {
  const key = 'a <b> & "c" 设备.bin';
  const { uploadId, etags } = await begun(key, ['one']);
  const { statusCode, headers, body } = await completeKey(key, uploadId, partsXml(etags));
  assert.equal(statusCode, 200);
  assert.deepEqual([headers['Content-Type'], headers['x-oss-request-id']?.length], ['application/xml', 24]);
  assert.match(body, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<CompleteMultipartUploadResult>\n/u);
  assert.equal(element(body, 'Location'), `http://uploads.example.com/${encodeURIComponent(key)}`);
  assert.equal(element(body, 'Bucket'), 'fleet-uploads');
  assert.equal(element(body, 'Key'), 'a &lt;b&gt; &amp; "c" 设备.bin');
  assert.match(String(element(body, 'ETag')), /^"[0-9a-f]{32}-1"$/u);
  assert.equal(await stored(key), 'one');
});

test('takes ETags in every case and quoting that clients send', async () => {
  for (const write of [
    (/** @type {string} */ etag) => etag,
    (/** @type {string} */ etag) => etag.replaceAll('"', ''),
    (/** @type {string} */ etag) => etag.replaceAll('"', '&quot;'),
    (/** @type {string} */ etag) => etag.toUpperCase(),
    (/** @type {string} */ etag) => ` ${etag.toUpperCase().replaceAll('"', '&#34;')}\n`,
  ]) {
    const { uploadId, etags } = await begun('etags', ['quoted']);
    assert.equal((await completeKey('etags', uploadId, partsXml(etags.map(write)))).statusCode, 200, write('"a"'));
  }
});

test('checks the Content-MD5 of the document that the client sent', async () => {
  const { uploadId, etags } = await begun('md5', ['x']);
  const xml = partsXml(etags);
  const md5 = (/** @type {string} */ text) => createHash('md5').update(text).digest('base64');
  const wrong = await completeKey('md5', uploadId, xml, { headers: { 'content-md5': md5('another') } });
  assert.deepEqual([wrong.statusCode, element(wrong.body, 'Code')], [400, 'InvalidDigest']);
  const right = await completeKey('md5', uploadId, xml, { headers: { 'content-md5': md5(xml) } });
  assert.equal(right.statusCode, 200);
});

test('completes with every part that S3 has, over more than one page', async () => {
  const pages = [
    { Parts: [{ PartNumber: 1, ETag: '"a"' }], IsTruncated: true, NextPartNumberMarker: '1' },
    { Parts: [{ PartNumber: 3, ETag: '"c"' }], IsTruncated: false },
  ];
  /** @type {any[]} */
  const sent = [];
  const s3Client = async () => ({ send: async (/** @type {any} */ { input }) => (sent.push(input), pages.shift() ?? { ETag: '"e-2"' }) });
  const { statusCode } = await completeKey('all', sealedUploadId('all'), '', { s3Client, headers: { 'x-oss-complete-all': 'yes' } });
  assert.equal(statusCode, 200);
  assert.deepEqual(sent.map(({ PartNumberMarker }) => PartNumberMarker), [undefined, '1', undefined]);
  assert.deepEqual(sent[2].MultipartUpload.Parts, [{ PartNumber: 1, ETag: '"a"' }, { PartNumber: 3, ETag: '"c"' }]);
});

test('completes nothing when S3 has more parts and does not say where', async () => {
  /** @type {any[]} */
  const sent = [];
  const page = { Parts: [{ PartNumber: 1, ETag: '"a"' }], IsTruncated: true };
  const s3Client = async () => ({ send: async (/** @type {any} */ { input }) => (sent.push(input), page) });
  const { statusCode, body } = await completeKey('all', sealedUploadId('all'), '', { s3Client, headers: { 'x-oss-complete-all': 'yes' } });
  assert.deepEqual([statusCode, element(body, 'Code'), sent.length], [500, 'InternalError', 1]);
});

test('turns an error inside a 200 of S3 into a status', async () => {
  const wire = http.createServer((_, response) => {
    // As S3 does: white space while it works, then how it ended.
    response.writeHead(200, { 'Content-Type': 'application/xml' });
    response.write('<?xml version="1.0" encoding="UTF-8"?>\n  \n');
    response.end('<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>');
  });
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (wire.address());
  const s3Options = { endpoint: `http://127.0.0.1:${port}`, credentials, forcePathStyle: true, maxAttempts: 1 };
  const { statusCode, body } = await completeKey('k', sealedUploadId('k'), partsXml(['"a"']), { s3Options });
  wire.close();
  wire.closeAllConnections();
  assert.deepEqual([statusCode, element(body, 'Code')], [500, 'InternalError']);
});

test('makes a slice of a join for another instance, and takes no request for one', async () => {
  const upload = { object: { Bucket: 'fleet-uploads-prod', Key: 'sliced' }, uploadId: '', folder: 'sliced-upload' };
  const { UploadId = '' } = await s3.send(new CreateMultipartUploadCommand(upload.object));
  upload.uploadId = UploadId;
  const put = (/** @type {string} */ Key, /** @type {string} */ Body) => s3.send(new PutObjectCommand({ Bucket: upload.object.Bucket, Key, Body }));
  const { ETag: etag } = await put('.oss-edge/parts/sliced-upload/00001', 'staged');
  await put('.oss-edge/uploads/sliced-upload', JSON.stringify({ version: 1, started: '', digest: '', numbers: [1], made: [], expected: {} }));
  const parts = [{ number: 1, etag, size: 6, staged: true }];
  const slice = { version: 1, upload, plan: [{ as: 'joined', number: 1, parts, size: 6 }] };
  const event = { joinSlice: slice, region: 'us-east-1' };
  assert.deepEqual(await at('complete')(event), { parts: [{ PartNumber: 1, ETag: etag }] });
  assert.deepEqual(await at('complete')({ ...event, joinSlice: { ...slice, upload: { ...upload, uploadId: 'gone' } } }), {
    fault: { code: 'NoSuchUpload', detail: 'NoSuchUpload (status 404)' },
  });
  // What a client controls of an event is inside of it.
  const { statusCode } = await at('complete')({ ...proxyEventOf(JSON.stringify(event)), requestContext: { requestId: 'r' } });
  assert.equal(statusCode, 403);
  for (const nothing of [undefined, null, '', 'joinSlice']) assert.equal((await at('complete')(nothing)).statusCode, 403);
});

test('refuses a number of slices that is none', () => {
  for (const text of ['0', '-1', '100', '1.5', 'four', '']) {
    process.env.JOIN_SLICES = text;
    assert.throws(() => at('complete'), /JOIN_SLICES: expected a number from 1 to 99, found ".*"/u, text);
  }
  delete process.env.JOIN_SLICES;
});

/** A request with a body, as API Gateway shows it. @param {string} body */
function proxyEventOf(body) {
  return { httpMethod: 'POST', path: '/complete-multipart-upload', multiValueHeaders: { joinSlice: [body] }, body };
}

test('takes no answer of S3 without an ETag for a success', async () => {
  const s3Client = async () => ({ send: async () => ({}) });
  assert.equal((await completeKey('k', sealedUploadId('k'), partsXml(['"a"']), { s3Client })).statusCode, 500);
});

test('has S3 overwrite nothing where the upload id says so', async () => {
  const initiated = await initiateKey('once', 'uploads', { headers: { 'x-oss-forbid-overwrite': 'true' } });
  const sealed = String(element(initiated.body, 'UploadId'));
  assert.match(sealed, /^s1\.2\.498745\.f\./u);
  const upload = { Bucket: 'fleet-uploads-prod', Key: 'once', UploadId: s3UploadIdOf(sealed) };
  const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'first' }));
  const first = await begun('once', ['earlier']);
  assert.equal((await completeKey('once', first.uploadId, partsXml(first.etags))).statusCode, 200);
  const { statusCode, body } = await completeKey('once', sealed, partsXml([String(ETag)]));
  assert.deepEqual([statusCode, element(body, 'Code')], [409, 'FileAlreadyExists']);
  assert.equal(await stored('once'), 'earlier');
  // Neither S3's own id nor that of another upload ends it, nor the former mark.
  for (const other of [upload.UploadId, `${upload.UploadId}~forbid-overwrite`, sealed.replace('.f.', '.-.')]) {
    const event = await signedComplete('once', other);
    assert.deepEqual([event.status, element(event.body, 'Code')], ['404', 'NoSuchUpload'], other);
  }
  await s3.send(new AbortMultipartUploadCommand(upload));
});

for (const [what, xml] of /** @type {[string, string][]} */ ([
  ['nothing', ''],
  ['no XML', 'PartNumber=1'],
  ['another document', '<Delete><Object><Key>k</Key></Object></Delete>'],
  ['a document that is cut off', '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"a"</ETag></Part>'],
  ['no part', '<CompleteMultipartUpload></CompleteMultipartUpload>'],
  ['a part without an ETag', '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>'],
  ['a part with two numbers', '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><PartNumber>2</PartNumber><ETag>"a"</ETag></Part></CompleteMultipartUpload>'],
  ['a part numbered 0', partsXml(['"a"'], 0)],
  ['a part numbered 10,001', partsXml(['"a"'], 10_001)],
  ['a part numbered -1', partsXml(['"a"'], -1)],
  ['an ETag with a tag in it', partsXml(['"a</ETag><X>"'])],
  ['an ETag with an entity', partsXml(['"&lt;"'])],
  ['an ETag of 129 characters', partsXml(['a'.repeat(129)])],
  ['two documents', partsXml(['"a"']) + partsXml(['"b"'])],
  ['a document type', `<!DOCTYPE CompleteMultipartUpload [<!ENTITY a "b">]>${partsXml(['"a"'])}`],
  ['text between parts', partsXml(['"a"']).replace('<Part>', 'x<Part>')],
  ['10,001 parts', partsXml(Array.from({ length: 10_001 }, () => '"a"')).replaceAll(/<PartNumber>10001</gu, '<PartNumber>10000<')],
  ['an external entity', `<!DOCTYPE CompleteMultipartUpload SYSTEM "file:///etc/passwd">${partsXml(['"a"'])}`],
  ['entities that name entities', `<!DOCTYPE c [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>${partsXml(['&b;'])}`],
  ['an entity that is declared nowhere', partsXml(['&etag;'])],
  ['a CDATA section', partsXml(['<![CDATA["a"]]>'])],
  ['a CDATA section between parts', partsXml(['"a"']).replace('<Part>', '<![CDATA[ ]]><Part>')],
  ['a comment', partsXml(['"a"']).replace('<Part>', '<!-- the first --><Part>')],
  ['a comment in an ETag', partsXml(['"a<!-- -->b"'])],
  ['a processing instruction', partsXml(['"a"']).replace('<Part>', '<?php echo 1 ?><Part>')],
  ['a part with two ETags', partsXml(['"a"</ETag><ETag>"b"'])],
  ['a part in a part', partsXml(['"a"']).replace('<ETag>', '<Part><PartNumber>1</PartNumber></Part><ETag>')],
  ['an element in an ETag', partsXml(['<b>"a"</b>'])],
  ['another element between parts', partsXml(['"a"']).replace('<Part>', '<Quiet>true</Quiet><Part>')],
  ['a root in a root', `<CompleteMultipartUpload>${partsXml(['"a"'])}</CompleteMultipartUpload>`],
  ['another root with parts', partsXml(['"a"']).replaceAll('CompleteMultipartUpload', 'CompleteMultipartUploadResult')],
  ['elements that close in another order', partsXml(['"a"']).replace('</ETag></Part>', '</Part></ETag>')],
  ['a prefix that is declared nowhere', partsXml(['"a"']).replaceAll('Part>', 'oss:Part>')],
  ['an attribute without quotes', partsXml(['"a"']).replace('<Part>', '<Part id=1>')],
  ['a repeated attribute', partsXml(['"a"']).replace('<Part>', '<Part id="1" id="2">')],
  ['an unescaped ampersand', partsXml(['"a&b"'])],
  ['text after the document', `${partsXml(['"a"'])}x`],
  ['a NUL', partsXml(['"a\0"'])],
  ['a part number with a sign', partsXml(['"a"']).replace('<PartNumber>1', '<PartNumber>+1')],
  ['a part number with a fraction', partsXml(['"a"']).replace('<PartNumber>1', '<PartNumber>1.0')],
  ['10,000 elements in one another', '<CompleteMultipartUpload>'.repeat(10_000)],
  ['a million open tags', '<'.repeat(1_000_000)],
  ['a tag of a million blanks', `<CompleteMultipartUpload${' '.repeat(1_000_000)}`],
])) {
  test(`refuses ${what} where parts should be`, async () => {
    const s3Client = async () => assert.fail('S3 was asked');
    const { statusCode, body } = await completeKey('k', sealedUploadId('k'), xml, { s3Client: async () => ({ send: s3Client }) });
    assert.deepEqual([statusCode, element(body, 'Code')], [400, 'MalformedXML']);
  });
}

test('takes 10,000 parts, in a namespace, after a byte order mark', async () => {
  const xml = `\uFEFF${partsXml(Array.from({ length: 10_000 }, () => '"a"')).replace('Upload>', 'Upload xmlns="http://doc.oss-cn-hangzhou.aliyuncs.com">')}`;
  /** @type {any} */
  let sent;
  const s3Client = async () => ({ send: async (/** @type {any} */ { input }) => (sent = input) && { ETag: '"e-10000"' } });
  const { statusCode } = await completeKey('k', sealedUploadId('k'), xml, { s3Client });
  assert.deepEqual([statusCode, sent.MultipartUpload.Parts.length, sent.MultipartUpload.Parts[9999].PartNumber], [200, 10_000, 10_000]);
});

for (const [what, xml] of /** @type {[string, string][]} */ ([
  ['after a byte order mark and an XML declaration', `\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n${partsXml(['"a"'])}\n`],
  ['after blanks', ` \r\n<?xml version='1.0'?>${partsXml(['"a"'])}`],
  ['in a namespace with a prefix', `<o:CompleteMultipartUpload xmlns:o="http://doc.oss-cn-hangzhou.aliyuncs.com"><o:Part><o:ETag>"a"</o:ETag><o:PartNumber>1</o:PartNumber></o:Part></o:CompleteMultipartUpload>`],
  ['with attributes', partsXml(['"a"']).replace('<Part>', '<Part id="1">')],
  ['with further elements in a part, each once', partsXml(['"a"']).replace('<ETag>', '<Size>5</Size><Empty/><ETag>')],
  ['with a part number among blanks', partsXml(['"a"']).replace('<PartNumber>1', '<PartNumber>\n 1 ')],
  ['with escapes', partsXml(['&#x22;&#97;&quot;'])],
])) {
  test(`takes parts ${what}`, async () => {
    /** @type {any} */
    let sent;
    const s3Client = async () => ({ send: async (/** @type {any} */ { input }) => (sent = input) && { ETag: '"e-1"' } });
    const { statusCode } = await completeKey('k', sealedUploadId('k'), xml, { s3Client });
    assert.deepEqual([statusCode, sent?.MultipartUpload.Parts], [200, [{ PartNumber: 1, ETag: '"a"' }]]);
  });
}

test('lists parts page by page, in the XML of OSS', async () => {
  const { uploadId, etags } = await begun('list <me>', ['a', 'bb', 'ccc']);
  const first = await listKey('list <me>', `uploadId=${uploadId}&max-parts=2&part-number-marker=`);
  assert.equal(first.statusCode, 200);
  const lines = first.body.split('\n').filter((/** @type {string} */ line) => !line.includes('LastModified'));
  assert.deepEqual(lines.slice(0, 15), [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<ListPartsResult>',
    '  <Bucket>fleet-uploads</Bucket>',
    '  <Key>list &lt;me&gt;</Key>',
    `  <UploadId>${uploadId}</UploadId>`,
    '  <PartNumberMarker>0</PartNumberMarker>',
    '  <NextPartNumberMarker>2</NextPartNumberMarker>',
    '  <MaxParts>2</MaxParts>',
    '  <IsTruncated>true</IsTruncated>',
    '  <Part>',
    '    <PartNumber>1</PartNumber>',
    `    <ETag>${etags[0]}</ETag>`,
    '    <Size>1</Size>',
    '  </Part>',
    '  <Part>',
  ]);
  assert.match(String(element(first.body, 'LastModified')), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/u);
  const last = await listKey('list <me>', `uploadId=${uploadId}&part-number-marker=2&encoding-type=url`);
  assert.deepEqual(['Key', 'IsTruncated', 'PartNumber', 'MaxParts'].map((name) => element(last.body, name)), ['list%20%3Cme%3E', 'false', '3', '1000']);
  const beyond = await listKey('list <me>', `uploadId=${uploadId}&part-number-marker=3`);
  assert.deepEqual(['NextPartNumberMarker', 'PartNumber'].map((name) => element(beyond.body, name)), ['0', undefined]);
});

test('gives an upload id back as the client has it', async () => {
  for (const headers of [{}, { 'x-oss-forbid-overwrite': 'true' }]) {
    const uploadId = String(element((await initiateKey('sealed', 'uploads', { headers })).body, 'UploadId'));
    const { body } = await listKey('sealed', `uploadId=${uploadId}`);
    assert.equal(element(body, 'UploadId'), uploadId);
  }
});

test('seals what the client asked for when it began', async () => {
  for (const [headers, options] of /** @type {[Record<string, string>, string][]} */ ([
    [{}, '-'],
    [{ 'x-oss-forbid-overwrite': 'true' }, 'f'],
    [{ 'x-oss-server-side-encryption': 'AES256' }, 'a'],
    [{ 'x-oss-forbid-overwrite': 'true', 'x-oss-server-side-encryption': 'AES256' }, 'fa'],
  ])) {
    const uploadId = String(element((await initiateKey('options', 'uploads', { headers })).body, 'UploadId'));
    assert.equal(uploadId, sealedUploadId('options', s3UploadIdOf(uploadId), options));
  }
});

for (const [what, id, sealed] of /** @type {const} */ ([
  ['with other characters than ours', '2~a+/=', 's1b'],
  ['of 172 characters', 'U'.repeat(172), 's1'],
])) {
  test(`seals an upload id of S3's ${what}`, async () => {
    const s3Client = async () => ({ send: async () => ({ UploadId: id }) });
    const { body } = await initiateKey('k', 'uploads', { s3Client });
    const uploadId = String(element(body, 'UploadId'));
    assert.equal(uploadId.split('.')[0], sealed);
    assert.ok(/^[\w.-]{1,255}$/u.test(uploadId), uploadId);
    /** @type {any} */
    let sent;
    const listed = async () => ({ send: async (/** @type {any} */ { input }) => (sent = input) && {} });
    assert.equal((await listKey('k', `uploadId=${uploadId}`, { s3Client: listed })).statusCode, 200);
    assert.equal(sent.UploadId, id);
  });
}

test('begins no upload whose id it cannot seal', async () => {
  const { lines, log } = memoryLog();
  const s3Client = async () => ({ send: async () => ({ UploadId: 'U'.repeat(230) }) });
  const { statusCode, body } = await initiateKey('k', 'uploads', { s3Client, log });
  assert.deepEqual([statusCode, element(body, 'Code'), lines[0].detail], [500, 'InternalError', 'UnsealableUploadId']);
});

test('begins and lists nothing for an authorizer that does not say what to seal', async () => {
  for (const [name, field] of /** @type {const} */ ([['initiate', 'uploadOptions'], ['list-parts', 'uploadId']])) {
    const request = name === 'initiate' ? {} : { method: 'GET', uri: '/k', querystring: `uploadId=${sealedUploadId('k')}` };
    const event = await authorizerEvent(request);
    const { [field]: _, ...context } = (await authorize(event)).context;
    const { lines, log } = memoryLog();
    let asked = 0;
    const s3Client = async () => ({ send: async () => (asked += 1) });
    const { statusCode } = await at(name, { log, s3Client })({ ...event, requestContext: { requestId: 'r', authorizer: context } });
    assert.deepEqual([statusCode, asked, lines[0].detail], [500, 0, 'AuthorizerOfAnotherRelease'], name);
  }
});

test('denies an upload id whose seal does not verify, asked directly', async () => {
  const sealed = sealedUploadId('k');
  const event = await authorizerEvent({ uri: '/k', querystring: `uploadId=${sealed}` });
  for (const [what, uploadId] of [['cut off', 'U'], ['of another object', sealedUploadId('other')], ['changed', `${sealed}1`]]) {
    // As a device signs it, past the edge.
    const { cf } = signedEvent({ method: 'POST', uri: '/k', querystring: `uploadId=${uploadId}` }).Records[0];
    const lines = ['host', 'date', 'authorization'].flatMap((name) => [name, cf.request.headers[name][0].value]);
    const text = ['3', 'id', 'POST', '/k', `uploadId=${uploadId}`, ...lines].join('\0');
    const direct = structuredClone(event);
    direct.multiValueHeaders['X-OSSEdge-Request'] = [Buffer.from(text).toString('base64url')];
    const { policyDocument, context } = await authorize(direct);
    assert.deepEqual([policyDocument.Statement[0].Effect, element(context.body, 'Code')], ['Deny', 'NoSuchUpload'], what);
  }
});

test('answers ListParts of an upload that is none with NoSuchUpload', async () => {
  const { statusCode, body } = await listKey('k', `uploadId=${sealedUploadId('k', 'nobodys')}`);
  assert.deepEqual([statusCode, element(body, 'Code')], [404, 'NoSuchUpload']);
});

/** @param {string} key @param {{ method?: string, querystring?: string }} [request] @param {object} [options] */
async function askFor(key, { method = 'HEAD', querystring = '' } = {}, options = {}) {
  const resource = `/fleet-uploads/${key}${querystring && `?${querystring}`}`;
  const event = await authorizerEvent({ method, uri: `/${encodeURIComponent(key)}`, querystring, resource }, asking);
  const { context } = await asking.authorizer.create({ originSecret: SECRET, now: () => NOW, log: () => {} })(event);
  const create = /** @type {any} */ (asking)['head-object'].create;
  const s3Options = { endpoint, credentials, forcePathStyle: true };
  const proxied = { ...event, httpMethod: method, requestContext: { requestId: 'r', authorizer: context } };
  return create({ s3Options, now: () => NOW, log: () => {}, ...options })(proxied);
}

test('answers HeadObject with what S3 has, in headers alone', async () => {
  const stored = { Bucket: 'fleet-uploads-prod', Key: '设备/a b.log', Body: 'text', ContentType: 'text/x', StorageClass: 'GLACIER' };
  await s3.send(new PutObjectCommand({ ...stored, Metadata: { a: '1', place: '=?UTF-8?B?5LuT5bqT?=', forged: '=?UTF-8?B?DQpYOiAx?=' } }));
  const { statusCode, headers, body } = await askFor(stored.Key);
  assert.deepEqual([statusCode, body], [200, '']);
  const { 'Last-Modified': modified, 'x-oss-request-id': requestId, ETag, ...told } = headers;
  assert.deepEqual([new Date(modified).toUTCString(), ETag], [modified, `"${createHash('md5').update('text').digest('hex')}"`]);
  assert.match(requestId, /^[0-9A-F]{24}$/u);
  assert.deepEqual(told, {
    'Cache-Control': 'no-store',
    'Content-Type': 'text/x',
    'x-ossedge-object-bytes': '4',
    'x-oss-object-type': 'Normal',
    'x-oss-storage-class': 'Archive',
    'x-oss-server-side-encryption': 'AES256',
    'x-oss-meta-a': '1',
    'x-oss-meta-place': '仓库',
    // A line end in a header would begin another one.
    'x-oss-meta-forged': '=?UTF-8?B?DQpYOiAx?=',
  });
  for (const method of ['HEAD', 'GET']) {
    const meta = await askFor(stored.Key, { method, querystring: 'objectMeta' });
    assert.deepEqual([meta.statusCode, meta.body, meta.headers.ETag], [200, '', ETag], method);
    assert.ok(!Object.keys(meta.headers).some((name) => /x-oss-(meta|object|storage)/u.test(name)));
  }
});

test("answers HeadObject's failures by S3's status, in x-oss-err", async () => {
  for (const [status, code] of [[404, 'NoSuchKey'], [403, 'AccessDenied'], [503, 'ServiceUnavailable'], [301, 'InternalError']]) {
    const s3Client = async () => ({ send: async () => { throw Object.assign(new Error('UnknownError'), { $metadata: { httpStatusCode: status } }); } });
    const { statusCode, headers, body } = await askFor('k', {}, { s3Client });
    assert.deepEqual([statusCode, body], [status === 301 ? 500 : status, '']);
    assert.equal(element(Buffer.from(headers['x-oss-err'], 'base64').toString(), 'Code'), code);
    const meta = await askFor('k', { method: 'GET', querystring: 'objectMeta' }, { s3Client });
    assert.deepEqual([meta.headers['x-oss-err'], element(meta.body, 'Code')], [undefined, code]);
  }
});

test('asks S3 for no object that the authorizer did not allow', async () => {
  const event = await authorizerEvent({ method: 'HEAD', uri: '/k', querystring: '', resource: '/fleet-uploads/k' }, asking);
  const { context } = await asking.authorizer.create({ originSecret: SECRET, now: () => NOW, log: () => {} })(event);
  let asked = 0;
  const s3Client = async () => ({ send: async () => (asked += 1) });
  const handler = /** @type {any} */ (asking)['head-object'].create({ s3Client, now: () => NOW, log: () => {} });
  for (const authorizer of [undefined, { ...context, operation: 'PutObject' }, { ...context, digest: 'other' }]) {
    const { statusCode, headers } = await handler({ ...event, httpMethod: 'HEAD', requestContext: { requestId: 'r', authorizer } });
    assert.equal(statusCode, 403);
    assert.equal(element(Buffer.from(headers['x-oss-err'], 'base64').toString(), 'Code'), 'AccessDenied');
  }
  assert.equal(asked, 0);
});

/** A request of each operation behind the API, and its function. */
const REQUESTS = {
  initiate: { method: 'POST', querystring: 'uploads' },
  complete: { method: 'POST', uri: '/k', querystring: `uploadId=${sealedUploadId('k')}` },
  'list-parts': { method: 'GET', uri: '/k', querystring: `uploadId=${sealedUploadId('k')}` },
};

/** @param {Parameters<typeof signedEvent>[0]} [request] */
async function authorizerEvent(request, by = functions) {
  const event = signedEvent({ method: 'POST', querystring: 'uploads', ...request });
  const edge = await by['viewer-request'].create({ now: () => NOW, log: () => {} })(event);
  assert.ok('x-ossedge-request' in edge.headers, edge.body);
  return {
    type: 'REQUEST',
    methodArn: ARN,
    requestContext: { requestId: 'api-request' },
    multiValueHeaders: {
      'X-OSSEdge-Request': [edge.headers['x-ossedge-request'][0].value],
      'x-ossedge-origin-secret': [SECRET],
    },
  };
}

/** @param {any} event @param {object} [options] */
function authorize(event, options) {
  return functions.authorizer.create({ originSecret: SECRET, now: () => NOW, log: () => {}, ...options })(event);
}

/** @typedef {{ s3Options?: object, s3Client?: any, log?: (line: any) => void }} Options */

/** @param {string} name @param {Options} [options] @returns {(event: any) => Promise<any>} */
function at(name, { s3Options = { endpoint, credentials, forcePathStyle: true }, log = () => {}, ...rest } = {}) {
  return /** @type {any} */ (functions)[name].create({ s3Options, now: () => NOW, log, ...rest });
}

/** @param {Options} [options] */
const initiate = (options) => at('initiate', options);

/** @param {string} key @param {string} [querystring] @param {Options & { headers?: Record<string, string> }} [options] */
async function initiateKey(key, querystring = 'uploads', options = {}) {
  return ask('initiate', { method: 'POST', key, querystring, subResources: 'uploads' }, options);
}

/** @param {string} key @param {string} uploadId @param {string} body @param {Options & { headers?: Record<string, string> }} [options] */
async function completeKey(key, uploadId, body, options = {}) {
  const querystring = `uploadId=${uploadId}`;
  return ask('complete', { method: 'POST', key, querystring, subResources: querystring, body }, options);
}

/** What viewer-request says of the end of an upload. @param {string} key @param {string} uploadId */
async function signedComplete(key, uploadId) {
  const event = signedEvent({ method: 'POST', uri: `/${key}`, querystring: `uploadId=${uploadId}` });
  return functions['viewer-request'].create({ now: () => NOW, log: () => {} })(event);
}

/** @param {string} key @param {string} querystring @param {Options} [options] */
async function listKey(key, querystring, options = {}) {
  return ask('list-parts', { method: 'GET', key, querystring, subResources: querystring.split('&')[0] }, options);
}

/**
 * @param {string} name @param {{ method: string, key: string, querystring: string, subResources: string, body?: string }} request
 * @param {Options & { headers?: Record<string, string> }} options
 */
async function ask(name, { method, key, querystring, subResources, body }, { headers, ...options }) {
  const resource = `/fleet-uploads/${key}?${subResources}`;
  const event = await authorizerEvent({ method, uri: `/${encodeURIComponent(key)}`, querystring, headers, resource });
  const { context } = await authorize(event);
  return at(name, options)({ ...event, body, requestContext: { requestId: 'r', authorizer: context } });
}

/** An upload with these parts in S3. @param {string} key @param {string[]} bodies */
async function begun(key, bodies) {
  const uploadId = String(element((await initiateKey(key)).body, 'UploadId'));
  const upload = { Bucket: 'fleet-uploads-prod', Key: key, UploadId: s3UploadIdOf(uploadId) };
  const parts = bodies.map((Body, index) => s3.send(new UploadPartCommand({ ...upload, PartNumber: index + 1, Body })));
  return { uploadId, etags: (await Promise.all(parts)).map(({ ETag }) => String(ETag)) };
}

/** @param {string[]} etags @param {number} [first] */
function partsXml(etags, first = 1) {
  const parts = etags.map((etag, index) => `<Part><PartNumber>${first + index}</PartNumber><ETag>${etag}</ETag></Part>`);
  return `<CompleteMultipartUpload>\n${parts.join('\n')}\n</CompleteMultipartUpload>`;
}

/** @param {string} key */
async function stored(key) {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'fleet-uploads-prod', Key: key }));
  return Body?.transformToString();
}

/** @param {any} event @param {(flat: string) => string} change */
function rewrite(event, change) {
  const headers = event.multiValueHeaders;
  const name = 'X-OSSEdge-Request';
  headers[name] = [Buffer.from(change(Buffer.from(headers[name][0], 'base64url').toString())).toString('base64url')];
}
