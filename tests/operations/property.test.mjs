// Any sequence of part uploads, overwrites, ListParts, Abort and Completes gives the objects and answers that a simple model
// of OSS gives; and where some run at once, in any order of their calls to S3, or are stopped at any of them, S3 has the
// object of one of the lists or none, and what was acknowledged is still there.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { KIB, LEAST, MIB, Upload, content, joined } from './device.mjs';
import { MemoryS3, md5 as md5Of } from './memory-s3.mjs';

/** The sizes of parts. What is made of 2 and 3 MiB is as large as a large part. */
const SIZES = [0, 9, 100 * KIB, 2 * MIB, 3 * MIB, LEAST - 1, LEAST];

const KEY = 'object';
const OK = /^"/u;

/**
 * OSS, as far as an upload in parts shows it. What differs here is documented: of a number that was sent small and large,
 * either may be listed; small parts between large ones must make 5 MiB; a part after the end isn't refused if it is small.
 */
class Model {
  /** The parts of each number that may be listed, the last one first. */
  parts = new Map();
  /** Whether S3 remembers what was completed. */
  remembers;
  isOpen = true;
  object;
  /** The list that was completed. */
  done;

  put(part) {
    if (!this.isOpen) return;
    const isSmall = (one) => one.bytes.length < LEAST;
    const others = (this.parts.get(part.number) ?? []).filter((one) => isSmall(one) !== isSmall(part));
    this.parts.set(part.number, [part, ...others]);
  }

  current() {
    return [...this.parts].sort(([a], [b]) => a - b).map(([, [latest]]) => latest);
  }

  abort() {
    this.isOpen = false;
    this.parts.clear();
  }

  complete(list) {
    const name = list === 'all' ? 'all' : nameOf(list);
    // OSS says so of an ended upload whatever the order.
    const isOrdered = list === 'all' || list.every(({ number }, index) => index === 0 || number > list[index - 1].number);
    if (list !== 'all' && list.length === 0) return 'MalformedXML';
    if (!isOrdered) return 'InvalidPartOrder';
    if (!this.isOpen) return this.done === name ? this.object.etag : 'NoSuchUpload';
    const chosen = list === 'all' ? this.current() : list.map((one) => (this.parts.get(one.number) ?? []).find(({ etag }) => etag === one.etag));
    if (chosen.includes(undefined)) return 'InvalidPart';
    if (chosen.length === 0) return 'MalformedXML';
    if (chosen.slice(0, -1).some(({ bytes }) => bytes.length < 100 * KIB) || hasSmallRun(chosen)) return 'EntityTooSmall';
    this.abort();
    // Of an upload without small parts S3 alone knows its end, by the parts themselves.
    const isLarge = chosen.every(({ bytes }) => bytes.length >= LEAST);
    const inS3 = this.remembers ? nameOf(chosen) : undefined;
    Object.assign(this, { object: { bytes: joined(chosen) }, done: isLarge ? inS3 : name });
    return OK;
  }
}

function nameOf(list) {
  return list.map(({ number, etag }) => `${number} ${etag}`).join();
}

/** Whether a run of small parts before a large one has less than 5 MiB together. */
function hasSmallRun(parts) {
  let run;
  for (const { bytes } of parts) {
    if (bytes.length >= LEAST && run < LEAST) return true;
    run = bytes.length >= LEAST ? undefined : (run ?? 0) + bytes.length;
  }
  return false;
}

const part = fc.record({ op: fc.constant('part'), number: fc.integer({ min: 1, max: 4 }), size: fc.constantFrom(...SIZES), seed: fc.integer({ min: 1, max: 2 }) });
/** `pick` says which of a number's parts is listed: the last one, an older one, or none. */
const complete = fc.record({ op: fc.constant('complete'), all: fc.boolean(), pick: fc.array(fc.constantFrom('last', 'last', 'last', 'older', 'none'), { minLength: 4, maxLength: 4 }), swapped: fc.integer({ min: 0, max: 9 }).map((n) => n === 0) });
const list = fc.record({ op: fc.constant('list') });
const abort = fc.record({ op: fc.constant('abort') });
const operation = fc.oneof({ weight: 8, arbitrary: part }, { weight: 3, arbitrary: complete }, { weight: 2, arbitrary: list }, { weight: 1, arbitrary: abort });
const bucket = fc.record({ versioned: fc.boolean(), remembersCompleted: fc.boolean() });

/** The list of a completion, of all parts that were ever acknowledged. */
function listOf({ all, pick, swapped }, acknowledged) {
  if (all) return 'all';
  const chosen = [...acknowledged].sort(([a], [b]) => a - b).flatMap(([number, sent]) => {
    const one = { last: sent.at(-1), older: sent.at(-2) ?? sent.at(-1), none: undefined }[pick[number - 1]];
    return one === undefined ? [] : [one];
  });
  return swapped && chosen.length > 1 ? [chosen[1], chosen[0], ...chosen.slice(2)] : chosen;
}

function acknowledge(acknowledged, sent) {
  acknowledged.set(sent.number, [...(acknowledged.get(sent.number) ?? []), sent]);
}

test('one after another, as a model of OSS', async () => {
  await fc.assert(
    fc.asyncProperty(bucket, fc.array(operation, { minLength: 3, maxLength: 14 }), async (options, operations) => {
      const s3 = new MemoryS3(options);
      const [upload, model, acknowledged] = [await Upload.begin(s3, KEY), new Model(), new Map()];
      model.remembers = options.remembersCompleted;
      for (const one of [...operations, { op: 'list' }, { op: 'complete', all: false, pick: Array(4).fill('last') }, { op: 'list' }]) {
        if (one.op === 'part') {
          const sent = await upload.part(one.number, content(one.size, one.seed)).catch(({ name }) => name);
          if (sent === 'NoSuchUpload') assert.ok(!model.isOpen && one.size >= LEAST);
          else acknowledge(acknowledged, sent), model.put(sent);
        } else if (one.op === 'abort') {
          const answer = await upload.abort().catch(({ name }) => name);
          assert.equal(answer === 'NoSuchUpload', !model.isOpen);
          model.abort();
        } else if (one.op === 'list') {
          const listed = await upload.listed();
          const expected = model.current().map(({ number, etag, bytes }) => ({ number, etag, size: bytes.length }));
          if (model.isOpen) assert.deepEqual([...listed], expected);
          else assert.equal(listed, 'NoSuchUpload');
        } else {
          const wanted = listOf(one, acknowledged);
          const expected = model.complete(wanted);
          const answer = await upload.complete(wanted);
          if (expected !== OK) assert.equal(answer, expected);
          else assert.match(answer, OK), (model.object.etag = answer);
        }
        assert.ok(s3.bytesOf(KEY)?.equals(model.object.bytes) ?? model.object === undefined);
      }
    }),
    { numRuns: 150 },
  );
});

const stopped = fc.option(fc.integer({ min: 1, max: 25 }), { nil: undefined, freq: 2 });
const concurrent = fc.record({
  options: fc.record({ versioned: fc.boolean(), remembersCompleted: fc.boolean(), kms: fc.boolean() }),
  before: fc.array(part, { minLength: 1, maxLength: 5 }),
  atOnce: fc.array(fc.record({ operation: fc.oneof({ weight: 3, arbitrary: complete }, { weight: 2, arbitrary: part }, { weight: 1, arbitrary: list }, { weight: 1, arbitrary: abort }), stopped }), { minLength: 2, maxLength: 4 }),
});

test('some at once, in any order of their calls, and stopped at any', async () => {
  await fc.assert(
    fc.asyncProperty(concurrent, fc.scheduler(), async ({ options, before, atOnce }, scheduler) => {
      const s3 = new MemoryS3(options);
      const [upload, acknowledged] = [await Upload.begin(s3, KEY), new Map()];
      for (const { number, size, seed } of before) acknowledge(acknowledged, await upload.part(number, content(size, seed)));
      const underWay = [];
      const completions = [];
      let aborts = 0;
      const known = new Map(acknowledged);
      const run = async ({ operation: one, stopped: stoppedAt }) => {
        const client = scheduled(s3, scheduler, stoppedAt);
        if (one.op === 'part') {
          const bytes = content(one.size, one.seed + 10);
          underWay.push({ number: one.number, bytes });
          return client.until(upload.part(one.number, bytes, client).then((sent) => acknowledge(acknowledged, sent), () => {}));
        }
        if (one.op === 'abort') {
          aborts += 1;
          return client.until(upload.abort(client).catch(() => {}));
        }
        if (one.op === 'list') {
          const listed = await client.until(upload.listed({}, client));
          if (Array.isArray(listed)) assertListed(listed, known, underWay, s3.kms);
          return undefined;
        }
        const wanted = listOf(one, known);
        const completion = { wanted, isStopped: stoppedAt !== undefined };
        completions.push(completion);
        completion.answer = await client.until(upload.complete(wanted, client));
        return undefined;
      };
      const running = Promise.all(atOnce.map(run));
      await scheduler.waitFor(running);
      const bytes = s3.bytesOf(KEY);
      const succeeded = completions.filter(({ answer }) => answer !== undefined && OK.test(answer));
      for (const { wanted } of succeeded) assert.ok(isObjectOf(bytes, wanted, [...known.values(), ...acknowledged.values()].flat(), underWay), 'another object than was listed');
      const others = completions.filter(({ answer }) => answer === undefined || !OK.test(answer));
      if (bytes !== undefined && succeeded.length === 0) {
        assert.ok(others.some(({ wanted }) => isObjectOf(bytes, wanted, [...acknowledged.values()].flat(), underWay)), 'an object of no list');
      }
      for (const { answer } of others) assert.match(answer ?? '', /^(?:|NoSuchUpload|InvalidPart|InvalidPartOrder|EntityTooSmall|MalformedXML|SlowDown)$/u);
      // Each of the same list tells of the same object.
      const answers = grouped(succeeded, ({ wanted }) => JSON.stringify(wanted));
      for (const same of answers.values()) assert.equal(new Set(same.map(({ answer }) => answer)).size, 1);
      const isOpen = s3.uploads.size > 0;
      assert.ok(isOpen || bytes !== undefined || aborts > 0, 'an end without an object');
      if (!isOpen) return;
      // Whatever stopped: what is there now can be completed, and is what was acknowledged.
      const listed = await upload.listed();
      for (const [number, sent] of acknowledged) {
        assert.ok(listed.some((one) => one.number === number && isOneOf(one, sent, underWay, s3.kms)), `part ${number} is gone`);
      }
      const answer = await upload.complete(listed);
      if (!OK.test(answer)) return assert.match(answer, /^(?:EntityTooSmall|MalformedXML)$/u);
      const all = [...[...acknowledged.values()].flat(), ...underWay];
      const expected = listed.map((one) => all.find(({ number, bytes: sent, etag }) => number === one.number && sent.length === one.size && (etag === one.etag || etag === undefined)));
      assert.ok(!expected.includes(undefined), 'a part that nobody sent');
      assert.equal(s3.bytesOf(KEY).length, joined(expected).length);
      if (!s3.kms) assert.ok(s3.bytesOf(KEY).equals(joined(listed.map((one) => all.find((sent) => sent.number === one.number && `"${md5Of(sent.bytes)}"` === one.etag)))));
    }),
    { numRuns: 200 },
  );
});

/** An S3 whose calls wait for their turn, and which is stopped at one of them: neither it nor a later one is answered. */
function scheduled(s3, scheduler, stoppedAt) {
  let calls = 0;
  let stop;
  const stopping = new Promise((resolve) => (stop = resolve));
  const never = new Promise(() => {});
  return {
    send: async (command, options) => {
      calls += 1;
      if (stoppedAt !== undefined && calls > stoppedAt) return never;
      const isLast = calls === stoppedAt;
      await scheduler.schedule(Promise.resolve(), command.constructor.name);
      const answer = await s3.send(command, options).catch((error) => (isLast ? undefined : Promise.reject(error)));
      if (!isLast) return answer;
      stop();
      return never;
    },
    until: (work) => Promise.race([work, stopping]),
  };
}

/** @template K, V @param {V[]} values @param {(value: V) => K} keyOf @returns {Map<K, V[]>} */
function grouped(values, keyOf) {
  const groups = new Map();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return groups;
}

/** Whether an object has the bytes of a list, or for all parts of some that were sent. */
function isObjectOf(bytes, wanted, sent, underWay) {
  if (bytes === undefined) return false;
  if (wanted !== 'all') return bytes.equals(joined(wanted));
  const byNumber = [...grouped([...sent, ...underWay], ({ number }) => number)].sort(([a], [b]) => a - b);
  const fits = (at, index) => {
    if (index === byNumber.length) return at === bytes.length;
    const [, parts] = byNumber[index];
    const isHere = ({ bytes: one }) => bytes.subarray(at, at + one.length).equals(one) && fits(at + one.length, index + 1);
    // One that was under way may be missing.
    const mayMiss = parts.every((one) => underWay.some(({ number, bytes: other }) => number === one.number && other === one.bytes));
    return parts.some(isHere) || (mayMiss && fits(at, index + 1));
  };
  return fits(0, 0);
}

function isOneOf({ number, etag, size }, sent, underWay, kms) {
  return sent.some((one) => one.etag === etag) || underWay.some(({ number: other, bytes }) => other === number && bytes.length === size && (kms || `"${md5Of(bytes)}"` === etag));
}

/** A list names no part but those that a client sent. */
function assertListed(listed, acknowledged, underWay, kms) {
  for (const one of listed) assert.ok(isOneOf(one, acknowledged.get(one.number) ?? [], underWay, kms), `part ${one.number} of ${one.size} bytes is no client's`);
}
