// A join that several processes share, some of which fail, are stopped or come too late.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { madeSlice, slicedJoin } from '../../js-shim/operations/join-slices.mjs';
import { BUCKET, MIB, Upload, areJoined, content } from './device.mjs';
import { MemoryS3 } from './memory-s3.mjs';

const SLICES = 4;
const PARTS = 46;
const PART_BYTES = 3 * MIB;

/** An upload of 138 MiB in small parts, and a join that is shared. */
async function begun(runOf = (slice, run) => run(slice), options = {}) {
  const s3 = new MemoryS3(options);
  const upload = await Upload.begin(s3, 'object');
  const sent = await upload.parts(Array.from({ length: PARTS }, () => PART_BYTES));
  const [asked, failures] = [[], []];
  // Another process gets JSON.
  const elsewhere = async (slice) => viaJson(await madeSlice(s3, viaJson(slice)));
  const run = async (slice) => {
    asked.push(slice);
    return runOf(slice, elsewhere, asked.length);
  };
  const make = slicedJoin(SLICES, run, (error) => void failures.push(error.name));
  return { s3, upload, sent, asked, failures, complete: (list = sent) => upload.complete(list, s3, make) };
}

const viaJson = (value) => JSON.parse(JSON.stringify(value));

function assertObject({ s3, sent, upload }, answer) {
  assert.match(answer, /^"[0-9a-f]{32}-\d+"$/u);
  assert.ok(areJoined(s3.bytesOf('object'), sent));
  assert.deepEqual(s3.keys(), [`.oss-edge/uploads/${upload.id}`, 'object']);
}

/** The parts of which each one is noted in the record, before S3 gets it. */
function watchRecord({ s3, upload }) {
  const unnoted = [];
  const usual = s3.around;
  s3.around = (call, run) => {
    if (call.name === 'UploadPart' && !recordOf(s3, upload).made.some(({ number }) => number === call.input.PartNumber)) {
      unnoted.push(call.input.PartNumber);
    }
    return usual(call, run);
  };
  return unnoted;
}

function recordOf(s3, upload) {
  return JSON.parse(s3.bytesOf(`.oss-edge/uploads/${upload.id}`).toString());
}

for (const [bucket, options] of Object.entries({ 'a bucket': {}, 'a bucket with KMS': { kms: true } })) {
  test(`in ${bucket}, makes the object that one process makes, of slices of nearly one size`, async () => {
    const shared = await begun(undefined, options);
    const unnoted = watchRecord(shared);
    const answer = await shared.complete();
    const alone = await begun(undefined, options);
    assert.equal(answer.split('-')[1], (await alone.upload.complete(alone.sent)).split('-')[1]);
    assert.ok(areJoined(shared.s3.bytesOf('object'), shared.sent));
    assert.equal(shared.asked.length, SLICES - 1);
    const bytes = shared.asked.map(({ plan }) => plan.reduce((sum, { size }) => sum + size, 0) / MIB);
    assert.ok(bytes.every((mib) => mib >= 25 && mib <= 45), String(bytes));
    assert.deepEqual([unnoted, shared.failures], [[], []]);
    const { made, numbers } = recordOf(shared.s3, shared.upload);
    assert.deepEqual(made.map(({ number }) => number).sort((a, b) => a - b), numbers);
  });
}

test('slices that write to the record at once give way to each other', async () => {
  const upload = await begun();
  const conflicts = [];
  upload.s3.around = async (call, run) => {
    if (call.name !== 'PutObject') return run();
    await new Promise((resolve) => setTimeout(resolve, 5));
    return run().catch((error) => {
      conflicts.push(error.name);
      throw error;
    });
  };
  assertObject(upload, await upload.complete());
  assert.ok(conflicts.length >= SLICES - 1, `${conflicts.length}`);
  assert.deepEqual([new Set(conflicts), upload.failures], [new Set(['PreconditionFailed']), []]);
});

test('shares no join that is short', async () => {
  const { upload, s3, asked } = await begun();
  const other = await Upload.begin(s3, 'short');
  const sent = await other.parts([MIB, 2 * MIB, 0]);
  const make = slicedJoin(SLICES, async (slice) => void asked.push(slice), assert.fail);
  assert.match(await other.complete(sent, s3, make), /-1"$/u);
  const empty = await Upload.begin(s3, 'empty');
  assert.match(await empty.complete(await empty.parts([0]), s3, make), /-1"$/u);
  assert.deepEqual(asked, []);
  assert.notEqual(upload.id, other.id);
});

const throttled = () => Promise.reject(Object.assign(new Error('rate exceeded'), { name: 'TooManyRequestsException' }));

const FAILURES = {
  'is not to be had': throttled,
  'fails after it made its parts': async (slice, run) => (await run(slice), throttled()),
  'is of another release': (slice, run) => run({ ...slice, version: 2 }),
};

for (const [what, runOf] of Object.entries(FAILURES)) {
  test(`makes a slice itself when another process ${what}`, async () => {
    const upload = await begun((slice, run, number) => (number === 2 ? runOf(slice, run) : run(slice)));
    const unnoted = watchRecord(upload);
    assertObject(upload, await upload.complete());
    assert.equal(upload.failures.length, 1);
    assert.deepEqual(unnoted, []);
  });
}

test('makes all of it when no other process is to be had', async () => {
  const upload = await begun(throttled);
  assertObject(upload, await upload.complete());
  assert.equal(upload.failures.length, SLICES - 1);
});

test('fails with what another process found, and the next attempt is right', async () => {
  const upload = await begun(async (slice, run, number) => {
    // The device sends a part again while it is joined.
    if (number === 3) await upload.upload.part(slice.plan[0].parts[0].number, content(PART_BYTES, 999));
    return run(slice);
  });
  assert.equal(await upload.complete(), 'InvalidPart');
  assert.equal(upload.s3.bytesOf('object'), undefined);
  const { number } = upload.asked[2].plan[0].parts[0];
  const again = await upload.upload.part(number, content(PART_BYTES, 999));
  const list = upload.sent.map((part) => (part.number === number ? again : part));
  assertObject({ ...upload, sent: list }, await upload.upload.complete(list));
});

test('a slice that comes after the upload has gone on otherwise makes no wrong object', async () => {
  const late = [];
  const upload = await begun((slice, run, number) => {
    if (number !== 1) return run(slice);
    late.push(() => run(slice));
    return new Promise(() => {});
  });
  void upload.complete();
  while (late.length === 0) await new Promise(setImmediate);
  // The function is stopped. The device sends one of the slice's parts anew, and completes with that.
  const { number } = upload.asked[0].plan[0].parts[0];
  const again = await upload.upload.part(number, content(PART_BYTES, 777));
  const list = upload.sent.map((part) => (part.number === number ? again : part));
  const { s3 } = upload;
  const usual = s3.around;
  s3.around = async (call, run) => {
    // Right before S3 makes the object, the slice's other parts arrive.
    if (call.name === 'CompleteMultipartUpload') {
      s3.around = usual;
      await late[0]();
    }
    return run();
  };
  let answer = await upload.upload.complete(list);
  for (let attempt = 1; !answer.startsWith('"') && attempt < 5; attempt += 1) {
    assert.equal(answer, 'SlowDown');
    answer = await upload.upload.complete(list);
  }
  assert.match(answer, /^"/u);
  assert.ok(areJoined(s3.bytesOf('object'), list));
});

test('two completions at once, each of slices', async () => {
  const upload = await begun();
  const answers = await Promise.all([upload.complete(), upload.complete()]);
  for (const answer of answers) {
    assert.equal(answer, answers[0]);
    assertObject(upload, answer);
  }
});

test('no slice names another bucket than the request', async () => {
  const upload = await begun();
  await upload.complete();
  for (const { version, upload: of } of upload.asked) {
    assert.deepEqual([version, of], [1, { object: { Bucket: BUCKET, Key: 'object' }, uploadId: upload.upload.id, folder: upload.upload.id }]);
  }
});
