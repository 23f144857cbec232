// Requests and responses of CloudFront as the core reads them: strings separated by NUL, in UTF-8. The number of header
// lines comes first.

/**
 * The request that the core decides on (src/request.rs): CloudFront's request id, the method, the raw path, the raw
 * query without `?`, then the name and value of each header line.
 *
 * @param {import('aws-lambda').CloudFrontRequest} request
 * @param {string} requestId
 * @throws {TypeError} when a part isn't a string, or has a lone surrogate
 */
export function requestText({ method, uri, querystring, headers }, requestId) {
  return textOf([requestId, method, uri, querystring], headers);
}

/**
 * The response that the core translates (src/origin_response.rs): CloudFront's request id, the request's method, path
 * and query, who answered, whether the request has Content-MD5, the status, then the name and value of each header
 * line.
 *
 * @param {import('aws-lambda').CloudFrontRequest} request as the origin received it
 * @param {import('aws-lambda').CloudFrontResponse} response
 * @param {string} requestId
 * @throws {TypeError} when a part isn't a string, or has a lone surrogate
 */
export function responseText({ method, uri, querystring, headers, origin }, { status, headers: lines }, requestId) {
  const responder = origin?.custom === undefined ? 's3' : 'api';
  const contentMd5 = String('content-md5' in headers);
  return textOf([requestId, method, uri, querystring, responder, contentMd5, String(status)], lines);
}

/**
 * @param {string[]} fields @param {import('aws-lambda').CloudFrontHeaders} headers
 * @returns {Uint8Array}
 */
function textOf(fields, headers) {
  const strings = ['', ...fields];
  for (const name of Object.keys(headers)) {
    for (const { value } of headers[name]) strings.push(name, value);
  }
  strings[0] = String((strings.length - 1 - fields.length) / 2);
  // A string with a NUL counts as two, so the core finds more header lines than the number says, and refuses the text.
  if (!strings.every((string) => typeof string === 'string')) throw new TypeError('expected a string in the event');
  const text = strings.join('\0');
  // A lone surrogate has no UTF-8: the core would get, and forward, another character than the event has.
  if (!text.isWellFormed()) throw new TypeError('expected well-formed Unicode in the event');
  // Encoded here: wasm-bindgen's own conversion of strings takes four times as long.
  return Buffer.from(text);
}
