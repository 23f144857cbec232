// The relay as it is bundled, in a process that a test can kill: `node relay-process.mjs INDEX OPTIONS`. It tells its port,
// and what it holds when it is asked (`--expose-gc`). Its log is its output.

import { pathToFileURL } from 'node:url';

import { readSettings } from '../../js-shim/relay/settings.mjs';

const [index, options] = process.argv.slice(2);
const { now, settings, ...rest } = JSON.parse(options);
const { create } = await import(pathToFileURL(index).href);
const relay = create({ ...rest, settings: { ...readSettings({}), port: 0, ...settings }, now: () => now });
process.send?.(await relay.listen('127.0.0.1'));
process.on('message', () => {
  globalThis.gc?.();
  process.send?.(process.memoryUsage().heapUsed);
});
process.on('disconnect', () => process.exit());
