// Removes what waited beside an upload, once it has ended.

import { partsPrefix, recordKey } from './staged-keys.mjs';

/**
 * @typedef {import('./s3-clients.mjs').S3} S3
 * @typedef {{ Key?: string, VersionId?: string, IsLatest?: boolean }} Version
 */

/**
 * Removes every version of the staged parts, and the former versions of the record. The record itself stays for
 * repetitions. What can't be removed, lifecycle rules remove: the object is there, and nothing that remains changes the
 * answer.
 *
 * @param {S3} s3 @param {import('./client-parts.mjs').StagedUpload} upload
 * @param {Promise<boolean>} [recorded] the write of the result, before which nothing is removed; whether the record can
 *   have former versions
 */
export async function removeStaged(s3, { object: { Bucket }, folder }, recorded = Promise.resolve(true)) {
  const Key = recordKey(folder);
  const isFormer = (/** @type {Version} */ one) => one.Key === Key && !one.IsLatest;
  await Promise.allSettled([
    removeVersions(s3, { Bucket, Prefix: partsPrefix(folder) }, () => true, recorded),
    recorded.then((hasFormer) => (hasFormer ? removeVersions(s3, { Bucket, Prefix: Key }, isFormer, recorded) : undefined)),
  ]);
}

/**
 * @param {S3} s3 @param {{ Bucket: string, Prefix: string }} listed
 * @param {(version: Version) => boolean} isRemoved
 * @param {Promise<unknown>} recorded
 */
async function removeVersions(s3, { Bucket, Prefix }, isRemoved, recorded) {
  const { DeleteObjectsCommand, ListObjectVersionsCommand } = await import('@aws-sdk/client-s3');
  /** @type {{ KeyMarker?: string, VersionIdMarker?: string }} */
  let marker = {};
  for (;;) {
    // Without versioning, each object has one version, `null`.
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix, ...marker }));
    const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].filter(isRemoved);
    const Objects = found.map(({ Key = '', VersionId }) => ({ Key, VersionId }));
    await recorded;
    if (Objects.length > 0) await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    if (!page.IsTruncated) return;
    marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
}
