// The core's functions, over text: one instance of its module.

import { createExchange } from './exchange.mjs';
import { glue } from './wasm/oss_edge.mjs';

/** What the bindings decode their own messages with, if they ever have one: Node's TextDecoder loads ICU, at every cold start. */
class Utf8Decoder {
  /** @param {Uint8Array} [bytes] */
  decode(bytes = new Uint8Array()) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  }
}

/**
 * What the core says of a document that it doesn't take. The instance is as good as before.
 */
export class DocumentError extends Error {}

/**
 * @typedef {object} CoreGate
 * @property {(request: string, now: number) => string} decide
 * @property {(handOver: string, now: number) => string} decideAtApi
 * @property {() => void} free
 *
 * @typedef {object} Core
 * @property {(config: string, accessKeys: string[]) => CoreGate} gate of JSON texts; throws a DocumentError
 * @property {(response: string, now: number) => string} translateResponse
 * @property {(s3Code: string, requestId: string, now: number) => string} s3Error
 * @property {(masterSecret: string, accessKeyId: string) => string | undefined} derivedSecret
 */

/**
 * @param {WebAssembly.Module} module
 * @returns {Core} see src/wasm.rs
 */
export function instantiate(module) {
  // Each call of glue() has bindings of its own: no state of an earlier instance is left in them.
  const bindings = /** @type {any} */ (glue(Utf8Decoder));
  const { memory } = bindings.initSync({ module });
  const { write, read, released } = createExchange(bindings, memory);
  return {
    gate: (config, accessKeys) => {
      const gate = gateOf(config, accessKeys);
      return {
        decide: (request, now) => read(gate.decide(write(request), now)),
        decideAtApi: (handOver, now) => read(gate.decideAtApi(write(handOver), now)),
        free: () => gate.free(),
      };
    },
    translateResponse: (response, now) => read(bindings.translateResponse(write(response), now)),
    s3Error: (s3Code, requestId, now) => read(bindings.s3Error(write(`${s3Code}\0${requestId}`), now)),
    derivedSecret: (masterSecret, accessKeyId) => read(bindings.derivedSecret(write(`${masterSecret}\0${accessKeyId}`))) || undefined,
  };

  /** @param {string} config @param {string[]} accessKeys */
  function gateOf(config, accessKeys) {
    const characters = accessKeys.reduce((sum, { length }) => sum + length, 0);
    const reader = taken(bindings.GateReader.fromConfig(write(config), accessKeys.length, characters));
    try {
      for (const document of accessKeys) taken(reader.read(write(document)));
    } catch (error) {
      reader.free();
      throw error;
    }
    const gate = reader.gate();
    released();
    return taken(gate);
  }

  /** @template T @param {T | undefined} made @returns {T} */
  function taken(made) {
    if (made === undefined) throw new DocumentError(read(bindings.outputLength()));
    return made;
  }
}
