// CRC-64/XZ, which OSS answers as `x-oss-hash-crc64ecma`: the polynomial of ECMA-182, reflected.

import { createCRC64 } from 'hash-wasm';

/** One for every checksum: each keeps its own state, of 12 bytes, between pieces. */
const hasher = createCRC64('c96c5795d7870f42');

/** The checksum of bytes that come in pieces. */
export class Crc64 {
  #hasher;
  #state;

  /** @param {Awaited<typeof hasher>} shared */
  constructor(shared) {
    this.#hasher = shared;
    this.#state = shared.init().save();
  }

  static async create() {
    return new Crc64(await hasher);
  }

  /** @param {Uint8Array} bytes */
  update(bytes) {
    this.#state = this.#hasher.load(this.#state).update(bytes).save();
  }

  /** Of the bytes so far, as the decimal number that OSS answers. */
  digest() {
    return String(BigInt(`0x${this.#hasher.load(this.#state).digest('hex')}`));
  }
}
