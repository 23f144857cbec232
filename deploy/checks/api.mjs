/** Rules of the REST API. */
import { each, named, resourcesOf, textOf } from './template.mjs';

/** @type {Record<string, import('../checks.mjs').Rule>} */
export const API_RULES = {
  'api-authorizer': each('AWS::ApiGateway::Authorizer', ({ Type, AuthorizerResultTtlInSeconds, IdentitySource }) => [
    Type !== 'REQUEST' && `expected an authorizer of type REQUEST, found ${Type}`,
    AuthorizerResultTtlInSeconds !== 0 && 'a result is for one signature, so its TTL must be 0: the default is 300 s',
    IdentitySource !== undefined &&
      'with identity sources API Gateway answers 401 by itself, which no OSS SDK understands',
  ]),
  'api-methods': each('AWS::ApiGateway::Method', ({ AuthorizationType, AuthorizerId }, stack) => [
    (AuthorizationType !== 'CUSTOM' || named(stack, AuthorizerId)?.[1].Type !== 'AWS::ApiGateway::Authorizer') &&
      'every method must have the authorizer',
  ]),
  'api-responses': each('AWS::ApiGateway::RestApi', (_properties, stack) => {
    const responses = resourcesOf(stack, 'AWS::ApiGateway::GatewayResponse').map(
      ([, { ResponseType, StatusCode }]) => `${ResponseType} ${StatusCode}`,
    );
    const isDeployed = resourcesOf(stack, 'AWS::ApiGateway::Stage').length > 0;
    return ['ACCESS_DENIED 403', 'AUTHORIZER_FAILURE 503'].map(
      (expected) => isDeployed && !responses.includes(expected) && `no gateway response ${expected}`,
    );
  }),
  'api-permission': invocations((id, stack) => {
    const permission = resourcesOf(stack, 'AWS::Lambda::Permission').find(
      ([, { FunctionName }]) => named(stack, FunctionName)?.[0] === id,
    );
    const { Principal, SourceArn, Action } = permission?.[1] ?? {};
    return [
      permission === undefined && `${id}: API Gateway may not invoke it`,
      permission &&
        (Principal !== 'apigateway.amazonaws.com' || Action !== 'lambda:InvokeFunction') &&
        `${id}: the permission isn't API Gateway's`,
      permission &&
        !textOf(SourceArn).includes(':${Api}/') &&
        `${id}: the permission must be for this API alone (SourceArn)`,
    ];
  }),
};

/**
 * A rule for each function that the API invokes.
 *
 * @param {(id: string, stack: import('../stacks.mjs').Stack) => (string | undefined | false)[]} check
 * @returns {import('../checks.mjs').Rule}
 */
function invocations(check) {
  return ({ stacks }) =>
    stacks.flatMap((stack) => {
      const uris = [
        ...resourcesOf(stack, 'AWS::ApiGateway::Method').map(([, { Integration }]) => Integration?.Uri),
        ...resourcesOf(stack, 'AWS::ApiGateway::Authorizer').map(([, { AuthorizerUri }]) => AuthorizerUri),
      ];
      const ids = new Set(uris.flatMap((uri) => /\$\{(\w+)\.Arn\}/u.exec(textOf(uri))?.[1] ?? []));
      return [...ids].flatMap((id) => check(id, stack).flatMap((fault) => (fault ? [`${stack.name}: ${fault}`] : [])));
    });
}
