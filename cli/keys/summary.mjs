// A summary of access keys, without their secrets and tokens.

import { table } from '../table.mjs';
import { isValid, secretsOf } from './document-edit.mjs';

/**
 * @param {import('./store.mjs').Stored[]} stored
 * @param {number} now milliseconds since the epoch
 */
export function summaryOf(stored, now) {
  const entries = (/** @type {string} */ list) =>
    stored.flatMap(({ name, document }) => (document[list] ?? []).map((/** @type {any} */ entry) => ({ name, entry })));
  return {
    accessKeys: entries('accessKeys').map(({ name, entry }) => ({
      accessKeyId: entry.accessKeyId,
      status: entry.status ?? 'active',
      generations: secretsOf(entry).map(({ secret: _, ...seen }) => ({ ...seen, valid: isValid(seen, now) })),
      hasSecurityToken: entry.securityToken !== undefined,
      ...limitsOf(entry),
      document: name,
    })),
    masterKeys: entries('masterKeys').map(({ name, entry }) => ({
      id: entry.id,
      status: entry.status ?? 'active',
      revokedDevices: entries('revokedDevices').filter(({ entry: { masterKey } }) => masterKey === entry.id).length,
      ...limitsOf(entry),
      scopes: entry.scopes,
      document: name,
    })),
  };
}

/**
 * The summary as text.
 *
 * @param {ReturnType<typeof summaryOf>} summary
 */
export function summaryText({ accessKeys, masterKeys }) {
  const keys = accessKeys.map(({ accessKeyId, status, generations, allow }) => [
    accessKeyId,
    status,
    generations.map(generationText).join(', '),
    allowText(allow),
  ]);
  const masters = masterKeys.map(({ id, status, revokedDevices, allow, scopes }) => [
    id,
    status,
    String(revokedDevices),
    allowText(allow),
    Object.keys(scopes ?? {}).join(', '),
  ]);
  const tables = [
    keys.length > 0 ? table(['access key', 'status', 'generations', 'may'], keys) : '',
    masters.length > 0 ? table(['master key', 'status', 'revoked', 'may', 'scopes'], masters) : '',
  ];
  return tables.filter(Boolean).join('\n\n');
}

/**
 * One key as text, with a line for each field.
 *
 * @param {Record<string, any>} entry of a summary
 */
export function entryText({ generations, allow, scopes, ...fields }) {
  const lines = Object.entries(fields).filter(([, value]) => value !== undefined);
  return [
    ...lines.map(([name, value]) => `${name}  ${value}`),
    ...(generations ?? []).map((/** @type {any} */ seen) => `generation  ${generationText(seen)}`),
    `may  ${allowText(allow)}`,
    ...Object.entries(scopes ?? {}).map(([name, scope]) => `scope ${name} may  ${allowText(scope.allow)}`),
  ].join('\n');
}

/** @param {Record<string, any>} entry */
function limitsOf({ allow, maxClockSkewSeconds, maxObjectBytes }) {
  return { allow, maxClockSkewSeconds, maxObjectBytes };
}

/** @param {{ generation: string, notBefore?: string, notAfter?: string, valid: boolean }} seen */
function generationText({ generation, notBefore, notAfter, valid }) {
  const times = [notBefore && `from ${notBefore}`, notAfter && `until ${notAfter}`].filter(Boolean).join(' ');
  return `${generation}${times && ` (${times})`}${valid ? '' : ' not valid now'}`;
}

/** @param {{ bucket?: string, prefix?: string, operations?: string[] }[] | undefined} allow */
export function allowText(allow) {
  if (allow === undefined) return 'everything';
  return allow
    .map(
      ({ bucket = '*', prefix = '', operations }) =>
        `${bucket}/${prefix}*${operations ? ` ${operations.join('+')}` : ''}`,
    )
    .join('; ');
}
