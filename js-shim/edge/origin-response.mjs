// The origin-response function: translates S3's answers into OSS's. A deployment may leave it out.

import { createTranslator } from '../core/translator.mjs';
import { applyHeaderChanges, generatedResponse, readResponseEvent } from './cloudfront-event.mjs';
import { failClosed } from './fail-closed.mjs';
import { LOG_VERSION, writeLogLine } from '../log.mjs';
import { ossRequestId } from './oss-error.mjs';

/**
 * @typedef {import('aws-lambda').CloudFrontResponseEvent} CloudFrontResponseEvent
 * @typedef {import('aws-lambda').CloudFrontResultResponse} CloudFrontResultResponse
 */

const FUNCTION = 'origin-response';

/**
 * @param {object} options
 * @param {Uint8Array<ArrayBuffer>} options.wasm the contents of `oss_edge.wasm`
 * @param {() => number} [options.now] milliseconds since the epoch
 * @param {(line: import('../log.mjs').LogLine) => void} [options.log]
 * @returns {(event: CloudFrontResponseEvent) => Promise<CloudFrontResultResponse>}
 */
export function createOriginResponse({ wasm, now = Date.now, log = writeLogLine }) {
  const translator = createTranslator(wasm);
  return async (event) => {
    const time = now();
    try {
      const { request, response, requestId } = readResponseEvent(event);
      const translation = translator.translateResponse(request, response, requestId, time);
      if (translation.translation === 'keep') return applyHeaderChanges(response, translation);
      const { code, status } = translation.error;
      const detail = `the origin answered ${response.status}`;
      const line = { status, code, detail, ossRequestId: ossRequestId(requestId), cloudFrontRequestId: requestId };
      log({ log: LOG_VERSION, time: new Date(time).toISOString(), function: FUNCTION, ...line });
      return generatedResponse(translation.error, response);
    } catch (error) {
      // The object is stored, so a success stays a success, even if its headers can't be translated.
      const response = event?.Records?.[0]?.cf?.response;
      if (/^2\d\d$/u.test(response?.status)) return response;
      const detail = `no translation: ${error instanceof Error ? error.name : typeof error}`;
      return failClosed({ function: FUNCTION, detail, event, now: time, log });
    }
  };
}
