// oss-edge network byoip provision, advertise, withdraw. Nothing is sent before every check holds.

import { advertiseCall, deprovisionCall, provisionCall, withdrawCall } from '../../network/byoip/calls.mjs';
import { poolFindings } from '../../network/byoip/cloudfront.mjs';
import { nextStep, orderFault, stateOf } from '../../network/byoip/states.mjs';
import { UsageError } from '../usage-error.mjs';
import { checksOf, originChecks } from './byoip-checks.mjs';
import { readAuthorization, readByoip } from './byoip-files.mjs';
import { printJson, rangesOf, sent } from './byoip-options.mjs';
import { createEc2, rangeStates } from './ec2.mjs';
import { showFindings } from './findings.mjs';

/** @typedef {import('../../network/byoip/plan.mjs').ByoipPlan} ByoipPlan */
/** @typedef {import('../../network/byoip/calls.mjs').Call} Call */
/** @typedef {import('./byoip-options.mjs').Options} Options */

/** @param {Options} options */
export async function provisionByoip({
  config,
  dir,
  range: named,
  token,
  profile,
  dryRun = false,
  yes,
  json = false,
  ...sources
}) {
  const plan = await readByoip(config, 'authorizes');
  if (plan.verification === 'dns-token' && token === undefined)
    throw new UsageError('expected --token ID, which `prepare` made');
  const api = createEc2(plan, { profile });
  await api.checkAccount();
  const { states } = await rangeStates(api, plan);
  const range = dueRange(plan, states, named, 'provision');
  const { findings, authorization: own } = await provisionChecks(plan, range, api, { dir, ...sources });
  if (showFindings(findings, json) !== 0) throw new Error(`${range}: nothing was sent: see what fails above`);
  const proof =
    plan.verification === 'x509'
      ? { authorization: /** @type {any} */ (own) }
      : { token: /** @type {string} */ (token) };
  return done(api, provisionCall(plan, range, proof), { range, dryRun, yes, json });
}

/**
 * @param {ByoipPlan} plan @param {string} range @param {import('./ec2.mjs').Ec2} api
 * @param {Pick<Options, 'dir'> & import('./byoip-sources.mjs').SourceOptions} options
 */
async function provisionChecks(plan, range, api, options) {
  const findings = await checksOf(plan, [range], options);
  const own = plan.verification === 'x509' ? await readAuthorization(options.dir, range) : undefined;
  if (plan.pool === undefined) return { findings, authorization: own };
  const { IpamPools } = await api.send({ operation: 'DescribeIpamPools', input: { IpamPoolIds: [plan.pool] } });
  return { findings: [...findings, ...poolFindings(plan, IpamPools?.[0])], authorization: own };
}

/** @param {Options} options */
export async function advertiseByoip({
  config,
  dir: _,
  range: named,
  profile,
  dryRun = false,
  yes,
  json = false,
  ...sources
}) {
  const plan = await readByoip(config, 'takes back');
  const api = createEc2(plan, { profile });
  await api.checkAccount();
  const { states } = await rangeStates(api, plan);
  const range = dueRange(plan, states, named, 'advertise');
  if (showFindings(await originChecks(plan, [range], sources), json) !== 0) {
    throw new Error(`${range}: nothing was sent: networks that validate would drop AWS's announcement`);
  }
  return done(api, advertiseCall(range), { range, dryRun, yes, json });
}

/** @param {Options} options */
export async function withdrawByoip({
  config,
  range: named,
  deprovision = false,
  profile,
  dryRun = false,
  yes,
  json = false,
}) {
  const plan = await readByoip(config, 'takes back');
  if (named === undefined) throw new UsageError('expected --range RANGE');
  const [range] = rangesOf(plan, named);
  const api = createEc2(plan, { profile });
  await api.checkAccount();
  const { states } = await rangeStates(api, plan);
  const state = states.get(range) ?? 'absent';
  const expected = deprovision
    ? ['provisioned', 'provisioned-not-publicly-advertisable', 'failed-deprovision']
    : ['advertised', 'pending-advertising'];
  if (!expected.includes(state)) {
    throw new Error(`${range}: expected the state ${expected.join(' or ')}, found ${state}: ${stateOf(state).means}`);
  }
  return done(api, deprovision ? deprovisionCall(plan, range) : withdrawCall(range), {
    range,
    dryRun,
    yes,
    json,
  });
}

/**
 * @param {ByoipPlan} plan @param {Map<string, string>} states @param {string | undefined} named
 * @param {'provision' | 'advertise'} step
 */
function dueRange(plan, states, named, step) {
  const range = named === undefined ? nextStep(plan, states)?.range : rangesOf(plan, named)[0];
  if (range === undefined) throw new Error(`nothing to ${step}: every range is where it is to go`);
  const fault = orderFault(plan, states, range, step);
  if (fault !== undefined) throw new Error(fault);
  return range;
}

/**
 * @param {import('./ec2.mjs').Ec2} api @param {Call} call
 * @param {Pick<Options, 'dryRun' | 'yes' | 'json'> & { range: string }} options
 */
async function done(api, call, { range, ...options }) {
  const answer = await sent(api, call, options);
  if (answer === undefined) return options.dryRun ? 0 : 1;
  const { State } = answer.ByoipCidr ?? answer.IpamPoolCidr ?? {};
  if (options.json) printJson({ range, state: State, ...stateOf(State) });
  else process.stdout.write(`${range}: ${State}: ${stateOf(State).means}\n`);
  return 0;
}
