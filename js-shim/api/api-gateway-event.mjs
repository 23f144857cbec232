// The one module that knows the shape of API Gateway's events (REST API, Lambda authorizer of type
// REQUEST, Lambda proxy integration).

import { createHash } from 'node:crypto';

/**
 * @typedef {{ headers?: Record<string, string | undefined> | null,
 *   multiValueHeaders?: Record<string, string[] | undefined> | null }} WithHeaders
 */

/**
 * A header's value, whatever the case of its name in the event.
 *
 * @param {WithHeaders} event @param {string} name in lower case
 * @returns {string | undefined} undefined if the header is absent or repeated
 */
export function headerOf(event, name) {
  const all = event.multiValueHeaders ?? event.headers ?? {};
  const values = Object.entries(all)
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, value]) => value ?? []);
  return values.length === 1 ? values[0] : undefined;
}

/**
 * The digest of a hand-over. It shows an integration that the authorizer's result is for this request.
 *
 * @param {string} handOver
 */
export function digestOf(handOver) {
  return createHash('sha256').update(handOver).digest('base64url');
}

/**
 * Packs headers into one value of an authorizer's context. In base64, because a quote in JSON inside JSON takes four
 * bytes, and a result has at most 8 KB.
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
 * An authorizer's result for one method ARN.
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
 * An integration's result. Behind the edge, all requests of an operation have the same URL, so no cache that was
 * enabled by mistake may store an answer.
 *
 * @param {{ status: number, headers: import('../core/decision.mjs').HeaderList, body: string }} answer
 * @returns {import('aws-lambda').APIGatewayProxyResult}
 */
export function proxyResult({ status, headers, body }) {
  return { statusCode: status, headers: { 'Cache-Control': 'no-store', ...Object.fromEntries(headers) }, body };
}
