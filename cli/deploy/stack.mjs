// One stack: its change set, shown before it is executed, and its end.

import { setTimeout as sleep } from 'node:timers/promises';

import {
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
} from '@aws-sdk/client-cloudformation';

import { changeLines, creationLines } from './changes.mjs';

/** @typedef {import('../../deploy/stacks.mjs').Stack} Stack */
/** @typedef {Record<string, string>} Outputs */
/**
 * @typedef {object} Ui
 * @property {(line: string) => void} say
 * @property {(question: string) => Promise<boolean>} confirm
 * @property {boolean} dryRun
 * @property {boolean} [revertsDrift] whether what somebody changed by hand is found, and set right
 * @property {number} [pollMilliseconds]
 *
 * @typedef {{ cfn: import('@aws-sdk/client-cloudformation').CloudFormationClient, ui: Ui,
 *   templateUrl?: (text: string) => Promise<string> }} Context `templateUrl` keeps a template that is too long for a
 *   request, and says where
 */

/** The longest template in a request (CloudFormation quotas), in bytes. */
const MAX_TEMPLATE_BODY = 51_200;

const POLL_MILLISECONDS = 3000;

/** Somebody said no. */
export class Declined extends Error {}

/**
 * @param {Context['cfn']} cfn @param {string} name
 * @returns {Promise<{ status: string, outputs: Outputs, reason: string } | undefined>}
 */
export async function stackState(cfn, name) {
  try {
    const { Stacks = [] } = await cfn.send(new DescribeStacksCommand({ StackName: name }));
    const [{ StackStatus = '', StackStatusReason = '', Outputs: outputs = [] } = {}] = Stacks;
    return {
      status: StackStatus,
      reason: StackStatusReason,
      outputs: Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue])),
    };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** @param {unknown} error */
function isGone(error) {
  return error instanceof Error && error.name === 'ValidationError' && /does not exist/u.test(error.message);
}

/** @typedef {{ context: Context, stack: Stack, parameters: Record<string, string> }} Wanted */

/**
 * Brings a stack to its template: shows what changes, asks, does it, and waits.
 *
 * @param {Context} context @param {Stack} stack @param {Record<string, string>} parameters
 * @returns {Promise<Outputs>} its outputs; in a dry run those that it has
 * @throws {Declined} @throws {Error} with the first resource that failed, and why
 */
export async function applyStack(context, stack, parameters) {
  const [outputs] = await applyStacks([{ context, stack, parameters }]);
  return outputs;
}

/**
 * The same for several that don't depend on each other: all at once, after one question.
 *
 * @param {Wanted[]} all
 * @returns {Promise<Outputs[]>}
 * @throws {Error} of the first that failed, once all have ended
 */
export async function applyStacks(all) {
  /** @type {Map<string, string>} */
  const shown = new Map();
  const prepared = await Promise.all(all.map((one) => prepare(one, shown)));
  const changing = prepared.filter(({ changeSet }) => changeSet !== undefined);
  const [{ ui }] = all.map(({ context }) => context);
  if (changing.length === 0 || ui.dryRun) return prepared.map(({ outputs }) => outputs);
  if (
    !(await ui.confirm(
      changing.length === 1 ? 'Make these changes?' : `Make these changes in ${changing.length} Regions?`,
    ))
  ) {
    await Promise.all(changing.map(discard));
    throw new Declined(`${changing[0].title}: nothing was changed`);
  }
  const ended = await Promise.allSettled(changing.map(execute));
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  const outputs = new Map(
    changing.map((one, at) => [one, /** @type {PromiseFulfilledResult<Outputs>} */ (ended[at]).value]),
  );
  return prepared.map((one) => outputs.get(one) ?? one.outputs);
}

/**
 * @typedef {Wanted & { title: string, outputs: Outputs, changeSet?: { id: string, name: string } }} Prepared `outputs`
 *   that the stack has, and nothing to do without a change set
 */

/**
 * Shows what would change.
 *
 * @param {Wanted} wanted
 * @param {Map<string, string>} shown titles of stacks by their changes, which are shown once
 * @returns {Promise<Prepared>}
 */
async function prepare({ context, stack, parameters }, shown) {
  const { ui } = context;
  const title = `${stack.name} (${stack.region})`;
  const before = await settled(context, stack);
  const one = { context, stack, parameters, title, outputs: before?.outputs ?? {} };
  if (before === undefined && ui.dryRun) {
    show('is created', creationLines(stack.template));
    return one;
  }
  const changeSet = await createChangeSet(context, stack, parameters, before !== undefined);
  if (changeSet === undefined) {
    ui.say(`${title}: no change`);
    return one;
  }
  show(before === undefined ? 'is created' : 'changes', changeLines(changeSet.changes));
  if (ui.dryRun) await discard({ ...one, changeSet });
  return { ...one, changeSet };

  /** @param {string} what happens to the stack @param {string[]} lines */
  function show(what, lines) {
    const changes = [what, ...lines].join('\n');
    const other = shown.get(changes);
    ui.say(other === undefined ? `${title}: ${what}` : `${title}: ${what}, as ${other}`);
    if (other !== undefined) return;
    shown.set(changes, title);
    for (const line of lines) ui.say(`  ${line}`);
  }
}

/** @param {Prepared} prepared */
async function discard({ context: { cfn }, changeSet }) {
  await cfn.send(new DeleteChangeSetCommand({ ChangeSetName: changeSet?.id }));
}

/** @param {Prepared} prepared @returns {Promise<Outputs>} */
async function execute({ context, stack, title, changeSet }) {
  const { cfn } = context;
  const earlier = await eventIds(cfn, stack.name);
  await cfn.send(new ExecuteChangeSetCommand({ ChangeSetName: changeSet?.id, ClientRequestToken: changeSet?.name }));
  const { status, outputs } = await followed(context, stack, earlier);
  if (!/^(CREATE|UPDATE)_COMPLETE$/u.test(status))
    throw new Error(`${title}: ${status}: ${await failureOf(context, stack, earlier)}`);
  return outputs;
}

/**
 * @param {Context} context @param {Pick<Stack, 'name' | 'region'>} stack
 * @returns {Promise<boolean>} whether there was one
 */
export async function deleteStack(context, { name, region }) {
  const { cfn, ui } = context;
  const stack = { name, region };
  if ((await settled(context, stack, { cleanUp: false })) === undefined) return false;
  const earlier = await eventIds(cfn, name);
  ui.say(`${name} (${region}): is deleted`);
  await cfn.send(new DeleteStackCommand({ StackName: name }));
  const { status } = await followed(context, stack, earlier);
  if (status !== 'DELETE_COMPLETE')
    throw new Error(`${name} (${region}): ${status}: ${await failureOf(context, stack, earlier)}`);
  return true;
}

/**
 * The stack once nothing is under way any more; undefined if there is none, or none to keep.
 *
 * @param {Context} context @param {Pick<Stack, 'name' | 'region'>} stack @param {{ cleanUp?: boolean }} [options]
 */
async function settled(context, stack, { cleanUp = true } = {}) {
  const { cfn, ui } = context;
  let state = await stackState(cfn, stack.name);
  if (state !== undefined && state.status.endsWith('_IN_PROGRESS') && state.status !== 'REVIEW_IN_PROGRESS') {
    ui.say(`${stack.name} (${stack.region}): waiting for ${state.status} to end`);
    state = await followed(context, stack, await eventIds(cfn, stack.name));
    if (state.status === 'DELETE_COMPLETE') return undefined;
  }
  if (state === undefined || state.status === 'REVIEW_IN_PROGRESS') return cleanUp ? undefined : state;
  if (state.status === 'UPDATE_ROLLBACK_FAILED' && cleanUp) {
    throw new Error(
      `${stack.name} (${stack.region}): UPDATE_ROLLBACK_FAILED: ${state.reason}. Mend what it names, run ` +
        `\`aws cloudformation continue-update-rollback --region ${stack.region} --stack-name ${stack.name}\`, and deploy again`,
    );
  }
  // A creation that failed leaves a stack that can only be deleted.
  if (cleanUp && /^(ROLLBACK_COMPLETE|ROLLBACK_FAILED|CREATE_FAILED|DELETE_FAILED)$/u.test(state.status)) {
    ui.say(`${stack.name} (${stack.region}): an earlier attempt ended with ${state.status}`);
    if (ui.dryRun) return undefined;
    await deleteStack(context, stack);
    return undefined;
  }
  return state;
}

/**
 * @param {Context} context @param {Stack} stack @param {Record<string, string>} parameters @param {boolean} exists
 * @returns {Promise<{ id: string, name: string, changes: import('@aws-sdk/client-cloudformation').Change[] } |
 *   undefined>}
 *   undefined if nothing changes
 */
async function createChangeSet({ cfn, ui, templateUrl }, { name: stackName, template }, parameters, exists) {
  const text = JSON.stringify(template);
  const isLong = Buffer.byteLength(text) > MAX_TEMPLATE_BODY;
  if (isLong && templateUrl === undefined)
    throw new Error(`${stackName}: its template has more than ${MAX_TEMPLATE_BODY} bytes`);
  const name = `oss-edge-${Date.now()}`;
  const { Id: id } = await cfn.send(
    new CreateChangeSetCommand({
      StackName: stackName,
      ChangeSetName: name,
      ChangeSetType: exists ? 'UPDATE' : 'CREATE',
      ...(exists && ui.revertsDrift ? { DeploymentMode: 'REVERT_DRIFT' } : {}),
      ...(isLong && templateUrl ? { TemplateURL: await templateUrl(text) } : { TemplateBody: text }),
      Parameters: Object.keys(template.Parameters ?? {}).flatMap((key) =>
        parameters[key] === undefined ? [] : [{ ParameterKey: key, ParameterValue: parameters[key] }],
      ),
      Capabilities: ['CAPABILITY_IAM'],
      Tags: [{ Key: 'oss-edge', Value: stackName }],
    }),
  );
  if (id === undefined) throw new Error(`${stackName}: CloudFormation made no change set`);
  for (;;) {
    const { Status, StatusReason = '' } = await cfn.send(new DescribeChangeSetCommand({ ChangeSetName: id }));
    if (Status === 'CREATE_COMPLETE') return { id, name, changes: await changesOf(cfn, id) };
    if (Status === 'FAILED') {
      await cfn.send(new DeleteChangeSetCommand({ ChangeSetName: id }));
      if (/didn't contain changes|No updates are to be performed/u.test(StatusReason)) return undefined;
      throw new Error(`${stackName}: ${StatusReason}`);
    }
    await sleep(ui.pollMilliseconds ?? POLL_MILLISECONDS);
  }
}

/** @param {Context['cfn']} cfn @param {string} id */
async function changesOf(cfn, id) {
  const all = [];
  /** @type {string | undefined} */
  let token;
  do {
    /** @type {import('@aws-sdk/client-cloudformation').DescribeChangeSetOutput} */
    const { Changes = [], NextToken } = await cfn.send(
      new DescribeChangeSetCommand({ ChangeSetName: id, NextToken: token }),
    );
    all.push(...Changes);
    token = NextToken;
  } while (token !== undefined);
  return all;
}

/**
 * Waits for the end, and says what happens meanwhile.
 *
 * @param {Context} context @param {Pick<Stack, 'name' | 'region'>} stack @param {Set<string>} earlier ids of events
 */
async function followed({ cfn, ui }, { name, region }, earlier) {
  const said = new Set(earlier);
  for (;;) {
    const state = (await stackState(cfn, name)) ?? { status: 'DELETE_COMPLETE', outputs: {}, reason: '' };
    for (const event of state.status === 'DELETE_COMPLETE' ? [] : await eventsOf(cfn, name)) {
      const { EventId: id = '' } = event;
      if (said.has(id)) continue;
      said.add(id);
      ui.say(
        `  ${region} ${[`${event.LogicalResourceId} ${event.ResourceStatus}`, event.ResourceStatusReason].filter(Boolean).join(': ')}`,
      );
    }
    if (!state.status.endsWith('_IN_PROGRESS')) return state;
    await sleep(ui.pollMilliseconds ?? POLL_MILLISECONDS);
  }
}

/**
 * The first failure, which the others follow from.
 *
 * @param {Context} context @param {Pick<Stack, 'name'>} stack @param {Set<string>} earlier ids of events
 */
async function failureOf({ cfn }, { name }, earlier) {
  const events = await eventsOf(cfn, name);
  const failed = events.find(
    ({ EventId = '', ResourceStatus = '' }) => !earlier.has(EventId) && ResourceStatus.endsWith('_FAILED'),
  );
  return failed ? `${failed.LogicalResourceId}: ${failed.ResourceStatusReason}` : 'CloudFormation gives no reason';
}

/** @param {Context['cfn']} cfn @param {string} name @returns {Promise<Set<string>>} */
async function eventIds(cfn, name) {
  return new Set((await eventsOf(cfn, name)).map(({ EventId = '' }) => EventId));
}

/** The latest events, the oldest first. @param {Context['cfn']} cfn @param {string} name */
async function eventsOf(cfn, name) {
  const { StackEvents = [] } = await cfn.send(new DescribeStackEventsCommand({ StackName: name })).catch((error) => {
    // Deleted meanwhile: then it is known by its id alone.
    if (isGone(error)) return { StackEvents: [] };
    throw error;
  });
  return StackEvents.toReversed();
}
