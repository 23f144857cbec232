// Hypotheses about the configuration, for a request that is refused for its Host before its signature is checked.

import { createExaminer } from '../../js-shim/core/examiner.mjs';
import { formOf, textsOf } from './signed-text.mjs';

/**
 * Adds the request's Host to the configuration in each style, and tests whether the signature is then right.
 *
 * @param {object} options
 * @param {Uint8Array<ArrayBuffer>} options.wasm
 * @param {{ config: unknown, accessKeys: unknown }} options.documents checked
 * @param {import('aws-lambda').CloudFrontRequest} options.request
 * @param {number} options.time
 * @returns {{ cause: import('./explainer.mjs').Cause | null, tested: number }}
 */
export function configurationHypotheses({ wasm, documents, request, time }) {
  const config = /** @type {any} */ (documents.config);
  const host = request.headers.host?.[0]?.value.replace(/:\d+$/u, '').toLowerCase() ?? '';
  const buckets = Object.keys(config.buckets);
  const entries = [
    ...buckets.map((bucket) => ({ host, style: 'cname', bucket })),
    { host, style: 'path' },
    { host: `*.${host.split('.').slice(1).join('.')}`, style: 'virtual-hosted' },
  ];
  let tested = 0;
  for (const entry of entries) {
    const examiner = examinerWith(entry);
    const signed = examiner?.signedRequest(request);
    if (examiner === undefined || signed === undefined || 'refusal' in signed) continue;
    const form = formOf(signed);
    tested += 1;
    const [signer] = examiner.signers({ ...signed, scope: form && textsOf(form).scope }, 'own', time);
    if (signer === undefined) continue;
    const advice = `It would verify with ${JSON.stringify(entry)} in \`hosts\`: add it, or correct the endpoint.`;
    const { accessKeyId, generation } = signer;
    return { cause: { hypotheses: ['host-not-configured'], advice: [advice], accessKeyId, generation }, tested };
  }
  return { cause: null, tested };

  /** @param {object} entry of `hosts` */
  function examinerWith(entry) {
    try {
      return createExaminer({
        wasm,
        accessKeys: documents.accessKeys,
        config: { ...config, hosts: [...config.hosts, entry] },
      });
    } catch {
      // A configuration can't have this Host, or has it already.
      return undefined;
    }
  }
}
