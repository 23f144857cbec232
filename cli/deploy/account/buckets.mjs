// Checks that the names of new buckets are free, and that existing buckets exist.

import { HeadBucketCommand } from '@aws-sdk/client-s3';

import { fault, isDenied, ok, unanswered, unknown } from './finding.mjs';

/** @typedef {import('./finding.mjs').Finding} Finding */

/**
 * @param {import('../aws.mjs').Aws} aws
 * @param {import('../../../deploy/plan.mjs').Plan} plan
 * @param {(region: string) => Promise<boolean>} isDeployed whether there is a stack that may have made a Region's
 *   buckets
 * @returns {Promise<Finding[]>}
 */
export async function checkBuckets(aws, { buckets }, isDeployed) {
  const findings = await Promise.all(
    buckets.map(async (bucket) =>
      bucket.existing || !(await isDeployed(bucket.region)) ? [await checkBucket(aws, bucket)] : [],
    ),
  );
  return findings.flat();
}

/** @param {import('../aws.mjs').Aws} aws @param {import('../../../deploy/plan.mjs').Bucket} bucket */
async function checkBucket(aws, { name, s3Bucket, region, existing }) {
  const status = await aws
    .s3(region)
    .send(new HeadBucketCommand({ Bucket: s3Bucket }))
    .then(() => 200)
    .catch((error) => (isDenied(error) ? 403 : (error.$metadata?.httpStatusCode ?? error)));
  if (status === 404) {
    return existing
      ? fault(`deployment.buckets.${name}.existing: expected a bucket ${s3Bucket}, found none`)
      : ok(`bucket ${s3Bucket}: the name is free`);
  }
  if (status === 301) {
    return existing
      ? fault(`buckets.${name}.region: expected the Region of ${s3Bucket}, found ${region}`)
      : fault(`buckets.${name}.s3Bucket: expected a name that is free, found ${s3Bucket} in another Region`);
  }
  if (status === 200) {
    return existing
      ? ok(`bucket ${s3Bucket}: is there`)
      : fault(`deployment.buckets.${name}.existing: expected true, as ${s3Bucket} is there, found false`);
  }
  if (status === 403) {
    return unknown(`bucket ${s3Bucket}: somebody else has the name, or s3:ListBucket is not allowed`);
  }
  return unanswered(`bucket ${s3Bucket}`, 's3:ListBucket', status);
}
