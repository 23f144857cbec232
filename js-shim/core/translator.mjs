// Translates S3's answers, by the core. It needs neither a configuration nor access keys.

import { responseText } from './event-text.mjs';
import * as glue from '../wasm/oss_edge.js';
import { edgeCore } from './edge-core.mjs';

/**
 * @typedef {object} Translator
 * @property {(request: import('aws-lambda').CloudFrontRequest, response: import('aws-lambda').CloudFrontResponse,
 *   requestId: string, now: number) => import('./decision.mjs').Translation} translateResponse what the client gets
 * @property {(s3Code: string, method: string, requestId: string, now: number) =>
 *   import('./decision.mjs').OssErrorAnswer} s3Error OSS's error for a code of S3
 */

/**
 * @param {Uint8Array<ArrayBuffer>} wasm the contents of `oss_edge.wasm`
 * @returns {Translator}
 */
export function createTranslator(wasm) {
  edgeCore.start(wasm);
  return {
    translateResponse: (request, response, requestId, now) => {
      const text = responseText(request, response, requestId);
      return JSON.parse(edgeCore.call(() => glue.translateResponse(text, now)));
    },
    s3Error: (s3Code, method, requestId, now) =>
      JSON.parse(edgeCore.call(() => glue.s3Error(s3Code, method, requestId, now))),
  };
}
