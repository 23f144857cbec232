// Checks that the caller may do what deploying needs. IAM itself evaluates the caller's policies.

import { GetRoleCommand, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import pLimit from 'p-limit';

import { fault, isDenied, note, ok, unanswered, unknown } from './finding.mjs';

/** @typedef {import('./finding.mjs').Finding} Finding */
/** @typedef {import('../aws.mjs').Aws} Aws */
/** @typedef {import('../../../deploy/deployer.mjs').Need} Need */
/** @typedef {import('@aws-sdk/client-iam').EvaluationResult} EvaluationResult */

/** IAM limits the rate of calls for each account. */
const AT_ONCE = 4;

/**
 * @param {Aws} aws @param {{ arn: string, account: string }} caller @param {readonly Need[]} needs
 * @returns {Promise<Finding[]>}
 */
export async function checkPermissions(aws, caller, needs) {
  const principal = await principalOf(aws, caller);
  if (typeof principal !== 'string') return [principal];
  const limit = pLimit(AT_ONCE);
  let isRefused = false;
  const asked = needs.map((need) =>
    limit(async () => {
      if (isRefused) return [];
      try {
        return findingsOf(need, await simulated(aws, principal, need));
      } catch (error) {
        if (!isDenied(error)) return [unanswered(`permissions for ${need.what}`, SIMULATE, error)];
        const first = !isRefused;
        isRefused = true;
        return first ? [unanswered(`permissions of ${principal}`, SIMULATE, error)] : [];
      }
    }),
  );
  const findings = (await Promise.all(asked)).flat();
  const actions = new Set(needs.flatMap((need) => need.actions)).size;
  return findings.length > 0
    ? findings
    : [ok(`permissions of ${principal}: all ${actions} actions that deploying takes`)];
}

const SIMULATE = 'iam:SimulatePrincipalPolicy';

/**
 * The user or role whose policies count. A session's ARN leaves out the path of its role.
 *
 * @param {Aws} aws @param {{ arn: string, account: string }} caller
 * @returns {Promise<string | Finding>}
 */
async function principalOf(aws, { arn, account }) {
  if (arn.endsWith(':root')) return note('permissions: the root user may do everything; use a role instead');
  if (/^arn:aws[\w-]*:iam::\d+:user\//u.test(arn)) return arn;
  const [, role] = /^arn:aws[\w-]*:sts::\d+:assumed-role\/([^/]+)\//u.exec(arn) ?? [];
  if (role === undefined) return unknown(`permissions: ${arn} is neither a user nor a role`);
  try {
    const { Role } = await aws.iam().send(new GetRoleCommand({ RoleName: role }));
    return Role?.Arn ?? `arn:aws:iam::${account}:role/${role}`;
  } catch (error) {
    // Roles of IAM Identity Center have a path, which the session's ARN doesn't have.
    return unanswered(`permissions of the role ${role}`, 'iam:GetRole', error);
  }
}

/**
 * @param {Aws} aws @param {string} principal @param {Need} need
 * @returns {Promise<EvaluationResult[]>}
 */
async function simulated(aws, principal, { actions, resources }) {
  const results = [];
  /** @type {string | undefined} */
  let Marker;
  do {
    /** @type {import('@aws-sdk/client-iam').SimulatePrincipalPolicyCommandOutput} */
    const page = await aws.iam().send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: principal,
        ActionNames: [...actions],
        ResourceArns: resources,
        Marker,
      }),
    );
    results.push(...(page.EvaluationResults ?? []));
    ({ Marker } = page);
  } while (Marker !== undefined);
  return results;
}

/** @param {Need} need @param {EvaluationResult[]} results @returns {Finding[]} none where all is allowed */
function findingsOf({ what, once = false }, results) {
  const denied = results.filter(({ EvalDecision }) => EvalDecision !== 'allowed');
  const ofKeys = denied.filter((result) => missingKeys(result).length > 0);
  const plain = denied.filter((result) => !ofKeys.includes(result));
  const names = (/** @type {EvaluationResult[]} */ some) => some.map(({ EvalActionName }) => EvalActionName).join(', ');
  const keys = [...new Set(ofKeys.flatMap(missingKeys))].join(', ');
  return [
    ...(plain.length === 0
      ? []
      : [
          (once ? note : fault)(
            `permissions for ${what}: missing ${names(plain)}${whereOf(plain)}${once ? ONCE : ''}`,
          ),
        ]),
    ...(ofKeys.length === 0
      ? []
      : [unknown(`permissions for ${what}: ${names(ofKeys)} depend on conditions that are not simulated: ${keys}`)]),
  ];
}

const ONCE = ', which only the first deployment of an account needs';

/** What a policy asks for that the simulation doesn't have. @param {EvaluationResult} result @returns {string[]} */
function missingKeys({ MissingContextValues = [], ResourceSpecificResults = [] }) {
  const ofResources = ResourceSpecificResults.flatMap((one) => one.MissingContextValues ?? []);
  return [...MissingContextValues, ...ofResources];
}

/** One resource of those that are denied, and by what. @param {EvaluationResult[]} results */
function whereOf([result]) {
  const [resource] = (result.ResourceSpecificResults ?? []).filter((one) => one.EvalResourceDecision !== 'allowed');
  const on = resource?.EvalResourceName === undefined ? '' : ` on ${resource.EvalResourceName}`;
  const { AllowedByOrganizations } = result.OrganizationsDecisionDetail ?? {};
  const boundary = resource?.PermissionsBoundaryDecisionDetail ?? result.PermissionsBoundaryDecisionDetail;
  if (AllowedByOrganizations === false) return `${on} (a policy of the organization denies it)`;
  if (boundary?.AllowedByPermissionsBoundary === false) return `${on} (the permissions boundary denies it)`;
  return result.EvalDecision === 'explicitDeny' ? `${on} (a policy denies it)` : on;
}
