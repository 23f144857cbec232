// What to do about a refusal, by its code, where there is no signature to test.

import { allowText } from '../keys/summary.mjs';

/** @type {Record<string, string>} */
const BY_CODE = {
  AccessDenied:
    'Look at the detail: a Host that `hosts` lacks, no signature, a date, or a key whose `allow` does not cover it; ' +
    'give such a key a rule with `oss-edge keys set`, or correct what the device writes.',
  AccessForbidden: 'Add the origin of the page to `cors`, or correct the page: it asks for what is not served.',
  EntityTooLarge: "Raise the key's `maxObjectBytes`, or send the object in parts.",
  EntityTooSmall:
    'A part is under 5 MiB, which S3 takes as the last one only: raise the part size of the device, or take such ' +
    'parts with `"smallParts": "stage"`.',
  FileAlreadyExists: 'The object is there, and the device forbids that it is overwritten: it must choose another key.',
  IncompleteBody: 'The body ended before its length: the connection broke, or the device declares another length.',
  InvalidAccessKeyId:
    'Look for the id in `oss-edge keys list`: is it of another deployment, disabled, revoked, or expired?',
  InvalidArgument: 'A header, parameter or credential has a value that OSS does not take: the detail names it.',
  InvalidBucketName:
    'The bucket in the host or the path has no valid name: correct the bucket or the endpoint of the device. A ' +
    'request without a bucket and a signature is none of a device.',
  InvalidDigest: 'The body is not what its Content-MD5 says: it was changed on the way, or the device hashes otherwise.',
  InvalidObjectName: "The device's path is no key that OSS takes: see the detail.",
  InvalidPart: 'The device completes the upload with a part that is not there, or with another ETag than the part had.',
  InvalidPartOrder: 'The device must list the parts in ascending order when it completes the upload.',
  InvalidSecurityToken: "The device must send the key's `securityToken`, or none where the key has none.",
  InvalidTag: 'S3 does not take the tags of `x-oss-tagging`: at most 10, of the characters that both sides allow.',
  MalformedXML: 'The list of parts with which the device completes the upload is no document that OSS takes.',
  MetadataTooLarge: 'S3 takes 2 KB of user metadata: the device must send less.',
  MethodNotAllowed: 'The operation is not served: see the README for those that are.',
  MissingContentLength: 'The device must say the length of the body: its SDK sends a stream, which needs a length.',
  NoSuchBucket: 'Add the bucket to `buckets`, or correct the bucket that the device is configured with.',
  NoSuchKey: 'The device asks for an object that is not there, or `headObject` is `absent`, which says so of each.',
  NoSuchUpload:
    'The upload id is not taken: see the detail, and docs/seals.md. explain verifies ids with `--secrets` alone.',
  NotImplemented: 'The header asks for what S3 does not do: the detail names the setting, if there is one.',
  RequestTimeout: 'The device sends its body too slowly for the relay: see `RELAY_MIN_BYTES_PER_SECOND`.',
  RequestTimeTooSkewed:
    "Correct the device's clock, or widen `maxClockSkewSeconds`: that of its key, or of the configuration.",
  SecurityTokenExpired: 'The device must ask its maker for a new key before the old one ends.',
  SignatureDoesNotMatch: "Ask for the device's request: capture it, or have its SDK's exception with the StringToSign.",
  ServiceUnavailable: 'The functions had no access keys: look at the lines with `event: access-keys`.',
  InternalError:
    'The functions failed, or the distribution is not set up as docs/deployment.md has it: the detail says which.',
};

/**
 * @param {string | undefined} code
 * @returns {string | undefined} a sentence, where there is one for the code
 */
export function adviceOf(code) {
  return code !== undefined && Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
}

/**
 * What the rules of an access key allow, for one that they refused something.
 *
 * @param {unknown} accessKeys a document or several, checked
 * @param {string} accessKeyId listed or derived
 * @returns {string | undefined} a sentence, undefined for a key that the documents don't have
 */
export function rulesOf(accessKeys, accessKeyId) {
  const documents = /** @type {any[]} */ ([accessKeys].flat().filter(Boolean));
  const listed = documents.flatMap(({ accessKeys: keys = [] }) => keys).find((key) => key.accessKeyId === accessKeyId);
  if (listed !== undefined) return `The key may write ${allowText(listed.allow)}.`;
  const [, master, scope] = /^OE1\.([^.]+)\.[^.]+(?:\.e\d+)?(?:\.s(.+))?$/u.exec(accessKeyId) ?? [];
  const derived = documents.flatMap(({ masterKeys = [] }) => masterKeys).find(({ id }) => id === master);
  if (derived === undefined) return undefined;
  const within = scope === undefined ? '' : `, of that only ${allowText(derived.scopes?.[scope]?.allow)}`;
  return `The key may write ${allowText(derived.allow)}${within}.`;
}
