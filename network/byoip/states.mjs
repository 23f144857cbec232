/** What the states of a range mean, what comes next, and the way back. */

/** @typedef {import('./plan.mjs').ByoipPlan} ByoipPlan */
/** @typedef {'provision' | 'advertise' | 'wait' | 'done'} Step */

/**
 * Of EC2 (DescribeByoipCidrs) and of an IPAM pool (GetIpamPoolCidrs).
 *
 * @type {Record<string, { means: string, next: Step, back: string }>}
 */
export const STATES = {
  absent: { means: 'AWS has never heard of it', next: 'provision', back: 'nothing to take back' },
  'pending-provision': {
    means: 'AWS looks at the registry: up to 2 hours, rarely a week',
    next: 'wait',
    back: 'wait until it ends, then `withdraw --deprovision`',
  },
  'failed-provision': {
    means: 'AWS refused it, and the message says why',
    next: 'provision',
    back: 'nothing to take back: mend it and provision again',
  },
  provisioned: {
    means: 'it is in a pool of yours, and AWS does not announce it: whoever announces it now goes on',
    next: 'advertise',
    back: '`withdraw --deprovision`, once no address of it is in use',
  },
  'provisioned-not-publicly-advertisable': {
    means: 'it is in a pool of yours, for private use only',
    next: 'done',
    back: '`withdraw --deprovision`',
  },
  'pending-advertising': { means: 'AWS begins to announce it', next: 'wait', back: '`withdraw`' },
  advertised: {
    means: 'AWS announces it; stop the present announcement if it is still there',
    next: 'done',
    back: 'announce it from where it was, then `withdraw`: traffic follows within minutes',
  },
  'pending-withdrawal': { means: 'AWS stops announcing it', next: 'wait', back: '`advertise`' },
  'pending-deprovision': { means: 'it leaves the pool', next: 'wait', back: 'wait, then provision it again' },
  'failed-deprovision': {
    means: 'addresses of it are still in use: release them, and deprovision it again',
    next: 'advertise',
    back: '`withdraw --deprovision` after releasing every address',
  },
  deprovisioned: { means: 'AWS has let it go', next: 'provision', back: 'nothing to take back' },
  'pending-import': { means: 'IPAM takes it over from EC2', next: 'wait', back: 'wait until it ends' },
  'failed-import': { means: 'IPAM could not take it over', next: 'provision', back: 'nothing to take back' },
};

/** @param {string | undefined} state */
export const stateOf = (state) =>
  STATES[state ?? 'absent'] ?? { means: 'a state that is not known here', next: 'wait', back: 'ask AWS' };

/**
 * The first range that isn't where it is to go.
 *
 * @param {ByoipPlan} plan
 * @param {Map<string, string>} states by range
 * @returns {{ range: string, step: Step } | undefined} undefined when all are
 */
export function nextStep({ ranges, target }, states) {
  const steps = ranges.map((range) => ({ range, step: stateOf(states.get(range)).next }));
  // CloudFront takes all three ranges, and none is announced before.
  if (target === 'cloudfront')
    return (
      steps.find(({ step }) => step === 'provision' || step === 'wait') ?? steps.find(({ step }) => step !== 'done')
    );
  return steps.find(({ step }) => step !== 'done');
}

/**
 * Why a step isn't due for a range: what isn't ready, or an earlier range that is still on its way.
 *
 * @param {ByoipPlan} plan @param {Map<string, string>} states @param {string} range
 * @param {'provision' | 'advertise'} step
 * @returns {string | undefined}
 */
export function orderFault(plan, states, range, step) {
  const state = states.get(range);
  const { next, means } = stateOf(state);
  if (next !== step) return `${range}: expected a state after which to ${step} it, found ${state ?? 'none'}: ${means}`;
  const at = plan.ranges.indexOf(range);
  const waiting =
    plan.target === 'cloudfront'
      ? plan.ranges.find((one) => step === 'advertise' && ['provision', 'wait'].includes(stateOf(states.get(one)).next))
      : plan.ranges.slice(0, at).find((one) => stateOf(states.get(one)).next !== 'done');
  if (waiting === undefined) return undefined;
  return `${range}: expected ${waiting} first, which is ${states.get(waiting) ?? 'not provisioned'}`;
}
