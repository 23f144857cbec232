// Deletes a deployment, in the two steps that replicated functions need. Objects are never deleted.

import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import { DeleteBucketCommand, DeleteObjectsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';

import { BEHAVIOR } from '../../deploy/distribution.mjs';
import { EDGE_REGION, regionsOf, stackNames } from '../../deploy/plan.mjs';
import { artifactStacks } from '../../deploy/stacks.mjs';
import { isAwsError } from './aws.mjs';
import { artifactBuckets } from './rollback.mjs';
import { deleteStack } from './stack.mjs';

/** @typedef {import('./deployment.mjs').Context} Context */
/** @typedef {import('../../deploy/plan.mjs').Plan} Plan */

/**
 * @param {Context} context @param {Plan} plan
 * @returns {Promise<{ remaining: string[] }>} functions that can't be deleted yet: run it again in some hours
 */
export async function destroy(context, plan) {
  const { aws, ui } = context;
  const names = stackNames(plan);
  const of = (/** @type {string} */ region) => ({ cfn: aws.cloudFormation(region), ui });
  const buckets = await artifactBuckets(context, plan);
  await deleteStack(of(EDGE_REGION), { name: names.edge, region: EDGE_REGION });
  for (const region of plan.edgeRegions) await deleteStack(of(region), { name: names.watch, region });
  for (const region of regionsOf(plan).toReversed()) await deleteStack(of(region), { name: names.regional, region });

  const remaining = [];
  for (const { event } of BEHAVIOR.triggers) {
    const name = `${plan.name}-${event}`;
    if (!(await deleteFunction(context, name))) remaining.push(name);
  }
  // A rollback or another attempt may still need the code.
  if (remaining.length > 0) return { remaining };
  for (const { name, region } of artifactStacks(plan)) {
    const bucket = buckets.get(region);
    if (bucket !== undefined) await deleteArtifacts(context, region, bucket);
    await deleteStack(of(region), { name, region });
  }
  return { remaining };
}

/** @param {Context} context @param {string} name @returns {Promise<boolean>} whether it is gone */
async function deleteFunction({ aws, ui }, name) {
  try {
    await aws.lambda(EDGE_REGION).send(new DeleteFunctionCommand({ FunctionName: name }));
    ui.say(`${name}: deleted, with all its versions`);
    return true;
  } catch (error) {
    if (isAwsError(error, 'ResourceNotFoundException')) return true;
    // "… because it is a replicated function": replicas are deleted some hours after the distribution.
    if (error instanceof Error && /replicated function/u.test(error.message)) return false;
    throw error;
  }
}

/**
 * Deletes the zips of the functions, which may contain access keys.
 *
 * @param {Context} context
 * @param {string} region
 * @param {string} bucket
 */
async function deleteArtifacts({ aws, ui }, region, bucket) {
  const s3 = aws.s3(region);
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key = '', VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) break;
    await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }));
  }
  await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
  ui.say(`${bucket}: deleted, with all bundles`);
}
