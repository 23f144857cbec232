// A refusal as OSS writes it on the wire.

import { createHash } from 'node:crypto';

import { failClosed } from '../../js-shim/edge/fail-closed.mjs';

const REASONS = /** @type {Record<number, string>} */ ({
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  411: 'Length Required',
});
const NOT_XML = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** @param {string} cloudFrontRequestId */
export function ossRequestId(cloudFrontRequestId) {
  return createHash('sha1').update(cloudFrontRequestId).digest('hex').slice(0, 24).toUpperCase();
}

/** @param {import('./refusal.mjs').Refusal} refusal @param {string} id in OSS's form @param {import('./handler.mjs').Understood} understood @param {number} now */
export function errorResponse(refusal, id, { method, host }, now) {
  const { status, ec } = refusal;
  const document = errorDocument(refusal, id, method, host, now);
  /** @type {Record<string, { key: string, value: string }[]>} */
  const headers = {
    'content-type': [{ key: 'Content-Type', value: 'application/xml' }],
    date: [{ key: 'Date', value: new Date(now).toUTCString() }],
    'x-oss-request-id': [{ key: 'x-oss-request-id', value: id }],
  };
  if (ec !== '') headers['x-oss-ec'] = [{ key: 'x-oss-ec', value: ec }];
  const isHead = method === 'HEAD';
  if (isHead) headers['x-oss-err'] = [{ key: 'x-oss-err', value: Buffer.from(document).toString('base64') }];
  const statusDescription = REASONS[status] ?? 'Bad Request';
  return { status: String(status), statusDescription, headers, body: isHead ? '' : document, bodyEncoding: 'text' };
}

/** @param {unknown} error @param {any} event @param {number} now @param {(line: any) => void} log */
export function internalError(error, event, now, log) {
  const detail = `no decision: ${error instanceof Error ? error.name : typeof error}`;
  const host = event?.Records?.[0]?.cf?.request?.headers?.host?.[0]?.value;
  return failClosed({ function: 'viewer-request', detail, host, event, now, log });
}

/** @param {import('./refusal.mjs').Refusal} refusal @param {string} id @param {string} method @param {string} host @param {number} now */
function errorDocument(refusal, id, method, host, now) {
  const { code, message, ec } = refusal;
  let xml = '<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n';
  xml += element('Code', code) + element('Message', message) + element('RequestId', id);
  xml += element('HostId', host === '' ? 'oss-edge' : echoed(host)) + elements(refusal, method, now);
  if (ec !== '') xml += element('EC', ec) + element('RecommendDoc', `https://api.aliyun.com/troubleshoot?q=${ec}`);
  return `${xml}</Error>\n`;
}

/** @param {import('./refusal.mjs').Refusal} refusal @param {string} method @param {number} now */
function elements({ cause, value, name }, method, now) {
  const argument = (/** @type {string} */ named) => element('ArgumentName', named) + element('ArgumentValue', echoed(value));
  switch (cause.split('.', 1)[0]) {
    case 'RepeatedParameter':
    case 'UnexpectedParameter':
      return argument('ResourceType');
    case 'InvalidPartNumber':
      return argument('PartNumber');
    case 'InvalidEncodingType':
      return argument('encoding-type');
    case 'InvalidHeaderValue':
    case 'InvalidQueryValue':
      return argument(String(name));
    case 'RepeatedHeader':
    case 'MalformedHeader':
      return element('Header', echoed(value));
    case 'NotImplemented':
      return element('Header', echoed(String(name)));
    case 'InvalidAccessKeyId':
      return element('OSSAccessKeyId', echoed(value));
    case 'NoSuchBucket':
      return element('BucketName', echoed(value));
    case 'NoSuchUpload':
      return element('UploadId', echoed(value));
    case 'RequestTimeTooSkewed':
      return (
        element('MaxAllowedSkewMilliseconds', String(value.maxMillis)) +
        element('RequestTime', shownTime(value.requested)) +
        element('ServerTime', shownTime(now))
      );
    case 'Expired':
      return element('Expires', shownTime(value)) + element('ServerTime', shownTime(now));
    case 'SignatureDoesNotMatch':
      return mismatch(value);
    case 'MethodNotAllowed':
      return element('Method', echoed(method)) + element('ResourceType', 'Object');
    default:
      return '';
  }
}

/** @param {Record<string, string>} mismatch */
function mismatch({ accessKeyId, signature, stringToSign, canonicalRequest }) {
  const shown = truncated(stringToSign, 4096);
  const bytes = Buffer.from(shown).toString('hex').toUpperCase().replace(/../gu, '$& ');
  return (
    element('OSSAccessKeyId', echoed(accessKeyId)) +
    element('SignatureProvided', echoed(signature)) +
    element('StringToSign', shown) +
    element('StringToSignBytes', bytes) +
    (canonicalRequest === undefined ? '' : element('CanonicalRequest', truncated(canonicalRequest, 4096)))
  );
}

/** @param {string} name @param {string} value */
function element(name, value) {
  if (value === '') return '';
  const escaped = /[&<>\r\0-\x1f\ud800-\uffff]/u.test(value) ? escapeXml(value) : value;
  return `  <${name}>${escaped}</${name}>\n`;
}

/** @param {string} text */
function escapeXml(text) {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;')
    .replaceAll(NOT_XML, '\u{fffd}');
}

/** @param {string} text */
const echoed = (text) => truncated(text, 512);

/** The longest beginning that takes at most `room` bytes of a document. @param {string} text @param {number} room */
function truncated(text, room) {
  if (text.length * 5 <= room) return text;
  let taken = 0;
  let end = 0;
  for (const character of text) {
    taken += Buffer.byteLength(escapeXml(character));
    if (taken > room) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** @param {number} time */
function shownTime(time) {
  return new Date(Math.floor(Math.min(Math.max(time, 0), 253_402_300_799_999) / 1000) * 1000).toISOString();
}
