// What a fresh process costs from its start to its first decision.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { paired } from './statistics.mjs';

const FIRST_DECISION = fileURLToPath(new URL('first-decision.mjs', import.meta.url));

/** A Lambda function of 128 MB has this share of a processor: 1,769 MB have a whole one. */
const SHARE = 1 / 14;
const PERIOD_MICROSECONDS = 100_000;

/**
 * @typedef {{ cpuMillis: number, wallMillis: number }} Start
 * @typedef {{ cpu: ReturnType<typeof paired>, wall: ReturnType<typeof paired> }} Cold milliseconds
 */

/**
 * @param {{ ours: string, theirs: string }} files `index.mjs` of both functions
 * @param {string} event a file
 * @param {number} runs of each, in turn
 * @param {(args: string[]) => [command: string, args: string[]]} [wrapped] how Node is started
 * @returns {Promise<Cold>}
 */
export async function measureCold({ ours, theirs }, event, runs, wrapped = (args) => [process.execPath, args]) {
  /** @type {Start[][]} */
  const [a, b] = [[], []];
  for (let run = -2; run < runs; run += 1) {
    const order = /** @type {[string, Start[]][]} */ (run % 2 === 0 ? [[ours, a], [theirs, b]] : [[theirs, b], [ours, a]]);
    for (const [file, starts] of order) {
      const start = await firstDecision(wrapped([FIRST_DECISION, file, event]));
      if (run >= 0) starts.push(start);
    }
  }
  const of = (/** @type {(start: Start) => number} */ pick) => paired(a.map(pick), b.map(pick));
  return { cpu: of(({ cpuMillis }) => cpuMillis), wall: of(({ wallMillis }) => wallMillis) };
}

/**
 * The same with the share of a processor that a 128 MB function gets, by the kernel's own quota.
 *
 * @param {{ ours: string, theirs: string }} files @param {string} event @param {number} runs
 * @returns {Promise<Cold | undefined>} nothing where no control group with a quota can be made
 */
export async function measureColdWithQuota(files, event, runs) {
  const group = await quotaGroup();
  if (group === undefined) return undefined;
  const inGroup = (/** @type {string[]} */ args) =>
    /** @type {[string, string[]]} */ (['/bin/sh', ['-c', 'echo $$ > "$0"/cgroup.procs && exec "$@"', group, process.execPath, ...args]]);
  try {
    return await measureCold(files, event, runs, inGroup);
  } finally {
    await rmdir(group).catch(() => {});
  }
}

/** A control group with the quota, of either version. */
async function quotaGroup() {
  const quota = Math.round(PERIOD_MICROSECONDS * SHARE);
  for (const [root, file, text] of [
    ['/sys/fs/cgroup/cpu', 'cpu.cfs_quota_us', `${quota}`],
    ['/sys/fs/cgroup', 'cpu.max', `${quota} ${PERIOD_MICROSECONDS}`],
  ]) {
    const group = join(root, `oss-edge-bench-${process.pid}`);
    try {
      await mkdir(group);
      if (existsSync(join(group, file))) {
        await writeFile(join(group, file), text);
        return group;
      }
      await rmdir(group);
    } catch {
      // Not a place where this user may set quotas.
    }
  }
  return undefined;
}

/** @param {[command: string, args: string[]]} command @returns {Promise<Start>} */
async function firstDecision([command, args]) {
  const { stdout } = await promisify(execFile)(command, args);
  return JSON.parse(stdout);
}
