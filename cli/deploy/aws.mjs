// AWS's APIs, as `deploy` uses them: clients of the AWS SDK by Region, with its own chain of credentials.

import { ACMClient } from '@aws-sdk/client-acm';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

import { EDGE_REGION } from '../../deploy/plan.mjs';
import { errorText } from '../error-text.mjs';

/**
 * @typedef {object} Aws
 * @property {(region: string) => ACMClient} acm
 * @property {(region: string) => CloudFormationClient} cloudFormation
 * @property {() => CloudFrontClient} cloudFront
 * @property {() => IAMClient} iam
 * @property {(region: string) => LambdaClient} lambda
 * @property {(region: string) => S3Client} s3
 * @property {(region: string) => SecretsManagerClient} secretsManager
 * @property {(region: string) => ServiceQuotasClient} serviceQuotas
 * @property {(region: string) => STSClient} sts
 * @property {() => Promise<{ account: string, arn: string }>} caller whose credentials they are
 */

/** @param {{ profile?: string }} options @returns {Aws} */
export function createAws({ profile }) {
  const of = (/** @type {string} */ region) => ({
    region,
    ...(profile === undefined ? {} : { profile }),
    maxAttempts: 5,
  });
  const sts = byRegion((region) => new STSClient(of(region)));
  const cloudFront = byRegion((region) => new CloudFrontClient(of(region)));
  const iam = byRegion((region) => new IAMClient(of(region)));
  return {
    acm: byRegion((region) => new ACMClient(of(region))),
    cloudFormation: byRegion((region) => new CloudFormationClient(of(region))),
    // Global services, whose endpoint is in us-east-1.
    cloudFront: () => cloudFront(EDGE_REGION),
    iam: () => iam(EDGE_REGION),
    lambda: byRegion((region) => new LambdaClient(of(region))),
    s3: byRegion(
      (region) => new S3Client({ ...of(region), forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined }),
    ),
    secretsManager: byRegion((region) => new SecretsManagerClient(of(region))),
    serviceQuotas: byRegion((region) => new ServiceQuotasClient(of(region))),
    sts,
    caller: async () => {
      const { Account, Arn } = await sts(EDGE_REGION)
        .send(new GetCallerIdentityCommand({}))
        .catch((error) => {
          throw new Error(`expected AWS credentials in the environment or in a profile: ${errorText(error)}`);
        });
      return { account: String(Account), arn: String(Arn) };
    },
  };
}

/** @template T @param {(region: string) => T} create @returns {(region: string) => T} */
function byRegion(create) {
  /** @type {Map<string, T>} */
  const clients = new Map();
  return (region) => {
    const client = clients.get(region) ?? create(region);
    clients.set(region, client);
    return client;
  };
}

/** @param {unknown} error @param {...string} names @returns {boolean} */
export function isAwsError(error, ...names) {
  return error instanceof Error && names.includes(error.name);
}
