// The core's answers, as text whose fields are joined by NUL (src/wasm.rs).

/**
 * What the core understood of a request; empty strings where it didn't get that far.
 *
 * @typedef {object} Understood
 * @property {string} operation
 * @property {string} bucket the OSS bucket
 * @property {string} key decoded
 * @property {string} accessKeyId as presented
 * @property {string} scheme of the signature, as the configuration names it
 * @property {string} generation of the secret that verified it; empty unless one did
 *
 * @typedef {[name: string, value: string][]} HeaderList
 * @typedef {{ fields: string[], from: number }} HeaderFields names or their codes, and values, in turn from a place on
 *
 * @typedef {Understood & { decision: 'forward', origin: 's3' | 'api', uri: string, query: string,
 *   headers: HeaderFields }} Forward
 *
 * @typedef {Understood & { decision: 'refuse', code: string, detail: string, renewal: string, status: string,
 *   statusDescription: string, body: string, headers: HeaderList, ossRequestId: string }} Refuse `renewal` says when other access keys
 *   might turn it: `at-once`, `when-due`, or never where it is empty
 *
 * @typedef {Understood & { decision: 'forward', requestId: string, s3Bucket: string, region: string,
 *   query: string, options: string, headers: HeaderList }} Upload `options` of the operation (src/route.rs)
 *
 * @typedef {{ code: string, status: string, statusDescription: string, body: string,
 *   headers: HeaderList }} Replacement an error in OSS's dialect
 *
 * @typedef {{ removed: string[], set: HeaderList }} HeaderEdit
 */

/** The names that the core gives by their codes, from 1: the same list as in src/wasm.rs. */
export const EDGE_NAMES = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-md5',
  'content-type',
  'expires',
  'if-none-match',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-storage-class',
  'x-amz-tagging',
  'x-ossedge-origin',
  'x-ossedge-request',
];

/**
 * @param {string} answer of `decide`
 * @returns {Forward | Refuse}
 */
export function readDecision(answer) {
  const fields = answer.split('\0');
  if (fields[0] !== 'forward') return readRefusal(fields);
  // Every accepted request passes here: one literal, no copies.
  return {
    decision: 'forward',
    operation: fields[1],
    bucket: fields[2],
    key: fields[3],
    accessKeyId: fields[4],
    scheme: fields[5],
    generation: fields[6],
    origin: readOrigin(fields[7]),
    uri: fields[8],
    query: fields[9],
    headers: checkedHeaders(fields, 10),
  };
}

/**
 * @param {string} answer of `decideAtApi`
 * @returns {Upload | Refuse}
 */
export function readUpload(answer) {
  const fields = answer.split('\0');
  if (fields[0] !== 'forward') return readRefusal(fields);
  const [, operation, bucket, key, accessKeyId, scheme, generation, requestId, s3Bucket, region, query, options] = fields;
  const understood = { operation, bucket, key, accessKeyId, scheme, generation };
  const headers = readHeaders(fields, 12);
  return { decision: 'forward', ...understood, requestId, s3Bucket, region, query, options, headers };
}

/**
 * @param {string | undefined} answer of `translateResponse`
 * @returns {Replacement | HeaderEdit}
 */
export function readTranslation(answer) {
  const fields = (answer ?? '').split('\0');
  if (fields[0] === 'replace') return readReplacement(fields);
  const end = 2 + Number(fields[1]);
  if (fields[0] !== 'keep' || !(end <= fields.length)) throw new Error('the core gave no translation');
  return { removed: fields.slice(2, end), set: readHeaders(fields, end) };
}

/** @param {string[]} fields of `replace` @returns {Replacement} */
export function readReplacement(fields) {
  const [, code, status, statusDescription, body] = fields;
  if (body === undefined) throw new Error('the core gave no error');
  return { code, status, statusDescription, body, headers: readHeaders(fields, 5) };
}

/** @param {string[]} fields @returns {Refuse} */
function readRefusal(fields) {
  const [decision, operation, bucket, key, accessKeyId, scheme, generation, detail, renewal, code, status, statusDescription, body] = fields;
  if (decision !== 'refuse' || body === undefined) throw new Error('the core gave no decision');
  const understood = { operation, bucket, key, accessKeyId, scheme, generation };
  const headers = readHeaders(fields, 13);
  const ossRequestId = headers.find(([name]) => name === 'x-oss-request-id')?.[1] ?? '';
  return { decision, ...understood, code, detail, renewal, status, statusDescription, body, headers, ossRequestId };
}

/** @param {string} origin */
function readOrigin(origin) {
  if (origin !== 's3' && origin !== 'api') throw new Error('the core named no origin');
  return origin;
}

/** @param {string[]} fields @param {number} from @returns {HeaderFields} */
function checkedHeaders(fields, from) {
  if (!(fields.length >= from) || (fields.length - from) % 2 !== 0) throw new Error('the core gave a header without a value');
  return { fields, from };
}

/** @param {string[]} fields @param {number} from @returns {HeaderList} */
function readHeaders(fields, from) {
  checkedHeaders(fields, from);
  /** @type {HeaderList} */
  const headers = [];
  for (let i = from; i < fields.length; i += 2) headers.push([fields[i], fields[i + 1]]);
  return headers;
}
