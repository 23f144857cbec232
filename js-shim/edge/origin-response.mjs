// The origin-response function: adapt, translate, apply. A deployment may leave it out.

import { applyHeaderEdit, flattenResponse, generatedResponse, readResponseEvent } from './cloudfront-event.mjs';
import { failClosed } from './fail-closed.mjs';
import { writeLogLine } from './log.mjs';
import { ossRequestId } from './oss-error.mjs';

/**
 * @typedef {import('aws-lambda').CloudFrontResponseEvent} CloudFrontResponseEvent
 * @typedef {import('aws-lambda').CloudFrontResultResponse} CloudFrontResultResponse
 */

/**
 * @param {object} parts
 * @param {import('../core/translator.mjs').Translator} parts.translator
 * @param {() => number} [parts.now] milliseconds since the epoch
 * @param {(line: import('./log.mjs').LogLine) => void} [parts.log]
 * @returns {(event: CloudFrontResponseEvent) => Promise<CloudFrontResultResponse>}
 */
export function createOriginResponse({ translator, now = Date.now, log = writeLogLine }) {
  return async (event) => {
    const time = now();
    try {
      const { request, response, requestId } = readResponseEvent(event);
      const translation = translator.translateResponse(flattenResponse(request, response, requestId), time);
      if (!('code' in translation)) return applyHeaderEdit(response, translation);
      const { code, status } = translation;
      log({
        time: new Date(time).toISOString(),
        function: 'origin-response',
        status: Number(status),
        code,
        detail: `the origin answered ${response.status}`,
        ossRequestId: ossRequestId(requestId),
        cloudFrontRequestId: requestId,
      });
      return generatedResponse(translation, response);
    } catch (error) {
      // What was stored is stored: of a success that can't be translated, the headers alone are lost.
      const response = event?.Records?.[0]?.cf?.response;
      if (/^2\d\d$/u.test(response?.status)) return response;
      const detail = `no translation: ${error instanceof Error ? error.name : typeof error}`;
      return failClosed({ function: 'origin-response', detail, event, now: time, log });
    }
  };
}
