// The time that a warm function takes for a request, against the one in plain JavaScript.

import { setTimeout } from 'node:timers/promises';

import { KIND_NAMES, eventTexts } from './events.mjs';
import { paired } from './statistics.mjs';

/** Of each kind. */
const EVENTS = 2000;
/** Not counted. */
const WARM_UP_ROUNDS = 3;
/** Milliseconds that V8's threads may take to sweep. */
const SWEEPING = 10;

/** @typedef {import('./contestants.mjs').Contestant} Contestant */

/**
 * Each kind of request, through both functions in turn. Each event is another request, parsed from JSON as Lambda does.
 *
 * @param {{ ours: Contestant, theirs: Contestant }} contestants
 * @param {number} rounds
 * @returns {Promise<Record<string, import('./statistics.mjs').Pair>>} microseconds a request, by kind
 */
export async function measureWarm({ ours, theirs }, rounds) {
  /** @type {Record<string, import('./statistics.mjs').Pair>} */
  const results = {};
  for (const kind of KIND_NAMES) {
    const texts = eventTexts(kind, EVENTS);
    results[kind] = await inTurn(() => timed(ours, texts), () => timed(theirs, texts), rounds);
  }
  return results;
}

/**
 * @param {() => Promise<number>} ours
 * @param {() => Promise<number>} theirs
 * @param {number} rounds
 */
async function inTurn(ours, theirs, rounds) {
  /** @type {number[][]} */
  const [a, b] = [[], []];
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    const oursFirst = round % 2 === 0;
    const first = await (oursFirst ? ours : theirs)();
    const second = await (oursFirst ? theirs : ours)();
    if (round < 0) continue;
    a.push(oursFirst ? first : second);
    b.push(oursFirst ? second : first);
  }
  return paired(a, b);
}

/**
 * Microseconds a request.
 *
 * @param {Contestant} contestant
 * @param {string[]} texts events
 */
async function timed({ handler }, texts) {
  const events = texts.map((text) => JSON.parse(text));
  // Collect garbage before, not during a round: V8's threads would slow it.
  globalThis.gc?.();
  await setTimeout(SWEEPING);
  const start = process.hrtime.bigint();
  await handleAll(handler, events);
  return Number(process.hrtime.bigint() - start) / 1000 / events.length;
}

/** One after the other, and none is kept. @param {Contestant['handler']} handler @param {any[]} events */
async function handleAll(handler, events) {
  for (let i = 0; i < events.length; i += 1) {
    await handler(events[i]);
    events[i] = undefined;
  }
}
