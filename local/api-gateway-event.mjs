/**
 * The events of a REST API: the REQUEST authorizer's and the Lambda proxy integration's
 * (API Gateway developer guide, api-gateway-lambda-authorizer-input and set-up-lambda-proxy-integrations).
 */
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { decodedQuery } from './query-string.mjs';

/** @typedef {import('aws-lambda').APIGatewayRequestAuthorizerEvent} AuthorizerEvent */
/** @typedef {import('aws-lambda').APIGatewayProxyEvent} ProxyEvent */
/** @typedef {{ domain: string, apiId: string, region: string, stage: string, resourcePath: string }} Api */
/** @typedef {readonly (readonly [name: string, value: string])[]} HeaderLines */
/**
 * @typedef {{ method: string, querystring: string, headers: HeaderLines, body: Buffer, sourceIp: string }} ApiRequest
 */

/**
 * @param {Api} api
 * @param {ApiRequest} request
 * @param {string} methodArn
 * @returns {AuthorizerEvent}
 */
export function authorizerEvent(api, request, methodArn) {
  const { stage, ...common } = commonFields(api, request);
  return { type: 'REQUEST', methodArn, ...common, requestContext: requestContext(api, request, undefined) };
}

/**
 * @param {Api} api
 * @param {ApiRequest} request
 * @param {import('./authorizer-policy.mjs').Authorization} authorization
 * @returns {ProxyEvent}
 */
export function proxyEvent(api, request, { principalId, context }) {
  const { stage, ...common } = commonFields(api, request);
  const text = isUtf8(request.body);
  return {
    ...common,
    requestContext: requestContext(api, request, { principalId, ...context }),
    body: request.body.length > 0 ? request.body.toString(text ? 'utf8' : 'base64') : null,
    isBase64Encoded: !text,
  };
}

/**
 * @param {Api} api
 * @param {ApiRequest} request
 */
function commonFields({ resourcePath, stage }, { method, querystring, headers }) {
  const query = Object.entries(decodedQuery(querystring.replaceAll('+', '%20'))).map(
    ([name, value]) => /** @type {const} */ ([name, [value].flat()]),
  );
  const headerGroups = grouped(headers);
  return {
    stage,
    resource: resourcePath,
    path: resourcePath,
    httpMethod: method,
    // A single-value map holds the last of the repeated values.
    headers: Object.fromEntries(headerGroups.map(([name, values]) => [name, values.at(-1)])),
    multiValueHeaders: Object.fromEntries(headerGroups),
    queryStringParameters:
      query.length > 0 ? Object.fromEntries(query.map(([name, values]) => [name, values.at(-1)])) : null,
    multiValueQueryStringParameters: query.length > 0 ? Object.fromEntries(query) : null,
    pathParameters: null,
    stageVariables: null,
  };
}

/**
 * @template A
 * @param {Api} api
 * @param {ApiRequest} request
 * @param {A} authorizer
 */
function requestContext({ apiId, domain, resourcePath, stage }, { method, headers, sourceIp }, authorizer) {
  const now = new Date();
  return {
    accountId: ACCOUNT_ID,
    apiId,
    authorizer,
    domainName: domain,
    domainPrefix: domain.split('.')[0] ?? domain,
    extendedRequestId: randomUUID().slice(0, 15),
    httpMethod: method,
    identity: {
      ...NO_IDENTITY,
      sourceIp,
      userAgent: headers.findLast(([name]) => name.toLowerCase() === 'user-agent')?.[1] ?? null,
    },
    path: `/${stage}${resourcePath}`,
    protocol: 'HTTP/1.1',
    requestId: randomUUID(),
    requestTime: now.toUTCString(),
    requestTimeEpoch: now.getTime(),
    resourceId: 'local0',
    resourcePath,
    stage,
  };
}

/**
 * Values by name as first spelled.
 *
 * @param {HeaderLines} lines
 * @returns {[name: string, values: string[]][]}
 */
function grouped(lines) {
  /** @type {Map<string, [string, string[]]>} */
  const groups = new Map();
  for (const [name, value] of lines) {
    const group = groups.get(name.toLowerCase()) ?? [name, []];
    group[1].push(value);
    groups.set(name.toLowerCase(), group);
  }
  return [...groups.values()];
}

export const ACCOUNT_ID = '123456789012';

const NO_IDENTITY = {
  accessKey: null,
  accountId: null,
  apiKey: null,
  apiKeyId: null,
  caller: null,
  clientCert: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  user: null,
  userArn: null,
};
