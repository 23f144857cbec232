/** Rules of Lambda@Edge (lambda-at-edge-function-restrictions, edge-function-restrictions-all). */
import { decidingFunction } from '../distribution.mjs';
import { EDGE_REGION } from '../plan.mjs';
import { associationsOf, each, listOf, named } from './template.mjs';

/** @typedef {import('../stacks.mjs').Stack} Stack */

/** Of viewer events, before 2026; of origin events. In MB and seconds. */
const LIMITS = { viewer: { memory: 128, timeout: 5 }, origin: { memory: 10_240, timeout: 30 } };

/** @type {Record<string, import('../checks.mjs').Rule>} */
export const EDGE_FUNCTION_RULES = {
  'edge-region': each('AWS::CloudFront::Distribution', (properties, { region }) => [
    associationsOf(properties).length > 0 &&
      region !== EDGE_REGION &&
      `edge functions must be in ${EDGE_REGION}, found ${region}`,
  ]),
  'edge-version': each('AWS::CloudFront::Distribution', (properties, stack) =>
    associationsOf(properties).map(({ EventType, LambdaFunctionARN }) => {
      const isVersion =
        LambdaFunctionARN?.Ref !== undefined && named(stack, LambdaFunctionARN)?.[1].Type === 'AWS::Lambda::Version';
      return !isVersion && `${EventType}: expected a numbered version, not $LATEST or an alias`;
    }),
  ),
  'edge-version-of-bundle': ofEdgeFunctions(({ Code }, { version }) => [
    !String(version.Properties?.Description).endsWith(String(Code?.S3Key).split('/')[0]) &&
      "the version's description must have the bundle's hash: without a change CloudFormation makes no new version",
  ]),
  'edge-body': each('AWS::CloudFront::Distribution', (properties) =>
    associationsOf(properties).map(
      ({ EventType, IncludeBody }) =>
        IncludeBody === true && `${EventType}: a body would be cut at 40 KB or 1 MB, so it must not be included`,
    ),
  ),
  'edge-pair': each('AWS::CloudFront::Distribution', (properties, _stack, _id, { config }) => {
    const events = associationsOf(properties).map(({ EventType }) => EventType);
    const [viewer, origin] = ['viewer-request', 'origin-request'].map((event) => events.includes(event));
    if (decidingFunction(config) === 'origin-request') {
      return [
        viewer && 'a function at viewer request, with `triggers` "origin-request": it takes away what is signed',
        !origin && 'no origin-request function: nothing would verify signatures',
      ];
    }
    return [
      origin && !viewer && 'origin-request without viewer-request: nothing would verify signatures',
      viewer && !origin && 'viewer-request without origin-request: no upload in parts could begin',
      !viewer && !origin && 'no function verifies signatures',
    ];
  }),
  'edge-environment': ofEdgeFunctions(({ Environment }) => [
    Environment !== undefined && 'edge functions have no environment variables',
  ]),
  'edge-architecture': ofEdgeFunctions(({ Architectures = ['x86_64'] }) => [
    Architectures.some((/** @type {string} */ one) => one !== 'x86_64') && 'edge functions run on x86_64 alone',
  ]),
  'edge-layers': ofEdgeFunctions(({ Layers }) => [Layers !== undefined && 'edge functions have no layers']),
  'edge-network': ofEdgeFunctions(({ VpcConfig }) => [VpcConfig !== undefined && 'edge functions have no VPC']),
  'edge-features': ofEdgeFunctions((properties) =>
    [
      'DeadLetterConfig',
      'TracingConfig',
      'EphemeralStorage',
      'KmsKeyArn',
      'ImageConfig',
      'FileSystemConfigs',
      'SnapStart',
      'ReservedConcurrentExecutions',
    ].map((name) => name in properties && `edge functions have no ${name}`),
  ),
  'edge-size': ofEdgeFunctions(({ MemorySize = 128, Timeout = 3 }, { event }) => {
    const { memory, timeout } = event.startsWith('viewer') ? LIMITS.viewer : LIMITS.origin;
    return [
      MemorySize > memory && `${event}: at most ${memory} MB, found ${MemorySize}`,
      Timeout > timeout && `${event}: at most ${timeout} s, found ${Timeout}`,
    ];
  }),
  'edge-trust': ofEdgeFunctions(({ Role }, { stack }) => {
    const statements = named(stack, Role)?.[1].Properties?.AssumeRolePolicyDocument.Statement ?? [];
    const services = statements.flatMap((/** @type {any} */ { Principal }) => listOf(Principal.Service));
    return ['lambda.amazonaws.com', 'edgelambda.amazonaws.com'].map(
      (service) => !services.includes(service) && `its role must trust ${service}`,
    );
  }),
};

/**
 * A rule for each function that a distribution runs.
 *
 * @param {(properties: Record<string, any>, of: { event: string, stack: Stack, version: Record<string, any> }) =>
 *   (string | undefined | false)[]} check
 * @returns {import('../checks.mjs').Rule}
 */
function ofEdgeFunctions(check) {
  return each('AWS::CloudFront::Distribution', (properties, stack) =>
    associationsOf(properties).flatMap(({ EventType, LambdaFunctionARN }) => {
      const [, version] = named(stack, LambdaFunctionARN) ?? [];
      const [id, found] = named(stack, version?.Properties?.FunctionName) ?? [];
      if (version === undefined || found === undefined) return [];
      return check(found.Properties ?? {}, { event: EventType, stack, version }).map(
        (fault) => fault && `${id}: ${fault}`,
      );
    }),
  );
}
