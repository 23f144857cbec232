// The SDKs that drivers run: their releases, from the oldest that still runs to the latest, and what they answer today.

/**
 * @typedef {string | Record<string, string>} Outcome of every release; or of `*` and, by name, of a release (`2.0.0`),
 *   or of one by a signature version (`2.2.5 V4`)
 *
 * @typedef {object} Client
 * @property {string} name as people find it
 * @property {string} id
 * @property {'java' | 'go' | 'node'} language
 * @property {string[]} releases oldest first
 * @property {string[]} signatures the versions that it has; its default first
 * @property {string} [v4Since] the first of the releases with version 4
 * @property {string} host the endpoint that it needs no option for
 * @property {'putFile' | 'putBytes'} put how it is given a body with a length
 * @property {string} [helper] its own for large files, as the page has it
 * @property {number} [helperPartSize] the helper's default, in bytes
 * @property {string} [exception] the type of its exception for an answer of OSS; without one, that is the answer's code
 * @property {string} [userAgent] what it calls itself, before the release; without one, it says another release
 * @property {Record<string, Outcome>} outcomes of cases that end in another way than cases.mjs says
 */

const KIB = 1024;
const MIB = 1024 * KIB;

const LENGTH = '411 MissingContentLength';
const TOO_SMALL = '400 EntityTooSmall';
const UNKNOWN_HOST = '403 AccessDenied';
const WRONG_SIGNATURE = '403 SignatureDoesNotMatch';
const NONE = '–';

/** @type {Client[]} */
export const CLIENTS = [
  {
    name: 'aliyun-sdk-oss (Java)',
    id: 'java-v1',
    language: 'java',
    releases: ['2.0.0', '2.4.0', '3.4.0', '3.10.0', '3.16.0', '3.17.4', '3.18.5'],
    signatures: ['v1', 'v4'],
    v4Since: '3.16.0',
    // It sends a custom endpoint itself as Host.
    host: 'uploads.test',
    put: 'putFile',
    helper: '`uploadFile`',
    helperPartSize: 100 * KIB,
    exception: 'com.aliyun.oss.OSSException',
    userAgent: 'aliyun-sdk-java/',
    outcomes: {
      'a virtual-hosted host, no option set': UNKNOWN_HOST,
      // Until 3.4 an IP address is a CNAME as well: the bucket isn't in the path, where path style reads it.
      'a path host, an IP address': { '*': 'stored', '2.0.0': WRONG_SIGNATURE, '2.4.0': WRONG_SIGNATURE, '3.4.0': WRONG_SIGNATURE },
      // A stream without a length is chunked; 2.0 sends `Content-Length: 0`.
      'bytes in memory': { '*': LENGTH, '2.0.0': 'stores 0 of 100000 bytes' },
      'a stream without a length': { '*': LENGTH, '2.0.0': 'stores 0 of 100000 bytes' },
      'an empty file': { '*': LENGTH, '2.0.0': 'stored' },
      'no bytes in memory': { '*': LENGTH, '2.0.0': 'stored' },
      'bytes in memory, to a relay': { '*': 'stored', '2.0.0': 'stores 0 of 100000 bytes' },
      'a stream without a length, to a relay': { '*': 'stored', '2.0.0': 'stores 0 of 100000 bytes' },
      'its helper, its own part size': { '*': TOO_SMALL, '2.0.0': NONE },
      'its helper, its own part size, to a relay': { '*': 'stored', '2.0.0': NONE },
      'its helper, parts of 5 MiB': { '*': 'stored', '2.0.0': NONE },
      'its helper, after the connection broke': { '*': 'resumed', '2.0.0': NONE },
      'a security token': { '*': 'stored', '2.0.0': NONE },
      'a signed URL with a security token': { '*': 'stored', '2.0.0': NONE },
      'is it there, then upload: `headObject` refused': {
        '*': '405 MethodNotAllowed',
        '2.0.0': NONE,
        '2.4.0': '405 Unknown',
        '3.16.0': '405 Unknown',
      },
      'the same, absent': { '*': 'uploads each time', '2.0.0': NONE },
      'the same, served by the API': { '*': 'uploads once', '2.0.0': NONE },
      'the same, served by a relay': { '*': 'uploads once', '2.0.0': NONE },
    },
  },
  {
    name: 'alibabacloud-oss-v2 (Java)',
    id: 'java-v2',
    language: 'java',
    releases: ['0.4.0'],
    signatures: ['v4', 'v1'],
    host: 'oss.test',
    // It sends a file chunked, without its length.
    put: 'putBytes',
    helper: '`Uploader`',
    helperPartSize: 6 * MIB,
    exception: 'com.aliyun.sdk.service.oss2.exceptions.OperationException',
    userAgent: 'alibabacloud-java-sdk-v2/',
    outcomes: {
      'a file': LENGTH,
      'a stream without a length': LENGTH,
      'an empty file': LENGTH,
    },
  },
  {
    name: 'oss-android-sdk (Android), on a JVM',
    id: 'android',
    language: 'java',
    releases: ['2.9.4', '2.9.5', '2.9.21'],
    signatures: ['v1', 'v4'],
    v4Since: '2.9.21',
    // It sends a custom endpoint itself as Host.
    host: 'uploads.test',
    put: 'putFile',
    helper: '`asyncMultipartUpload`, `resumableUpload`',
    helperPartSize: 256 * KIB,
    exception: 'com.alibaba.sdk.android.oss.ServiceException',
    userAgent: 'aliyun-sdk-android/',
    outcomes: {
      'a virtual-hosted host, no option set': UNKNOWN_HOST,
      // It asks for the Host of an IP address (setIpWithHeader).
      'a path host, an IP address': { '*': 'stored', '2.9.4': 'ClientException', '2.9.5': 'ClientException' },
      'a stream without a length': NONE,
      'a stream without a length, to a relay': NONE,
      'an empty file': 'ClientException',
      'an empty file, to a relay': 'ClientException',
      'its helper, its own part size': TOO_SMALL,
      'is it there, then upload: `headObject` refused': '405',
      'a clock 3 hours off': 'mends its clock',
    },
  },
  {
    name: 'aliyun-oss-go-sdk (Go)',
    id: 'go-v1',
    language: 'go',
    releases: ['1.9.6', '2.0.0', '2.1.0', '2.2.5', '3.0.2'],
    signatures: ['v1', 'v4'],
    v4Since: '2.2.5',
    host: 'oss.test',
    put: 'putFile',
    helper: '`UploadFile`',
    exception: 'oss.ServiceError',
    userAgent: 'aliyun-sdk-go/v',
    outcomes: {
      'a stream without a length': LENGTH,
      'an empty file': LENGTH,
      'no bytes in memory': LENGTH,
      // The caller names a part size.
      'its helper, its own part size': NONE,
      'its helper, its own part size, to a relay': NONE,
      // Its checkpoint is never valid again: the file's time was written without its monotonic clock.
      'its helper, after the connection broke': { '*': 'resumed', '1.9.6': 'starts over', '2.0.0': 'starts over' },
      // It makes a URL without a signature.
      'a signed URL': { '*': 'stored', '2.2.5 V4': UNKNOWN_HOST },
      'a signed URL with a security token': { '*': 'stored', '2.2.5 V4': UNKNOWN_HOST },
      'is it there, then upload: `headObject` refused': { '*': '405', '3.0.2': '405 MethodNotAllowed' },
    },
  },
  {
    name: 'alibabacloud-oss-go-sdk-v2 (Go)',
    id: 'go-v2',
    language: 'go',
    releases: ['1.0.0', '1.3.0', '1.6.1'],
    signatures: ['v4', 'v1'],
    host: 'oss.test',
    put: 'putFile',
    helper: '`Uploader`',
    helperPartSize: 6 * MIB,
    exception: '*oss.OperationError',
    userAgent: 'alibabacloud-go-sdk-v2/',
    outcomes: {
      'a stream without a length': LENGTH,
      'an empty file': LENGTH,
      'no bytes in memory': LENGTH,
      // Before 1.0.2 it completes the upload without the parts that it had sent before.
      'its helper, after the connection broke': { '*': 'resumed', '1.0.0': 'stores 5243880 of 10486760 bytes' },
      'a clock 3 hours off': 'mends its clock',
    },
  },
  {
    name: 'aliyun-sdk (Node.js)',
    id: 'aliyun-sdk',
    language: 'node',
    releases: ['1.1.0', '1.9.1', '1.11.2', '1.12.10'],
    signatures: ['v1'],
    host: 'oss.test',
    put: 'putBytes',
    outcomes: {
      // Earlier releases put the bucket before every endpoint.
      'a cname host': { '*': UNKNOWN_HOST, '1.12.10': 'stored' },
      'a path host, an IP address': { '*': UNKNOWN_HOST, '1.12.10': 'stored' },
      'a file': NONE,
      'a file, to a relay': NONE,
      // It asks for a body that it can hash.
      'a stream without a length': 'TypeError',
      'a stream without a length, to a relay': 'TypeError',
      'an empty file': NONE,
      'an empty file, to a relay': NONE,
      'its helper, its own part size': NONE,
      'its helper, its own part size, to a relay': NONE,
      'its helper, parts of 5 MiB': NONE,
      'its helper, after the connection broke': NONE,
      // It doesn't sign `uploads` and `uploadId`.
      'an upload in parts, call by call': { '*': 'stored', '1.1.0': WRONG_SIGNATURE },
      'an upload that is aborted': { '*': 'aborted', '1.1.0': WRONG_SIGNATURE },
      // It sends no token; later ones name it `x-oss-security-token` in the URL, as no URL of version 1 does.
      'a security token': { '*': 'stored', '1.1.0': '403 InvalidSecurityToken' },
      'a signed URL with a security token': { '*': '400 InvalidArgument', '1.1.0': '403 InvalidSecurityToken' },
      'is it there, then upload: `headObject` refused': '405',
    },
  },
];

/** The releases of a run: the oldest and the latest, or all. */
export function releasesOf({ releases }, all) {
  return all ? releases : [...new Set([releases[0], releases.at(-1)])];
}

/** The signature versions of a release. */
export function signaturesOf({ releases, signatures, v4Since }, release) {
  if (v4Since === undefined) return signatures;
  return releases.indexOf(release) >= releases.indexOf(v4Since)
    ? signatures
    : signatures.filter((version) => version !== 'v4');
}

/** How a case ends today. */
export function expectedOf({ outcomes }, release, signature, { name, expected }) {
  const outcome = outcomes[name] ?? expected;
  if (typeof outcome === 'string') return outcome;
  return outcome[`${release} ${signature.toUpperCase()}`] ?? outcome[release] ?? outcome['*'];
}
