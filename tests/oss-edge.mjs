// Runs `oss-edge` for a test: as a process, or in the test's own process, which costs a tenth of the time.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { main } from '../cli/main.mjs';

export const CLI = fileURLToPath(new URL('../cli/oss-edge.mjs', import.meta.url));

/**
 * @typedef {{ status: number, stdout: string, stderr: string }} Result
 * @typedef {{ input?: string, env?: NodeJS.ProcessEnv }} Surroundings standard input and the environment
 */

/** @param {string[]} args @param {Surroundings} [surroundings] @returns {Promise<Result>} */
export async function runAsProcess(args, { input = '', env = process.env } = {}) {
  const child = spawn(process.execPath, [CLI, ...args], { env });
  child.stdin.on('error', () => {}).end(input);
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status, stdout, stderr };
}

/** @param {string[]} args @param {Surroundings} [surroundings] @returns {Promise<Result>} */
export function runHere(args, surroundings) {
  const result = last.then(() => commandHere(args, surroundings));
  last = result.catch(() => {});
  return result;
}

/** One command at a time has the process. @type {Promise<unknown>} */
let last = Promise.resolve();

/** @type {Set<string>} */
const processes = new Set();

/**
 * Each command once as a process, as an operator runs it, and from then on in this process; so too each of `keys` on a
 * file and on a secret.
 *
 * @param {string[]} args @param {Surroundings} [surroundings]
 */
export function run(args, surroundings) {
  const command = [...args.slice(0, args[0] === 'keys' ? 2 : 1), args.includes('--secret')].join(' ');
  if (processes.has(command)) return runHere(args, surroundings);
  processes.add(command);
  return runAsProcess(args, surroundings);
}

/** @param {string[]} args @param {Surroundings} [surroundings] @returns {Promise<Result>} */
async function commandHere(args, { input = '', env = process.env } = {}) {
  const { exitCode, env: ownEnv } = process;
  const stdin = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(process, 'stdin'));
  const [stdout, stderr] = [process.stdout, process.stderr].map(collected);
  Object.defineProperty(process, 'stdin', { ...stdin, get: () => Readable.from([input]) });
  process.env = env;
  process.exitCode = undefined;
  try {
    await main(args);
    return { status: Number(process.exitCode ?? 0), stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    for (const { restore } of [stdout, stderr]) restore();
    Object.defineProperty(process, 'stdin', stdin);
    Object.assign(process, { exitCode, env: ownEnv });
  }
}

/** What is written as text; the test runner writes bytes. @param {NodeJS.WriteStream} stream */
function collected(stream) {
  const write = stream.write;
  /** @type {string[]} */
  const texts = [];
  stream.write = /** @type {typeof write} */ (
    (/** @type {string | Uint8Array} */ chunk, /** @type {any[]} */ ...rest) => {
      if (typeof chunk !== 'string') return write.call(stream, chunk, ...rest);
      texts.push(chunk);
      return true;
    }
  );
  return { text: () => texts.join(''), restore: () => (stream.write = write) };
}
