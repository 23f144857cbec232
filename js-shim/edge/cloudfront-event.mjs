// The one module that knows CloudFront's event shape (CloudFront Developer Guide, Lambda@Edge event
// structure).

import { HEADERS_OF_FORWARD, QUERY, URI } from '../core/decision.mjs';
import { NUMBERS } from '../core/words.mjs';

/**
 * @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest
 * @typedef {import('aws-lambda').CloudFrontResultResponse} CloudFrontResponse
 * @typedef {import('../core/decision.mjs').HeaderList} HeaderList
 */

/** Headers that an origin-response function may neither change nor remove. */
const READ_ONLY_IN_RESPONSES = ['transfer-encoding', 'via'];

/**
 * @param {{ Records: { cf: { config: { requestId: string }, request: CloudFrontRequest } }[] }} event
 * @returns {{ request: CloudFrontRequest, requestId: string }}
 */
export function readEvent(event) {
  const { config, request } = event.Records[0].cf;
  return { request, requestId: config.requestId };
}

/**
 * @param {import('aws-lambda').CloudFrontResponseEvent} event
 */
export function readResponseEvent(event) {
  const { config, request, response } = event.Records[0].cf;
  return { request, response, requestId: config.requestId };
}

/**
 * The flat encoding of an origin's response that the core reads (src/wasm.rs).
 *
 * @param {CloudFrontRequest} request as the origin got it
 * @param {import('aws-lambda').CloudFrontResponse} response
 * @param {string} requestId
 */
export function flattenResponse(request, response, requestId) {
  const responder = request.origin?.custom === undefined ? 's3' : 'api';
  const checks = 'content-md5' in request.headers ? 'md5' : '';
  let lines = '';
  for (const name in response.headers) {
    for (const { value } of response.headers[name]) lines += `\0${name}\0${value}`;
  }
  return `${requestId}\0${request.method}\0${request.querystring}\0${responder}\0${checks}\0${response.status}${lines}`;
}

/**
 * @param {import('aws-lambda').CloudFrontResponse} response
 * @param {import('../core/decision.mjs').HeaderEdit} edit
 */
export function applyHeaderEdit(response, { removed, set }) {
  for (const name of removed) delete response.headers[name];
  for (const [key, value] of set) response.headers[key.toLowerCase()] = [{ key, value }];
  return response;
}

/**
 * The names of the headers of the request that is encoded last, and their numbers, if they are words: the devices of a
 * fleet send the same in the same order.
 *
 * @type {{ name: string, number: number | undefined }[]}
 */
const lastNames = [];

/**
 * The flat encoding that the core reads (src/request_view.rs): every header line counts, in order.
 *
 * @param {CloudFrontRequest} request @param {string} requestId
 * @param {import('../core/exchange.mjs').PartLengths} partLengths are written
 * @returns {string} all parts
 */
export function flatten({ method, uri, querystring, headers }, requestId, partLengths) {
  let lengths = partLengths.lengths();
  let text = requestId + method + uri + querystring;
  lengths[0] = requestId.length;
  lengths[1] = method.length;
  lengths[2] = uri.length;
  lengths[3] = querystring.length;
  let count = 4;
  let place = 0;
  for (const name in headers) {
    const last = lastNames[place];
    const number = last?.name === name ? last.number : numberAt(place, name);
    place += 1;
    const lines = headers[name];
    for (let i = 0; i < lines.length; i += 1) {
      const { value } = lines[i];
      if (count + 2 > lengths.length) lengths = partLengths.moreLengths();
      if (number === undefined) {
        text += name;
        lengths[count] = name.length;
      } else {
        lengths[count] = ~number;
      }
      text += value;
      lengths[count + 1] = value.length;
      count += 2;
    }
  }
  partLengths.count = count;
  return text;
}

/** @param {number} place @param {string} name */
function numberAt(place, name) {
  const number = NUMBERS.get(name);
  lastNames[place] = { name, number };
  return number;
}

/**
 * The request that was decided, in the place of a viewer's. Of the viewer's own it has what a function may not change:
 * address, method, and the headers that can't be removed, none of which reaches the origin with a meaning of its own; and
 * the body, where CloudFront shows it. Everything else is the core's, and a field that isn't known here goes.
 *
 * @param {CloudFrontRequest} request
 * @param {string[]} parts of a decision that forwards
 * @returns {CloudFrontRequest}
 */
export function applyForward(request, parts) {
  const kept = readOnlyHeaders(request.headers);
  for (let i = HEADERS_OF_FORWARD; i < parts.length; i += 2) {
    const key = parts[i];
    kept[key] = [{ key, value: parts[i + 1] }];
  }
  const { clientIp, method, body } = request;
  /** @type {CloudFrontRequest} */
  const forwarded = { clientIp, headers: kept, method, querystring: parts[QUERY], uri: parts[URI] };
  if (body !== undefined) forwarded.body = body;
  return forwarded;
}

/**
 * Headers that a viewer-request function may neither change nor remove: doing so answers 502.
 *
 * @param {CloudFrontRequest['headers']} headers
 */
function readOnlyHeaders(headers) {
  // By their names: V8 remembers where such are, and that they aren't there; of names in a list it doesn't.
  const { host, 'content-length': contentLength, 'transfer-encoding': transferEncoding, via, 'cdn-loop': cdnLoop } = headers;
  /** @type {CloudFrontRequest['headers']} */
  const kept = { host };
  if (contentLength !== undefined) kept['content-length'] = contentLength;
  if (transferEncoding !== undefined) kept['transfer-encoding'] = transferEncoding;
  if (via !== undefined) kept.via = via;
  if (cdnLoop !== undefined) kept['cdn-loop'] = cdnLoop;
  return kept;
}

/**
 * A response that CloudFront gives in the origin's place.
 *
 * @param {{ status: string, statusDescription: string, headers: HeaderList, body: string }} answer
 * @param {import('aws-lambda').CloudFrontResponse} [replaced] the origin's, whose framing must stay
 * @returns {CloudFrontResponse}
 */
export function generatedResponse({ status, statusDescription, headers, body }, replaced) {
  /** @type {NonNullable<CloudFrontResponse['headers']>} */
  const fields = {};
  for (const name of READ_ONLY_IN_RESPONSES) {
    if (replaced && name in replaced.headers) fields[name] = replaced.headers[name];
  }
  for (const [key, value] of headers) fields[lowerCased(key)] = [{ key, value }];
  return { status, statusDescription, headers: fields, body, bodyEncoding: 'text' };
}

/** @type {Map<string, string>} */
const LOWER_CASED = new Map();

/** @param {string} name one of the few that the core's errors have */
function lowerCased(name) {
  const known = LOWER_CASED.get(name);
  if (known !== undefined) return known;
  const lowerCase = name.toLowerCase();
  LOWER_CASED.set(name, lowerCase);
  return lowerCase;
}

/**
 * Removes a header and gives its value.
 *
 * @param {CloudFrontRequest} request @param {string} name in lower case
 * @returns {string | undefined} nothing when the header isn't there
 * @throws {Error} when it is repeated
 */
export function takeHeader(request, name) {
  const values = request.headers[name];
  if (values === undefined) return undefined;
  if (values.length !== 1) throw new Error(`header ${name} is repeated`);
  delete request.headers[name];
  return values[0].value;
}
