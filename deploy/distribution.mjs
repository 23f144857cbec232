/**
 * The distribution: what CloudFront is configured with. The templates are made of it, and the local CloudFront of
 * `serve` obeys it, so that one can't differ from the other.
 *
 * Page names are pages of the Amazon CloudFront Developer Guide.
 */
import { SECRET_HEADER } from '../js-shim/edge/endpoints.mjs';

/** @typedef {'viewer-request' | 'origin-request' | 'origin-response'} EdgeFunction */
/**
 * @typedef {object} OriginRequestPolicy what of a viewer's request reaches the origin and origin-request
 * @property {{ behavior: 'none' | 'whitelist' | 'allViewer' | 'allExcept', names?: readonly string[] }} headers
 * @property {{ behavior: 'none' | 'all' }} queryStrings
 * @property {{ behavior: 'none' | 'all' }} cookies
 *
 * @typedef {object} Trigger
 * @property {EdgeFunction} event a function has the name of its event
 * @property {boolean} includeBody
 */

/**
 * Every header but Host may be signed, so all must pass. With the viewer's Host, S3 and API Gateway refuse. Without all
 * query strings the functions don't see `?uploads` (edge-function-restrictions-all).
 *
 * @type {OriginRequestPolicy}
 */
export const ORIGIN_REQUEST_POLICY = {
  headers: { behavior: 'allExcept', names: ['Host'] },
  queryStrings: { behavior: 'all' },
  cookies: { behavior: 'none' },
};

/**
 * Where origin-request decides, it must see the viewer's Host, by which a request names its bucket, and puts the origin's
 * in its place.
 *
 * @type {OriginRequestPolicy}
 */
export const POLICY_WITH_HOST = { ...ORIGIN_REQUEST_POLICY, headers: { behavior: 'allViewer' } };

/**
 * Managed by AWS (using-managed-cache-policies). Nothing is cached, and no answer is shared by simultaneous requests: where
 * origin-request decides, each request must reach it.
 */
export const CACHE_POLICY = { name: 'CachingDisabled', id: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad' };

/**
 * The one behavior, for every path. Where origin-request decides, there is no viewer-request: see `behaviorOf`.
 *
 * @type {{ methods: readonly string[], cachedMethods: readonly string[], compress: boolean,
 *   triggers: readonly Trigger[] }}
 */
export const BEHAVIOR = {
  // PUT, POST and DELETE come in the set of all seven only (DownloadDistValuesCacheBehavior).
  methods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'],
  cachedMethods: ['GET', 'HEAD'],
  compress: false,
  triggers: [
    { event: 'viewer-request', includeBody: false },
    { event: 'origin-request', includeBody: false },
    { event: 'origin-response', includeBody: false },
  ],
};

/**
 * The function that decides: `triggers` of config.json.
 *
 * @param {{ triggers?: 'viewer-request' | 'origin-request' }} config
 */
export function decidingFunction({ triggers = 'viewer-request' }) {
  return triggers;
}

/** @param {Parameters<typeof decidingFunction>[0]} config @returns {typeof BEHAVIOR} */
export function behaviorOf(config) {
  const isAtOrigin = decidingFunction(config) === 'origin-request';
  const triggers = BEHAVIOR.triggers.filter(({ event }) => !(isAtOrigin && event === 'viewer-request'));
  return { ...BEHAVIOR, triggers };
}

/** @param {Parameters<typeof decidingFunction>[0]} config */
export function originRequestPolicyOf(config) {
  return decidingFunction(config) === 'origin-request' ? POLICY_WITH_HOST : ORIGIN_REQUEST_POLICY;
}

/** Without this, one device's error of ListParts is the answer to all others for 10 s. */
export const ERROR_CACHING = { statuses: [400, 403, 404, 405, 414, 500, 501, 502, 503, 504], minTtlSeconds: 0 };

/** The bucket as origin. An origin path would store each object elsewhere. */
export const S3_ORIGIN = {
  accessControl: { originType: 's3', signing: 'always', protocol: 'sigv4' },
  path: '',
  readTimeoutSeconds: 30,
  secretHeader: SECRET_HEADER,
};

/** @param {{ s3Bucket: string, region: string }} bucket @returns {string} the domain of its REST endpoint */
export function s3Domain({ s3Bucket, region }) {
  return `${s3Bucket}.s3.${region}.amazonaws.com`;
}

/** The default of `cors.exposedHeaders` (src/config/cors.rs). */
const EXPOSED_HEADERS = ['ETag', 'x-oss-request-id', 'x-oss-hash-crc64ecma'];

/** The default of `cors.maxAgeSeconds` (src/config/cors.rs). */
const MAX_AGE_SECONDS = 600;

/**
 * The CORS section of the behavior's response headers policy, which lets pages read what origins answer.
 *
 * @typedef {object} CorsPolicy
 * @property {readonly string[]} origins each an origin as browsers write it, or `*`
 * @property {readonly string[]} exposedHeaders
 * @property {number} maxAgeSeconds
 * @property {boolean} override whether the policy replaces the headers of an answer that a function made
 *
 * @param {{ origins: string[], exposedHeaders?: string[], maxAgeSeconds?: number } | undefined} cors of config.json
 * @returns {CorsPolicy | undefined}
 */
export function corsPolicy(cors) {
  if (cors === undefined) return undefined;
  const { origins, exposedHeaders = EXPOSED_HEADERS, maxAgeSeconds = MAX_AGE_SECONDS } = cors;
  // `*` in Access-Control-Allow-Headers doesn't cover Authorization, so a preflight's answer keeps its own.
  return { origins, exposedHeaders, maxAgeSeconds, override: false };
}
