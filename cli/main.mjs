// Runs a command line. Exit status: 0 for success, 1 as the command documents it, 2 for wrong usage or an error.

import { CommanderError } from 'commander';

import { errorText } from './error-text.mjs';
import { createProgram } from './program.mjs';

/**
 * Prints what the command prints, and sets the exit status of this process.
 *
 * @param {string[]} args without Node's and the script's name
 */
export async function main(args) {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
  } catch (error) {
    // Commander has printed its message already. It also throws for `--help` and `--version`.
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
    } else {
      process.stderr.write(`oss-edge: ${errorText(error)}\n`);
      process.exitCode = 2;
    }
  }
}
