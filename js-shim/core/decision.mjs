// The core's answers (src/wasm.rs), part by part.

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

// Where the parts of a decision are. What was understood, see `Understood`:
export const OPERATION = 1;
export const BUCKET = 2;
export const KEY = 3;
export const ACCESS_KEY_ID = 4;
export const SCHEME = 5;
export const GENERATION = 6;
// Of one that forwards alone: `s3` or `api`; the request; and then the name and value of each of its headers.
export const ORIGIN = 7;
export const URI = 8;
export const QUERY = 9;
export const HEADERS_OF_FORWARD = 10;

/**
 * Whether a decision forwards. Every accepted request passes here: its parts are read where they are needed, and nothing
 * is made of them.
 *
 * @param {string[]} parts of `decide`
 * @returns {boolean} false when it refuses, see `readRefusal`
 * @throws {Error} when they are no decision, or no whole one that forwards
 */
export function isForward(parts) {
  if (parts[0] === 'refuse') return false;
  if (parts[0] !== 'forward') throw new Error('the core gave no decision');
  checkHeaders(parts, HEADERS_OF_FORWARD);
  if (parts[ORIGIN] !== 's3' && parts[ORIGIN] !== 'api') throw new Error('the core named no origin');
  return true;
}

/**
 * @param {string[]} parts of `decideAtApi`
 * @returns {Upload | Refuse}
 */
export function readUpload(parts) {
  if (parts[0] !== 'forward') return readRefusal(parts);
  const headers = readHeaders(parts, 12);
  const [, operation, bucket, key, accessKeyId, scheme, generation, requestId, s3Bucket, region, query, options] = parts;
  const understood = { operation, bucket, key, accessKeyId, scheme, generation };
  return { decision: 'forward', ...understood, requestId, s3Bucket, region, query, options, headers };
}

/**
 * @param {string[]} parts of `translateResponse`
 * @returns {Replacement | HeaderEdit}
 */
export function readTranslation(parts) {
  if (parts[0] === 'replace') return readReplacement(parts);
  const end = 2 + Number(parts[1]);
  if (parts[0] !== 'keep' || !(end <= parts.length)) throw new Error('the core gave no translation');
  return { removed: parts.slice(2, end), set: readHeaders(parts, end) };
}

/** @param {string[]} parts of `replace` @returns {Replacement} */
export function readReplacement(parts) {
  const headers = readHeaders(parts, 5);
  const [, code, status, statusDescription, body] = parts;
  return { code, status, statusDescription, body, headers };
}

/** @param {string[]} parts of a decision that refuses @returns {Refuse} */
export function readRefusal(parts) {
  if (parts[0] !== 'refuse') throw new Error('the core gave no decision');
  const headers = readHeaders(parts, 13);
  const ossRequestId = headers.find(([name]) => name === 'x-oss-request-id')?.[1] ?? '';
  return {
    decision: 'refuse',
    operation: parts[OPERATION],
    bucket: parts[BUCKET],
    key: parts[KEY],
    accessKeyId: parts[ACCESS_KEY_ID],
    scheme: parts[SCHEME],
    generation: parts[GENERATION],
    detail: parts[7],
    renewal: parts[8],
    code: parts[9],
    status: parts[10],
    statusDescription: parts[11],
    body: parts[12],
    headers,
    ossRequestId,
  };
}

/** @param {string[]} parts @param {number} from where names and values of headers begin */
function checkHeaders(parts, from) {
  if (!(parts.length >= from) || (parts.length - from) % 2 !== 0) throw new Error('the core gave no whole answer');
}

/** @param {string[]} parts @param {number} from @returns {HeaderList} */
function readHeaders(parts, from) {
  checkHeaders(parts, from);
  /** @type {HeaderList} */
  const headers = [];
  for (let i = from; i < parts.length; i += 2) headers.push([parts[i], parts[i + 1]]);
  return headers;
}
