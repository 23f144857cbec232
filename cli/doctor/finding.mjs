// The types of the doctor's checks and findings.

/** @typedef {import('./raw-request.mjs').Answer} Answer */
/**
 * @typedef {object} Stored what S3 has
 * @property {Buffer} body
 * @property {Record<string, string>} metadata
 * @property {string} storageClass
 * @property {string} contentDisposition
 *
 * @typedef {object} Patient
 * @property {ReturnType<typeof import('./device.mjs').createDevice>} device
 * @property {((key: string) => Promise<Stored | undefined>) | undefined} stored looks into the bucket; undefined without
 *   access to it
 * @property {any} config
 *
 * @typedef {{ verdict: 'holds' | 'fails' | 'unknown', found: string, follows?: string }} Finding
 * @typedef {object} Check
 * @property {string} id of docs/assumptions.md
 * @property {string} what
 * @property {string} follows if it doesn't hold, and the one thing to change
 * @property {(config: any) => boolean} [applies] by default to every configuration
 * @property {(patient: Patient) => Promise<Finding>} run
 */

export const NO_S3 = 'give --s3, so that what is stored can be looked at';

/** @param {string} found @returns {Finding} */
export const holds = (found) => ({ verdict: 'holds', found });

/** @param {string} found @returns {Finding} */
export const fails = (found) => ({ verdict: 'fails', found });

/** @param {string} found @returns {Finding} */
export const unknown = (found) => ({ verdict: 'unknown', found });

/**
 * @param {Answer} answer
 * @param {number} status
 * @param {...string} codes of which one is expected
 * @returns {Finding}
 */
export function expected(answer, status, ...codes) {
  const isRight = answer.status === status && (codes.length === 0 || codes.includes(codeOf(answer)));
  return isRight
    ? holds(shown(answer))
    : fails(`${shown(answer)}, expected ${[status, codes[0]].filter(Boolean).join(' ')}`);
}

/**
 * The finding for an upload: whether it was answered with 200, and what S3 stored.
 *
 * @param {Patient} patient @param {string} key @param {Answer} answer
 * @param {(stored: Stored) => Finding} judge
 * @returns {Promise<Finding>}
 */
export async function ofStored({ device, stored }, key, answer, judge) {
  if (answer.status !== 200) return fails(shown(answer));
  const found = await stored?.(device.keyOf(key));
  if (found === undefined) return stored ? fails('200, and not in the bucket') : unknown(`200; ${NO_S3}`);
  return judge(found);
}

/** @param {Buffer} content @returns {(stored: Stored) => Finding} */
export const hasBytes = (content) => (stored) =>
  stored.body.equals(content) ? holds('200, and the right bytes') : fails('200, and OTHER BYTES');

/** @param {Answer} answer */
export function codeOf({ body }) {
  return /<Code>([^<]+)/u.exec(body.toString())?.[1] ?? '';
}

/** @param {Answer} answer */
export function shown(answer) {
  return answer.status === 0 ? String(answer.fault) : `${answer.status} ${codeOf(answer)}`.trim();
}
