// The origin secret, which shows the authorizer or the relay that a request came through the distribution.

import { createHash, timingSafeEqual } from 'node:crypto';

import { SECRET_HEADER } from './endpoints.mjs';

/** The least characters of a secret. A shorter one could be guessed. */
const MIN_SECRET = 16;

/**
 * @param {string | undefined} originSecret one value, or several separated by spaces
 * @returns {(presented: string | undefined) => boolean} whether a value is one of the secrets
 * @throws {Error} when there is none, or one is too short
 */
export function readOriginSecrets(originSecret) {
  const secrets = (originSecret ?? '').split(/\s/u).filter(Boolean);
  if (secrets.length === 0 || secrets.some((secret) => secret.length < MIN_SECRET)) {
    throw new Error(
      `ORIGIN_SECRET: expected the value of the S3 origin's custom header ${SECRET_HEADER}, ` +
        `at least ${MIN_SECRET} characters; two values separated by a space during rotation`,
    );
  }
  const digests = secrets.map(sha256);
  return (presented) => {
    if (presented === undefined) return false;
    const actual = sha256(presented);
    // `filter` compares all of them, each in constant time.
    return digests.filter((digest) => timingSafeEqual(digest, actual)).length > 0;
  };
}

/** @param {string} text */
function sha256(text) {
  return createHash('sha256').update(text).digest();
}
