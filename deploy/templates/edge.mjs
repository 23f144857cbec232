/** The stack in us-east-1: the edge functions, and a distribution for each bucket. */
import { EDGE_REGION, originSecretName, stackNames } from '../plan.mjs';
import {
  BEHAVIOR,
  CACHE_POLICY,
  ERROR_CACHING,
  S3_ORIGIN,
  behaviorOf,
  corsPolicy,
  decidingFunction,
  originRequestPolicyOf,
  s3Domain,
} from '../distribution.mjs';
import { edgeSize } from '../functions.mjs';
import { accessLogResources } from './access-logs.mjs';
import { alarm, topicResources } from './alarms.mjs';
import { att, pascal, ref, secretValue, template } from './cfn.mjs';
import { dashboard } from './dashboard.mjs';
import { ARTIFACT_PARAMETER, artifactKey, bundleDescription, changing, lambdaFunction } from './lambda.mjs';
import { edgeRole } from './roles.mjs';

/** @typedef {import('../plan.mjs').Plan} Plan */
/** @typedef {import('./lambda.mjs').Release} Release */
/** @typedef {import('./cfn.mjs').Resource} Resource */

/** Security policies of CloudFront for viewers, the most tolerant first. */
const MINIMUM_TLS = [
  'TLSv1',
  'TLSv1_2016',
  'TLSv1.1_2016',
  'TLSv1.2_2018',
  'TLSv1.2_2019',
  'TLSv1.2_2021',
  'TLSv1.2_2025',
  'TLSv1.3_2025',
];

/** @param {Plan} plan @param {Release} release */
export function edgeTemplate(plan, release) {
  const { buckets } = plan;
  return template(
    `oss-edge ${plan.name}: edge functions and distributions (${stackNames(plan).edge}, ${EDGE_REGION})`,
    {
      Parameters: {
        ...ARTIFACT_PARAMETER,
        // With CloudFront's own certificate it is TLSv1, whatever is chosen.
        ...(buckets.some(({ aliases }) => aliases.length > 0) ? { MinimumTls: minimumTls(plan) } : {}),
        ViewerProtocol: {
          Type: 'String',
          Description: 'https-only; or allow-all, for devices that speak plain HTTP',
          AllowedValues: ['https-only', 'allow-all'],
          Default: plan.plainHttp ? 'allow-all' : 'https-only',
        },
      },
      Resources: {
        ...policyResources(plan),
        ...Object.assign({}, ...BEHAVIOR.triggers.map(({ event }) => functionResources(plan, release, event))),
        ...(plan.requestsPerFiveMinutes === undefined ? {} : { WebAcl: webAcl(plan, plan.requestsPerFiveMinutes) }),
        ...Object.fromEntries(
          buckets.map((bucket) => [`Distribution${bucket.id}`, distribution(plan, release, bucket)]),
        ),
        ...(plan.accessLogs ? accessLogResources(plan) : {}),
        ...topicResources(plan),
        ...Object.fromEntries(buckets.map(({ id }) => [`AlarmErrors${id}`, errorAlarm(id)])),
        Dashboard: dashboard(plan),
      },
      Outputs: {
        Bundle: { Value: release.hash },
        OriginSecret: { Value: String(plan.originSecrets.sent) },
        ...Object.fromEntries(
          buckets.flatMap(({ id, name }) => [
            [`DistributionId${id}`, { Value: ref(`Distribution${id}`), Description: name }],
            [`DistributionDomain${id}`, { Value: att(`Distribution${id}`, 'DomainName'), Description: name }],
          ]),
        ),
      },
    },
  );
}

/** @param {Plan} plan */
function minimumTls(plan) {
  return {
    Type: 'String',
    Description: 'The least TLS that devices may speak, as a security policy of CloudFront',
    AllowedValues: MINIMUM_TLS,
    Default: plan.minimumTls,
  };
}

/** The logical id of a function's version. @param {Release} release @param {string} name */
function versionId({ hash }, name) {
  return changing(`${pascal(name)}Version`, hash);
}

/**
 * The logical id of the origin request policy. A change of triggers makes another policy, so that the behavior changes
 * with its functions at once.
 *
 * @param {Plan} plan
 */
function policyId({ config }) {
  return decidingFunction(config) === 'origin-request' ? 'OriginRequestPolicyWithHost' : 'OriginRequestPolicy';
}

/** @param {Plan} plan @returns {Record<string, Resource>} */
function policyResources(plan) {
  const { name, config } = plan;
  const { headers, queryStrings, cookies } = originRequestPolicyOf(config);
  const cors = corsPolicy(config.cors);
  const { accessControl } = S3_ORIGIN;
  return {
    [policyId(plan)]: {
      Type: 'AWS::CloudFront::OriginRequestPolicy',
      Properties: {
        OriginRequestPolicyConfig: {
          Name: policyId(plan) === 'OriginRequestPolicy' ? `${name}-edge` : `${name}-edge-with-host`,
          Comment: 'What an OSS signature may cover',
          HeadersConfig: { HeaderBehavior: headers.behavior, ...(headers.names ? { Headers: headers.names } : {}) },
          QueryStringsConfig: { QueryStringBehavior: queryStrings.behavior },
          CookiesConfig: { CookieBehavior: cookies.behavior },
        },
      },
    },
    OriginAccessControl: {
      Type: 'AWS::CloudFront::OriginAccessControl',
      Properties: {
        OriginAccessControlConfig: {
          Name: `${name}-edge`,
          OriginAccessControlOriginType: accessControl.originType,
          SigningBehavior: accessControl.signing,
          SigningProtocol: accessControl.protocol,
        },
      },
    },
    ...(cors ? { ResponseHeadersPolicy: responseHeadersPolicy(name, cors) } : {}),
  };
}

/** @param {string} name @param {import('../distribution.mjs').CorsPolicy} cors @returns {Resource} */
function responseHeadersPolicy(name, { origins, exposedHeaders, maxAgeSeconds, override }) {
  return {
    Type: 'AWS::CloudFront::ResponseHeadersPolicy',
    Properties: {
      ResponseHeadersPolicyConfig: {
        Name: `${name}-cors`,
        CorsConfig: {
          AccessControlAllowOrigins: { Items: origins },
          AccessControlAllowMethods: { Items: ['ALL'] },
          AccessControlAllowHeaders: { Items: ['*'] },
          AccessControlExposeHeaders: { Items: exposedHeaders },
          AccessControlAllowCredentials: false,
          AccessControlMaxAgeSec: maxAgeSeconds,
          OriginOverride: override,
        },
      },
    },
  };
}

/**
 * A function, its role, and its version. Replicas of a version outlive their distribution by hours, so a version is
 * kept when the next one takes its place, and `oss-edge deploy destroy` deletes them.
 *
 * For the same reason viewer-request stays where it isn't associated: its name couldn't be given to another function on
 * the way back. It has the code of origin-request then, which decides over no event but its own.
 *
 * @param {Plan} plan @param {Release} release @param {import('../distribution.mjs').EdgeFunction} event
 * @returns {Record<string, Resource>}
 */
function functionResources(plan, release, event) {
  const id = pascal(event);
  const keep = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' };
  const isAssociated = behaviorOf(plan.config).triggers.some((trigger) => trigger.event === event);
  const code = { Code: { S3Bucket: ref('ArtifactBucket'), S3Key: artifactKey(release, 'origin-request') } };
  const version = {
    Type: 'AWS::Lambda::Version',
    ...keep,
    Properties: { FunctionName: ref(`${id}Function`), Description: bundleDescription(release) },
  };
  const more = isAssociated ? {} : code;
  return {
    [`${id}Role`]: edgeRole(plan, event),
    [`${id}Function`]: {
      ...lambdaFunction({ plan, name: event, release, size: edgeSize(event, plan.config), role: `${id}Role`, more }),
      ...keep,
    },
    ...(isAssociated ? { [versionId(release, event)]: version } : {}),
  };
}

/** @param {Plan} plan @param {Release} release @param {import('../plan.mjs').Bucket} bucket @returns {Resource} */
function distribution(plan, release, bucket) {
  const { certificate, originSecrets, name, requestsPerFiveMinutes } = plan;
  const { minTtlSeconds, statuses } = ERROR_CACHING;
  return {
    Type: 'AWS::CloudFront::Distribution',
    Properties: {
      DistributionConfig: {
        Comment: `oss-edge ${name}: ${bucket.name}`,
        Enabled: true,
        HttpVersion: 'http2',
        IPV6Enabled: true,
        ...(bucket.aliases.length > 0 ? { Aliases: bucket.aliases } : {}),
        ViewerCertificate:
          bucket.aliases.length > 0
            ? {
                AcmCertificateArn: certificate,
                SslSupportMethod: 'sni-only',
                MinimumProtocolVersion: ref('MinimumTls'),
              }
            : { CloudFrontDefaultCertificate: true },
        Origins: [
          {
            Id: 'bucket',
            DomainName: s3Domain(bucket),
            OriginPath: S3_ORIGIN.path,
            OriginAccessControlId: ref('OriginAccessControl'),
            S3OriginConfig: { OriginAccessIdentity: '', OriginReadTimeout: S3_ORIGIN.readTimeoutSeconds },
            OriginCustomHeaders: [
              {
                HeaderName: S3_ORIGIN.secretHeader,
                HeaderValue: secretValue(originSecretName(plan, originSecrets.sent)),
              },
            ],
          },
        ],
        DefaultCacheBehavior: {
          TargetOriginId: 'bucket',
          ViewerProtocolPolicy: ref('ViewerProtocol'),
          AllowedMethods: BEHAVIOR.methods,
          CachedMethods: BEHAVIOR.cachedMethods,
          Compress: BEHAVIOR.compress,
          CachePolicyId: CACHE_POLICY.id,
          OriginRequestPolicyId: ref(policyId(plan)),
          ...(plan.config.cors ? { ResponseHeadersPolicyId: ref('ResponseHeadersPolicy') } : {}),
          LambdaFunctionAssociations: behaviorOf(plan.config).triggers.map(({ event, includeBody }) => ({
            EventType: event,
            IncludeBody: includeBody,
            LambdaFunctionARN: ref(versionId(release, event)),
          })),
        },
        CustomErrorResponses: statuses.map((ErrorCode) => ({ ErrorCode, ErrorCachingMinTTL: minTtlSeconds })),
        ...(requestsPerFiveMinutes === undefined ? {} : { WebACLId: att('WebAcl', 'Arn') }),
      },
    },
  };
}

/** @param {Plan} plan @param {number} limit @returns {Resource} */
function webAcl({ name }, limit) {
  const visible = (/** @type {string} */ metric) => ({
    CloudWatchMetricsEnabled: true,
    MetricName: `${name}-${metric}`,
    SampledRequestsEnabled: false,
  });
  return {
    Type: 'AWS::WAFv2::WebACL',
    Properties: {
      Name: `${name}-edge`,
      Scope: 'CLOUDFRONT',
      DefaultAction: { Allow: {} },
      VisibilityConfig: visible('all'),
      Rules: [
        {
          Name: 'requests-of-one-address',
          Priority: 0,
          Action: { Block: {} },
          Statement: { RateBasedStatement: { AggregateKeyType: 'IP', EvaluationWindowSec: 300, Limit: limit } },
          VisibilityConfig: visible('rate'),
        },
      ],
    },
  };
}

/** @param {string} id @returns {Resource} */
function errorAlarm(id) {
  return alarm({
    what: 'More than 1 % of the requests to a distribution end with 5xx.',
    runbook: 'a-distribution-answers-5xx',
    namespace: 'AWS/CloudFront',
    metric: '5xxErrorRate',
    dimensions: { DistributionId: ref(`Distribution${id}`), Region: 'Global' },
    statistic: 'Average',
    threshold: 1,
    periods: 2,
  });
}
