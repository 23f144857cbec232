/** Quotas of an account that a deployment counts against. Defaults are those of AWS's documentation. */

/** @typedef {import('./stacks.mjs').Stack} Stack */
/**
 * @typedef {object} Quota of CloudFront, for the whole account
 * @property {string} type of the resources that count
 * @property {string} what
 * @property {string} [code] in Service Quotas
 * @property {RegExp} name in Service Quotas, as it is written in more than one way
 * @property {number} byDefault
 */

/** Page cloudfront-limits of the CloudFront Developer Guide. @type {readonly Quota[]} */
export const CLOUDFRONT_QUOTAS = [
  {
    type: 'AWS::CloudFront::Distribution',
    what: 'distributions',
    code: 'L-24B04930',
    name: /^(web )?distributions per aws account$/iu,
    byDefault: 500,
  },
  {
    type: 'AWS::CloudFront::OriginRequestPolicy',
    what: 'origin request policies',
    code: 'L-C3659C43',
    name: /^(custom )?origin request policies per aws account$/iu,
    byDefault: 20,
  },
  {
    type: 'AWS::CloudFront::OriginAccessControl',
    what: 'origin access controls',
    name: /^origin access controls per aws account$/iu,
    byDefault: 100,
  },
  {
    type: 'AWS::CloudFront::ResponseHeadersPolicy',
    what: 'response headers policies',
    code: 'L-CF0D4FC5',
    name: /^(custom )?response headers policies per aws account$/iu,
    byDefault: 20,
  },
];

/** Functions at once in a Region, all of an account's together, and requests a second for each (lambda-concurrency). */
export const LAMBDA_CONCURRENCY = { byDefault: 1000, requestsPerSecond: 10 };

/**
 * How many resources of each type would be new.
 *
 * @param {Stack} edge
 * @param {import('./plan.mjs').Plan} plan
 * @param {Record<string, string> | undefined} present outputs of the stack that is there
 * @returns {Map<string, number>} by type
 */
export function newResources({ template }, { buckets }, present) {
  const counts = new Map(CLOUDFRONT_QUOTAS.map(({ type }) => [type, 0]));
  for (const { Type } of Object.values(template.Resources)) {
    if (present === undefined && counts.has(Type)) counts.set(Type, Number(counts.get(Type)) + 1);
  }
  if (present !== undefined) {
    const added = buckets.filter(({ id }) => present[`DistributionId${id}`] === undefined);
    counts.set('AWS::CloudFront::Distribution', added.length);
  }
  return counts;
}
