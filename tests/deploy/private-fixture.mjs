// Private entrances of every kind.

import { privatePlanOf } from '../../deploy/private/plan.mjs';
import { privateStacks } from '../../deploy/private/stacks.mjs';

export const PROVIDER_ACCOUNT = '111122223333';
export const CONSUMER_ACCOUNT = '222233334444';
const CERTIFICATE = `arn:aws:acm:eu-west-1:${PROVIDER_ACCOUNT}:certificate/1234abcd-12ab-34cd-56ef-1234567890ab`;

export const GATEWAY = {
  entrance: 'relay',
  listener: { clientAddress: 'proxy-protocol', trustedProxies: ['10.20.0.0/24', '10.20.1.0/24'] },
  hosts: [
    { host: 'uploads.internal.example.com', style: 'endpoint', bucket: 'fleet-uploads' },
    { host: 'control.internal.example.com', style: 'cname', bucket: 'fleet-uploads' },
  ],
  buckets: {
    'fleet-uploads': { s3Bucket: 'fleet-uploads-prod', region: 'eu-west-1' },
    'fleet-logs': { s3Bucket: 'fleet-logs-prod', region: 'eu-west-1' },
  },
};

export const DOCUMENT = {
  name: 'fleet',
  provider: {
    account: PROVIDER_ACCOUNT,
    region: 'eu-west-1',
    vpc: 'vpc-0123456789abcdef0',
    ranges: ['10.20.0.0/16'],
    subnets: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
    routeTables: ['rtb-0123456789abcdef0'],
    s3PrefixList: 'pl-6da54004',
    repository: `${PROVIDER_ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/oss-edge/relay`,
    tls: { endedBy: 'load-balancer', certificate: CERTIFICATE },
  },
  service: { domain: 'uploads.internal.example.com', allowedPrincipals: [`arn:aws:iam::${CONSUMER_ACCOUNT}:root`] },
};

const CONSUMER = {
  name: 'factory',
  account: CONSUMER_ACCOUNT,
  region: 'eu-west-1',
  vpc: 'vpc-0aaaaaaaaaaaaaaa0',
  ranges: ['10.50.0.0/16', '192.168.7.0/24'],
  subnets: ['subnet-0aaaaaaaaaaaaaaa0', 'subnet-0aaaaaaaaaaaaaaa1'],
};

const EVERYTHING = {
  ...DOCUMENT,
  provider: { ...DOCUMENT.provider, tasks: 3, logDays: 90, accessLogBucket: 'fleet-access-logs' },
  service: { ...DOCUMENT.service, privateDnsName: true, alarmEmail: 'pager@example.com' },
  consumers: [
    { ...CONSUMER, dns: 'private-dns-name' },
    { ...CONSUMER, name: 'overseas', region: 'us-east-1', vpc: 'vpc-0bbbbbbbbbbbbbbb0' },
  ],
  api: { domain: 'control.internal.example.com', certificate: CERTIFICATE, endpoints: ['vpce-0123456789abcdef0', 'vpce-0123456789abcdef1'] },
  resource: { address: '172.16.5.10', port: 443 },
};

/** @type {Record<string, { document: any, gateway?: any }>} */
export const PRIVATE_VARIANTS = {
  'the least': { document: DOCUMENT },
  'every choice': { document: EVERYTHING, gateway: { ...GATEWAY, smallParts: 'stage', headObject: 'served' } },
  'TLS ended by the relay, and what is there already': {
    document: {
      ...DOCUMENT,
      provider: { ...DOCUMENT.provider, tls: { endedBy: 'relay' }, s3Endpoint: 'vpce-0fffffffffffffff0', awsEndpoints: 'existing', buckets: { 'fleet-uploads': { existing: true } } },
      service: { ...DOCUMENT.service, acceptance: 'automatic' },
      consumers: [CONSUMER],
    },
    gateway: { ...GATEWAY, listener: { ...GATEWAY.listener, tls: { certificate: '/etc/oss-edge/tls.crt', key: '/etc/oss-edge/tls.key' } } },
  },
  'plain HTTP': { document: { ...DOCUMENT, provider: { ...DOCUMENT.provider, tls: { endedBy: 'nobody' } }, consumers: [CONSUMER] } },
};

/** @param {string} variant */
export function privateDeploymentOf(variant) {
  const { document, gateway = GATEWAY } = PRIVATE_VARIANTS[variant];
  const plan = privatePlanOf(document, gateway);
  return { plan, stacks: privateStacks(plan) };
}
