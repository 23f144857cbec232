// Stores of access keys, and edits that don't overwrite other people's.

/**
 * @typedef {Record<string, any>} KeyDocument as in access-keys.json
 *
 * @typedef {object} Stored
 * @property {string} name of the file or the secret
 * @property {any} document
 * @property {string} version of what was read; empty if there is nothing yet
 *
 * @typedef {object} KeyStore
 * @property {number} maxBytes of one document
 * @property {'bundled' | 'secrets-manager'} source as `credentials` in config.json has it
 * @property {() => Promise<Stored[]>} read every document, the first one first
 * @property {(stored: Stored, document: KeyDocument) => Promise<void>} replace throws a {@link Conflict} if the
 *   stored version isn't the one that was read
 */

/** The command is refused, for a reason that the operator can resolve. */
export class Refusal extends Error {}

/** Somebody else changed the document meanwhile. */
export class Conflict extends Refusal {}

/** How often an edit is tried while others change the document. */
const ATTEMPTS = 5;

/**
 * Reads, edits, checks and replaces one of the documents. Starts again if somebody else has changed it.
 *
 * @template T
 * @param {KeyStore} store
 * @param {(documents: KeyDocument[]) => { index: number, result: T }} edit in place; `index` is the changed document's
 * @param {(stored: Stored[]) => void} check throws when they aren't valid together
 * @returns {Promise<T>}
 */
export async function change(store, edit, check) {
  for (let attempt = 1; ; attempt += 1) {
    const read = await store.read();
    if (read.some(({ version }) => version !== '')) check(read);
    const edited = structuredClone(read);
    const { index, result } = edit(edited.map(({ document }) => document));
    check(edited);
    try {
      await store.replace(read[index], edited[index].document);
      return result;
    } catch (error) {
      if (!(error instanceof Conflict) || attempt === ATTEMPTS) throw error;
    }
  }
}
