// The core's translations of what S3 answered. They need neither configuration nor access keys.

import { coreInstance } from './core-instance.mjs';
import { s3Error, translateResponse } from './core.mjs';
import { readReplacement, readTranslation } from './decision.mjs';

/**
 * @typedef {object} Translator
 * @property {(response: string, now: number) => ReturnType<typeof readTranslation>} translateResponse see src/wasm.rs
 * @property {(s3Code: string, requestId: string, now: number) => import('./decision.mjs').Replacement} s3Error OSS's
 *   error for one of S3's
 */

/**
 * @param {Uint8Array<ArrayBuffer>} wasm
 * @returns {Translator}
 */
export function createTranslator(wasm) {
  const instance = coreInstance(wasm);
  return {
    translateResponse: (response, now) => readTranslation(instance.call(translateResponse, response, now)),
    s3Error: (s3Code, requestId, now) => readReplacement(instance.call(s3Error, s3Code, requestId, now)),
  };
}
