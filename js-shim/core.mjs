// The core's functions, over text: one instance of its module.

import { Exchange } from './exchange.mjs';

/**
 * What the core says of a document that it doesn't take. The instance is as good as before, and decides by the gate
 * that it had.
 */
export class DocumentError extends Error {}

/** An image that is damaged, or that another build of the core made. */
export class ImageError extends Error {}

/**
 * @typedef {import('./exchange.mjs').Answer} Answer void when the next call is made
 *
 * @typedef {object} Core
 * @property {(config: string, accessKeys: string[]) => void} readGate has it decide by documents, which are JSON
 *   texts; throws a DocumentError
 * @property {(image: Uint8Array) => void} readImage has it decide by the gate of an image; throws an ImageError
 * @property {() => Buffer} makeImage of its gate, secrets and all
 * @property {(request: import('./exchange.mjs').FlatRequest, now: number) => Answer} decide
 * @property {(handOver: string, now: number) => Answer} decideAtApi
 * @property {(response: string, now: number) => Answer} translateResponse
 * @property {(s3Code: string, requestId: string, now: number) => Answer} s3Error
 * @property {(masterSecret: string, accessKeyId: string) => string | undefined} derivedSecret
 */

/**
 * @param {WebAssembly.Module} module it has no imports: its functions take and give numbers, see src/wasm.rs
 * @returns {Core}
 */
export function instantiate(module) {
  const exports = /** @type {any} */ (new WebAssembly.Instance(module).exports);
  const exchange = new Exchange(exports);
  return {
    readGate,
    readImage,
    makeImage,
    decide: (request, now) => exchange.read(exports.decide(request.count, exchange.writeRequest(request), now)),
    decideAtApi: (handOver, now) => exchange.read(exports.decideAtApi(exchange.write(handOver), now)),
    translateResponse: (response, now) => exchange.read(exports.translateResponse(exchange.write(response), now)),
    s3Error: (s3Code, requestId, now) => exchange.read(exports.s3Error(exchange.write(`${s3Code}\0${requestId}`), now)),
    derivedSecret: (masterSecret, accessKeyId) =>
      exchange.read(exports.derivedSecret(exchange.write(`${masterSecret}\0${accessKeyId}`))).rest()[0],
  };

  /** @param {string} config @param {string[]} accessKeys */
  function readGate(config, accessKeys) {
    const characters = accessKeys.reduce((sum, { length }) => sum + length, 0);
    taken(exports.readConfig(exchange.write(config), accessKeys.length, characters));
    for (const document of accessKeys) taken(exports.readAccessKeys(exchange.write(document)));
    const parts = exports.finishGate();
    exchange.released();
    taken(parts);
  }

  /** @param {Uint8Array} image */
  function readImage(image) {
    const place = exports.imageRoom(image.length) >>> 0;
    new Uint8Array(exports.memory.buffer, place, image.length).set(image);
    if (!exports.readImage()) throw new ImageError('the image of the gate is damaged, or of another build of the core');
  }

  function makeImage() {
    const length = exports.makeImage();
    return Buffer.from(Buffer.from(exports.memory.buffer, exports.image() >>> 0, length));
  }

  /** @param {number} parts of why a document isn't taken @throws {DocumentError} */
  function taken(parts) {
    if (parts !== 0) throw new DocumentError(exchange.read(parts).next());
  }
}
