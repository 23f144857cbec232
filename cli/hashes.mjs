// SHA-256 of what is bundled. That of a zip is its owner's: it has the configuration and secrets in it. Those of the code
// and of the WebAssembly are the same for everybody who bundles a release, and are published with it.

import { createHash } from 'node:crypto';

/** @param {Uint8Array} bytes @param {'hex' | 'base64'} [encoding] */
export function sha256(bytes, encoding = 'hex') {
  return createHash('sha256').update(bytes).digest(encoding);
}

/**
 * Of index.mjs without its first line, which has the configuration.
 *
 * @param {Uint8Array} index
 */
export function codeHash(index) {
  return sha256(index.subarray(index.indexOf(0x0a) + 1));
}
