// The origin-request function: verifies the seal of viewer-request, and keeps the S3 origin or replaces it with API
// Gateway or the relay.

import { createSeal } from '../core/seal.mjs';
import { readEvent } from './cloudfront-event.mjs';
import { isBucket, toEndpoint } from './endpoints.mjs';
import { detailOf, failClosed } from './fail-closed.mjs';
import { writeLogLine } from '../log.mjs';
import { MISSING_CONTENT_LENGTH } from './oss-error.mjs';

/** @typedef {import('./endpoints.mjs').Endpoint} Endpoint */

/**
 * @param {object} options
 * @param {Uint8Array<ArrayBuffer>} options.wasm the contents of `oss_edge.wasm`
 * @param {Uint8Array} options.seal the contents of `seal.bin`
 * @param {Endpoint} [options.api] undefined if there is none
 * @param {Endpoint} [options.relay] undefined if there is none
 * @param {() => number} [options.now] milliseconds since the epoch
 * @param {(line: import('../log.mjs').LogLine) => void} [options.log]
 * @returns {(event: import('aws-lambda').CloudFrontRequestEvent) =>
 *   Promise<import('aws-lambda').CloudFrontRequestResult>}
 * @throws {Error} when the seal's bytes are damaged, or made by another build
 */
export function createOriginRequest({ wasm, seal: bytes, api, relay, now = Date.now, log = writeLogLine }) {
  const seal = createSeal({ wasm, bytes });
  return async (event) => {
    const time = now();
    /** @param {string} detail @param {Readonly<import('./oss-error.mjs').OssError>} [error] */
    const refused = (detail, error) => failClosed({ function: 'origin-request', detail, error, event, now: time, log });
    try {
      const { request, requestId } = readEvent(event);
      const handOver = seal.openHandOver(request, requestId, time);
      if (handOver.fault !== undefined) return refused(handOver.fault);
      const { origin, remove } = handOver;
      for (const name of Object.keys(request.headers)) {
        if (remove.includes(name.toLowerCase())) delete request.headers[name];
      }
      if (!isBucket(request, origin)) return toEndpoint(request, origin, { api, relay });
      return isFramedInChunks(request) ? refused(FRAMED_IN_CHUNKS, MISSING_CONTENT_LENGTH) : request;
    } catch (error) {
      return refused(detailOf(error));
    }
  };
}

const FRAMED_IN_CHUNKS = 'S3 would get the body in chunks, or their framing as content: a `relay` takes such a body';

/**
 * Whether S3 would get chunks. S3 refuses them; or, if CloudFront follows a Content-Length beside them, stores their
 * framing as content.
 *
 * @param {import('aws-lambda').CloudFrontRequest} request
 */
function isFramedInChunks({ method, headers }) {
  return method === 'PUT' && 'transfer-encoding' in headers;
}
