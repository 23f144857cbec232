/** The pre-shared keys of the two tunnels. Messages never have a key. */
import { randomInt } from 'node:crypto';

import { PRE_SHARED_KEY } from './rules.mjs';

/** @typedef {{ tunnel1_key: string, tunnel2_key: string }} VpnKeys */

const NAMES = /** @type {const} */ (['tunnel1_key', 'tunnel2_key']);

/** Of the characters that both sides take, those that nobody has to quote. */
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** 281 bits each. @returns {VpnKeys} */
export function newKeys() {
  return { tunnel1_key: newKey(), tunnel2_key: newKey() };
}

/**
 * @param {unknown} document
 * @param {string} name of the document, for messages
 * @returns {VpnKeys}
 * @throws {Error} with the field's path, and without what was found
 */
export function checkedKeys(document, name) {
  const keys = /** @type {Record<string, unknown>} */ (
    typeof document === 'object' && document !== null && !Array.isArray(document) ? document : {}
  );
  for (const field of NAMES) {
    const key = keys[field];
    if (typeof key !== 'string' || !PRE_SHARED_KEY.test(key)) {
      throw new Error(
        `${name}: ${field}: expected 8 to 64 letters, digits, periods and underscores, not a zero first ` +
          '(what AWS and Alibaba Cloud both take)',
      );
    }
  }
  const unknown = Object.keys(keys).find((field) => !NAMES.some((known) => known === field));
  if (unknown !== undefined) throw new Error(`${name}: ${unknown}: unknown field, expected ${NAMES.join(' and ')}`);
  if (keys.tunnel1_key === keys.tunnel2_key) {
    throw new Error(`${name}: tunnel2_key: expected another key than tunnel1_key`);
  }
  return /** @type {VpnKeys} */ (keys);
}

/** Short keys: whoever records IKE's handshake can try them at leisure. @param {VpnKeys} keys @returns {string[]} */
export function keyWarnings(keys) {
  return NAMES.filter((name) => keys[name].length < 20).map((name) => `${name}: has fewer than 20 characters`);
}

function newKey() {
  return Array.from({ length: 48 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
