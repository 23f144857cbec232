// The core's answers, as text whose fields are joined by NUL (src/wasm.rs).

/**
 * What the core understood of a request; empty strings where it didn't get that far.
 *
 * @typedef {object} Understood
 * @property {string} operation
 * @property {string} bucket the OSS bucket
 * @property {string} key decoded
 * @property {string} accessKeyId as presented
 *
 * @typedef {[name: string, value: string][]} HeaderList
 *
 * @typedef {Understood & { decision: 'forward', origin: 's3' | 'api', uri: string, query: string,
 *   headers: HeaderList }} Forward
 *
 * @typedef {Understood & { decision: 'refuse', code: string, detail: string, status: string,
 *   statusDescription: string, body: string, headers: HeaderList }} Refuse
 *
 * @typedef {Understood & { decision: 'forward', requestId: string, s3Bucket: string, region: string,
 *   encoding: string, headers: HeaderList }} Upload
 */

/**
 * @param {string} answer of `decide`
 * @returns {Forward | Refuse}
 */
export function readDecision(answer) {
  const fields = answer.split('\0');
  if (fields[0] !== 'forward') return readRefusal(fields);
  const [, operation, bucket, key, accessKeyId, origin, uri, query] = fields;
  const headers = readHeaders(fields, 8);
  return { decision: 'forward', operation, bucket, key, accessKeyId, origin: readOrigin(origin), uri, query, headers };
}

/**
 * @param {string} answer of `decideAtApi`
 * @returns {Upload | Refuse}
 */
export function readUpload(answer) {
  const fields = answer.split('\0');
  if (fields[0] !== 'forward') return readRefusal(fields);
  const [, operation, bucket, key, accessKeyId, requestId, s3Bucket, region, encoding] = fields;
  const headers = readHeaders(fields, 9);
  return { decision: 'forward', operation, bucket, key, accessKeyId, requestId, s3Bucket, region, encoding, headers };
}

/** @param {string[]} fields @returns {Refuse} */
function readRefusal(fields) {
  const [decision, operation, bucket, key, accessKeyId, code, detail, status, statusDescription, body] = fields;
  if (decision !== 'refuse' || body === undefined) throw new Error('the core gave no decision');
  const headers = readHeaders(fields, 10);
  return { decision, operation, bucket, key, accessKeyId, code, detail, status, statusDescription, body, headers };
}

/** @param {string} origin */
function readOrigin(origin) {
  if (origin !== 's3' && origin !== 'api') throw new Error('the core named no origin');
  return origin;
}

/** @param {string[]} fields @param {number} from @returns {HeaderList} */
function readHeaders(fields, from) {
  if ((fields.length - from) % 2 !== 0) throw new Error('the core gave a header without a value');
  /** @type {HeaderList} */
  const headers = [];
  for (let i = from; i < fields.length; i += 2) headers.push([fields[i], fields[i + 1]]);
  return headers;
}
