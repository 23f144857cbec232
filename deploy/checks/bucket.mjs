/** Rules of the buckets. */
import { each, listOf, resourcesOf } from './template.mjs';

/** What a distribution may do. Everything else reads, deletes, or opens what is stored. */
const UPLOADS = ['s3:PutObject', 's3:AbortMultipartUpload', 's3:PutObjectTagging'];

/** @type {Record<string, import('../checks.mjs').Rule>} */
export const BUCKET_RULES = {
  'bucket-private': each('AWS::S3::Bucket', ({ PublicAccessBlockConfiguration = {}, OwnershipControls }) => [
    ...['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].map(
      (name) => PublicAccessBlockConfiguration[name] !== true && `${name} must be on`,
    ),
    OwnershipControls?.Rules?.[0]?.ObjectOwnership !== 'BucketOwnerEnforced' && 'the bucket owner must own all objects',
  ]),
  'bucket-incomplete-uploads': ofUploadBuckets((bucket) => {
    const rules = bucket.LifecycleConfiguration?.Rules ?? [];
    return [
      !rules.some(
        (/** @type {any} */ rule) =>
          rule.Status === 'Enabled' && rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation >= 7,
      ) && 'a lifecycle rule must abort uploads in parts, not before 7 days',
      rules.some((/** @type {any} */ rule) => rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation < 7) &&
        'an upload in parts is good for 7 days: a lifecycle rule aborts it earlier',
    ];
  }),
  'bucket-source': ofUploadBuckets((_bucket, statements, id) =>
    statements
      .filter(({ Effect, Principal }) => Effect === 'Allow' && Principal?.Service === 'cloudfront.amazonaws.com')
      .flatMap(({ Condition = {} }) => {
        const conditions = Condition.StringEquals ?? {};
        const source = Object.entries(conditions).find(([key]) => key.toLowerCase() === 'aws:sourcearn')?.[1];
        const account = Object.entries(conditions).find(([key]) => key.toLowerCase() === 'aws:sourceaccount')?.[1];
        const own = id.replace(/^Bucket/u, 'DistributionArn');
        return [
          source?.Ref !== own &&
            `CloudFront must be allowed for the bucket's own distribution alone: aws:SourceArn must equal the parameter ${own}`,
          account?.Ref !== 'AWS::AccountId' &&
            "CloudFront must be allowed for the account's own distributions alone: aws:SourceAccount is missing",
        ];
      }),
  ),
  'bucket-distribution': ofUploadBuckets((_bucket, statements) => [
    !statements.some(
      ({ Effect, Principal }) => Effect === 'Allow' && Principal?.Service === 'cloudfront.amazonaws.com',
    ) && 'no statement lets the distribution upload',
  ]),
  'bucket-actions': ofUploadBuckets((_bucket, statements) =>
    statements
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap(({ Action, Principal }) => [
        Principal === '*' && 'a statement allows everybody',
        ...listOf(Action).map((action) => !UPLOADS.includes(action) && `a statement allows ${action}`),
      ]),
  ),
  'bucket-tls': each('AWS::S3::BucketPolicy', ({ PolicyDocument }) => [
    !PolicyDocument.Statement.some(
      (/** @type {any} */ one) => one.Effect === 'Deny' && one.Condition?.Bool?.['aws:SecureTransport'] === 'false',
    ) && 'a statement must deny what comes without TLS',
  ]),
};

/**
 * A rule for each bucket that devices upload to.
 *
 * @param {(bucket: Record<string, any>, statements: Record<string, any>[], id: string) => (string | undefined |
 *   false)[]} check
 * @returns {import('../checks.mjs').Rule}
 */
function ofUploadBuckets(check) {
  return ({ plan, stacks }) =>
    stacks
      .filter(({ kind }) => kind === 'regional')
      .flatMap((stack) =>
        resourcesOf(stack, 'AWS::S3::Bucket')
          .filter(([id]) => plan.buckets.some((bucket) => id === `Bucket${bucket.id}`))
          .flatMap(([id, bucket]) => {
            const policies = resourcesOf(stack, 'AWS::S3::BucketPolicy').filter(([, { Bucket }]) => Bucket?.Ref === id);
            const statements = policies.flatMap(([, { PolicyDocument }]) =>
              PolicyDocument.Statement.map(unconditional),
            );
            return check(bucket, statements, id).flatMap((fault) => (fault ? [`${stack.name}: ${id}: ${fault}`] : []));
          }),
      );
}

/**
 * A statement that is there once the distribution is.
 *
 * @param {Record<string, any>} statement
 * @returns {Record<string, any>}
 */
function unconditional(statement) {
  return statement['Fn::If']?.[1] ?? statement;
}
