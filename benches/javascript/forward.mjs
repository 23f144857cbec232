// The request that goes on, made of a decision to forward.

const READ_ONLY = ['host', 'content-length', 'transfer-encoding', 'via', 'cdn-loop'];

/** @param {any} request @param {import('./translate.mjs').Forward} forward */
export function applied(request, { uri, query, headers }) {
  /** @type {Record<string, { key: string, value: string }[]>} */
  const kept = {};
  for (const name of READ_ONLY) {
    const lines = request.headers[name];
    if (lines !== undefined) kept[name] = lines;
  }
  for (const [key, value] of headers) kept[key] = [{ key, value }];
  const { clientIp, method, body } = request;
  /** @type {any} */
  const forwarded = { clientIp, headers: kept, method, querystring: query, uri };
  if (body !== undefined) forwarded.body = body;
  return forwarded;
}
