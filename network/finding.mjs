/** What a check found. */

/** @typedef {{ what: string, verdict: 'holds' | 'fails' | 'unknown', found: string, follows?: string }} Finding */

/**
 * @param {string} what @param {unknown} isSo @param {string} found @param {string} follows if it isn't so
 * @returns {Finding}
 */
export function finding(what, isSo, found, follows) {
  return isSo ? { what, verdict: 'holds', found } : { what, verdict: 'fails', found, follows };
}
