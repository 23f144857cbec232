/**
 * The CORS section of a response headers policy (CloudFront Developer Guide, "Understand response headers policies").
 */

/** @typedef {import('../deploy/distribution.mjs').CorsPolicy} CorsPolicy */

/**
 * An origin's answer with the headers that let the page read it. They replace the origin's own.
 *
 * @param {import('./viewer-response.mjs').ViewerResponse} answer
 * @param {CorsPolicy | undefined} policy
 * @param {string | undefined} origin as the viewer sent it
 * @returns {import('./viewer-response.mjs').ViewerResponse}
 */
export function withCorsHeaders(answer, policy, origin) {
  const allowed = policy?.origins.find((known) => known === '*' || known === origin);
  if (policy === undefined || origin === undefined || allowed === undefined) return answer;
  /** @type {[name: string, value: string][]} */
  const set = [
    ['Access-Control-Allow-Origin', allowed],
    ['Access-Control-Expose-Headers', policy.exposedHeaders.join(', ')],
    ...(allowed === '*' ? [] : [/** @type {[string, string]} */ (['Vary', 'Origin'])]),
  ];
  const replaced = new Set(set.map(([name]) => name.toLowerCase()));
  const kept = answer.headers.filter(([name]) => !replaced.has(name.toLowerCase()));
  return { ...answer, headers: [...kept, ...set.filter(([, value]) => value !== '')] };
}
