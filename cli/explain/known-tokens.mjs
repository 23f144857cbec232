// Security tokens of captured requests. The log has only their hashes; the tokens come from the access keys or the
// caller.

import { createHash } from 'node:crypto';

/**
 * Replaces the hashes of known tokens in a request by the tokens.
 *
 * @param {import('./http-message.mjs').HttpRequest | undefined} request
 * @param {unknown} accessKeys one document or several, parsed or as texts
 * @param {string[]} others that access keys don't have: those of derived keys
 * @returns {{ request: import('./http-message.mjs').HttpRequest | undefined, missing?: string }} `missing` says why it
 *   can't be tested
 */
export function withKnownTokens(request, accessKeys, others) {
  if (request === undefined) return { request };
  const isHidden = (/** @type {string} */ value) => /^sha256-[0-9a-f]{64}$/u.test(value);
  const tokens = new Map([...tokensOf(accessKeys), ...others].map((token) => [hashOf(token), token]));
  const headers = request.headers.map(([name, value]) => {
    const isToken = /^(?:x-oss-)?security-token$/iu.test(name);
    return /** @type {[string, string]} */ ([name, isToken ? (tokens.get(value) ?? value) : value]);
  });
  const query = request.query.replace(/(?<=(?:^|&)(?:x-oss-)?security-token=)sha256-[0-9a-f]{64}/u, (hash) =>
    encodeURIComponent(tokens.get(hash) ?? hash),
  );
  const isMissing =
    headers.some(
      ([name, value]) =>
        /^(?:x-oss-)?(?:security-token)$|^cookie$|^proxy-authorization$/iu.test(name) && isHidden(value),
    ) || /(?:^|&)(?:x-oss-)?security-token=sha256-[0-9a-f]{64}/u.test(query);
  const missing = isMissing
    ? 'The request signs a security token that no access key has: without --security-tokens nothing can be tested.'
    : undefined;
  return { request: { ...request, headers, query }, missing };
}

/** @param {unknown} accessKeys @returns {string[]} */
function tokensOf(accessKeys) {
  const documents = [accessKeys]
    .flat()
    .map((document) => (typeof document === 'string' ? JSON.parse(document) : document));
  const keys = documents.flatMap((document) => Object.values(/** @type {any} */ (document) ?? {})).flat();
  return keys.flatMap((key) => (typeof key?.securityToken === 'string' ? [key.securityToken] : []));
}

/** @param {string} token */
function hashOf(token) {
  return `sha256-${createHash('sha256').update(token).digest('hex')}`;
}
