// Options that the commands of `oss-edge network byoip` share.

import { shownCall } from '../../network/byoip/calls.mjs';
import { confirmation } from '../confirmation.mjs';
import { UsageError } from '../usage-error.mjs';

/** @typedef {import('../../network/byoip/plan.mjs').ByoipPlan} ByoipPlan */
/** @typedef {import('../../network/byoip/calls.mjs').Call} Call */
/**
 * @typedef {object} Options
 * @property {string} [config]
 * @property {string} dir
 * @property {string} [range]
 * @property {string} [profile]
 * @property {string} [token]
 * @property {boolean} [deprovision]
 * @property {boolean} [dryRun]
 * @property {boolean} [yes]
 * @property {boolean} [json]
 * @property {string} [distributions]
 * @property {string[]} [rdap]
 * @property {string} [rdapUrl]
 * @property {string[]} [roas]
 * @property {string} [validator]
 */

/** @param {ByoipPlan} plan @param {string | undefined} named @returns {string[]} */
export function rangesOf({ ranges }, named) {
  if (named === undefined) return ranges;
  if (!ranges.includes(named)) throw new UsageError(`--range: expected one of ${ranges.join(', ')}, found ${named}`);
  return [named];
}

/**
 * @param {import('./ec2.mjs').Ec2} api @param {Call} call @param {Pick<Options, 'dryRun' | 'yes' | 'json'>} options
 * @returns {Promise<any>} undefined if it wasn't sent
 */
export async function sent(api, call, { dryRun, yes, json = false }) {
  if (json && dryRun) printJson(shownCall(call));
  if (!json) process.stdout.write(`${dryRun ? 'would send' : 'to send'} ${JSON.stringify(shownCall(call))}\n`);
  if (dryRun) return undefined;
  await api.checkAccount();
  if (!(await confirmation(yes)('Send it?'))) {
    process.stdout.write('nothing was sent\n');
    return undefined;
  }
  return api.send(call);
}

/** @param {object} value */
export function printJson(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
