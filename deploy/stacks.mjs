/** The stacks of a deployment, in the order in which they are made. */
import { EDGE_REGION, artifactRegionsOf, regionsOf, stackNames } from './plan.mjs';
import { artifactsTemplate } from './templates/artifacts.mjs';
import { edgeTemplate } from './templates/edge.mjs';
import { regionalTemplate } from './templates/regional.mjs';
import { watchTemplate } from './templates/watch.mjs';

/** @typedef {import('./plan.mjs').Plan} Plan */
/** @typedef {import('./templates/lambda.mjs').Release} Release */
/** @typedef {import('./templates/cfn.mjs').Template} Template */
/** @typedef {'artifacts' | 'regional' | 'watch' | 'edge'} StackKind */
/** @typedef {{ kind: StackKind, name: string, region: string, template: Template }} Stack */

/**
 * What must be there before the functions can be bundled.
 *
 * @param {Plan} plan
 * @returns {Stack[]}
 */
export function foundationStacks(plan) {
  return [...artifactStacks(plan), ...regionalStacks(plan)];
}

/**
 * What a release consists of. The functions behind the edge come first, so that what the edge accepts is known there.
 *
 * @param {Plan} plan
 * @param {Release} release
 * @returns {Stack[]}
 */
export function releaseStacks(plan, release) {
  const names = stackNames(plan);
  const watch = plan.edgeRegions.map((region) => stack('watch', names.watch, region, watchTemplate(plan)));
  return [
    ...regionalStacks(plan, release),
    ...watch,
    stack('edge', names.edge, EDGE_REGION, edgeTemplate(plan, release)),
  ];
}

/** @param {Plan} plan @returns {Stack[]} */
export function artifactStacks(plan) {
  const { artifacts } = stackNames(plan);
  return artifactRegionsOf(plan).map((region) => stack('artifacts', artifacts, region, artifactsTemplate(plan)));
}

/** @param {Plan} plan @param {Release} [release] @returns {Stack[]} that of the API or the relay first */
export function regionalStacks(plan, release) {
  const { regional } = stackNames(plan);
  return regionsOf(plan).map((region) => stack('regional', regional, region, regionalTemplate(plan, region, release)));
}

/** @param {StackKind} kind @param {string} name @param {string} region @param {Template} template @returns {Stack} */
function stack(kind, name, region, template) {
  return { kind, name, region, template };
}
