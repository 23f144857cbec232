// The shape of CloudFront's events (CloudFront Developer Guide, "Lambda@Edge event structure").

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('aws-lambda').CloudFrontResultResponse} CloudFrontResponse
 * @typedef {import('../core/decision.mjs').HeaderList} HeaderList
 */

/** Headers that a viewer-request function may neither change nor remove: CloudFront would answer 502. */
const READ_ONLY_IN_REQUESTS = ['host', 'content-length', 'transfer-encoding', 'via', 'cdn-loop'];

/**
 * Headers of a request that an origin-request function may neither add, change nor remove. The core refuses those that
 * S3 would obey (src/route/condition.rs).
 */
const READ_ONLY_AT_ORIGIN_REQUEST = [
  'accept-encoding',
  'cdn-loop',
  'content-length',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'transfer-encoding',
  'via',
];

/** Headers that an origin-response function may neither change nor remove. */
const READ_ONLY_IN_RESPONSES = ['transfer-encoding', 'via'];

/**
 * @param {{ Records: { cf: { config: { requestId: string, eventType?: string }, request: CloudFrontRequest } }[] }} event
 * @returns {{ request: CloudFrontRequest, requestId: string, eventType: string | undefined }}
 */
export function readEvent(event) {
  const { config, request } = event.Records[0].cf;
  return { request, requestId: config.requestId, eventType: config.eventType };
}

/** @param {import('aws-lambda').CloudFrontResponseEvent} event */
export function readResponseEvent(event) {
  const { config, request, response } = event.Records[0].cf;
  return { request, response, requestId: config.requestId };
}

/**
 * The request that the core forwards. It keeps of the viewer's request what a function may not change (address, method
 * and read-only headers, which mean nothing to the origin), and the body, if the event has it.
 *
 * @param {CloudFrontRequest} request
 * @param {{ uri: string, query: string, headers: HeaderList }} forward
 * @returns {CloudFrontRequest}
 */
export function applyForward({ clientIp, method, body, headers }, forward) {
  const kept = pick(headers, READ_ONLY_IN_REQUESTS);
  for (const [key, value] of forward.headers) kept[key] = [{ key, value }];
  /** @type {CloudFrontRequest} */
  const forwarded = { clientIp, method, uri: forward.uri, querystring: forward.query, headers: kept };
  if (body !== undefined) forwarded.body = body;
  return forwarded;
}

/**
 * The same for an origin-request function that decides. It keeps the distribution's origin, and sets its Host.
 *
 * @param {CloudFrontRequest} request
 * @param {{ uri: string, query: string, headers: HeaderList, domain: string }} forward
 * @returns {CloudFrontRequest}
 */
export function applyAtOriginRequest({ clientIp, method, body, headers, origin }, forward) {
  const kept = pick(headers, READ_ONLY_AT_ORIGIN_REQUEST);
  for (const [key, value] of forward.headers) kept[key] = [{ key, value }];
  kept.host = [{ key: 'Host', value: forward.domain }];
  /** @type {CloudFrontRequest} */
  const forwarded = { clientIp, method, uri: forward.uri, querystring: forward.query, headers: kept, origin };
  if (body !== undefined) forwarded.body = body;
  return forwarded;
}

/**
 * @param {import('aws-lambda').CloudFrontResponse} response is changed
 * @param {import('../core/decision.mjs').HeaderChanges} changes
 */
export function applyHeaderChanges(response, { remove, set }) {
  for (const name of remove) delete response.headers[name];
  for (const [key, value] of set) response.headers[key.toLowerCase()] = [{ key, value }];
  return response;
}

/**
 * The response for an answer of our own, which CloudFront sends in place of the origin's.
 *
 * @param {{ status: number, statusDescription: string, headers: HeaderList, body: string }} answer
 * @param {import('aws-lambda').CloudFrontResponse} [replaced] the origin's, whose read-only headers stay
 * @returns {CloudFrontResponse}
 */
export function generatedResponse({ status, statusDescription, headers, body }, replaced) {
  const fields = pick(replaced?.headers ?? {}, READ_ONLY_IN_RESPONSES);
  for (const [key, value] of headers) fields[key.toLowerCase()] = [{ key, value }];
  return { status: String(status), statusDescription, headers: fields, body, bodyEncoding: 'text' };
}

/** @param {import('aws-lambda').CloudFrontHeaders} headers @param {string[]} names */
function pick(headers, names) {
  /** @type {import('aws-lambda').CloudFrontHeaders} */
  const picked = {};
  for (const name of names) if (Object.hasOwn(headers, name)) picked[name] = headers[name];
  return picked;
}
