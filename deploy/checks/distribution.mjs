/** Rules of the distribution, its policies and its origin. */
import { CACHE_POLICY, S3_ORIGIN, decidingFunction } from '../distribution.mjs';
import { each, named } from './template.mjs';

/** By which signatures are verified: a header or a parameter that doesn't arrive can't be. */
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'];

/** ListParts has one path for all, so an error of one device must not be kept for others. */
const ERRORS = [400, 403, 404, 405, 414, 500, 501, 502, 503, 504];

/** @type {Record<string, import('../checks.mjs').Rule>} */
export const DISTRIBUTION_RULES = {
  'policy-host': ofBehavior(({ behavior, policy, config }) => {
    const { HeaderBehavior, Headers = [] } = policy?.HeadersConfig ?? {};
    const names = Headers.map((/** @type {string} */ name) => name.toLowerCase());
    const passesHost = HeaderBehavior === 'allViewer' || (HeaderBehavior === 'allExcept') !== names.includes('host');
    return [
      behavior.OriginRequestPolicyId === undefined &&
        'no origin request policy: the functions would see neither signature nor parameters',
      policy &&
        passesHost &&
        decidingFunction(config) === 'viewer-request' &&
        "the origin request policy passes the viewer's Host, which S3 and API Gateway refuse",
      policy &&
        !passesHost &&
        decidingFunction(config) === 'origin-request' &&
        "the origin request policy must pass the viewer's Host, by which origin-request verifies signatures",
    ];
  }),
  'policy-headers': ofBehavior(({ policy }) => {
    const { HeaderBehavior, Headers = [] } = policy?.HeadersConfig ?? {};
    const others = Headers.filter((/** @type {string} */ name) => name.toLowerCase() !== 'host');
    return [
      policy &&
        !['allExcept', 'allViewer'].includes(HeaderBehavior) &&
        `the origin request policy must pass all headers, found ${HeaderBehavior}`,
      HeaderBehavior === 'allExcept' &&
        others.length > 0 &&
        `the origin request policy leaves out ${others.join(', ')}, which may be signed`,
    ];
  }),
  'policy-query': ofBehavior(({ policy }) => [
    policy &&
      policy.QueryStringsConfig?.QueryStringBehavior !== 'all' &&
      'the origin request policy must pass all query strings: without them nobody sees `?uploads`',
  ]),
  'policy-cache': ofBehavior(({ behavior }) => [
    behavior.CachePolicyId !== CACHE_POLICY.id && `the cache policy must be ${CACHE_POLICY.name}`,
  ]),
  methods: ofBehavior(({ behavior }) =>
    METHODS.map(
      (method) => !(behavior.AllowedMethods ?? []).includes(method) && `the behavior has no method ${method}`,
    ),
  ),
  compression: ofBehavior(({ behavior }) => [behavior.Compress !== false && 'compression must be off']),
  'error-caching': each('AWS::CloudFront::Distribution', ({ DistributionConfig }) =>
    ERRORS.map((status) => {
      const found = (DistributionConfig.CustomErrorResponses ?? []).find(
        (/** @type {any} */ { ErrorCode }) => ErrorCode === status,
      );
      return found?.ErrorCachingMinTTL !== 0 && `errors of status ${status} must have a minimum TTL of 0`;
    }),
  ),
  'origin-access': ofOrigins((origin, stack) => {
    const [, control] = named(stack, origin.OriginAccessControlId) ?? [];
    const { SigningBehavior, OriginAccessControlOriginType } = control?.Properties?.OriginAccessControlConfig ?? {};
    return [
      control === undefined && 'the bucket must have origin access control',
      control && SigningBehavior !== 'always' && `origin access control must always sign, found ${SigningBehavior}`,
      control &&
        OriginAccessControlOriginType !== 's3' &&
        `origin access control must be of type s3, found ${OriginAccessControlOriginType}`,
      Boolean(origin.S3OriginConfig?.OriginAccessIdentity) &&
        'an origin access identity signs without metadata headers: use origin access control',
    ];
  }),
  'origin-domain': ofOrigins(({ DomainName, OriginPath = '' }) => [
    !/^[a-z0-9.-]+\.s3\.[a-z0-9-]+\.amazonaws\.com$/u.test(String(DomainName)) &&
      `expected the bucket's regional domain, found ${JSON.stringify(DomainName)}`,
    OriginPath !== '' && `an origin path stores objects elsewhere, found ${OriginPath}`,
  ]),
  'origin-secret': ofOrigins(({ OriginCustomHeaders = [] }) => {
    const header = OriginCustomHeaders.find(
      (/** @type {any} */ { HeaderName }) => HeaderName === S3_ORIGIN.secretHeader,
    );
    return [
      header === undefined && `the origin must have the custom header ${S3_ORIGIN.secretHeader}`,
      header &&
        !/^\{\{resolve:secretsmanager:[^}]+\}\}$/u.test(header.HeaderValue) &&
        `${S3_ORIGIN.secretHeader} must come from Secrets Manager`,
    ];
  }),
};

/**
 * @param {(of: { behavior: Record<string, any>, policy: Record<string, any> | undefined, config: any }) => (string |
 *   undefined | false)[]} check
 * @returns {import('../checks.mjs').Rule}
 */
function ofBehavior(check) {
  return each('AWS::CloudFront::Distribution', ({ DistributionConfig }, stack, _id, { config }) => {
    const behavior = DistributionConfig.DefaultCacheBehavior;
    const [, policy] = named(stack, behavior.OriginRequestPolicyId) ?? [];
    return check({ behavior, policy: policy?.Properties?.OriginRequestPolicyConfig, config });
  });
}

/**
 * @param {(origin: Record<string, any>, stack: import('../stacks.mjs').Stack) => (string | undefined | false)[]} check
 * @returns {import('../checks.mjs').Rule}
 */
function ofOrigins(check) {
  return each('AWS::CloudFront::Distribution', ({ DistributionConfig }, stack) =>
    DistributionConfig.Origins.flatMap((/** @type {Record<string, any>} */ origin) => check(origin, stack)),
  );
}
