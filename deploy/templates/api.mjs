/** The REST API, its authorizer and its Lambdas. */
import { JOIN_SLICES, apiSize, isJoining } from '../functions.mjs';
import { API_METHODS, AUTHORIZER, GATEWAY_RESPONSES, INTEGRATION_TIMEOUT_SECONDS, apiMethods } from '../api.mjs';
import { FAILURE_METRICS, JOIN_METRICS, namespaceOf } from '../metrics.mjs';
import { STAGE } from '../plan.mjs';
import { alarm } from './alarms.mjs';
import { att, pascal, ref, sub } from './cfn.mjs';
import { changing, lambdaFunction } from './lambda.mjs';
import { regionalRole, role } from './roles.mjs';
import { takenSecrets } from './secrets.mjs';
import { metricFilters } from './watch.mjs';

/** @typedef {import('../plan.mjs').Plan} Plan */
/** @typedef {import('./cfn.mjs').Resource} Resource */
/** @typedef {import('./lambda.mjs').Release} Release */

/** The API itself, whose domain the bundle needs. @param {Plan} plan @returns {Record<string, Resource>} */
export function apiFoundation({ name }) {
  return {
    Api: {
      Type: 'AWS::ApiGateway::RestApi',
      Properties: {
        Name: `${name}-api`,
        Description: 'What OSS answers in XML: initiate, complete and list uploads in parts',
        EndpointConfiguration: { Types: ['REGIONAL'] },
      },
    },
  };
}

export function apiOutputs() {
  return {
    EndpointDomain: { Value: sub('${Api}.execute-api.${AWS::Region}.amazonaws.com') },
    EndpointPath: { Value: `/${STAGE}` },
  };
}

/** @param {Plan} plan @param {Release} release @returns {Record<string, Resource>} */
export function apiResources(plan, release) {
  const methods = apiMethods(plan.config);
  const functions = new Set(/** @type {const} */ (['authorizer', ...methods.map((method) => method.function)]));
  const front = frontResources(methods);
  const deployment = changing('ApiDeployment', front);
  return {
    ...Object.assign({}, ...[...functions].map((name) => functionResources(plan, release, name))),
    ...front,
    [deployment]: {
      Type: 'AWS::ApiGateway::Deployment',
      DependsOn: Object.keys(front),
      Properties: { RestApiId: ref('Api') },
    },
    ...stageResources(plan, deployment),
    AlarmApiErrors: alarm({
      what: 'The API answers 5xx: devices cannot begin or complete uploads in parts.',
      runbook: 'the-api-answers-5xx',
      namespace: 'AWS/ApiGateway',
      metric: '5XXError',
      dimensions: { ApiName: `${plan.name}-api`, Stage: STAGE },
      threshold: 5,
    }),
    AlarmKeysUnavailable: alarm({
      what: 'The authorizer cannot fetch access keys.',
      runbook: 'access-keys-cannot-be-fetched',
      namespace: namespaceOf(plan),
      metric: 'KeysUnavailable',
      threshold: 0,
    }),
  };
}

/**
 * @param {Plan} plan
 * @param {Release} release
 * @param {import('../functions.mjs').ApiFunction} name
 * @returns {Record<string, Resource>}
 */
function functionResources(plan, release, name) {
  const id = pascal(name);
  const group = `/aws/lambda/${plan.name}-${name}`;
  const variables = environment(plan, name);
  return {
    [`${id}Log`]: {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: group, RetentionInDays: plan.logDays },
    },
    ...metricFilters(plan, `${id}Log`, name === 'complete' ? [...FAILURE_METRICS, ...JOIN_METRICS] : FAILURE_METRICS),
    [`${id}Role`]: regionalRole(plan, name, group),
    [`${id}Function`]: lambdaFunction({
      plan,
      name,
      release,
      size: apiSize(name, plan.config),
      role: `${id}Role`,
      more: { ...variables, LoggingConfig: { LogGroup: ref(`${id}Log`) } },
    }),
    [`${id}Permission`]: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: ref(`${id}Function`),
        Principal: 'apigateway.amazonaws.com',
        SourceArn: sub(`arn:aws:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${Api}/${permittedPath(name)}`),
      },
    },
  };
}

/** @param {Plan} plan @param {import('../functions.mjs').ApiFunction} name */
function environment(plan, name) {
  if (name === 'authorizer') return { Environment: { Variables: { ORIGIN_SECRET: takenSecrets(plan) } } };
  return isJoining(name, plan.config) ? { Environment: { Variables: { JOIN_SLICES: String(JOIN_SLICES) } } } : {};
}

/** What of the API may invoke a function. @param {import('../functions.mjs').ApiFunction} name */
function permittedPath(name) {
  const [first, ...others] = API_METHODS.filter((one) => one.function === name);
  if (first === undefined) return 'authorizers/${Authorizer}';
  return `*/${others.length > 0 ? '*' : first.method}${first.resource}`;
}

/**
 * @param {ReturnType<typeof apiMethods>} methods
 * @returns {Record<string, Resource>} what a deployment of the API captures
 */
function frontResources(methods) {
  const { accessDenied, authorizerFailure } = GATEWAY_RESPONSES;
  return {
    Authorizer: {
      Type: 'AWS::ApiGateway::Authorizer',
      Properties: {
        Name: 'oss-signature',
        RestApiId: ref('Api'),
        Type: AUTHORIZER.type,
        AuthorizerResultTtlInSeconds: AUTHORIZER.resultTtlSeconds,
        AuthorizerUri: invocation('authorizer'),
      },
    },
    AccessDenied: {
      Type: 'AWS::ApiGateway::GatewayResponse',
      Properties: {
        RestApiId: ref('Api'),
        ResponseType: accessDenied.type,
        StatusCode: String(accessDenied.status),
        ResponseTemplates: { [accessDenied.contentType]: accessDenied.template },
      },
    },
    AuthorizerFailure: {
      Type: 'AWS::ApiGateway::GatewayResponse',
      Properties: {
        RestApiId: ref('Api'),
        ResponseType: authorizerFailure.type,
        StatusCode: String(authorizerFailure.status),
      },
    },
    ...Object.assign({}, ...methods.map((method) => methodResources(method, methods))),
  };
}

/**
 * @param {import('../api.mjs').ApiMethod} one @param {ReturnType<typeof apiMethods>} all
 * @returns {Record<string, Resource>}
 */
function methodResources({ method, resource, function: name }, all) {
  const id = pascal(name);
  const isOnly = all.filter((other) => other.resource === resource).length === 1;
  return {
    [`${id}Resource`]: {
      Type: 'AWS::ApiGateway::Resource',
      Properties: { RestApiId: ref('Api'), ParentId: att('Api', 'RootResourceId'), PathPart: resource.slice(1) },
    },
    [isOnly ? `${id}Method` : `${id}${pascal(method.toLowerCase())}Method`]: {
      Type: 'AWS::ApiGateway::Method',
      Properties: {
        RestApiId: ref('Api'),
        ResourceId: ref(`${id}Resource`),
        HttpMethod: method,
        AuthorizationType: 'CUSTOM',
        AuthorizerId: ref('Authorizer'),
        Integration: {
          Type: 'AWS_PROXY',
          IntegrationHttpMethod: 'POST',
          TimeoutInMillis: INTEGRATION_TIMEOUT_SECONDS * 1000,
          Uri: invocation(name),
        },
      },
    },
  };
}

/** @param {string} name of a function */
function invocation(name) {
  return sub(
    `arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${${pascal(name)}Function.Arn}/invocations`,
  );
}

/** @param {Plan} plan @param {string} deployment @returns {Record<string, Resource>} */
function stageResources(plan, deployment) {
  const { throttle, apiGatewayLogRole } = plan;
  return {
    ApiAccessLog: {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: `/aws/apigateway/${plan.name}`, RetentionInDays: plan.logDays },
    },
    ...(apiGatewayLogRole ? LOG_ACCOUNT : {}),
    Stage: {
      Type: 'AWS::ApiGateway::Stage',
      ...(apiGatewayLogRole ? { DependsOn: 'ApiGatewayAccount' } : {}),
      Properties: {
        RestApiId: ref('Api'),
        DeploymentId: ref(deployment),
        StageName: STAGE,
        AccessLogSetting: { DestinationArn: att('ApiAccessLog', 'Arn'), Format: JSON.stringify(ACCESS_LOG) },
        MethodSettings: [
          {
            HttpMethod: '*',
            ResourcePath: '/*',
            MetricsEnabled: true,
            // API Gateway's own log could show the signed request.
            LoggingLevel: 'OFF',
            DataTraceEnabled: false,
            ThrottlingRateLimit: throttle.ratePerSecond,
            ThrottlingBurstLimit: throttle.burst,
          },
        ],
      },
    },
  };
}

/**
 * One for the account and Region: API Gateway writes access logs in this role's name.
 *
 * @type {Record<string, Resource>}
 */
const LOG_ACCOUNT = {
  ApiGatewayLogRole: {
    ...role(
      ['apigateway.amazonaws.com'],
      [
        {
          Effect: 'Allow',
          Action: [
            'logs:CreateLogGroup',
            'logs:CreateLogStream',
            'logs:DescribeLogGroups',
            'logs:DescribeLogStreams',
            'logs:PutLogEvents',
            'logs:GetLogEvents',
            'logs:FilterLogEvents',
          ],
          Resource: '*',
        },
      ],
    ),
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
  },
  ApiGatewayAccount: {
    Type: 'AWS::ApiGateway::Account',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: { CloudWatchRoleArn: att('ApiGatewayLogRole', 'Arn') },
  },
};

const ACCESS_LOG = {
  time: '$context.requestTimeEpoch',
  requestId: '$context.requestId',
  method: '$context.httpMethod',
  resource: '$context.resourcePath',
  status: '$context.status',
  error: '$context.error.responseType',
  authorizerStatus: '$context.authorizer.status',
  authorizerLatency: '$context.authorizer.latency',
  integrationStatus: '$context.integration.status',
  latency: '$context.responseLatency',
};
