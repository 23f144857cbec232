// OSS's errors that don't come from the core: those of a core that failed, and S3's in OSS's words.

/**
 * @typedef {{ status: string, statusDescription: string, code: string, ec: string, message: string }} OssError
 */

/** OSS, "HTTP status code 500", and EC 0001-00000000. */
export const INTERNAL_ERROR = Object.freeze({
  status: '500',
  statusDescription: 'Internal Server Error',
  code: 'InternalError',
  ec: '0001-00000000',
  message: 'Please contact the server administrator, oss@service.aliyun.com.',
});

/** @type {Readonly<OssError>} */
export const ACCESS_DENIED = Object.freeze({
  status: '403',
  statusDescription: 'Forbidden',
  code: 'AccessDenied',
  ec: '0003-00001201',
  message: 'Anonymous access is forbidden for this operation.',
});

/** OSS, "HTTP status code 503"; it has no EC there. */
export const SERVICE_UNAVAILABLE = Object.freeze({
  status: '503',
  statusDescription: 'Service Unavailable',
  code: 'ServiceUnavailable',
  ec: '',
  message: 'Please reduce your request rate.',
});

/**
 * The request id that the core gives for CloudFront's (src/error_response.rs).
 *
 * @param {string} cloudFrontRequestId
 */
export function ossRequestId(cloudFrontRequestId) {
  // Loaded when it is needed: it is a tenth of a cold start.
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha1').update(cloudFrontRequestId).digest('hex').slice(0, 24).toUpperCase();
}

/**
 * An error as OSS writes it: the one form that every SDK's parser takes (src/error_response.rs).
 *
 * @param {Readonly<OssError>} error
 * @param {{ requestId: string, host?: string, method?: string, now: number }} context
 * @returns {{ status: string, statusDescription: string,
 *   headers: import('../core/decision.mjs').HeaderList, body: string }}
 */
export function ossError(error, { requestId, host, method, now }) {
  const document = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<Error>',
    `  <Code>${error.code}</Code>`,
    `  <Message>${escapeXml(error.message)}</Message>`,
    `  <RequestId>${requestId}</RequestId>`,
    `  <HostId>${escapeXml((host || 'oss-edge').slice(0, 512))}</HostId>`,
    ...(error.ec ? [`  <EC>${error.ec}</EC>`, `  <RecommendDoc>https://api.aliyun.com/troubleshoot?q=${error.ec}</RecommendDoc>`] : []),
    '</Error>',
    '',
  ].join('\n');
  /** @type {import('../core/decision.mjs').HeaderList} */
  const headers = [
    ['Content-Type', 'application/xml'],
    ['Date', new Date(now).toUTCString()],
    ['x-oss-request-id', requestId],
  ];
  if (error.ec) headers.push(['x-oss-ec', error.ec]);
  if (method === 'HEAD') headers.push(['x-oss-err', Buffer.from(document).toString('base64')]);
  const { status, statusDescription } = error;
  return { status, statusDescription, headers, body: method === 'HEAD' ? '' : document };
}

/** @param {string} text */
export function escapeXml(text) {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}
