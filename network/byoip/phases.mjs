/** What is to be done, in its order, with the way back. */
import { AWS_ORIGINS } from './plan.mjs';

/** @typedef {import('./plan.mjs').ByoipPlan} ByoipPlan */

const BACK = 'back: announce it from where it was, then withdraw';

/** The ROA of the present origin first: the first ROA makes every other origin invalid. @param {ByoipPlan} plan */
export function roasOf({ ranges, presentOrigin, partition }) {
  const origins = [...(presentOrigin === undefined ? [] : [presentOrigin]), ...AWS_ORIGINS[partition]];
  return origins.flatMap((asn) => ranges.map((range) => ({ asn, range, maxLength: Number(range.split('/')[1]) })));
}

/** @param {ByoipPlan} plan @returns {string[]} a line for each phase */
export function phasesOf({ ranges, target }) {
  if (target !== 'cloudfront') {
    const steps = `provision, use it, stop the present announcement, advertise; ${BACK}`;
    return ranges.map((range, index) => `${index + 1}. ${range}: ${steps}`);
  }
  return [
    ...ranges.map((range, index) => `${index + 1}. ${range}: provision, and wait for "provisioned"`),
    `${ranges.length + 1}. create the anycast IP list of all, give it to the distributions, try them by its addresses`,
    `${ranges.length + 2}. advertise each; ${BACK}`,
  ];
}
