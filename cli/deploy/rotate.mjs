// Rotates a secret of a deployment, in steps none of which interrupts uploads.

import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';

import { EDGE_REGION, planOf } from '../../deploy/plan.mjs';
import { sealSecretName } from '../../deploy/templates/secrets.mjs';
import { rotated } from '../secrets.mjs';
import { releasesOf } from './artifacts.mjs';
import { applyRelease, deploy, presentOf } from './deployment.mjs';
import { artifactBuckets } from './rollback.mjs';
import { presentSealSecrets, writeSealSecrets } from './seal-secrets.mjs';

/** @typedef {import('./deployment.mjs').Context} Context */
/** @typedef {import('./deployment.mjs').OriginSecrets} OriginSecrets */
/** @typedef {import('../../deploy/plan.mjs').Plan} Plan */

/** How long a sealed upload id is valid. */
const UPLOAD_MILLISECONDS = 7 * 86_400_000;

/**
 * Rotates what the distribution sends: the API or the relay takes a second secret, the distribution sends it, the first
 * is removed. Nothing else changes, whatever the configuration says by now.
 *
 * @param {Context} context @param {Plan} plan
 */
export async function rotateOriginSecret(context, plan) {
  const buckets = await artifactBuckets(context, plan);
  const bucket = buckets.get(EDGE_REGION);
  const first = await presentOf(context, plan);
  const hash = first.edge?.Bundle;
  const releases = bucket === undefined ? [] : await releasesOf(context.aws.s3(EDGE_REGION), bucket);
  const record = releases.find((one) => one.hash === hash);
  if (hash === undefined || record === undefined) throw new Error(`${plan.name}: nothing is deployed`);
  for (;;) {
    const present = await presentOf(context, plan);
    const next = nextStep(present.originSecrets, first.originSecrets);
    if (next === undefined) return;
    context.ui.say(next.what);
    await applyRelease(
      context,
      planOf(record.config, { ...record.settings, name: plan.name }, next.secrets),
      hash,
      buckets,
      present,
    );
    if (context.ui.dryRun) return;
  }
}

/**
 * The step after what there is. A rotation that was interrupted goes on.
 *
 * @param {OriginSecrets} present
 * @param {OriginSecrets} first as the rotation found it
 * @returns {{ secrets: OriginSecrets, what: string } | undefined} undefined at the end
 */
export function nextStep({ sent, accepted }, first) {
  const newest = Math.max(...accepted);
  if (accepted.length > 1) {
    return sent === newest
      ? { secrets: { sent, accepted: [sent] }, what: `origin secret ${newest} is taken alone` }
      : { secrets: { sent: newest, accepted }, what: `origin secret ${newest} is sent` };
  }
  // It began with one and ends with another; or it was resumed, and has ended.
  if (first.accepted.length > 1 || sent !== first.sent) return undefined;
  return {
    secrets: { sent, accepted: [sent, sent + 1] },
    what: `origin secret ${sent + 1} is made, and taken beside ${sent}`,
  };
}

/**
 * Rotates the secrets of the seals as far as can be: two steps now, and the last one after seven days.
 *
 * @param {Context} context @param {Plan} plan @param {Parameters<typeof deploy>[1]} options
 * @returns {Promise<Date | undefined>} when to come back for the last step; undefined if it is done
 */
export async function rotateSeals(context, plan, options) {
  const { aws, ui } = context;
  const { now = new Date() } = options;
  const client = aws.secretsManager(plan.region);
  const before = await presentSealSecrets(client, plan);
  if (before === undefined) throw new Error(`${plan.name}: nothing is deployed`);
  const isLast =
    before.secrets.length > 1 && before.secrets[0].number === Math.max(...before.secrets.map(({ number }) => number));
  if (isLast) {
    const { CreatedDate } = await client.send(new GetSecretValueCommand({ SecretId: sealSecretName(plan) }));
    const due = new Date(Number(CreatedDate) + UPLOAD_MILLISECONDS);
    if (now < due) return due;
  }
  // No function may meet a secret that it doesn't have: what is there must be everywhere before the next step.
  await deploy(context, options);
  for (let secrets = before, steps = isLast || before.secrets.length > 1 ? 1 : 2; steps > 0; steps -= 1) {
    const next = rotated(secrets);
    ui.say(next.done.split('. ')[0]);
    if (ui.dryRun) return undefined;
    await writeSealSecrets(client, plan, next.secrets);
    await deploy(context, options);
    secrets = next.secrets;
  }
  return isLast ? undefined : new Date(now.getTime() + UPLOAD_MILLISECONDS);
}
