// The core's functions, over text: one instance of its module.

import { createExchange } from './exchange.mjs';

/**
 * What the core says of a document that it doesn't take. The instance is as good as before, and decides by the gate
 * that it had.
 */
export class DocumentError extends Error {}

/**
 * @typedef {object} Core
 * @property {(config: string, accessKeys: string[]) => void} readGate has it decide by documents, which are JSON
 *   texts; throws a DocumentError
 * @property {(request: string, now: number) => string} decide
 * @property {(handOver: string, now: number) => string} decideAtApi
 * @property {(response: string, now: number) => string} translateResponse
 * @property {(s3Code: string, requestId: string, now: number) => string} s3Error
 * @property {(masterSecret: string, accessKeyId: string) => string | undefined} derivedSecret
 */

/**
 * @param {WebAssembly.Module} module it has no imports: its functions take and give numbers, see src/wasm.rs
 * @returns {Core}
 */
export function instantiate(module) {
  const exports = /** @type {any} */ (new WebAssembly.Instance(module).exports);
  const { write, read, released } = createExchange(exports);
  return {
    readGate,
    decide: (request, now) => read(exports.decide(write(request), now)),
    decideAtApi: (handOver, now) => read(exports.decideAtApi(write(handOver), now)),
    translateResponse: (response, now) => read(exports.translateResponse(write(response), now)),
    s3Error: (s3Code, requestId, now) => read(exports.s3Error(write(`${s3Code}\0${requestId}`), now)),
    derivedSecret: (masterSecret, accessKeyId) => read(exports.derivedSecret(write(`${masterSecret}\0${accessKeyId}`))) || undefined,
  };

  /** @param {string} config @param {string[]} accessKeys */
  function readGate(config, accessKeys) {
    const characters = accessKeys.reduce((sum, { length }) => sum + length, 0);
    taken(exports.readConfig(write(config), accessKeys.length, characters));
    for (const document of accessKeys) taken(exports.readAccessKeys(write(document)));
    const length = exports.finishGate();
    released();
    taken(length);
  }

  /** @param {number} length of why a document isn't taken @throws {DocumentError} */
  function taken(length) {
    if (length !== 0) throw new DocumentError(read(length));
  }
}
