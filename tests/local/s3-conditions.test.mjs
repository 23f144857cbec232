// Conditional reads and writes of the local S3 (S3 user guide, "Conditional requests"), and versions.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';

import {
  CompleteMultipartUploadCommand, DeleteObjectCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, ListObjectVersionsCommand,
  ListObjectsV2Command, UploadPartCopyCommand,
} from '@aws-sdk/client-s3';

import { openRequest } from '../../local/origin-access-control.mjs';
import { Bucket, startTestS3, waitFor } from './s3-fixture.mjs';

const s3 = await startTestS3();
const versioned = await startTestS3({ versioned: true });
after(() => Promise.all([s3.close(), versioned.close()]));

const nameOf = (promise) => promise.then(() => 'done', ({ name }) => name);

test('does not overwrite under If-None-Match: *', async () => {
  const create = (Body) => s3.put('once', Body, { IfNoneMatch: '*' });
  await create('x');
  assert.equal(await nameOf(create('y')), 'PreconditionFailed');
  assert.equal((await s3.stored('once')).toString(), 'x');
  const before = await s3.dataFiles();
  const racing = await Promise.all(Array.from({ length: 8 }, () => nameOf(s3.put('raced', 'x', { IfNoneMatch: '*' }))));
  assert.deepEqual(racing.sort(), [...Array(7).fill('PreconditionFailed'), 'done']);
  assert.equal(await s3.dataFiles(), before + 1);
});

test('overwrites only the object of If-Match', async () => {
  const { ETag } = await s3.put('matched', 'x');
  assert.equal(await nameOf(s3.put('matched', 'y', { IfMatch: '"0"' })), 'PreconditionFailed');
  assert.equal(await nameOf(s3.put('matched', 'y', { IfMatch: ETag.replaceAll('"', '') })), 'done');
  assert.equal(await nameOf(s3.put('not there', 'y', { IfMatch: ETag })), 'NoSuchKey');
  for (const headers of [{ 'If-None-Match': ETag }, { 'If-None-Match': '*', 'If-Match': ETag }]) {
    assert.equal((await s3.ask({ uri: '/matched', headers: { 'Content-Length': 1, ...headers }, body: 'z' })).status, 501);
  }
  assert.equal((await s3.stored('matched')).toString(), 'y');
});

/** What a conditional PUT gets that S3 has begun to read, and that ends after `meanwhile`. */
async function interrupted(key, condition, meanwhile) {
  const before = await s3.dataFiles();
  const upstream = openRequest(await s3.signed({ uri: `/${key}`, headers: { 'Content-Length': 6, ...condition } }));
  upstream.write('abc');
  await waitFor(async () => (await s3.dataFiles()) > before);
  await meanwhile();
  upstream.end('def');
  const [message] = await once(upstream, 'response');
  message.resume();
  return message.statusCode;
}

test('answers 409 to a conditional write while the key was deleted, and where its object was changed', async () => {
  const remove = (Key) => s3.run(DeleteObjectCommand, { Key });
  const createAndRemove = async () => (await s3.put('flicker', 'x'), await remove('flicker'));
  assert.equal(await interrupted('flicker', { 'If-None-Match': '*' }, createAndRemove), 409);
  assert.equal(await interrupted('flicker', { 'If-None-Match': '*' }, async () => {}), 200);
  const { ETag } = await s3.put('changed', 'x');
  assert.equal(await interrupted('changed', { 'If-Match': ETag }, () => s3.put('changed', 'y')), 409);
  const again = await s3.put('changed', 'x');
  assert.equal(await interrupted('changed', { 'If-Match': again.ETag }, () => remove('changed')), 404);
  assert.equal(await interrupted('created', { 'If-None-Match': '*' }, () => s3.put('created', 'y')), 412);
});

test('answers 409 to a conditional Complete where the key was deleted since the upload began', async () => {
  await s3.put('upload', 'x');
  const upload = await s3.begin('upload');
  const only = await s3.part(upload, 1, 'x');
  const complete = () => s3.run(CompleteMultipartUploadCommand, { ...upload, MultipartUpload: { Parts: [only] }, IfNoneMatch: '*' });
  assert.equal(await nameOf(complete()), 'PreconditionFailed');
  await s3.run(DeleteObjectCommand, { Key: 'upload' });
  assert.equal(await nameOf(complete()), 'ConditionalRequestConflict');
  const other = await s3.begin('upload');
  const part = await s3.part(other, 1, 'y');
  const finish = () => s3.run(CompleteMultipartUploadCommand, { ...other, MultipartUpload: { Parts: [part] }, IfNoneMatch: '*' });
  assert.equal(await nameOf(finish()), 'done');
  assert.equal(await nameOf(finish()), 'PreconditionFailed');
});

test('reads only under the conditions that hold', async () => {
  const { ETag } = await s3.put('read', 'x');
  const { LastModified } = await s3.run(HeadObjectCommand, { Key: 'read' });
  const earlier = new Date(LastModified.getTime() - 60_000);
  const read = (options) => s3.run(GetObjectCommand, { Key: 'read', ...options }).then(() => 200, ({ $metadata }) => $metadata.httpStatusCode);
  assert.equal(await read({ IfMatch: ETag }), 200);
  assert.equal(await read({ IfMatch: '"0"' }), 412);
  assert.equal(await read({ IfNoneMatch: '"0"' }), 200);
  assert.equal(await read({ IfNoneMatch: ETag }), 304);
  assert.equal(await read({ IfModifiedSince: earlier }), 200);
  assert.equal(await read({ IfModifiedSince: LastModified }), 304);
  assert.equal(await read({ IfUnmodifiedSince: LastModified }), 200);
  assert.equal(await read({ IfUnmodifiedSince: earlier }), 412);
  assert.equal(await read({ IfMatch: ETag, IfUnmodifiedSince: earlier }), 200);
  assert.equal(await read({ IfNoneMatch: ETag, IfModifiedSince: earlier }), 304);
});

test('keeps every version, and a marker for what was deleted', async () => {
  const first = await versioned.put('kept', 'first');
  const second = await versioned.put('kept', 'second');
  assert.ok(first.VersionId && second.VersionId && first.VersionId !== second.VersionId);
  const gone = await versioned.run(DeleteObjectCommand, { Key: 'kept' });
  assert.equal(gone.DeleteMarker, true);
  const missing = await versioned.ask({ method: 'GET', uri: '/kept' });
  assert.deepEqual([missing.code, missing.headers['x-amz-delete-marker'], missing.headers['x-amz-version-id']], ['NoSuchKey', 'true', gone.VersionId]);
  const marker = await versioned.ask({ method: 'GET', uri: '/kept', querystring: `versionId=${gone.VersionId}` });
  assert.deepEqual([marker.status, marker.code], [405, 'MethodNotAllowed']);
  assert.equal((await versioned.stored('kept', { VersionId: first.VersionId })).toString(), 'first');
  assert.equal(await nameOf(versioned.stored('kept', { VersionId: 'none' })), 'NoSuchVersion');
  assert.equal((await versioned.run(ListObjectsV2Command, { Prefix: 'kept' })).KeyCount, 0);

  const { Versions, DeleteMarkers } = await versioned.run(ListObjectVersionsCommand, { Prefix: 'kept' });
  assert.deepEqual(Versions.map(({ VersionId, IsLatest, Size }) => [VersionId, IsLatest, Size]), [[second.VersionId, false, 6], [first.VersionId, false, 5]]);
  assert.deepEqual(DeleteMarkers.map(({ VersionId, IsLatest }) => [VersionId, IsLatest]), [[gone.VersionId, true]]);

  const undone = await versioned.run(DeleteObjectCommand, { Key: 'kept', VersionId: gone.VersionId });
  assert.deepEqual([undone.DeleteMarker, undone.VersionId], [true, gone.VersionId]);
  assert.equal((await versioned.stored('kept')).toString(), 'second');
});

test('deletes a version for good, and takes a write where the latest is a marker', async () => {
  const { VersionId } = await versioned.put('erased', 'x');
  const before = await versioned.dataFiles();
  await versioned.run(DeleteObjectCommand, { Key: 'erased', VersionId });
  assert.equal(await versioned.dataFiles(), before - 1);
  assert.equal(await nameOf(versioned.stored('erased', { VersionId })), 'NoSuchVersion');
  await versioned.put('again', 'x');
  const { Deleted } = await versioned.run(DeleteObjectsCommand, { Delete: { Objects: [{ Key: 'again' }] } });
  assert.deepEqual([Deleted[0].DeleteMarker, typeof Deleted[0].DeleteMarkerVersionId], [true, 'string']);
  assert.equal(await nameOf(versioned.put('again', 'y', { IfNoneMatch: '*' })), 'done');
  assert.equal(await nameOf(versioned.put('again', 'z', { IfNoneMatch: '*' })), 'PreconditionFailed');
});

test('makes a version of an upload, and copies from one', async () => {
  const upload = await versioned.begin('uploaded');
  const only = await versioned.part(upload, 1, 'x');
  const complete = () => versioned.run(CompleteMultipartUploadCommand, { ...upload, MultipartUpload: { Parts: [only] } });
  const { VersionId } = await complete();
  assert.equal((await complete()).VersionId, VersionId);
  assert.equal((await versioned.run(ListObjectVersionsCommand, { Prefix: 'uploaded' })).Versions.length, 1);

  await versioned.put('uploaded', 'newer');
  const next = await versioned.begin('uploaded');
  const copied = await versioned.run(UploadPartCopyCommand, { ...next, PartNumber: 1, CopySource: `${Bucket}/uploaded?versionId=${VersionId}` });
  assert.deepEqual([copied.CopySourceVersionId, copied.CopyPartResult.ETag], [VersionId, only.ETag]);
});

test('lists versions page by page', async () => {
  for (const [key, body] of [['page/a', '1'], ['page/a', '2'], ['page/b', '3']]) await versioned.put(key, body);
  const list = (options) => versioned.run(ListObjectVersionsCommand, { Prefix: 'page/', MaxKeys: 1, ...options });
  const bodies = [];
  let page = await list();
  for (;;) {
    for (const { Key, VersionId } of page.Versions) bodies.push((await versioned.stored(Key, { VersionId })).toString());
    if (!page.IsTruncated) break;
    page = await list({ KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker });
  }
  assert.deepEqual(bodies, ['2', '1', '3']);
});

test('has no versions unless it is told to', async () => {
  const { VersionId } = await s3.put('single', 'x');
  assert.equal(VersionId, undefined);
  const removed = await s3.run(DeleteObjectCommand, { Key: 'single' });
  assert.deepEqual([removed.VersionId, removed.DeleteMarker], [undefined, undefined]);
  assert.equal((await s3.run(ListObjectVersionsCommand, { Prefix: 'single' })).Versions, undefined);
});
