// The commands that make or change keys. Each returns what to print, as JSON and as text.

import { UsageError } from '../usage-error.mjs';
import { derive, readDevices } from './derive.mjs';
import { add, remove, retire, revoke, rotate, setFields, setStatus, unrevoke } from './document-edit.mjs';
import { limitsOf, rulesOf, scopesOf } from './entry-options.mjs';
import { readChecked } from './inspect.mjs';
import { newAccessKeyId, newAccessKeySecret, newMasterSecret, newSecurityToken } from './new-secret.mjs';
import { change, Refusal } from './store.mjs';
import { readSpan, readTimeOrSpan } from './time.mjs';
import { readUse } from './usage-log.mjs';
import { writeDerived } from './write-derived.mjs';

/** @typedef {import('./run-on-store.mjs').Context} Context */

/** The latest expiry that the ten digits in a derived key's id can express: 2286-11-20T17:46:39Z. */
const MAX_EXPIRY_SECONDS = 9_999_999_999;

/** @param {Context} context */
export async function runNew({ options, store, check }) {
  const { id = newAccessKeyId(), master } = options;
  if (options.id !== undefined && master !== undefined) throw new UsageError('expected --id or --master, not both');
  const allow = rulesOf(options);
  if (allow.length === 0 && !options.everything) {
    throw new UsageError(
      'keys new: expected --prefix, --bucket, --operations or --rule, which bound what the key may do, or --everything',
    );
  }
  const bounds = { ...(allow.length > 0 ? { allow } : {}), ...present(limitsOf(options)) };
  if (master === undefined) {
    const key = { accessKeyId: id, accessKeySecret: newAccessKeySecret(), ...tokenOf(options) };
    if (options.scope !== undefined) throw new UsageError('--scope: expected --master: only a master key has scopes');
    await change(store, (documents) => add(documents, store.maxBytes, 'accessKeys', { ...key, ...bounds }), check);
    return namesAndValues(key);
  }
  if (options.securityToken) throw new UsageError('--security-token: expected an access key, which --master is not');
  const secret = newMasterSecret();
  const entry = { id: master, secret, ...bounds, ...present({ scopes: scopesOf(options) }) };
  await change(store, (documents) => add(documents, store.maxBytes, 'masterKeys', entry), check);
  return namesAndValues({ masterKey: master, masterSecret: secret });
}

/** @param {Context} context */
export async function runSet({ options, store, check }) {
  requireOne(options);
  const { id, master } = options;
  const allow = rulesOf(options);
  const token = tokenOf(options);
  const removed = Object.fromEntries((options.removeScope ?? []).map((/** @type {string} */ name) => [name, undefined]));
  const scopes = { ...removed, ...scopesOf(options) };
  const fields = {
    ...(allow.length > 0 ? { allow } : options.everything ? { allow: null } : {}),
    ...limitsOf(options),
    ...(options.securityToken === false ? { securityToken: null } : token),
  };
  if (Object.keys({ ...fields, ...scopes }).length === 0) throw new UsageError('keys set: expected what to change');
  if (id !== undefined && Object.keys(scopes).length > 0) {
    throw new UsageError('--scope: expected --master: only a master key has scopes');
  }
  if (master !== undefined && 'securityToken' in fields) {
    throw new UsageError('--security-token: expected an access key, which --master is not');
  }
  await change(store, (documents) => setFields(documents, { id, master }, fields, scopes), check);
  return token.securityToken === undefined
    ? { json: { ...which(options), changed: true }, text: `${id ?? master} is changed` }
    : namesAndValues({ ...which(options), ...token });
}

/** @param {Context} context */
export async function runDelete({ options, store, check }) {
  requireOne(options);
  const { id, master, force = false } = options;
  await change(store, (documents) => remove(documents, { id, master }, force), check);
  return { json: { ...which(options), deleted: true }, text: `${id ?? master} is deleted` };
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
export async function runRetire(context) {
  const { options, now } = context;
  requireOne(options);
  const { logs, since, force = false, master } = options;
  if (!force && logs === undefined) {
    throw new UsageError("keys retire: expected --logs FILE, the edge's log, or --force");
  }
  const from = since === undefined ? 0 : readTimeOrSpan(since, '--since', now, -1);
  const log = logs === undefined ? undefined : await readUse(logs, from);
  return master === undefined ? retireSecret(context, log) : retireMasterKey(context, log);
}

/** @param {Context} context @param {import('./usage-log.mjs').UsageLog | undefined} log */
async function retireSecret({ options: { id, generation, force }, store, check, now }, log) {
  const result = await change(
    store,
    (documents) => {
      const retired = retire(documents, id, generation, now);
      if (!force && log) refuseUsed(log.usesOf(id), retired.result);
      return retired;
    },
    check,
  );
  return {
    json: result,
    text: `generation ${result.generation} of ${id} is retired; ${result.remaining.join(', ')} stays`,
  };
}

/**
 * Retires a master key as a whole, because it has one secret, with the devices that were revoked.
 *
 * @param {Context} context @param {import('./usage-log.mjs').UsageLog | undefined} log
 */
async function retireMasterKey({ options: { master, generation, force }, store, check }, log) {
  if (generation !== undefined) throw new UsageError('--generation: expected none with --master, which has one secret');
  if (!force && log) {
    const use = log.useOfMasterKey(master);
    if (use) throw new Refusal(`${master} ${usedText(use)}`);
    if (log.requests === 0) {
      throw new Refusal(`the logs have no request at all, so they don't show that ${master} is unused; --force retires it`);
    }
  }
  await change(store, (documents) => remove(documents, { master }, true), check);
  return { json: { masterKey: master, retired: true }, text: `the master key ${master} is retired` };
}

/** @param {Context} context @param {'active' | 'disabled'} status */
export async function runStatus({ options: { id, master }, store, check }, status) {
  requireOne({ id, master });
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

/** @param {Context} context */
export async function runUnrevoke({ options, store, check }) {
  requireOptions('unrevoke', options, ['master']);
  const { master, device = [], devices } = options;
  const all = [...device, ...(devices === undefined ? [] : await readDevices(devices))];
  if (all.length === 0) throw new UsageError('keys unrevoke: expected --device ID or --devices FILE');
  let count = 0;
  // One document at a time, because the devices may be in several.
  for (let remaining = 1; remaining > 0; ) {
    const result = await change(store, (documents) => unrevoke(documents, master, all), check);
    count += result.unrevoked;
    remaining = result.remaining;
  }
  const json = { masterKey: master, unrevoked: count };
  return { json, text: `${count} ${count === 1 ? 'device' : 'devices'} of ${master} may upload again` };
}

/** @param {Record<string, any>} options @throws {UsageError} unless it names one entry */
function requireOne({ id, master }) {
  if ((id === undefined) === (master === undefined)) throw new UsageError('expected either --id or --master');
}

/** @param {Record<string, any>} options @returns {Record<string, string>} the entry's id, by its name in answers */
function which({ id, master }) {
  return id === undefined ? { masterKey: master } : { accessKeyId: id };
}

/**
 * A new token, if one is asked for.
 *
 * @param {Record<string, any>} options
 * @returns {{ securityToken?: string }}
 */
function tokenOf({ securityToken }) {
  return securityToken === true ? { securityToken: newSecurityToken() } : {};
}

/** @param {Record<string, unknown>} fields */
function present(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
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
    throw new Refusal(`generation ${generation} of ${accessKeyId} ${usedText(used)}`);
  }
  if (uses.size === 0) {
    throw new Refusal(
      `the logs have no request of ${accessKeyId}, so they don't show that the secret is unused; --force retires it`,
    );
  }
}

/** @param {import('./usage-log.mjs').Use} use */
function usedText({ requests, last }) {
  return `was used ${requests} times, last at ${last}: move its devices, or --force`;
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
