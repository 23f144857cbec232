// The core's functions, over text, and over CloudFront's request, which is encoded straight into the core's memory. Each is
// on its own, so that a function's bundle has those that it calls.

import { flatten } from '../edge/cloudfront-event.mjs';
import { Exchange } from './exchange.mjs';

/**
 * One instance of the core's module.
 *
 * @typedef {{ exports: any, exchange: Exchange }} Core `exports` take and give numbers, see src/wasm.rs
 */

/**
 * What the core says of a document that it doesn't take. The instance is as good as before, and decides by the gate
 * that it had.
 */
export class DocumentError extends Error {}

/** An image that is damaged, or that another build of the core made. */
export class ImageError extends Error {}

/**
 * @param {WebAssembly.Module} module it has no imports
 * @returns {Core}
 */
export function instantiate(module) {
  const exports = /** @type {any} */ (new WebAssembly.Instance(module).exports);
  return { exports, exchange: new Exchange(exports) };
}

/**
 * @param {Core} core @param {import('../edge/cloudfront-event.mjs').CloudFrontRequest} request @param {string} requestId
 * @param {number} now
 * @returns {string[]} the answer's parts
 */
export function decide({ exports, exchange }, request, requestId, now) {
  const text = flatten(request, requestId, exchange.lengths);
  return exchange.readAfterRequest(text, exports.decide(exchange.lengths.count, exchange.writeRequest(text), now));
}

/** @param {Core} core @param {string} handOver @param {number} now @returns {string[]} the answer's parts */
export function decideAtApi({ exports, exchange }, handOver, now) {
  return exchange.read(exports.decideAtApi(exchange.write(handOver), now));
}

/** @param {Core} core @param {string} response @param {number} now @returns {string[]} the answer's parts */
export function translateResponse({ exports, exchange }, response, now) {
  return exchange.read(exports.translateResponse(exchange.write(response), now));
}

/** @param {Core} core @param {string} s3Code @param {string} requestId @param {number} now @returns {string[]} the answer's parts */
export function s3Error({ exports, exchange }, s3Code, requestId, now) {
  return exchange.read(exports.s3Error(exchange.write(`${s3Code}\0${requestId}`), now));
}

/** @param {Core} core @param {string} masterSecret @param {string} accessKeyId @returns {string | undefined} */
export function derivedSecret({ exports, exchange }, masterSecret, accessKeyId) {
  return exchange.read(exports.derivedSecret(exchange.write(`${masterSecret}\0${accessKeyId}`)))[0];
}

/**
 * Has it decide by the gate of documents.
 *
 * @param {Core} core
 * @param {string} config a JSON text @param {string[]} accessKeys JSON texts
 * @throws {DocumentError} and then the gate stays that it had
 */
export function readGate({ exports, exchange }, config, accessKeys) {
  const characters = accessKeys.reduce((sum, { length }) => sum + length, 0);
  taken(exports.readConfig(exchange.write(config), accessKeys.length, characters));
  for (const document of accessKeys) taken(exports.readAccessKeys(exchange.write(document)));
  const parts = exports.finishGate();
  exchange.released();
  taken(parts);
  learnBucketTexts({ exports, exchange });

  /** @param {number} parts of why a document isn't taken */
  function taken(parts) {
    if (parts !== 0) throw new DocumentError(exchange.read(parts)[0]);
  }
}

/**
 * Has it decide by the gate of an image.
 *
 * @param {Core} core @param {Uint8Array} image
 * @throws {ImageError} and then the gate stays that it had
 */
export function readImage({ exports, exchange }, image) {
  const place = exports.imageRoom(image.length) >>> 0;
  new Uint8Array(exports.memory.buffer, place, image.length).set(image);
  if (!exports.readImage()) throw new ImageError('the image of the gate is damaged, or of another build of the core');
  learnBucketTexts({ exports, exchange });
}

/** What answers name of a gate's buckets. @param {Core} core */
function learnBucketTexts({ exports, exchange }) {
  exchange.useBucketTexts(exchange.read(exports.bucketTexts()));
}

/** The image of its gate, secrets and all. @param {Core} core */
export function makeImage({ exports }) {
  const length = exports.makeImage();
  return Buffer.from(Buffer.from(exports.memory.buffer, exports.image() >>> 0, length));
}
