// Answers questions about wrong signatures, for the command line. No deployed function imports it.

import { documentsCore, gateOf } from './documents-core.mjs';
import { requestText } from './event-text.mjs';
import { GateDecisions } from './gate-decisions.mjs';

/**
 * @typedef {object} SignedRequest what a request should have signed, and what it presents
 * @property {string} scheme
 * @property {string} accessKeyId
 * @property {string} signature as presented, or `sha256-` and its hash
 * @property {string} style
 * @property {string} bucket
 * @property {string} key decoded
 * @property {string} stringToSign
 * @property {string} [canonicalRequest] in version 4
 *
 * @typedef {{ accessKeyId: string, generation: string, fault?: string }} Signer a secret, and why it can't be used
 *
 * @typedef {object} Question
 * @property {string} accessKeyId
 * @property {string} signature as presented, or `sha256-` and its hash
 * @property {string} stringToSign
 * @property {string} [scope] in version 4: date, region, product and terminator
 *
 * @typedef {object} Examiner
 * @property {(request: import('aws-lambda').CloudFrontRequest) => SignedRequest | { refusal: string }} signedRequest
 *   without checking its date and its access key
 * @property {(question: Question, whose: 'own' | 'any', now: number) => Signer[]} signers the secrets that made a
 *   signature over a text
 */

/**
 * @param {object} options as `createGate` takes them
 * @param {Uint8Array<ArrayBuffer>} options.wasm
 * @param {unknown} options.config
 * @param {unknown} [options.accessKeys]
 * @returns {Examiner}
 */
export function createExaminer({ wasm, config, accessKeys }) {
  documentsCore.start(wasm);
  const gate = new GateDecisions(documentsCore, gateOf(config, accessKeys));
  return {
    signedRequest: (request) => {
      const text = requestText(request, '');
      return /** @type {any} */ (gate.call((one) => one.signedRequest(text)));
    },
    signers: ({ accessKeyId, signature, stringToSign, scope }, whose, now) =>
      gate.call((one) => one.signers(accessKeyId, signature, stringToSign, scope, whose === 'any', now)),
  };
}
