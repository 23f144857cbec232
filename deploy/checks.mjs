/**
 * What CloudFormation and its linters don't know: rules of Lambda@Edge, of origin access control, and of what belongs
 * together in several templates. Each fault names its rule.
 */
import { API_RULES } from './checks/api.mjs';
import { BUCKET_RULES } from './checks/bucket.mjs';
import { DISTRIBUTION_RULES } from './checks/distribution.mjs';
import { EDGE_FUNCTION_RULES } from './checks/edge-function.mjs';
import { TOGETHER_RULES } from './checks/together.mjs';

/** @typedef {import('./plan.mjs').Plan} Plan */
/** @typedef {import('./stacks.mjs').Stack} Stack */
/**
 * @typedef {(context: { plan: Plan, stacks: readonly Stack[] }) => string[]} Rule returns what is wrong, each with its
 *   place; rules for one template are made by `inEach`
 */

/** Every rule by its name. @type {Record<string, Rule>} */
export const RULES = {
  ...EDGE_FUNCTION_RULES,
  ...DISTRIBUTION_RULES,
  ...BUCKET_RULES,
  ...API_RULES,
  ...TOGETHER_RULES,
};

/**
 * @param {Plan} plan
 * @param {readonly Stack[]} stacks
 * @returns {string[]} `rule: where: what`
 */
export function faultsOf(plan, stacks) {
  return Object.entries(RULES).flatMap(([name, rule]) => rule({ plan, stacks }).map((fault) => `${name}: ${fault}`));
}
