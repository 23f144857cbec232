// The commands that show keys. Each returns what to print, as JSON and as text.

import { keyWarnings, writeWarnings } from '../key-warnings.mjs';
import { weakSecret } from '../weak-secrets.mjs';
import { named } from './check.mjs';
import { Refusal } from './store.mjs';
import { UsageError } from '../usage-error.mjs';
import { entryText, summaryOf, summaryText } from './summary.mjs';

/** @typedef {import('./run-on-store.mjs').Context} Context */

/** @param {Context} context */
export async function runList({ store, check, now }) {
  const summary = summaryOf(await readChecked(store, check), now);
  return { json: summary, text: summaryText(summary) };
}

/** @param {Context} context */
export async function runShow({ options: { id, master }, store, check, now }) {
  if ((id === undefined) === (master === undefined)) throw new UsageError('expected either --id or --master');
  const { accessKeys, masterKeys } = summaryOf(await readChecked(store, check), now);
  const shown =
    id === undefined ? masterKeys.find((one) => one.id === master) : accessKeys.find((one) => one.accessKeyId === id);
  if (shown === undefined) throw new Refusal(id === undefined ? `no master key ${master}` : `no access key ${id}`);
  return { json: shown, text: entryText(shown) };
}

/** @param {Context} context */
export async function runCheck({ options, store, check, now }) {
  const stored = await readChecked(store, check);
  const weak = options.allowWeakSecrets ? undefined : weakSecret(stored.map(({ document }) => document));
  if (weak) throw new Refusal(named(weak, stored));
  const { accessKeys, masterKeys } = summaryOf(stored, now);
  const warnings = keyWarnings(stored.map(({ document }) => document));
  writeWarnings(warnings);
  const json = {
    documents: stored.map(({ name }) => name),
    accessKeys: accessKeys.length,
    masterKeys: masterKeys.length,
    warnings,
  };
  return { json, text: `${json.documents.join(', ')}: ${json.accessKeys} access keys, ${json.masterKeys} master keys` };
}

/**
 * Reads and checks the documents.
 *
 * @param {Context['store']} store @param {Context['check']} check
 * @throws {Refusal} when there are none, or they aren't valid
 */
export async function readChecked(store, check) {
  const stored = await store.read();
  if (stored[0].version === '') {
    throw new Refusal(`${stored[0].name}: no access keys yet; \`oss-edge keys new\` makes the first`);
  }
  check(stored);
  return stored;
}
