// The operations that are served, and which request is which.

import names from '../../tests/vectors/sub-resources.json' with { type: 'json' };
import { encodeValue } from './percent-encoding.mjs';
import { isSignatureParameter } from './presented-signature.mjs';
import { refuse } from './refusal.mjs';

/** @typedef {{ name: string, method: string, required: string[], passed: string[], optional: string[], takesObject: boolean, takesBody: boolean }} Operation */

/** @type {Operation[]} */
const OPERATIONS = [
  { name: 'PutObject', method: 'PUT', required: [], passed: [], optional: [], takesObject: true, takesBody: true },
  { name: 'InitiateMultipartUpload', method: 'POST', required: ['uploads'], passed: [], optional: ['encoding-type', 'sequential'], takesObject: true, takesBody: false },
  { name: 'UploadPart', method: 'PUT', required: ['partNumber', 'uploadId'], passed: [], optional: [], takesObject: false, takesBody: true },
  { name: 'CompleteMultipartUpload', method: 'POST', required: ['uploadId'], passed: [], optional: ['encoding-type'], takesObject: false, takesBody: true },
  { name: 'AbortMultipartUpload', method: 'DELETE', required: ['uploadId'], passed: [], optional: [], takesObject: false, takesBody: false },
  { name: 'ListParts', method: 'GET', required: ['uploadId'], passed: ['max-parts', 'part-number-marker'], optional: ['encoding-type'], takesObject: false, takesBody: false },
];
const PUT_OBJECT = OPERATIONS[0];
const KNOWN = new Set(OPERATIONS.flatMap(({ required, passed, optional }) => [...required, ...passed, ...optional]));
const SUB_RESOURCES = new Set(names.subResources);
const OF_SIGNATURES = ['Expires', 'OSSAccessKeyId', 'Signature', 'security-token'];
const KNOWN_IN_ANY_CASE = new Set([...KNOWN, ...SUB_RESOURCES, ...OF_SIGNATURES].map((name) => name.toLowerCase()));

/** @param {string} name */
export const isSubResource = (name) => name.startsWith('x-oss-') || SUB_RESOURCES.has(name);

/** @param {string} method @param {string} key @param {ReadonlyMap<string, string>} query @returns {Operation} */
export function classify(method, key, query) {
  if (key === '') refuse('MethodNotAllowed');
  if (query.size === 0 && method === 'PUT') return PUT_OBJECT;
  const served = OPERATIONS.some((row) => row.method === method);
  if (!served || (method === 'GET' && !query.has('uploadId'))) refuse('MethodNotAllowed');
  const operands = [...query.keys()].filter((name) => !isSignatureParameter(name) && !['x-oss-request-payer', 'x-oss-traffic-limit'].includes(name));
  const takes = (/** @type {Operation} */ row) =>
    row.method === method &&
    row.required.every((name) => query.has(name)) &&
    operands.every((name) => row.required.includes(name) || row.passed.includes(name) || row.optional.includes(name) || (row === PUT_OBJECT && query.get(name) !== '' && isIgnored(name)));
  const operation = OPERATIONS.find(takes) ?? unserved(operands);
  for (const [name, value] of query) checkValue(name, value);
  return operation;
}

/** Whether a parameter means nothing to OSS or S3. @param {string} name */
function isIgnored(name) {
  const lower = name.toLowerCase();
  return /^[\w.-]*$/u.test(name) && !KNOWN_IN_ANY_CASE.has(lower) && !lower.startsWith('x-oss-') && !lower.startsWith('x-amz-');
}

/** @param {string[]} operands @returns {never} */
function unserved(operands) {
  const foreign = operands.filter((name) => !KNOWN.has(name));
  const stray = foreign.length === 0 ? operands[0] : foreign.find((name) => !isSubResource(name));
  return stray === undefined ? refuse('MethodNotAllowed') : refuse('UnexpectedParameter', stray);
}

/** @param {string} name @param {string} value */
function checkValue(name, value) {
  const isNumber = (/** @type {number} */ max) => /^(?:0|[1-9][0-9]{0,4})$/u.test(value) && Number(value) <= max;
  switch (name) {
    case 'partNumber':
      if (value === '0' || !isNumber(10_000)) refuse('InvalidPartNumber', value);
      break;
    case 'uploadId':
      if (value === '' || Buffer.byteLength(value) > 1024 || value.includes('&')) refuse('UnexpectedParameter', name);
      break;
    case 'uploads':
    case 'sequential':
      if (value !== '') refuse('UnexpectedParameter', name);
      break;
    case 'encoding-type':
      if (value !== 'url') refuse('InvalidEncodingType', value);
      break;
    case 'max-parts':
      if (value !== '' && (value === '0' || !isNumber(1000))) refuse('InvalidQueryValue', value, name);
      break;
    case 'part-number-marker':
      if (value !== '' && !isNumber(10_000)) refuse('InvalidQueryValue', value, name);
      break;
    default:
  }
}

/**
 * The query that S3 gets.
 *
 * @param {Operation} operation @param {ReadonlyMap<string, string>} query @param {string | undefined} uploadId S3's own
 */
export function s3Query({ required, passed }, query, uploadId) {
  let text = '';
  for (const name of required) text += parameter(text, name, (name === 'uploadId' ? uploadId : query.get(name)) ?? '');
  for (const name of passed) {
    const value = query.get(name);
    if (value) text += parameter(text, name, value);
  }
  return text;
}

/** @param {string} before @param {string} name @param {string} value */
function parameter(before, name, value) {
  return `${before && '&'}${name}${value && `=${encodeValue(value)}`}`;
}
