// oss-edge network byoip prepare, sign, verify, status.

import { authorization, isSignedBy, messageOf, publicOf } from '../../network/byoip/authorization.mjs';
import { tokenCall } from '../../network/byoip/calls.mjs';
import { phasesOf, roasOf } from '../../network/byoip/phases.mjs';
import { REGISTRIES } from '../../network/byoip/registry.mjs';
import { nextStep, stateOf } from '../../network/byoip/states.mjs';
import { table } from '../table.mjs';
import { checksOf } from './byoip-checks.mjs';
import { filesIn, makeFiles, readByoip, readKey, writeAuthorizations } from './byoip-files.mjs';
import { printJson, rangesOf, sent } from './byoip-options.mjs';
import { createEc2, rangeStates } from './ec2.mjs';
import { showFindings } from './findings.mjs';

/** @typedef {import('../../network/byoip/plan.mjs').ByoipPlan} ByoipPlan */
/** @typedef {import('./byoip-options.mjs').Options} Options */

/** @param {Options} options */
export async function prepareByoip({ config, dir, dryRun = false, yes, json = false, profile }) {
  const plan = await readByoip(config, 'authorizes');
  if (plan.verification === 'dns-token') return prepareToken(plan, { dryRun, yes, json, profile });
  const files = filesIn(dir);
  const lines = dryRun
    ? [`would make ${files.key} and ${files.certificate}, unless they are there`]
    : await makeFiles(plan, dir);
  if (json) {
    printJson({ files, where: REGISTRIES[plan.registry].where, roas: roasOf(plan), phases: phasesOf(plan) });
    return 0;
  }
  const roas = roasOf(plan).map(({ asn, range, maxLength }) => `     AS${asn}  ${range}  up to /${maxLength}`);
  process.stdout.write(`${lines.join('\n')}

1. Put the line of ${files.oneLine} into ${REGISTRIES[plan.registry].where}.
2. Create ROAs at ${plan.registry.toUpperCase()}, in this order; validators see them within a day:
${roas.join('\n')}
3. Sign, and check everything: \`sign\`, then \`verify\`.
4. Move one range after the other:
     ${phasesOf(plan).join('\n     ')}
`);
  return 0;
}

/** @param {ByoipPlan} plan @param {Pick<Options, 'dryRun' | 'yes' | 'json' | 'profile'>} options */
async function prepareToken(plan, { dryRun, yes, json = false, profile }) {
  const api = createEc2(plan, { profile });
  const answer = await sent(api, tokenCall(plan), { dryRun, yes, json });
  if (answer === undefined) return dryRun ? 0 : 1;
  const token = answer.IpamExternalResourceVerificationToken ?? {};
  const record = {
    id: token.IpamExternalResourceVerificationTokenId,
    name: token.TokenName,
    value: token.TokenValue,
    until: token.NotAfter,
  };
  if (json) printJson(record);
  else {
    process.stdout.write(`${record.id}, until ${record.until?.toISOString?.() ?? record.until}

Publish a TXT record below each range's reverse zone, then \`provision --token ${record.id}\`:
  ${record.name}.REVERSE-ZONE  TXT  "${record.value}"
`);
  }
  return 0;
}

/** @param {Options} options */
export async function signByoip({ config, dir, dryRun = false, json = false }) {
  const plan = await readByoip(config, 'authorizes');
  if (plan.verification === 'dns-token')
    throw new Error('byoip: verification: expected "x509" to sign, found "dns-token"');
  const privateKey = await readKey(dir);
  const all = plan.ranges.map(
    (range) => /** @type {const} */ ([range, authorization(messageOf(plan, range), privateKey)]),
  );
  for (const [range, one] of all) {
    if (!isSignedBy(one, publicOf(privateKey))) throw new Error(`${range}: the signature doesn't verify`);
  }
  if (!dryRun) await writeAuthorizations(dir, Object.fromEntries(all));
  const { authorizations } = filesIn(dir);
  if (json) printJson({ file: authorizations, messages: all.map(([, { message }]) => message) });
  else {
    const messages = all.map(([, { message }]) => `${message}\n`).join('');
    process.stdout.write(`${messages}${dryRun ? 'would sign them in' : 'signed in'} ${authorizations}\n`);
  }
  return 0;
}

/** @param {Options} options */
export async function verifyByoip({ config, dir, range, distributions, json = false, ...sources }) {
  const plan = await readByoip(config, 'authorizes');
  return showFindings(await checksOf(plan, rangesOf(plan, range), { dir, distributions, ...sources }), json);
}

/** @param {Options} options */
export async function statusByoip({ config, profile, json = false }) {
  const plan = await readByoip(config, 'takes back');
  const api = createEc2(plan, { profile });
  const { states, messages } = await rangeStates(api, plan);
  const next = nextStep(plan, states);
  const rows = plan.ranges.map((range, index) => {
    const state = states.get(range) ?? 'absent';
    return { range, phase: index + 1, state, message: messages.get(range), ...stateOf(state) };
  });
  if (json) {
    for (const row of rows) printJson(row);
    return 0;
  }
  const cells = rows.map(({ phase, range, state, means, back }) => [String(phase), range, state, means, back]);
  process.stdout.write(`${table(['phase', 'range', 'state', 'that is', 'the way back'], cells)}\n`);
  for (const { range, message } of rows) if (message !== undefined) process.stdout.write(`${range}: ${message}\n`);
  process.stdout.write(`\nNext: ${next === undefined ? 'nothing' : `${next.step} ${next.range}`}\n`);
  return 0;
}
