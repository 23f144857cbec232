// AWS's APIs, as `deploy` uses them: clients of the AWS SDK by Region, with its own chain of credentials.

import { ACMClient } from '@aws-sdk/client-acm';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

/**
 * @typedef {object} Aws
 * @property {(region: string) => ACMClient} acm
 * @property {(region: string) => CloudFormationClient} cloudFormation
 * @property {(region: string) => LambdaClient} lambda
 * @property {(region: string) => S3Client} s3
 * @property {(region: string) => SecretsManagerClient} secretsManager
 * @property {() => Promise<string>} account that the credentials are of
 */

/** @param {{ profile?: string }} options @returns {Aws} */
export function createAws({ profile }) {
  const of = (/** @type {string} */ region) => ({
    region,
    ...(profile === undefined ? {} : { profile }),
    maxAttempts: 5,
  });
  return {
    acm: byRegion((region) => new ACMClient(of(region))),
    cloudFormation: byRegion((region) => new CloudFormationClient(of(region))),
    lambda: byRegion((region) => new LambdaClient(of(region))),
    s3: byRegion(
      (region) => new S3Client({ ...of(region), forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined }),
    ),
    secretsManager: byRegion((region) => new SecretsManagerClient(of(region))),
    account: async () => {
      const identity = await new STSClient(of('us-east-1')).send(new GetCallerIdentityCommand({})).catch((error) => {
        throw new Error(`expected AWS credentials in the environment or in a profile: ${error.message}`);
      });
      return String(identity.Account);
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
