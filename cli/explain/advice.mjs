// What to do about a refusal, by its code, where there is no signature to test.

/** @type {Record<string, string>} */
const BY_CODE = {
  AccessDenied:
    'Look at the detail: a Host that `hosts` lacks, no signature, a date, or a key whose `allow` does not cover it.',
  EntityTooLarge: "Raise the key's `maxObjectBytes`, or send the object in parts.",
  InvalidAccessKeyId:
    'Look for the id in `oss-edge keys list`: is it of another deployment, disabled, revoked, or expired?',
  InvalidArgument: 'A header, parameter or credential has a value that OSS does not take: the detail names it.',
  InvalidObjectName: "The device's path is no key that OSS takes: see the detail.",
  InvalidSecurityToken: "The device must send the key's `securityToken`, or none where the key has none.",
  MetadataTooLarge: 'S3 takes 2 KB of user metadata: the device must send less.',
  MethodNotAllowed: 'The operation is not served: see the README for those that are.',
  MissingContentLength: 'The device must say the length of the body: its SDK sends a stream, which needs a length.',
  NoSuchBucket: 'Add the bucket to `buckets`, or correct the bucket that the device is configured with.',
  NoSuchUpload:
    'The upload id is not taken: see the detail, and docs/seals.md. explain verifies ids with `--secrets` alone.',
  NotImplemented: 'The header asks for what S3 does not do: the detail names the setting, if there is one.',
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
