// oss-edge deploy, against fakes of AWS's APIs (fake-aws.mjs). The SDK is not mocked: its serialisers write the requests,
// which AWS's service models judge, and its parsers read the answers.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';

import { functionsOf } from '../../cli/bundle.mjs';
import { createAws } from '../../cli/deploy/aws.mjs';
import { releaseOf } from '../../cli/deploy/release.mjs';
import { runDeploy, runDestroy, runRollback, runRotate, runStatus } from '../../cli/deploy/run.mjs';
import { newSecrets } from '../../cli/secrets.mjs';
import { serve } from '../../cli/serve.mjs';
import { ACCOUNT } from './fake-answers.mjs';
import { FakeAws } from './fake-aws.mjs';

Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' });

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-deploy-'));
after(() => rm(directory, { recursive: true }));

const CERTIFICATE = `arn:aws:acm:us-east-1:${ACCOUNT}:certificate/1234abcd-12ab-34cd-56ef-1234567890ab`;
const KEY = { accessKeyId: 'LTAI5tDeployDevice01', accessKeySecret: 'kX9mQ2vR7wT4yB8nZ3cF6hJ1pL5sD0' };
const CONFIG = {
  maxClockSkewSeconds: 300,
  hosts: [{ host: 'uploads.example.com', style: 'cname', bucket: 'fleet-uploads' }],
  buckets: { 'fleet-uploads': { s3Bucket: 'fleet-uploads-prod', region: 'eu-west-1' } },
  deployment: { name: 'fleet', certificate: CERTIFICATE, edgeRegions: ['us-east-1', 'eu-west-1'] },
};

/** @type {FakeAws} */
let aws;
/** @type {string[]} */
let said;
/** Of the present test: what is bundled. */
let code = '1';

beforeEach(async (context) => {
  aws = new FakeAws();
  process.env.AWS_ENDPOINT_URL = await aws.start();
  said = [];
  code = '1';
  /** @type {any} */ (context).after(() => aws.stop());
});

const options = (/** @type {object} */ more = {}) => ({ config: join(directory, 'config.json'), accessKeys: join(directory, 'access-keys.json'), yes: true, ...more });

/** Whatever the documents are: bundling itself has its own test below. */
const bundle = async (/** @type {any} */ { config, secrets }) => {
  const zip = (/** @type {string} */ name) => Buffer.from(JSON.stringify([name, code, config, secrets]));
  const names = ['viewer-request', 'origin-request', 'origin-response', 'authorizer', 'initiate', 'complete', 'list-parts'];
  return releaseOf(new Map(names.map((name) => [name, zip(name)])));
};

/** @returns {import('../../cli/deploy/run.mjs').Seams} */
const seams = (/** @type {object} */ more = {}) => ({
  aws: createAws({}),
  say: (line) => void said.push(line),
  pollMilliseconds: 0,
  connectTo: { protocol: 'http:', hostname: '127.0.0.1', port: 1 },
  bundle,
  ...more,
});

/** @param {any} [config] */
async function write(config = CONFIG) {
  await writeFile(join(directory, 'config.json'), JSON.stringify(config));
  await writeFile(join(directory, 'access-keys.json'), JSON.stringify({ accessKeys: [KEY] }));
}

const deployOnce = async (/** @type {object} */ more = {}, /** @type {object} */ seam = {}) => runDeploy(options(more), seams(seam));
const named = (/** @type {string} */ name) => aws.stacks.all.get(name);
const verbs = () => said.filter((line) => /^ {2}(creates|changes|replaces|deletes|lets go of) /u.test(line));

test('a first deployment makes every stack, the policy last, and a second one changes nothing', async () => {
  await write();
  await deployOnce();
  assert.deepEqual([...aws.stacks.all.keys()].sort(), [
    'eu-west-1 fleet-artifacts', 'eu-west-1 fleet-regional', 'eu-west-1 fleet-watch', 'us-east-1 fleet-artifacts', 'us-east-1 fleet-edge', 'us-east-1 fleet-watch',
  ]);
  const regional = named('eu-west-1 fleet-regional');
  const edge = named('us-east-1 fleet-edge');
  assert.equal(regional?.parameters.DistributionArnFleetUploads, `arn:aws:cloudfront::${ACCOUNT}:distribution/${edge?.outputs.DistributionIdFleetUploads}`);
  assert.equal(regional?.outputs.Bundle, edge?.outputs.Bundle);
  assert.ok(said.includes(`  DNS: uploads.example.com. CNAME ${edge?.outputs.DistributionDomainFleetUploads}.`), said.join('\n'));
  assert.ok(said.some((line) => line.includes("oss2.Bucket(oss2.Auth(ID, SECRET), 'https://uploads.example.com', 'fleet-uploads', is_cname=True)")));
  const executed = aws.calls.filter((call) => call === 'cloudformation ExecuteChangeSet').length;
  assert.equal(executed, 2 + 1 + 1 + 2 + 1 + 1);

  said = [];
  const before = JSON.stringify(aws.snapshot());
  await deployOnce();
  assert.equal(JSON.stringify(aws.snapshot()), before);
  assert.deepEqual(verbs(), []);
  assert.equal(aws.calls.filter((call) => call === 'cloudformation ExecuteChangeSet').length, executed);
});

test('the bundle has the domain of the API that was made, and the secrets of Secrets Manager', async () => {
  await write();
  await deployOnce();
  const zip = [...(aws.buckets.all.get('fleet-artifacts-us-east-1-artifacts')?.objects ?? [])].find(([key]) => key.endsWith('/viewer-request.zip'))?.[1];
  const [, , config, secrets] = JSON.parse(String(zip));
  assert.deepEqual(config.api, { domain: 'abc123.execute-api.eu-west-1.amazonaws.com', path: '/v1' });
  assert.equal(config.deployment, undefined);
  assert.equal(JSON.stringify(secrets), aws.secrets.get('eu-west-1 fleet-seals')?.value);
  for (const secret of [secrets.secrets[0].secret, KEY.accessKeySecret]) assert.ok(!said.join().includes(secret));
});

test('a change is shown in words, and only what changed is changed', async () => {
  await write();
  await deployOnce();
  said = [];
  code = '2';
  await deployOnce();
  assert.ok(said.some((line) => /^ {2}creates ViewerRequestVersion[0-9a-f]{12} \(Lambda Version\)$/u.test(line)), said.join('\n'));
  assert.ok(said.some((line) => /^ {2}lets go of ViewerRequestVersion[0-9a-f]{12} /u.test(line)));
  assert.ok(said.includes('  changes DistributionFleetUploads (CloudFront Distribution): DistributionConfig'));
  assert.ok(said.includes('fleet-watch (eu-west-1): no change'));
  assert.deepEqual(said.filter((line) => line.includes('BucketFleetUploads')), []);
});

test('a dry run changes nothing, before and after there is a deployment', async () => {
  await write();
  assert.equal(await deployOnce({ dryRun: true }), 0);
  assert.equal(aws.stacks.all.size, 0);
  assert.ok(said.includes('  creates DistributionFleetUploads (CloudFront Distribution)'), said.join('\n'));
  await deployOnce();
  const before = JSON.stringify(aws.snapshot());
  said = [];
  await deployOnce({ dryRun: true });
  assert.deepEqual(verbs(), []);
  code = '2';
  await deployOnce({ dryRun: true });
  assert.ok(said.includes('  changes DistributionFleetUploads (CloudFront Distribution): DistributionConfig'));
  assert.equal(JSON.stringify(aws.snapshot()), before);
});

test('what somebody changed by hand is found and set right where that is asked for', async () => {
  await write();
  await deployOnce();
  aws.stacks.drifted.add('InitiateRole');
  said = [];
  await deployOnce();
  assert.deepEqual(verbs(), []);
  const found = '  changes InitiateRole (IAM Role, changed by hand): Policies';
  await deployOnce({ dryRun: true, revertDrift: true });
  assert.deepEqual([verbs(), aws.stacks.drifted.size], [[found], 1]);
  await deployOnce({ revertDrift: true });
  assert.deepEqual([verbs(), aws.stacks.drifted.size], [[found, found], 0]);
});

/** What is asked of the account, and that it may be refused, has its own tests. */
const UNCHECKED = { skipAccountCheck: true };

test('after a failure of any call, the next run gets to the same end', async () => {
  await write({ ...CONFIG, deployment: { ...CONFIG.deployment, edgeRegions: ['us-east-1'] } });
  // The sealing secrets are random otherwise.
  const secrets = JSON.stringify(newSecrets());
  const fixed = (/** @type {FakeAws} */ fake) => {
    const set = fake.secrets.set.bind(fake.secrets);
    fake.secrets.set = (name, secret) => set(name, name.endsWith('fleet-seals') ? { ...secret, value: secrets } : secret);
  };
  fixed(aws);
  await deployOnce(UNCHECKED);
  const { length: calls } = aws.calls;
  const expected = aws.snapshot();
  assert.ok(calls > 60, String(calls));
  aws.stop();
  for (let failing = 1; failing <= calls; failing += 1) {
    aws = new FakeAws();
    process.env.AWS_ENDPOINT_URL = await aws.start();
    fixed(aws);
    aws.failing = failing;
    // That what the smoke test stored stays, and that the certificate may not be looked at, is said, and isn't a failure.
    const failed = await deployOnce(UNCHECKED).then(() => undefined, (error) => error);
    const name = aws.calls[failing - 1];
    if (!/^(s3 DeleteObject|acm )/u.test(name)) assert.match(String(failed), /not authorized|AccessDenied/u, `call ${failing}, ${name}`);
    aws.failing = undefined;
    await deployOnce(UNCHECKED);
    assert.deepEqual(aws.snapshot(), expected, `after call ${failing}, ${name}`);
    aws.stop();
  }
});

test('a resource that fails is named, and the next run begins its stack anew', async () => {
  await write();
  for (const [id, stack] of [['DistributionFleetUploads', 'fleet-edge (us-east-1)'], ['Api', 'fleet-regional (eu-west-1)'], ['Stage', 'fleet-regional (eu-west-1)']]) {
    aws.stacks.failing.add(id);
    await assert.rejects(deployOnce(), (/** @type {Error} */ error) => error.message.startsWith(`${stack}: `) && error.message.endsWith(`${id}: Internal Failure`) || assert.fail(error.message));
  }
  await deployOnce();
  assert.equal(named('us-east-1 fleet-edge')?.status, 'CREATE_COMPLETE');
  assert.ok(said.includes('fleet-edge (us-east-1): an earlier attempt ended with ROLLBACK_COMPLETE'));
});

test('a stack whose rollback failed says what to do', async () => {
  await write();
  await deployOnce();
  Object.assign(named('us-east-1 fleet-edge') ?? {}, { status: 'UPDATE_ROLLBACK_FAILED' });
  await assert.rejects(deployOnce(), /continue-update-rollback --region us-east-1 --stack-name fleet-edge/u);
});

test('a certificate that CloudFront would refuse is named before anything is made', async () => {
  await write();
  aws.certificate.Status = 'PENDING_VALIDATION';
  await assert.rejects(deployOnce(), /config: deployment\.certificate: expected one that is issued, found PENDING_VALIDATION/u);
  aws.certificate = { Status: 'ISSUED', SubjectAlternativeNames: ['example.com', '*.a.example.com'] };
  await assert.rejects(deployOnce(), /expected one for uploads\.example\.com too, found one for example\.com, \*\.a\.example\.com/u);
  assert.equal(aws.stacks.all.size, 0);
  aws.certificate.SubjectAlternativeNames = ['*.example.com'];
  await deployOnce();
});

test('a secret that somebody could guess is refused, without an option that deploy does not have', async () => {
  await write();
  await writeFile(join(directory, 'access-keys.json'), JSON.stringify({ accessKeys: [{ ...KEY, accessKeySecret: 'hunter2hunter2' }] }));
  await assert.rejects(deployOnce(), { message: 'access keys: accessKeys[0].accessKeySecret: expected at least 16 characters, found 14' });
});

test('without a terminal and without --yes nothing is changed', async () => {
  await write();
  await assert.rejects(deployOnce({ yes: false }), /expected --yes/u);
  assert.deepEqual(aws.buckets.snapshot(), {});
});

test('rollback goes back to the bundle and the stacks of the release before', async () => {
  await write();
  await deployOnce({}, { now: new Date('2026-01-01T00:00:00Z') });
  const first = named('us-east-1 fleet-edge')?.outputs.Bundle;
  const before = aws.stacks.snapshot();
  code = '2';
  await write({ ...CONFIG, deployment: { ...CONFIG.deployment, plainHttp: true } });
  await deployOnce({}, { now: new Date('2026-01-02T00:00:00Z') });
  assert.notEqual(named('us-east-1 fleet-edge')?.outputs.Bundle, first);
  await runRollback(options(), seams({ now: new Date('2026-01-03T00:00:00Z') }));
  assert.deepEqual(aws.stacks.snapshot(), before);

  await assert.rejects(runRollback(options({ to: 'ffff' }), seams()), /expected a release to go back to, found [0-9a-f]{12} of 2026-01-03/u);
});

test('rollback after a deployment that did not end goes back to what it began from, or goes on with a rollback', async () => {
  await write();
  await deployOnce({}, { now: new Date('2026-01-01T00:00:00Z') });
  const first = named('us-east-1 fleet-edge')?.outputs.Bundle;
  code = '2';
  await deployOnce({}, { now: new Date('2026-01-02T00:00:00Z') });
  // A stack whose change failed stays UPDATE_ROLLBACK_COMPLETE where there is nothing to change.
  const stacks = () => Object.entries(aws.stacks.snapshot()).map(([name, { template, outputs }]) => [name, template, outputs]);
  const before = stacks();
  code = '3';
  await write({ ...CONFIG, deployment: { ...CONFIG.deployment, plainHttp: true } });
  aws.stacks.failing.add('DistributionFleetUploads');
  await assert.rejects(deployOnce(), /Internal Failure/u);
  assert.notDeepEqual(stacks(), before);
  await runRollback(options(), seams({ now: new Date('2026-01-03T00:00:00Z') }));
  assert.deepEqual(stacks(), before);

  aws.stacks.failing.add('DistributionFleetUploads');
  await assert.rejects(runRollback(options({ to: first?.slice(0, 12) }), seams()), /Internal Failure/u);
  assert.deepEqual(['eu-west-1 fleet-regional', 'us-east-1 fleet-edge'].map((name) => named(name)?.outputs.Bundle === first), [true, false]);
  await runRollback(options(), seams());
  assert.equal(named('us-east-1 fleet-edge')?.outputs.Bundle, first);
});

test('the triggers change with the policy in one change of the distribution, and rollback takes both back', async () => {
  const zips = async (/** @type {any} */ { config }) => {
    const names = functionsOf({ config });
    return releaseOf(new Map(names.map((name) => [name, Buffer.from(JSON.stringify([name, config]))])));
  };
  await write();
  await deployOnce({}, { bundle: zips });
  const before = named('us-east-1 fleet-edge');
  said = [];
  await write({ ...CONFIG, triggers: 'origin-request' });
  await deployOnce({}, { bundle: zips });
  for (const line of [
    '  creates OriginRequestPolicyWithHost (CloudFront OriginRequestPolicy)',
    '  deletes OriginRequestPolicy (CloudFront OriginRequestPolicy)',
    '  changes DistributionFleetUploads (CloudFront Distribution): DistributionConfig',
  ]) {
    assert.ok(said.includes(line), said.join('\n'));
  }
  // Lambda has no room for another function of this name while the replicas of this one remain.
  assert.deepEqual(verbs().filter((line) => line.includes('ViewerRequestFunction') && !line.startsWith('  changes')), []);
  said = [];
  await runRollback(options(), seams({ bundle: zips }));
  assert.ok(said.includes('  creates OriginRequestPolicy (CloudFront OriginRequestPolicy)'), said.join('\n'));
  assert.equal(JSON.stringify(named('us-east-1 fleet-edge')?.outputs), JSON.stringify(before?.outputs));
});

test('the same changes in several Regions are shown once', async () => {
  await write();
  for (const dryRun of [true, false]) {
    said = [];
    await deployOnce({ dryRun });
    assert.equal(said.filter((line) => line === '  creates ViewerRequestLog (Logs LogGroup)').length, 1);
    const others = said.filter((line) => /^fleet-watch \((us-east-1|eu-west-1)\): is created, as fleet-watch \((us-east-1|eu-west-1)\)$/u.test(line));
    assert.equal(others.length, 1, said.join('\n'));
  }
});

test('status shows what is whole, and what runs', async () => {
  await write();
  assert.equal(await runStatus(options(), seams()), 1);
  assert.ok(said.includes('fleet-edge (us-east-1): not there'));
  await deployOnce();
  said = [];
  assert.equal(await runStatus(options(), seams()), 0);
  assert.equal(said.filter((line) => /^ {2}bundle [0-9a-f]{12}$/u.test(line)).length, 2);

  // A deployment that ended between what is behind the edge and the edge.
  const edge = named('us-east-1 fleet-edge');
  if (edge) edge.outputs.Bundle = 'f'.repeat(64);
  said = [];
  assert.equal(await runStatus(options(), seams()), 1);
  assert.match(String(said.find((line) => line.startsWith('the stacks have'))), /^the stacks have different bundles, [0-9a-f]{12} and f{12}: a deployment did not end; run `oss-edge deploy` again, or `deploy rollback`$/u);
});

test('the origin secret is rotated so that each step takes what is sent', async () => {
  await write();
  await deployOnce();
  const states = () => `${named('us-east-1 fleet-edge')?.outputs.OriginSecret} of ${named('eu-west-1 fleet-regional')?.outputs.OriginSecrets}`;
  const seen = [states()];
  await runRotate(options(), 'origin-secret', seams({ say: (/** @type {string} */ line) => void (said.push(line), seen.at(-1) === states() || seen.push(states())) }));
  seen.push(states());
  assert.deepEqual([...new Set(seen)], ['1 of 1', '1 of 1 2', '2 of 1 2', '2 of 2']);
  assert.ok(aws.secrets.has('eu-west-1 fleet-origin-secret-2') && !aws.secrets.has('eu-west-1 fleet-origin-secret-1'));

  // Interrupted after the first step, it goes on; and a deployment meanwhile changes nothing.
  aws.stacks.failing.add('DistributionFleetUploads');
  await assert.rejects(runRotate(options(), 'origin-secret', seams()), /Internal Failure/u);
  assert.equal(states(), '2 of 2 3');
  await deployOnce();
  assert.equal(states(), '2 of 2 3');
  await runRotate(options(), 'origin-secret', seams());
  assert.equal(states(), '3 of 3');
});

test('the secrets of the seals are rotated in two steps, and a third after seven days', async () => {
  await write();
  await deployOnce();
  const numbers = () => JSON.parse(String(aws.secrets.get('eu-west-1 fleet-seals')?.value)).secrets.map((/** @type {any} */ { number }) => number);
  const rotateAt = (/** @type {number} */ seconds) => runRotate(options(), 'seals', seams({ now: new Date(seconds * 1000) }));
  const hash = () => named('us-east-1 fleet-edge')?.outputs.Bundle;
  const first = hash();
  await rotateAt(aws.now);
  assert.deepEqual(numbers(), [2, 1]);
  assert.notEqual(hash(), first);
  await rotateAt(aws.now + 7 * 86_400 - 1);
  assert.deepEqual(numbers(), [2, 1]);
  assert.ok(said.some((line) => line.startsWith('run `oss-edge deploy rotate seals` again from')));
  await rotateAt(aws.now + 7 * 86_400);
  assert.deepEqual(numbers(), [2]);
});

test('destroy takes two steps, and touches no bucket with objects', async () => {
  await write();
  await deployOnce();
  aws.buckets.all.get('fleet-uploads-prod')?.objects.set('a', Buffer.from('an object'));
  assert.equal(await runDestroy(options(), seams()), 1);
  assert.deepEqual([...aws.stacks.all.keys()].sort(), ['eu-west-1 fleet-artifacts', 'us-east-1 fleet-artifacts']);
  assert.ok(said.at(-1)?.includes('again in some hours'));
  for (const name of aws.functions.keys()) aws.functions.set(name, false);
  assert.equal(await runDestroy(options(), seams()), 0);
  assert.deepEqual([...aws.stacks.all.keys()], []);
  assert.deepEqual([...aws.functions.keys()], []);
  assert.deepEqual([...aws.buckets.all.keys()].sort(), ['fleet-edge-us-east-1-accesslogs', 'fleet-uploads-prod']);
  assert.ok(aws.buckets.all.get('fleet-uploads-prod')?.objects.has('a'));
  assert.equal(await runDestroy(options(), seams()), 0);
});

const EXISTING = { ...CONFIG, deployment: { ...CONFIG.deployment, buckets: { 'fleet-uploads': { existing: true } } } };
const READER = { Sid: 'Reader', Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/reader` }, Action: 's3:GetObject', Resource: 'arn:aws:s3:::fleet-uploads-prod/*' };
const RULE = '<Rule><ID>old-logs</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>400</Days></Expiration></Rule>';
const existingBucket = (/** @type {Record<string, string>} */ settings) => {
  aws.buckets.create('fleet-uploads-prod');
  const bucket = aws.buckets.all.get('fleet-uploads-prod');
  assert.ok(bucket);
  for (const [name, value] of Object.entries(settings)) bucket.settings.set(name, value);
  bucket.objects.set('a', Buffer.from('an object'));
  return bucket;
};
const policyOf = (/** @type {import('./fake-buckets.mjs').Bucket} */ { settings }) => JSON.parse(String(settings.get('policy')));
const rulesOf = (/** @type {import('./fake-buckets.mjs').Bucket} */ { settings }) => [...String(settings.get('lifecycle')).matchAll(/<ID>([^<]+)/gu)].map(([, id]) => id);

test("an existing bucket's policy and rules are merged, shown, and restored", async () => {
  await write(EXISTING);
  const policy = JSON.stringify({ Version: '2012-10-17', Id: 'ours', Statement: [READER] });
  const bucket = existingBucket({ policy, lifecycle: `<LifecycleConfiguration>${RULE}</LifecycleConfiguration>` });
  await deployOnce();
  const [reader, added, deny, ...more] = policyOf(bucket).Statement;
  const distribution = named('us-east-1 fleet-edge')?.outputs.DistributionIdFleetUploads;
  assert.deepEqual([reader, more], [READER, []]);
  assert.deepEqual([added.Sid, deny.Sid], ['OssEdgeFleetMayUpload', 'OssEdgeFleetMayNotReplace']);
  assert.equal(added.Condition.StringEquals['AWS:SourceArn'], `arn:aws:cloudfront::${ACCOUNT}:distribution/${distribution}`);
  assert.deepEqual(rulesOf(bucket), ['old-logs', 'oss-edge-incomplete-uploads', 'oss-edge-delete-markers', 'oss-edge-relay', 'oss-edge-staging']);
  assert.ok(said.includes('  keeps 1 statement as they are'), said.join('\n'));
  assert.ok(said.some((line) => line.startsWith('  + statement OssEdgeFleetMayUpload {"Sid":"OssEdgeFleetMayUpload"')));
  assert.ok(said.includes('  + lifecycle rule oss-edge-staging'));
  assert.ok(said.includes('fleet-uploads-prod: not all public access is blocked'));

  said = [];
  const { calls } = aws;
  const before = calls.length;
  await deployOnce();
  assert.ok(said.includes('fleet-uploads-prod: no change'));
  assert.deepEqual(calls.slice(before).filter((call) => /^s3 (Put|Delete)Bucket/u.test(call)), []);

  // What somebody adds meanwhile stays.
  const later = { ...READER, Sid: 'Later' };
  const { Statement, ...rest } = policyOf(bucket);
  bucket.settings.set('policy', JSON.stringify({ ...rest, Statement: [...Statement, later] }));
  for (const name of aws.functions.keys()) aws.functions.set(name, false);
  assert.equal(await runDestroy(options(), seams()), 0);
  assert.deepEqual(policyOf(bucket), { Version: '2012-10-17', Id: 'ours', Statement: [READER, later] });
  assert.deepEqual(rulesOf(bucket), ['old-logs']);
  assert.ok(bucket.objects.has('a'));
});

test('an existing bucket without policy and rules has none again after destroy', async () => {
  await write(EXISTING);
  const bucket = existingBucket({});
  await deployOnce({ dryRun: true });
  assert.equal(bucket.settings.size, 0);
  await deployOnce();
  assert.equal(policyOf(bucket).Statement.length, 2);
  for (const name of aws.functions.keys()) aws.functions.set(name, false);
  await runDestroy(options(), seams());
  assert.equal(bucket.settings.size, 0);
});

test('a lifecycle rule that ends uploads early is pointed out', async () => {
  await write(EXISTING);
  const rule = '<Rule><ID>soon</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>';
  existingBucket({ lifecycle: `<LifecycleConfiguration>${rule}</LifecycleConfiguration>` });
  await deployOnce();
  assert.ok(said.includes('fleet-uploads-prod: rule soon aborts uploads in parts after 1 days, and they are good for 7'));
});

test('access keys in Secrets Manager: the secret is made with its replicas, and what is missing is said', async () => {
  await write({ ...CONFIG, credentials: { source: 'secrets-manager', secretId: 'fleet-keys', regions: ['eu-west-1', 'us-east-1'] } });
  await rm(join(directory, 'access-keys.json'));
  await deployOnce({ accessKeys: undefined });
  assert.ok(aws.secrets.has('eu-west-1 fleet-keys') && aws.secrets.has('us-east-1 fleet-keys'));
  assert.ok(said.includes('make access keys with `oss-edge keys new --secret fleet-keys --region eu-west-1 --prefix PREFIX`'), said.join('\n'));
  Object.assign(aws.secrets.get('eu-west-1 fleet-keys') ?? {}, { value: JSON.stringify({ accessKeys: [KEY] }) });
  said = [];
  await deployOnce({ accessKeys: undefined });
  assert.ok(said.includes(`trying it as ${KEY.accessKeyId} at uploads.example.com`));
});

test('a web function is there before its code, and the bundle has its domain', async () => {
  await write({ ...CONFIG, bodiesWithoutLength: 'relay', deployment: { ...CONFIG.deployment, backend: 'web-function' } });
  const names = ['viewer-request', 'origin-request', 'origin-response', 'relay'];
  /** @type {any} */
  let config;
  const relayed = async (/** @type {any} */ documents) => {
    ({ config } = documents);
    return releaseOf(new Map(names.map((name) => [name, Buffer.from(name)])));
  };
  await deployOnce({}, { bundle: relayed });
  const { outputs, template } = named('eu-west-1 fleet-regional') ?? {};
  assert.deepEqual(config.relay, { domain: outputs?.EndpointDomain, path: '' });
  assert.ok(template.Resources.RelayEndpoint.Properties.RevisionWeights);
  said = [];
  await deployOnce({}, { bundle: relayed });
  assert.deepEqual(verbs(), []);
});

test('with Fargate it stops for the image, and says how to make it and which DNS record the relay needs', async () => {
  const container = {
    repository: `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/relay`,
    certificate: CERTIFICATE.replace('us-east-1', 'eu-west-1'),
    prefixListId: 'pl-4fa04526',
    vpc: 'vpc-0123456789abcdef0',
    subnets: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  };
  await write({ ...CONFIG, relay: { domain: 'relay.example.com', path: '' }, deployment: { ...CONFIG.deployment, backend: 'fargate', container } });
  await assert.rejects(deployOnce(), (/** @type {Error} */ error) => {
    const image = `${container.repository}:[0-9a-f]{12}`;
    assert.match(error.message, new RegExp(`docker build --file \\S+/deploy/relay/Dockerfile --tag ${image} dist/relay && docker push ${image}`, 'u'));
    return true;
  });
  assert.equal(named('us-east-1 fleet-edge'), undefined);
  await deployOnce({ imageIsPushed: true });
  assert.ok(said.includes('DNS: relay.example.com. CNAME Balancer.DNSName.'), said.join('\n'));
});

test('nothing is deployed without a section that says so, and a name must be one', async () => {
  const { deployment: _, ...config } = CONFIG;
  await write(config);
  await assert.rejects(deployOnce(), /config: deployment: expected a section that says what to make, \{\} at least, found none/u);
  await write();
  await assert.rejects(deployOnce({ stack: 'Not A Name' }), /config: deployment\.name: expected pattern/u);
  assert.deepEqual(aws.calls, []);
});

test('the backend of a deployment cannot change', async () => {
  await write();
  await deployOnce();
  await write({ ...CONFIG, deployment: { ...CONFIG.deployment, backend: 'web-function' } });
  await assert.rejects(deployOnce(), /config: deployment\.backend: expected "api", as fleet-regional has, found "web-function"/u);
});

test('--stack names another deployment beside it', async () => {
  await write();
  await deployOnce();
  await write({ ...CONFIG, buckets: { 'fleet-uploads': { s3Bucket: 'fleet-uploads-test', region: 'eu-west-1' } } });
  await deployOnce({ stack: 'trial' });
  assert.ok(named('us-east-1 trial-edge') && named('us-east-1 fleet-edge'));
});

test('at the end it uploads as a device does, with the functions that serve runs', async () => {
  await write();
  const documents = { config: { ...CONFIG, deployment: undefined, api: { domain: 'abc123.execute-api.eu-west-1.amazonaws.com', path: '/v1' } }, accessKeys: { accessKeys: [KEY] } };
  delete documents.config.deployment;
  const running = await serve({ documents });
  const connectTo = { protocol: 'http:', hostname: '127.0.0.1', port: Number(new URL(running.url).port) };
  assert.equal(await deployOnce({}, { connectTo }), 0);
  const begins = said.findIndex((line) => line.startsWith('trying it as'));
  assert.deepEqual(said.slice(begins).filter((line) => /^ {2}(ok|FAILED)/u.test(line)), [
    '  ok      a signed upload: 200',
    '  ok      an upload without a length, refused: 411 MissingContentLength',
    '  ok      a wrong secret: 403 SignatureDoesNotMatch',
    '  ok      reading an object: 405 MethodNotAllowed',
    '  ok      an upload in parts begins: 200',
    '  ok      a part: 200',
    '  ok      an upload in parts ends: 200',
  ]);
  await running.close();
  said = [];
  assert.equal(await deployOnce({}, { connectTo }), 1);
  assert.ok(said.some((line) => line.startsWith('  FAILED  a signed upload: connect ECONNREFUSED')));
  assert.equal(said.filter((line) => line === 'trying again').length, 2);
});

test('with a relay that takes bodies without a length, such an upload must succeed', async (context) => {
  const settings = { ...CONFIG.deployment, backend: 'web-function' };
  await write({ ...CONFIG, bodiesWithoutLength: 'relay', deployment: settings });
  const { deployment: _, ...config } = CONFIG;
  const relayed = { ...config, bodiesWithoutLength: 'relay', relay: { domain: 'relay.example.com', path: '' } };
  const names = ['viewer-request', 'origin-request', 'origin-response', 'relay'];
  const relayBundle = async () => releaseOf(new Map(names.map((name) => [name, Buffer.from(name)])));
  for (const [served, ends, found] of /** @type {[any, number, string][]} */ ([
    [relayed, 0, '  ok      an upload without a length: 200'],
    [{ ...relayed, bodiesWithoutLength: 'refuse' }, 1, '  FAILED  an upload without a length: 411 MissingContentLength'],
  ])) {
    const running = await serve({ documents: { config: served, accessKeys: { accessKeys: [KEY] } } });
    context.after(() => running.close());
    const connectTo = { protocol: 'http:', hostname: '127.0.0.1', port: Number(new URL(running.url).port) };
    said = [];
    assert.equal(await deployOnce({}, { connectTo, bundle: relayBundle }), ends);
    assert.ok(said.includes(found), said.join('\n'));
  }
});

test('what is deployed is what bundle makes', async () => {
  await write();
  await runDeploy(options(), seams({ bundle: undefined }));
  const objects = aws.buckets.all.get('fleet-artifacts-eu-west-1-artifacts')?.objects ?? new Map();
  const hash = String(named('us-east-1 fleet-edge')?.outputs.Bundle);
  const zips = new Map([...objects].filter(([key]) => key.startsWith(hash)).map(([key, zip]) => [key.slice(hash.length + 1, -4), zip]));
  assert.equal(zips.size, 7);
  assert.equal(releaseOf(zips).hash, hash);
});
