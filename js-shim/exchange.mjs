// Text in and out of the core's memory (src/exchange.rs).

/** A request's room, so that hardly any asks for more: CloudFront passes 32 KB of headers and URL. */
const ROOM = 64 * 1024;

/**
 * @typedef {object} Exchange
 * @property {(text: string) => number} write gives how many bytes it took
 * @property {(length: number) => string} read the last call's output
 * @property {() => void} released the input's memory was given back
 */

/**
 * @param {{ memory: WebAssembly.Memory, input: (bytes: number) => number, output: () => number }} exports
 * @returns {Exchange}
 */
export function createExchange({ memory, input: inputOf, output: outputOf }) {
  let bytes = Buffer.from(memory.buffer);
  let input = 0;
  let room = 0;
  return { write, read, released: () => void (room = 0) };

  /** @param {string} text */
  function write(text) {
    // A character takes three bytes at the most.
    if (text.length * 3 > room) makeRoom(Buffer.byteLength(text));
    return current().write(text, input);
  }

  /** @param {number} needed bytes */
  function makeRoom(needed) {
    if (needed <= room) return;
    room = Math.max(ROOM, needed);
    input = inputOf(room) >>> 0;
  }

  /** @param {number} length */
  function read(length) {
    const output = outputOf() >>> 0;
    return current().toString('utf8', output, output + length);
  }

  function current() {
    // Where memory has grown, what saw it before is empty.
    if (bytes.length === 0) bytes = Buffer.from(memory.buffer);
    return bytes;
  }
}
