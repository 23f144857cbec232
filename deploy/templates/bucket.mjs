/** Buckets of a deployment's own. */
import { distributionStatements, tlsOnlyStatement } from '../permissions.mjs';
import { policyDocument, ref, when } from './cfn.mjs';

/** @typedef {import('../plan.mjs').Bucket} Bucket */

/** An upload in parts is good for seven days. */
const UPLOAD_DAYS = 7;

/** What functions leave under `.oss-edge/`, in days: parts that a crash leaves, and all that belongs to an upload. */
const STAGING = [
  { id: 'oss-edge-relay', prefix: '.oss-edge/relay/', days: 1 },
  { id: 'oss-edge-staging', prefix: '.oss-edge/', days: UPLOAD_DAYS + 1 },
];

/**
 * The lifecycle rules that uploads need, as CloudFormation writes them.
 *
 * @returns {Record<string, any>[]}
 */
export function lifecycleRules() {
  return [
    {
      Id: 'oss-edge-incomplete-uploads',
      Status: 'Enabled',
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: UPLOAD_DAYS },
    },
    {
      Id: 'oss-edge-delete-markers',
      Status: 'Enabled',
      Prefix: '.oss-edge/',
      ExpiredObjectDeleteMarker: true,
    },
    ...STAGING.map(({ id, prefix, days }) => ({
      Id: id,
      Status: 'Enabled',
      Prefix: prefix,
      ExpirationInDays: days,
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    })),
  ];
}

/**
 * A private bucket. With objects in it, it is never deleted, neither with the stack nor by a change of its name. One that
 * a failed creation leaves would be in the way of the next.
 *
 * @param {Record<string, unknown>} properties further ones @param {string} [kmsKey] by default S3's own keys
 * @returns {import('./cfn.mjs').Resource}
 */
export function privateBucket(properties, kmsKey) {
  const encryption =
    kmsKey === undefined
      ? { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }
      : { ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: kmsKey }, BucketKeyEnabled: true };
  return {
    Type: 'AWS::S3::Bucket',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      ...properties,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      BucketEncryption: { ServerSideEncryptionConfiguration: [encryption] },
    },
  };
}

/** @param {Bucket} bucket @param {any} config @returns {Record<string, import('./cfn.mjs').Resource>} */
export function bucketResources({ id, s3Bucket, versioning, kmsKey, noncurrentDays }, config) {
  const kept = noncurrentDays === undefined ? [] : [noncurrentRule(noncurrentDays)];
  const [allow, deny] = distributionStatements(config, s3Bucket, ref(distributionParameter(id)), ref('AWS::AccountId'));
  const properties = {
    BucketName: s3Bucket,
    VersioningConfiguration: { Status: versioning ? 'Enabled' : 'Suspended' },
    LifecycleConfiguration: { Rules: [...lifecycleRules(), ...kept] },
  };
  return {
    [`Bucket${id}`]: privateBucket(properties, kmsKey),
    [`BucketPolicy${id}`]: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: ref(`Bucket${id}`),
        PolicyDocument: policyDocument([
          tlsOnlyStatement(s3Bucket),
          /** @type {any} */ (when(hasDistribution(id), allow)),
          deny,
        ]),
      },
    },
  };
}

/** The parameter with the ARN of the bucket's distribution, which exists later than the bucket. @param {string} id */
export const distributionParameter = (id) => `DistributionArn${id}`;

/** @param {string} id */
export const hasDistribution = (id) => `HasDistribution${id}`;

/** @param {number} days @returns {Record<string, any>} */
function noncurrentRule(days) {
  return { Id: 'oss-edge-replaced-versions', Status: 'Enabled', NoncurrentVersionExpiration: { NoncurrentDays: days } };
}
