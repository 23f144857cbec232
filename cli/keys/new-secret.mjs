// Random ids and secrets, of characters that every OSS client accepts.

import { randomInt } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The length of a secret, as in OSS: 178 bits. */
export const newAccessKeySecret = () => randomText(30);

/** The beginning of an id, which makes it look like OSS's. */
export const newAccessKeyId = () => `LTAI5t${randomText(18)}`;

/** The length of a master secret, from which all devices' secrets derive: 285 bits, more than HMAC-SHA256 uses. */
export const newMasterSecret = () => randomText(48);

/** The characters of a token: visible ASCII that a query doesn't encode. */
export const newSecurityToken = () => `CAIS${randomText(60)}`;

/** @param {number} length */
function randomText(length) {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
