// The option with the endpoint of the API or the relay that a deployment made.

import { UsageError } from './usage-error.mjs';

/**
 * @param {string | undefined} url
 * @returns {import('./deployment.mjs').Endpoint | undefined}
 * @throws {UsageError} when it isn't an HTTPS URL of a domain and a path
 */
export function endpointOf(url) {
  if (url === undefined) return undefined;
  const [, domain, path] = /^https:\/\/([a-z0-9.-]+)((?:\/[A-Za-z0-9_-]+)*)\/?$/u.exec(url) ?? [];
  if (domain === undefined) {
    throw new UsageError('--endpoint: expected a URL, as in https://abc123.execute-api.us-east-1.amazonaws.com/v1');
  }
  return { domain, path };
}
