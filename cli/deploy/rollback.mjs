// Rolls back to an earlier release, whose zips and configuration are in the artifacts bucket.

import { EDGE_REGION, planOf } from '../../deploy/plan.mjs';
import { artifactStacks } from '../../deploy/stacks.mjs';
import { recordRelease, releasesOf } from './artifacts.mjs';
import { applyRelease, presentOf } from './deployment.mjs';
import { stackState } from './stack.mjs';

/** @typedef {import('./deployment.mjs').Context} Context */
/** @typedef {import('../../deploy/plan.mjs').Plan} Plan */

/**
 * @param {Context} context
 * @param {Plan} plan of the present configuration
 * @param {{ to?: string, now?: Date }} options `to` is the beginning of a release's hash; by default the previous one
 * @throws {Error} when there is none
 */
export async function rollback(context, plan, { to, now = new Date() }) {
  const { aws, ui } = context;
  const present = await presentOf(context, plan);
  const buckets = await artifactBuckets(context, plan);
  const bucket = buckets.get(EDGE_REGION);
  if (bucket === undefined || present.edge === undefined) throw new Error(`${plan.name}: nothing is deployed`);
  const releases = await releasesOf(aws.s3(EDGE_REGION), bucket);
  const record =
    to === undefined
      ? releaseBefore(releases, present.edge.Bundle, present.regional?.Bundle)
      : releases.find(({ hash }) => hash.startsWith(to));
  if (record === undefined) {
    const known = releases.map(({ hash, at }) => `${hash.slice(0, 12)} of ${at}`).join(', ');
    throw new Error(`expected a release to go back to, found ${known || 'none'}`);
  }
  ui.say(`back to bundle ${record.hash.slice(0, 12)} of ${record.at}`);
  const earlier = planOf(record.config, { ...record.settings, name: plan.name }, present.originSecrets);
  const deployed = await applyRelease(context, earlier, record.hash, buckets, present);
  if (!ui.dryRun) await recordRelease(aws.s3(EDGE_REGION), bucket, { ...record, at: now.toISOString() });
  return deployed;
}

/**
 * The release to go back to. Stacks with different bundles are of a deployment that did not end, or of a rollback. Its
 * bundle is behind the edge already, and a deployment's isn't recorded yet.
 *
 * @param {Awaited<ReturnType<typeof releasesOf>>} releases the latest first
 * @param {string | undefined} atTheEdge @param {string | undefined} behind bundles; undefined where nothing is behind
 */
function releaseBefore(releases, atTheEdge, behind = atTheEdge) {
  if (behind === atTheEdge) return releases.find(({ hash }) => hash !== atTheEdge);
  return releases.find(({ hash }) => hash === behind) ?? releases.find(({ hash }) => hash === atTheEdge);
}

/** @param {Context} context @param {Plan} plan @returns {Promise<Map<string, string>>} by Region */
export async function artifactBuckets({ aws }, plan) {
  const buckets = new Map();
  for (const { name, region } of artifactStacks(plan)) {
    const bucket = (await stackState(aws.cloudFormation(region), name))?.outputs.Artifacts;
    if (bucket !== undefined) buckets.set(region, bucket);
  }
  return buckets;
}
