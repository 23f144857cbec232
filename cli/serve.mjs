// Runs a local CloudFront with the bundled functions, or the relay as the entrance, and an S3 behind it.

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { apiMethods } from '../deploy/api.mjs';
import { S3_ORIGIN, behaviorOf, corsPolicy, decidingFunction, originRequestPolicyOf } from '../deploy/distribution.mjs';
import { JOIN_SLICES } from '../deploy/functions.mjs';
import { createGate } from '../js-shim/core/gate.mjs';
import { readEvent } from '../js-shim/edge/cloudfront-event.mjs';
import { ossRequestId } from '../js-shim/edge/oss-error.mjs';
import { logText } from '../js-shim/log.mjs';
import { readSettings } from '../js-shim/relay/settings.mjs';
import { startDistribution } from '../local/distribution.mjs';
import { startS3Server } from '../local/s3-server.mjs';
import { bucketOrigins } from './bucket-origin.mjs';
import { loadFunctions } from './load-functions.mjs';
import { startEntrance } from './serve-entrance.mjs';
import { readDocumentsWasm } from './wasm-file.mjs';

/**
 * @typedef {{ triggers?: 'viewer-request' | 'origin-request', entrance?: string,
 *   buckets: Record<string, { s3Bucket: string, region: string }>,
 *   api?: { domain: string, path: string }, relay?: { domain: string, path: string },
 *   completeMultipartUpload?: string, listParts?: boolean, headObject?: string,
 *   cors?: { origins: string[], exposedHeaders?: string[] } }} Config
 * @typedef {{ accessKeyId: string, secretAccessKey: string, sessionToken?: string }} Credentials
 * @typedef {import('../local/distribution.mjs').LogEntry} LogEntry
 * @typedef {import('../js-shim/log.mjs').LogLine} LogLine
 * @typedef {(entry: LogEntry, decision: LogLine | undefined) => void} RequestLog
 */

/**
 * @param {object} options
 * @param {import('./documents.mjs').Documents} options.documents checked
 * @param {number} [options.port] by default chosen by the system
 * @param {{ endpoint: string, credentials: Credentials }} [options.s3] by default a local one
 * @param {string} [options.data] where the local S3 keeps its objects; by default they are deleted at the end
 * @param {() => number} [options.now] the functions' clock
 * @param {boolean} [options.originResponse] whether the deployment has the origin-response function
 * @param {import('../local/request-framing.mjs').Framing} [options.framing] what CloudFront makes of a body that is
 *   framed twice
 * @param {import('../local/api-gateway.mjs').Chunked} [options.apiChunked] what API Gateway makes of a chunked request
 * @param {import('../deploy/distribution.mjs').OriginRequestPolicy} [options.originRequestPolicy] in place of the right
 *   one
 * @param {RequestLog} [options.log]
 * @param {(request: import('aws-lambda').CloudFrontRequest, now: number) => string | undefined} [options.explain] says
 *   why a request was refused; it goes to the request's line as `hypothesis`
 * @param {(line: LogLine) => void} [options.logKeys] gets the lines about fetching access keys
 * @param {(name: string) => void} [options.invoked] is told the name of each Lambda function that runs
 * @param {(text: string) => void} [options.functionLog] gets every line that a function logs, as CloudWatch would
 * @returns {Promise<{ url: string, s3: { endpoint: string, credentials: Credentials, embedded: boolean },
 *   close(): Promise<void> }>}
 */
export async function serve({
  documents,
  port = 0,
  s3,
  data,
  now = Date.now,
  originResponse = true,
  framing,
  apiChunked,
  originRequestPolicy = originRequestPolicyOf(/** @type {Config} */ (documents.config)),
  log = () => {},
  explain,
  logKeys = () => {},
  invoked = () => {},
  functionLog = () => {},
}) {
  const config = /** @type {Config} */ (documents.config);
  const functions = await loadFunctions(documents);
  const store = s3 ? { ...s3, close: async () => {} } : await embeddedS3(config, data);
  const originSecret = randomBytes(24).toString('base64url');
  const decisions = decisionsByRequest();
  const atEdge = {
    now,
    log: (/** @type {LogLine} */ line) => {
      functionLog(logText(line));
      if (line.event === 'access-keys') logKeys(line);
      else decisions.write(line);
    },
  };
  const behindEdge = {
    ...atEdge,
    s3Options: { endpoint: store.endpoint, credentials: store.credentials, forcePathStyle: true },
  };
  const shown = { endpoint: store.endpoint, credentials: store.credentials, embedded: s3 === undefined };
  const inUse = async (/** @type {NodeJS.ErrnoException} */ error) => {
    await store.close();
    throw error.code === 'EADDRINUSE' ? new Error(`port ${port} is in use`) : error;
  };
  if (config.entrance === 'relay') {
    const functionOptions = behindEdge;
    const entrance = await startEntrance({ relay: functions.relay, functionOptions, port, decisions, log, explain }).catch(inUse);
    const close = async () => {
      await entrance.close();
      await store.close();
    };
    return { url: `http://127.0.0.1:${entrance.port}`, s3: shown, close };
  }
  const relay = functions.relay?.create({ ...behindEdge, originSecret, settings: { ...readSettings({}), port: 0 } });
  const decidedBy = decidingFunction(config);
  const created = (/** @type {import('./bundle.mjs').FunctionName} */ name, /** @type {object} */ options) =>
    told(invoked, name, functions[name]?.create(options));
  const atEvent = (/** @type {'viewer-request' | 'origin-request'} */ name) => {
    const handler = created(name, atEdge);
    return explain && name === decidedBy ? explaining(handler, explain, now, decisions) : handler;
  };
  const starting = startDistribution({
    behavior: behaviorOf(config),
    handlers: {
      viewerRequest: atEvent('viewer-request'),
      originRequest: atEvent('origin-request'),
      originResponse: originResponse ? created('origin-response', atEdge) : undefined,
      authorizer: created('authorizer', { ...atEdge, originSecret }),
    },
    originDomain: await originDomainOf(documents, now),
    customHeaders: { [S3_ORIGIN.secretHeader]: originSecret },
    api: {
      ...(config.api ?? { domain: 'api.invalid', path: '' }),
      chunked: apiChunked,
      methods: methodsOf(config, (name, options) => created(name, { ...behindEdge, ...options })),
    },
    relay: config.relay && relay && { domain: config.relay.domain, port: await relay.listen('127.0.0.1') },
    s3: store,
    framing,
    originRequestPolicy,
    corsPolicy: corsPolicy(config.cors),
    port,
    log: (entry) => log(entry, decisions.take(entry.requestId)),
  });
  const distribution = await starting.catch(async (error) => {
    await relay?.stop();
    return inUse(error);
  });
  return {
    url: `http://127.0.0.1:${distribution.port}`,
    s3: shown,
    close: async () => {
      await distribution.close();
      await relay?.stop();
      await store.close();
    },
  };
}

/**
 * The API's methods; none where there is a relay.
 *
 * @param {Config} config @param {(name: import('./bundle.mjs').FunctionName, options: object) => any} created
 */
function methodsOf(config, created) {
  return apiMethods(config).flatMap(({ method, resource, function: name }) => {
    /** Another instance of the function. Lambda hands over JSON. @param {object} event */
    const invoke = async (event) => JSON.parse(JSON.stringify(await integration?.(JSON.parse(JSON.stringify(event)))));
    /** @type {((event: any) => Promise<unknown>) | undefined} */
    const integration = created(name, { slices: JOIN_SLICES, invoke });
    return integration ? [{ method, resourcePath: resource, integration }] : [];
  });
}

/**
 * Wraps a function so that each run is reported.
 *
 * @param {(name: string) => void} invoked @param {string} name
 * @param {((event: any) => any) | undefined} handler undefined where the configuration has no such function
 * @returns {any}
 */
function told(invoked, name, handler) {
  if (handler === undefined) return undefined;
  return (/** @type {any} */ event) => {
    invoked(name);
    return handler(event);
  };
}

/** The credentials of the local S3. They aren't secret, because it listens on this machine only. */
const LOCAL_CREDENTIALS = { accessKeyId: 'oss-edge', secretAccessKey: 'oss-edge-local' };

/** @param {Config} config @param {string | undefined} data */
async function embeddedS3(config, data) {
  const directory = data ?? (await mkdtemp(join(tmpdir(), 'oss-edge-s3-')));
  const buckets = Object.values(config.buckets).map(({ s3Bucket }) => s3Bucket);
  const server = await startS3Server({ directory, buckets, credentials: LOCAL_CREDENTIALS });
  const close = async () => {
    await server.close();
    if (data === undefined) await rm(directory, { recursive: true, force: true });
  };
  return { ...server, close };
}

/**
 * Finds the S3 origin of a request. In AWS, each bucket has a distribution of its own; here one port serves all
 * buckets.
 *
 * @param {import('./documents.mjs').Documents} documents
 * @param {() => number} now
 * @returns {Promise<(viewerRequest: import('aws-lambda').CloudFrontRequest) => string>}
 */
async function originDomainOf({ config, accessKeys }, now) {
  const gate = createGate({ wasm: await readDocumentsWasm(), config, accessKeys });
  if (decidingFunction(/** @type {Config} */ (config)) === 'origin-request') {
    const originOf = bucketOrigins(gate);
    return (request) => originOf(request, now());
  }
  const domains = gate.buckets().map(({ domain }) => domain);
  return ({ headers }) => {
    const decided = headers['x-ossedge-origin']?.[0]?.value;
    return domains.find((domain) => domain === decided) ?? domains[0];
  };
}

/**
 * Wraps the deciding function so that its refusals are explained.
 *
 * @param {(event: any) => Promise<any>} decide
 * @param {NonNullable<Parameters<typeof serve>[0]['explain']>} explain
 * @param {() => number} now
 * @param {ReturnType<typeof decisionsByRequest>} decisions
 */
function explaining(decide, explain, now, decisions) {
  return async (/** @type {any} */ event) => {
    const { request, requestId } = readEvent(structuredClone(event));
    const result = await decide(event);
    const hypothesis = 'status' in result ? explain(request, now()) : undefined;
    if (hypothesis !== undefined) decisions.write({ cloudFrontRequestId: requestId, hypothesis });
    return result;
  };
}

/** Collects the functions' log lines, to print one line for each request. */
function decisionsByRequest() {
  /** By the id that the device is told, the only one that all functions know. @type {Map<string, LogLine>} */
  const decisions = new Map();
  const takeOfDevice = (/** @type {string} */ id) => {
    const line = decisions.get(id);
    decisions.delete(id);
    return line;
  };
  return {
    // A later function adds to the line of an earlier one.
    write: (/** @type {LogLine} */ line) => {
      const id = String(line.ossRequestId ?? ossRequestId(String(line.cloudFrontRequestId)));
      decisions.set(id, { ...decisions.get(id), ...line });
    },
    /** By CloudFront's id. @param {string} requestId */
    take: (requestId) => takeOfDevice(ossRequestId(requestId)),
    takeOfDevice,
  };
}
