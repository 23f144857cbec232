// Describes a change set in words.

/** @typedef {import('@aws-sdk/client-cloudformation').Change} Change */

/** The order of the lines: what is lost comes first. */
const ORDER = ['deletes', 'replaces', 'may replace', 'changes', 'creates', 'lets go of'];

/**
 * @param {readonly Change[]} changes
 * @returns {string[]} a line for each resource, as in `replaces OriginRequestPolicy (CloudFront OriginRequestPolicy)`
 */
export function changeLines(changes) {
  return changes
    .map(({ ResourceChange: change = {} }) => ({ verb: verbOf(change), line: lineOf(change) }))
    .toSorted((one, other) => ORDER.indexOf(one.verb) - ORDER.indexOf(other.verb))
    .map(({ line }) => line);
}

/**
 * Describes what creating the stack of a template would do.
 *
 * @param {import('../../deploy/templates/cfn.mjs').Template} template
 * @returns {string[]}
 */
export function creationLines({ Resources }) {
  return Object.entries(Resources).map(([id, { Type }]) => `creates ${id} (${typeName(Type)})`);
}

/** Manual changes, by drift status. @type {Record<string, string>} */
const DRIFT = { MODIFIED: ', changed by hand', DELETED: ', deleted by hand' };

/** @param {import('@aws-sdk/client-cloudformation').ResourceChange} change */
function lineOf(change) {
  const { LogicalResourceId, ResourceType = '', Details = [] } = change;
  const properties = [...new Set(Details.map(({ Target }) => Target?.Name ?? Target?.Attribute).filter(Boolean))];
  const drift = DRIFT[String(change.ResourceDriftStatus)] ?? '';
  const what = `${verbOf(change)} ${LogicalResourceId} (${typeName(ResourceType)}${drift})`;
  return change.Action === 'Modify' && properties.length > 0 ? `${what}: ${properties.join(', ')}` : what;
}

/** @param {import('@aws-sdk/client-cloudformation').ResourceChange} change */
function verbOf({ Action, Replacement, PolicyAction }) {
  if (Action === 'Add') return 'creates';
  if (Action === 'Remove') return PolicyAction === 'Retain' ? 'lets go of' : 'deletes';
  return Replacement === 'True' ? 'replaces' : Replacement === 'Conditional' ? 'may replace' : 'changes';
}

/** @param {string} type */
function typeName(type) {
  return type.replace(/^AWS::/u, '').replaceAll('::', ' ');
}
