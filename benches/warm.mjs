// How long a warm function takes for a request, against the one in plain JavaScript.

import { createHmac, createSecretKey } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';

import { ACCESS_KEY, KIND_NAMES, eventTexts, stringToSign } from './events.mjs';
import { paired } from './statistics.mjs';

const EVENTS = 2000;
/** Milliseconds that V8's threads may take to sweep. */
const SWEEPING = 10;

/**
 * @typedef {ReturnType<typeof paired>} Pair times in microseconds a request
 * @typedef {import('./contestants.mjs').Contestant} Contestant
 */

/**
 * Each kind of request, through both functions in turn: fresh events, each used once, parsed from JSON as
 * Lambda hands them over. The log's line is made and thrown away, and so is what the function returns.
 *
 * @param {{ ours: Contestant, theirs: Contestant }} contestants @param {number} rounds
 * @returns {Promise<Record<string, Pair>>}
 */
export async function measureWarm({ ours, theirs }, rounds) {
  /** @type {Record<string, Pair>} */
  const results = {};
  for (const kind of KIND_NAMES) {
    const texts = eventTexts(kind, EVENTS);
    results[kind] = await inTurn(runner(ours, texts), runner(theirs, texts), rounds);
  }
  return results;
}

/**
 * The same as one stream: each event is parsed right before it is handled, nothing of it is kept, and no collection of
 * garbage is asked for. What parsing alone takes, between the two functions' rounds, is taken off.
 *
 * @param {{ ours: Contestant, theirs: Contestant }} contestants @param {number} rounds
 * @returns {Promise<Record<string, Pair>>}
 */
export async function measureStream({ ours, theirs }, rounds) {
  /** @type {Record<string, Pair>} */
  const results = {};
  for (const kind of KIND_NAMES) {
    const texts = eventTexts(kind, EVENTS);
    const parsing = stream(async () => {}, texts);
    const above = (/** @type {() => Promise<number>} */ run) => async () => {
      const parsed = await parsing();
      return (await run()) - parsed;
    };
    const [first, second] = [ours, theirs].map(({ handler }) => above(stream(handler, texts)));
    results[kind] = await inTurn(first, second, rounds);
  }
  return results;
}

/**
 * The whole function against `node:crypto`'s HMAC-SHA1 alone, on the text that the request signs.
 *
 * @param {Contestant} ours @param {number} rounds
 */
export async function measureAgainstHmac(ours, rounds) {
  const key = createSecretKey(ACCESS_KEY.accessKeySecret, 'utf8');
  const signed = Array.from({ length: EVENTS }, (_, index) => stringToSign(index));
  const hmac = async () => {
    const texts = /** @type {string[]} */ (JSON.parse(JSON.stringify(signed)));
    await collected();
    return timed(async () => {
      for (const text of texts) createHmac('sha1', key).update(text).digest('base64');
    });
  };
  return inTurn(runner(ours, eventTexts('v1-header', EVENTS)), hmac, rounds);
}

/**
 * @param {() => Promise<number>} ours @param {() => Promise<number>} theirs @param {number} rounds
 * @returns {Promise<Pair>}
 */
export async function inTurn(ours, theirs, rounds) {
  /** @type {number[][]} */
  const [a, b] = [[], []];
  for (let round = -3; round < rounds; round += 1) {
    const oursFirst = round % 2 === 0;
    const first = await (oursFirst ? ours : theirs)();
    const second = await (oursFirst ? theirs : ours)();
    if (round < 0) continue;
    a.push(oursFirst ? first : second);
    b.push(oursFirst ? second : first);
  }
  return paired(a, b);
}

/** @param {Contestant} contestant @param {string[]} texts */
export function runner({ handler }, texts) {
  return async () => {
    const events = texts.map((text) => JSON.parse(text));
    await collected();
    return timed(handleAll, handler, events);
  };
}

/** @param {(event: any) => Promise<any>} handler @param {string[]} texts */
function stream(handler, texts) {
  return () =>
    timed(async () => {
      for (const text of texts) await handler(JSON.parse(text));
    });
}

/** One at a time, and none is kept. @param {Contestant['handler']} handler @param {any[]} events */
async function handleAll(handler, events) {
  for (let i = 0; i < events.length; i += 1) {
    await handler(events[i]);
    events[i] = undefined;
  }
}

/** Garbage is gone, and V8's threads have swept up after it: beside a round they would slow it. */
async function collected() {
  globalThis.gc?.();
  await setTimeout(SWEEPING);
}

/**
 * Microseconds an event.
 *
 * @template {unknown[]} I @param {(...inputs: I) => Promise<void>} run @param {I} inputs
 */
async function timed(run, ...inputs) {
  const start = process.hrtime.bigint();
  await run(...inputs);
  return Number(process.hrtime.bigint() - start) / 1000 / EVENTS;
}
