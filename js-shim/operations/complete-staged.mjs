// The end of an upload whose small parts are staged. Everything is checked before a byte moves, the same request may
// come again or twice at once, and the function may stop at any point: S3 makes the object of parts that were made of the
// listed ones, or makes none.

import { createHash } from 'node:crypto';

import { clientParts, latestParts } from './client-parts.mjs';
import { currentEtag, madeEarlier } from './ended-upload.mjs';
import { joinParts, makeParts } from './join.mjs';
import { joinPlan, joinedBytes } from './join-plan.mjs';
import { multipartEtag } from './multipart-etag.mjs';
import { removeStaged } from './remove-staged.mjs';
import { withHeaders } from './s3-clients.mjs';
import { S3Fault } from './s3-fault.mjs';

/**
 * @typedef {import('./s3-clients.mjs').S3} S3
 * @typedef {import('./client-parts.mjs').StagedUpload} StagedUpload
 * @typedef {import('./client-parts.mjs').ClientParts} ClientParts
 * @typedef {import('./completed-parts.mjs').CompletedPart} CompletedPart
 * @typedef {import('./ended-upload.mjs').Completed} Completed
 * @typedef {{ joinedBytes?: number }} Joined by this attempt
 *
 * @typedef {object} Ending
 * @property {StagedUpload} upload
 * @property {CompletedPart[] | undefined} listed by the client; undefined for all that it sent
 * @property {Record<string, string>} headers for S3
 * @property {number} maxJoinBytes
 * @property {import('./join.mjs').MakeParts} [make] the parts that S3 gets for staged ones; by default this process does
 */

/** What S3 says when the upload, or a part of it, isn't what it was: perhaps because it has ended as it should. */
const DISTURBED = ['NoSuchUpload', 'PreconditionFailed', 'ConditionalRequestConflict', 'InvalidPart'];

/** For the log. */
const DISPLACED = 'another completion replaced a part that was made';

const OBJECT_EXISTS = 'there is an object, and it may not be overwritten';

/** In place of a list's digest. */
const ALL_PARTS = 'all';

/**
 * @param {S3} s3 @param {Ending} ending
 * @returns {Promise<Completed & Joined>}
 * @throws {Error} named by S3's code
 */
export async function completeStaged(s3, ending) {
  const digest = ending.listed === undefined ? ALL_PARTS : digestOf(ending.listed);
  try {
    return await ended(s3, ending, digest);
  } catch (error) {
    if (!(error instanceof Error) || !DISTURBED.includes(error.name)) throw error;
    const made = await madeEarlier(s3, ending.upload, digest, ending.listed);
    if (made !== undefined) return made;
    // What was made here was replaced by another function: the next attempt finds out whether the list is right.
    throw error.name === 'InvalidPart' && !(error instanceof S3Fault) ? new S3Fault('SlowDown', DISPLACED) : error;
  }
}

/** @param {S3} s3 @param {Ending} ending @param {string} digest @returns {Promise<Completed & Joined>} */
async function ended(s3, { upload, listed, headers, maxJoinBytes, make = makeParts }, digest) {
  checkOrder(listed ?? []);
  const parts = await clientParts(s3, upload);
  const chosen = chosenParts(parts, listed);
  const plan = joinPlan(chosen, new Set(parts.large.map(({ number }) => number)));
  const bytes = joinedBytes(plan);
  if (bytes > maxJoinBytes) {
    throw new S3Fault('EntityTooLarge', `${bytes} bytes to join, and \`maxJoinBytes\` is ${maxJoinBytes}`);
  }
  const forbidsOverwrite = headers['if-none-match'] !== undefined;
  if (forbidsOverwrite && (await currentEtag(s3, upload.object)) !== undefined) throw new S3Fault('PreconditionFailed', OBJECT_EXISTS);
  const { record } = parts;
  // Of an upload of large parts S3 knows all that there is to know.
  const isRecorded = chosen.some(({ staged }) => staged);
  const made = plan.filter(({ as }) => as !== 'kept').map(({ number }) => number);
  if (isRecorded) record.begin(digest, made, new Date());
  const Parts = await joinParts(s3, upload, plan, parts, make);
  if (isRecorded) {
    await record.expect(digest, {
      etag: multipartEtag(Parts.map(({ ETag }) => ETag)),
      parts: Parts.map(({ PartNumber, ETag }) => [PartNumber, ETag]),
    });
  }
  const completed = await completeInS3(s3, upload, Parts, headers);
  const result = { digest, etag: completed.ETag, versionId: completed.VersionId };
  // Without it, what was expected tells.
  const finished = isRecorded ? record.finish(result).catch(() => true) : Promise.resolve(true);
  if (parts.staged.length > 0) await removeStaged(s3, upload, finished);
  await finished;
  return { ...completed, joinedBytes: bytes };
}

/**
 * @param {S3} s3 @param {StagedUpload} upload @param {CompletedPart[]} Parts @param {Record<string, string>} headers
 * @returns {Promise<Completed>}
 */
async function completeInS3(s3, { object, uploadId }, Parts, headers) {
  const { CompleteMultipartUploadCommand } = await import('@aws-sdk/client-s3');
  const command = new CompleteMultipartUploadCommand({ ...object, UploadId: uploadId, MultipartUpload: { Parts } });
  const { ETag, VersionId } = await s3.send(withHeaders(command, headers));
  if (!ETag) throw new Error('S3 returned no ETag');
  return { ETag, VersionId };
}

/** @param {CompletedPart[]} listed @throws {S3Fault} InvalidPartOrder */
function checkOrder(listed) {
  const isOrdered = listed.every(({ PartNumber }, index) => index === 0 || PartNumber > listed[index - 1].PartNumber);
  if (!isOrdered) throw new S3Fault('InvalidPartOrder', 'the part numbers are not in ascending order');
}

/**
 * The parts that the list means. Where a number was sent more than once, the listed ETag decides.
 *
 * @param {ClientParts} parts @param {CompletedPart[] | undefined} listed
 * @throws {S3Fault} InvalidPart, MalformedXML for an upload without parts
 */
function chosenParts(parts, listed) {
  if (listed === undefined) {
    const latest = latestParts(parts);
    // Ambiguous input is refused: the client can list what it means.
    if (latest.doubtful) throw new S3Fault('InvalidPart', 'a part came small and large within one second');
    if (latest.parts.length === 0) throw new S3Fault('MalformedXML', 'the upload has no part');
    return latest.parts;
  }
  const byName = new Map([...parts.large, ...parts.staged].map((part) => [`${part.number} ${part.etag}`, part]));
  return listed.map(({ PartNumber, ETag }) => {
    const part = byName.get(`${PartNumber} ${ETag}`);
    if (part === undefined) throw new S3Fault('InvalidPart', `no part ${PartNumber} with the listed ETag`);
    return part;
  });
}

/** @param {CompletedPart[]} listed */
function digestOf(listed) {
  const lines = listed.map(({ PartNumber, ETag }) => `${PartNumber} ${ETag}\n`);
  return createHash('sha256').update(lines.join('')).digest('base64url');
}
