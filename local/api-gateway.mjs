/**
 * A Regional REST API with a method on each of some fixed resources, a REQUEST authorizer without a cache, and Lambda
 * proxy integrations. Page names are pages of the API Gateway developer guide.
 */
import { randomUUID } from 'node:crypto';
import { GATEWAY_RESPONSES, INTEGRATION_TIMEOUT_SECONDS } from '../deploy/api.mjs';
import { ACCOUNT_ID, authorizerEvent, proxyEvent } from './api-gateway-event.mjs';
import { gatewayResponse, plainResponse, proxyResponse, response } from './api-gateway-response.mjs';
import { evaluated } from './authorizer-policy.mjs';

/** @typedef {import('./api-gateway-event.mjs').Api} Api */
/** @typedef {import('./api-gateway-event.mjs').ApiRequest} ApiRequest */
/** @typedef {import('./api-gateway-event.mjs').HeaderLines} HeaderLines */
/** @typedef {ApiRequest & { uri: string }} IncomingRequest `uri` raw, with the stage */
/** @typedef {import('./api-gateway-response.mjs').ApiResponse} ApiResponse */
/** @typedef {{ method: string, resourcePath: string, integration: (event: any) => Promise<unknown> }} Method */
/**
 * @typedef {object} Options
 * @property {string} domain `<api>.execute-api.<region>.amazonaws.com`
 * @property {string} stagePath `/<stage>`
 * @property {Method[]} methods
 * @property {(event: any) => Promise<unknown>} authorizer
 * @property {Chunked} [chunked]
 * @property {number} [timeoutMilliseconds] that an integration may take
 */
/**
 * @typedef {'taken' | 'refused'} Chunked what becomes of a request with Transfer-Encoding. The documentation has the
 *   word "Exception" for a Lambda integration, and no status (api-gateway-known-issues).
 */

/**
 * @param {Options} options
 * @returns {{ handle(request: IncomingRequest): Promise<ApiResponse> }}
 */
export function createApiGateway({ domain, stagePath, methods, authorizer, ...options }) {
  const { chunked = 'taken', timeoutMilliseconds = TIMEOUT_MILLISECONDS } = options;
  const [apiId = 'local', , region = 'us-east-1'] = domain.split('.');

  /** @param {IncomingRequest} incoming */
  async function handle(incoming) {
    const asked = methods.find(
      ({ method, resourcePath }) => method === incoming.method && incoming.uri === stagePath + resourcePath,
    );
    const api = { domain, apiId, region, stage: stagePath.slice(1), resourcePath: asked?.resourcePath ?? '' };
    const methodArn = arn(api, incoming);
    const refused = refusal(incoming, api, methodArn);
    if (refused) return refused;
    if (chunked === 'refused' && isChunked(incoming)) return internalServerError(500);
    if (!asked) {
      return gatewayResponse(403, { message: 'Missing Authentication Token' }, 'MissingAuthenticationTokenException');
    }
    const request = { ...incoming, headers: requestHeaders(incoming, domain) };
    const timed = within(timeoutMilliseconds);
    const authorization = await authorized(timed(authorizer), authorizerEvent(api, request, methodArn), methodArn);
    if ('status' in authorization) return authorization;
    return integrated(timed(asked.integration), proxyEvent(api, request, authorization));
  }

  return {
    // An answer to HEAD has no body, whatever a function gave it, and its length is that of none.
    handle: async (incoming) => {
      const answer = await handle(incoming);
      return incoming.method === 'HEAD' ? { ...answer, body: Buffer.alloc(0) } : answer;
    },
  };
}

/**
 * The first refusal before any function runs, or null.
 *
 * @param {IncomingRequest} request
 * @param {Api} api
 * @param {string} methodArn
 * @returns {ApiResponse | null}
 */
function refusal({ method, uri, querystring, headers, body }, { domain }, methodArn) {
  const host = headers.findLast(([name]) => name.toLowerCase() === 'host')?.[1];
  if (host !== domain) return gatewayResponse(403, { message: 'Forbidden' }, 'ForbiddenException');
  if (headerBytes(method, uri, querystring, headers) > HEADER_BYTES) {
    return plainResponse(431, `HTTP header is larger than ${HEADER_BYTES} bytes.`);
  }
  if (Buffer.byteLength(methodArn) > METHOD_ARN_BYTES) return gatewayResponse(414, { message: 'Request-URI Too Long' });
  if (body.length > PAYLOAD_BYTES) return requestTooLong();
  // api-gateway-known-issues: these characters must be percent-encoded. The status is not documented.
  if (/[|{}]/.test(querystring)) return gatewayResponse(400, { message: 'Bad Request' }, 'BadRequestException');
  return null;
}

/**
 * The caller's authorization, or the gateway response that refuses it.
 *
 * @param {Options['authorizer']} authorizer
 * @param {import('./api-gateway-event.mjs').AuthorizerEvent} event
 * @param {string} methodArn
 * @returns {Promise<import('./authorizer-policy.mjs').Authorization | ApiResponse>}
 */
async function authorized(authorizer, event, methodArn) {
  let output;
  try {
    output = await authorizer(event);
  } catch (error) {
    // apigateway-use-lambda-authorizer: exactly this message is a 401, any other failure a 500.
    const unauthorized = error instanceof Error && error.message === 'Unauthorized';
    return unauthorized
      ? gatewayResponse(401, { message: 'Unauthorized' }, 'UnauthorizedException')
      : authorizerFailure();
  }
  const outcome = evaluated(output, methodArn);
  if (!outcome) return gatewayResponse(500, { message: null }, 'AuthorizerConfigurationException');
  return outcome.effect === 'allow' ? outcome : accessDenied(outcome.effect, outcome.context);
}

/**
 * The gateway response ACCESS_DENIED as the deployment customises it: the authorizer's own XML in its context.
 *
 * @param {'explicit deny' | 'implicit deny'} effect
 * @param {Record<string, string>} context
 * @returns {ApiResponse}
 */
function accessDenied(effect, context) {
  const { status, contentType, template } = GATEWAY_RESPONSES.accessDenied;
  const body = context[template.replace('$context.authorizer.', '')];
  if (body !== undefined) return response(status, [['Content-Type', contentType]], Buffer.from(body));
  const reason = effect === 'explicit deny' ? ' with an explicit deny' : '';
  return gatewayResponse(
    403,
    { Message: `User is not authorized to access this resource${reason}` },
    'AccessDeniedException',
  );
}

/**
 * The gateway response AUTHORIZER_FAILURE as the deployment customises it. Its status makes clients try again.
 */
function authorizerFailure() {
  return gatewayResponse(GATEWAY_RESPONSES.authorizerFailure.status, { message: null }, 'AuthorizerFailureException');
}

/**
 * @param {Method['integration']} integration
 * @param {import('./api-gateway-event.mjs').ProxyEvent} event
 * @returns {Promise<ApiResponse>}
 */
async function integrated(integration, event) {
  // The status isn't documented.
  if (jsonBytes(event) > INVOCATION_BYTES) return requestTooLong();
  try {
    const result = await integration(event);
    return jsonBytes(result) > INVOCATION_BYTES ? internalServerError(502) : proxyResponse(result);
  } catch (error) {
    if (error instanceof TimedOut) return gatewayResponse(504, { message: 'Endpoint request timed out' });
    return internalServerError(502);
  }
}

class TimedOut extends Error {}

/**
 * Functions that fail if they take too long.
 *
 * @param {number} milliseconds
 * @returns {(run: (event: any) => unknown) => (event: any) => Promise<unknown>}
 */
function within(milliseconds) {
  return (run) => async (event) => {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const timedOut = new Promise((_resolve, reject) => {
      timer = setTimeout(() => reject(new TimedOut()), milliseconds);
    });
    return Promise.race([run(event), timedOut]).finally(() => clearTimeout(timer));
  };
}

/** @param {IncomingRequest} request */
function isChunked({ headers }) {
  return headers.some(([name]) => name.toLowerCase() === 'transfer-encoding');
}

/** @param {unknown} value */
function jsonBytes(value) {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}

/** @param {500 | 502} status */
function internalServerError(status) {
  return gatewayResponse(status, { message: 'Internal server error' }, 'InternalServerErrorException');
}

function requestTooLong() {
  return gatewayResponse(413, { message: 'Request Too Long' }, 'RequestTooLargeException');
}

/**
 * @param {IncomingRequest} request
 * @param {string} domain
 * @returns {HeaderLines}
 */
function requestHeaders({ headers, sourceIp }, domain) {
  const kept = headers.filter(([name]) => !DROPPED_REQUEST_HEADERS.has(name.toLowerCase()));
  const forwarded = headers.filter(([name]) => name.toLowerCase() === 'x-forwarded-for').map(([, value]) => value);
  return [
    ...kept,
    ['Host', domain],
    [
      'X-Amzn-Trace-Id',
      `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomUUID().replaceAll('-', '').slice(0, 24)}`,
    ],
    ['X-Forwarded-For', [...forwarded, sourceIp].join(', ')],
    ['X-Forwarded-Port', '443'],
    ['X-Forwarded-Proto', 'https'],
  ];
}

/**
 * @param {Api} api
 * @param {IncomingRequest} request
 */
function arn({ apiId, region, stage }, { method, uri }) {
  const resource = uri.startsWith(`/${stage}/`) ? uri.slice(stage.length + 2) : uri.slice(1);
  return `arn:aws:execute-api:${region}:${ACCOUNT_ID}:${apiId}/${stage}/${method}/${resource}`;
}

/**
 * @param {string} method
 * @param {string} uri
 * @param {string} querystring
 * @param {HeaderLines} headers
 */
function headerBytes(method, uri, querystring, headers) {
  const requestLine = Buffer.byteLength(`${method} ${uri}?${querystring} HTTP/1.1`);
  return headers.reduce((total, [name, value]) => total + Buffer.byteLength(name + value), requestLine);
}

/** api-gateway-execution-service-limits-table. */
export const PAYLOAD_BYTES = 10 * 1024 * 1024;
const HEADER_BYTES = 10_240;
const METHOD_ARN_BYTES = 1600;
const TIMEOUT_MILLISECONDS = INTEGRATION_TIMEOUT_SECONDS * 1000;

/** Lambda's limit for the event and for the result of a function (Lambda developer guide, gettingstarted-limits). */
const INVOCATION_BYTES = 6 * 1024 * 1024;

/** api-gateway-known-issues; Host and X-Forwarded-* because API Gateway writes its own. */
const DROPPED_REQUEST_HEADERS = new Set([
  'connection',
  'content-md5',
  'expect',
  'host',
  'max-forwards',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
  'x-amzn-trace-id',
  'x-forwarded-for',
  'x-forwarded-port',
  'x-forwarded-proto',
]);
