// Each rule of ours finds its mistake: a copy of good templates, broken in one place.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RULES, faultsOf } from '../../deploy/checks.mjs';
import { deploymentOf } from './fixture.mjs';

const API = 'an API, with every choice';
const ONE = 'one function at origin request, and an API';

/** @typedef {Record<string, any>} Resources */

/**
 * What is broken, of the resources of the edge stack and of the regional one; and the rule that finds it.
 *
 * @type {[rule: string, what: string, (edge: Resources, regional: Resources, stacks: any[]) => void, variant?: string][]}
 */
const MISTAKES = [
  ['edge-region', 'functions in another Region', (_edge, _regional, stacks) => (stacks.find(({ kind }) => kind === 'edge').region = 'eu-west-1')],
  ['edge-version', '$LATEST', (edge) => (associations(edge)[0].LambdaFunctionARN = { 'Fn::GetAtt': ['ViewerRequestFunction', 'Arn'] })],
  ['edge-version', 'an ARN of no version', (edge) => (associations(edge)[0].LambdaFunctionARN = 'arn:aws:lambda:us-east-1:111122223333:function:f')],
  ['edge-version-of-bundle', 'a version that stays as it is', (edge) => (versionOf(edge, 'ViewerRequest').Description = 'a version')],
  ['edge-body', 'the body included', (edge) => (associations(edge)[1].IncludeBody = true)],
  ['edge-pair', 'origin-request without its viewer-request', (edge) => associations(edge).shift()],
  ['edge-pair', 'viewer-request without its origin-request', (edge) => associations(edge).splice(1, 1)],
  ['edge-pair', 'no functions', (edge) => associations(edge).splice(0)],
  ['edge-pair', 'a viewer-request beside the one function', (edge) => associations(edge).unshift({ ...associations(edge)[0], EventType: 'viewer-request' }), ONE],
  ['edge-pair', 'a viewer-request in place of the one function', (edge) => (associations(edge)[0].EventType = 'viewer-request'), ONE],
  ['edge-pair', 'no function that decides', (edge) => associations(edge).shift(), ONE],
  ['edge-size', 'too much memory at origin request', (edge) => (functionOf(edge, 'OriginRequest').MemorySize = 10_241), ONE],
  ['edge-environment', 'environment variables', (edge) => (functionOf(edge, 'ViewerRequest').Environment = { Variables: {} })],
  ['edge-architecture', 'arm64', (edge) => (functionOf(edge, 'OriginRequest').Architectures = ['arm64'])],
  ['edge-layers', 'a layer', (edge) => (functionOf(edge, 'OriginResponse').Layers = ['arn:aws:lambda:us-east-1:111122223333:layer:l:1'])],
  ['edge-network', 'a VPC', (edge) => (functionOf(edge, 'ViewerRequest').VpcConfig = { SubnetIds: [] })],
  ['edge-features', 'a dead-letter queue', (edge) => (functionOf(edge, 'ViewerRequest').DeadLetterConfig = {})],
  ['edge-size', 'too much memory', (edge) => (functionOf(edge, 'ViewerRequest').MemorySize = 256)],
  ['edge-size', 'too much time', (edge) => (functionOf(edge, 'ViewerRequest').Timeout = 6)],
  ['edge-trust', "a role that edgelambda can't assume", (edge) => edge.ViewerRequestRole.Properties.AssumeRolePolicyDocument.Statement[0].Principal.Service.pop()],
  ['policy-host', "the viewer's Host", (edge) => (headersOf(edge).Headers = ['Cookie'])],
  ['policy-host', 'every header', (edge) => (edge.OriginRequestPolicy.Properties.OriginRequestPolicyConfig.HeadersConfig = { HeaderBehavior: 'allViewer' })],
  ['policy-host', "a policy without the viewer's Host where origin-request decides", (edge) => (edge.OriginRequestPolicyWithHost.Properties.OriginRequestPolicyConfig.HeadersConfig = { HeaderBehavior: 'allExcept', Headers: ['Host'] }), ONE],
  ['policy-headers', 'a header left out where origin-request decides', (edge) => (edge.OriginRequestPolicyWithHost.Properties.OriginRequestPolicyConfig.HeadersConfig = { HeaderBehavior: 'allExcept', Headers: ['Content-MD5'] }), ONE],
  ['policy-query', 'a missing query string where origin-request decides', (edge) => (edge.OriginRequestPolicyWithHost.Properties.OriginRequestPolicyConfig.QueryStringsConfig.QueryStringBehavior = 'none'), ONE],
  ['policy-cache', 'a cache where origin-request decides', (edge) => (behaviorOf(edge).CachePolicyId = '658327ea-f89d-4fab-a63d-7e88639e58f6'), ONE],
  ['policy-host', 'no policy', (edge) => delete behaviorOf(edge).OriginRequestPolicyId],
  ['policy-headers', 'a header left out', (edge) => headersOf(edge).Headers.push('Content-MD5')],
  ['policy-headers', 'named headers', (edge) => (headersOf(edge).HeaderBehavior = 'whitelist')],
  ['policy-query', 'a missing query string', (edge) => (edge.OriginRequestPolicy.Properties.OriginRequestPolicyConfig.QueryStringsConfig.QueryStringBehavior = 'none')],
  ['policy-cache', 'a cache', (edge) => (behaviorOf(edge).CachePolicyId = '658327ea-f89d-4fab-a63d-7e88639e58f6')],
  ['methods', 'no PUT', (edge) => (behaviorOf(edge).AllowedMethods = ['GET', 'HEAD', 'OPTIONS'])],
  ['compression', 'compression', (edge) => (behaviorOf(edge).Compress = true)],
  ['error-caching', 'cached errors', (edge) => edge.DistributionFleetUploads.Properties.DistributionConfig.CustomErrorResponses.pop()],
  ['origin-access', 'no origin access control', (edge) => delete originOf(edge).OriginAccessControlId],
  ['origin-access', 'origin access control that leaves Authorization', (edge) => (edge.OriginAccessControl.Properties.OriginAccessControlConfig.SigningBehavior = 'no-override')],
  ['origin-access', 'origin access control for Lambda', (edge) => (edge.OriginAccessControl.Properties.OriginAccessControlConfig.OriginAccessControlOriginType = 'lambda')],
  ['origin-domain', 'a website', (edge) => (originOf(edge).DomainName = 'fleet-uploads-prod.s3-website-us-east-1.amazonaws.com')],
  ['origin-domain', 'an origin path', (edge) => (originOf(edge).OriginPath = '/uploads')],
  ['origin-secret', 'no origin secret', (edge) => originOf(edge).OriginCustomHeaders.pop()],
  ['origin-secret', 'an origin secret in clear text', (edge) => (originOf(edge).OriginCustomHeaders[0].HeaderValue = 'hunter2hunter2hunter2')],
  ['secrets-match', 'mismatched secrets', (edge) => (originOf(edge).OriginCustomHeaders[0].HeaderValue = '{{resolve:secretsmanager:fleet-origin-secret-9:SecretString}}')],
  ['secrets-hidden', 'an origin secret in the environment in clear text', (_edge, regional) => (regional.AuthorizerFunction.Properties.Environment.Variables.ORIGIN_SECRET = 'hunter2hunter2hunter2')],
  ['one-bundle', 'mixed bundles', (_edge, regional) => (regional.InitiateFunction.Properties.Code.S3Key = `${'f'.repeat(64)}/initiate.zip`)],
  ['one-bundle', 'mixed bundles at the edge', (edge) => (functionOf(edge, 'OriginRequest').Code.S3Key = `${'f'.repeat(64)}/origin-request.zip`)],
  ['one-bundle', "a relay's image of another bundle", (_edge, regional) => (regional.Task.Properties.ContainerDefinitions[0].Image += 'f'), 'Fargate'],
  ['permissions', 'a missing permission', (_edge, regional) => statementOf(regional, 'CompleteRole', 's3:ListMultipartUploadParts').Action.shift()],
  ['permissions', 'a permission on one bucket of two', (_edge, regional) => statementOf(regional, 'InitiateRole', 's3:PutObject').Resource.pop()],
  ['permissions', 'a relay that may not read what it staged', (_edge, regional) => statementOf(regional, 'RelayRole', 's3:GetObject').Action.shift(), 'a web function'],
  ['bucket-private', 'public access', (_edge, regional) => (regional.BucketFleetUploads.Properties.PublicAccessBlockConfiguration.BlockPublicPolicy = false)],
  ['bucket-private', 'ACLs', (_edge, regional) => (regional.BucketFleetUploads.Properties.OwnershipControls.Rules[0].ObjectOwnership = 'ObjectWriter')],
  ['bucket-incomplete-uploads', 'uploads that stay', (_edge, regional) => regional.BucketFleetUploads.Properties.LifecycleConfiguration.Rules.shift()],
  ['bucket-incomplete-uploads', 'uploads that end early', (_edge, regional) => (regional.BucketFleetUploads.Properties.LifecycleConfiguration.Rules[0].AbortIncompleteMultipartUpload.DaysAfterInitiation = 1)],
  ['bucket-source', 'a wrong SourceArn', (_edge, regional) => (allowOf(regional).Condition.StringEquals['AWS:SourceArn'] = { Ref: 'DistributionArnFleetLogs' })],
  ['bucket-source', 'any distribution', (_edge, regional) => (allowOf(regional).Condition = { StringLike: { 'AWS:SourceArn': '*' } })],
  ['bucket-source', 'any account', (_edge, regional) => delete allowOf(regional).Condition.StringEquals['aws:SourceAccount']],
  ['bucket-distribution', 'no statement for the distribution', (_edge, regional) => regional.BucketPolicyFleetUploads.Properties.PolicyDocument.Statement.splice(1, 1)],
  ['bucket-actions', 'reading', (_edge, regional) => allowOf(regional).Action.push('s3:GetObject')],
  ['bucket-actions', 'everything', (_edge, regional) => (allowOf(regional).Action = 's3:*')],
  ['bucket-actions', 'everybody', (_edge, regional) => (allowOf(regional).Principal = '*')],
  ['bucket-tls', 'no TLS', (_edge, regional) => regional.BucketPolicyFleetUploads.Properties.PolicyDocument.Statement.shift()],
  ['api-authorizer', "the authorizer's default cache", (_edge, regional) => delete regional.Authorizer.Properties.AuthorizerResultTtlInSeconds],
  ['api-authorizer', 'an identity source', (_edge, regional) => (regional.Authorizer.Properties.IdentitySource = 'method.request.header.Authorization')],
  ['api-authorizer', 'an authorizer of tokens', (_edge, regional) => (regional.Authorizer.Properties.Type = 'TOKEN')],
  ['api-methods', 'a method for everybody', (_edge, regional) => (regional.InitiateMethod.Properties.AuthorizationType = 'NONE')],
  ['api-responses', "API Gateway's own refusal", (_edge, regional) => delete regional.AccessDenied],
  ['api-permission', "a function that the API can't invoke", (_edge, regional) => delete regional.InitiatePermission],
  ['api-permission', 'a function that any API invokes', (_edge, regional) => delete regional.InitiatePermission.Properties.SourceArn],
  ['api-permission', 'a function that somebody else invokes', (_edge, regional) => (regional.AuthorizerPermission.Properties.Principal = '*')],
];

for (const [rule, what, mistake, variant = API] of MISTAKES) {
  test(`${rule} finds ${what}`, () => {
    const { plan, stacks } = structuredClone(deploymentOf(variant));
    const [edge, regional] = ['edge', 'regional'].map((kind) => stacks.find((stack) => stack.kind === kind)?.template.Resources ?? {});
    mistake(edge, regional, stacks);
    const rules = faultsOf(plan, stacks).map((fault) => fault.split(':')[0]);
    assert.ok(rules.includes(rule), `found ${rules.join(', ') || 'nothing'}`);
  });
}

test('each rule has a mistake that it finds', () => {
  assert.deepEqual(Object.keys(RULES).filter((rule) => !MISTAKES.some(([name]) => name === rule)), []);
});

test('a fault says in which stack and resource it is, and what to do', () => {
  const { plan, stacks } = structuredClone(deploymentOf(API));
  const edge = stacks.find(({ kind }) => kind === 'edge')?.template.Resources ?? {};
  originOf(edge).OriginPath = '/uploads';
  assert.deepEqual(faultsOf(plan, stacks), ['origin-domain: fleet-edge: DistributionFleetUploads: an origin path stores objects elsewhere, found /uploads']);
});

/** @param {Resources} edge */
function behaviorOf(edge) {
  return edge.DistributionFleetUploads.Properties.DistributionConfig.DefaultCacheBehavior;
}

/** @param {Resources} edge @returns {any[]} */
function associations(edge) {
  return behaviorOf(edge).LambdaFunctionAssociations;
}

/** @param {Resources} edge */
function originOf(edge) {
  return edge.DistributionFleetUploads.Properties.DistributionConfig.Origins[0];
}

/** @param {Resources} edge */
function headersOf(edge) {
  return edge.OriginRequestPolicy.Properties.OriginRequestPolicyConfig.HeadersConfig;
}

/** @param {Resources} edge @param {string} id */
function functionOf(edge, id) {
  return edge[`${id}Function`].Properties;
}

/** @param {Resources} edge @param {string} id */
function versionOf(edge, id) {
  const [, version] = Object.entries(edge).find(([name]) => name.startsWith(`${id}Version`)) ?? [];
  return version.Properties;
}

/** The statement for the distribution. @param {Resources} regional */
function allowOf(regional) {
  return regional.BucketPolicyFleetUploads.Properties.PolicyDocument.Statement[1]['Fn::If'][1];
}

/** @param {Resources} regional @param {string} role @param {string} action */
function statementOf(regional, role, action) {
  return regional[role].Properties.Policies[0].PolicyDocument.Statement.find((/** @type {any} */ { Action }) => Action.includes(action));
}
