// What a request's cost depends on: not on how many access keys there are, and evenly on its headers.

import { documents, eventTexts } from './events.mjs';
import { load, writeContestants } from './contestants.mjs';
import { inTurn, runner } from './warm.mjs';
import { line, median } from './statistics.mjs';

const EVENTS = 2000;

/** Bytes of header values besides the usual ones. */
const HEADER_BYTES = [0, 1024, 2048, 4096, 6144, 8192, 12_288, 16_384, 20_480];

/**
 * One key against many: microseconds a request and their ratio.
 *
 * @param {number} keys @param {string} directory @param {number} rounds
 */
export async function measureKeys(keys, directory, rounds) {
  const texts = eventTexts('v1-header', EVENTS);
  const many = await writeContestants(documents(keys), `${directory}/many`);
  const one = await writeContestants(documents(1), `${directory}/one`);
  const result = await inTurn(runner(await load(many.ours), texts), runner(await load(one.ours), texts), rounds);
  return { ...result, file: many.ours };
}

/**
 * Microseconds a request by the bytes of one signed header of its.
 *
 * @param {import('./contestants.mjs').Contestant} ours @param {number} rounds
 */
export async function measureHeaderBytes(ours, rounds) {
  /** @type {[bytes: number, micros: number][]} */
  const points = [];
  const runs = HEADER_BYTES.map((bytes) => runner(ours, eventTexts('v1-header', EVENTS, { 'x-oss-unknown': 'u'.repeat(bytes) })));
  /** @type {number[][]} */
  const times = runs.map(() => []);
  for (let round = -2; round < rounds; round += 1) {
    for (const [index, run] of runs.entries()) {
      const micros = await run();
      if (round >= 0) times[index].push(micros);
    }
  }
  HEADER_BYTES.forEach((bytes, index) => points.push([bytes, median(times[index])]));
  return { points, ...line(points) };
}
