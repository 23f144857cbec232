/** The message by which the holder of a range allows an account of AWS to announce it, and its signature. */
import { constants, createPublicKey, sign, verify } from 'node:crypto';

/** @typedef {import('node:crypto').KeyObject} KeyObject */
/** @typedef {{ message: string, signature: string }} Authorization */

/** As long as the digest: what openssl's `rsa_pss_saltlen:-1` means. */
const SALT_BYTES = 32;

/**
 * @param {import('./plan.mjs').ByoipPlan} plan
 * @param {string} range
 */
export function messageOf({ partition, account, expires }, range) {
  return `1|${partition}|${account}|${range}|${expires.replaceAll('-', '')}|SHA256|RSAPSS`;
}

/** @param {string} message @param {KeyObject} privateKey @returns {Authorization} */
export function authorization(message, privateKey) {
  const key = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_BYTES };
  return { message, signature: encoded(sign('sha256', Buffer.from(message), key)) };
}

/** @param {Authorization} authorization @param {KeyObject} publicKey @returns {boolean} */
export function isSignedBy({ message, signature }, publicKey) {
  const key = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_BYTES };
  return verify('sha256', Buffer.from(message), key, decoded(signature));
}

/** AWS's alphabet for base64: `-`, `~` and `_` for `+`, `/` and `=`. @param {Buffer} bytes */
export function encoded(bytes) {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '~').replaceAll('=', '_');
}

/** @param {string} text */
function decoded(text) {
  return Buffer.from(text.replaceAll('-', '+').replaceAll('~', '/').replaceAll('_', '='), 'base64');
}

/**
 * @param {KeyObject} privateKey
 * @param {string} name of its file, for messages
 * @throws {Error} when it isn't RSA with 2048 bits, which is all that AWS takes
 */
export function checkKey(privateKey, name) {
  const bits = privateKey.asymmetricKeyDetails?.modulusLength;
  if (privateKey.asymmetricKeyType !== 'rsa' || bits !== 2048) {
    throw new Error(
      `${name}: expected an RSA key of 2048 bits, found ${privateKey.asymmetricKeyType} of ${bits ?? '?'} bits`,
    );
  }
}

/** @param {KeyObject} privateKey */
export const publicOf = (privateKey) => createPublicKey(privateKey);
