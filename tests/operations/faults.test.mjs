// CompleteMultipartUpload of staged parts while S3 fails, or the function is stopped, at each call by its number; then the
// repetition that an SDK sends. Whatever happened: the object is right, and made once.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LEAST, MIB, Upload, areJoined, content } from './device.mjs';
import { MemoryS3, fail } from './memory-s3.mjs';

/** Joined, kept and copied. */
const SIZES = [2 * MIB, 3 * MIB, LEAST, 1000];

/** What becomes of one call. Each gets the call and does it, or not. */
const FAULTS = {
  'S3 answers 500': () => fail('InternalError'),
  'S3 answers 503': () => fail('SlowDown'),
  'S3 does it, and its answer is lost': async (run) => (await run(), fail('TimeoutError')),
  'S3 cuts its answer': async (run) => halved(await run()),
  'the function is stopped before S3 does it': () => 'stopped',
  'the function is stopped after S3 did it': async (run) => (await run(), 'stopped'),
};

const BUCKETS = {
  'a bucket': {},
  'a versioned bucket': { versioned: true },
  'a bucket with KMS': { kms: true },
  'a bucket of an S3 that forgets what was completed': { remembersCompleted: false },
};

/** An attempt against an S3 that fails once, and what it answered; undefined when it was stopped. */
async function attempt(upload, list, faultAt, fault) {
  const { s3 } = upload;
  let stop;
  const stopped = new Promise((resolve) => (stop = resolve));
  let isStopped = false;
  let calls = 0;
  const send = async (command, options) => {
    const number = (calls += 1);
    if (isStopped) return new Promise(() => {});
    if (number !== faultAt) {
      const answer = await s3.send(command, options);
      return isStopped ? new Promise(() => {}) : answer;
    }
    const answer = await fault(() => s3.send(command, options));
    if (answer !== 'stopped') return answer;
    isStopped = true;
    stop();
    return new Promise(() => {});
  };
  return { answer: await Promise.race([upload.complete(list, { send }), stopped]), calls };
}

/** An answer whose body ends early; any other answer isn't one. */
function halved(answer) {
  if (answer.Body === undefined) return fail('SyntaxError');
  const chunks = (async function* half() {
    for await (const chunk of answer.Body) yield chunk.subarray(0, Math.floor(chunk.length / 2));
  })();
  return { ...answer, Body: Object.assign(chunks, { transformToString: async () => (await answer.Body.transformToString()).slice(0, 9) }) };
}

async function begun(options, { forbidOverwrite = false } = {}) {
  const s3 = new MemoryS3(options);
  const upload = await Upload.begin(s3, 'object', { forbidOverwrite });
  return { s3, upload, sent: await upload.parts(SIZES) };
}

async function callsOf(options, uploadOptions, list = (sent) => sent) {
  const { upload, sent } = await begun(options, uploadOptions);
  const { calls } = await attempt(upload, list(sent), 0);
  return calls;
}

for (const [bucket, options] of Object.entries(BUCKETS)) {
  for (const [fault, does] of Object.entries(FAULTS)) {
    test(`in ${bucket}, when ${fault}, at each call`, async () => {
      const calls = await callsOf(options, { forbidOverwrite: true });
      assert.ok(calls > 12, `${calls}`);
      for (let number = 1; number <= calls; number += 1) {
        const { s3, upload, sent } = await begun(options, { forbidOverwrite: true });
        const first = await attempt(upload, sent, number, does);
        // What a client that resumes sees: its own parts, or that the upload has ended.
        const listed = await upload.listed();
        if (Array.isArray(listed)) assert.deepEqual([...listed], sent.map(({ number, etag, bytes }) => ({ number, etag, size: bytes.length })), `call ${number}`);
        else assert.equal(listed, 'NoSuchUpload');
        const again = await upload.complete(sent);
        const isUnknown = options.kms && again === 'PreconditionFailed';
        if (!isUnknown) assert.match(again, /^"/u, `call ${number}: ${first.answer}, then ${again}`);
        assert.ok(areJoined(s3.bytesOf('object'), sent), `call ${number}`);
        assert.deepEqual(s3.keys(), [`.oss-edge/uploads/${upload.id}`, 'object'], `call ${number}: ${first.answer}, then ${again}`);
        if (first.answer?.startsWith('"')) assert.equal(again, first.answer);
      }
    });
  }
}

test('when the function is stopped at each call, a completion with all parts makes the right object', async () => {
  const calls = await callsOf({});
  for (let number = 1; number <= calls; number += 1) {
    const { s3, upload, sent } = await begun({});
    await attempt(upload, sent, number, FAULTS['the function is stopped after S3 did it']);
    const hadEnded = s3.uploads.size === 0;
    assert.match(await upload.complete('all'), hadEnded ? /NoSuchUpload/u : /^"/u, `call ${number}`);
    assert.ok(areJoined(s3.bytesOf('object'), sent), `call ${number}`);
  }
});

test('after a stop, joins nothing again that is joined already', async () => {
  const { s3, upload, sent } = await begun({});
  const copies = [];
  s3.around = ({ name }, run) => (name === 'CompleteMultipartUpload' ? fail('InternalError') : run());
  assert.equal(await upload.complete(sent), 'InternalError');
  s3.around = ({ name }, run) => (copies.push(name), run());
  assert.match(await upload.complete(sent), /^"/u);
  assert.deepEqual(copies.filter((name) => name === 'UploadPart'), []);
  // The record.
  assert.equal(copies.filter((name) => name === 'GetObject').length, 1);
});

test('after a stop, another list is joined anew where it differs, and the client may send other parts', async () => {
  for (let at = 1; at <= await callsOf({}); at += 1) {
    const { s3, upload, sent } = await begun({});
    await attempt(upload, sent, at, FAULTS['the function is stopped after S3 did it']);
    if (s3.uploads.size === 0) continue;
    // Of the size and number of what was made before.
    const large = await upload.part(1, content(LEAST, 77));
    const small = await upload.part(4, content(MIB, 78));
    const list = [large, sent[2], small];
    assert.deepEqual((await upload.listed()).map(({ etag }) => etag), [large, sent[1], sent[2], small].map(({ etag }) => etag));
    assert.match(await upload.complete(list), /^"/u, `call ${at}`);
    assert.ok(areJoined(s3.bytesOf('object'), list));
  }
});

test('after a stop, the part that was not listed may be listed in its place', async () => {
  for (let at = 1; at < 20; at += 1) {
    const s3 = new MemoryS3();
    const upload = await Upload.begin(s3, 'object');
    const large = await upload.part(1, content(LEAST));
    const [small, last] = await upload.parts([MIB, MIB]);
    await attempt(upload, [small, last], at, FAULTS['the function is stopped after S3 did it']);
    if (s3.uploads.size === 0) return;
    assert.match(await upload.complete([large, last]), /^"/u, `call ${at}`);
    assert.ok(areJoined(s3.bytesOf('object'), [large, last]));
  }
  assert.fail('the upload never ended');
});

test('an object of the same bytes that another upload made is not taken for its own, and not overwritten', async () => {
  const s3 = new MemoryS3();
  const [one, other] = [await Upload.begin(s3, 'object', { forbidOverwrite: true }), await Upload.begin(s3, 'object')];
  const sent = await one.parts(SIZES);
  s3.around = ({ name }, run) => (name === 'CompleteMultipartUpload' ? fail('InternalError') : run());
  assert.equal(await one.complete(sent), 'InternalError');
  s3.around = (_, run) => run();
  assert.match(await other.complete(await other.parts(SIZES)), /^"/u);
  const [made] = s3.objects.get('object');
  assert.equal(await one.complete(sent), 'PreconditionFailed');
  assert.equal(s3.objects.get('object')[0], made);
  assert.equal((await one.listed()).length, SIZES.length);
});

for (const [what, change, expected] of [
  ['sent again with other bytes', (upload) => upload.part(2, content(MIB, 99)), /^(InvalidPart$|")/u],
  ['sent again with the same bytes', (upload) => upload.part(2, content(3 * MIB, 2)), /^"/u],
  ['sent again as a large one', (upload) => upload.part(2, content(LEAST, 99)), /^(SlowDown$|")/u],
  ['aborted', (upload) => upload.abort().catch(({ name }) => assert.equal(name, 'NoSuchUpload')), /^(NoSuchUpload$|")/u],
]) {
  test(`while it is joined, a part is ${what}, at each call`, async () => {
    const calls = await callsOf({});
    for (let number = 1; number <= calls; number += 1) {
      const { s3, upload, sent } = await begun({ versioned: true });
      const answered = await attempt(upload, sent, number, async (run) => {
        const isLate = s3.uploads.size === 0 && !what.startsWith('aborted');
        await (isLate ? undefined : change(upload));
        return run();
      });
      assert.match(answered.answer, expected, `call ${number}`);
      const isMade = answered.answer.startsWith('"');
      const object = s3.bytesOf('object');
      assert.equal(object && areJoined(object, sent), isMade || undefined, `call ${number}`);
      if (isMade || what === 'aborted') continue;
      const latest = await upload.complete('all');
      assert.match(latest, /^"|^EntityTooSmall$/u, `call ${number}`);
    }
  });
}
