// Requests of someone without an access key who wants the function to run out of memory: random header names of every
// length, random URLs, up to CloudFront's limits. The same ones in each run.

import { ACCESS_KEY } from './events.mjs';

/** CloudFront's limits, in bytes: all headers together, a header's name here, the URL (Developer Guide, "Quotas"). */
const HEADERS_BYTES = 32_768;
const NAME_BYTES = 32_000;
const URL_BYTES = 8192;

/** For the headers that each request has. */
const RESERVED_BYTES = 600;

/** Coprime to NAME_BYTES: every length occurs, and consecutive lengths differ much. */
const STEP = 7919;

const NAME_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789!#$%&*+-.^_`|~';
const URL_CHARACTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~/+';
const PREFIXES = ['', '', 'x-oss-', 'x-oss-meta-', 'x-amz-'];

const AUTHORIZATIONS = [
  undefined,
  `OSS ${ACCESS_KEY.accessKeyId}:AAAAAAAAAAAAAAAAAAAAAAAAAAA=`,
  'OSS LTAI5tNobody:AAAAAAAAAAAAAAAAAAAAAAAAAAA=',
  v4Authorization(ACCESS_KEY.accessKeyId),
  v4Authorization('LTAI5tNobody'),
];

let state = 1;

/** A uniform number below `limit`, by xorshift32. @param {number} limit */
function random(limit) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}

/** Short ones are as likely as long ones. @param {number} limit */
function randomLength(limit) {
  return Math.floor(Math.exp((random(2 ** 20) / 2 ** 20) * Math.log(limit + 1)));
}

/** @param {string} characters */
function pool(characters) {
  return Array.from({ length: 1 << 17 }, () => characters[random(characters.length)]).join('');
}

const NAMES = pool(NAME_CHARACTERS);
const URLS = pool(URL_CHARACTERS);

/**
 * An event of CloudFront, as JSON text.
 *
 * @param {number} index
 */
export function hostileEvent(index) {
  const host = '"host":[{"key":"Host","value":"uploads.example.com"}]';
  const date = '"x-oss-date":[{"key":"x-oss-date","value":"20261124T015257Z"}]';
  const authorization = AUTHORIZATIONS[random(AUTHORIZATIONS.length)];
  const lines = authorization === undefined ? [host, date] : [host, date, headerLine('authorization', authorization)];
  const longest = index % 4 === 0 ? 1 + (((index / 4) * STEP) % NAME_BYTES) : randomLength(NAME_BYTES);
  let left = HEADERS_BYTES - RESERVED_BYTES - longest;
  lines.push(headerLine(randomName(longest), ''));
  for (let names = randomLength(500); names > 0 && left > 64; names -= 1) {
    const length = randomLength(64);
    lines.push(headerLine(randomName(length), 'v'));
    left -= length + 1;
  }
  const config = `{"eventType":"viewer-request","requestId":"${text(NAMES, 40)}"}`;
  const path = text(URLS, randomLength(URL_BYTES / 2));
  const query = random(4) === 0 ? text(URLS, randomLength(URL_BYTES / 2)) : '';
  const request =
    `{"clientIp":"203.0.113.178","method":"PUT","uri":"/${path}","querystring":"${query}",` +
    `"headers":{${lines.join(',')}}}`;
  return `{"Records":[{"cf":{"config":${config},"request":${request}}}]}`;
}

/** @param {number} length in bytes */
function randomName(length) {
  return `${PREFIXES[random(PREFIXES.length)]}${text(NAMES, length)}`.slice(0, length);
}

/** @param {string} from @param {number} length */
function text(from, length) {
  const start = random(from.length - length);
  return from.slice(start, start + length);
}

/** @param {string} name @param {string} value */
function headerLine(name, value) {
  return `"${name}":[{"key":"${name}","value":"${value}"}]`;
}

/** @param {string} accessKeyId */
function v4Authorization(accessKeyId) {
  const credential = `${accessKeyId}/20261124/cn-hangzhou/oss/aliyun_v4_request`;
  return `OSS4-HMAC-SHA256 Credential=${credential},Signature=${'0'.repeat(64)}`;
}
