// Mutation testing of the JavaScript functions and the relay: `./build.sh mutants-js` breaks them in every small way, one
// at a time, and shows which breaks no test notices. MUTANTS chooses a group, MUTATED what of it is broken.

import { GROUPS } from './groups.mjs';

const group = process.env.MUTANTS ?? 'edge';
const { tests } = GROUPS[group];

export default {
  testRunner: 'tap',
  tap: {
    testFiles: tests.map((name) => `tests/${name}.test.mjs`),
    nodeArgs: ['--test-reporter=tap', '-r', '{{hookFile}}', '{{testFile}}'],
  },
  plugins: ['@stryker-mutator/*'],
  mutate: process.env.MUTATED?.split(','),
  // What the log says is for people: the texts of messages aren't broken.
  mutator: { excludedMutations: ['StringLiteral'] },
  // Else it would rewrite tsconfig.json, by an interface that TypeScript 7 hasn't.
  tsconfigFile: 'none',
  coverageAnalysis: 'perTest',
  ignorePatterns: ['target', '.venv', 'dist', 'fuzz', 'benches', 'types'],
  tempDirName: 'target/stryker/sandbox',
  reporters: ['progress-append-only', 'clear-text', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: `target/stryker/${group}.json` },
  concurrency: 1,
  timeoutMS: 15_000,
  cleanTempDir: 'always',
};
