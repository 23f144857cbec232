// oss-edge deploy template, and the section `deployment` of the configuration.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { zipSync } from 'fflate';

import { splitDeployment, withEndpoint } from '../../cli/deployment.mjs';
import { releaseOf } from '../../cli/deploy/release.mjs';
import { aliasesByBucket } from '../../deploy/aliases.mjs';
import { planOf } from '../../deploy/plan.mjs';
import { CONFIG } from './fixture.mjs';

const CLI = fileURLToPath(new URL('../../cli/oss-edge.mjs', import.meta.url));
const directory = await mkdtemp(join(tmpdir(), 'oss-edge-deploy-'));
after(() => rm(directory, { recursive: true }));

const file = (/** @type {string} */ name) => join(directory, name);
const documents = ['--config', file('config.json'), '--access-keys', file('access-keys.json')];
const endpoint = ['--endpoint', 'https://abc123.execute-api.us-east-1.amazonaws.com/v1'];

test('writes the foundation, then, with a bundle, every template with its hash', async () => {
  const config = {
    hosts: [{ host: 'd1.cloudfront.net', style: 'cname', bucket: 'fleet-uploads' }],
    buckets: { 'fleet-uploads': { s3Bucket: 'fleet-uploads-prod', region: 'us-east-1' } },
    deployment: { edgeRegions: ['us-east-1', 'eu-west-1'] },
  };
  await writeFile(file('config.json'), JSON.stringify(config));
  await ossEdge('keys', 'new', '--everything', '--file', file('access-keys.json'));
  await ossEdge('secrets', 'new', '--out', file('secrets.json'));
  const { stdout } = await ossEdge('deploy', 'template', ...documents, '--out', file('foundation'));
  assert.deepEqual(stdout.trim().split('\n'), ['oss-edge-artifacts.us-east-1.json', 'oss-edge-regional.us-east-1.json'].map((name) => join(file('foundation'), name)));

  const bundle = ['bundle', ...documents, '--secrets', file('secrets.json'), '--out', file('dist')];
  const refused = await ossEdge(...bundle);
  assert.deepEqual([refused.status, /expected --endpoint URL/u.test(refused.stderr)], [2, true]);
  const bundled = await ossEdge(...bundle, ...endpoint);
  assert.equal(bundled.status, 0);

  await ossEdge('deploy', 'template', ...documents, ...endpoint, '--bundle', file('dist'), '--out', file('templates'));
  assert.deepEqual((await readdir(file('templates'))).sort(), [
    'oss-edge-edge.us-east-1.json', 'oss-edge-regional.us-east-1.json', 'oss-edge-watch.eu-west-1.json', 'oss-edge-watch.us-east-1.json',
  ]);
  const edge = JSON.parse(await readFile(join(file('templates'), 'oss-edge-edge.us-east-1.json'), 'utf8'));
  const zips = (await readdir(file('dist'))).filter((name) => name.endsWith('.zip'));
  const read = await Promise.all(zips.map(async (name) => /** @type {const} */ ([name.slice(0, -4), await readFile(join(file('dist'), name))])));
  const { hash } = releaseOf(new Map(read));
  assert.equal(edge.Resources.ViewerRequestFunction.Properties.Code.S3Key, `${hash}/viewer-request.zip`);
  assert.equal(edge.Outputs.Bundle.Value, hash);
  assert.equal(bundled.stdout.split('\n').at(-2), `bundle  sha256 ${hash}`);
});

test('a bundle of another configuration, other access keys or another endpoint is refused', async () => {
  const config = JSON.parse(await readFile(file('config.json'), 'utf8'));
  await writeFile(file('other.json'), JSON.stringify({ ...config, maxClockSkewSeconds: 900 }));
  await writeFile(file('same.json'), JSON.stringify(config, null, 1));
  await ossEdge('keys', 'new', '--everything', '--file', file('other-keys.json'));
  const template = async (/** @type {string} */ configFile, /** @type {string} */ keys, /** @type {string[]} */ where) => {
    const args = ['--config', file(configFile), '--access-keys', file(keys), '--bundle', file('dist'), '--out', file('t'), ...where];
    const { status, stderr } = await ossEdge('deploy', 'template', ...args);
    return [status, stderr.replace(directory, '')];
  };
  const refused = (/** @type {string} */ name) => [
    2,
    `oss-edge: /dist/${name}.zip: expected a bundle of this configuration, these access keys and this --endpoint, by this release, ` +
      'found another: bundle again\n',
  ];
  assert.deepEqual(await template('same.json', 'access-keys.json', endpoint), [0, '']);
  assert.deepEqual(await template('other.json', 'access-keys.json', endpoint), refused('viewer-request'));
  assert.deepEqual(await template('same.json', 'other-keys.json', endpoint), refused('viewer-request'));
  assert.deepEqual(await template('same.json', 'access-keys.json', []), refused('viewer-request'));
  // Without a gate.bin to compare: the parts of the configuration that are in the code.
  await writeFile(join(file('dist'), 'viewer-request.zip'), zipSync({ 'index.mjs': Buffer.from('// nothing of it') }));
  assert.deepEqual(await template('same.json', 'access-keys.json', []), refused('origin-request'));
});

test('a bundle that is not there is named', async () => {
  const { status, stderr } = await ossEdge('deploy', 'template', ...documents, '--bundle', file('nowhere'), '--out', file('t'));
  assert.equal(status, 2);
  assert.match(stderr, /nowhere\/viewer-request\.zip: expected a zip/u);
});

test('the hash of a release depends on every zip and its name', () => {
  const zips = { a: Buffer.from('1'), b: Buffer.from('2') };
  const hash = (/** @type {Record<string, Uint8Array>} */ all) => releaseOf(new Map(Object.entries(all))).hash;
  assert.equal(hash(zips), hash({ b: zips.b, a: zips.a }));
  assert.equal(new Set([hash(zips), hash({ ...zips, a: Buffer.from('3') }), hash({ a: zips.a, c: zips.b }), hash({ a: zips.a })]).size, 4);
});

for (const [section, message] of /** @type {[unknown, string][]} */ ([
  [{ nam: 'a' }, 'config: deployment.nam: unknown field, expected one of name, region, backend'],
  [{ name: 'A' }, 'config: deployment.name: expected pattern "^[a-z]'],
  [{ name: 5 }, 'config: deployment.name: expected string, found 5'],
  [{ backend: 'lambda' }, 'config: deployment.backend: expected one of api, web-function, fargate, none, found "lambda"'],
  [{ certificate: 'arn:aws:acm:eu-west-1:111122223333:certificate/1' }, 'config: deployment.certificate: expected pattern'],
  [{ logDays: 31 }, 'config: deployment.logDays: expected one of 1, 3, 5'],
  [{ region: 'eu-wset-1' }, 'config: deployment.region: expected an AWS Region, or one that `furtherRegions` lists, found "eu-wset-1"'],
  [{ region: 'cn-north-1' }, 'config: deployment.region: expected one of af-south-1, '],
  [{ edgeRegions: ['eu-west-1', 'us-esat-1'] }, 'config: deployment.edgeRegions[1]: expected an AWS Region, or one that `furtherRegions` lists, found "us-esat-1"'],
  [{ edgeRegions: ['eu-west-1', 'eu-west-1'] }, 'config: deployment.edgeRegions: expected each value once, found ["eu-west-1","eu-west-1"]'],
  [{ buckets: { a: { versioning: 'yes' } } }, 'config: deployment.buckets.a.versioning: expected boolean, found "yes"'],
  [{ container: { repository: 'x' } }, 'config: deployment.container.certificate: expected a value, found none'],
  ['everything', 'config: deployment: expected object, found "everything"'],
])) {
  test(`refuses ${JSON.stringify(section)}`, () => {
    assert.throws(() => splitDeployment({ deployment: section }), (error) => error instanceof Error && error.message.startsWith(message) || assert.fail(String(error)));
  });
}

test('takes a Region that is newer than this release where `furtherRegions` lists it', () => {
  const deployment = { region: 'af-west-9', edgeRegions: ['us-east-1', 'af-west-9'] };
  assert.deepEqual(splitDeployment({ furtherRegions: ['af-west-9'], deployment }).settings, deployment);
  assert.throws(() => splitDeployment({ furtherRegions: ['af-west-8'], deployment }), /deployment\.region: .*found "af-west-9"/u);
});

const certificate = 'arn:aws:acm:us-east-1:111122223333:certificate/1';

for (const [config, settings, message] of /** @type {[any, any, RegExp][]} */ ([
  [CONFIG, {}, /^Error: config: deployment\.certificate: expected the ARN of a certificate in us-east-1 for oss\.example\.com, .*, found none$/u],
  [{ ...CONFIG, api: {} }, { certificate, backend: 'api' }, /^Error: config: api: expected none with the backend "api"/u],
  [{ ...CONFIG, relay: {} }, { certificate, backend: 'web-function' }, /^Error: config: relay: expected none/u],
  [CONFIG, { certificate, backend: 'fargate' }, /^Error: config: relay: expected the domain/u],
  [{ ...CONFIG, relay: {} }, { certificate, backend: 'fargate' }, /^Error: config: deployment\.container: expected it/u],
  [CONFIG, { certificate, buckets: { other: {} } }, /^Error: config: deployment\.buckets\.other: expected one of fleet-uploads, fleet-logs$/u],
  [
    { ...CONFIG, credentials: { source: 'secrets-manager', secretId: 'k', regions: ['us-east-1'] } },
    { certificate },
    /^Error: config: credentials\.regions: expected eu-west-1 among them, where the deployment makes the secret, found us-east-1$/u,
  ],
  [
    { ...CONFIG, credentials: { source: 'secrets-manager', secretId: 'arn:aws:secretsmanager:eu-west-1:1:secret:k', regions: ['eu-west-1'] } },
    { certificate },
    /^Error: config: credentials\.secretId: expected a name/u,
  ],
  [{ ...CONFIG, hosts: [{ host: 'a.example.com', style: 'path' }] }, { certificate }, /^Error: config: hosts\[0\]\.style: expected another style than "path" with more than one bucket/u],
])) {
  test(`no plan: ${message.source.slice(0, 60)}`, () => {
    assert.throws(() => planOf(config, settings), message);
  });
}

test('each host leads to one distribution, and names of this machine or of CloudFront to none', () => {
  const hosts = /** @type {any} */ ([{ host: 'localhost', style: 'cname', bucket: 'fleet-logs' }, { host: '127.0.0.1', style: 'path' }, ...CONFIG.hosts]);
  const names = [...aliasesByBucket({ ...CONFIG, hosts }).values()].flat();
  assert.equal(new Set(names).size, names.length);
  assert.ok(!names.includes('localhost'));
});

test('serve and replay have an endpoint that leads nowhere, where the deployment finds it out', () => {
  assert.deepEqual(withEndpoint({ a: 1 }, {}), { a: 1, api: { domain: 'api.oss-edge.invalid', path: '/v1' } });
  assert.deepEqual(Object.keys(withEndpoint({}, { backend: 'web-function' })), ['relay']);
  for (const [config, settings] of [[{}, undefined], [{}, { backend: 'none' }], [{ relay: 1 }, {}], [{ api: 1 }, {}]]) {
    assert.equal(withEndpoint(config, /** @type {any} */ (settings)), config);
  }
});

/** @param {string[]} args @returns {Promise<{ status: number, stdout: string, stderr: string }>} */
function ossEdge(...args) {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], (error, stdout, stderr) => resolve({ status: error ? Number(error.code) : 0, stdout, stderr }));
  });
}
