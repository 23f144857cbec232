// The memory of this process, and of the WebAssembly instances that it makes.

/** @returns {WebAssembly.Memory[]} those of all instances that are made from now on */
export function watchMemories() {
  /** @type {WebAssembly.Memory[]} */
  const memories = [];
  const Original = WebAssembly.Instance;
  WebAssembly.Instance = /** @type {any} */ (
    new Proxy(Original, {
      construct(target, args) {
        const instance = new target(.../** @type {[WebAssembly.Module]} */ (args));
        memories.push(/** @type {WebAssembly.Memory} */ (instance.exports.memory));
        return instance;
      },
    })
  );
  return memories;
}

/** @returns {number} bytes that are resident, after what is no longer used was collected where Node exposes that */
export function resident() {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}
