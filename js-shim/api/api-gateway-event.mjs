// The one module that knows API Gateway's event shape (REST, Lambda authorizer of type REQUEST and
// Lambda proxy integration).

import { createHash } from 'node:crypto';

/**
 * @typedef {{ headers?: Record<string, string | undefined> | null,
 *   multiValueHeaders?: Record<string, string[] | undefined> | null }} WithHeaders
 */

/**
 * A header's one value, its name in any case.
 *
 * @param {WithHeaders} event @param {string} name in lower case
 * @returns {string | undefined} nothing when it is absent or repeated
 */
export function headerOf(event, name) {
  const all = event.multiValueHeaders ?? event.headers ?? {};
  const values = Object.entries(all)
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, value]) => value ?? []);
  return values.length === 1 ? values[0] : undefined;
}

/**
 * The digest by which the integration knows that the authorizer's result is for its own request.
 *
 * @param {string} handOver
 */
export function digestOf(handOver) {
  return createHash('sha256').update(handOver).digest('base64url');
}

/**
 * Headers as one value of an authorizer's context. As JSON inside its JSON, quotes would take four
 * times their size of the 8 KB that a result may have.
 *
 * @param {import('../core/decision.mjs').HeaderList} headers
 */
export function packHeaders(headers) {
  return Buffer.from(headers.flat().join('\0')).toString('base64url');
}

/**
 * @param {string} packed
 * @returns {Record<string, string>}
 */
export function unpackHeaders(packed) {
  const fields = packed === '' ? [] : Buffer.from(packed, 'base64url').toString().split('\0');
  return Object.fromEntries(fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1]]] : [])));
}

/**
 * An authorizer's result for one method ARN and no other.
 *
 * @param {'Allow' | 'Deny'} effect @param {string} methodArn @param {string} principalId
 * @param {Record<string, string>} context
 * @returns {import('aws-lambda').APIGatewayAuthorizerResult}
 */
export function policy(effect, methodArn, principalId, context) {
  const Statement = [{ Action: 'execute-api:Invoke', Effect: effect, Resource: methodArn }];
  return { principalId: principalId || 'unknown', policyDocument: { Version: '2012-10-17', Statement }, context };
}

/**
 * An integration's result. All requests of an operation have one URL behind the edge: were a cache
 * configured there by mistake, it must not give one device's answer to another.
 *
 * @param {{ status: string, headers: import('../core/decision.mjs').HeaderList, body: string }} answer
 * @returns {import('aws-lambda').APIGatewayProxyResult}
 */
export function proxyResult({ status, headers, body }) {
  return { statusCode: Number(status), headers: { 'Cache-Control': 'no-store', ...Object.fromEntries(headers) }, body };
}
