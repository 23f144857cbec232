// Asks for confirmation before something is changed.

import { createInterface } from 'node:readline/promises';

import { UsageError } from './usage-error.mjs';

/** @param {boolean | undefined} yes @returns {(question: string) => Promise<boolean>} */
export function confirmation(yes) {
  if (yes) return async () => true;
  return async (question) => {
    if (!process.stdin.isTTY) throw new UsageError('expected --yes, as nobody can be asked');
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    try {
      return /^y(es)?$/iu.test((await lines.question(`${question} [y/N] `)).trim());
    } finally {
      lines.close();
    }
  };
}
