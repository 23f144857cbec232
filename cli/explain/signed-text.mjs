// Parses the texts that signatures are made over, and writes them again (OSS, "Add a signature to the header" and
// "Include a V4 signature in the Authorization header").

import { createHash } from 'node:crypto';

/**
 * @typedef {[name: string, value: string]} Pair
 *
 * @typedef {object} Resource of both versions
 * @property {string} method
 * @property {string} bucket
 * @property {string} key decoded
 * @property {Pair[]} headers as they are signed: names in lower case
 * @property {string} date the literal text
 *
 * @typedef {Resource & { version: 1, contentMd5: string, contentType: string, resource?: string, parameters: Pair[] }}
 *   FormV1 `parameters` are the sub-resources, decoded; `resource` replaces `/bucket/key` where it isn't made of them
 * @typedef {Resource & { version: 4, uri?: string, parameters: Pair[], additional: string[], payload: string,
 *   scope: { day: string, region: string, product: string } }} FormV4 `parameters` are decoded; `uri` replaces the
 *   encoded `/bucket/key`
 * @typedef {FormV1 | FormV4} Form
 *
 * @typedef {{ stringToSign: string, canonicalRequest?: string, scope?: string }} Texts
 */

const ALGORITHM = 'OSS4-HMAC-SHA256';

/**
 * The pieces of a request's texts.
 *
 * @param {{ stringToSign: string, canonicalRequest?: string }} texts
 * @returns {Form | undefined} undefined for a version 4 text without its canonical request, which says nothing, and for
 *   what is no such text
 */
export function formOf({ stringToSign, canonicalRequest }) {
  if (!stringToSign.startsWith(`${ALGORITHM}\n`)) return formV1(stringToSign);
  return canonicalRequest === undefined ? undefined : formV4(stringToSign, canonicalRequest);
}

/** @param {Form} form @returns {Texts} */
export function textsOf(form) {
  return form.version === 1 ? { stringToSign: textV1(form) } : textsV4(form);
}

/** @param {string} text @returns {FormV1 | undefined} */
function formV1(text) {
  const [method, contentMd5, contentType, date, ...rest] = text.split('\n');
  const end = rest.findIndex((line) => line.startsWith('/'));
  if (end < 0 || !/^[A-Z]+$/u.test(method)) return undefined;
  const headers = rest.slice(0, end).map(pairOf(':'));
  const resource = rest.slice(end).join('\n');
  const [, bucket = '', key = '', query = ''] = /^\/(?:([^/]*)\/)?([^?]*)(?:\?([^]*))?$/u.exec(resource) ?? [];
  const parameters = query === '' ? [] : query.split('&').map(pairOf('='));
  return { version: 1, method, contentMd5, contentType, date, headers, bucket, key, parameters };
}

/** @param {FormV1} form */
function textV1({ method, contentMd5, contentType, date, headers, bucket, key, resource, parameters }) {
  const lines = headers.map(([name, value]) => `${name}:${value}\n`).join('');
  const path = resource ?? (bucket === '' ? '/' : `/${bucket}/${key}`);
  const query = parameters.map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join('&');
  return `${method}\n${contentMd5}\n${contentType}\n${date}\n${lines}${path}${query && `?${query}`}`;
}

/** @param {string} stringToSign @param {string} canonicalRequest @returns {FormV4 | undefined} */
function formV4(stringToSign, canonicalRequest) {
  const [, date, scope = ''] = stringToSign.split('\n');
  const [day, region, product] = scope.split('/');
  const [method, uri = '', query = '', ...rest] = canonicalRequest.split('\n');
  const [additional = '', payload = ''] = rest.slice(-2);
  const path = /^\/([^/]*)\/?(.*)$/u.exec(uri);
  if (path === null || product === undefined || rest.length < 3) return undefined;
  return {
    version: 4,
    method,
    bucket: decoded(path[1]),
    key: decoded(path[2]),
    date,
    scope: { day, region, product },
    headers: rest.slice(0, -3).map(pairOf(':')),
    parameters:
      query === ''
        ? []
        : query
            .split('&')
            .map(pairOf('='))
            .map(([name, value]) => [decoded(name), decoded(value)]),
    additional: additional === '' ? [] : additional.split(';'),
    payload,
  };
}

/** @param {FormV4} form @returns {Texts} */
function textsV4({ method, bucket, key, uri, date, scope, headers, parameters, additional, payload }) {
  const path = uri ?? `/${encoded(bucket)}/${encodedKey(key)}`;
  const pairs = parameters.map(([name, value]) => /** @type {Pair} */ ([encoded(name), encoded(value)]));
  const query = pairs
    .sort(byName)
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join('&');
  const lines = headers.map(([name, value]) => `${name}:${value}\n`).join('');
  const canonicalRequest = `${method}\n${path}\n${query}\n${lines}\n${additional.join(';')}\n${payload}`;
  const hash = createHash('sha256').update(canonicalRequest).digest('hex');
  const scopeText = `${scope.day}/${scope.region}/${scope.product}/aliyun_v4_request`;
  return { stringToSign: `${ALGORITHM}\n${date}\n${scopeText}\n${hash}`, canonicalRequest, scope: scopeText };
}

/** In byte order. @param {Pair} one @param {Pair} other */
export function byName([one], [other]) {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/** Percent-encoded, but for RFC 3986's unreserved characters. @param {string} text */
export function encoded(text) {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/gu,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The same without the slashes. @param {string} key */
export function encodedKey(key) {
  return key.split('/').map(encoded).join('/');
}

/** @param {string} text @returns {string} the same where it isn't percent-encoded UTF-8 */
export function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {string} separator @returns {(text: string) => Pair} */
function pairOf(separator) {
  return (text) => {
    const at = text.indexOf(separator);
    return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  };
}
