// Multipart uploads of the local S3, refused and repeated as S3 does it.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, test } from 'node:test';

import {
  AbortMultipartUploadCommand, CompleteMultipartUploadCommand, GetObjectCommand, HeadObjectCommand, ListMultipartUploadsCommand,
  ListPartsCommand, PutObjectCommand, UploadPartCommand, UploadPartCopyCommand,
} from '@aws-sdk/client-s3';

import { Bucket, MINIMUM, startTestS3, waitFor } from './s3-fixture.mjs';

const s3 = await startTestS3();
after(() => s3.close());
const { ask, begin, part, run, stored } = s3;

const complete = (upload, ...Parts) => run(CompleteMultipartUploadCommand, { ...upload, MultipartUpload: { Parts } });
const md5 = (...bodies) => bodies.reduce((digest, body) => digest.update(body), createHash('md5')).digest('hex');
const large = randomBytes(MINIMUM);

/** What a call is refused with: the fields of S3's error document by name. */
async function refused(promise) {
  const error = await promise.then(() => assert.fail('not refused'), (thrown) => thrown);
  return error;
}

test('puts parts together in their order', async () => {
  const upload = await begin('multi part', { Metadata: { a: 'v' } });
  assert.match(upload.UploadId, /^[A-Za-z0-9._-]{172}$/);
  const second = await part(upload, 7, 'second');
  await part(upload, 2, 'replaced');
  const first = await part(upload, 2, large);
  const { Parts } = await run(ListPartsCommand, upload);
  assert.deepEqual(Parts.map(({ PartNumber, Size }) => [PartNumber, Size]), [[2, MINIMUM], [7, 6]]);
  assert.equal(await s3.exists('multi part'), false);
  const { ETag } = await complete(upload, first, second);
  const digests = [large, 'second'].map((body) => Buffer.from(md5(body), 'hex'));
  assert.equal(ETag, `"${md5(...digests)}-2"`);
  assert.ok(Buffer.concat([large, Buffer.from('second')]).equals(await stored('multi part')));
  assert.deepEqual((await run(HeadObjectCommand, { Key: 'multi part' })).Metadata, { a: 'v' });
});

test('reads one part of an object, and a range over two', async () => {
  const read = (options) => run(GetObjectCommand, { Key: 'multi part', ...options });
  const second = await read({ PartNumber: 2 });
  assert.deepEqual([second.PartsCount, second.ContentRange, second.$metadata.httpStatusCode], [2, `bytes ${MINIMUM}-${MINIMUM + 5}/${MINIMUM + 6}`, 206]);
  assert.equal(await second.Body.transformToString(), 'second');
  const over = await read({ Range: `bytes=${MINIMUM - 2}-${MINIMUM + 2}` });
  assert.ok(Buffer.concat([large.subarray(-2), Buffer.from('sec')]).equals(Buffer.from(await over.Body.transformToByteArray())));
  assert.equal((await refused(read({ PartNumber: 3 }))).name, 'InvalidPartNumber');
});

test('reads an object to its end though it is overwritten meanwhile', async () => {
  const before = await s3.dataFiles();
  const upload = await begin('overwritten');
  const parts = [await part(upload, 1, large), await part(upload, 2, 'second')];
  await complete(upload, ...parts);
  const { Body } = await run(GetObjectCommand, { Key: 'overwritten' });
  await s3.put('overwritten', 'other');
  assert.ok(Buffer.concat([large, Buffer.from('second')]).equals(Buffer.from(await Body.transformToByteArray())));
  await waitFor(async () => (await s3.dataFiles()) === before + 1);
});

test('refuses a Complete that S3 refuses, and says which part is at fault', async () => {
  const upload = await begin('refused parts');
  const [first, second] = [await part(upload, 1, 'small'), await part(upload, 2, 'small')];
  assert.equal((await refused(complete(upload, second, first))).name, 'InvalidPartOrder');
  assert.equal((await refused(complete(upload, first, first))).name, 'InvalidPartOrder');
  assert.equal((await refused(complete(upload, { ...first, ETag: '"0"' }))).name, 'InvalidPart');
  assert.equal((await refused(complete(upload, first, { ...second, PartNumber: 3 }))).name, 'InvalidPart');
  assert.equal((await refused(complete(upload, { ...first, PartNumber: 10_001 }))).name, 'InvalidArgument');
  assert.equal((await refused(complete(upload))).name, 'MalformedXML');
  const small = await refused(complete(upload, first, second));
  const fields = { ProposedSize: small.ProposedSize, MinSizeAllowed: small.MinSizeAllowed, PartNumber: small.PartNumber, ETag: small.ETag };
  assert.equal(small.name, 'EntityTooSmall');
  assert.deepEqual(fields, { ProposedSize: '5', MinSizeAllowed: '5242880', PartNumber: '1', ETag: md5('small') });
  assert.equal(await s3.exists('refused parts'), false);
  await complete(upload, second);
  assert.equal((await stored('refused parts')).toString(), 'small');
});

test('takes a part of 5 MiB before another, and none of one byte less', async () => {
  for (const [size, refusal] of [[MINIMUM, undefined], [MINIMUM - 1, 'EntityTooSmall']]) {
    const upload = await begin('boundary');
    const parts = [await part(upload, 1, large.subarray(0, size)), await part(upload, 2, '')];
    assert.equal((await complete(upload, ...parts).catch((error) => error)).name, refusal);
  }
});

test('answers a repeated Complete as the first, and two at once alike', async () => {
  const upload = await begin('repeated');
  const only = await part(upload, 1, 'x');
  const [first, second] = await Promise.all([complete(upload, only), complete(upload, only)]);
  const again = await complete(upload, only);
  assert.equal(first.ETag, `"${md5(Buffer.from(md5('x'), 'hex'))}-1"`);
  assert.deepEqual([second.ETag, again.ETag, again.Location], [first.ETag, first.ETag, first.Location]);
  assert.equal((await refused(complete(upload, { ...only, PartNumber: 2 }))).name, 'NoSuchUpload');
  assert.equal((await refused(complete({ ...upload, Key: 'another' }, only))).name, 'NoSuchUpload');
  for (const call of [() => part(upload, 2, 'x'), () => run(ListPartsCommand, upload), () => run(AbortMultipartUploadCommand, upload)]) {
    assert.equal((await refused(call())).name, 'NoSuchUpload');
  }
});

test('forgets a finished upload where it is told to, as S3 does in the end', async () => {
  const forgetful = await startTestS3({ remembersCompleted: false });
  const upload = await forgetful.begin('forgotten');
  const only = await forgetful.part(upload, 1, 'x');
  const completing = () => forgetful.run(CompleteMultipartUploadCommand, { ...upload, MultipartUpload: { Parts: [only] } });
  await completing();
  assert.equal((await refused(completing())).name, 'NoSuchUpload');
  await forgetful.close();
});

test('aborts an upload with 204, and keeps nothing of it', async () => {
  const before = await s3.dataFiles();
  const upload = await begin('aborted');
  const only = await part(upload, 1, 'x');
  const { $metadata } = await run(AbortMultipartUploadCommand, upload);
  assert.equal($metadata.httpStatusCode, 204);
  const calls = [() => part(upload, 2, 'x'), () => complete(upload, only), () => run(ListPartsCommand, upload), () => run(AbortMultipartUploadCommand, upload)];
  for (const call of calls) assert.equal((await refused(call())).name, 'NoSuchUpload');
  assert.equal(await s3.dataFiles(), before);
});

test('keeps no part that was replaced, left out of the list, or came after the end', async () => {
  const before = await s3.dataFiles();
  const upload = await begin('leftovers');
  await part(upload, 1, 'first');
  const only = await part(upload, 1, 'second');
  await part(upload, 2, 'left out');
  const late = await Promise.allSettled([complete(upload, only), part(upload, 3, 'late')]);
  assert.equal(late[0].status, 'fulfilled');
  assert.equal(await s3.dataFiles(), before + 1);
});

test('does not open an upload of another key', async () => {
  const upload = await begin('mine');
  assert.equal((await refused(part({ ...upload, Key: 'yours' }, 1, 'x'))).name, 'NoSuchUpload');
});

test('takes part numbers from 1 to 10,000', async () => {
  const upload = await begin('numbers');
  for (const number of [1, 10_000]) await part(upload, number, 'x');
  for (const number of [0, 10_001, -1]) assert.equal((await refused(part(upload, number, 'x'))).name, 'InvalidArgument');
});

test('refuses a part that says how the object is encrypted', async () => {
  const upload = await begin('encrypted', { ServerSideEncryption: 'aws:kms' });
  const querystring = `partNumber=1&uploadId=${upload.UploadId}`;
  const headers = { 'Content-Length': 1, 'x-amz-server-side-encryption': 'aws:kms' };
  assert.equal((await ask({ uri: '/encrypted', querystring, headers, body: 'x' })).code, 'InvalidArgument');
  const kept = await run(UploadPartCommand, { ...upload, PartNumber: 1, Body: 'x' });
  assert.equal(kept.ServerSideEncryption, 'aws:kms');
  assert.notEqual(kept.ETag, `"${md5('x')}"`);
});

test('wants the checksum of each part of an upload that began with one', async () => {
  const upload = await begin('checked', { ChecksumAlgorithm: 'SHA256' });
  const { message } = await refused(part(upload, 1, 'x'));
  assert.match(message, /expected checksum Type: sha256, actual checksum Type: null/);
  const ChecksumSHA256 = createHash('sha256').update('x').digest('base64');
  const { ETag } = await run(UploadPartCommand, { ...upload, PartNumber: 1, Body: 'x', ChecksumSHA256 });
  assert.equal((await refused(complete(upload, { PartNumber: 1, ETag }))).name, 'InvalidRequest');
  await complete(upload, { PartNumber: 1, ETag, ChecksumSHA256 });
});

test('lists parts and uploads page by page', async () => {
  const upload = await begin('pages/a', { StorageClass: 'STANDARD_IA' });
  for (const number of [3, 1, 2]) await part(upload, number, 'x'.repeat(number));
  const first = await run(ListPartsCommand, { ...upload, MaxParts: 2 });
  const second = await run(ListPartsCommand, { ...upload, MaxParts: 2, PartNumberMarker: first.NextPartNumberMarker });
  const seen = [first, second].map(({ Parts, IsTruncated }) => [Parts.map(({ PartNumber, Size }) => [PartNumber, Size]), IsTruncated]);
  assert.deepEqual(seen, [[[[1, 1], [2, 2]], true], [[[3, 3]], false]]);
  assert.equal(first.StorageClass, 'STANDARD_IA');

  const others = [await begin('pages/b'), await begin('pages/b')];
  const list = (options) => run(ListMultipartUploadsCommand, { Prefix: 'pages/', MaxUploads: 2, ...options });
  const one = await list();
  const two = await list({ KeyMarker: one.NextKeyMarker, UploadIdMarker: one.NextUploadIdMarker });
  const listed = [...one.Uploads, ...two.Uploads].map(({ UploadId }) => UploadId);
  assert.deepEqual(new Set(listed), new Set([upload, ...others].map(({ UploadId }) => UploadId)));
  assert.deepEqual([listed.length, listed[0], one.IsTruncated, two.IsTruncated], [3, upload.UploadId, true, false]);
});

const copy = (upload, PartNumber, CopySource, options = {}) => run(UploadPartCopyCommand, { ...upload, PartNumber, CopySource, ...options });

test('copies an object, or a range of one, into a part', async () => {
  const source = 'source é+ü';
  const { ETag } = await s3.put(source, Buffer.concat([large, Buffer.from('tail')]));
  const encoded = `${Bucket}/${encodeURIComponent(source)}`;
  const upload = await begin('copied', { ServerSideEncryption: 'AES256' });
  const whole = await copy(upload, 1, encoded, { CopySourceIfMatch: ETag });
  assert.deepEqual([whole.CopyPartResult.ETag, whole.ServerSideEncryption], [ETag, 'AES256']);
  const range = await copy(upload, 2, `/${encoded}`, { CopySourceRange: `bytes=${MINIMUM}-${MINIMUM + 3}` });
  await complete(upload, { PartNumber: 1, ETag }, { PartNumber: 2, ETag: range.CopyPartResult.ETag });
  assert.ok(Buffer.concat([large, Buffer.from('tailtail')]).equals(await stored('copied')));
});

test('copies a small object as the last part', async () => {
  await s3.put('small source', 'tail');
  const upload = await begin('joined');
  const first = await part(upload, 1, large);
  const { CopyPartResult } = await copy(upload, 2, `${Bucket}/small%20source`);
  await complete(upload, first, { PartNumber: 2, ETag: CopyPartResult.ETag });
  assert.equal((await stored('joined')).subarray(MINIMUM).toString(), 'tail');
});

test('refuses a copy that S3 refuses', async () => {
  await s3.put('small source', 'tail');
  const upload = await begin('not copied');
  const from = `${Bucket}/small source`;
  assert.equal((await refused(copy(upload, 1, from, { CopySourceIfMatch: '"0"' }))).name, 'PreconditionFailed');
  assert.equal((await refused(copy(upload, 1, from, { CopySourceIfNoneMatch: `"${md5('tail')}"` }))).name, 'PreconditionFailed');
  assert.equal((await refused(copy(upload, 1, from, { CopySourceRange: 'bytes=0-1' }))).name, 'InvalidRequest');
  assert.equal((await refused(copy(upload, 1, `${Bucket}/none`))).name, 'NoSuchKey');
  assert.equal((await refused(copy(upload, 1, 'other/small source'))).name, 'NoSuchBucket');
  assert.equal((await refused(copy({ ...upload, UploadId: 'none' }, 1, from))).name, 'NoSuchUpload');
  assert.equal((await refused(copy(upload, 10_001, from))).name, 'InvalidArgument');
  await s3.put('large source', Buffer.concat([large, large]));
  for (const CopySourceRange of [`bytes=0-${2 * MINIMUM}`, 'bytes=5-4', 'bytes=5-']) {
    assert.equal((await refused(copy(upload, 1, `${Bucket}/large source`, { CopySourceRange }))).name, 'InvalidArgument');
  }
});

test("answers in S3's namespace and takes ETags without quotes", async () => {
  const initiated = await ask({ method: 'POST', uri: '/xml%26', querystring: 'uploads=', headers: { 'Content-Length': 0 } });
  assert.match(initiated.text, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<InitiateMultipartUploadResult xmlns="http:\/\/s3.amazonaws.com\/doc\/2006-03-01\/"><Bucket>devices<\/Bucket><Key>xml&amp;<\/Key><UploadId>/);
  const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(initiated.text)[1];
  const { headers } = await ask({ uri: '/xml%26', querystring: `partNumber=1&uploadId=${uploadId}`, headers: { 'Content-Length': 1 }, body: 'x' });
  const body = `<?xml version="1.0"?><CompleteMultipartUpload>\n<Part><PartNumber>1</PartNumber><ETag>${headers.etag.replaceAll('"', '')}</ETag></Part></CompleteMultipartUpload>\n`;
  const completing = { method: 'POST', uri: '/xml%26', querystring: `uploadId=${uploadId}` };
  const cut = await ask({ ...completing, headers: { 'Content-Length': body.length - 5 }, body: body.slice(0, -5) });
  assert.equal(cut.code, 'MalformedXML');
  const other = createHash('md5').update('another').digest('base64');
  const damaged = await ask({ ...completing, headers: { 'Content-Length': body.length, 'Content-MD5': other }, body });
  assert.equal(damaged.code, 'BadDigest');
  const completed = await ask({ ...completing, headers: { 'Content-Length': body.length }, body });
  assert.match(completed.text, /<CompleteMultipartUploadResult xmlns="[^"]*"><Location>.*<ETag>&quot;[0-9a-f]{32}-1&quot;<\/ETag>/);
});

test('takes a list of up to 10,000 parts', async () => {
  const upload = await begin('many parts');
  const empty = await part(upload, 10_000, '');
  const list = `<CompleteMultipartUpload>${'<Part><PartNumber>1</PartNumber><ETag>x</ETag></Part>'.repeat(10_001)}</CompleteMultipartUpload>`;
  const answer = await ask({ method: 'POST', uri: '/many%20parts', querystring: `uploadId=${upload.UploadId}`, headers: { 'Content-Length': list.length }, body: list });
  assert.equal(answer.code, 'MalformedXML');
  await complete(upload, empty);
  assert.equal((await run(HeadObjectCommand, { Key: 'many parts' })).ContentLength, 0);
});

test('ends a conditional upload with 412 where the key was taken meanwhile', async () => {
  const upload = await begin('taken');
  const only = await part(upload, 1, 'mine');
  await run(PutObjectCommand, { Key: 'taken', Body: 'theirs' });
  const conditional = () => run(CompleteMultipartUploadCommand, { ...upload, MultipartUpload: { Parts: [only] }, IfNoneMatch: '*' });
  assert.equal((await refused(conditional())).name, 'PreconditionFailed');
  assert.equal((await stored('taken')).toString(), 'theirs');
});
