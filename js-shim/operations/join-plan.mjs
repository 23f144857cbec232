// Which parts S3 gets for those that a client lists, when some of them are too small for S3.

import { PART_BYTES } from './body.mjs';
import { S3Fault } from './s3-fault.mjs';

/**
 * @typedef {object} ChosenPart
 * @property {number} number the client's
 * @property {string} etag in quotes
 * @property {number} size in bytes
 * @property {boolean} staged whether it waits as an object; else S3 has it as a part
 *
 * @typedef {{ as: 'kept', number: number, etag: string, size: number }} Kept it is S3's part already
 * @typedef {{ as: 'joined', number: number, parts: ChosenPart[], size: number }} Joined of staged ones
 * @typedef {{ as: 'copied', number: number, parts: [ChosenPart], size: number }} Copied of a staged one, within S3
 * @typedef {{ as: 'empty', number: number, parts: ChosenPart[], size: 0 }} Empty of a staged one without a byte
 * @typedef {Joined | Copied | Empty} Made
 * @typedef {Kept | Made} PlannedPart a part that S3 gets, in their order
 */

/** The least size of a part that isn't the last, in OSS ("CompleteMultipartUpload", EntityTooSmall), in bytes. */
export const LEAST_OSS_PART_BYTES = 100 * 1024;

/** What parts are joined to, in bytes: larger ones take more memory at once, smaller ones more requests. */
const JOINED_BYTES = 8 * 1024 * 1024;

/** The highest number of a part, in OSS and in S3. */
const MAX_PART_NUMBER = 10_000;

/**
 * The plan follows from its arguments alone, so that a repetition makes the same one.
 *
 * @param {ChosenPart[]} chosen in the order of their numbers
 * @param {ReadonlySet<number>} taken numbers of parts that S3 has of the client, listed or not
 * @returns {PlannedPart[]}
 * @throws {S3Fault} EntityTooSmall
 */
export function joinPlan(chosen, taken) {
  const tiny = chosen.slice(0, -1).find(({ size }) => size < LEAST_OSS_PART_BYTES);
  if (tiny) {
    throw new S3Fault('EntityTooSmall', `part ${tiny.number} has ${tiny.size} bytes: OSS takes 100 KiB or more`);
  }
  const planned = runsOf(chosen).flatMap((run, index, runs) => {
    const [first] = run;
    if (!first.staged) return [kept(first)];
    const isLast = index === runs.length - 1;
    const end = isLast ? MAX_PART_NUMBER + 1 : runs[index + 1][0].number;
    return made(groupsOf(run, isLast), end, taken);
  });
  // Only the last part has no bytes, and S3 needs it only where there is no other.
  return planned.length > 1 ? planned.filter(({ as }) => as !== 'empty') : planned;
}

/** The bytes that pass through the function. @param {PlannedPart[]} plan */
export function joinedBytes(plan) {
  return plan.reduce((sum, { as, size }) => (as === 'joined' ? sum + size : sum), 0);
}

/**
 * Staged parts that follow each other, and each other part alone.
 *
 * @param {ChosenPart[]} chosen
 * @returns {ChosenPart[][]}
 */
function runsOf(chosen) {
  /** @type {ChosenPart[][]} */
  const runs = [];
  for (const part of chosen) {
    const run = runs.at(-1);
    if (part.staged && run?.[0].staged) run.push(part);
    else runs.push([part]);
  }
  return runs;
}

/**
 * A run in groups of at least S3's least size, and of less than twice that unless a rest is added: at most 15 MiB. The
 * rest of the last run may have any size.
 *
 * @param {ChosenPart[]} run @param {boolean} isLast
 * @returns {ChosenPart[][]}
 */
function groupsOf(run, isLast) {
  /** @type {ChosenPart[][]} */
  const groups = [];
  let size = Infinity;
  for (const part of run) {
    const isFull = size >= PART_BYTES && size + part.size > JOINED_BYTES;
    if (isFull) groups.push([]);
    size = isFull ? part.size : size + part.size;
    groups.at(-1)?.push(part);
  }
  if (isLast || size >= PART_BYTES) return groups;
  const rest = groups.pop() ?? [];
  const last = groups.at(-1);
  if (last === undefined) {
    const numbers = run.map(({ number }) => number).join(', ');
    throw new S3Fault('EntityTooSmall', `${size} bytes before a part of 5 MiB or more, in part ${numbers}`);
  }
  last.push(...rest);
  return groups;
}

/**
 * @param {ChosenPart[][]} groups of one run @param {number} end the number that follows the run
 * @param {ReadonlySet<number>} taken
 * @returns {PlannedPart[]}
 */
function made(groups, end, taken) {
  return groups.map((parts, index) => {
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    const number = freeNumber(parts[0].number, groups[index + 1]?.[0].number ?? end, taken);
    if (size === 0) return { as: 'empty', number, parts, size };
    const [only, ...others] = parts;
    // It is the last one, as a staged part is too small for any other.
    return others.length === 0
      ? { as: 'copied', number, parts: [only], size }
      : { as: 'joined', number, parts, size };
  });
}

/**
 * A number that no part of the client's has, so that what is made replaces none: should the upload not end now, it may
 * be listed next time.
 *
 * @param {number} first @param {number} end @param {ReadonlySet<number>} taken
 */
function freeNumber(first, end, taken) {
  for (let number = first; number < end; number += 1) if (!taken.has(number)) return number;
  return first;
}

/** @param {ChosenPart} part @returns {Kept} */
function kept({ number, etag, size }) {
  return { as: 'kept', number, etag, size };
}
