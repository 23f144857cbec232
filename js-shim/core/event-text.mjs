// Requests and responses of CloudFront as the core reads them: strings separated by NUL, in UTF-8.

/**
 * What the core decides on (src/request.rs): strings separated by NUL. How many header lines there are, CloudFront's
 * request id, the method, the raw path, the raw query without `?`, then each line's name and value.
 *
 * @param {import('aws-lambda').CloudFrontRequest} request
 * @param {string} requestId
 * @throws {TypeError} when one of them is no string, or has half a surrogate pair
 */
export function requestText({ method, uri, querystring, headers }, requestId) {
  return textOf([requestId, method, uri, querystring], headers);
}

/**
 * What the core translates (src/origin_response.rs), in the same way: CloudFront's request id, the request's method, path
 * and query, who answered, whether the request has Content-MD5, the status, then the header lines.
 *
 * @param {import('aws-lambda').CloudFrontRequest} request as the origin received it
 * @param {import('aws-lambda').CloudFrontResponse} response
 * @param {string} requestId
 * @throws {TypeError} when one of them is no string, or has half a surrogate pair
 */
export function responseText({ method, uri, querystring, headers, origin }, { status, headers: lines }, requestId) {
  const responder = origin?.custom === undefined ? 's3' : 'api';
  return textOf([requestId, method, uri, querystring, responder, String('content-md5' in headers), String(status)], lines);
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
  // A string with NUL passes: then there are more strings than the number says, and the core refuses them.
  if (!strings.every((string) => typeof string === 'string')) throw new TypeError('expected a string in the event');
  const text = strings.join('\0');
  // Half a surrogate pair has no UTF-8: the core would read and forward another character than the event has.
  if (!text.isWellFormed()) throw new TypeError('expected well-formed Unicode in the event');
  // Encoded here, because what wasm-bindgen generates for a string takes four times as long.
  return Buffer.from(text);
}
