// Checks the account's quotas against what it has already.

import {
  ListDistributionsCommand,
  ListOriginAccessControlsCommand,
  ListOriginRequestPoliciesCommand,
  ListResponseHeadersPoliciesCommand,
} from '@aws-sdk/client-cloudfront';
import { GetAccountSettingsCommand } from '@aws-sdk/client-lambda';
import { ListServiceQuotasCommand } from '@aws-sdk/client-service-quotas';

import { EDGE_REGION } from '../../../deploy/plan.mjs';
import { CLOUDFRONT_QUOTAS, LAMBDA_CONCURRENCY } from '../../../deploy/quotas.mjs';
import { fault, isDenied, note, ok, unanswered } from './finding.mjs';

/** @typedef {import('./finding.mjs').Finding} Finding */
/** @typedef {import('../aws.mjs').Aws} Aws */

/** @param {Aws} aws @param {Map<string, number>} added resources by type @returns {Promise<Finding[]>} */
export async function checkCloudFrontQuotas(aws, added) {
  const counted = CLOUDFRONT_QUOTAS.map((quota) => ({ quota, more: added.get(quota.type) ?? 0 })).filter(
    ({ more }) => more > 0,
  );
  if (counted.length === 0) return [];
  const { quotas, unread } = await listQuotas(aws)
    .then((found) => ({ quotas: found, unread: [] }))
    .catch((error) => ({
      quotas: [],
      unread: [unanswered('quotas of CloudFront', 'servicequotas:ListServiceQuotas', error)],
    }));
  return [...unread, ...(await Promise.all(counted.map(({ quota, more }) => checkQuota(aws, quota, quotas, more))))];
}

/**
 * @param {Aws} aws @param {import('../../../deploy/quotas.mjs').Quota} quota
 * @param {import('@aws-sdk/client-service-quotas').ServiceQuota[]} known @param {number} added
 * @returns {Promise<Finding>}
 */
async function checkQuota(aws, { type, what, code, name, byDefault }, known, added) {
  const found = known.find(({ QuotaCode, QuotaName = '' }) => QuotaCode === code || name.test(QuotaName));
  const limit = found?.Value ?? byDefault;
  const { action, count } = COUNTS[type];
  try {
    const present = await count(aws.cloudFront());
    const text =
      `CloudFront ${what}: ${present} of ${limit}${found ? '' : ', the default,'} are there, ` +
      `and ${added} more are needed`;
    return present + added <= limit ? ok(text) : fault(`${text}: raise it in Service Quotas, in ${EDGE_REGION}`);
  } catch (error) {
    return unanswered(`CloudFront ${what}, of which there may be ${limit}`, action, error);
  }
}

/** @typedef {import('@aws-sdk/client-cloudfront').CloudFrontClient} CloudFront */

/**
 * Counts what the account has already.
 *
 * @type {Record<string, { action: string, count: (client: CloudFront) => Promise<number> }>}
 */
const COUNTS = {
  'AWS::CloudFront::Distribution': {
    action: 'cloudfront:ListDistributions',
    count: async (client) =>
      counted(async (Marker) => (await client.send(new ListDistributionsCommand({ Marker }))).DistributionList),
  },
  'AWS::CloudFront::OriginRequestPolicy': {
    action: 'cloudfront:ListOriginRequestPolicies',
    count: async (client) =>
      counted(
        async (Marker) =>
          (await client.send(new ListOriginRequestPoliciesCommand({ Marker, Type: 'custom' }))).OriginRequestPolicyList,
      ),
  },
  'AWS::CloudFront::OriginAccessControl': {
    action: 'cloudfront:ListOriginAccessControls',
    count: async (client) =>
      counted(
        async (Marker) => (await client.send(new ListOriginAccessControlsCommand({ Marker }))).OriginAccessControlList,
      ),
  },
  'AWS::CloudFront::ResponseHeadersPolicy': {
    action: 'cloudfront:ListResponseHeadersPolicies',
    count: async (client) =>
      counted(
        async (Marker) =>
          (await client.send(new ListResponseHeadersPoliciesCommand({ Marker, Type: 'custom' })))
            .ResponseHeadersPolicyList,
      ),
  },
};

/** @param {(marker: string | undefined) => Promise<{ Quantity?: number, NextMarker?: string } | undefined>} pageAt */
async function counted(pageAt) {
  let count = 0;
  /** @type {string | undefined} */
  let marker;
  do {
    const page = await pageAt(marker);
    count += page?.Quantity ?? 0;
    marker = page?.NextMarker;
  } while (marker !== undefined && marker !== '');
  return count;
}

/** @param {Aws} aws */
async function listQuotas(aws) {
  const quotas = [];
  /** @type {string | undefined} */
  let NextToken;
  do {
    /** @type {import('@aws-sdk/client-service-quotas').ListServiceQuotasCommandOutput} */
    const page = await aws
      .serviceQuotas(EDGE_REGION)
      .send(new ListServiceQuotasCommand({ ServiceCode: 'cloudfront', NextToken }));
    quotas.push(...(page.Quotas ?? []));
    ({ NextToken } = page);
  } while (NextToken !== undefined);
  return quotas;
}

/**
 * Checks the concurrency in the Regions where edge functions run, which is low for new accounts.
 *
 * @param {Aws} aws @param {readonly string[]} regions @returns {Promise<Finding[]>}
 */
export async function checkConcurrency(aws, regions) {
  const answers = await Promise.all(
    regions.map(async (region) => {
      try {
        const { AccountLimit = {} } = await aws.lambda(region).send(new GetAccountSettingsCommand({}));
        return { region, limit: AccountLimit.UnreservedConcurrentExecutions ?? AccountLimit.ConcurrentExecutions };
      } catch (error) {
        return { region, error };
      }
    }),
  );
  const refused = answers.filter(({ error }) => isDenied(error ?? {}));
  const failed = answers.filter(({ error }) => error !== undefined && !isDenied(error));
  const low = answers.filter(({ limit }) => limit !== undefined && limit < LAMBDA_CONCURRENCY.byDefault);
  const good = answers.length - refused.length - failed.length - low.length;
  return [
    ...(good > 0 ? [ok(`Lambda concurrency: ${LAMBDA_CONCURRENCY.byDefault} or more in ${good} Regions`)] : []),
    ...low.map(({ region, limit = 0 }) =>
      note(
        `Lambda concurrency in ${region}: ${limit}, which is ${limit * LAMBDA_CONCURRENCY.requestsPerSecond} runs of ` +
          'edge functions a second: raise it before a fleet moves',
      ),
    ),
    ...failed.map(({ region, error }) => unanswered(`Lambda concurrency in ${region}`, SETTINGS, error)),
    ...refused
      .slice(0, 1)
      .map(({ error }) =>
        unanswered(`Lambda concurrency in ${refused.map(({ region }) => region).join(', ')}`, SETTINGS, error),
      ),
  ];
}

const SETTINGS = 'lambda:GetAccountSettings';
