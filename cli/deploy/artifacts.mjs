// The artifacts buckets: the zips, and a record of each release, in which a rollback finds the previous one.

import { createHash } from 'node:crypto';

import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';

import { artifactKey } from '../../deploy/templates/lambda.mjs';
import { isAwsError } from './aws.mjs';

/** @typedef {import('@aws-sdk/client-s3').S3Client} S3Client */
/**
 * @typedef {object} ReleaseRecord
 * @property {string} hash
 * @property {string} at when it was deployed, in ISO 8601
 * @property {any} config without `deployment`
 * @property {import('../deployment.mjs').Settings} settings
 */

const RELEASES = 'releases/';

/**
 * @param {S3Client} s3 @param {string} bucket @param {import('./release.mjs').Release} release
 * @param {(line: string) => void} say
 */
export async function uploadZips(s3, bucket, release, say) {
  for (const [name, zip] of release.zips) {
    const key = artifactKey(release, name);
    if (await exists(s3, bucket, key)) continue;
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: zip }));
    say(`  ${bucket}/${key} (${(zip.length / 1024).toFixed(1)} KB)`);
  }
}

/** @param {S3Client} s3 @param {string} bucket @param {string} region @returns {(text: string) => Promise<string>} */
export function templateStore(s3, bucket, region) {
  return async (text) => {
    const key = `templates/${createHash('sha256').update(text).digest('hex')}.json`;
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text, ContentType: 'application/json' }));
    return `https://${bucket}.s3.${region}.amazonaws.com/${key}`;
  };
}

/** @param {S3Client} s3 @param {string} bucket @param {ReleaseRecord} record */
export async function recordRelease(s3, bucket, record) {
  const key = `${RELEASES}${record.at}-${record.hash.slice(0, 12)}.json`;
  await s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body: JSON.stringify(record), ContentType: 'application/json' }),
  );
}

/** @param {S3Client} s3 @param {string} bucket @returns {Promise<ReleaseRecord[]>} the latest first */
export async function releasesOf(s3, bucket) {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: RELEASES }));
  const keys = Contents.map(({ Key = '' }) => Key)
    .toSorted()
    .toReversed();
  return Promise.all(
    keys.slice(0, 20).map(async (Key) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      return JSON.parse((await Body?.transformToString()) ?? '{}');
    }),
  );
}

/** @param {S3Client} s3 @param {string} bucket @param {string} key */
async function exists(s3, bucket, key) {
  try {
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return true;
  } catch (error) {
    if (isAwsError(error, 'NotFound', 'NoSuchKey')) return false;
    // The answer to HEAD has no body with an error code.
    throw new Error(`s3://${bucket}/${key}: not authorized, or not reachable (${statusOf(error)})`);
  }
}

/** @param {any} error */
function statusOf(error) {
  return error.$metadata?.httpStatusCode ?? error;
}
