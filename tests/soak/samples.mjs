// What a run measures: every few seconds the memory and the open files of the servers, and how uploads went since.

import { appendFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';

export class Samples {
  #file;
  #servers;
  #told = [];
  /** Requests by who sent them and how they ended. */
  outcomes = {};
  #timer;
  #began = Date.now();
  /** Of all uploads that were stored, milliseconds. */
  latencies = [];

  /** @param {string} file JSON lines @param {{ name: string, pid: number }[]} servers */
  constructor(file, servers) {
    this.#file = file;
    this.#servers = servers;
  }

  begin(period, turn) {
    this.#timer = setInterval(() => void this.#sample(turn()), period);
  }

  /** @param {{ name: string, outcome: string, milliseconds?: number }} request that was answered */
  tell({ name, outcome, milliseconds }) {
    this.outcomes[name] ??= {};
    this.outcomes[name][outcome] = (this.outcomes[name][outcome] ?? 0) + 1;
    this.#told.push({ outcome, milliseconds, name });
    if (outcome === 'stored') this.latencies.push(milliseconds);
  }

  end() {
    clearInterval(this.#timer);
  }

  async #sample(turn) {
    const told = this.#told.splice(0);
    const stored = told.filter(({ name, outcome }) => name === 'generator' && outcome === 'stored').map(({ milliseconds }) => milliseconds);
    const servers = await Promise.all(this.#servers.map(async ({ name, pid }) => [name, await measured(pid)]));
    const line = {
      seconds: Math.round((Date.now() - this.#began) / 1000),
      turn: turn ?? null,
      answered: told.length,
      median: quantile(stored, 0.5),
      slow: quantile(stored, 0.99),
      servers: Object.fromEntries(servers),
    };
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

/** @param {number[]} values @param {number} share */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? null : Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]);
}

/** @param {number} pid */
async function measured(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kib] = /VmRSS:\s+(\d+) kB/u.exec(status) ?? [];
  return { mib: Math.round(Number(kib) / 1024), files: (await readdir(`/proc/${pid}/fd`)).length };
}
