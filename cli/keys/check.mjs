// Checks documents with the core, and names the document in its messages.

import { createGate } from '../../js-shim/core/gate.mjs';
import { Refusal } from './store.mjs';

/** Any valid configuration: the check of access keys doesn't depend on it. */
const CONFIG = {
  hosts: [{ host: 'oss-edge.invalid', style: 'path' }],
  buckets: { 'oss-edge': { s3Bucket: 'oss-edge', region: 'us-east-1' } },
};

/** Only documents in Secrets Manager may have `furtherSecrets`. */
const CREDENTIALS = {
  bundled: { source: 'bundled' },
  'secrets-manager': { source: 'secrets-manager', secretId: 'oss-edge', regions: ['us-east-1'] },
};

/**
 * @param {Uint8Array<ArrayBuffer>} wasm
 * @param {import('./store.mjs').KeyStore['source']} source
 * @returns {(stored: import('./store.mjs').Stored[]) => void} throws a {@link Refusal} that names the document and the
 *   field, and says what was expected
 */
export function documentCheck(wasm, source) {
  const gate = createGate({ wasm, config: { ...CONFIG, credentials: CREDENTIALS[source] } });
  return (stored) => {
    try {
      gate.useAccessKeys(stored.map(({ document }) => document));
    } catch (error) {
      throw new Refusal(named(error instanceof Error ? error.message : String(error), stored));
    }
  };
}

/**
 * Puts a document's name into a message about one of several.
 *
 * @param {string} message @param {import('./store.mjs').Stored[]} stored
 */
export function named(message, stored) {
  const [, index = '0', rest] = /^(?:access keys: )?(?:documents\[(\d+)\](?:\.|: )?)?(.*)$/su.exec(message) ?? [];
  return `${stored[Number(index)]?.name}: ${rest}`;
}
