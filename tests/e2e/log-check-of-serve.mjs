// Preloaded into `oss-edge serve` by the tests in other languages: when the process ends, what its functions logged is
// checked, and what is wrong is written beside the log.
//
//   node --import ./tests/e2e/log-check-of-serve.mjs cli/oss-edge.mjs serve --function-log FILE --access-keys KEYS …

import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { LogCheck } from './log-check.mjs';

const fileOf = (option) => process.argv[process.argv.indexOf(option) + 1];

const log = fileOf('--function-log');
const check = new LogCheck(JSON.parse(readFileSync(fileOf('--access-keys'), 'utf8')));

process.once('exit', () => {
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];
  for (const line of lines) check.add(line);
  writeFileSync(`${log}.checked`, JSON.stringify({ lines: lines.length, problems: check.end() }));
});
