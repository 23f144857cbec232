// The yardstick: the viewer-request function in plain JavaScript with node:crypto, written with care. It makes the core's
// decisions (see ../javascript.test.mjs), and is measured, never deployed.

import { requestFields } from '../../js-shim/edge/log-fields.mjs';
import { LOG_VERSION, loggedKey, writeLogLine } from '../../js-shim/log.mjs';
import { authenticate, newSecrets } from './authenticate.mjs';
import { readConfig } from './config.mjs';
import { applied } from './forward.mjs';
import { classify } from './operation.mjs';
import { presentedSignature } from './presented-signature.mjs';
import { parseQuery } from './query.mjs';
import { errorResponse, internalError, ossRequestId } from './error-response.mjs';
import { Refusal, refuse } from './refusal.mjs';
import { checkEncoding, ossHeaders, unique } from './request-headers.mjs';
import { locate } from './resource.mjs';
import { readSecrets } from './seals.mjs';
import { translate } from './translate.mjs';
import { clockDifference } from './validity.mjs';

/**
 * @param {{ config: any, accessKeys: any, secrets: any, now?: () => number, log?: (line: any) => void }} parts
 * @returns {(event: any) => Promise<any>}
 */
export function createHandler({ config, accessKeys, secrets: document, now = Date.now, log = writeLogLine }) {
  const settings = { ...readConfig(config), keys: readSecrets(document) };
  const secrets = newSecrets(accessKeys);
  return async (event) => {
    const time = now();
    /** @type {Understood} */
    const understood = { requestId: '', method: '', host: '' };
    try {
      const { config: { requestId }, request } = event.Records[0].cf;
      try {
        const forward = decide(request, requestId, time, settings, secrets, understood);
        log(logLine(understood, request, requestId, time, { decision: 'forward', origin: forward.origin }));
        return applied(request, forward);
      } catch (refusal) {
        if (!(refusal instanceof Refusal)) throw refusal;
        const ossId = ossRequestId(understood.requestId);
        log(logLine(understood, request, requestId, time, { decision: 'deny', ...refusal.summary, ossRequestId: ossId }));
        return errorResponse(refusal, ossId, understood, time);
      }
    } catch (error) {
      return internalError(error, event, time, log);
    }
  };
}

/**
 * @typedef {object} Understood
 * @property {string} requestId
 * @property {string} method
 * @property {string} host
 * @property {string} [operation]
 * @property {string} [bucket]
 * @property {string} [key]
 * @property {string} [accessKeyId]
 * @property {string} [scheme]
 * @property {string} [generation]
 * @property {string} [style]
 * @property {string} [reading]
 * @property {number} [clockDifferenceSeconds]
 */

/**
 * @param {any} request @param {string} requestId @param {number} time
 * @param {import('./translate.mjs').Settings} settings @param {ReturnType<typeof newSecrets>} secrets
 * @param {Understood} understood
 */
function decide(request, requestId, time, settings, secrets, understood) {
  checkEncoding(request, requestId);
  const { method, headers } = request;
  understood.requestId = requestId;
  understood.method = method;
  understood.host = unique(headers, 'host') ?? '';
  const resource = locate(request, settings, 'plus');
  understood.bucket = resource.bucket;
  understood.key = resource.key || undefined;
  understood.style = resource.style;
  const query = parseQuery(request.querystring);
  const operation = classify(method, resource.key, query);
  understood.operation = operation.name;
  const presented = presentedSignature(headers, query, settings.schemes);
  understood.scheme = presented.scheme;
  understood.accessKeyId = presented.accessKeyId;
  understood.clockDifferenceSeconds = clockDifference(presented, headers, time);
  const signed = ossHeaders(headers);
  const parts = { request, requestId, resource, query, operation, presented, signed };
  const authenticated = authenticate(parts, settings, secrets, time);
  understood.key = authenticated.resource.key;
  understood.reading = authenticated.reading;
  // Its keys have one secret each, and no rules.
  understood.generation = '1';
  const target = settings.buckets.get(resource.bucket);
  if (target === undefined) refuse('NoSuchBucket', resource.bucket);
  return translate({ ...parts, resource: authenticated.resource, signed: authenticated.signed }, target, settings, time);
}

/**
 * @param {Understood} understood
 * @param {any} request
 * @param {string} requestId
 * @param {number} time
 * @param {Record<string, unknown>} outcome
 */
function logLine(understood, request, requestId, time, { decision, origin, status, code, detail, field, ossRequestId: id }) {
  const { operation, bucket, key, accessKeyId, scheme, generation, style, reading, clockDifferenceSeconds } = understood;
  return {
    log: LOG_VERSION,
    time: new Date(time).toISOString(),
    function: 'viewer-request',
    decision,
    operation,
    bucket,
    key: key && loggedKey(key),
    accessKeyId,
    scheme,
    generation,
    style,
    reading,
    clockDifferenceSeconds,
    origin,
    status,
    code,
    detail,
    field,
    ossRequestId: id,
    ...requestFields(request),
    cloudFrontRequestId: requestId,
  };
}
