// Edits documents of access keys in place. Each function returns the index of the document that it changed.

import { Refusal } from './store.mjs';
import { rfc3339 } from './time.mjs';

/**
 * @typedef {import('./store.mjs').KeyDocument} KeyDocument
 * @typedef {{ generation: string, secret: string, notBefore?: string, notAfter?: string }} Secret
 */

/** The most secrets of one key (access-keys.schema.json). */
const MAX_SECRETS = 4;

/** The bytes that a new entry leaves free, so that the entries of a document can still be disabled and rotated. */
const SPARE_BYTES = 4096;

const NO_ROOM = 'no document has room: name a further secret in furtherSecrets';

/**
 * Adds an entry to the first document with room for it.
 *
 * @param {KeyDocument[]} documents @param {number} maxBytes of one
 * @param {'accessKeys' | 'masterKeys'} list @param {Record<string, unknown>} entry
 */
export function add(documents, maxBytes, list, entry) {
  const name = list === 'accessKeys' ? 'accessKeyId' : 'id';
  if (documents.some((document) => document[list]?.some((/** @type {any} */ other) => other[name] === entry[name]))) {
    throw new Refusal(`${entry[name]} already exists`);
  }
  const index = documents.findIndex((document) => sizeWith(document, list, [entry]) <= maxBytes - SPARE_BYTES);
  if (index < 0) throw new Refusal(NO_ROOM);
  (documents[index][list] ??= []).push(entry);
  return { index, result: undefined };
}

/**
 * Adds a secret to an access key. It is valid at once. The other secrets stay valid, or end at `until`.
 *
 * @param {KeyDocument[]} documents @param {string} id
 * @param {string} secret @param {number | undefined} until milliseconds since the epoch
 */
export function rotate(documents, id, secret, until) {
  const { index, entry } = accessKey(documents, id);
  const secrets = secretsOf(entry);
  if (secrets.length >= MAX_SECRETS) throw new Refusal(`${id} has ${MAX_SECRETS} secrets: retire one first`);
  const generation = String(
    Math.max(...secrets.map(({ generation: name }) => (/^\d{1,15}$/u.test(name) ? Number(name) : 0))) + 1,
  );
  const before = secrets.map((one) => (until === undefined ? one : { ...one, notAfter: earlier(one.notAfter, until) }));
  replaceSecrets(entry, [...before, { generation, secret }]);
  return { index, result: { accessKeyId: id, generation, accessKeySecret: secret, before } };
}

/**
 * Removes a secret of an access key: the one of `generation`, or the older of two.
 *
 * @param {KeyDocument[]} documents @param {string} id
 * @param {string | undefined} generation @param {number} now milliseconds since the epoch
 */
export function retire(documents, id, generation, now) {
  const { index, entry } = accessKey(documents, id);
  const secrets = secretsOf(entry);
  const removed = generation ?? olderOf(id, secrets);
  const remaining = secrets.filter((one) => one.generation !== removed);
  if (remaining.length === secrets.length) throw new Refusal(`${id} has no secret of generation ${removed}`);
  if (!remaining.some((one) => isValid(one, now))) {
    throw new Refusal(`${id} would have no valid secret left: rotate it first, or disable it`);
  }
  replaceSecrets(entry, remaining);
  return {
    index,
    result: { accessKeyId: id, generation: removed, remaining: remaining.map(({ generation: name }) => name) },
  };
}

/**
 * Disables or enables an access key or a master key.
 *
 * @param {KeyDocument[]} documents @param {{ id?: string, master?: string }} which
 * @param {'active' | 'disabled'} status
 */
export function setStatus(documents, { id, master }, status) {
  const { index, entry } = entryOf(documents, { id, master });
  if (status === 'disabled') entry.status = status;
  else delete entry.status;
  return { index, result: { ...(id === undefined ? { masterKey: master } : { accessKeyId: id }), status } };
}

/**
 * Sets fields of an entry, and removes those that are null. The same for its scopes, by name.
 *
 * @param {KeyDocument[]} documents @param {{ id?: string, master?: string }} which
 * @param {Record<string, unknown>} fields @param {Record<string, object | undefined>} scopes undefined for one to remove
 */
export function setFields(documents, which, fields, scopes) {
  const { index, entry } = entryOf(documents, which);
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) delete entry[name];
    else entry[name] = value;
  }
  for (const [name, scope] of Object.entries(scopes)) {
    if (scope !== undefined) (entry.scopes ??= {})[name] = scope;
    else if (Object.hasOwn(entry.scopes ?? {}, name)) delete entry.scopes[name];
    else throw new Refusal(`the master key ${which.master} has no scope ${name}`);
  }
  if (entry.scopes !== undefined && Object.keys(entry.scopes).length === 0) delete entry.scopes;
  return { index, result: undefined };
}

/**
 * Removes an entry, and the revoked devices of a master key, which would be malformed without it.
 *
 * @param {KeyDocument[]} documents @param {{ id?: string, master?: string }} which
 * @param {boolean} force even if it is active
 */
export function remove(documents, which, force) {
  const { id, master } = which;
  const { index, entry } = entryOf(documents, which);
  if (!force && entry.status !== 'disabled') {
    throw new Refusal(`${id ?? master} is active: disable it first, so that you can enable it again, or --force`);
  }
  const elsewhere = documents.findIndex((document, at) => at !== index && revokedDevices([document], master).length > 0);
  if (master !== undefined && elsewhere >= 0) {
    throw new Refusal(`devices of ${master} are revoked in another document: unrevoke them first`);
  }
  const document = documents[index];
  const list = id === undefined ? 'masterKeys' : 'accessKeys';
  document[list] = document[list].filter((/** @type {unknown} */ other) => other !== entry);
  if (master !== undefined) keepRevoked(document, (revoked) => revoked.masterKey !== master);
  return { index, result: undefined };
}

/**
 * Lets revoked devices upload again, in the first document that has one of them.
 *
 * @param {KeyDocument[]} documents @param {string} master @param {string[]} devices
 */
export function unrevoke(documents, master, devices) {
  masterKey(documents, master);
  const meant = new Set(devices);
  const isMeant = (/** @type {any} */ entry) => entry.masterKey === master && meant.has(entry.deviceId);
  const counts = documents.map(({ revokedDevices: revoked = [] }) => revoked.filter(isMeant).length);
  const index = counts.findIndex((count) => count > 0);
  if (index < 0) throw new Refusal(`no such device of ${master} is revoked`);
  keepRevoked(documents[index], (entry) => !isMeant(entry));
  const remaining = counts.reduce((sum, count) => sum + count, 0) - counts[index];
  return { index, result: { unrevoked: counts[index], remaining } };
}

/** @param {KeyDocument} document @param {(entry: any) => boolean} keep */
function keepRevoked(document, keep) {
  const kept = (document.revokedDevices ?? []).filter(keep);
  if (kept.length > 0) document.revokedDevices = kept;
  else delete document.revokedDevices;
}

/**
 * Revokes devices, in the master key's document if it has room, else in the first document that has.
 *
 * @param {KeyDocument[]} documents @param {number} maxBytes of one
 * @param {string} master @param {string[]} devices
 */
export function revoke(documents, maxBytes, master, devices) {
  const { index: own } = masterKey(documents, master);
  const before = new Set(revokedDevices(documents, master));
  const added = [...new Set(devices)].filter((device) => !before.has(device));
  const entries = added.map((deviceId) => ({ masterKey: master, deviceId }));
  const index = [own, ...documents.keys()].find(
    (one) => sizeWith(documents[one], 'revokedDevices', entries) <= maxBytes,
  );
  if (index === undefined) throw new Refusal(`${NO_ROOM}, or revoke fewer devices at a time`);
  (documents[index].revokedDevices ??= []).push(...entries);
  return { index, result: { masterKey: master, revoked: added.length, revokedBefore: before.size } };
}

/** @param {KeyDocument[]} documents @param {{ id?: string, master?: string }} which */
function entryOf(documents, { id, master }) {
  return id === undefined ? masterKey(documents, String(master)) : accessKey(documents, id);
}

/**
 * @param {KeyDocument[]} documents @param {string} id
 * @throws {Refusal} when there is none
 */
export function accessKey(documents, id) {
  return found(documents, 'accessKeys', (entry) => entry.accessKeyId === id, `no access key ${id}`);
}

/**
 * @param {KeyDocument[]} documents @param {string} id
 * @throws {Refusal} when there is none
 */
export function masterKey(documents, id) {
  return found(documents, 'masterKeys', (entry) => entry.id === id, `no master key ${id}`);
}

/** @param {KeyDocument[]} documents @param {string | undefined} master @returns {string[]} */
export function revokedDevices(documents, master) {
  const entries = documents.flatMap(({ revokedDevices: revoked = [] }) => revoked);
  return entries.filter((entry) => entry.masterKey === master).map(({ deviceId }) => deviceId);
}

/** @param {Record<string, any>} entry of accessKeys @returns {Secret[]} */
export function secretsOf({ secrets, accessKeySecret }) {
  return secrets ?? [{ generation: '1', secret: accessKeySecret }];
}

/**
 * @param {Pick<Secret, 'notBefore' | 'notAfter'>} secret
 * @param {number} now milliseconds since the epoch
 */
export function isValid({ notBefore, notAfter }, now) {
  return (
    (notBefore === undefined || Date.parse(notBefore) <= now) && (notAfter === undefined || now < Date.parse(notAfter))
  );
}

/**
 * @param {KeyDocument[]} documents @param {string} list
 * @param {(entry: Record<string, any>) => boolean} matches @param {string} absent
 */
function found(documents, list, matches, absent) {
  for (const [index, document] of documents.entries()) {
    const entry = (document[list] ?? []).find(matches);
    if (entry) return { index, entry };
  }
  throw new Refusal(absent);
}

/**
 * The size in bytes of a document with further entries, as written to Secrets Manager.
 *
 * @param {KeyDocument} document @param {string} list @param {object[]} entries
 */
function sizeWith(document, list, entries) {
  return Buffer.byteLength(JSON.stringify({ ...document, [list]: [...(document[list] ?? []), ...entries] }));
}

/** @param {Record<string, any>} entry @param {Secret[]} secrets */
function replaceSecrets(entry, secrets) {
  const { accessKeyId, accessKeySecret: _short, secrets: _before, ...rest } = entry;
  for (const name of Object.keys(entry)) delete entry[name];
  Object.assign(entry, { accessKeyId, secrets, ...rest });
}

/** @param {string} id @param {Secret[]} secrets */
function olderOf(id, secrets) {
  if (secrets.length === 1) throw new Refusal(`${id} has one secret: rotate it first, or disable it`);
  if (secrets.length > 2) throw new Refusal(`${id} has ${secrets.length} secrets: say which with --generation`);
  const [one, other] = secrets;
  const difference = beginOf(one) - beginOf(other) || Number(one.generation) - Number(other.generation);
  if (!difference) {
    throw new Refusal(
      `${id}: neither notBefore nor a number tells which of ${one.generation} and ${other.generation} is the older: ` +
        'say which with --generation',
    );
  }
  return difference < 0 ? one.generation : other.generation;
}

/** @param {Secret} secret @returns {number} milliseconds since the epoch */
function beginOf({ notBefore }) {
  return notBefore === undefined ? 0 : Date.parse(notBefore);
}

/** @param {string | undefined} notAfter @param {number} until */
function earlier(notAfter, until) {
  return notAfter !== undefined && Date.parse(notAfter) < until ? notAfter : rfc3339(until);
}
