/** The buckets of a private entrance: the relay's role alone writes, and only through the VPC's endpoint. */
import { tlsOnlyStatement } from '../permissions.mjs';
import { lifecycleRules, privateBucket } from '../templates/bucket.mjs';
import { att, policyDocument, ref } from '../templates/cfn.mjs';
import { s3EndpointId } from './endpoints.mjs';

/** @typedef {import('./plan.mjs').PrivatePlan} PrivatePlan */

/** @param {PrivatePlan} plan @returns {Record<string, import('../templates/cfn.mjs').Resource>} those that aren't there */
export function bucketResources(plan) {
  const made = plan.buckets.filter(({ existing }) => !existing);
  return Object.assign({}, ...made.map((bucket) => resourcesOf(plan, bucket)));
}

/** @param {PrivatePlan} plan @param {import('../plan.mjs').Bucket} bucket */
function resourcesOf(plan, { id, s3Bucket, kmsKey }) {
  const properties = {
    BucketName: s3Bucket,
    VersioningConfiguration: { Status: 'Enabled' },
    LifecycleConfiguration: { Rules: lifecycleRules() },
  };
  return {
    [`Bucket${id}`]: privateBucket(properties, kmsKey),
    [`BucketPolicy${id}`]: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: ref(`Bucket${id}`),
        PolicyDocument: policyDocument([
          tlsOnlyStatement(s3Bucket),
          throughEndpointStatement(s3Bucket, att('RelayRole', 'Arn'), s3EndpointId(plan)),
        ]),
      },
    },
  };
}

/**
 * The relay's role may do nothing from elsewhere: its credentials are worthless outside of the VPC.
 *
 * @param {string} s3Bucket @param {unknown} roleArn @param {unknown} endpointId
 */
export function throughEndpointStatement(s3Bucket, roleArn, endpointId) {
  return {
    Sid: 'OssEdgeThroughTheEndpoint',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: [`arn:aws:s3:::${s3Bucket}`, `arn:aws:s3:::${s3Bucket}/*`],
    Condition: {
      ArnEquals: { 'aws:PrincipalArn': roleArn },
      StringNotEquals: { 'aws:SourceVpce': endpointId },
    },
  };
}
