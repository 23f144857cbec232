// SHA-256 hashes of bundles. The hashes of the code and of the WebAssembly are the same for everybody who bundles a
// release, and are published with it. The hash of a zip isn't: the zip contains the configuration and secrets.

import { createHash } from 'node:crypto';

/** @param {Uint8Array} bytes @param {'hex' | 'base64'} [encoding] */
export function sha256(bytes, encoding = 'hex') {
  return createHash('sha256').update(bytes).digest(encoding);
}

/**
 * The hash of index.mjs without its first line, which has the configuration.
 *
 * @param {Uint8Array} index
 */
export function codeHash(index) {
  return sha256(index.subarray(index.indexOf(0x0a) + 1));
}
