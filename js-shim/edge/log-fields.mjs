// The fields of a log line about the viewer's request.

/** The longest User-Agent, in characters: more than any SDK sends. */
const MAX_USER_AGENT = 256;

/**
 * @param {import('aws-lambda').CloudFrontRequest} request
 * @returns {import('../log.mjs').LogLine}
 */
export function requestFields({ clientIp, method, headers }) {
  const length = first(headers, 'content-length');
  const isChunked = 'transfer-encoding' in headers;
  return {
    clientIp,
    host: first(headers, 'host'),
    method,
    userAgent: first(headers, 'user-agent')?.slice(0, MAX_USER_AGENT),
    contentLength: length === undefined ? undefined : Number(length),
    framing: isChunked ? (length === undefined ? 'chunked' : 'both') : length === undefined ? 'none' : 'length',
  };
}

/** @param {import('aws-lambda').CloudFrontHeaders} headers @param {string} name @returns {string | undefined} */
function first(headers, name) {
  return Object.hasOwn(headers, name) ? headers[name][0]?.value : undefined;
}
