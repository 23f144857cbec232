// The seals of upload ids and of what viewer-request hands over to origin-request.

import { edgeCore } from './edge-core.mjs';
import { requestText } from './event-text.mjs';
import * as glue from '../wasm/oss_edge.js';

/**
 * @typedef {object} Upload an upload that begins
 * @property {string} s3Bucket
 * @property {string} key decoded
 * @property {string} s3UploadId S3's own id
 * @property {string} options the decision's `uploadOptions`
 *
 * @typedef {{ origin: string, remove: string[], fault?: undefined } | { fault: string }} HandOver the domain name of
 *   the request's origin, and the headers to remove; or why the request is refused, for the log
 *
 * @typedef {object} Seal
 * @property {(upload: Upload, now: number) => string | undefined} sealUploadId the upload id for the client; undefined
 *   if S3's is too long
 * @property {(request: import('aws-lambda').CloudFrontRequest, requestId: string, now: number) => HandOver}
 *   openHandOver
 */

/**
 * @param {object} options
 * @param {Uint8Array<ArrayBuffer>} options.wasm the contents of `oss_edge.wasm`
 * @param {Uint8Array} options.bytes the contents of `seal.bin`, made by the same build of the core
 * @returns {Seal}
 * @throws {Error} when the bytes are damaged, or made by another build
 */
export function createSeal({ wasm, bytes }) {
  edgeCore.start(wasm);
  withKeys(() => {});
  return {
    sealUploadId: ({ s3Bucket, key, s3UploadId, options }, now) =>
      withKeys((keys) => keys.sealUploadId(s3Bucket, key, s3UploadId, options, now)),
    openHandOver: (request, requestId, now) => {
      const text = requestText(request, requestId);
      return JSON.parse(withKeys((keys) => keys.openHandOver(text, now)));
    },
  };

  /**
   * Reads the keys anew for each call. They have few bytes, and would be lost with the core's instance.
   *
   * @template R
   * @param {(keys: glue.Seal) => R} use
   * @returns {R}
   */
  function withKeys(use) {
    return edgeCore.call(() => {
      const keys = glue.Seal.fromBytes(bytes);
      try {
        return use(keys);
      } finally {
        keys.free();
      }
    });
  }
}
