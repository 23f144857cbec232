/** Rules of what belongs together: in several templates, or in a template and the configuration. */
import { S3_ORIGIN } from '../distribution.mjs';
import { grantsOf } from '../permissions.mjs';
import { secretValue } from '../templates/cfn.mjs';
import { listOf, named, resourcesOf, textOf } from './template.mjs';

/** @typedef {import('../stacks.mjs').Stack} Stack */

/** @type {Record<string, import('../checks.mjs').Rule>} */
export const TOGETHER_RULES = {
  'one-bundle': ({ stacks }) => {
    const hashes = new Map(
      stacks.flatMap((stack) => codeOf(stack).map(([where, hash]) => [`${stack.name}: ${where}`, hash])),
    );
    const [first, ...others] = new Set(hashes.values());
    if (others.length === 0) return [];
    return [...hashes]
      .filter(([, hash]) => hash !== first)
      .map(([where, hash]) => `${where}: of bundle ${hash}, others of ${first}`);
  },
  'secrets-match': ({ stacks }) => {
    const taken = new Set(stacks.flatMap(takenSecrets));
    if (taken.size === 0) return [];
    return stacks
      .flatMap((stack) =>
        resourcesOf(stack, 'AWS::CloudFront::Distribution').map(([id, { DistributionConfig }]) => ({
          stack,
          id,
          DistributionConfig,
        })),
      )
      .flatMap(({ stack, id, DistributionConfig }) => {
        const headers = DistributionConfig.Origins.flatMap(
          (/** @type {any} */ { OriginCustomHeaders = [] }) => OriginCustomHeaders,
        );
        const sent = headers.find(
          (/** @type {any} */ { HeaderName }) => HeaderName === S3_ORIGIN.secretHeader,
        )?.HeaderValue;
        return taken.has(sent)
          ? []
          : [`${stack.name}: ${id}: sends ${sent}, and the API or the relay takes ${[...taken].join(', ')}`];
      });
  },
  'secrets-hidden': ({ stacks }) =>
    stacks.flatMap((stack) =>
      environmentsOf(stack).flatMap(([where, variables]) =>
        'ORIGIN_SECRET' in variables && !ONLY_SECRETS.test(textOf(variables.ORIGIN_SECRET))
          ? [`${stack.name}: ${where}: ORIGIN_SECRET must come from Secrets Manager`]
          : [],
      ),
    ),
  permissions: ({ plan, stacks }) => {
    const faults = [];
    for (const stack of stacks) {
      for (const [id, grantee, role] of rolesOf(stack)) {
        const allowed = statementsOf(stack, role).filter(({ Effect }) => Effect === 'Allow');
        for (const { actions, on } of grantsOf(plan.config, grantee)) {
          for (const { s3Bucket } of plan.buckets) {
            const resource = `arn:aws:s3:::${s3Bucket}${on}`;
            const missing = actions.filter(
              (action) =>
                !allowed.some(
                  ({ Action, Resource }) => listOf(Action).includes(action) && listOf(Resource).includes(resource),
                ),
            );
            if (missing.length > 0)
              faults.push(`${stack.name}: ${id}: its role lacks ${missing.join(', ')} on ${resource}`);
          }
        }
      }
    }
    return faults;
  },
};

/** Where each piece of code comes from. @param {Stack} stack @returns {[where: string, hash: string][]} */
function codeOf(stack) {
  return [
    ...resourcesOf(stack, 'AWS::Lambda::Function').map(([id, { Code }]) => hashOf(id, Code.S3Key)),
    ...resourcesOf(stack, 'AWS::Lambda::WebFunctionRevision').map(([id, { BuildConfig }]) =>
      hashOf(id, BuildConfig.CodeConfig.S3Object.Key),
    ),
    ...resourcesOf(stack, 'AWS::ECS::TaskDefinition').map(([id, { ContainerDefinitions }]) =>
      imageOf(id, ContainerDefinitions[0].Image),
    ),
  ];
}

/** @param {string} id @param {string} key @returns {[string, string]} */
const hashOf = (id, key) => [id, key.split('/')[0].slice(0, 12)];

/** @param {string} id @param {string} image @returns {[string, string]} */
const imageOf = (id, image) => [id, image.split(':').at(-1) ?? ''];

/** @param {Stack} stack @returns {[where: string, variables: Record<string, unknown>][]} */
function environmentsOf(stack) {
  return [
    ...resourcesOf(stack, 'AWS::Lambda::Function').map(([id, { Environment }]) =>
      withVariables(id, Environment?.Variables),
    ),
    ...resourcesOf(stack, 'AWS::Lambda::WebFunctionRevision').map(([id, { ServiceConfig }]) =>
      withVariables(id, ServiceConfig.EnvironmentVariables),
    ),
    ...resourcesOf(stack, 'AWS::ECS::TaskDefinition').map(([id, { ContainerDefinitions }]) =>
      withVariables(
        id,
        Object.fromEntries(
          ContainerDefinitions[0].Environment.map((/** @type {any} */ { Name, Value }) => [Name, Value]),
        ),
      ),
    ),
  ];
}

/** @param {string} id @param {Record<string, unknown>} [variables] @returns {[string, Record<string, unknown>]} */
const withVariables = (id, variables = {}) => [id, variables];

/** As the edge stack writes them, by their names. @param {Stack} stack @returns {string[]} */
function takenSecrets(stack) {
  return environmentsOf(stack)
    .flatMap(([, { ORIGIN_SECRET = '' }]) => [...textOf(ORIGIN_SECRET).matchAll(/:secretsmanager:\$\{(\w+)\}/gu)])
    .map(([, id]) => secretValue(stack.template.Resources[id]?.Properties?.Name));
}

/** References to secrets of the same stack, with a space between. */
const ONLY_SECRETS = /^(\{\{resolve:secretsmanager:\$\{\w+\}:SecretString\}\} ?)+$/u;

/**
 * The functions behind the edge, with their roles.
 *
 * @param {Stack} stack
 * @returns {[id: string, grantee: import('../permissions.mjs').Grantee, role: any][]}
 */
function rolesOf(stack) {
  const functions = /** @type {const} */ ([
    ['InitiateFunction', 'initiate'],
    ['CompleteFunction', 'complete'],
    ['ListPartsFunction', 'list-parts'],
    ['HeadObjectFunction', 'head-object'],
  ]).flatMap(([id, name]) => {
    const found = stack.template.Resources[id];
    return found
      ? [/** @type {[string, import('../permissions.mjs').Grantee, any]} */ ([id, name, found.Properties?.Role])]
      : [];
  });
  const relays = [
    ...resourcesOf(stack, 'AWS::Lambda::WebFunctionRevision').map(([id, { ServiceConfig }]) =>
      relay(id, ServiceConfig.ExecutionRoleArn),
    ),
    ...resourcesOf(stack, 'AWS::ECS::TaskDefinition').map(([id, { TaskRoleArn }]) => relay(id, TaskRoleArn)),
  ];
  return [...functions, ...relays];
}

/** @param {string} id @param {any} role @returns {[string, import('../permissions.mjs').Grantee, any]} */
const relay = (id, role) => [id, 'relay', role];

/** @param {Stack} stack @param {any} role @returns {Record<string, any>[]} */
function statementsOf(stack, role) {
  const policies = named(stack, role)?.[1].Properties?.Policies ?? [];
  return policies.flatMap((/** @type {any} */ { PolicyDocument }) => PolicyDocument.Statement);
}
