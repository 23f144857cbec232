/**
 * A CloudFront distribution on this machine, as deploy/distribution.mjs describes it: one behavior with its functions,
 * an
 * S3 origin with origin access control, and a REST API or a relay.
 */
import { once } from 'node:events';
import http from 'node:http';
import { BEHAVIOR, ORIGIN_REQUEST_POLICY } from '../deploy/distribution.mjs';
import { createApiGateway } from './api-gateway.mjs';
import { requestRefusal } from './cloudfront-rules.mjs';
import { runEdgeFunction } from './edge-function.mjs';
import { originRequestEvent } from './origin-request-event.mjs';
import { originResponseEvent } from './origin-response-event.mjs';
import { fromOrigin } from './origins.mjs';
import { LINGER, LengthMismatch, RequestBody } from './request-body.mjs';
import { DEFAULT_FRAMING, framingRefusal, seenHeaders } from './request-framing.mjs';
import { withCorsHeaders } from './response-headers-policy.mjs';
import { trustLengths, withTransferEncoding } from './trusted-length.mjs';
import { newRequestId, viewerRequestEvent } from './viewer-request-event.mjs';
import { discard, editedResponse, errorResponse, generatedResponse, sendResponse } from './viewer-response.mjs';

/** @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest */
/** @typedef {import('./viewer-response.mjs').ViewerResponse} ViewerResponse */
/** @typedef {import('./edge-function.mjs').EdgeHandler} EdgeHandler */
/** @typedef {(event: any) => Promise<unknown>} ApiHandler */
/**
 * @typedef {object} Handlers
 * @property {EdgeHandler} [viewerRequest] where the behavior has it
 * @property {EdgeHandler} originRequest
 * @property {EdgeHandler} [originResponse]
 * @property {ApiHandler} [authorizer] without it the API refuses everything
 */
/**
 * @typedef {object} LogEntry one request
 * @property {string} requestId CloudFront's
 * @property {string} method
 * @property {string} uri raw, without the query
 * @property {string} [userAgent] the client's own: a browser's SDK says it in a header of its own
 * @property {number} status 0 where the viewer went away before an answer
 * @property {'s3' | 'api' | 'relay' | null} origin that was asked
 * @property {number} bytes of the body that were received
 * @property {number} milliseconds
 * @property {string} [s3Error] S3's code and message, on the direct path
 * @property {string} [violation] the rule a function broke, or what is wrong with the configuration
 */
/**
 * @typedef {{ domain: string, path: string, methods: import('./api-gateway.mjs').Method[],
 *   chunked?: import('./api-gateway.mjs').Chunked }} Api
 */
/**
 * @typedef {object} Options
 * @property {Handlers} handlers
 * @property {(viewerRequest: CloudFrontRequest) => string} originDomain of the S3 origin
 * @property {Record<string, string>} [customHeaders] configured for the S3 origin
 * @property {Api} api
 * @property {import('./origins.mjs').Relay} [relay]
 * @property {import('./origin-access-control.mjs').S3Target} s3
 * @property {typeof BEHAVIOR} [behavior]
 * @property {import('../deploy/distribution.mjs').OriginRequestPolicy} [originRequestPolicy]
 * @property {import('./request-framing.mjs').Framing} [framing] what becomes of a body that is framed twice
 * @property {import('./request-body.mjs').Linger} [linger] after an answer to a viewer that is still sending
 * @property {import('./response-headers-policy.mjs').CorsPolicy} [corsPolicy] for what origins answer; that CloudFront
 *   applies it to what a function answers isn't assumed
 * @property {string} [host]
 * @property {number} [port]
 * @property {(entry: LogEntry) => void} [log]
 */
/**
 * @typedef {Options & Required<Pick<Options, 'behavior' | 'originRequestPolicy' | 'framing'>> &
 *   { gateway: ReturnType<typeof createApiGateway> }} Distribution
 */
/** @typedef {import('./request-framing.mjs').Framing} Framing */
/** @typedef {import('./origins.mjs').Incoming} Incoming */

/**
 * @param {Options} options
 * @returns {Promise<{ host: string, port: number, close(): Promise<void> }>}
 */
export async function startDistribution(options) {
  const { api, handlers, host = '127.0.0.1', port = 0, framing = DEFAULT_FRAMING } = options;
  const { domain, path: stagePath, methods, chunked } = api;
  const { authorizer = async () => ({}) } = handlers;
  const gateway = createApiGateway({ domain, stagePath, methods, chunked, authorizer });
  const { behavior = BEHAVIOR, originRequestPolicy = ORIGIN_REQUEST_POLICY } = options;
  const distribution = { ...options, behavior, originRequestPolicy, framing, gateway };
  const server = http.createServer(SERVER_OPTIONS, (message, response) => void handle(distribution, message, response));
  if (framing === 'trust-length') trustLengths(server);
  server.on('clientError', refuseUnreadable);
  server.listen(port, host);
  await once(server, 'listening');
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { host, port: address.port, close: () => closed(server) };
}

/**
 * @param {Distribution} distribution
 * @param {http.IncomingMessage} message
 * @param {http.ServerResponse} response
 */
async function handle(distribution, message, response) {
  const started = performance.now();
  // What follows a body is discarded in this model, a next request too.
  if (distribution.framing === 'trust-length') response.shouldKeepAlive = false;
  const body = new RequestBody(message);
  const requestId = newRequestId();
  /** @type {Incoming} */
  const incoming = { message, body, requestId, entry: { requestId, origin: null } };
  response.once('close', () => {
    const { method = '', url = '', headers } = message;
    const userAgent = String(headers['x-oss-user-agent'] ?? headers['user-agent'] ?? '') || undefined;
    // Without the query: it may contain a signature that is still valid.
    const [uri = ''] = url.split('?', 1);
    const milliseconds = Math.round(performance.now() - started);
    distribution.log?.({
      method,
      uri,
      userAgent,
      status: response.headersSent ? response.statusCode : 0,
      bytes: body.bytes,
      milliseconds,
      ...incoming.entry,
    });
  });
  const answered = await answer(distribution, incoming).catch((error) => unanswerable(incoming, error));
  try {
    await sendResponse(response, answered, incoming.requestId, body, distribution.linger ?? LINGER);
  } catch {
    // One side disconnected during the response: let the other see that it is incomplete.
    response.destroy();
  }
}

/**
 * @param {Distribution} distribution
 * @param {Incoming} incoming
 * @returns {Promise<ViewerResponse>}
 */
async function answer(distribution, incoming) {
  const { originDomain, customHeaders, framing, behavior, originRequestPolicy } = distribution;
  const { message, requestId } = incoming;
  const rawHeaders = withTransferEncoding(message.rawHeaders);
  const refusal = refusalOf(message, rawHeaders, framing, behavior.methods);
  if (refusal) {
    return refused(incoming, errorResponse({ status: refusal.status, message: `Bad request: ${refusal.reason}.` }));
  }

  const shown = viewerRequestEvent(message, { requestId, rawHeaders: seenHeaders(rawHeaders, framing) });
  const viewer = await triggered(distribution, 'viewer-request', shown);
  if (!('request' in viewer)) return withoutOrigin(incoming, viewer);

  const domainName = originDomain(viewer.request);
  const event = originRequestEvent(viewer.request, { requestId, domainName, customHeaders }, originRequestPolicy);
  const origin = await triggered(distribution, 'origin-request', event);
  if (!('request' in origin)) return withoutOrigin(incoming, origin);

  const answered = await fromOrigin(distribution, incoming, origin.request);
  const translated = await throughOriginResponse(distribution, incoming, origin.request, answered);
  return answered.ofOrigin
    ? withCorsHeaders(translated, distribution.corsPolicy, incoming.message.headers.origin)
    : translated;
}

/**
 * The outcome of a request's function, or the request as it is where the behavior has none.
 *
 * @param {Distribution} distribution
 * @param {'viewer-request' | 'origin-request'} eventType
 * @param {import('aws-lambda').CloudFrontRequestEvent} event
 * @returns {Promise<import('./edge-function.mjs').EdgeOutcome>}
 */
async function triggered({ behavior, handlers }, eventType, event) {
  if (!hasTrigger(behavior, eventType)) return { request: event.Records[0].cf.request };
  const handler = eventType === 'viewer-request' ? handlers.viewerRequest : handlers.originRequest;
  if (handler === undefined) throw new TypeError(`the behavior has a trigger ${eventType}, and there is no function for it`);
  return runEdgeFunction(eventType, handler, event);
}

/** @param {typeof BEHAVIOR} behavior @param {import('../deploy/distribution.mjs').EdgeFunction} eventType */
function hasTrigger({ triggers }, eventType) {
  return triggers.some(({ event }) => event === eventType);
}

/**
 * @param {Distribution} distribution
 * @param {Incoming} incoming
 * @param {CloudFrontRequest} request that the origin got
 * @param {ViewerResponse} answered
 * @returns {Promise<ViewerResponse>}
 */
async function throughOriginResponse({ behavior, handlers }, incoming, request, answered) {
  // Where no origin answered, the function doesn't run (lambda-cloudfront-trigger-events).
  if (!answered.ofOrigin || !handlers.originResponse || !hasTrigger(behavior, 'origin-response')) return answered;
  const answerEvent = originResponseEvent(request, answered, incoming.requestId);
  const edited = await runEdgeFunction('origin-response', handlers.originResponse, answerEvent);
  if ('response' in edited) return editedResponse(answered, edited.response);
  discard(answered.body);
  return withoutOrigin(incoming, edited);
}

/**
 * @param {http.IncomingMessage} message
 * @param {string[]} rawHeaders
 * @param {Framing} framing
 * @param {readonly string[]} methods
 */
function refusalOf({ method = 'GET', url = '', headers }, rawHeaders, framing, methods) {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  const reason = framingRefusal(rawHeaders, framing);
  return reason === null ? requestRefusal({ method, url, rawHeaders, hasBody }, methods) : { status: 400, reason };
}

/**
 * @param {Incoming} incoming
 * @param {import('./edge-function.mjs').EdgeOutcome} outcome
 */
function withoutOrigin(incoming, outcome) {
  if ('response' in outcome) return refused(incoming, generatedResponse(outcome.response));
  if ('request' in outcome) throw new TypeError('the request is for an origin');
  incoming.entry.violation = outcome.failure.violation;
  return refused(incoming, errorResponse(outcome.failure));
}

/**
 * @param {Incoming} incoming
 * @param {ViewerResponse} response
 */
function refused({ body }, response) {
  body.discard();
  return response;
}

/**
 * @param {Incoming} incoming
 * @param {unknown} error a body of another length than was announced; else of this distribution's configuration, as an
 *   origin that is no bucket
 */
function unanswerable(incoming, error) {
  if (error instanceof LengthMismatch) {
    const message = 'Bad request: the body is not as long as Content-Length says.';
    return refused(incoming, errorResponse({ status: 400, message }));
  }
  incoming.entry.violation = `distribution: ${error instanceof Error ? error.message : String(error)}`;
  return refused(incoming, errorResponse({ status: 502, message: "CloudFront wasn't able to connect to the origin." }));
}

/**
 * Answers a request that node can't parse: 494 if its headers are too long even for node, else 400.
 *
 * @param {Error & { code?: string }} error
 * @param {import('node:stream').Duplex} socket
 */
function refuseUnreadable({ code }, socket) {
  if (!socket.writable) return;
  const status = code === 'HPE_HEADER_OVERFLOW' ? '494 Request Header Too Large' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** @param {http.Server} server */
async function closed(server) {
  const ended = once(server, 'close');
  server.close();
  const grace = setTimeout(() => server.closeAllConnections(), GRACE_MILLISECONDS);
  await ended;
  clearTimeout(grace);
}

const SERVER_OPTIONS = {
  // The OSS C SDK sends Transfer-Encoding: chunked together with Content-Length, which a strict parser refuses.
  insecureHTTPParser: true,
  // Larger than CloudFront's quota, so that the quota is checked here and not by node.
  maxHeaderSize: 128 * 1024,
  // An upload may take hours.
  requestTimeout: 0,
};

const GRACE_MILLISECONDS = 2000;
