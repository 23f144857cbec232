// The relay: an HTTP server that stands in for the API behind the edge, and takes the bodies that S3 refuses; or that is
// the entrance itself, and performs everything.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';

import { createSeal } from '../core/seal.mjs';
import { readOriginSecrets } from '../edge/origin-secret.mjs';
import { LOG_VERSION, loggedCapture, loggedKey, writeLogLine } from '../log.mjs';
import { regionalClients } from '../operations/s3-clients.mjs';
import { S3Fault, errorTranslation, failedRequest, faultDetail } from '../operations/s3-fault.mjs';
import { endUnreadable, sendAnswer } from './answer.mjs';
import { entranceWayIn } from './entrance.mjs';
import { framingFault } from './framing.mjs';
import { lineLimit } from './line-limit.mjs';
import { createListener } from './listener.mjs';
import { performing } from './perform.mjs';
import { Pipelining } from './pipelining.mjs';
import { readSettings } from './settings.mjs';
import { edgeWayIn } from './verify.mjs';

export { sdkCredentials } from '../operations/s3-clients.mjs';
export { runRelay } from './main.mjs';
export { readSettings };

/**
 * @typedef {import('../log.mjs').LogLine} LogLine
 * @typedef {import('node:net').Socket} Socket
 *
 * @typedef {object} Options
 * @property {import('../core/gate.mjs').Gate} gate
 * @property {import('../keys/key-source.mjs').KeySource} [keys] where the gate's access keys are fetched from
 * @property {Uint8Array<ArrayBuffer>} wasm the contents of `oss_edge.wasm`
 * @property {Uint8Array} seal the contents of `seal.bin`
 * @property {import('./client-address.mjs').Listener} [entrance] where the relay is the entrance: `listener` of the
 *   configuration, or `{}`
 * @property {string} [originSecret] otherwise: one value, or several separated by spaces during a rotation
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

/** What Node's parser doesn't read, by its code. @type {Record<string, { s3Code: string, detail: string } | undefined>} */
const UNREADABLE = {
  HPE_HEADER_OVERFLOW: { s3Code: 'InvalidArgument', detail: 'larger headers than `RELAY_HEADER_BYTES`' },
  ERR_HTTP_REQUEST_TIMEOUT: { s3Code: 'RequestTimeout', detail: 'no whole request in time' },
};

/**
 * @param {Options} options
 * @throws {Error} when the origin secret is missing or too short, or given to an entrance; when the seal's bytes are damaged
 *   or of another build; when the listener's certificate can't be used
 */
export function createRelay({
  gate,
  keys,
  wasm,
  seal: bytes,
  entrance,
  originSecret,
  settings = readSettings({}),
  storageClasses,
  s3Options,
  s3Client = regionalClients({ ...S3_OPTIONS, forcePathStyle: settings.s3PathStyle, ...s3Options }),
  now = Date.now,
  log = writeLogLine,
}) {
  const { server, wayIn, addressOf } = entrance === undefined ? behindEdge() : atEntrance(entrance);
  const sealing = { seal: createSeal({ wasm, bytes }), now };
  const perform = performing(settings, sealing, storageClasses, entrance !== undefined);
  const translate = errorTranslation(wasm);
  /** The ids of requests that aren't answered yet, by their connections. @type {WeakMap<object, string>} */
  const underWay = new WeakMap();
  const mayWriteLine = lineLimit();
  const pipelining = new Pipelining((socket) => writeRefused({ clientIp: addressOf(socket), detail: 'more requests than answers' }));
  limitConnections(server, settings);
  /** Also those on which TLS or the PROXY protocol isn't done yet, which the HTTP server doesn't know. @type {Set<Socket>} */
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  // What follows on a connection may be a request to another hop, or content.
  server.maxRequestsPerSocket = settings.bothFramings === 'accept' ? 1 : 0;
  server.on('dropRequest', ({ socket }) => pipelining.admits(socket));
  const health = settings.healthPort === undefined ? undefined : healthServer(wayIn.healthPaths, settings);
  return { server, health, listen, stop };

  function behindEdge() {
    const server = http.createServer(serverOptions(settings), take);
    server.on('checkExpectation', take);
    return {
      server,
      wayIn: edgeWayIn({ gate, keys, isOriginSecret: readOriginSecrets(originSecret) }),
      addressOf: () => '',
    };
  }

  /** @param {import('./client-address.mjs').Listener} listener */
  function atEntrance(listener) {
    if (originSecret !== undefined) {
      throw new Error('ORIGIN_SECRET: expected none where `entrance` is "relay": no edge is before it');
    }
    const { server, clientOf, addressOf } = createListener({
      listener,
      headersSeconds: settings.headersSeconds,
      // The core refuses a request without a Host.
      serverOptions: { ...serverOptions(settings), requireHostHeader: false },
      refused: (fault) => (fault.event ? writeLine(now(), { level: 'error', ...fault }) : writeRefused(fault)),
    });
    server.on('request', take);
    // Only who may send a body is told to.
    server.on('checkContinue', (request, response) => take(request, response, () => response.writeContinue()));
    server.on('checkExpectation', take);
    server.on('clientError', (error, socket) => refuseUnreadable('code' in error ? String(error.code) : '', /** @type {Socket} */ (socket)));
    server.on('connect', (_, socket) => refuseUnreadable('CONNECT', /** @type {Socket} */ (socket)));
    return { server, wayIn: entranceWayIn({ gate, keys, clientOf }), addressOf };
  }

  /** @param {string} [host] @returns {Promise<number>} the port */
  async function listen(host = settings.host) {
    server.listen(settings.port, host);
    await once(server, 'listening');
    health?.listen(settings.healthPort, host);
    if (health) await once(health, 'listening');
    return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
  }

  /** Takes no further request, and ends when those under way are done, or when their time is over. */
  async function stop() {
    const closed = once(server, 'close');
    health?.close();
    health?.closeAllConnections();
    server.close();
    const timer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), settings.stopSeconds * 1000);
    await closed;
    clearTimeout(timer);
  }

  /**
   * @param {http.IncomingMessage} request @param {http.ServerResponse} response
   * @param {() => void} [sendContinue] where the client waits before it sends the body
   */
  function take(request, response, sendContinue) {
    if (!pipelining.admits(request.socket, response)) return;
    // Nothing that one client sends may end the process for all.
    handle(request, response, sendContinue).catch((error) => {
      response.destroy();
      writeLine(now(), { level: 'error', decision: 'deny', detail: faultDetail(error) });
    });
  }

  /** @type {(...args: Parameters<typeof take>) => Promise<void>} */
  async function handle(request, response, sendContinue) {
    if (isHealthCheck(request, wayIn.healthPaths)) {
      return void (await sendAnswer(request, response, ALIVE).catch(() => response.destroy()));
    }
    const time = now();
    let waits = sendContinue !== undefined;
    const { line, ...answer } = await answerTo(request, time, () => {
      sendContinue?.();
      waits = false;
    });
    writeLine(time, line);
    if (!server.listening) response.shouldKeepAlive = false;
    await sendAnswer(request, response, answer, { waits }).catch(() => response.destroy());
    underWay.delete(request.socket);
  }

  /** Tells of a connection on which there was no request. @param {LogLine} line */
  function writeRefused(line) {
    const more = mayWriteLine();
    if (more !== undefined) writeLine(now(), { decision: 'deny', ...line, ...more });
  }

  /** @param {number} time @param {LogLine} line */
  function writeLine(time, line) {
    log({ log: LOG_VERSION, time: new Date(time).toISOString(), function: 'relay', ...line });
  }

  /** @param {http.IncomingMessage} request @param {number} time @param {() => void} sendContinue */
  async function answerTo(request, time, sendContinue) {
    const { requestId: ownId, line: known, verify } = wayIn.receive(request);
    underWay.set(request.socket, ownId);
    const received = { bytes: 0 };
    let line = { ossRequestId: ownId, ...known };
    try {
      const fault = framingFault(request);
      if (fault !== undefined) throw new S3Fault('InvalidArgument', fault);
      const verified = await verify(time);
      if ('answered' in verified) {
        const { status, headers, body } = verified.answered;
        return { status, headers, body, line: { decision: 'answer', ...line, ...loggedOf(verified.answered), status } };
      }
      if ('refused' in verified) {
        const { refused, detail, understood } = verified;
        const ofPage = understood === undefined ? wayIn.pageHeaders(request) : [];
        return refusal(refused, detail, { ...line, ...loggedOf(understood ?? {}) }, ofPage);
      }
      const { requestId, region } = verified.forward;
      line = { ...line, ...loggedOf(verified.forward), ossRequestId: requestId };
      const s3 = await s3Client(region);
      sendContinue();
      const answer = await perform(s3, verified, request, (bytes) => (received.bytes = bytes));
      const { status = 200, document = '', headers = [], objectBytes, joinedBytes } = answer;
      const type = document === '' ? [] : [/** @type {[string, string]} */ (['Content-Type', 'application/xml'])];
      const id = /** @type {[string, string]} */ (['x-oss-request-id', requestId]);
      return {
        status,
        headers: [...type, id, ...headers, ...wayIn.pageHeaders(request)],
        body: document,
        objectBytes,
        line: { decision: 'forward', ...line, status, ...received, joinedBytes },
      };
    } catch (error) {
      const translated = translate(error, request.method, String(line.ossRequestId), time);
      line = { ...line, ...received, ...failedRequest(error) };
      return refusal(translated, faultDetail(error), line, wayIn.pageHeaders(request));
    }
  }

  /**
   * Answers in OSS's words what Node doesn't take for a request.
   *
   * @param {string} code of its error @param {Socket} socket
   */
  function refuseUnreadable(code, socket) {
    if (!socket.writable) return void socket.destroy();
    const time = now();
    const { s3Code, detail } = UNREADABLE[code] ?? { s3Code: 'InvalidArgument', detail: `not a request (${code})` };
    const known = underWay.get(socket);
    const ossRequestId = known ?? randomBytes(12).toString('hex').toUpperCase();
    const answer = translate(new S3Fault(s3Code, detail), undefined, ossRequestId, time);
    const { status, code: ossCode } = answer;
    const clientIp = addressOf(socket);
    // A request that is being read gets its line when its body fails.
    if (known === undefined) writeRefused({ status, code: ossCode, detail, ossRequestId, clientIp });
    endUnreadable(socket, answer);
  }
}

const ALIVE = { status: 200, headers: /** @type {[string, string][]} */ ([]), body: 'ok\n' };

/**
 * A server for checks of health alone, so that these need neither TLS nor a proxy.
 *
 * @param {string[]} paths @param {import('./settings.mjs').Settings} settings
 */
function healthServer(paths, settings) {
  const server = http.createServer(serverOptions(settings), async (request, response) => {
    const answer = isHealthCheck(request, paths) ? ALIVE : { ...ALIVE, status: 404, body: '' };
    await sendAnswer(request, response, answer).catch(() => response.destroy());
  });
  limitConnections(server, settings);
  return server;
}

/** @param {http.Server} server @param {import('./settings.mjs').Settings} settings */
function limitConnections(server, { connections, idleSeconds }) {
  server.maxConnections = connections;
  server.timeout = idleSeconds * 1000;
}

/** @param {http.IncomingMessage} request @param {string[]} paths */
function isHealthCheck({ method, url = '' }, paths) {
  return method === 'GET' && paths.includes(url);
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
  };
}

/**
 * @param {import('../core/decision.mjs').OssErrorAnswer} answer @param {string} detail @param {LogLine} line
 * @param {import('../core/decision.mjs').HeaderList} pageHeaders
 */
function refusal({ status, code, headers, body }, detail, line, pageHeaders) {
  const answer = { status, headers: [...headers, ...pageHeaders], body };
  return { ...answer, line: { decision: 'deny', ...line, status, code, detail } };
}

/**
 * @param {import('../core/decision.mjs').Understood & { ossRequestId?: string, field?: string }} understood
 * @returns {LogLine}
 */
function loggedOf({ key, captured, ...understood }) {
  const { operation, bucket, accessKeyId, scheme, generation, style, reading, clockDifferenceSeconds } = understood;
  const who = { accessKeyId, scheme, generation, style, reading, clockDifferenceSeconds };
  const { ossRequestId, field } = understood;
  const parts = captured && loggedCapture(captured);
  const known = { operation, bucket, key: key && loggedKey(key), ...who, ossRequestId, field, captured: parts };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}
