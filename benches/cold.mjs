// The cost of a cold start: a process of its own, from its start to its first decision.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { paired } from './statistics.mjs';

const FIRST_DECISION = fileURLToPath(new URL('first-decision.mjs', import.meta.url));
/** Not counted: they fill the file system's cache. */
const WARM_UP_RUNS = 2;

/**
 * @typedef {{ cpuMillis: number, wallMillis: number }} Start
 * @typedef {{ cpu: import('./statistics.mjs').Pair, wall: import('./statistics.mjs').Pair }} Cold milliseconds
 */

/**
 * @param {{ ours: string, theirs: string }} files `index.mjs` of both functions
 * @param {string} event a file
 * @param {number} runs of each, in turn
 * @param {string} [group] a control group, by its directory
 * @returns {Promise<Cold>}
 */
export async function measureCold({ ours, theirs }, event, runs, group) {
  /** @type {Start[]} */
  const a = [];
  /** @type {Start[]} */
  const b = [];
  for (let run = -WARM_UP_RUNS; run < runs; run += 1) {
    const first = run % 2 === 0 ? ours : theirs;
    for (const file of [first, first === ours ? theirs : ours]) {
      const start = await firstDecision(file, event, group);
      if (run >= 0) (file === ours ? a : b).push(start);
    }
  }
  const of = (/** @type {(start: Start) => number} */ pick) => paired(a.map(pick), b.map(pick));
  return { cpu: of(({ cpuMillis }) => cpuMillis), wall: of(({ wallMillis }) => wallMillis) };
}

/**
 * @param {string} file `index.mjs` of a function
 * @param {string} event a file
 * @param {string} [group] a control group, by its directory
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<Start>}
 */
export async function firstDecision(file, event, group, env = process.env) {
  const node = [process.execPath, FIRST_DECISION, file, event];
  const [command, ...args] =
    group === undefined ? node : ['/bin/sh', '-c', 'echo $$ > "$0"/cgroup.procs && exec "$@"', group, ...node];
  const { stdout } = await promisify(execFile)(command, args, { env });
  return JSON.parse(stdout);
}
