// What there is of a deployment.

import { EDGE_REGION, regionsOf, stackNames } from '../../deploy/plan.mjs';
import { artifactStacks } from '../../deploy/stacks.mjs';
import { releasesOf } from './artifacts.mjs';
import { artifactBuckets } from './rollback.mjs';
import { stackState } from './stack.mjs';

/**
 * @param {import('./deployment.mjs').Context} context @param {import('../../deploy/plan.mjs').Plan} plan
 * @returns {Promise<boolean>} whether all of it is there and whole
 */
export async function status(context, plan) {
  const { aws, ui } = context;
  const names = stackNames(plan);
  const stacks = [
    ...artifactStacks(plan),
    ...regionsOf(plan).map((region) => ({ name: names.regional, region })),
    ...plan.edgeRegions.map((region) => ({ name: names.watch, region })),
    { name: names.edge, region: EDGE_REGION },
  ];
  let isWhole = true;
  /** @type {Set<string>} */
  const bundles = new Set();
  for (const { name, region } of stacks) {
    const state = await stackState(aws.cloudFormation(region), name);
    const isGood = /^(CREATE|UPDATE)_COMPLETE$/u.test(state?.status ?? '');
    isWhole &&= isGood;
    ui.say(
      `${name} (${region}): ${state?.status ?? 'not there'}${isGood || !state?.reason ? '' : `: ${state.reason}`}`,
    );
    if (state?.outputs.Bundle === undefined) continue;
    const bundle = state.outputs.Bundle.slice(0, 12);
    bundles.add(bundle);
    ui.say(`  bundle ${bundle}`);
  }
  if (bundles.size > 1) {
    ui.say(
      `the stacks have different bundles, ${[...bundles].join(' and ')}: a deployment did not end; run ` +
        '`oss-edge deploy` again, or `deploy rollback`',
    );
  }
  const bucket = (await artifactBuckets(context, plan)).get(EDGE_REGION);
  const releases = bucket === undefined ? [] : await releasesOf(aws.s3(EDGE_REGION), bucket);
  for (const { hash, at } of releases) ui.say(`released ${at}: bundle ${hash.slice(0, 12)}`);
  return isWhole && bundles.size <= 1;
}
