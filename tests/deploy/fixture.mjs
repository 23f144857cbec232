// Deployments of every kind: what is behind the edge, and each choice.

import { foundationStacks, releaseStacks } from '../../deploy/stacks.mjs';
import { planOf } from '../../deploy/plan.mjs';

export const ACCOUNT = '111122223333';
export const RELEASE = { hash: '0123456789abcdef'.repeat(4) };
const CERTIFICATE = `arn:aws:acm:us-east-1:${ACCOUNT}:certificate/1234abcd-12ab-34cd-56ef-1234567890ab`;
const KMS_KEY = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;

/** Two buckets in one Region, and hosts of three styles. */
export const CONFIG = {
  hosts: [
    { host: 'oss.example.com', style: 'endpoint', bucket: 'fleet-uploads' },
    { host: 'uploads.example.com', style: 'cname', bucket: 'fleet-uploads' },
    { host: '*.vh.example.com', style: 'virtual-hosted' },
  ],
  buckets: {
    'fleet-uploads': { s3Bucket: 'fleet-uploads-prod', region: 'eu-west-1' },
    'fleet-logs': { s3Bucket: 'fleet-logs-prod', region: 'eu-west-1' },
  },
};

const ONE_BUCKET = {
  hosts: [{ host: 'd111111abcdef8.cloudfront.net', style: 'cname', bucket: 'fleet-uploads' }],
  buckets: { 'fleet-uploads': { s3Bucket: 'fleet-uploads-prod', region: 'us-east-1' } },
};

const SECRETS_MANAGER = { source: 'secrets-manager', secretId: 'fleet-keys', regions: ['eu-west-1', 'us-east-1'] };

const RELAY = { relay: { domain: 'relay.example.com', path: '' } };

const CONTAINER = {
  repository: `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/oss-edge/relay`,
  certificate: CERTIFICATE.replace('us-east-1', 'eu-west-1'),
  prefixListId: 'pl-4fa04526',
  vpc: 'vpc-0123456789abcdef0',
  subnets: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
};

/** @type {Record<string, { config: any, settings: import('../../deploy/plan.mjs').Settings, originSecrets?: { sent: number, accepted: number[] } }>} */
export const VARIANTS = {
  'the least': { config: ONE_BUCKET, settings: {} },
  'an API, with every choice': {
    config: {
      ...CONFIG,
      headers: { tagging: true, kmsKeys: { default: KMS_KEY, other: '1234abcd-12ab-34cd-56ef-1234567890ab' } },
      cors: { origins: ['https://app.example.com'] },
      credentials: SECRETS_MANAGER,
    },
    settings: {
      name: 'fleet',
      certificate: CERTIFICATE,
      minimumTls: 'TLSv1_2016',
      plainHttp: true,
      logDays: 90,
      edgeRegions: ['us-east-1', 'eu-west-1'],
      alarmEmail: 'pager@example.com',
      requestsPerFiveMinutes: 5000,
      throttle: { ratePerSecond: 50, burst: 100 },
      accessKeys: { further: ['fleet-keys-2'] },
      buckets: { 'fleet-logs': { versioning: false, noncurrentDays: 30, kmsKey: KMS_KEY } },
    },
  },
  'an API during a rotation, in two Regions': {
    config: { ...CONFIG, buckets: { ...CONFIG.buckets, 'fleet-logs': { s3Bucket: 'fleet-logs-prod', region: 'ap-south-1' } } },
    settings: { certificate: CERTIFICATE, apiGatewayLogRole: false, accessLogs: false },
    originSecrets: { sent: 2, accepted: [2, 3] },
  },
  'an API without list-parts that staged parts before': {
    config: { ...ONE_BUCKET, completeMultipartUpload: 's3', listParts: false, smallParts: 'forward' },
    settings: {},
  },
  'an API that serves HEAD and stages parts': {
    config: { ...CONFIG, headObject: 'served', smallParts: 'stage', headers: { kmsKeys: { default: KMS_KEY } } },
    settings: { certificate: CERTIFICATE, name: 'staged' },
  },
  'a web function that serves HEAD and stages parts': {
    config: { ...CONFIG, headObject: 'served', smallParts: 'stage' },
    settings: { backend: 'web-function', certificate: CERTIFICATE },
  },
  'an existing bucket': { config: ONE_BUCKET, settings: { buckets: { 'fleet-uploads': { existing: true } } } },
  'a web function': {
    config: { ...CONFIG, bodiesWithoutLength: 'relay', credentials: SECRETS_MANAGER },
    settings: { backend: 'web-function', certificate: CERTIFICATE },
  },
  Fargate: {
    config: { ...CONFIG, ...RELAY, headers: { tagging: true }, credentials: SECRETS_MANAGER },
    settings: { backend: 'fargate', certificate: CERTIFICATE, container: CONTAINER },
    originSecrets: { sent: 1, accepted: [1, 2] },
  },
  'one function at origin request, and an API': {
    config: { ...CONFIG, triggers: 'origin-request', credentials: SECRETS_MANAGER },
    settings: { certificate: CERTIFICATE, name: 'fleet' },
  },
  'one function at origin request, and a web function': {
    config: { ...CONFIG, triggers: 'origin-request', cors: { origins: ['https://app.example.com'] } },
    settings: { backend: 'web-function', certificate: CERTIFICATE },
  },
  'nothing behind the edge': { config: ONE_BUCKET, settings: { backend: 'none' } },
  'nothing, and an existing bucket': {
    config: ONE_BUCKET,
    settings: { backend: 'none', buckets: { 'fleet-uploads': { existing: true } } },
  },
};

/** @param {string} variant */
export function deploymentOf(variant) {
  const { config, settings, originSecrets } = VARIANTS[variant];
  const plan = planOf(config, settings, originSecrets);
  return { plan, foundation: foundationStacks(plan), stacks: releaseStacks(plan, RELEASE) };
}
