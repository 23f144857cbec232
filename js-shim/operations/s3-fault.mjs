// What an operation answers when it fails, by the code that S3 has for it.

import { createTranslator } from '../core/translator.mjs';
import { ACCESS_DENIED, INTERNAL_ERROR, ossError } from '../edge/oss-error.mjs';

/** @typedef {Error & { code?: unknown, $metadata?: import('@aws-sdk/client-s3').S3ServiceException['$metadata'] }} SdkError */

/** An error by S3's code, for what is found out before S3 is asked. */
export class S3Fault extends Error {
  /** @param {string} code @param {string} detail for the log: what was found, and what to change */
  constructor(code, detail) {
    super(detail);
    this.name = code;
  }
}

/**
 * What the log says of an error. Of one that isn't ours: its name, such as S3's code, and the codes that come with it. Its
 * message may hold anything.
 *
 * @param {unknown} error
 */
export function faultDetail(error) {
  if (error instanceof S3Fault) return error.message;
  if (!(error instanceof Error)) return typeof error;
  const { name, code, $metadata } = /** @type {SdkError} */ (error);
  const codes = [
    /^E[A-Z_]{1,30}$/u.test(String(code)) && code,
    $metadata?.httpStatusCode && `status ${$metadata.httpStatusCode}`,
  ].filter(Boolean);
  return codes.length > 0 ? `${name} (${codes.join(', ')})` : name;
}

/**
 * The id by which AWS Support finds the request that S3 failed, for the log.
 *
 * @param {unknown} error
 * @returns {{ s3RequestId?: string }}
 */
export function failedRequest(error) {
  const { requestId = '' } = (error instanceof Error && /** @type {SdkError} */ (error).$metadata) || {};
  return /^[\w-]{1,64}$/u.test(requestId) ? { s3RequestId: requestId } : {};
}

/** The request isn't the one that was verified, or none was. */
export class NotAuthorized extends Error {
  /** @override */
  name = 'NotAuthorized';
}

/**
 * OSS's answers for what operations throw.
 *
 * @param {Uint8Array<ArrayBuffer>} wasm the contents of `oss_edge.wasm`
 * @returns {(error: unknown, method: string | undefined, requestId: string, now: number) =>
 *   import('../core/decision.mjs').OssErrorAnswer} `method` of the request
 */
export function errorTranslation(wasm) {
  /** @type {import('../core/translator.mjs').Translator | undefined} */
  let translator;
  return (error, method = '', requestId, now) => {
    if (error instanceof NotAuthorized) return ossError(ACCESS_DENIED, { requestId, method, now });
    try {
      // A success doesn't need the core, so it is instantiated at the first error.
      translator ??= createTranslator(wasm);
      return translator.s3Error(error instanceof Error ? error.name : '', method, requestId, now);
    } catch {
      return ossError(INTERNAL_ERROR, { requestId, method, now });
    }
  };
}
