// What usually goes wrong with a signature. A hypothesis is a form that the device may have signed instead, with a name
// and what to change.

import { headerHypotheses } from './header-hypotheses.mjs';
import { resourceHypotheses } from './resource-hypotheses.mjs';
import { v4Hypotheses } from './v4-hypotheses.mjs';

/**
 * @typedef {import('./signed-text.mjs').Form} Form
 * @typedef {import('./signed-text.mjs').Pair} Pair
 *
 * @typedef {object} Context what is known of the request beside what should have been signed
 * @property {string} host empty if it isn't known
 * @property {string} style how the host addresses its bucket; empty if it isn't known
 * @property {string[]} buckets of the configuration
 * @property {string[]} hosts of the configuration
 * @property {string[]} regions that the configuration names for credentials
 * @property {Pair[]} sent the header lines in the order and case in which they were sent, where that is known
 * @property {string} path as sent; empty if it isn't known
 * @property {Pair[]} query as sent, decoded
 * @property {Buffer} [body] where it is known
 *
 * @typedef {{ name: string, advice: string, form: Form }} Hypothesis `advice` says what it means and what to change
 */

/**
 * @param {Form} form as it should have been signed
 * @param {Context} context
 * @returns {Hypothesis[]} the likeliest first
 */
export function hypothesesOf(form, context) {
  const every = [
    ...resourceHypotheses(form, context),
    ...headerHypotheses(form, context),
    ...(form.version === 4 ? v4Hypotheses(form, context) : []),
  ];
  const known = new Set([JSON.stringify(form)]);
  return every.filter((hypothesis) => {
    const text = JSON.stringify(hypothesis.form);
    return !known.has(text) && known.add(text);
  });
}
