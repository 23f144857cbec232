// Reads HTTP requests in the forms that people have: raw text, output of `curl -v`, HAR files, events of CloudFront.

/**
 * @typedef {import('./signed-text.mjs').Pair} Pair
 *
 * @typedef {object} HttpRequest
 * @property {string} method
 * @property {string} path raw
 * @property {string} query raw, without its question mark
 * @property {Pair[]} headers in the order and case in which they were sent, where that is known
 * @property {Buffer} [body] where all of it is known
 * @property {number} [time] when it was sent, in milliseconds since the epoch
 */

/**
 * The requests in the output of `curl -v`, from the lines that begin with `> `. Their time is the Date of the answer.
 *
 * @param {string} text
 * @returns {HttpRequest[]}
 */
export function requestsOfCurl(text) {
  return text.split(/^(?=> [A-Z]+ \S+ HTTP)/mu).flatMap((part) => {
    const lines = (/** @type {RegExp} */ mark) =>
      part
        .split(/\r?\n/u)
        .filter((line) => mark.test(line))
        .map((line) => line.slice(2));
    const [first, ...headers] = lines(/^> ./u);
    const request = requestOf(first ?? '', headers);
    const date = lines(/^< date:/iu)[0]?.slice('date:'.length);
    return request === undefined
      ? []
      : [{ ...request, time: date === undefined ? undefined : Date.parse(date) || undefined }];
  });
}

/**
 * Parses a raw HTTP/1.1 request.
 *
 * @param {string} text
 * @returns {HttpRequest | undefined} undefined if it isn't one
 */
export function requestOfText(text) {
  const [head, ...rest] = text.split(/\r?\n\r?\n/u);
  const [first, ...headers] = head.split(/\r?\n/u);
  const request = requestOf(first, headers);
  const length = request?.headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
  const body = Buffer.from(text.slice(head.length).replace(/^\r?\n\r?\n/u, ''));
  const isWhole = length !== undefined && Number(length) === body.length && (rest.length > 0 || body.length === 0);
  return request && { ...request, body: isWhole ? body : undefined };
}

/**
 * The requests of a HAR file that have an OSS signature.
 *
 * @param {any} har
 * @returns {HttpRequest[]}
 */
export function requestsOfHar(har) {
  return har.log.entries.flatMap((/** @type {any} */ entry) => {
    const { request, startedDateTime } = Object(entry);
    const [, host, path, query = ''] = /^https?:\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?/u.exec(request?.url) ?? [];
    if (host === undefined) return [];
    const headers = [request.headers ?? []]
      .flat()
      .map((/** @type {any} */ line) => /** @type {Pair} */ ([String(line?.name), String(line?.value)]))
      // HTTP/2's pseudo-headers repeat the method, the host and the path.
      .filter(([name]) => !name.startsWith(':'));
    if (!headers.some((/** @type {Pair} */ [name]) => name.toLowerCase() === 'host')) headers.unshift(['Host', host]);
    const text = request.postData?.text;
    const body = typeof text === 'string' ? Buffer.from(text) : undefined;
    const time = Date.parse(startedDateTime) || undefined;
    const one = { method: String(request.method), path: path || '/', query, headers, body, time };
    return isSigned(one) ? [one] : [];
  });
}

/** @param {import('aws-lambda').CloudFrontRequest} request @returns {HttpRequest} */
export function requestOfEvent({ method, uri, querystring, headers }) {
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map(({ key, value }) => /** @type {Pair} */ ([String(key ?? name), String(value)])),
  );
  return { method: String(method), path: String(uri), query: String(querystring ?? ''), headers: lines };
}

/**
 * The request as CloudFront shows it to viewer-request.
 *
 * @param {HttpRequest} request
 * @returns {import('aws-lambda').CloudFrontRequest}
 */
export function eventRequestOf({ method, path, query, headers }) {
  /** Without a prototype: a header may be called `__proto__`. @type {import('aws-lambda').CloudFrontHeaders} */
  const fields = Object.create(null);
  for (const [key, value] of headers) {
    (fields[key.toLowerCase().toWellFormed()] ??= []).push({ key, value: value.toWellFormed() });
  }
  const [uri, querystring] = [path.toWellFormed(), query.toWellFormed()];
  return { clientIp: '', method: method.toWellFormed(), uri, querystring, headers: fields };
}

/** @param {HttpRequest} request */
function isSigned({ query, headers }) {
  const inHeader = headers.some(([name, value]) => name.toLowerCase() === 'authorization' && /^OSS/u.test(value));
  return inHeader || /(?:^|&)(?:Signature|x-oss-signature)=/u.test(query);
}

/** @param {string} first the request line @param {string[]} lines @returns {HttpRequest | undefined} */
function requestOf(first, lines) {
  const [, method, target] = /^([A-Z]+) (\S+) HTTP\/[\d.]+$/u.exec(first.trim()) ?? [];
  if (target === undefined) return undefined;
  const [, path, query = ''] = /^(?:https?:\/\/[^/]*)?([^?]*)(?:\?(.*))?$/u.exec(target) ?? [];
  const headers = lines.flatMap((line) => {
    const [, name, value] = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/u.exec(line) ?? [];
    return name === undefined ? [] : [/** @type {Pair} */ ([name, value])];
  });
  return { method, path, query, headers };
}
