// The seals of upload ids and of what viewer-request hands over to origin-request.

import { edgeCore } from './edge-core.mjs';
import { requestText } from './event-text.mjs';
import * as glue from '../wasm/oss_edge.js';

/**
 * @typedef {object} Upload that begins
 * @property {string} s3Bucket
 * @property {string} key decoded
 * @property {string} s3UploadId S3's own id
 * @property {string} options as the authorizer's decision has them
 *
 * @typedef {{ origin: string, remove: string[], fault?: undefined } | { fault: string }} HandOver the domain name of the
 *   origin that the request is for and the headers to remove; or why it goes nowhere, for the log
 *
 * @typedef {object} Seal
 * @property {(upload: Upload, now: number) => string | undefined} sealUploadId the client's id of an upload; undefined if
 *   S3's has no room in one
 * @property {(request: import('aws-lambda').CloudFrontRequest, requestId: string, now: number) => HandOver} openHandOver
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
   * Reads the keys for each call. They are few bytes, and what was made in an instance of the core is gone when that is.
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
