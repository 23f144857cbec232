// Runs a command and sets the exit status.

import { UsageError } from './usage-error.mjs';

/**
 * Wraps a command's function as Commander's `action` takes it.
 *
 * @param {(options: any, ...operands: any[]) => Promise<number>} run returns the exit status
 * @returns {(this: import('commander').Command, ...operands: any[]) => Promise<void>}
 */
export function action(run) {
  return async function (...args) {
    const operands = args.slice(0, -2);
    try {
      process.exitCode = await run(this.opts(), ...operands);
    } catch (error) {
      if (error instanceof UsageError) this.error(`error: ${error.message}`);
      throw error;
    }
  };
}
