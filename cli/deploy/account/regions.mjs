// Checks that the account has each Region enabled. A Region's STS answers only to accounts that have it, and
// GetCallerIdentity needs no permission.

import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';

import { EDGE_REGION, artifactRegionsOf, regionsOf } from '../../../deploy/plan.mjs';
import { errorText } from '../../error-text.mjs';
import { isAwsError } from '../aws.mjs';
import { fault, ok, unknown } from './finding.mjs';

/** @typedef {import('./finding.mjs').Finding} Finding */
/** @typedef {import('../../../deploy/plan.mjs').Plan} Plan */

/** @param {import('../aws.mjs').Aws} aws @param {Plan} plan @returns {Promise<Finding[]>} */
export async function checkRegions(aws, plan) {
  const regions = [...new Set([EDGE_REGION, ...artifactRegionsOf(plan), ...regionsOf(plan), ...plan.edgeRegions])];
  const findings = await Promise.all(regions.map((region) => checkRegion(aws, region)));
  const good = regions.filter((_, at) => findings[at] === undefined);
  return [
    ...(good.length > 0 ? [ok(`Regions: ${good.join(', ')}`)] : []),
    ...findings.filter((one) => one !== undefined),
  ];
}

/** @param {import('../aws.mjs').Aws} aws @param {string} region @returns {Promise<Finding | undefined>} */
async function checkRegion(aws, region) {
  try {
    await aws.sts(region).send(new GetCallerIdentityCommand({}));
    return undefined;
  } catch (error) {
    // The credentials work in us-east-1, so the Region isn't enabled.
    if (isAwsError(error, 'InvalidClientTokenId', 'UnrecognizedClientException', 'RegionDisabledException')) {
      return fault(
        `Region ${region}: expected one that is enabled, found none: enable it for the account, or leave it out`,
      );
    }
    return unknown(`Region ${region}: ${errorText(error)}`);
  }
}
