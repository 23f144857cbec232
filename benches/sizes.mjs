// Fails when a file has grown past its budget (budget.json, in bytes): what it says is decided again
// then, with a reason, and not by accident. The zip is the one of the sample configuration.

import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @type {Record<string, number>} */
const budget = JSON.parse(readFileSync(new URL('budget.json', import.meta.url), 'utf8'));

for (const [file, most] of Object.entries(budget)) {
  const { size } = statSync(fileURLToPath(new URL(`../${file}`, import.meta.url)));
  const grown = size > most;
  process[grown ? 'stderr' : 'stdout'].write(`${file}: ${size} bytes, at most ${most}${grown ? ': grown past its budget' : ''}\n`);
  if (grown) process.exitCode = 1;
}
