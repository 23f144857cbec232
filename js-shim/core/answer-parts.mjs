// The core's answers, which are lists of texts, as objects.

/** @typedef {import('./decision.mjs').HeaderList} HeaderList */

/**
 * @param {string[]} parts of `decide`
 * @returns {import('./decision.mjs').Decision}
 */
export function readDecision(parts) {
  if (parts[0] !== 'forward') return readRefusal(parts);
  const [, , , , , , , origin, uri, query] = parts;
  const headers = readHeaders(parts, 10);
  if (origin !== 's3' && origin !== 'api') throw new Error('the core named no origin');
  return { decision: 'forward', ...understood(parts), origin, uri, query, headers };
}

/**
 * @param {string[]} parts of `decideAtApi`
 * @returns {import('./decision.mjs').ApiDecision}
 */
export function readApiDecision(parts) {
  if (parts[0] !== 'forward') return readRefusal(parts);
  const headers = readHeaders(parts, 12);
  const [, operation, bucket, key, accessKeyId, scheme, generation, requestId, s3Bucket, region, query, options] =
    parts;
  const verified = { operation, bucket, key, accessKeyId, scheme, generation };
  return {
    decision: 'forward',
    ...verified,
    requestId,
    s3Bucket,
    region,
    query,
    options: options.split(' ').filter(Boolean),
    headers,
  };
}

/**
 * @param {string[]} parts of `translateResponse`
 * @returns {import('./decision.mjs').Translation}
 */
export function readTranslation(parts) {
  if (parts[0] === 'replace') return { translation: 'replace', ...readError(parts) };
  const end = 2 + Number(parts[1]);
  if (parts[0] !== 'keep' || !(end <= parts.length)) throw new Error('the core gave no translation');
  return { translation: 'keep', remove: parts.slice(2, end), set: readHeaders(parts, end) };
}

/**
 * @param {string[]} parts of `s3Error`
 * @returns {import('./decision.mjs').OssErrorAnswer}
 */
export function readError(parts) {
  const headers = readHeaders(parts, 5);
  const [, code, status, statusDescription, body] = parts;
  return { code, status: Number(status), statusDescription, headers, body };
}

/** @param {string[]} parts @returns {import('./decision.mjs').Refusal} */
function readRefusal(parts) {
  if (parts[0] !== 'refuse') throw new Error('the core gave no decision');
  const headers = readHeaders(parts, 13);
  const [, , , , , , , detail, renewal, code, status, statusDescription, body] = parts;
  return {
    decision: 'refuse',
    ...understood(parts),
    detail,
    renewal: /** @type {import('./decision.mjs').Renewal} */ (renewal || 'never'),
    code,
    status: Number(status),
    statusDescription,
    headers,
    body,
    ossRequestId: headers.find(([name]) => name === 'x-oss-request-id')?.[1] ?? '',
  };
}

/** @param {string[]} parts @returns {import('./decision.mjs').Understood} */
function understood(parts) {
  const names = ['operation', 'bucket', 'key', 'accessKeyId', 'scheme', 'generation'];
  return Object.fromEntries(names.map((name, index) => [name, parts[index + 1]]).filter(([, text]) => text !== ''));
}

/** @param {string[]} parts @param {number} from where names and values begin @returns {HeaderList} */
function readHeaders(parts, from) {
  if (!(parts.length >= from) || (parts.length - from) % 2 !== 0) throw new Error('the core gave no whole answer');
  /** @type {HeaderList} */
  const headers = [];
  for (let i = from; i < parts.length; i += 2) headers.push([parts[i], parts[i + 1]]);
  return headers;
}
