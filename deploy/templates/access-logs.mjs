/** CloudFront's access logs, in a bucket of their own. */
import { EDGE_REGION } from '../plan.mjs';
import { privateBucket } from './bucket.mjs';
import { att, policyDocument, ref, sub } from './cfn.mjs';

/** @typedef {import('./cfn.mjs').Resource} Resource */

/** No query and no cookie: a signed URL in the log could be used until it expires. */
const FIELDS = [
  'date',
  'time',
  'x-edge-location',
  'c-ip',
  'cs-method',
  'x-host-header',
  'cs-uri-stem',
  'sc-status',
  'cs-bytes',
  'sc-bytes',
  'time-taken',
  'time-to-first-byte',
  'x-edge-result-type',
  'x-edge-detailed-result-type',
  'x-edge-request-id',
  'cs-protocol',
  'cs-protocol-version',
  'ssl-protocol',
  'ssl-cipher',
  'cs(User-Agent)',
  'asn',
];

/** @param {import('../plan.mjs').Plan} plan @returns {Record<string, Resource>} */
export function accessLogResources({ name, buckets, logDays }) {
  return {
    AccessLogs: privateBucket({
      LifecycleConfiguration: { Rules: [{ Id: 'retention', Status: 'Enabled', ExpirationInDays: logDays }] },
    }),
    AccessLogsPolicy: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: { Bucket: ref('AccessLogs'), PolicyDocument: policy() },
    },
    AccessLogDestination: {
      Type: 'AWS::Logs::DeliveryDestination',
      DependsOn: 'AccessLogsPolicy',
      Properties: {
        Name: `${name}-access-logs`,
        DestinationResourceArn: att('AccessLogs', 'Arn'),
        OutputFormat: 'json',
      },
    },
    ...Object.assign({}, ...buckets.map(({ id, name: bucket }) => delivery(name, id, bucket))),
  };
}

/** @param {string} name @param {string} id @param {string} bucket @returns {Record<string, Resource>} */
function delivery(name, id, bucket) {
  return {
    [`AccessLogSource${id}`]: {
      Type: 'AWS::Logs::DeliverySource',
      Properties: {
        Name: `${name}-${bucket}`.slice(0, 60),
        LogType: 'ACCESS_LOGS',
        ResourceArn: sub(`arn:aws:cloudfront::\${AWS::AccountId}:distribution/\${Distribution${id}}`),
      },
    },
    [`AccessLogDelivery${id}`]: {
      Type: 'AWS::Logs::Delivery',
      Properties: {
        DeliverySourceName: ref(`AccessLogSource${id}`),
        DeliveryDestinationArn: att('AccessLogDestination', 'Arn'),
        RecordFields: FIELDS,
        S3SuffixPath: `${bucket}/{yyyy}/{MM}/{dd}`,
      },
    },
  };
}

function policy() {
  return policyDocument([
    {
      Effect: 'Allow',
      Principal: { Service: 'delivery.logs.amazonaws.com' },
      Action: 's3:PutObject',
      Resource: sub('arn:aws:s3:::${AccessLogs}/*'),
      Condition: {
        StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') },
        ArnLike: { 'aws:SourceArn': sub(`arn:aws:logs:${EDGE_REGION}:\${AWS::AccountId}:delivery-source:*`) },
      },
    },
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: [sub('arn:aws:s3:::${AccessLogs}'), sub('arn:aws:s3:::${AccessLogs}/*')],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  ]);
}
