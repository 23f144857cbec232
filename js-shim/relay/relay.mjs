// The relay: an HTTP server that stands in for the API behind the edge, and takes the bodies that S3 refuses.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';

import { createSeal } from '../core/seal.mjs';
import { readOriginSecrets } from '../edge/origin-secret.mjs';
import { LOG_VERSION, loggedKey, writeLogLine } from '../log.mjs';
import { regionalClients } from '../operations/s3-clients.mjs';
import { S3Fault, errorTranslation, faultDetail } from '../operations/s3-fault.mjs';
import { sendAnswer } from './answer.mjs';
import { framingFault } from './framing.mjs';
import { performing } from './perform.mjs';
import { readSettings } from './settings.mjs';
import { headerOf, verification } from './verify.mjs';

export { sdkCredentials } from '../operations/s3-clients.mjs';
export { runRelay } from './main.mjs';
export { readSettings };

/**
 * @typedef {import('../log.mjs').LogLine} LogLine
 *
 * @typedef {object} Options
 * @property {import('../core/gate.mjs').Gate} gate
 * @property {import('../keys/key-source.mjs').KeySource} [keys] where the gate's access keys are fetched from
 * @property {Uint8Array<ArrayBuffer>} wasm the contents of `oss_edge.wasm`
 * @property {Uint8Array} seal the contents of `seal.bin`
 * @property {string | undefined} originSecret one value, or several separated by spaces during a rotation
 * @property {import('./settings.mjs').Settings} [settings]
 * @property {import('../operations/head-object.mjs').StorageClasses} [storageClasses] configured
 * @property {import('@aws-sdk/client-s3').S3ClientConfig} [s3Options] in addition to the Region
 * @property {(region: string) => Promise<import('../operations/s3-clients.mjs').S3>} [s3Client]
 * @property {() => number} [now] milliseconds since the epoch
 * @property {(line: LogLine) => void} [log]
 */

/** The AWS SDK's time-outs in milliseconds, of a connection and of silence on it, and how many connections it may have. */
const S3_OPTIONS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 5000, socketTimeout: 60_000, httpsAgent: { keepAlive: true, maxSockets: 256 } },
};

/** Whoever asks whether the relay lives needs no secret. */
const HEALTH_PATH = '/health';

/**
 * @param {Options} options
 * @throws {Error} when the origin secret is missing or too short, or the seal's bytes are damaged or of another build
 */
export function createRelay({
  gate,
  keys,
  wasm,
  seal: bytes,
  originSecret,
  settings = readSettings({}),
  storageClasses,
  s3Options,
  s3Client = regionalClients({ ...S3_OPTIONS, ...s3Options }),
  now = Date.now,
  log = writeLogLine,
}) {
  const verify = verification({ gate, keys, isOriginSecret: readOriginSecrets(originSecret) });
  const perform = performing(settings, { seal: createSeal({ wasm, bytes }), now }, storageClasses);
  const translate = errorTranslation(wasm);
  const server = http.createServer(serverOptions(settings), (request, response) => void handle(request, response));
  server.maxConnections = settings.connections;
  server.timeout = settings.idleSeconds * 1000;
  // What follows on a connection may be a request to another hop, or content.
  server.maxRequestsPerSocket = settings.bothFramings === 'accept' ? 1 : 0;
  return { server, listen, stop };

  /** @param {string} [host] @returns {Promise<number>} the port */
  async function listen(host = settings.host) {
    server.listen(settings.port, host);
    await once(server, 'listening');
    return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
  }

  /** Takes no further request, and ends when those under way are done, or when their time is over. */
  async function stop() {
    const closed = once(server, 'close');
    server.close();
    const timer = setTimeout(() => server.closeAllConnections(), settings.stopSeconds * 1000);
    await closed;
    clearTimeout(timer);
  }

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  async function handle(request, response) {
    if (request.method === 'GET' && request.url === HEALTH_PATH) {
      const alive = { status: 200, headers: /** @type {[string, string][]} */ ([]), body: 'ok\n' };
      return void (await sendAnswer(request, response, alive).catch(() => response.destroy()));
    }
    const time = now();
    const { line, ...answer } = await answerTo(request, time);
    log({ log: LOG_VERSION, time: new Date(time).toISOString(), function: 'relay', ...line });
    if (!server.listening) response.shouldKeepAlive = false;
    await sendAnswer(request, response, answer).catch(() => response.destroy());
  }

  /** @param {http.IncomingMessage} request @param {number} time */
  async function answerTo(request, time) {
    // Until the request's own is known.
    const ownId = randomBytes(12).toString('hex').toUpperCase();
    const received = { bytes: 0 };
    /** @type {LogLine} */
    let line = { ossRequestId: ownId, cloudFrontRequestId: headerOf(request, 'x-amz-cf-id') };
    try {
      const fault = framingFault(request);
      if (fault !== undefined) {
        return refusal(translate(new S3Fault('InvalidArgument'), request.method, ownId, time), fault, line);
      }
      const verified = await verify(request, ownId, time);
      if ('refused' in verified) {
        return refusal(verified.refused, verified.detail, { ...line, ...loggedOf(verified.understood ?? {}) });
      }
      const { requestId, region } = verified.forward;
      line = { ...line, ...loggedOf(verified.forward), ossRequestId: requestId };
      const s3 = await s3Client(region);
      const answer = await perform(s3, verified, request, (bytes) => (received.bytes = bytes));
      const { document = '', headers = [], objectBytes } = answer;
      const type = document === '' ? [] : [/** @type {[string, string]} */ (['Content-Type', 'application/xml'])];
      return {
        status: 200,
        headers: [...type, /** @type {[string, string]} */ (['x-oss-request-id', requestId]), ...headers],
        body: document,
        objectBytes,
        line: { decision: 'forward', ...line, status: 200, ...received },
      };
    } catch (error) {
      const detail = faultDetail(error);
      const translated = translate(error, request.method, String(line.ossRequestId), time);
      return refusal(translated, detail, { ...line, ...received });
    }
  }
}

/** @param {import('./settings.mjs').Settings} settings @returns {http.ServerOptions} */
function serverOptions({ bothFramings, headerBytes, headersSeconds, requestSeconds, keepAliveSeconds }) {
  return {
    // Lets Content-Length and Transfer-Encoding pass together, and more that framingFault refuses.
    insecureHTTPParser: bothFramings === 'accept',
    maxHeaderSize: headerBytes,
    headersTimeout: headersSeconds * 1000,
    requestTimeout: requestSeconds * 1000,
    keepAliveTimeout: keepAliveSeconds * 1000,
    connectionsCheckingInterval: 1000,
    requireHostHeader: true,
    joinDuplicateHeaders: false,
    noDelay: true,
  };
}

/**
 * @param {import('../core/decision.mjs').OssErrorAnswer} answer @param {string} detail @param {LogLine} line
 */
function refusal({ status, code, headers, body }, detail, line) {
  return { status, headers, body, line: { decision: 'deny', ...line, status, code, detail } };
}

/**
 * @param {import('../core/decision.mjs').Understood & { ossRequestId?: string, field?: string }} understood
 * @returns {LogLine}
 */
function loggedOf({ key, ...understood }) {
  const { operation, bucket, accessKeyId, scheme, generation, style, reading, clockDifferenceSeconds } = understood;
  const who = { accessKeyId, scheme, generation, style, reading, clockDifferenceSeconds };
  const { ossRequestId, field } = understood;
  const known = { operation, bucket, key: key && loggedKey(key), ...who, ossRequestId, field };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}
