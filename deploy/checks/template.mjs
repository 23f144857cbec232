/** How rules look at templates. */

/** @typedef {import('../templates/cfn.mjs').Resource} Resource */
/** @typedef {import('../stacks.mjs').Stack} Stack */
/** @typedef {import('../checks.mjs').Rule} Rule */

/** @param {Stack} stack @param {string} type @returns {[id: string, properties: Record<string, any>][]} */
export function resourcesOf({ template }, type) {
  return Object.entries(template.Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, { Properties = {} }]) => [id, Properties]);
}

/**
 * The resource that a `Ref` or `Fn::GetAtt` names.
 *
 * @param {Stack} stack
 * @param {any} value
 * @returns {[string, Resource] | undefined}
 */
export function named({ template }, value) {
  const id = value?.Ref ?? value?.['Fn::GetAtt']?.[0];
  const resource = id === undefined ? undefined : template.Resources[id];
  return resource && [id, resource];
}

/**
 * A rule for each resource of a type.
 *
 * @param {string} type
 * @param {(properties: Record<string, any>, stack: Stack, id: string, plan: import('../plan.mjs').Plan) => (string |
 *   undefined | false)[]} check
 * @returns {Rule}
 */
export function each(type, check) {
  return ({ plan, stacks }) =>
    stacks.flatMap((stack) =>
      resourcesOf(stack, type).flatMap(([id, properties]) =>
        check(properties, stack, id, plan).flatMap((fault) => (fault ? [`${stack.name}: ${id}: ${fault}`] : [])),
      ),
    );
}

/**
 * The associations of a distribution's behavior.
 *
 * @param {Record<string, any>} properties
 * @returns {Record<string, any>[]}
 */
export function associationsOf({ DistributionConfig }) {
  return DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations ?? [];
}

/** The text of a template's value: `Fn::Sub` without its wrapper. @param {any} value @returns {string} */
export function textOf(value) {
  return typeof value === 'string' ? value : (value?.['Fn::Sub'] ?? JSON.stringify(value) ?? '');
}

/** @template T @param {T | T[]} value @returns {T[]} */
export function listOf(value) {
  return Array.isArray(value) ? value : [value];
}
