/** The roles of functions: each may write its own log, and what permissions.mjs grants. */
import { accessKeyStatements, invocationStatements, objectStatements } from '../permissions.mjs';
import { policyDocument, sub, trust } from './cfn.mjs';

/** @typedef {import('../plan.mjs').Plan} Plan */

/** Lambda@Edge logs in each Region where it runs; the group's name has the Region of the function. */
export const EDGE_LOG_GROUP = '/aws/lambda/us-east-1.';

/**
 * @param {Plan} plan
 * @param {import('../distribution.mjs').EdgeFunction} name
 * @returns {import('./cfn.mjs').Resource}
 */
export function edgeRole(plan, name) {
  const log = {
    Effect: 'Allow',
    Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: sub(`arn:aws:logs:*:\${AWS::AccountId}:log-group:${EDGE_LOG_GROUP}${plan.name}-${name}:*`),
  };
  return role(['lambda.amazonaws.com', 'edgelambda.amazonaws.com'], [log, ...accessKeyStatements(plan, name)]);
}

/**
 * @param {Plan} plan
 * @param {import('../functions.mjs').ApiFunction | 'relay'} name
 * @param {string} logGroup
 * @param {string} [service] that runs it
 * @returns {import('./cfn.mjs').Resource}
 */
export function regionalRole(plan, name, logGroup, service = 'lambda.amazonaws.com') {
  const ofObjects = name === 'authorizer' ? [] : objectStatements(plan, name);
  return role([service], [logStatement(logGroup), ...ofObjects, ...accessKeyStatements(plan, name), ...invocationStatements(plan, name)]);
}

/** @param {string} group @returns {Record<string, any>} */
export function logStatement(group) {
  return {
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: sub(`arn:aws:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:${group}:*`),
  };
}

/** @param {string[]} services @param {Record<string, any>[]} statements @returns {import('./cfn.mjs').Resource} */
export function role(services, statements) {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: trust(services),
      Policies: [{ PolicyName: 'what-it-needs', PolicyDocument: policyDocument(statements) }],
    },
  };
}
