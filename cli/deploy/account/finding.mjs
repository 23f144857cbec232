// The findings about an account, before anything is made.

import { errorText } from '../../error-text.mjs';

/** @typedef {'ok' | 'fault' | 'note' | 'unknown'} Verdict `note` is to be known, and stops nothing */
/** @typedef {{ verdict: Verdict, text: string }} Finding */

/** @param {string} text @returns {Finding} */
export const ok = (text) => ({ verdict: 'ok', text });

/** @param {string} text @returns {Finding} */
export const fault = (text) => ({ verdict: 'fault', text });

/** @param {string} text @returns {Finding} */
export const note = (text) => ({ verdict: 'note', text });

/** @param {string} text @returns {Finding} */
export const unknown = (text) => ({ verdict: 'unknown', text });

/**
 * The finding for a question that AWS doesn't answer.
 *
 * @param {string} what is asked
 * @param {string} action that it takes
 * @param {unknown} error
 */
export function unanswered(what, action, error) {
  return unknown(`${what}: ${isDenied(error) ? `${action} is not allowed` : `${action}: ${errorText(error)}`}`);
}

/** @param {unknown} error @returns {boolean} */
export function isDenied(error) {
  const { name = '', $metadata } = /** @type {any} */ (error);
  return /^AccessDenied|UnauthorizedOperation|NotAuthorized/u.test(name) || $metadata?.httpStatusCode === 403;
}
