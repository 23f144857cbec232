/** The stack in the Region of a bucket; in that of the deployment also the API or the relay, and the secrets. */
import { topicResources } from './alarms.mjs';
import { apiFoundation, apiOutputs, apiResources } from './api.mjs';
import { bucketResources, distributionParameter, hasDistribution } from './bucket.mjs';
import { att, template } from './cfn.mjs';
import { containerResources } from './container.mjs';
import { ARTIFACT_PARAMETER } from './lambda.mjs';
import { accessKeySecret, originSecrets, sealSecrets } from './secrets.mjs';
import { webFunctionFoundation, webFunctionOutputs, webFunctionRevision } from './web-function.mjs';

/** @typedef {import('../plan.mjs').Plan} Plan */
/** @typedef {import('./lambda.mjs').Release} Release */

/**
 * Without a release the stack has what must be there before the functions can be bundled: the API's or the relay's
 * domain, the buckets and the secrets.
 *
 * @param {Plan} plan
 * @param {string} region
 * @param {Release} [release]
 */
export function regionalTemplate(plan, region, release) {
  const buckets = plan.buckets.filter((bucket) => bucket.region === region && !bucket.existing);
  const isMain = region === plan.region;
  const usesArtifacts = isMain && release !== undefined && (plan.backend === 'api' || plan.backend === 'web-function');
  return template(`oss-edge ${plan.name}: ${isMain ? 'buckets, API or relay, secrets' : 'buckets'} (${region})`, {
    Parameters: {
      ...Object.fromEntries(buckets.map(({ id, name }) => [distributionParameter(id), distributionArn(name)])),
      ...(usesArtifacts ? ARTIFACT_PARAMETER : {}),
    },
    Conditions: Object.fromEntries(
      buckets.map(({ id }) => [
        hasDistribution(id),
        { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: distributionParameter(id) }, ''] }] },
      ]),
    ),
    Resources: {
      ...Object.assign({}, ...buckets.map((bucket) => bucketResources(bucket, plan.config))),
      ...(isMain ? mainResources(plan, release) : {}),
    },
    Outputs: isMain ? mainOutputs(plan, release) : {},
  });
}

/** @param {Plan} plan @param {Release | undefined} release */
function mainResources(plan, release) {
  const behind = plan.backend !== 'none';
  return {
    ...sealSecrets(plan),
    ...(behind ? originSecrets(plan) : {}),
    ...accessKeySecret(plan),
    ...(behind ? topicResources(plan) : {}),
    ...(plan.backend === 'api' ? { ...apiFoundation(plan), ...(release ? apiResources(plan, release) : {}) } : {}),
    ...(plan.backend === 'web-function'
      ? { ...webFunctionFoundation(plan, release), ...(release ? webFunctionRevision(plan, release) : {}) }
      : {}),
    ...(plan.backend === 'fargate' && release ? containerResources(plan, release) : {}),
  };
}

/** @param {Plan} plan @param {Release | undefined} release */
function mainOutputs(plan, release) {
  return {
    Backend: { Value: plan.backend },
    ...(plan.backend === 'api' ? apiOutputs() : {}),
    ...(plan.backend === 'web-function' ? webFunctionOutputs() : {}),
    ...(plan.backend === 'fargate' && release ? { BalancerDomain: { Value: att('Balancer', 'DNSName') } } : {}),
    ...(release ? { Bundle: { Value: release.hash } } : {}),
    ...(plan.backend === 'none' ? {} : { OriginSecrets: { Value: plan.originSecrets.accepted.join(' ') } }),
  };
}

/** @param {string} bucket */
function distributionArn(bucket) {
  return {
    Type: 'String',
    Description: `The ARN of the distribution of ${bucket}; empty before there is one`,
    AllowedPattern: '^(arn:aws:cloudfront::[0-9]{12}:distribution/[A-Z0-9]+)?$',
    Default: '',
  };
}
