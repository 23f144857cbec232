// A driver: a program around one release of an SDK. It answers each case, a JSON line of its standard input, with one
// JSON line.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export class Driver {
  #process;
  #answers;
  #errors = '';

  /** @param {string[]} command @param {NodeJS.ProcessEnv} [env] */
  constructor([command, ...parameters], env) {
    this.#process = spawn(command, parameters, { env: { ...process.env, ...env } });
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
  }

  /** What the SDK gave back for a case, or its error. One case at a time. */
  async run(fields) {
    this.#process.stdin.write(`${JSON.stringify(fields)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the driver ended:\n${this.#errors}`);
    return JSON.parse(value);
  }

  async close() {
    const ended = this.#process.exitCode === null ? once(this.#process, 'exit') : undefined;
    this.#process.stdin.end();
    await ended;
  }
}
