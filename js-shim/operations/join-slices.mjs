// A join that several processes share: each makes a slice of the parts. Whatever becomes of one, all write the same bytes
// to the same numbers, and the record has each part before S3 gets it.

import { makeParts } from './join.mjs';
import { S3Fault, faultDetail } from './s3-fault.mjs';
import { UploadRecord } from './upload-record.mjs';

/**
 * @typedef {import('./s3-clients.mjs').S3} S3
 * @typedef {import('./client-parts.mjs').StagedUpload} StagedUpload
 * @typedef {import('./join-plan.mjs').Made} Made
 * @typedef {import('./join.mjs').S3Part} S3Part
 *
 * @typedef {{ version: 1, upload: StagedUpload, plan: Made[] }} Slice as JSON has it
 * @typedef {{ parts: S3Part[] } | { fault: { code: string, detail: string } }} SliceResult `fault` ends the join
 */

/** What may be asked of a process of another release. */
const VERSION = 1;

/** Bytes that are worth another process. */
const LEAST_BYTES = 32 * 1024 * 1024;

/**
 * @param {number} count processes at most, this one included
 * @param {(slice: Slice) => Promise<SliceResult>} run in another process
 * @param {(error: unknown) => void} failed is told why another process didn't make its slice, which then is made here
 * @returns {import('./join.mjs').MakeParts}
 */
export function slicedJoin(count, run, failed) {
  return async (s3, upload, todo, record) => {
    const [own = [], ...others] = divided(todo, count);
    // The others read it.
    if (others.length > 0) await record.ensureBegun();
    const elsewhere = others.map(async (plan) => {
      const result = await run({ version: VERSION, upload, plan }).catch((error) => failed(error));
      if (result === undefined) return makeParts(s3, upload, plan, record);
      if ('fault' in result) throw new S3Fault(result.fault.code, result.fault.detail);
      return result.parts;
    });
    const slices = await Promise.allSettled([makeParts(s3, upload, own, record), ...elsewhere]);
    return slices.flatMap((slice) => {
      if (slice.status === 'rejected') throw slice.reason;
      return slice.value;
    });
  };
}

/**
 * Makes a slice for another process.
 *
 * @param {S3} s3 @param {Slice} slice
 * @returns {Promise<SliceResult>}
 * @throws {Error} for a slice of another release
 */
export async function madeSlice(s3, { version, upload, plan }) {
  if (version !== VERSION) throw new Error(`a slice of version ${version}`);
  try {
    const record = await new UploadRecord(s3, upload.object.Bucket, upload.folder).read();
    return { parts: await makeParts(s3, upload, plan, record) };
  } catch (error) {
    return { fault: { code: error instanceof Error ? error.name : '', detail: faultDetail(error) } };
  }
}

/**
 * Slices of nearly as many bytes each.
 *
 * @param {Made[]} todo @param {number} count at most
 * @returns {Made[][]}
 */
function divided(todo, count) {
  const bytes = todo.reduce((sum, { size }) => sum + size, 0);
  const slices = Math.min(count, Math.floor(bytes / LEAST_BYTES));
  if (slices < 2) return [todo];
  /** @type {Made[][]} */
  const divisions = Array.from({ length: slices }, () => []);
  let at = 0;
  for (const planned of todo) {
    divisions[Math.min(slices - 1, Math.floor((at * slices) / bytes))]?.push(planned);
    at += planned.size;
  }
  return divisions.filter((plan) => plan.length > 0);
}
