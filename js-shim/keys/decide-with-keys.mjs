// Decides with the latest access keys.

/**
 * Decides, and decides again if newer access keys might change a refusal.
 *
 * @template {{ decision: 'forward' | 'answer' } | { decision: 'refuse', renewal: import('../core/decision.mjs').Renewal }} D
 * @param {import('./key-source.mjs').KeySource | undefined} keys undefined if they are bundled
 * @param {number} time when the request arrived, in milliseconds since the epoch
 * @param {() => D} decide
 * @returns {Promise<D | undefined>} undefined while there are no access keys
 */
export async function decideWithKeys(keys, time, decide) {
  if (keys === undefined) return decide();
  if (!keys.ready(time) && !(await keys.arrival(time))) return undefined;
  const decision = decide();
  const renewed = decision.decision === 'refuse' && (await keys.renewal(decision.renewal, time));
  return renewed ? decide() : decision;
}
