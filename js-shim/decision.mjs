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
 * @typedef {import('./exchange.mjs').Answer} Answer
 *
 * @typedef {Understood & { decision: 'forward', origin: 's3' | 'api', uri: string, query: string,
 *   headers: Answer }} Forward `headers` are names and values in turn, which can be read once
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

/**
 * @param {Answer} answer of `decide`
 * @returns {Forward | Refuse}
 */
export function readDecision(answer) {
  if (answer.next() !== 'forward') return readRefusal(answer);
  checkLength(answer, 9);
  // Every accepted request passes here: one literal, no copies.
  return {
    decision: 'forward',
    operation: answer.next(),
    bucket: answer.next(),
    key: answer.next(),
    accessKeyId: answer.next(),
    scheme: answer.next(),
    generation: answer.next(),
    origin: readOrigin(answer.next()),
    uri: answer.next(),
    query: answer.next(),
    headers: checkedHeaders(answer),
  };
}

/**
 * @param {Answer} answer of `decideAtApi`
 * @returns {Upload | Refuse}
 */
export function readUpload(answer) {
  if (answer.next() !== 'forward') return readRefusal(answer);
  checkLength(answer, 11);
  const fields = answer.rest();
  const [operation, bucket, key, accessKeyId, scheme, generation, requestId, s3Bucket, region, query, options] = fields;
  const understood = { operation, bucket, key, accessKeyId, scheme, generation };
  const headers = readHeaders(fields, 11);
  return { decision: 'forward', ...understood, requestId, s3Bucket, region, query, options, headers };
}

/**
 * @param {Answer} answer of `translateResponse`
 * @returns {Replacement | HeaderEdit}
 */
export function readTranslation(answer) {
  const fields = answer.rest();
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

/** @param {Answer} answer but its first part @returns {Refuse} */
function readRefusal(answer) {
  checkLength(answer, 12);
  /** @type {Refuse} */
  const refusal = {
    decision: 'refuse',
    operation: answer.next(),
    bucket: answer.next(),
    key: answer.next(),
    accessKeyId: answer.next(),
    scheme: answer.next(),
    generation: answer.next(),
    detail: answer.next(),
    renewal: answer.next(),
    code: answer.next(),
    status: answer.next(),
    statusDescription: answer.next(),
    body: answer.next(),
    headers: [],
    ossRequestId: '',
  };
  checkedHeaders(answer);
  while (answer.left > 0) {
    const name = answer.next();
    const value = answer.next();
    refusal.headers.push([name, value]);
    if (name === 'x-oss-request-id') refusal.ossRequestId = value;
  }
  return refusal;
}

/** @param {string} origin */
function readOrigin(origin) {
  if (origin !== 's3' && origin !== 'api') throw new Error('the core named no origin');
  return origin;
}

/** @param {Answer} answer @param {number} parts that it must have left besides headers */
function checkLength(answer, parts) {
  if (!(answer.left >= parts)) throw new Error('the core gave no decision');
}

/** @param {Answer} answer of which the headers are left */
function checkedHeaders(answer) {
  if (answer.left % 2 !== 0) throw new Error('the core gave a header without a value');
  return answer;
}

/** @param {string[]} fields @param {number} from @returns {HeaderList} */
function readHeaders(fields, from) {
  if ((fields.length - from) % 2 !== 0) throw new Error('the core gave a header without a value');
  /** @type {HeaderList} */
  const headers = [];
  for (let i = from; i < fields.length; i += 2) headers.push([fields[i], fields[i + 1]]);
  return headers;
}
