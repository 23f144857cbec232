// The deploy commands, between the command line and AWS.

import { setTimeout as sleep } from 'node:timers/promises';

import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';

import { EDGE_REGION, planOf } from '../../deploy/plan.mjs';
import { distributionParameter } from '../../deploy/templates/bucket.mjs';
import { confirmation } from '../confirmation.mjs';
import { requiredSettings } from '../deployment.mjs';
import { parseDocument } from '../document.mjs';
import { documentFiles } from '../document-options.mjs';
import { documentWarnings, readDocuments } from '../documents.mjs';
import { writeWarnings } from '../key-warnings.mjs';
import { UsageError } from '../usage-error.mjs';
import { weakSecret } from '../weak-secrets.mjs';
import { createAws, isAwsError } from './aws.mjs';
import { deploy, distributionArns } from './deployment.mjs';
import { destroy } from './destroy.mjs';
import { endpointLines } from './endpoint-lines.mjs';
import { prepareExisting, restoreExisting } from './existing-bucket.mjs';
import { rollback } from './rollback.mjs';
import { rotateOriginSecret, rotateSeals } from './rotate.mjs';
import { smokeTarget } from './smoke-target.mjs';
import { smokeTest } from './smoke-test.mjs';
import { Declined } from './stack.mjs';
import { status } from './status.mjs';

/** @typedef {import('./deployment.mjs').Context} Context */
/** @typedef {import('./deployment.mjs').Deployed} Deployed */
/** @typedef {import('../../deploy/plan.mjs').Plan} Plan */

/**
 * What a test puts in the place of AWS, of a terminal, and of time.
 *
 * @typedef {object} Seams
 * @property {import('./aws.mjs').Aws} [aws]
 * @property {(line: string) => void} [say]
 * @property {number} [pollMilliseconds]
 * @property {import('./smoke-test.mjs').Target['connectTo']} [connectTo]
 * @property {Date} [now]
 * @property {typeof import('./deployment.mjs').bundled} [bundle]
 */

/** What each command needs. @param {any} options of the command line @param {Seams} seams */
async function begin({ stack, yes, dryRun = false, revertDrift = false, profile, ...options }, seams) {
  const { aws = createAws({ profile }), say = sayToTerminal, pollMilliseconds } = seams;
  const files = documentFiles(options);
  const read = async (/** @type {import('../deployment.mjs').Endpoint | undefined} */ endpoint) => {
    const documents = await readDocuments(files, endpoint);
    return { ...documents, settings: requiredSettings(documents.settings, stack) };
  };
  const documents = await read(undefined);
  const plan = planOf(documents.written, documents.settings);
  const { account, arn: caller } = await aws.caller();
  const ui = { say, confirm: confirmation(yes), dryRun, revertsDrift: revertDrift, pollMilliseconds };
  ui.say(`account ${account}, ${plan.name} in ${plan.region} and ${EDGE_REGION}`);
  /** @type {Context} */
  const context = { aws, ui, account, caller };
  return { context, plan, documents, read };
}

/** @param {any} options @param {Seams} [seams] */
export async function runDeploy(
  { smokeKey, imageIsPushed = false, skipAccountCheck = false, ...options },
  seams = {},
) {
  return declinable(seams, async () => {
    const { context, documents, read } = await begin(options, seams);
    const weak = documents.accessKeys ? weakSecret([documents.accessKeys], '') : undefined;
    if (weak) throw new Error(`access keys: ${weak}`);
    writeWarnings(documentWarnings(documents));
    const { now, bundle } = seams;
    const checksAccount = !skipAccountCheck;
    const deployed = await deploy(context, { readDocuments: read, imageIsPushed, checksAccount, bundle, now });
    await prepareBuckets(context, deployed);
    if (context.ui.dryRun) return 0;
    const passed = await tried(context, deployed, { keyId: smokeKey, connectTo: seams.connectTo });
    for (const line of endpointLines(deployed.plan, deployed)) context.ui.say(line);
    return passed ? 0 : 1;
  });
}

/** @param {any} options @param {Seams} [seams] */
export async function runStatus(options, seams = {}) {
  const { context, plan } = await begin(options, seams);
  return (await status(context, plan)) ? 0 : 1;
}

/** @param {any} options @param {Seams} [seams] */
export async function runRollback({ to, ...options }, seams = {}) {
  return declinable(seams, async () => {
    const { context, plan } = await begin(options, seams);
    await prepareBuckets(context, await rollback(context, plan, { to, now: seams.now }));
    return 0;
  });
}

/** @param {any} options @param {Seams} [seams] */
export async function runDestroy(options, seams = {}) {
  return declinable(seams, async () => {
    const { context, plan } = await begin(options, seams);
    const { say } = context.ui;
    if (!(await context.ui.confirm(`Delete ${plan.name}? Devices can't upload any more. Buckets stay.`)))
      throw new Declined('nothing was changed');
    // What was asked once isn't asked for each bucket.
    const sure = { ...context, ui: { ...context.ui, confirm: async () => true } };
    for (const bucket of plan.buckets.filter(({ existing }) => existing)) await restoreExisting(sure, plan, bucket);
    const { remaining } = await destroy(sure, plan);
    for (const { s3Bucket, existing } of plan.buckets)
      if (!existing) say(`${s3Bucket}: stays; delete it yourself if it is empty`);
    if (remaining.length === 0) return 0;
    say(`${remaining.join(', ')}: CloudFront still has replicas. Run \`oss-edge deploy destroy\` again in some hours`);
    return 1;
  });
}

/** @param {any} options @param {string} what @param {Seams} [seams] */
export async function runRotate({ imageIsPushed = false, ...options }, what, seams = {}) {
  return declinable(seams, async () => {
    const { context, plan, read } = await begin(options, seams);
    const { now, bundle } = seams;
    if (what === 'origin-secret') {
      if (plan.backend === 'none')
        throw new UsageError('origin-secret: expected a backend, found "none": only an API or a relay takes one');
      await rotateOriginSecret(context, plan);
      return 0;
    }
    const due = await rotateSeals(context, plan, { readDocuments: read, imageIsPushed, now, bundle });
    if (due !== undefined) {
      context.ui.say(`run \`oss-edge deploy rotate seals\` again from ${due.toISOString()} on, for the last step`);
    }
    return 0;
  });
}

/** Buckets that were there. @param {Context} context @param {Deployed} deployed */
async function prepareBuckets(context, { plan, edge }) {
  const arns = distributionArns(plan, context.account, edge);
  for (const bucket of plan.buckets.filter(({ existing }) => existing)) {
    const arn = arns[distributionParameter(bucket.id)] ?? `arn:aws:cloudfront::${context.account}:distribution/NEW`;
    await prepareExisting(context, plan, bucket, arn);
  }
}

/**
 * @param {Context} context @param {Deployed & { documents: import('../documents.mjs').Documents }} deployed
 * @param {{ keyId?: string, connectTo?: Seams['connectTo'] }} options
 * @returns {Promise<boolean>} whether the deployment works as far as it could be tried
 */
async function tried({ aws, ui: { say, pollMilliseconds } }, { plan, edge, documents }, { keyId, connectTo }) {
  const target = await smokeTarget(plan, edge, await keyDocuments(aws, plan, documents), { keyId });
  if (typeof target === 'string') {
    say(`not tried: ${target}`);
    if (plan.accessKeys) {
      const [name] = plan.accessKeys.secretIds;
      say(`make access keys with \`oss-edge keys new --secret ${name} --region ${plan.region} --prefix PREFIX\``);
    }
    return true;
  }
  say(`trying it as ${target.key.accessKeyId} at ${target.host}`);
  const bucket = plan.buckets.find(({ name }) => name === target.bucket);
  for (let attempts = SMOKE_ATTEMPTS; ; attempts -= 1) {
    const { outcomes, objects } = await smokeTest({ ...target, ...(connectTo ? { connectTo } : {}) });
    const isWell = outcomes.every(({ ok }) => ok);
    for (const { what, ok, found } of outcomes) say(`  ${ok ? 'ok    ' : 'FAILED'}  ${what}: ${found}`);
    for (const Key of objects) {
      await aws
        .s3(String(bucket?.region))
        .send(new DeleteObjectCommand({ Bucket: bucket?.s3Bucket, Key }))
        .catch((error) => say(`  ${bucket?.s3Bucket}/${Key}: stays, as it could not be deleted: ${error.message}`));
    }
    if (isWell || attempts === 1) return isWell;
    // A policy that was just set, and a certificate, may take a while to be everywhere.
    say('trying again');
    await sleep(pollMilliseconds ?? SMOKE_WAIT_MILLISECONDS);
  }
}

/**
 * @param {import('./aws.mjs').Aws} aws @param {Plan} plan @param {import('../documents.mjs').Documents} documents
 * @returns {Promise<any[]>} those with access keys
 */
async function keyDocuments(aws, { accessKeys, region }, documents) {
  if (accessKeys === undefined) return [documents.accessKeys];
  const [SecretId] = accessKeys.secretIds;
  const where = accessKeys.regions.includes(region) ? region : accessKeys.regions[0];
  try {
    const { SecretString = '{}' } = await aws.secretsManager(where).send(new GetSecretValueCommand({ SecretId }));
    return [parseDocument(SecretString, SecretId)];
  } catch (error) {
    // A secret that was just made has no value.
    if (isAwsError(error, 'ResourceNotFoundException')) return [];
    throw error;
  }
}

const SMOKE_ATTEMPTS = 3;
const SMOKE_WAIT_MILLISECONDS = 20_000;

/** @param {Seams} seams @param {() => Promise<number>} run */
async function declinable({ say = sayToTerminal }, run) {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Declined)) throw error;
    say(error.message);
    return 1;
  }
}

/** @param {string} line */
function sayToTerminal(line) {
  process.stdout.write(`${line}\n`);
}
