/**
 * What the distribution's origins answer: S3, and the API or the relay.
 */
import http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { PAYLOAD_BYTES } from './api-gateway.mjs';
import { headerLines, textToWire } from './header-lines.mjs';
import { openRequest, signedRequest } from './origin-access-control.mjs';
import { LengthMismatch } from './request-body.mjs';
import { sentHeaders } from './request-framing.mjs';
import { apiResponse, errorResponse, s3Response } from './viewer-response.mjs';

/** @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest */
/** @typedef {import('./origin-access-control.mjs').S3Target} S3Target */
/** @typedef {ReturnType<typeof import('./api-gateway.mjs').createApiGateway>} ApiGateway */
/**
 * @typedef {object} Incoming a viewer's request while it is answered
 * @property {import('node:http').IncomingMessage} message
 * @property {import('./request-body.mjs').RequestBody} body
 * @property {string} requestId CloudFront's
 * @property {{ requestId: string, origin: 's3' | 'api' | 'relay' | null, violation?: string,
 *   s3Error?: string }} entry for the log
 *
 * @typedef {{ domain: string, port: number }} Relay its domain name, and the port on 127.0.0.1 where it listens
 */

/**
 * @param {{ api: { domain: string }, gateway: ApiGateway, relay?: Relay, s3: S3Target,
 *   framing: import('./request-framing.mjs').Framing }} origins
 * @param {Incoming} incoming
 * @param {CloudFrontRequest} returned by the origin-request function
 */
export async function fromOrigin({ api, gateway, relay, s3, framing }, incoming, returned) {
  const request = { ...returned, headers: sentHeaders(returned.headers, framing) };
  if (request.origin?.s3) {
    incoming.entry.origin = 's3';
    return fromS3(incoming, request, s3);
  }
  if (relay && request.origin?.custom?.domainName === relay.domain) {
    incoming.entry.origin = 'relay';
    return fromRelay(incoming, request, relay);
  }
  // CloudFront resolves the domain name of the new origin. Here there are only these.
  if (request.origin?.custom?.domainName !== api.domain) {
    incoming.body.discard();
    return errorResponse({ status: 502, message: "CloudFront wasn't able to resolve the origin domain name." });
  }
  incoming.entry.origin = 'api';
  return apiResponse(await fromApi(incoming, request, gateway));
}

/**
 * @param {Incoming} incoming
 * @param {CloudFrontRequest} request
 * @param {S3Target} s3
 */
async function fromS3(incoming, request, s3) {
  if (request.headers.host?.[0]?.value !== request.origin?.s3?.domainName) return ofAnotherHost(incoming);
  const headers = { ...request.headers, 'x-amz-cf-id': [{ key: 'X-Amz-Cf-Id', value: incoming.requestId }] };
  const signed = await signedRequest({ ...request, headers }, s3);
  try {
    const upstream = openRequest(signed, { hasBody: incoming.body.isExpected });
    const message = await incoming.body.relayTo(upstream, announcedLength(request));
    const response = s3Response(message);
    if (response.status < 400) return response;
    const body = await buffer(message);
    incoming.entry.s3Error = reasonOf(body.toString());
    return { ...response, body };
  } catch (error) {
    if (error instanceof LengthMismatch) throw error;
    return errorResponse({ status: 502, message: "CloudFront wasn't able to connect to the origin." });
  }
}

/**
 * With the viewer's Host, as an origin request policy may pass it, S3 finds neither the bucket nor a right signature.
 *
 * @param {Incoming} incoming
 */
function ofAnotherHost({ body, entry }) {
  body.discard();
  entry.s3Error = "SignatureDoesNotMatch: the Host isn't the bucket's, so check the origin request policy";
  return errorResponse({ status: 403, message: 'SignatureDoesNotMatch' });
}

/**
 * @param {Incoming} incoming
 * @param {CloudFrontRequest} request
 * @param {Relay} relay
 */
async function fromRelay({ body, requestId }, request, { port }) {
  const { method, uri, querystring, origin } = request;
  const { path = '', customHeaders = {} } = origin?.custom ?? {};
  const id = { 'x-amz-cf-id': [{ key: 'X-Amz-Cf-Id', value: requestId }] };
  const lines = headerLines({ ...request.headers, ...customHeaders, ...id });
  const headers = lines.map(([name, value]) => [name, textToWire(value)]).flat();
  const target = path + uri + (querystring && `?${querystring}`);
  try {
    const upstream = http.request({ agent: false, port, method, path: target, headers, setHost: false });
    return s3Response(await body.relayTo(upstream, announcedLength(request)));
  } catch (error) {
    if (error instanceof LengthMismatch) throw error;
    return errorResponse({ status: 502, message: "CloudFront wasn't able to connect to the origin." });
  }
}

/**
 * S3's code and message, which origin-response can't see.
 *
 * @param {string} document
 */
function reasonOf(document) {
  const [code, message] = ['Code', 'Message'].map((name) => new RegExp(`<${name}>([^<]*)<`, 'u').exec(document)?.[1]);
  return code === undefined ? undefined : [code, message].filter(Boolean).join(': ');
}

/**
 * @param {Incoming} incoming
 * @param {CloudFrontRequest} request
 * @param {ApiGateway} gateway
 */
async function fromApi({ body, requestId }, request, gateway) {
  const { method, uri, querystring, headers, origin } = request;
  const { path = '', customHeaders = {} } = origin?.custom ?? {};
  const lines = headerLines({
    ...headers,
    ...customHeaders,
    'x-amz-cf-id': [{ key: 'X-Amz-Cf-Id', value: requestId }],
  });
  const collected = await body.collect(PAYLOAD_BYTES, announcedLength(request));
  return gateway.handle({ method, uri: path + uri, querystring, headers: lines, body: collected, sourceIp: EDGE_IP });
}

/**
 * The length of a body that isn't sent in chunks.
 *
 * @param {CloudFrontRequest} request
 */
function announcedLength({ headers }) {
  const [length] = headers['transfer-encoding'] ? [] : (headers['content-length'] ?? []);
  return length && Number(length.value);
}

/** API Gateway's caller is CloudFront, not the viewer. */
const EDGE_IP = '130.176.0.1';
