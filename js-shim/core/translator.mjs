// The core's translations of S3's answers. They need neither configuration nor access keys.

import { coreInstance } from './core-instance.mjs';
import { s3Error, translateResponse } from './core.mjs';

/**
 * @typedef {object} Translator
 * @property {(response: import('../edge/cloudfront-event.mjs').ResponseView, now: number) =>
 *   import('./decision.mjs').Translation} translateResponse
 * @property {(s3Code: string, requestId: string, now: number) => import('./decision.mjs').OssErrorAnswer} s3Error
 *   OSS's error for one of S3's
 */

/**
 * @param {Uint8Array<ArrayBuffer>} wasm
 * @returns {Translator}
 */
export function createTranslator(wasm) {
  const instance = coreInstance(wasm);
  return {
    translateResponse: (response, now) => instance.call((core) => translateResponse(core, response, now)),
    s3Error: (s3Code, requestId, now) => instance.call((core) => s3Error(core, s3Code, requestId, now)),
  };
}
