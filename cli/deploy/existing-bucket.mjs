// Adds to an existing bucket's policy and lifecycle rules what uploads need, and removes it again. Nothing else of the
// bucket is changed.

import {
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3';

import { statementsFor, withRules, withStatements, withoutRules, withoutStatements } from '../../deploy/merge.mjs';
import { isAwsError } from './aws.mjs';
import { Declined } from './stack.mjs';

/** @typedef {import('./deployment.mjs').Context} Context */
/** @typedef {import('../../deploy/plan.mjs').Plan} Plan */
/** @typedef {import('../../deploy/plan.mjs').Bucket} Bucket */
/** @typedef {import('../../deploy/merge.mjs').Policy} Policy */
/** @typedef {import('../../deploy/merge.mjs').Difference} Difference */

/** @param {Context} context @param {Plan} plan @param {Bucket} bucket @param {string} distributionArn */
export async function prepareExisting(context, plan, bucket, distributionArn) {
  const found = await read(context, bucket);
  warn(context, bucket, found);
  const statements = statementsFor(plan, bucket, distributionArn, context.account);
  const policy = withStatements(found.policy, statements, plan.name);
  const lifecycle = withRules(found.rules);
  await write(context, bucket, found, { policy: policy.policy, rules: lifecycle.rules }, [
    ...lines(
      'statement',
      policy.difference,
      statements.map((one) => JSON.stringify(one)),
    ),
    ...lines('lifecycle rule', lifecycle.difference),
  ]);
}

/** @param {Context} context @param {Plan} plan @param {Bucket} bucket */
export async function restoreExisting(context, plan, bucket) {
  const found = await read(context, bucket);
  const policy = withoutStatements(found.policy, plan.name);
  const lifecycle = withoutRules(found.rules);
  await write(context, bucket, found, { policy: policy.policy, rules: lifecycle.rules }, [
    ...lines('statement', policy.difference),
    ...lines('lifecycle rule', lifecycle.difference),
  ]);
}

/**
 * @typedef {object} Found
 * @property {Policy | undefined} policy
 * @property {import('../../deploy/merge.mjs').Rule[]} rules
 * @property {any} minimumSize a setting that must be sent along when rules are changed, or is reset
 * @property {string | undefined} ownership
 * @property {boolean} isPrivate
 */

/** @param {Context} context @param {Bucket} bucket @returns {Promise<Found>} */
async function read({ aws }, { s3Bucket, region }) {
  const s3 = aws.s3(region);
  const Bucket = s3Bucket;
  const policy = await orNone(s3.send(new GetBucketPolicyCommand({ Bucket })), 'NoSuchBucketPolicy');
  const lifecycle = await orNone(
    s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
    'NoSuchLifecycleConfiguration',
  );
  const ownership = await orNone(
    s3.send(new GetBucketOwnershipControlsCommand({ Bucket })),
    'OwnershipControlsNotFoundError',
  );
  const block = await orNone(
    s3.send(new GetPublicAccessBlockCommand({ Bucket })),
    'NoSuchPublicAccessBlockConfiguration',
  );
  const blocks = Object.values(block?.PublicAccessBlockConfiguration ?? {});
  return {
    policy: policy?.Policy === undefined ? undefined : JSON.parse(policy.Policy),
    rules: lifecycle?.Rules ?? [],
    minimumSize: lifecycle?.TransitionDefaultMinimumObjectSize,
    ownership: ownership?.OwnershipControls?.Rules?.[0]?.ObjectOwnership,
    isPrivate: blocks.length === 4 && blocks.every(Boolean),
  };
}

/** @param {Context} context @param {Bucket} bucket @param {Found} found */
function warn({ ui }, { s3Bucket }, { ownership, isPrivate, rules }) {
  if (ownership !== 'BucketOwnerEnforced') {
    ui.say(`${s3Bucket}: Object Ownership is ${ownership ?? 'not set'}: with ACLs, set it to "bucket owner enforced"`);
  }
  if (!isPrivate) ui.say(`${s3Bucket}: not all public access is blocked`);
  for (const { ID = '', Status, AbortIncompleteMultipartUpload: abort } of rules) {
    if (Status === 'Enabled' && abort?.DaysAfterInitiation < 7) {
      ui.say(
        `${s3Bucket}: rule ${ID} aborts uploads in parts after ${abort.DaysAfterInitiation} days, and they are good for 7`,
      );
    }
  }
}

/**
 * @param {Context} context @param {Bucket} bucket @param {Found} found
 * @param {Pick<Found, 'policy' | 'rules'>} wanted @param {string[]} changes in words
 */
async function write({ aws, ui }, { s3Bucket, region }, found, { policy, rules }, changes) {
  if (policy === found.policy && rules === found.rules) return ui.say(`${s3Bucket}: no change`);
  if (changes.every((line) => line.startsWith('keeps'))) return ui.say(`${s3Bucket}: no change`);
  ui.say(`${s3Bucket} (${region}), which was there before: changes`);
  for (const line of changes) ui.say(`  ${line}`);
  if (ui.dryRun) return;
  if (!(await ui.confirm('Make these changes?'))) throw new Declined(`${s3Bucket}: nothing was changed`);
  const s3 = aws.s3(region);
  const Bucket = s3Bucket;
  if (JSON.stringify(policy) !== JSON.stringify(found.policy)) {
    await (policy === undefined
      ? s3.send(new DeleteBucketPolicyCommand({ Bucket }))
      : s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) })));
  }
  if (JSON.stringify(rules) !== JSON.stringify(found.rules)) {
    const LifecycleConfiguration = { Rules: /** @type {any[]} */ (rules) };
    await (rules.length === 0
      ? s3.send(new DeleteBucketLifecycleCommand({ Bucket }))
      : s3.send(
          new PutBucketLifecycleConfigurationCommand({
            Bucket,
            LifecycleConfiguration,
            TransitionDefaultMinimumObjectSize: found.minimumSize,
          }),
        ));
  }
}

/** @param {string} what @param {Difference} difference @param {string[]} [texts] of what is added */
function lines(what, { added, removed, kept }, texts = []) {
  return [
    ...removed.map((name) => `- ${what} ${name}`),
    ...added.map((name, at) => `+ ${what} ${[name, texts[at]].filter(Boolean).join(' ')}`),
    `keeps ${kept} ${what}${kept === 1 ? '' : 's'} as they are`,
  ];
}

/** @template T @param {Promise<T>} call @param {string} name of the error that says there is none */
async function orNone(call, name) {
  try {
    return await call;
  } catch (error) {
    if (isAwsError(error, name)) return undefined;
    throw error;
  }
}
