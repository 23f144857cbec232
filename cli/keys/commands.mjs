// The commands that make or change keys. Each returns what is printed: as JSON, and as text.

import { UsageError } from '../usage-error.mjs';
import { derive, readDevices } from './derive.mjs';
import { add, retire, revoke, rotate, setStatus } from './document-edit.mjs';
import { readChecked } from './inspect.mjs';
import { newAccessKeyId, newAccessKeySecret, newMasterSecret } from './new-secret.mjs';
import { change, Refusal } from './store.mjs';
import { readSpan, readTimeOrSpan } from './time.mjs';
import { readUse } from './usage-log.mjs';
import { writeDerived } from './write-derived.mjs';

/** @typedef {import('./run-on-store.mjs').Context} Context */

/** The id of a derived key has ten digits for it: 2286-11-20T17:46:39Z. */
const MAX_EXPIRY_SECONDS = 9_999_999_999;

/** @param {Context} context */
export async function runNew({ options, store, check }) {
  const { id = newAccessKeyId(), master } = options;
  if (options.id !== undefined && master !== undefined) throw new UsageError('expected --id or --master, not both');
  const rules = rulesOf(options);
  if (master === undefined) {
    const key = { accessKeyId: id, accessKeySecret: newAccessKeySecret() };
    await change(store, (documents) => add(documents, store.maxBytes, 'accessKeys', { ...key, ...rules }), check);
    return namesAndValues(key);
  }
  if (!rules.allow && !options.everything) {
    throw new UsageError(
      "keys new: expected --prefix, --bucket or --operations, which bound all the master key's devices, " +
        'or --everything',
    );
  }
  const secret = newMasterSecret();
  await change(
    store,
    (documents) => add(documents, store.maxBytes, 'masterKeys', { id: master, secret, ...rules }),
    check,
  );
  return namesAndValues({ masterKey: master, masterSecret: secret });
}

/** @param {Context} context */
export async function runDerive({ options, store, wasm, check, now }) {
  requireOptions('derive', options, ['master', 'devices']);
  const { master, scope, out, json = false, sts = false } = options;
  if (sts && options.expires === undefined) throw new UsageError('--sts: expected --expires too: a temporary key ends');
  const stored = await readChecked(store, check);
  const expires = options.expires === undefined ? undefined : readExpiry(options.expires, now);
  const devices = await readDevices(options.devices);
  const documents = stored.map(({ document }) => document);
  const derived = derive({ documents, wasm, master, devices, scope, expires });
  const form = sts ? 'sts' : json ? 'json' : 'csv';
  await writeDerived(derived, { total: devices.length, out, form, expires });
  return undefined;
}

/** @param {Context} context */
export async function runRotate({ options, store, check, now }) {
  requireOptions('rotate', options, ['id']);
  const { id, overlap } = options;
  const until = overlap === undefined ? undefined : now + readSpan(overlap, '--overlap');
  const secret = newAccessKeySecret();
  const { before, ...key } = await change(store, (documents) => rotate(documents, id, secret, until), check);
  const generations = before.map(({ generation, notAfter }) => ({ generation, notAfter }));
  const lines = generations.map(
    ({ generation, notAfter }) =>
      `generation ${generation} stays valid ${notAfter ? `until ${notAfter}` : 'until it is retired'}`,
  );
  return {
    json: { ...key, before: generations },
    text: [
      `accessKeyId  ${id}`,
      `accessKeySecret  ${key.accessKeySecret}`,
      `generation  ${key.generation}`,
      ...lines,
    ].join('\n'),
  };
}

/** @param {Context} context */
export async function runRetire({ options, store, check, now }) {
  requireOptions('retire', options, ['id']);
  const { id, generation, logs, since, force = false } = options;
  if (!force && logs === undefined) {
    throw new UsageError("keys retire: expected --logs FILE, the edge's log, or --force");
  }
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
  return {
    json: result,
    text: `generation ${result.generation} of ${id} is retired; ${result.remaining.join(', ')} stays`,
  };
}

/** @param {Context} context @param {'active' | 'disabled'} status */
export async function runStatus({ options: { id, master }, store, check }, status) {
  if ((id === undefined) === (master === undefined)) throw new UsageError('expected either --id or --master');
  const result = await change(store, (documents) => setStatus(documents, { id, master }, status), check);
  return { json: result, text: `${id ?? master} is ${status}` };
}

/** @param {Context} context */
export async function runRevoke({ options, store, check }) {
  requireOptions('revoke', options, ['master']);
  const { master, device = [], devices } = options;
  const listed = devices === undefined ? [] : await readDevices(devices);
  const all = [...device, ...listed];
  if (all.length === 0) throw new UsageError('keys revoke: expected --device ID or --devices FILE');
  const result = await change(store, (documents) => revoke(documents, store.maxBytes, master, all), check);
  const devicesText = `${result.revoked} ${result.revoked === 1 ? 'device' : 'devices'}`;
  const counts = `${devicesText} of ${master} revoked, ${result.revokedBefore} were before`;
  return { json: result, text: `${counts}; ids are compared byte by byte, so SN-1 is another device than sn-1` };
}

/**
 * @param {string} command @param {Record<string, any>} options @param {string[]} names
 * @throws {UsageError} when one of them is missing
 */
function requireOptions(command, options, names) {
  const missing = names.find((name) => options[name] === undefined);
  if (missing) throw new UsageError(`keys ${command}: expected --${missing}`);
}

/**
 * @param {string} text @param {number} now milliseconds since the epoch
 * @returns {number} seconds since the epoch
 */
function readExpiry(text, now) {
  const expires = readTimeOrSpan(text, '--expires', now, 1);
  if (expires <= now) throw new UsageError('--expires: expected a time in the future');
  if (expires > MAX_EXPIRY_SECONDS * 1000) {
    throw new UsageError('--expires: expected a time before 2286-11-20T17:46:40Z, the last that an id has room for');
  }
  return Math.floor(expires / 1000);
}

/**
 * @param {Map<string, import('./usage-log.mjs').Use>} uses
 * @param {{ accessKeyId: string, generation: string, remaining: string[] }} retired
 * @throws {Refusal} when the logs don't show that the secret is unused
 */
function refuseUsed(uses, { accessKeyId, generation }) {
  const used = uses.get(generation);
  if (used) {
    throw new Refusal(
      `generation ${generation} of ${accessKeyId} was used ${used.requests} times, last at ${used.last}: ` +
        'move its devices, or --force',
    );
  }
  if (uses.size === 0) {
    throw new Refusal(
      `the logs have no request of ${accessKeyId}, so they don't show that the secret is unused; --force retires it`,
    );
  }
}

/**
 * The one rule that the options make, if they make one.
 *
 * @param {Record<string, any>} options
 * @returns {{ allow?: object[] }}
 */
function rulesOf({ bucket, prefix, operations, everything }) {
  const rule = Object.entries({ bucket, prefix, operations: operations?.split(',') }).filter(
    ([, value]) => value !== undefined,
  );
  if (everything && rule.length > 0) throw new UsageError('expected rules or --everything, not both');
  return rule.length > 0 ? { allow: [Object.fromEntries(rule)] } : {};
}

/** @param {Record<string, string>} key */
function namesAndValues(key) {
  return {
    json: key,
    text: Object.entries(key)
      .map(([name, value]) => `${name}  ${value}`)
      .join('\n'),
  };
}
