// Fails when a file is larger than budget.json allows, in bytes. The zip is the one of the sample configuration.

import { readFileSync, statSync } from 'node:fs';

/** @type {Record<string, number>} */
const budget = JSON.parse(readFileSync(new URL('budget.json', import.meta.url), 'utf8'));

for (const [file, limit] of Object.entries(budget)) {
  const { size } = statSync(new URL(`../${file}`, import.meta.url));
  const exceeded = size > limit;
  process[exceeded ? 'stderr' : 'stdout'].write(`${file}: ${size} bytes of ${limit}${exceeded ? ': too large' : ''}\n`);
  if (exceeded) process.exitCode = 1;
}
