/** A private REST API before the load balancer, for operations that send no object's bytes: begin, list, complete, abort. */
import { att, policyDocument, ref, sub, template } from '../templates/cfn.mjs';
import { endpointResources, zoneResources } from './consumer.mjs';

/** @typedef {import('./plan.mjs').PrivatePlan} PrivatePlan */
/** @typedef {import('./plan.mjs').Api} Api */
/** @typedef {import('../templates/cfn.mjs').Resource} Resource */

/** Without PUT: bodies of objects and parts don't fit (10 MB), and the endpoint service takes them. */
const METHODS = ['POST', 'GET', 'HEAD', 'DELETE'];

const STAGE = 'v1';

/** @param {PrivatePlan} plan @param {Api} api */
export function apiTemplate(plan, api) {
  const { name, provider, consumers } = plan;
  const methods = methodResources(api);
  return template(`oss-edge ${name}: a private REST API for control operations`, {
    Parameters: { Balancer: { Type: 'String', Description: "Balancer of the provider's stack", AllowedPattern: '^arn:aws:elasticloadbalancing:.*:loadbalancer/net/.*$' } },
    Resources: {
      Api: {
        Type: 'AWS::ApiGateway::RestApi',
        Properties: {
          Name: `${name}-private`,
          EndpointConfiguration: { Types: ['PRIVATE'] },
          DisableExecuteApiEndpoint: true,
          BinaryMediaTypes: ['*/*'],
          Policy: policyDocument(resourcePolicyStatements(api)),
        },
      },
      Link: { Type: 'AWS::ApiGateway::VpcLink', Properties: { Name: `${name}-relay`, TargetArns: [ref('Balancer')] } },
      Proxy: { Type: 'AWS::ApiGateway::Resource', Properties: { RestApiId: ref('Api'), ParentId: att('Api', 'RootResourceId'), PathPart: '{proxy+}' } },
      ...methods,
      ...stageResources(plan, Object.keys(methods)),
      Domain: {
        Type: 'AWS::ApiGateway::DomainNameV2',
        Properties: {
          DomainName: api.domain,
          CertificateArn: api.certificate,
          EndpointConfiguration: { Types: ['PRIVATE'] },
          SecurityPolicy: 'TLS_1_2',
          Policy: policyDocument(resourcePolicyStatements(api)),
        },
      },
      Mapping: {
        Type: 'AWS::ApiGateway::BasePathMappingV2',
        Properties: { DomainNameArn: att('Domain', 'DomainNameArn'), RestApiId: ref('Api'), Stage: ref('Stage') },
      },
      ...shareResources(name, [att('Domain', 'DomainNameArn')], consumers.map(({ account }) => account).filter((account) => account !== provider.account)),
    },
    Outputs: { DomainNameArn: { Value: att('Domain', 'DomainNameArn'), Description: "For the consumers' associations" } },
  });
}

/**
 * Only these endpoints may call it: an explicit deny for others, so that no allow of another policy counts.
 *
 * @param {Api} api
 */
export function resourcePolicyStatements({ endpoints }) {
  const all = { Principal: '*', Action: 'execute-api:Invoke', Resource: 'execute-api:/*' };
  return [
    { Sid: 'OssEdgeEndpoints', Effect: 'Allow', ...all },
    { Sid: 'OssEdgeOtherEndpoints', Effect: 'Deny', ...all, Condition: { StringNotEquals: { 'aws:SourceVpce': endpoints } } },
  ];
}

/** @param {Api} api @returns {Record<string, Resource>} */
function methodResources({ domain }) {
  const resources = /** @type {const} */ ([['Root', att('Api', 'RootResourceId'), ''], ['Proxy', ref('Proxy'), '{proxy}']]);
  return Object.fromEntries(
    resources.flatMap(([id, ResourceId, path]) =>
      METHODS.map((HttpMethod) => [
        `${id}${HttpMethod[0]}${HttpMethod.slice(1).toLowerCase()}`,
        {
          Type: 'AWS::ApiGateway::Method',
          Properties: {
            RestApiId: ref('Api'),
            ResourceId,
            HttpMethod,
            // The relay verifies OSS's signature.
            AuthorizationType: 'NONE',
            RequestParameters: path === '' ? {} : { 'method.request.path.proxy': true },
            Integration: {
              Type: 'HTTP_PROXY',
              IntegrationHttpMethod: HttpMethod,
              ConnectionType: 'VPC_LINK',
              ConnectionId: ref('Link'),
              // Its host becomes the Host that the relay sees, and that of the certificate which is checked.
              Uri: `https://${domain}/${path}`,
              RequestParameters: path === '' ? {} : { 'integration.request.path.proxy': 'method.request.path.proxy' },
              PassthroughBehavior: 'WHEN_NO_MATCH',
              TimeoutInMillis: 29_000,
            },
          },
        },
      ]),
    ),
  );
}

/** @param {PrivatePlan} plan @param {string[]} methods @returns {Record<string, Resource>} */
function stageResources({ name, provider }, methods) {
  const format = { requestId: '$context.requestId', time: '$context.requestTimeEpoch', endpoint: '$context.identity.vpceId', ip: '$context.identity.sourceIp', method: '$context.httpMethod', status: '$context.status' };
  return {
    ApiLog: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: `/aws/apigateway/${name}-private`, RetentionInDays: provider.logDays } },
    Deployment: { Type: 'AWS::ApiGateway::Deployment', DependsOn: methods, Properties: { RestApiId: ref('Api') } },
    Stage: {
      Type: 'AWS::ApiGateway::Stage',
      Properties: {
        RestApiId: ref('Api'),
        DeploymentId: ref('Deployment'),
        StageName: STAGE,
        // Without paths and queries: a signed URL could be used by whoever reads them.
        AccessLogSetting: { DestinationArn: att('ApiLog', 'Arn'), Format: JSON.stringify(format) },
        MethodSettings: [{ HttpMethod: '*', ResourcePath: '/*', ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 }],
      },
    },
  };
}

/** @param {string} name @param {unknown[]} arns @param {string[]} accounts @returns {Record<string, Resource>} */
export function shareResources(name, arns, accounts) {
  const principals = [...new Set(accounts)];
  if (principals.length === 0) return {};
  return {
    Share: { Type: 'AWS::RAM::ResourceShare', Properties: { Name: `${name}-private`, AllowExternalPrincipals: true, ResourceArns: arns, Principals: principals } },
  };
}

/** @param {PrivatePlan} plan @param {Api} api @param {import('./plan.mjs').Consumer} consumer */
export function apiConsumerTemplate({ name }, api, consumer) {
  return template(`oss-edge ${name}: the private REST API, consumer ${consumer.name}`, {
    // The API's policy names the endpoint, so the endpoint is made first.
    Parameters: {
      DomainNameArn: {
        Type: 'String',
        Description: "DomainNameArn of the API's stack; empty before there is one",
        AllowedPattern: '^(arn:aws:apigateway:.*:/domainnames/.*)?$',
        Default: '',
      },
    },
    Conditions: { HasDomain: { 'Fn::Not': [{ 'Fn::Equals': [ref('DomainNameArn'), ''] }] } },
    Resources: {
      ...endpointResources(consumer, 'ApiEndpoint', 443, {
        VpcEndpointType: 'Interface',
        ServiceName: sub(`com.amazonaws.\${AWS::Region}.execute-api`),
        PrivateDnsEnabled: true,
        PolicyDocument: policyDocument(apiEndpointStatements()),
      }),
      Association: {
        Type: 'AWS::ApiGateway::DomainNameAccessAssociation',
        Condition: 'HasDomain',
        Properties: { DomainNameArn: ref('DomainNameArn'), AccessAssociationSource: ref('ApiEndpoint'), AccessAssociationSourceType: 'VPCE' },
      },
      ...zoneResources(consumer, api.domain, 'ApiEndpoint', ['']),
    },
    Outputs: { Endpoint: { Value: ref('ApiEndpoint'), Description: 'For `api.endpoints` of the plan' } },
  });
}

/** Through the endpoint APIs are called, and nothing else is done. */
export function apiEndpointStatements() {
  return [{ Effect: 'Allow', Principal: '*', Action: 'execute-api:Invoke', Resource: '*' }];
}
