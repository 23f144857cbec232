// One description: the local CloudFront and API Gateway obey what the templates are made of.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';

import { API_METHODS, apiMethods } from '../../deploy/api.mjs';
import { BEHAVIOR, ERROR_CACHING, ORIGIN_REQUEST_POLICY, behaviorOf, originRequestPolicyOf } from '../../deploy/distribution.mjs';
import { API_SIZES, EDGE_SIZE, ONE_FUNCTION_SIZE } from '../../deploy/functions.mjs';
import { API_RESOURCES } from '../../js-shim/edge/endpoints.mjs';
import { startDistribution } from '../../local/distribution.mjs';
import { startS3Server } from '../../local/s3-server.mjs';
import { deploymentOf } from './fixture.mjs';

const S3_DOMAIN = 'devices.s3.eu-west-1.amazonaws.com';
const passed = async (/** @type {any} */ event) => event.Records[0].cf.request;

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-description-'));
const s3 = await startS3Server({ directory, buckets: ['devices'] });
after(async () => {
  await s3.close();
  await rm(directory, { recursive: true });
});

test('an upload passes, and S3 gets its query', async () => {
  assert.deepEqual(await upload({}), { status: 200, seen: 'partNumber=1' });
});

test("with the viewer's Host in the origin request policy S3 refuses", async () => {
  const headers = { behavior: /** @type {const} */ ('allViewer') };
  const { status } = await upload({ originRequestPolicy: { ...ORIGIN_REQUEST_POLICY, headers } });
  assert.equal(status, 403);
});

test('without query strings in the policy origin-request sees none', async () => {
  const { seen } = await upload({ originRequestPolicy: { ...ORIGIN_REQUEST_POLICY, queryStrings: { behavior: 'none' } } });
  assert.equal(seen, '');
});

test('a header that the policy leaves out does not arrive', async () => {
  const headers = { behavior: /** @type {const} */ ('whitelist'), names: ['Content-MD5'] };
  const { names } = await seenHeaders({ ...ORIGIN_REQUEST_POLICY, headers });
  assert.ok(names.includes('content-md5') && !names.includes('x-oss-meta-a'), names.join());
  const all = await seenHeaders(ORIGIN_REQUEST_POLICY);
  assert.ok(all.names.includes('x-oss-meta-a') && !all.names.includes('cookie'), all.names.join());
});

test('a method that the behavior leaves out is refused before any function', async () => {
  const behavior = { ...BEHAVIOR, methods: ['GET', 'HEAD'] };
  assert.deepEqual(await upload({ behavior }), { status: 403, seen: undefined });
});

test('a function that the behavior leaves out does not run', async () => {
  const behavior = { ...BEHAVIOR, triggers: BEHAVIOR.triggers.filter(({ event }) => event !== 'origin-request') };
  assert.deepEqual(await upload({ behavior }), { status: 200, seen: undefined });
});

test('the distribution of the template is the one that serve runs', () => {
  const { stacks } = deploymentOf('the least');
  const { Resources = {} } = stacks.find(({ kind }) => kind === 'edge')?.template ?? {};
  const { DefaultCacheBehavior: behavior, CustomErrorResponses } = Resources.DistributionFleetUploads.Properties?.DistributionConfig;
  assert.deepEqual(behavior.AllowedMethods, BEHAVIOR.methods);
  assert.deepEqual(behavior.LambdaFunctionAssociations.map((/** @type {any} */ { EventType }) => EventType), ['viewer-request', 'origin-request', 'origin-response']);
  assert.deepEqual(CustomErrorResponses.map((/** @type {any} */ { ErrorCode }) => ErrorCode), ERROR_CACHING.statuses);
  assert.deepEqual(Resources.OriginRequestPolicy.Properties?.OriginRequestPolicyConfig.HeadersConfig, { HeaderBehavior: 'allExcept', Headers: ['Host'] });
});

test('where origin-request decides, the template has what serve runs: no viewer-request, and the viewer\'s Host', () => {
  const { plan, stacks } = deploymentOf('one function at origin request, and an API');
  const { Resources = {} } = stacks.find(({ kind }) => kind === 'edge')?.template ?? {};
  const { DefaultCacheBehavior: behavior } = Resources.DistributionFleetUploads.Properties?.DistributionConfig;
  const events = behavior.LambdaFunctionAssociations.map((/** @type {any} */ { EventType }) => EventType);
  assert.deepEqual(events, ['origin-request', 'origin-response']);
  assert.deepEqual(events, behaviorOf(plan.config).triggers.map(({ event }) => event));
  assert.deepEqual(behavior.OriginRequestPolicyId, { Ref: 'OriginRequestPolicyWithHost' });
  const { HeadersConfig, QueryStringsConfig, CookiesConfig } = Resources.OriginRequestPolicyWithHost.Properties?.OriginRequestPolicyConfig;
  assert.deepEqual([HeadersConfig, QueryStringsConfig, CookiesConfig], [{ HeaderBehavior: 'allViewer' }, { QueryStringBehavior: 'all' }, { CookieBehavior: 'none' }]);
  assert.equal(originRequestPolicyOf(plan.config).headers.behavior, 'allViewer');
  const { MemorySize, Timeout } = /** @type {any} */ (Resources.OriginRequestFunction.Properties);
  assert.deepEqual({ memory: MemorySize, timeoutSeconds: Timeout }, ONE_FUNCTION_SIZE);
});

test('viewer-request stays in the stack for the way back, without a version, and with code that decides over nothing there', () => {
  const { stacks } = deploymentOf('one function at origin request, and an API');
  const { Resources = {} } = stacks.find(({ kind }) => kind === 'edge')?.template ?? {};
  const { FunctionName, Code, MemorySize } = /** @type {any} */ (Resources.ViewerRequestFunction.Properties);
  assert.deepEqual([FunctionName, MemorySize], ['fleet-viewer-request', EDGE_SIZE.memory]);
  assert.match(Code.S3Key, /\/origin-request\.zip$/u);
  assert.deepEqual(Object.keys(Resources).filter((id) => id.startsWith('ViewerRequestVersion')), []);
});

test('the API has the resources that origin-request asks for, and those that the configuration leaves', () => {
  assert.deepEqual([...new Set(API_METHODS.map(({ resource }) => resource))].sort(), API_RESOURCES.toSorted());
  assert.deepEqual(apiMethods({ listParts: false }).map((method) => method.function), ['initiate', 'complete']);
  assert.equal(apiMethods({ headObject: 'served' }).filter((method) => method.function === 'head-object').length, 2);
});

test('docs/deployment.md has the sizes and statuses of the description', async () => {
  const docs = await readFile(new URL('../../docs/deployment.md', import.meta.url), 'utf8');
  const [last, ...statuses] = ERROR_CACHING.statuses.toReversed();
  for (const fact of [
    `${EDGE_SIZE.memory} MB, ${EDGE_SIZE.timeoutSeconds} s`,
    `${ONE_FUNCTION_SIZE.memory} MB`,
    `a minimum TTL of ${ERROR_CACHING.minTtlSeconds} for ${statuses.toReversed().join(', ')} and ${last}`,
    ...Object.entries(API_SIZES).map(([name, { memory, timeoutSeconds }]) => `| ${name} | the API's Region | ${memory} MB, ${timeoutSeconds} s`),
    ...API_METHODS.map(({ method, resource }) => `\`${method} ${resource}\``),
  ]) {
    assert.ok(docs.includes(fact), fact);
  }
});

/**
 * Uploads a part; `seen` is the query in origin-request's event, undefined if that function didn't run.
 *
 * @param {Partial<import('../../local/distribution.mjs').Options>} options
 */
async function upload(options) {
  /** @type {string | undefined} */
  let seen;
  const originRequest = async (/** @type {any} */ event) => {
    seen = event.Records[0].cf.request.querystring;
    const request = await passed(event);
    return { ...request, querystring: '' };
  };
  const path = options.behavior?.triggers.length === 2 ? '/key' : '/key?partNumber=1';
  const { status } = await ask({ ...options, handlers: { viewerRequest: passed, originRequest } }, path);
  return { status, seen };
}

/** @param {import('../../deploy/distribution.mjs').OriginRequestPolicy} originRequestPolicy */
async function seenHeaders(originRequestPolicy) {
  /** @type {string[]} */
  let names = [];
  const originRequest = async (/** @type {any} */ event) => {
    names = Object.keys(event.Records[0].cf.request.headers);
    return passed(event);
  };
  await ask({ originRequestPolicy, handlers: { viewerRequest: passed, originRequest } }, '/key');
  return { names };
}

/** @param {Partial<import('../../local/distribution.mjs').Options>} options @param {string} path */
async function ask(options, path) {
  const api = { domain: 'api.invalid', path: '', methods: [] };
  const distribution = await startDistribution(/** @type {any} */ ({ originDomain: () => S3_DOMAIN, api, s3, ...options }));
  const headers = { 'content-length': 5, 'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==', 'x-oss-meta-a': '1', cookie: 'a=b' };
  const request = http.request({ host: distribution.host, port: distribution.port, method: 'PUT', path, headers, agent: false });
  request.end('hello');
  const [response] = await once(request, 'response');
  await text(response);
  await distribution.close();
  return { status: response.statusCode };
}
