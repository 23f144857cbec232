/**
 * What a deployment consists of: a configuration and its `deployment` section, with each choice made.
 */
import { aliasesByBucket } from './aliases.mjs';
import { pascal } from './templates/cfn.mjs';

/** @typedef {'api' | 'web-function' | 'fargate' | 'none'} Backend what is behind the edge */
/**
 * @typedef {object} Settings the `deployment` section of config.json, which a JSON Schema has checked
 * @property {string} [name]
 * @property {string} [region]
 * @property {Backend} [backend]
 * @property {string} [certificate]
 * @property {string} [minimumTls]
 * @property {boolean} [plainHttp]
 * @property {boolean} [accessLogs]
 * @property {number} [logDays]
 * @property {string[]} [edgeRegions]
 * @property {string} [alarmEmail]
 * @property {number} [requestsPerFiveMinutes]
 * @property {{ ratePerSecond?: number, burst?: number }} [throttle]
 * @property {boolean} [apiGatewayLogRole]
 * @property {{ secret?: 'create' | 'existing', further?: string[] }} [accessKeys]
 * @property {Record<string, BucketSettings>} [buckets]
 * @property {Omit<Container, 'tasks'> & { tasks?: number }} [container]
 *
 * @typedef {object} BucketSettings
 * @property {boolean} [existing]
 * @property {boolean} [versioning]
 * @property {string} [kmsKey]
 * @property {number} [noncurrentDays]
 *
 * @typedef {{ repository: string, certificate: string, prefixListId: string, vpc: string, subnets: string[],
 *   tasks: number }} Container
 *
 * @typedef {object} Bucket
 * @property {string} name the OSS bucket
 * @property {string} id its part of logical ids
 * @property {string} s3Bucket
 * @property {string} region
 * @property {string[]} aliases
 * @property {boolean} existing whether it was there before the deployment
 * @property {boolean} versioning
 * @property {string} [kmsKey] an ARN; by default S3's own key
 * @property {number} [noncurrentDays] for which replaced versions are kept; by default for ever
 *
 * @typedef {object} Plan
 * @property {any} config without `deployment`
 * @property {string} name
 * @property {string} region of the API or the relay, and of the secrets
 * @property {Backend} backend
 * @property {Bucket[]} buckets
 * @property {{ sent: number, accepted: number[] }} originSecrets numbers of the secrets that the distribution sends,
 *   and
 *   that the authorizer or the relay takes
 * @property {{ secretIds: string[], regions: string[], create: boolean } | undefined} accessKeys in Secrets Manager
 * @property {string | undefined} certificate
 * @property {string} minimumTls
 * @property {boolean} plainHttp
 * @property {boolean} accessLogs
 * @property {number} logDays
 * @property {string[]} edgeRegions
 * @property {string | undefined} alarmEmail
 * @property {number | undefined} requestsPerFiveMinutes of one address
 * @property {{ ratePerSecond: number, burst: number }} throttle
 * @property {boolean} apiGatewayLogRole
 * @property {Container | undefined} container
 */

/** Where edge functions and distributions are made. */
export const EDGE_REGION = 'us-east-1';

/** The stage of the REST API. */
export const STAGE = 'v1';

/**
 * @param {any} config checked, without `deployment`
 * @param {Settings} settings
 * @param {{ sent: number, accepted: number[] }} [originSecrets]
 * @returns {Plan}
 * @throws {Error} with the field's path, what was found and what was expected
 */
export function planOf(config, settings, originSecrets = { sent: 1, accepted: [1] }) {
  if (config.entrance === 'relay') {
    throw new Error(
      'config: entrance: expected "cloudfront", which is what `deploy` makes, found "relay": ' +
        '`oss-edge network private plan` writes the templates of a private entrance',
    );
  }
  const [first] = Object.values(config.buckets);
  const { name = 'oss-edge', region = first.region, certificate, container } = settings;
  const backend = backendOf(config, settings);
  const accessKeys = accessKeysOf(config, settings, region);
  const buckets = bucketsOf(config, settings);
  for (const { aliases } of buckets) {
    if (aliases.length > 0 && certificate === undefined) {
      throw new Error(
        `config: deployment.certificate: expected the ARN of a certificate in ${EDGE_REGION} for ` +
          `${aliases.join(', ')}, found none`,
      );
    }
  }
  if (backend === 'fargate' && container === undefined) {
    throw new Error('config: deployment.container: expected it with the backend "fargate", found none');
  }
  return {
    config,
    name,
    region,
    backend,
    buckets,
    originSecrets,
    accessKeys,
    certificate,
    minimumTls: settings.minimumTls ?? 'TLSv1.2_2021',
    plainHttp: settings.plainHttp ?? false,
    accessLogs: settings.accessLogs ?? true,
    logDays: settings.logDays ?? 30,
    edgeRegions: settings.edgeRegions ?? REGIONAL_EDGE_CACHES,
    alarmEmail: settings.alarmEmail,
    requestsPerFiveMinutes: settings.requestsPerFiveMinutes,
    throttle: { ratePerSecond: 500, burst: 1000, ...settings.throttle },
    apiGatewayLogRole: settings.apiGatewayLogRole ?? true,
    container: container && { tasks: 2, ...container },
  };
}

/** @param {Plan} plan @returns {string[]} each Region with a regional stack, that of the API or relay first */
export function regionsOf({ region, buckets }) {
  return [...new Set([region, ...buckets.filter(({ existing }) => !existing).map((bucket) => bucket.region)])];
}

/** @param {Plan} plan @returns {string[]} each Region from whose bucket functions are made */
export function artifactRegionsOf({ region, backend }) {
  return [...new Set([EDGE_REGION, ...(backend === 'none' || backend === 'fargate' ? [] : [region])])];
}

/** @param {Plan} plan */
export function stackNames({ name }) {
  return { artifacts: `${name}-artifacts`, regional: `${name}-regional`, edge: `${name}-edge`, watch: `${name}-watch` };
}

/** The name of a secret that the distribution sends. @param {Plan} plan @param {number} number */
export function originSecretName({ name }, number) {
  return `${name}-origin-secret-${number}`;
}

/** @param {any} config @param {Settings} settings @returns {Backend} */
function backendOf({ api, relay }, { backend = api || relay ? 'none' : 'api' }) {
  if (backend === 'fargate' && relay === undefined) {
    throw new Error(
      'config: relay: expected the domain of deployment.container.certificate with the backend "fargate", found none',
    );
  }
  const given = backend === 'fargate' || backend === 'none' ? undefined : api ? 'api' : relay ? 'relay' : undefined;
  if (given) {
    throw new Error(
      `config: ${given}: expected none with the backend "${backend}", whose domain the deployment finds out`,
    );
  }
  return backend;
}

/** @param {any} config @param {Settings} settings @param {string} region */
function accessKeysOf({ credentials }, { accessKeys }, region) {
  if (credentials?.source !== 'secrets-manager') return undefined;
  const { secretId, regions } = credentials;
  const create = accessKeys?.secret !== 'existing';
  if (create && !regions.includes(region)) {
    throw new Error(
      `config: credentials.regions: expected ${region} among them, where the deployment makes the secret, ` +
        `found ${regions.join(', ')}`,
    );
  }
  if (create && secretId.startsWith('arn:')) {
    throw new Error('config: credentials.secretId: expected a name, as the deployment makes the secret, found an ARN');
  }
  return { secretIds: [secretId, ...(accessKeys?.further ?? [])], regions, create };
}

/** @param {any} config @param {Settings} settings @returns {Bucket[]} */
function bucketsOf(config, { buckets: chosen = {} }) {
  for (const name of Object.keys(chosen)) {
    if (!(name in config.buckets)) {
      throw new Error(`config: deployment.buckets.${name}: expected one of ${Object.keys(config.buckets).join(', ')}`);
    }
  }
  const aliases = aliasesByBucket(config);
  return Object.entries(config.buckets).map(([name, { s3Bucket, region }]) => {
    const { existing = false, versioning = true, kmsKey, noncurrentDays } = chosen[name] ?? {};
    const id = pascal(name);
    return {
      name,
      id,
      s3Bucket,
      region,
      aliases: aliases.get(name) ?? [],
      existing,
      versioning,
      kmsKey,
      noncurrentDays,
    };
  });
}

/** Where edge functions run: near CloudFront's regional edge caches (HowCloudFrontWorks). */
const REGIONAL_EDGE_CACHES = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'ap-south-1',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'eu-central-1',
  'eu-west-1',
  'eu-west-2',
  'sa-east-1',
];
