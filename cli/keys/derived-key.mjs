// The secrets of derived keys, as the core derives them.

import { derivedSecret } from '../../js-shim/core/gate.mjs';

const EXPECTED =
  'a master secret of 32 to 256 visible ASCII characters, and an id `OE1.MASTER.DEVICE`, ' +
  'optionally followed by `.eEXPIRY` and `.sSCOPE`';

/**
 * @param {Uint8Array<ArrayBuffer>} wasm
 * @returns {(masterSecret: string, accessKeyId: string) => string} the AccessKeySecret; throws an Error that quotes
 *   neither the secret nor the id
 */
export function createDeriver(wasm) {
  return (masterSecret, accessKeyId) => {
    const secret = derivedSecret(wasm, masterSecret, accessKeyId);
    if (secret === undefined) throw new Error(`expected ${EXPECTED}`);
    return secret;
  };
}
