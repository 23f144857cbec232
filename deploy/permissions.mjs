/**
 * Who may do what on the buckets, and who reads access keys: the one place from which bucket policies and roles are
 * made.
 *
 * An operation that needs a permission more has its line in `GRANTS`.
 */
import { decidingFunction } from './distribution.mjs';

import { isJoining } from './functions.mjs';

/** @typedef {'distribution' | 'initiate' | 'complete' | 'list-parts' | 'head-object' | 'relay'} Grantee */
/**
 * @typedef {object} Grant
 * @property {readonly Grantee[]} to
 * @property {readonly string[]} actions
 * @property {readonly string[]} [on] ends of the resources after the bucket's ARN: `/*` is every object, `` the bucket;
 *   by
 *   default every object
 * @property {(config: any) => boolean} [when] by default always
 */

const RELAYED = '/.oss-edge/relay/*';
const PARTS = '/.oss-edge/parts/*';
const UPLOADS = '/.oss-edge/uploads/*';

const isServed = (/** @type {any} */ { headObject }) => headObject === 'served';
/** Where it says "forward", uploads may be under way that began with "stage". */
const mayBeStaged = (/** @type {any} */ { smallParts }) => smallParts !== undefined;

/** @type {readonly Grant[]} */
export const GRANTS = [
  // PutObject, UploadPart and CompleteMultipartUpload; and AbortMultipartUpload. Never s3:GetObject.
  { to: ['distribution'], actions: ['s3:PutObject', 's3:AbortMultipartUpload'] },
  { to: ['initiate', 'complete'], actions: ['s3:PutObject'] },
  // complete reads the list for `x-oss-complete-all`.
  { to: ['complete', 'list-parts'], actions: ['s3:ListMultipartUploadParts'] },
  { to: ['relay'], actions: ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'] },
  {
    to: ['relay'],
    actions: ['s3:GetObject', 's3:GetObjectVersion', 's3:DeleteObject', 's3:DeleteObjectVersion'],
    on: [RELAYED],
  },
  {
    to: ['distribution', 'initiate', 'relay'],
    actions: ['s3:PutObjectTagging'],
    when: ({ headers }) => headers?.tagging === true,
  },
  // Without s3:ListBucket S3 answers 403 for an object that is absent.
  { to: ['head-object', 'relay'], actions: ['s3:GetObject'], when: isServed },
  { to: ['head-object', 'relay'], actions: ['s3:ListBucket'], on: [''], when: isServed },
  // Staged parts, and the record of each upload that has some.
  { to: ['complete', 'relay'], actions: ['s3:ListBucket', 's3:ListBucketVersions'], on: [''], when: mayBeStaged },
  {
    to: ['complete', 'relay'],
    actions: ['s3:GetObject', 's3:DeleteObject', 's3:DeleteObjectVersion'],
    on: [PARTS],
    when: mayBeStaged,
  },
  {
    to: ['complete', 'relay'],
    actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObjectVersion'],
    on: [UPLOADS],
    when: mayBeStaged,
  },
  { to: ['list-parts'], actions: ['s3:ListBucket'], on: [''], when: mayBeStaged },
  { to: ['list-parts'], actions: ['s3:GetObject'], on: [UPLOADS], when: mayBeStaged },
];

/** What the functions keep for themselves: no device's object is there. */
const OURS = [RELAYED, UPLOADS];

/** S3 encrypts and decrypts in the name of these. @type {Partial<Record<Grantee, string[]>>} */
const KMS_ACTIONS = {
  initiate: ['kms:GenerateDataKey', 'kms:Decrypt'],
  complete: ['kms:GenerateDataKey', 'kms:Decrypt'],
  relay: ['kms:GenerateDataKey', 'kms:Decrypt'],
  'head-object': ['kms:Decrypt'],
};

/** Those that verify signatures behind the edge. */
const KEY_READERS = ['authorizer', 'relay'];

/**
 * @param {any} config
 * @param {Grantee} grantee
 * @returns {{ actions: string[], on: string }[]} actions by the resource's end, sorted
 */
export function grantsOf(config, grantee) {
  /** @type {Map<string, Set<string>>} */
  const byResource = new Map();
  for (const { to, actions, on = ['/*'], when = () => true } of GRANTS) {
    if (!to.includes(grantee) || !when(config)) continue;
    for (const end of on) byResource.set(end, new Set([...(byResource.get(end) ?? []), ...actions]));
  }
  return [...byResource].map(([on, actions]) => ({ on, actions: [...actions].sort() }));
}

/**
 * A role's statements on buckets and objects, and on the KMS keys that encrypt them.
 *
 * @param {import('./plan.mjs').Plan} plan
 * @param {Grantee} grantee
 */
export function objectStatements({ config, buckets, region }, grantee) {
  const statements = grantsOf(config, grantee).map(({ actions, on }) => ({
    Effect: 'Allow',
    Action: actions,
    Resource: buckets.map(({ s3Bucket }) => `arn:aws:s3:::${s3Bucket}${on}`),
  }));
  const { [grantee]: actions = [] } = KMS_ACTIONS;
  const keys = actions.length > 0 ? kmsKeyArns(config, buckets, region) : [];
  return keys.length === 0 ? statements : [...statements, { Effect: 'Allow', Action: actions, Resource: keys }];
}

/**
 * The statements by which one distribution, and no other, writes to a bucket, but not over what the functions keep
 * there.
 *
 * @param {any} config
 * @param {string} s3Bucket
 * @param {unknown} distributionArn
 * @param {unknown} account
 * @returns {[allow: Record<string, any>, deny: Record<string, any>]}
 */
export function distributionStatements(config, s3Bucket, distributionArn, account) {
  const [{ actions, on }] = grantsOf(config, 'distribution');
  const Principal = { Service: 'cloudfront.amazonaws.com' };
  const allow = {
    Sid: 'OssEdgeDistributionMayUpload',
    Effect: 'Allow',
    Principal,
    Action: actions,
    Resource: `arn:aws:s3:::${s3Bucket}${on}`,
    Condition: { StringEquals: { 'AWS:SourceArn': distributionArn, 'aws:SourceAccount': account } },
  };
  const deny = {
    Sid: 'OssEdgeDistributionMayNotReplace',
    Effect: 'Deny',
    Principal,
    Action: 's3:PutObject',
    Resource: OURS.map((end) => `arn:aws:s3:::${s3Bucket}${end}`),
  };
  return [allow, deny];
}

/** @param {string} s3Bucket */
export function tlsOnlyStatement(s3Bucket) {
  return {
    Sid: 'OssEdgeTlsOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: [`arn:aws:s3:::${s3Bucket}`, `arn:aws:s3:::${s3Bucket}/*`],
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
}

/**
 * A function's statements on the secrets with the access keys: one secret and its replicas, and further ones.
 *
 * @param {import('./plan.mjs').Plan} plan
 * @param {string} name of the function
 */
export function accessKeyStatements({ accessKeys, config }, name) {
  const verifies = name === decidingFunction(config) || KEY_READERS.includes(name);
  if (accessKeys === undefined || !verifies) return [];
  const { secretIds, regions } = accessKeys;
  const resources = secretIds.flatMap((id) => regions.map((region) => secretArn(id, region)));
  return [{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: resources }];
}

/**
 * complete shares a long join with other instances of itself.
 *
 * @param {import('./plan.mjs').Plan} plan
 * @param {string} name of the function
 */
export function invocationStatements({ name: deployment, config }, name) {
  if (!isJoining(name, config)) return [];
  const itself = `arn:aws:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${deployment}-${name}`;
  // Of one version, and of `$LATEST`.
  const resources = [itself, `${itself}:*`].map((arn) => ({ 'Fn::Sub': arn }));
  return [{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: resources }];
}

/** @param {string} id a name or an ARN @param {string} region @returns {unknown} */
function secretArn(id, region) {
  // The ARN of a secret ends with six characters of Secrets Manager's.
  if (!id.startsWith('arn:'))
    return { 'Fn::Sub': `arn:aws:secretsmanager:${region}:\${AWS::AccountId}:secret:${id}-??????` };
  return id.split(':').with(3, region).join(':');
}

/** @param {any} config @param {import('./plan.mjs').Bucket[]} buckets @param {string} region */
function kmsKeyArns({ headers }, buckets, region) {
  const named = /** @type {string[]} */ (Object.values(headers?.kmsKeys ?? {}));
  const ofBuckets = buckets.flatMap(({ kmsKey }) => (kmsKey === undefined ? [] : [kmsKey]));
  return [...new Set([...named, ...ofBuckets])].map((key) =>
    key.startsWith('arn:') ? key : { 'Fn::Sub': `arn:aws:kms:${region}:\${AWS::AccountId}:key/${key}` },
  );
}
