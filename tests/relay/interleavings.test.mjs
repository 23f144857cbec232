// The relay's uploads and joins under a scheduler: chunks arrive and calls to S3 are answered in any order, clients cut
// their bodies, and S3 throttles, cuts, or does its work and loses the answer.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';

import fc from 'fast-check';

import { PART_BYTES } from '../../js-shim/operations/body.mjs';
import { Joins } from '../../js-shim/relay/joins.mjs';
import { performing } from '../../js-shim/relay/perform.mjs';
import { BodiesByKey, Slots } from '../../js-shim/relay/slots.mjs';
import { MemoryS3, fail } from '../operations/memory-s3.mjs';

const KIB = 1024;
const SETTINGS = { slots: 2, slotWaitSeconds: 60, bodiesPerKey: 3, joins: 3, joinsPerKey: 2, minBytesPerSecond: 0, rateSeconds: 1 };

/** What becomes of a call to S3. */
const FAULTS = {
  none: (run) => run(),
  SlowDown: () => fail('SlowDown'),
  cut: () => fail('TimeoutError'),
  lost: async (run) => {
    await run();
    fail('TimeoutError');
  },
};

const upload = fc.record({
  key: fc.constantFrom('device-1', 'device-2'),
  size: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(0, 1, 64 * KIB, 64 * KIB + 1, 300 * KIB) },
    { weight: 2, arbitrary: fc.constantFrom(PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES, 2 * PART_BYTES + 7) },
  ),
  pieces: fc.integer({ min: 1, max: 5 }),
  /** After which of its pieces the client goes. */
  cutAfter: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined, freq: 3 }),
  declares: fc.constantFrom('nothing', 'nothing', 'its length', 'another length', 'a wrong MD5'),
});
const faults = fc.array(fc.constantFrom('none', 'none', 'none', 'none', ...Object.keys(FAULTS)), { maxLength: 30 });

/** Bytes that tell whose they are, everywhere. */
function content(size, number) {
  return Buffer.alloc(size, createHash('sha256').update(`upload ${number}`).digest());
}

/** S3 keeps the bytes that it gets, and not the memory that they were in. */
function received(input, run) {
  return () => {
    if (input.Body !== undefined) input.Body = Buffer.from(input.Body);
    return run();
  };
}

/** A request's body as Node's server gives it. */
function messageOf(length) {
  const headers = length === undefined ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(length), 'transfer-encoding': 'chunked' };
  const message = new Readable({ read() {} });
  message.on('error', () => {});
  return Object.assign(message, { headers });
}

/** Sends a body piece by piece, each when its turn comes. */
async function send(message, bytes, { pieces, cutAfter }, schedule) {
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  for (let piece = 0; piece * size < bytes.length; piece += 1) {
    await schedule('a piece');
    if (piece === cutAfter) return message.destroy(new Error('aborted'));
    message.push(bytes.subarray(piece * size, (piece + 1) * size));
  }
  await schedule('the end');
  if (cutAfter !== undefined) return message.destroy(new Error('aborted'));
  message.push(null);
}

function forwardOf(number, { key, size, declares }) {
  const bodyLength = { 'its length': size, 'another length': size + 1 }[declares];
  const headers = declares === 'a wrong MD5' ? [['content-md5', 'AAAAAAAAAAAAAAAAAAAAAA==']] : [];
  const object = { bucket: 'fleet', key: `object-${number}`, s3Bucket: 'fleet-in-s3', query: '', options: [] };
  return { operation: 'PutObject', accessKeyId: key, maxBodyBytes: 100 * PART_BYTES, bodyLength, headers, ...object };
}

test('stores each body whole or not at all, mixes up none, and gives back all that it took', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(upload, { minLength: 2, maxLength: 6 }), faults, async (scheduler, uploads, becomes) => {
      const s3 = new MemoryS3();
      const schedule = (label) => scheduler.schedule(Promise.resolve(), label);
      s3.around = async ({ number, name, input }, run) => {
        await schedule(name);
        return FAULTS[becomes[number - 1] ?? 'none'](received(input, run));
      };
      const perform = performing(SETTINGS, undefined);
      const start = (number, one) => {
        const bytes = content(one.size, number);
        const forward = forwardOf(number, one);
        const message = messageOf(forward.bodyLength);
        const done = perform(s3, { forward, handOver: '' }, message, () => {}).then(() => 'stored', ({ name }) => name);
        return { ...one, bytes, key: `object-${number}`, settled: Promise.all([done, send(message, bytes, one, schedule)]).then(([outcome]) => outcome) };
      };
      const outcomeOf = async (started) => scheduler.waitFor(Promise.all(started.map(({ settled }) => settled)));

      const started = uploads.map((one, number) => start(number, one));
      const outcomes = await outcomeOf(started);
      for (const [index, { key, bytes, cutAfter, declares }] of started.entries()) {
        const stored = s3.bytesOf(key);
        const isWrong = cutAfter !== undefined || declares === 'another length' || declares === 'a wrong MD5';
        if (outcomes[index] === 'stored') assert.ok(stored?.equals(bytes), `${key} is acknowledged, and not stored as it was sent`);
        if (isWrong) assert.deepEqual([stored, outcomes[index] === 'stored'], [undefined, false], `${key} was cut or is wrong, and is stored`);
        if (stored !== undefined) assert.ok(stored.equals(bytes), `${key} isn't what was sent`);
      }

      // All memory and all places are free again, and no upload of parts is left that could be aborted.
      if (!becomes.some((fault) => fault !== 'none')) assert.equal(s3.uploads.size, 0);
      s3.around = async ({ input }, run) => received(input, run)();
      const good = { size: PART_BYTES + 1, pieces: 2, declares: 'nothing' };
      const afterwards = [0, 1, 2].flatMap((number) => ['device-1', 'device-2'].map((key) => start(`${key}-${number}`, { ...good, key })));
      assert.deepEqual(await outcomeOf(afterwards), Array(6).fill('stored'));
      for (const { key, bytes } of afterwards) assert.ok(s3.bytesOf(key).equals(bytes));
    }),
    { numRuns: 30, endOnFailure: true },
  );
});

test('joins at most so many at once, so many of one key, each once, and whoever asks gets its answer', async () => {
  const ask = fc.record({ key: fc.constantFrom('a', 'b', 'c'), what: fc.integer({ min: 0, max: 3 }), ends: fc.constantFrom('well', 'well', 'badly') });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(ask, { minLength: 1, maxLength: 12 }), async (scheduler, asks) => {
      const joins = new Joins(SETTINGS);
      const running = [];
      let most = 0;
      const run = async (number, { key, what, ends }) => {
        await scheduler.schedule(Promise.resolve(), 'asks');
        return joins.run(key, `${key} ${what}`, async () => {
          assert.ok(!running.some((one) => one.key === key && one.what === what), 'the same twice at once');
          running.push({ key, what });
          most = Math.max(most, running.length);
          assert.ok(running.filter((one) => one.key === key).length <= SETTINGS.joinsPerKey);
          await scheduler.schedule(Promise.resolve(), 'joins');
          running.splice(running.findIndex((one) => one.key === key && one.what === what), 1);
          if (ends === 'badly') fail('SlowDown');
          return { document: `${key} ${what} ${number}` };
        });
      };
      const answers = await scheduler.waitFor(Promise.all(asks.map((one, number) => run(number, one).catch(({ name }) => name))));
      assert.ok(most <= SETTINGS.joins, `${most} at once`);
      for (const [number, answer] of answers.entries()) {
        const { key, what } = asks[number];
        if (typeof answer === 'string') assert.equal(answer, 'SlowDown');
        else assert.ok(answer.document.startsWith(`${key} ${what} `), 'the answer of another');
      }
      const after = await Promise.all(['a', 'b'].map((key) => joins.run(key, 'after', async () => ({ document: key }))));
      assert.equal(after.length, 2);
    }),
    { numRuns: 300, endOnFailure: true },
  );
});

test('a slot goes to who waits longest, to none that has gone, and comes back', async () => {
  const step = fc.oneof(fc.constant({ does: 'take' }), fc.record({ does: fc.constantFrom('give', 'go'), which: fc.nat(9) }));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const slots = new Slots(SETTINGS, 'A_SETTING');
      const [waiting, held, takers] = [[], [], []];
      const run = async ({ does, which }) => {
        if (does === 'take') {
          const gone = new AbortController();
          const taker = { gone, slot: undefined };
          slots.take(gone.signal).then((slot) => (taker.slot = slot), (reason) => (taker.failed = reason));
          waiting.push(taker);
          takers.push(taker);
        } else if (does === 'give' && held.length > 0) {
          slots.give(held.splice(which % held.length, 1)[0].slot);
        } else if (does === 'go' && waiting.length > 0) {
          const [taker] = waiting.splice(which % waiting.length, 1);
          taker.gone.abort(new Error('gone'));
          await turn();
          assert.match(String(taker.failed), /gone/u);
          assert.equal(taker.slot, undefined);
        }
        await turn();
        const served = waiting.filter(({ slot }) => slot !== undefined);
        assert.deepEqual(waiting.slice(0, served.length), served, 'who came later was served first');
        held.push(...waiting.splice(0, served.length));
        assert.equal(held.length, Math.min(SETTINGS.slots, held.length + waiting.length), 'a slot is free, and somebody waits');
        assert.equal(new Set(held.map(({ slot }) => slot)).size, held.length, 'one slot for two');
      };
      try {
        for (const step of steps) await run(step);
      } finally {
        for (const { gone } of takers) gone.abort(new Error('gone'));
      }
    }),
    { numRuns: 200, endOnFailure: true },
  );
});

test('one key may have so many bodies at once, whatever comes and goes', () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b'), enters: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const bodies = new BodiesByKey(SETTINGS.bodiesPerKey, 'A_SETTING');
      const inside = { a: [], b: [] };
      for (const { key, enters } of steps) {
        const isFull = inside[key].length === SETTINGS.bodiesPerKey;
        if (!enters) inside[key].pop()?.();
        else if (isFull) assert.throws(() => bodies.enter(key), { name: 'SlowDown' });
        else inside[key].push(bodies.enter(key));
      }
    }),
    { numRuns: 200, endOnFailure: true },
  );
});
