// The memory of this process and of its WebAssembly instances, in MiB.

import { setTimeout } from 'node:timers/promises';

const MIB = 1024 * 1024;
const READINGS = 10;
const PAUSE_MILLIS = 100;

/**
 * Remembers the memory of each instance that is made from now on.
 *
 * @returns {() => number} their size together
 */
export function watchWasmMemory() {
  /** @type {WebAssembly.Memory[]} */
  const memories = [];
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(target, [module, imports]) {
      const instance = new target(module, imports);
      memories.push(/** @type {WebAssembly.Memory} */ (instance.exports.memory));
      return instance;
    },
  });
  return () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) / MIB;
}

/**
 * Resident memory, the least of some readings: V8's threads give freed pages back a while after a collection.
 *
 * @returns {Promise<number>}
 */
export async function residentMib() {
  let least = Infinity;
  for (let reading = 0; reading < READINGS; reading += 1) {
    globalThis.gc?.();
    await setTimeout(PAUSE_MILLIS);
    least = Math.min(least, process.memoryUsage.rss());
  }
  return least / MIB;
}
