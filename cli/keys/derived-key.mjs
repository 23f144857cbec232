// The secrets of derived keys, as the core derives them.

import { coreInstance } from '../../js-shim/core/core-instance.mjs';
import { derivedSecret } from '../../js-shim/core/core.mjs';

/**
 * @param {Uint8Array<ArrayBuffer>} wasm
 * @returns {(masterSecret: string, accessKeyId: string) => string} the AccessKeySecret; throws an Error that says
 *   what is wrong with the master secret or the id, and repeats neither
 */
export function createDeriver(wasm) {
  const instance = coreInstance(wasm);
  return (masterSecret, accessKeyId) => {
    const secret = instance.call(derivedSecret, masterSecret, accessKeyId);
    if (secret === undefined) throw new Error(`expected ${EXPECTED}`);
    return secret;
  };
}

const EXPECTED =
  'a master secret of 32 to 256 visible ASCII characters, and an id `OE1.MASTER.DEVICE`, maybe with `.eEXPIRY` and `.sSCOPE`';
