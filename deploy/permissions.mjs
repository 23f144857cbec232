/**
 * Who may do what on the buckets, and who reads access keys: the one place from which bucket policies and roles are made.
 *
 * An operation that needs a permission more has its line in `GRANTS`.
 */

/** @typedef {'distribution' | 'initiate' | 'complete' | 'list-parts' | 'relay'} Grantee */
/**
 * @typedef {object} Grant
 * @property {readonly Grantee[]} to
 * @property {readonly string[]} actions
 * @property {string} [prefix] of the keys; by default all
 * @property {(config: any) => boolean} [when] by default always
 */

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
    prefix: '.oss-edge/relay/',
  },
  {
    to: ['distribution', 'initiate', 'relay'],
    actions: ['s3:PutObjectTagging'],
    when: ({ headers }) => headers?.tagging === true,
  },
];

/** Who encrypts and decrypts with keys of KMS: S3 does it in their name. */
const KMS_USERS = /** @type {readonly Grantee[]} */ (['initiate', 'complete', 'relay']);
export const KMS_ACTIONS = ['kms:GenerateDataKey', 'kms:Decrypt'];

/** Those that verify signatures. */
const KEY_READERS = ['viewer-request', 'authorizer', 'relay'];

/**
 * @param {any} config
 * @param {Grantee} grantee
 * @returns {{ actions: string[], prefix: string }[]} actions by prefix, sorted
 */
export function grantsOf(config, grantee) {
  /** @type {Map<string, Set<string>>} */
  const byPrefix = new Map();
  for (const { to, actions, prefix = '', when = () => true } of GRANTS) {
    if (!to.includes(grantee) || !when(config)) continue;
    byPrefix.set(prefix, new Set([...(byPrefix.get(prefix) ?? []), ...actions]));
  }
  return [...byPrefix].map(([prefix, actions]) => ({ prefix, actions: [...actions].sort() }));
}

/**
 * A role's statements on the buckets' objects and on the KMS keys that encrypt them.
 *
 * @param {import('./plan.mjs').Plan} plan
 * @param {Grantee} grantee
 */
export function objectStatements({ config, buckets, region }, grantee) {
  const objects = grantsOf(config, grantee).map(({ actions, prefix }) => ({
    Effect: 'Allow',
    Action: actions,
    Resource: buckets.map(({ s3Bucket }) => `arn:aws:s3:::${s3Bucket}/${prefix}*`),
  }));
  const keys = KMS_USERS.includes(grantee) ? kmsKeyArns(config, buckets, region) : [];
  return keys.length === 0 ? objects : [...objects, { Effect: 'Allow', Action: KMS_ACTIONS, Resource: keys }];
}

/**
 * The statement by which one distribution, and no other, writes to a bucket.
 *
 * @param {any} config
 * @param {string} s3Bucket
 * @param {unknown} distributionArn
 * @param {unknown} account
 */
export function distributionStatement(config, s3Bucket, distributionArn, account) {
  const [{ actions }] = grantsOf(config, 'distribution');
  return {
    Sid: 'OssEdgeDistributionMayUpload',
    Effect: 'Allow',
    Principal: { Service: 'cloudfront.amazonaws.com' },
    Action: actions,
    Resource: `arn:aws:s3:::${s3Bucket}/*`,
    Condition: { StringEquals: { 'AWS:SourceArn': distributionArn, 'aws:SourceAccount': account } },
  };
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
export function accessKeyStatements({ accessKeys }, name) {
  if (accessKeys === undefined || !KEY_READERS.includes(name)) return [];
  const { secretIds, regions } = accessKeys;
  const resources = secretIds.flatMap((id) => regions.map((region) => secretArn(id, region)));
  return [{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: resources }];
}

/** @param {string} id a name or an ARN @param {string} region @returns {unknown} */
function secretArn(id, region) {
  // The ARN of a secret ends with six characters of Secrets Manager's.
  if (!id.startsWith('arn:')) return { 'Fn::Sub': `arn:aws:secretsmanager:${region}:\${AWS::AccountId}:secret:${id}-??????` };
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
