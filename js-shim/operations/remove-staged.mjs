// Removes what waited beside an upload, once it has ended.

import { partsPrefix, recordKey } from './staged-keys.mjs';

/**
 * Removes every version of the staged parts, and the former versions of the record. The record itself stays for
 * repetitions. What can't be removed, lifecycle rules remove.
 *
 * @param {import('./s3-clients.mjs').S3} s3 @param {import('./client-parts.mjs').StagedUpload} upload
 */
export async function removeStaged(s3, { object: { Bucket }, folder }) {
  try {
    await removeVersions(s3, Bucket, partsPrefix(folder), () => true);
    await removeVersions(s3, Bucket, recordKey(folder), ({ Key, IsLatest }) => Key === recordKey(folder) && !IsLatest);
  } catch {
    // The object is there: nothing that remains changes the answer.
  }
}

/**
 * @param {import('./s3-clients.mjs').S3} s3 @param {string} Bucket @param {string} Prefix
 * @param {(version: { Key?: string, VersionId?: string, IsLatest?: boolean }) => boolean} isRemoved
 */
async function removeVersions(s3, Bucket, Prefix, isRemoved) {
  const { DeleteObjectsCommand, ListObjectVersionsCommand } = await import('@aws-sdk/client-s3');
  /** @type {{ KeyMarker?: string, VersionIdMarker?: string }} */
  let marker = {};
  for (;;) {
    // Without versioning, each object has one version, `null`.
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix, ...marker }));
    const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].filter(isRemoved);
    const Objects = found.map(({ Key = '', VersionId }) => ({ Key, VersionId }));
    if (Objects.length > 0) await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    if (!page.IsTruncated) return;
    marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
}
