// The core's functions. Their arguments and results cross as texts in the core's memory.

import { readApiDecision, readDecision, readError, readTranslation } from './answer-parts.mjs';
import { Exchange } from './exchange.mjs';

/**
 * One instance of the core's module.
 *
 * @typedef {{ exports: any, exchange: Exchange }} Core `exports` take and return numbers, see src/wasm.rs
 */

/** A document was refused. The instance decides as before. */
export class DocumentError extends Error {}

/** The bytes of a gate are damaged, or were made by another build of the core. */
export class GateBytesError extends Error {}

/**
 * @param {WebAssembly.Module} module without imports
 * @returns {Core}
 */
export function instantiate(module) {
  const exports = /** @type {any} */ (new WebAssembly.Instance(module).exports);
  return { exports, exchange: new Exchange(exports) };
}

/** @param {Core} core @param {import('../edge/cloudfront-event.mjs').RequestView} request @param {number} now */
export function decide({ exports, exchange }, request, now) {
  const text = exchange.lengths.write(request);
  return readDecision(
    exchange.readAfterRequest(text, exports.decide(exchange.lengths.count, exchange.writeRequest(text), now)),
  );
}

/** @param {Core} core @param {string} handOver @param {number} now */
export function decideAtApi({ exports, exchange }, handOver, now) {
  return readApiDecision(exchange.read(exports.decideAtApi(exchange.write(handOver), now)));
}

/** @param {Core} core @param {import('../edge/cloudfront-event.mjs').ResponseView} response @param {number} now */
export function translateResponse(
  { exports, exchange },
  { requestId, method, query, responder, contentMd5, status, headers },
  now,
) {
  const text = [requestId, method, query, responder, contentMd5 ? 'md5' : '', status, ...headers.flat()].join('\0');
  return readTranslation(exchange.read(exports.translateResponse(exchange.write(text), now)));
}

/** @param {Core} core @param {string} s3Code @param {string} requestId @param {number} now */
export function s3Error({ exports, exchange }, s3Code, requestId, now) {
  return readError(exchange.read(exports.s3Error(exchange.write(`${s3Code}\0${requestId}`), now)));
}

/** @param {Core} core @param {string} masterSecret @param {string} accessKeyId @returns {string | undefined} */
export function derivedSecret({ exports, exchange }, masterSecret, accessKeyId) {
  return exchange.read(exports.derivedSecret(exchange.write(`${masterSecret}\0${accessKeyId}`)))[0];
}

/**
 * Makes the instance decide by documents.
 *
 * @param {Core} core
 * @param {string} config a JSON text @param {string[]} accessKeys JSON texts
 * @throws {DocumentError} and then it decides as before
 */
export function useDocuments({ exports, exchange }, config, accessKeys) {
  const check = (/** @type {number} */ parts) => {
    if (parts !== 0) throw new DocumentError(exchange.read(parts)[0]);
  };
  const characters = accessKeys.reduce((sum, { length }) => sum + length, 0);
  check(exports.readConfig(exchange.write(config), accessKeys.length, characters));
  for (const document of accessKeys) check(exports.readAccessKeys(exchange.write(document)));
  const parts = exports.finishGate();
  exchange.released();
  check(parts);
  exchange.useBucketTexts(exchange.read(exports.bucketTexts()));
}

/**
 * Makes the instance decide by the bytes of a gate.
 *
 * @param {Core} core @param {Uint8Array} bytes
 * @throws {GateBytesError} and then it decides as before
 */
export function useBytes({ exports, exchange }, bytes) {
  const place = exports.imageRoom(bytes.length) >>> 0;
  new Uint8Array(exports.memory.buffer, place, bytes.length).set(bytes);
  if (!exports.readImage()) throw new GateBytesError('gate.bin is damaged, or was made by another build of the core');
  exchange.useBucketTexts(exchange.read(exports.bucketTexts()));
}

/** The bytes of the instance's gate, with all secrets. @param {Core} core @returns {Uint8Array} */
export function gateBytes({ exports }) {
  const length = exports.makeImage();
  return new Uint8Array(exports.memory.buffer, exports.image() >>> 0, length).slice();
}
