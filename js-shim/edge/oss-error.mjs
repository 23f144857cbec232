// OSS's errors for when the core can't write them, as when it failed.

import { createHash } from 'node:crypto';

/**
 * @typedef {{ status: number, statusDescription: string, code: string, ec: string, message: string }} OssError
 */

/** OSS documentation, "HTTP status code 500", EC 0001-00000000. */
export const INTERNAL_ERROR = Object.freeze({
  status: 500,
  statusDescription: 'Internal Server Error',
  code: 'InternalError',
  ec: '0001-00000000',
  message: 'Please contact the server administrator, oss@service.aliyun.com.',
});

/** OSS documentation, EC 0003-00001201. */
export const ACCESS_DENIED = Object.freeze({
  status: 403,
  statusDescription: 'Forbidden',
  code: 'AccessDenied',
  ec: '0003-00001201',
  message: 'Anonymous access is forbidden for this operation.',
});

/** OSS documentation, EC 0017-00000101. */
export const MISSING_CONTENT_LENGTH = Object.freeze({
  status: 411,
  statusDescription: 'Length Required',
  code: 'MissingContentLength',
  ec: '0017-00000101',
  message: 'You must provide the Content-Length HTTP header.',
});

/** OSS documentation, "HTTP status code 503", which gives no EC. */
export const SERVICE_UNAVAILABLE = Object.freeze({
  status: 503,
  statusDescription: 'Service Unavailable',
  code: 'ServiceUnavailable',
  ec: '',
  message: 'Please reduce your request rate.',
});

/**
 * The request id that the client is told, as the core derives it from CloudFront's.
 *
 * @param {string} cloudFrontRequestId
 */
export function ossRequestId(cloudFrontRequestId) {
  return createHash('sha1').update(cloudFrontRequestId).digest('hex').slice(0, 24).toUpperCase();
}

/**
 * An error as OSS and the core write it: the one form that all SDKs parse.
 *
 * @param {Readonly<OssError>} error
 * @param {{ requestId: string, host?: string, method?: string, now: number }} context
 * @returns {import('../core/decision.mjs').OssErrorAnswer}
 */
export function ossError(error, { requestId, host, method, now }) {
  const { status, statusDescription, code, ec } = error;
  const document = errorDocument(error, requestId, host || 'oss-edge');
  /** @type {import('../core/decision.mjs').HeaderList} */
  const headers = [
    ['Content-Type', 'application/xml'],
    ['Date', new Date(now).toUTCString()],
    ['x-oss-request-id', requestId],
  ];
  if (ec) headers.push(['x-oss-ec', ec]);
  // The answer to HEAD has no body, so the document is in a header, as in OSS.
  if (method !== 'HEAD') return { code, status, statusDescription, headers, body: document };
  headers.push(['x-oss-err', Buffer.from(document).toString('base64')]);
  return { code, status, statusDescription, headers, body: '' };
}

/** @param {Readonly<OssError>} error @param {string} requestId @param {string} host */
function errorDocument({ code, message, ec }, requestId, host) {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<Error>',
    `  <Code>${code}</Code>`,
    `  <Message>${escapeXml(message)}</Message>`,
    `  <RequestId>${requestId}</RequestId>`,
    `  <HostId>${escapeXml(host.slice(0, 512))}</HostId>`,
    ...(ec ? [`  <EC>${ec}</EC>`, `  <RecommendDoc>https://api.aliyun.com/troubleshoot?q=${ec}</RecommendDoc>`] : []),
    '</Error>',
    '',
  ].join('\n');
}

/** @param {string} text */
export function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;');
}
