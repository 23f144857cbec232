// Faults of the local S3, by the number of the call and by its operation.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import { CompleteMultipartUploadCommand, GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';

import { startTestS3 } from './s3-fixture.mjs';

/** Each test's own. */
let fault;
const calls = [];
const s3 = await startTestS3({ fault: (call) => (calls.push(call), fault(call)) });
after(() => s3.close());
beforeEach(() => {
  fault = () => undefined;
  calls.length = 0;
});

/** Fails the calls of one operation. */
const failing = (operation, what) => (call) => (call.operation === operation ? what : undefined);

/** What the client sees of a PUT, and whether S3 then has the object. */
async function outcome(key, what) {
  fault = failing('PutObject', what);
  const seen = await s3.put(key, 'x').then(() => 'done', ({ name, code }) => code ?? name);
  return [seen, await s3.exists(key)];
}

test('tells the number of each call, its operation and its object', async () => {
  await s3.put('a b', 'x');
  await s3.exists('a b');
  const [{ number }] = calls;
  assert.deepEqual(calls.map((call) => [call.number - number, call.operation, call.bucket, call.key]), [[0, 'PutObject', 'devices', 'a b'], [1, 'HeadObject', 'devices', 'a b']]);
});

test('fails one call by its number', async () => {
  let number = 0;
  fault = () => ((number += 1) === 2 ? { ends: 'SlowDown' } : undefined);
  const puts = [1, 2, 3].map((at) => () => s3.put(`numbered/${at}`, 'x').then(() => 'done', ({ name }) => name));
  const seen = [];
  for (const put of puts) seen.push(await put());
  assert.deepEqual(seen, ['done', 'SlowDown', 'done']);
});

test('answers an error, before the call has an effect or after', async () => {
  assert.deepEqual(await outcome('error', { ends: 'InternalError' }), ['InternalError', false]);
  assert.deepEqual(await outcome('error', { ends: 'InternalError', done: true }), ['InternalError', true]);
});

test('cuts the connection, before the call has an effect or after', async () => {
  assert.deepEqual(await outcome('cut', { ends: 'cut' }), ['ECONNRESET', false]);
  assert.deepEqual(await outcome('cut', { ends: 'cut', done: true }), ['ECONNRESET', true]);
});

test('gives half an answer', async () => {
  await s3.put('halved', 'abcdefghij');
  fault = failing('GetObject', { ends: 'half' });
  const { Body, ContentLength } = await s3.run(GetObjectCommand, { Key: 'halved' });
  assert.equal(ContentLength, 10);
  await assert.rejects(Body.transformToByteArray(), { code: 'ECONNRESET' });
});

test('says nothing until the client gives up, having done the work or not', async () => {
  for (const done of [false, true]) {
    fault = failing('PutObject', { ends: 'silence', done });
    const control = new AbortController();
    const told = new Promise((resolve) => {
      const before = fault;
      fault = (call) => (resolve(), before(call));
    });
    const giving = assert.rejects(s3.put(`silent/${done}`, 'x', {}, { abortSignal: control.signal }), { name: 'AbortError' });
    await told;
    if (done) while (!(await s3.exists('silent/true')));
    control.abort();
    await giving;
    assert.equal(await s3.exists(`silent/${done}`), done);
  }
});

test('holds a call back before its work, and its answer after it', async () => {
  let release;
  fault = failing('PutObject', new Promise((resolve) => (release = () => resolve(undefined))));
  const early = s3.put('held/early', 'x');
  assert.equal(await s3.exists('held/early'), false);
  release();
  await early;

  fault = failing('PutObject', { ends: new Promise((resolve) => (release = resolve)) });
  let answered = false;
  const late = s3.put('held/late', 'x').then(() => (answered = true));
  while (!(await s3.exists('held/late')));
  assert.equal(answered, false);
  release();
  await late;
});

test('answers 200 with an error in it, as CompleteMultipartUpload may', async () => {
  const upload = await s3.begin('two hundred');
  const only = await s3.part(upload, 1, 'x');
  fault = failing('CompleteMultipartUpload', { ends: 'InternalError', status: 200 });
  const complete = () => s3.run(CompleteMultipartUploadCommand, { ...upload, MultipartUpload: { Parts: [only] } });
  await assert.rejects(complete(), { name: 'InternalError' });
  fault = () => undefined;
  await complete();
  assert.equal((await s3.run(HeadObjectCommand, { Key: 'two hundred' })).ContentLength, 1);
});
