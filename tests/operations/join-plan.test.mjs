// Which parts S3 gets for those that a client lists.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { joinPlan, joinedBytes } from '../../js-shim/operations/join-plan.mjs';
import { KIB, LEAST, MIB } from './device.mjs';

/** A list of parts of these sizes, numbered from 1. */
function parts(sizes, numbers = sizes.map((_, index) => index + 1)) {
  return sizes.map((size, index) => ({ number: numbers[index], etag: `"${numbers[index]}"`, size, staged: size < LEAST }));
}

/** The plan, in short: what is made, its number and the numbers of what it is made of. */
function plan(list, taken = list.filter(({ staged }) => !staged).map(({ number }) => number)) {
  try {
    return joinPlan(list, new Set(taken)).map(({ as, number, parts: of = [] }) => `${as} ${number}${of.length > 0 ? ` of ${of.map((part) => part.number)}` : ''}`);
  } catch (error) {
    return error.name;
  }
}

for (const [what, sizes, expected] of [
  ['a sole small part', [MIB], ['copied 1 of 1']],
  ['a sole empty part', [0], ['empty 1 of 1']],
  ['a sole large part', [LEAST], ['kept 1']],
  ['large parts and a small last one', [LEAST, LEAST, 1], ['kept 1', 'kept 2', 'copied 3 of 3']],
  ['large parts and an empty last one', [LEAST, LEAST, 0], ['kept 1', 'kept 2']],
  ['two small parts', [MIB, 1], ['joined 1 of 1,2']],
  ['a small part and an empty one', [MIB, 0], ['joined 1 of 1,0'.replace('1,0', '1,2')]],
  ['eleven parts of 1 MiB', Array(11).fill(MIB), ['joined 1 of 1,2,3,4,5,6,7,8', 'joined 9 of 9,10,11']],
  ['nine parts of 1 MiB', Array(9).fill(MIB), ['joined 1 of 1,2,3,4,5,6,7,8', 'copied 9 of 9']],
  ['eight parts of 1 MiB and an empty one', [...Array(8).fill(MIB), 0], ['joined 1 of 1,2,3,4,5,6,7,8,9']],
  ['parts of just under 5 MiB', [LEAST - 1, LEAST - 1, LEAST - 1, 1], ['joined 1 of 1,2', 'joined 3 of 3,4']],
  ['a run of exactly 5 MiB before a large part', [MIB, MIB, MIB, 2 * MIB, LEAST], ['joined 1 of 1,2,3,4', 'kept 5']],
  ['a run of a byte less', [MIB, MIB, MIB, 2 * MIB - 1, LEAST], 'EntityTooSmall'],
  ['a small part between large ones', [LEAST, MIB, LEAST], 'EntityTooSmall'],
  ['a run whose rest is too small', [...Array(9).fill(MIB), LEAST], ['joined 1 of 1,2,3,4,5,6,7,8,9', 'kept 10']],
  ['parts of exactly 5 MiB before one that makes more than 8', [3 * MIB, 2 * MIB, 4 * MIB], ['joined 1 of 1,2', 'copied 3 of 3']],
  ['runs between large parts', [LEAST, 3 * MIB, 2 * MIB, LEAST, 4 * MIB, MIB, LEAST, 7], ['kept 1', 'joined 2 of 2,3', 'kept 4', 'joined 5 of 5,6', 'kept 7', 'copied 8 of 8']],
  ['a part under 100 KiB that is not the last', [100 * KIB - 1, MIB], 'EntityTooSmall'],
  ['parts of 100 KiB', [100 * KIB, 100 * KIB], ['joined 1 of 1,2']],
  ['an empty part before a large one', [0, LEAST], 'EntityTooSmall'],
]) {
  test(`${what}`, () => assert.deepEqual(plan(parts(sizes)), expected));
}

test('takes no number that a part of the client has, while there is another', () => {
  const list = parts([MIB, MIB, MIB], [3, 4, 9]);
  assert.deepEqual(plan(list, [3]), ['joined 4 of 3,4,9']);
  assert.deepEqual(plan(list, [3, 4, 9, 10]), ['joined 5 of 3,4,9']);
  assert.deepEqual(plan(parts([MIB], [9999]), [9999]), ['copied 10000 of 9999']);
  assert.deepEqual(plan(parts(Array(11).fill(MIB)), [1, 2, 3, 4, 5, 6, 7, 8, 9]), ['joined 1 of 1,2,3,4,5,6,7,8', 'joined 10 of 9,10,11']);
  assert.deepEqual(plan(parts([MIB], [10_000]), [10_000]), ['copied 10000 of 10000']);
  assert.deepEqual(plan(parts([3 * MIB, 2 * MIB, LEAST], [1, 2, 3]), [1, 2, 3]), ['joined 1 of 1,2', 'kept 3']);
});

test('counts the bytes that pass through the function, and no others', () => {
  assert.equal(joinedBytes(joinPlan(parts([LEAST, MIB]), new Set())), 0);
  assert.equal(joinedBytes(joinPlan(parts([3 * MIB, 2 * MIB, LEAST, MIB, 7]), new Set())), 6 * MIB + 7);
});

test('says for the log what is too small', () => {
  assert.throws(() => joinPlan(parts([LEAST, MIB, MIB, LEAST]), new Set()), { message: '2097152 bytes before a part of 5 MiB or more, in part 2, 3' });
  assert.throws(() => joinPlan(parts([9, 1]), new Set()), { message: 'part 1 has 9 bytes: OSS takes 100 KiB or more' });
});

test('of 10,000 parts of 100 KiB', () => {
  const made = joinPlan(parts(Array(10_000).fill(100 * KIB)), new Set());
  assert.equal(made.length, 124);
  assert.ok(made.every(({ size }) => size <= 8 * MIB));
});

test('of any list: each part once and in order, at least 5 MiB each but the last, at most 15 MiB, and the same again', () => {
  const size = fc.oneof(fc.constantFrom(LEAST, LEAST - 1, 100 * KIB, 4 * MIB), fc.integer({ min: 100 * KIB, max: 2 * LEAST }));
  const list = fc.record({ sizes: fc.array(size, { minLength: 1, maxLength: 40 }), last: fc.nat({ max: LEAST + 9 }), gaps: fc.infiniteStream(fc.integer({ min: 1, max: 3 })), taken: fc.uniqueArray(fc.integer({ min: 1, max: 130 })) });
  fc.assert(
    fc.property(list, ({ sizes, last, gaps, taken }) => {
      let number = 0;
      const all = [...sizes, last];
      const listed = parts(all, all.map(() => (number += gaps.next().value)));
      const large = listed.filter(({ staged }) => !staged).map((part) => part.number);
      let planned;
      try {
        planned = joinPlan(listed, new Set([...taken, ...large]));
      } catch (error) {
        assert.equal(error.name, 'EntityTooSmall');
        return assert.ok(hasSmallRun(listed));
      }
      assert.ok(!hasSmallRun(listed));
      const of = planned.flatMap((part) => part.parts ?? listed.filter((one) => one.number === part.number));
      assert.deepEqual(of.filter((part) => part.size > 0), listed.filter((part) => part.size > 0));
      for (const [index, made] of planned.entries()) {
        assert.ok(index === 0 || made.number > planned[index - 1].number);
        assert.ok(index === planned.length - 1 || made.size >= LEAST);
        assert.ok(made.as === 'kept' || made.size <= 15 * MIB);
      }
      assert.deepEqual(joinPlan(listed, new Set([...taken, ...large])), planned);
    }),
  );
});

/** Whether a run before a large part has less than 5 MiB together. */
function hasSmallRun(listed) {
  let run = 0;
  let isRun = false;
  for (const { staged, size } of listed) {
    if (!staged && isRun && run < LEAST) return true;
    [run, isRun] = staged ? [run + size, true] : [0, false];
  }
  return false;
}
