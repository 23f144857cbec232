// Where a smoke test goes, and with which access key.

import { readDocumentsWasm } from '../wasm-file.mjs';
import { createDeriver } from '../keys/derived-key.mjs';

/** @typedef {import('./smoke-test.mjs').Target} Target */
/** @typedef {import('../../deploy/plan.mjs').Plan} Plan */
/** @typedef {{ bucket?: string, prefix?: string, operations?: string[] }} Rule */

/** The device of a derived key, and how long it is good for, in seconds. */
const DEVICE = 'oss-edge-smoke-test';
const VALID_SECONDS = 600;

/**
 * @param {Plan} plan
 * @param {import('./stack.mjs').Outputs} edge
 * @param {any[]} documents with access keys
 * @param {{ keyId?: string, now?: number }} [options] `keyId` of the key to use; by default the first that may upload
 * @returns {Promise<Target | string>} or why there is none
 */
export async function smokeTarget({ config, buckets, backend }, edge, documents, { keyId, now = Date.now() } = {}) {
  for (const { id, name } of buckets) {
    const host = hostOf(config, name);
    const key = host === undefined ? undefined : await keyFor(documents, name, keyId, now);
    const domain = edge[`DistributionDomain${id}`];
    if (host === undefined || key === undefined || domain === undefined) continue;
    const hasParts = backend !== 'none' || config.api !== undefined || config.relay !== undefined;
    const takesChunks = config.bodiesWithoutLength === 'relay';
    return { host, bucket: name, connectTo: { protocol: 'https:', hostname: domain }, ...key, hasParts, takesChunks };
  }
  return keyId === undefined
    ? 'no access key may upload to a bucket that has a host'
    : `${keyId}: not an access key that may upload`;
}

/** @param {any} config @param {string} bucket @returns {string | undefined} */
export function hostOf({ hosts }, bucket) {
  const named = hosts.find(
    (/** @type {any} */ one) => one.bucket === bucket && !/^(localhost|[\d.]+)$/u.test(one.host),
  );
  const pattern = hosts.find((/** @type {any} */ { style }) => style === 'virtual-hosted' || style === 'endpoint');
  return named?.host ?? (pattern && `${bucket}.${pattern.host.replace(/^\*\./u, '')}`);
}

/**
 * @param {any[]} documents @param {string} bucket @param {string | undefined} keyId @param {number} now
 * @returns {Promise<Pick<Target, 'key' | 'prefix'> | undefined>}
 */
export async function keyFor(documents, bucket, keyId, now) {
  for (const { accessKeys = [], masterKeys = [] } of documents) {
    for (const { accessKeyId, accessKeySecret, secrets, securityToken, status, allow } of accessKeys) {
      const secret = accessKeySecret ?? secrets.find((/** @type {any} */ one) => isValid(one, now))?.secret;
      const prefix = prefixOf(allow, bucket);
      if (
        (keyId ?? accessKeyId) !== accessKeyId ||
        status === 'disabled' ||
        securityToken ||
        !secret ||
        prefix === undefined
      )
        continue;
      return { key: { accessKeyId, accessKeySecret: secret }, prefix };
    }
    for (const { id, secret, status, allow } of masterKeys) {
      const prefix = prefixOf(allow, bucket)?.replaceAll('{device}', DEVICE);
      if ((keyId ?? id) !== id || status === 'disabled' || prefix === undefined) continue;
      const accessKeyId = `OE1.${id}.${DEVICE}.e${Math.floor(now / 1000) + VALID_SECONDS}`;
      return {
        key: { accessKeyId, accessKeySecret: createDeriver(await readDocumentsWasm())(secret, accessKeyId) },
        prefix,
      };
    }
  }
  return undefined;
}

/** @param {{ notBefore?: string, notAfter?: string }} secret @param {number} now */
function isValid({ notBefore, notAfter }, now) {
  return (
    (notBefore === undefined || Date.parse(notBefore) <= now) && (notAfter === undefined || now < Date.parse(notAfter))
  );
}

/** Where a key may put objects; undefined if nowhere. @param {Rule[] | undefined} allow @param {string} bucket */
function prefixOf(allow, bucket) {
  if (allow === undefined) return '';
  const rule = allow.find(
    (one) => (one.bucket ?? bucket) === bucket && (one.operations === undefined || one.operations.length >= 5),
  );
  return rule && (rule.prefix ?? '');
}
