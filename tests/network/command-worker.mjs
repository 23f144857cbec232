// Runs command lines one after the other in one process, as loading the AWS SDK anew for each takes a second. A message has
// the arguments; the answer has what was printed and the exit status.

import { main } from '../../cli/main.mjs';

process.on('message', async (/** @type {string[]} */ args) => {
  const printed = { stdout: '', stderr: '' };
  const streams = /** @type {const} */ (['stdout', 'stderr']);
  const writes = streams.map((name) => process[name].write);
  for (const name of streams) {
    process[name].write = /** @type {any} */ ((/** @type {unknown} */ text) => {
      printed[name] += String(text);
      return true;
    });
  }
  process.exitCode = 0;
  await main(args);
  streams.forEach((name, index) => {
    process[name].write = /** @type {any} */ (writes[index]);
  });
  process.send?.({ status: process.exitCode, ...printed });
  process.exitCode = 0;
});
