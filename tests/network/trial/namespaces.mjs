// Network namespaces, the links between them, and the processes in them. Everything ends with `close`.

import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';

/** A part of every name, so that two trials don't meet. */
const PREFIX = `oe${process.pid}-`;

export class Namespaces {
  /** @type {import('node:child_process').ChildProcess[]} */
  #processes = [];
  /** @type {Set<string>} */
  #names = new Set();
  #links = 0;

  /** @param {string} directory for logs */
  constructor(directory) {
    this.directory = directory;
  }

  /** @param {string} name @param {{ forwards?: boolean }} [options] */
  add(name, { forwards = false } = {}) {
    run('ip', 'netns', 'add', PREFIX + name);
    this.#names.add(name);
    this.in(name, 'ip', 'link', 'set', 'lo', 'up');
    if (forwards) this.in(name, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward');
    for (const which of ['all', 'default']) this.in(name, 'sh', '-c', `echo 0 >/proc/sys/net/ipv4/conf/${which}/rp_filter`);
  }

  /**
   * A cable between two namespaces.
   *
   * @param {string} one @param {string} other
   * @param {[string, string]} interfaces @param {[string | undefined, string | undefined]} addresses
   */
  link(one, other, interfaces, addresses) {
    const ends = [`oe${process.pid % 10_000}a${this.#links}`, `oe${process.pid % 10_000}b${this.#links}`];
    this.#links += 1;
    run('ip', 'link', 'add', ends[0], 'type', 'veth', 'peer', 'name', ends[1]);
    [one, other].forEach((name, index) => {
      run('ip', 'link', 'set', ends[index], 'netns', PREFIX + name, 'name', interfaces[index]);
      const address = addresses[index];
      if (address !== undefined) this.in(name, 'ip', 'address', 'add', address, 'dev', interfaces[index]);
      this.in(name, 'ip', 'link', 'set', interfaces[index], 'up');
    });
  }

  /** @param {string} name @param {string[]} command @returns {string} */
  in(name, ...command) {
    return run('ip', 'netns', 'exec', PREFIX + name, ...command);
  }

  /**
   * A process with a `/run` of its own, as daemons write their pid there.
   *
   * @param {string} name @param {string} log @param {string[]} command @param {NodeJS.ProcessEnv} [env]
   */
  start(name, log, command, env = {}) {
    const args = ['netns', 'exec', PREFIX + name, 'unshare', '-m', 'sh', '-c', 'mount -t tmpfs tmpfs /run && exec "$@"', 'sh', ...command];
    const child = spawn('ip', args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const file = createWriteStream(join(this.directory, `${name}-${log}.log`));
    child.stdout.pipe(file);
    child.stderr.pipe(file);
    this.#processes.push(child);
    return child;
  }

  async close() {
    const alive = this.#processes.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ends = alive.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of alive) child.kill('SIGTERM');
    await Promise.race([Promise.all(ends), new Promise((resolve) => setTimeout(resolve, 5000).unref())]);
    for (const child of alive) child.kill('SIGKILL');
    for (const name of this.#names) run('ip', 'netns', 'delete', PREFIX + name);
  }
}

/** @param {string} command @param {string[]} args @returns {string} */
function run(command, ...args) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
