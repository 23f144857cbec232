// Checks the account before anything is made: Regions, names of buckets, quotas, permissions.

import { deployerNeeds } from '../../../deploy/deployer.mjs';
import { EDGE_REGION, stackNames } from '../../../deploy/plan.mjs';
import { newResources } from '../../../deploy/quotas.mjs';
import { artifactStacks, releaseStacks } from '../../../deploy/stacks.mjs';
import { stackState } from '../stack.mjs';
import { checkBuckets } from './buckets.mjs';
import { checkPermissions } from './permissions.mjs';
import { checkCloudFrontQuotas, checkConcurrency } from './quotas.mjs';
import { checkRegions } from './regions.mjs';

/** @typedef {import('./finding.mjs').Finding} Finding */
/** @typedef {import('../../../deploy/plan.mjs').Plan} Plan */

const WORDS = { ok: 'ok        ', fault: 'FAULT     ', note: 'note      ', unknown: "can't tell" };

/** A placeholder for the release, from which templates are made before there is one. */
const NO_RELEASE = { hash: '0'.repeat(64) };

/**
 * @param {import('../deployment.mjs').Context} context @param {Plan} plan
 * @param {import('../deployment.mjs').Present} present
 * @throws {Error} for what would make the deployment fail, but in a dry run
 */
export async function checkAccount({ aws, ui, account, caller }, plan, present) {
  const stacks = [...artifactStacks(plan), ...releaseStacks(plan, NO_RELEASE)];
  const [edge] = stacks.filter(({ kind }) => kind === 'edge');
  const isDeployed = async (/** @type {string} */ region) =>
    (await stackState(aws.cloudFormation(region), stackNames(plan).regional)) !== undefined;
  /** @type {Finding[]} */
  const findings = [
    ...(await checkRegions(aws, plan)),
    ...(await checkBuckets(aws, plan, isDeployed)),
    ...(await checkCloudFrontQuotas(aws, newResources(edge, plan, present.edge))),
    ...(await checkConcurrency(aws, [...new Set([plan.region, EDGE_REGION, ...plan.edgeRegions])])),
    ...(await checkPermissions(aws, { arn: caller, account }, deployerNeeds(plan, stacks, account))),
  ];
  for (const { verdict, text } of findings) ui.say(`  ${WORDS[verdict]}  ${text}`);
  const faults = findings.filter(({ verdict }) => verdict === 'fault');
  if (faults.length === 0 || ui.dryRun) return;
  throw new Error(
    [
      ...faults.map(({ text }) => text),
      'nothing was changed; --skip-account-check deploys all the same',
    ].join('\n'),
  );
}
