// What each of the operator's commands does, and what it shows.

import { keyWarnings, writeWarnings } from '../key-warnings.mjs';
import { UsageError } from '../usage-error.mjs';
import { add, retire, revoke, rotate, setStatus } from './document-edit.mjs';
import { derive, readDevices } from './derive.mjs';
import { newAccessKeyId, newAccessKeySecret, newMasterSecret } from './new-secret.mjs';
import { change, Refusal } from './store.mjs';
import { summaryOf, summaryText } from './summary.mjs';
import { readSpan, readTimeOrSpan } from './time.mjs';
import { readUse } from './usage-log.mjs';
import { writeDerived } from './write-derived.mjs';

/**
 * @typedef {object} Context
 * @property {Record<string, any>} values of the options
 * @property {import('./store.mjs').KeyStore} store
 * @property {Uint8Array<ArrayBuffer>} wasm
 * @property {number} now milliseconds since the epoch
 * @property {(stored: import('./store.mjs').Stored[]) => void} check
 *
 * @typedef {object} Command
 * @property {Record<string, { type: 'string' | 'boolean', multiple?: boolean }>} options
 * @property {string[]} required
 * @property {(context: Context) => Promise<{ json: unknown, text: string } | undefined>} run
 */

const text = /** @type {const} */ ({ type: 'string' });
const texts = /** @type {const} */ ({ type: 'string', multiple: true });
const flag = /** @type {const} */ ({ type: 'boolean' });

/** An id has ten digits for it: 2286-11-20T17:46:39Z (src/derived_key.rs). */
const MAX_EXPIRY_SECONDS = 9_999_999_999;

/** @type {Record<string, Command>} */
export const COMMANDS = {
  new: { options: { id: text, master: text, bucket: text, prefix: text, operations: text, everything: flag }, required: [], run: runNew },
  derive: {
    options: { master: text, devices: text, scope: text, expires: text, out: text },
    required: ['master', 'devices'],
    run: runDerive,
  },
  rotate: { options: { id: text, overlap: text }, required: ['id'], run: runRotate },
  retire: { options: { id: text, generation: text, logs: texts, since: text, force: flag }, required: ['id'], run: runRetire },
  disable: { options: { id: text, master: text }, required: [], run: (context) => runStatus(context, 'disabled') },
  enable: { options: { id: text, master: text }, required: [], run: (context) => runStatus(context, 'active') },
  revoke: { options: { master: text, device: texts, devices: text }, required: ['master'], run: runRevoke },
  list: { options: {}, required: [], run: runList },
  check: { options: {}, required: [], run: runCheck },
};

/** @param {Context} context */
async function runNew({ values, store, check }) {
  const { id = newAccessKeyId(), master } = values;
  if (values.id !== undefined && master !== undefined) throw new UsageError('expected --id or --master, not both');
  const allow = allowOf(values);
  if (values.everything && allow.allow) throw new UsageError('expected rules or --everything, not both');
  if (master !== undefined && !allow.allow && !values.everything) {
    throw new UsageError("keys new: expected --prefix, --bucket or --operations, which bound all the master key's devices, or --everything");
  }
  if (master === undefined) {
    const made = { accessKeyId: id, accessKeySecret: newAccessKeySecret() };
    await change(store, (documents) => add(documents, store.maxBytes, 'accessKeys', { ...made, ...allow }), check);
    return shown(made);
  }
  const secret = newMasterSecret();
  await change(store, (documents) => add(documents, store.maxBytes, 'masterKeys', { id: master, secret, ...allow }), check);
  return shown({ masterKey: master, masterSecret: secret });
}

/** @param {Record<string, string>} made */
function shown(made) {
  return { json: made, text: Object.entries(made).map(([name, value]) => `${name}  ${value}`).join('\n') };
}

/** @param {Context} context */
async function runDerive({ values, store, wasm, check, now }) {
  const { master, scope, out, json = false } = values;
  const read = await readChecked(store, check);
  const expires = values.expires === undefined ? undefined : readTimeOrSpan(values.expires, '--expires', now, 1);
  if (expires !== undefined && expires <= now) throw new UsageError('--expires: expected a time to come');
  if (expires !== undefined && expires > MAX_EXPIRY_SECONDS * 1000) throw new UsageError('--expires: expected a time before 2286-11-20T17:46:40Z, which an id has room for');
  const devices = await readDevices(values.devices);
  const documents = read.map(({ document }) => document);
  const derived = derive({ documents, wasm, master, devices, scope, expires: expires && Math.floor(expires / 1000) });
  await writeDerived(derived, { total: devices.length, out, json });
  return undefined;
}

/** @param {Context} context */
async function runRotate({ values: { id, overlap }, store, check, now }) {
  const until = overlap === undefined ? undefined : now + readSpan(overlap, '--overlap');
  const secret = newAccessKeySecret();
  const { before, ...made } = await change(store, (documents) => rotate(documents, id, secret, until), check);
  const generations = before.map(({ generation, notAfter }) => ({ generation, notAfter }));
  const kept = generations.map(({ generation, notAfter }) => `generation ${generation} stays valid ${notAfter ? `until ${notAfter}` : 'until it is retired'}`);
  return {
    json: { ...made, before: generations },
    text: [`accessKeyId  ${id}`, `accessKeySecret  ${made.accessKeySecret}`, `generation  ${made.generation}`, ...kept].join('\n'),
  };
}

/** @param {Context} context */
async function runRetire({ values: { id, generation, logs, since, force = false }, store, check, now }) {
  if (!force && logs === undefined) throw new UsageError('keys retire: expected --logs FILE, the edge\'s log, or --force');
  const from = since === undefined ? 0 : readTimeOrSpan(since, '--since', now, -1);
  const uses = logs === undefined ? undefined : await readUse(logs, id, from);
  const result = await change(
    store,
    (documents) => {
      const retired = retire(documents, id, generation, now);
      if (!force && uses) refuseUsed(uses, retired.result);
      return retired;
    },
    check,
  );
  return { json: result, text: `generation ${result.generation} of ${id} is retired; ${result.remaining.join(', ')} stays` };
}

/**
 * @param {Map<string, import('./usage-log.mjs').Use>} uses
 * @param {{ accessKeyId: string, generation: string, remaining: string[] }} retired
 */
function refuseUsed(uses, { accessKeyId, generation }) {
  const used = uses.get(generation);
  if (used) {
    throw new Refusal(`generation ${generation} of ${accessKeyId} was used ${used.requests} times, at last at ${used.last}: move its devices, or --force`);
  }
  if (uses.size === 0) throw new Refusal(`the logs have no request of ${accessKeyId}, so they can't tell that it is out of use; --force retires it`);
}

/** @param {Context} context @param {'active' | 'disabled'} status */
async function runStatus({ values: { id, master }, store, check }, status) {
  if ((id === undefined) === (master === undefined)) throw new UsageError('expected either --id or --master');
  const result = await change(store, (documents) => setStatus(documents, { id, master }, status), check);
  return { json: result, text: `${id ?? master} is ${status}` };
}

/** @param {Context} context */
async function runRevoke({ values: { master, device = [], devices }, store, check }) {
  const listed = devices === undefined ? [] : await readDevices(devices);
  const all = [...device, ...listed];
  if (all.length === 0) throw new UsageError('keys revoke: expected --device ID or --devices FILE');
  const result = await change(store, (documents) => revoke(documents, store.maxBytes, master, all), check);
  const counts = `${result.revoked} ${result.revoked === 1 ? 'device' : 'devices'} of ${master} revoked, ${result.revokedBefore} were before`;
  return { json: result, text: `${counts}; ids are compared byte by byte, so SN-1 is another device than sn-1` };
}

/** @param {Context} context */
async function runList({ store, check, now }) {
  const read = await readChecked(store, check);
  const summary = summaryOf(read, now);
  return { json: summary, text: summaryText(summary) };
}

/** @param {Context} context */
async function runCheck({ store, check, now }) {
  const read = await readChecked(store, check);
  const { accessKeys, masterKeys } = summaryOf(read, now);
  const warnings = keyWarnings(read.map(({ document }) => document));
  writeWarnings(warnings);
  const json = { documents: read.map(({ name }) => name), accessKeys: accessKeys.length, masterKeys: masterKeys.length, warnings };
  return { json, text: `${json.documents.join(', ')}: ${json.accessKeys} access keys, ${json.masterKeys} master keys` };
}

/** @param {Context['store']} store @param {Context['check']} check */
async function readChecked(store, check) {
  const read = await store.read();
  if (read[0].version === '') throw new Refusal(`${read[0].name}: no access keys yet; \`oss-edge keys new\` makes the first`);
  check(read);
  return read;
}

/** @param {Record<string, any>} values @returns {{ allow?: object[] }} */
function allowOf({ bucket, prefix, operations }) {
  const rule = Object.entries({ bucket, prefix, operations: operations?.split(',') }).filter(([, value]) => value !== undefined);
  return rule.length > 0 ? { allow: [Object.fromEntries(rule)] } : {};
}
