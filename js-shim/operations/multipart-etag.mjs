// The ETag that S3 gives an object of parts.

import { createHash } from 'node:crypto';

/**
 * The MD5 of the parts' MD5s, and their number. Where KMS encrypts an object, its ETag isn't that (Amazon S3 User
 * Guide, "Checking object integrity"), and this one is no other object's.
 *
 * @param {string[]} etags in quotes
 * @returns {string | undefined} in quotes; undefined where a part's ETag isn't an MD5
 */
export function multipartEtag(etags) {
  if (!etags.every((etag) => /^"[0-9a-f]{32}"$/u.test(etag))) return undefined;
  const digest = createHash('md5');
  for (const etag of etags) digest.update(etag.slice(1, -1), 'hex');
  return `"${digest.digest('hex')}-${etags.length}"`;
}
