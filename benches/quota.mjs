// A control group with the share of a processor that Lambda gives a function of 128 MB.

import { existsSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A function of 1,769 MB has a whole processor, one of 128 MB this share (Lambda Developer Guide, "Memory"). */
const SHARE = 1 / 14;
const PERIOD_MICROSECONDS = 100_000;
const QUOTA_MICROSECONDS = Math.round(PERIOD_MICROSECONDS * SHARE);

/** Control groups of version 1, then of version 2. */
const PLACES = [
  { root: '/sys/fs/cgroup/cpu', file: 'cpu.cfs_quota_us', text: `${QUOTA_MICROSECONDS}` },
  { root: '/sys/fs/cgroup', file: 'cpu.max', text: `${QUOTA_MICROSECONDS} ${PERIOD_MICROSECONDS}` },
];

/**
 * @template R
 * @param {(group: string | undefined) => Promise<R>} use gets the group's directory, undefined where none can be made
 * @returns {Promise<R>}
 */
export async function withQuota(use) {
  const group = await newGroup();
  try {
    return await use(group);
  } finally {
    if (group !== undefined) await rmdir(group).catch(() => {});
  }
}

/** @returns {Promise<string | undefined>} */
async function newGroup() {
  for (const { root, file, text } of PLACES) {
    const group = join(root, `oss-edge-bench-${process.pid}`);
    try {
      await mkdir(group);
    } catch {
      continue; // This user may not make groups here.
    }
    try {
      if (!existsSync(join(group, file))) throw new Error(`no ${file}`);
      await writeFile(join(group, file), text);
      return group;
    } catch {
      await rmdir(group).catch(() => {});
    }
  }
  return undefined;
}
