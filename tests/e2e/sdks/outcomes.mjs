// The record of how each case of each SDK ended in a run, and the table of it.

import { mkdir, readFile, writeFile } from 'node:fs/promises';

import { casesOf } from './cases.mjs';
import { CLIENTS, expectedOf, signaturesOf } from './clients.mjs';

const FILE = new URL('../../../target/compatibility/sdks.outcomes.json', import.meta.url);

/** @typedef {{ client: string, release: string, case: string, signature: string, outcome: string }} Ended */

/** @param {Ended[]} outcomes */
export async function recordOutcomes(outcomes) {
  await mkdir(new URL('.', FILE), { recursive: true });
  await writeFile(FILE, JSON.stringify(outcomes));
}

/** @returns {Promise<Ended[]>} */
export async function recordedOutcomes() {
  return JSON.parse(await readFile(FILE, 'utf8'));
}

/**
 * Case by SDK. Of a release that the run left out, the table has what clients.mjs expects.
 *
 * @param {Ended[]} outcomes
 */
export function outcomeTable(outcomes) {
  const nameOf = (id, release, name, signature) => [id, release, name, signature].join();
  const ended = new Map(outcomes.map((one) => [nameOf(one.client, one.release, one.case, one.signature), one.outcome]));
  const outcomeOf = (client, release, step, signature) =>
    ended.get(nameOf(client.id, release, step.name, signature)) ?? expectedOf(client, release, signature, step);
  const rows = casesOf(CLIENTS[0]).map(({ name }) => [
    name,
    ...CLIENTS.map((client) => {
      const step = casesOf(client).find((known) => known.name === name);
      return cellOf(client, step, (release, signature) => outcomeOf(client, release, step, signature));
    }),
  ]);
  const heads = [
    ['', ...CLIENTS.map(({ name }) => name)],
    ['---', ...CLIENTS.map(() => '---')],
    ['releases', ...CLIENTS.map(({ releases }) => [...new Set([releases[0], releases.at(-1)])].join(' to '))],
    ["its helper, and the helper's own part size", ...CLIENTS.map(helperOf)],
  ];
  return [...heads, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function helperOf({ helper, helperPartSize }) {
  if (!helper) return '–';
  const size = helperPartSize >= 1024 ** 2 ? `${helperPartSize / 1024 ** 2} MiB` : `${helperPartSize / 1024} KiB`;
  return `${helper}: ${helperPartSize ? size : 'none'}`;
}

/** The outcome of the latest release by its own signature version, then what is different elsewhere. */
function cellOf(client, step, outcomeOf) {
  const { releases, signatures } = client;
  const usual = outcomeOf(releases.at(-1), signatures[0]);
  /** @type {Map<string, string[]>} */
  const others = new Map();
  for (const release of releases) {
    const tried = step.once ? [signatures[0]] : signaturesOf(client, release);
    const different = tried.filter((signature) => outcomeOf(release, signature) !== usual);
    for (const outcome of new Set(different.map((signature) => outcomeOf(release, signature)))) {
      const by = different.filter((signature) => outcomeOf(release, signature) === outcome);
      const where = by.length === tried.length ? release : `${release} by ${by.join(', ').toUpperCase()}`;
      others.set(outcome, [...(others.get(outcome) ?? []), where]);
    }
  }
  const exceptions = [...others].map(([outcome, where]) => `${where.join(', ')}: ${textOf(outcome)}`);
  return [textOf(usual), ...exceptions].join('; ');
}

/** An answer's or an exception's name is code. */
function textOf(outcome) {
  return /^[A-Z0-9]/u.test(outcome) ? `\`${outcome}\`` : outcome;
}
