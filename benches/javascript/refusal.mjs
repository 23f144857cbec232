// Why a request is refused, and how OSS says it.

const MISSING_PART = 'AccessKeyId or Signature is missing in Authorization header value.';
const MISMATCH = 'The request signature we calculated does not match the signature you provided. Check your key and signing method.';
const NO_SUCH_UPLOAD = 'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.';
const NOT_VALID = 'The specified object is not valid.';

/**
 * Status, code, EC, message, and the log's detail, `%` standing for the refusal's value.
 *
 * @type {Record<string, [number, string, string, string, string]>}
 */
const ERRORS = {
  MalformedRequest: [400, 'InvalidArgument', '0017-00000205', 'The request contains illegal characters.', 'the request has a NUL, a header whose name is not a token, or a malformed hand-over'],
  RepeatedHeader: [400, 'InvalidArgument', '0017-00000205', 'A request header is repeated or contains illegal characters.', 'header `%` is repeated'],
  MalformedHeader: [400, 'InvalidArgument', '0017-00000205', 'A request header is repeated or contains illegal characters.', 'header `%` contains a control character'],
  'MalformedHeader.x-oss-meta-': [400, 'InvalidArgument', '0017-00000205', 'A request header is repeated or contains illegal characters.', 'a header is named `x-oss-meta-`, with no name of metadata after it'],
  UnknownHost: [403, 'AccessDenied', '0003-00001403', 'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.', 'unknown Host `%`: add it to `hosts`'],
  InvalidBucketName: [400, 'InvalidBucketName', '0015-00000001', 'The specified bucket is not valid.', "the bucket's name is not 3 to 63 lower-case letters, digits and hyphens"],
  'InvalidObjectName.notUtf8': [400, 'InvalidArgument', '0016-00000002', 'The characters encoding must be utf-8.', 'the key is not UTF-8'],
  'InvalidObjectName.leadingSlash': [400, 'InvalidObjectName', '0016-00000005', 'The specified object is not valid.', 'the key begins with a slash or backslash'],
  'InvalidObjectName.tooLong': [400, 'InvalidObjectName', '0016-00000002', 'The Length of Object name must be less than 1024.', 'the key has more than 1,023 bytes'],
  'InvalidObjectName.escape': [400, 'InvalidObjectName', '0016-00000004', NOT_VALID, 'the path does not begin with `/`, or has a percent-escape that is cut off'],
  'InvalidObjectName.notXml': [400, 'InvalidObjectName', '0016-00000004', NOT_VALID, 'the key has a character that XML does not allow'],
  'InvalidObjectName.dotSegment': [400, 'InvalidObjectName', '0016-00000004', NOT_VALID, 'the key has a segment `.` or `..`'],
  'InvalidObjectName.own': [400, 'InvalidObjectName', '0016-00000004', NOT_VALID, 'the key is under `.oss-edge/`, where oss-edge keeps parts of uploads'],
  'InvalidObjectName.subResource': [400, 'InvalidObjectName', '0016-00000004', NOT_VALID, "the key has `?` and a sub-resource's name, so its signature is ambiguous"],
  MalformedQuery: [400, 'InvalidArgument', '0017-00000205', 'The request contains illegal characters.', 'the query has a broken escape, an empty name, a control character or too many parameters'],
  RepeatedParameter: [400, 'InvalidArgument', '0017-00000219', 'Unexpected query string parameter', 'query parameter `%` is repeated'],
  UnexpectedParameter: [400, 'InvalidArgument', '0017-00000219', 'Unexpected query string parameter', 'query parameter `%`, or its value, is not allowed here'],
  InvalidPartNumber: [400, 'InvalidArgument', '0017-00000220', 'Part number must be an integer between 1 and 10000, inclusive.', '`partNumber` is %, not an integer from 1 to 10000'],
  InvalidQueryValue: [400, 'InvalidArgument', '0017-00000219', 'The value of a query string parameter is invalid.', 'query parameter `%, which is out of range'],
  InvalidEncodingType: [400, 'InvalidArgument', '0017-00000235', 'Invalid Encoding Method specified in Request', '`encoding-type` is %, not `url`'],
  MethodNotAllowed: [405, 'MethodNotAllowed', '0017-00000001', 'The specified method is not allowed against this resource.', 'the operation is not served'],
  MissingSignature: [403, 'AccessDenied', '0003-00001201', 'Anonymous access is forbidden for this operation.', 'no signature'],
  ConflictingSignatures: [400, 'InvalidArgument', '0002-00000062', 'Authorization header and signature in the URL must not be both present.', 'more than one signature'],
  IncompleteUrlSignature: [403, 'AccessDenied', '0002-00000074', 'Query string authentication requires the Signature, Expires and OSSAccessKeyId parameters', 'the signature in the URL lacks a parameter'],
  'InvalidCredential.form': [400, 'InvalidArgument', '0002-00000206', 'Invalid credential in Authorization header.', 'the credential is not `AccessKeyId/date/region/oss/aliyun_v4_request`'],
  'InvalidCredential.date': [400, 'InvalidArgument', '0002-00000222', 'Invalid signing date in Authorization header.', 'the credential is for another day than the signed date'],
  'InvalidCredential.region': [400, 'InvalidArgument', '0002-00000223', 'The signing region in credential is invalid.', 'the credential has no region, or one of more than 128 bytes'],
  OtherRegion: [400, 'InvalidArgument', '0002-00000223', 'The signing region in credential is invalid.', "the credential's region is %, which is not in `signatureRegions`"],
  InvalidExpires: [403, 'AccessDenied', '0002-00000070', 'Invalid date (should be seconds since epoch)', 'the expiry is not a number of seconds in its range'],
  Expired: [403, 'AccessDenied', '0002-00000069', 'Request has expired.', 'the signed URL has expired'],
  ExpiresTooFar: [400, 'InvalidArgument', '0002-00000235', 'The signed URL is valid for longer than is allowed.', 'the signed URL is valid for longer than `maxUrlExpirySeconds`'],
  NotYetValid: [403, 'AccessDenied', '0002-00000235', 'The signed URL is not valid yet.', 'the signed URL is dated in the future'],
  'MalformedAuthorization.empty': [400, 'InvalidArgument', '0002-00000061', 'Authorization header value is empty.', 'the Authorization header is empty'],
  'MalformedAuthorization.form': [400, 'InvalidArgument', '0002-00000062', 'Authorization header is invalid.', 'the signature does not follow the grammar of a scheme'],
  'MalformedAuthorization.noAccessKeyId': [400, 'InvalidArgument', '0002-00000063', MISSING_PART, 'the signature has no access key id'],
  'MalformedAuthorization.noSignature': [400, 'InvalidArgument', '0002-00000065', MISSING_PART, 'the Authorization header has no signature'],
  'SchemeNotEnabled.v1-header': [403, 'AccessDenied', '0002-00000080', 'Signature version 1 is not allowed.', 'signature scheme % is not enabled'],
  'SchemeNotEnabled.v1-url': [403, 'AccessDenied', '0002-00000080', 'Signature version 1 is not allowed.', 'signature scheme % is not enabled'],
  SchemeNotEnabled: [400, 'InvalidArgument', '0002-00000062', 'Authorization header is invalid.', 'signature scheme % is not enabled'],
  'InvalidDate.missing': [403, 'AccessDenied', '0002-00000503', 'OSS authentication requires a valid Date.', 'neither `x-oss-date` nor `date`'],
  'InvalidDate.malformed': [403, 'AccessDenied', '0002-00000505', 'OSS authentication requires a valid Date.', 'the date is neither RFC 1123 nor ISO 8601 basic'],
  RequestTimeTooSkewed: [403, 'RequestTimeTooSkewed', '0002-00000504', 'The difference between the request time and the current time is too large.', "%"],
  InvalidAccessKeyId: [403, 'InvalidAccessKeyId', '0002-00000902', 'The OSS Access Key Id you provided does not exist in our records.', 'unknown access key id'],
  SignatureDoesNotMatch: [403, 'SignatureDoesNotMatch', '0002-00000040', MISMATCH, 'signature mismatch for %'],
  InvalidSecurityToken: [403, 'InvalidSecurityToken', '0002-00000006', 'The security token you provided is invalid.', "the security token is missing, repeated, unsigned or not the access key's"],
  NoSuchBucket: [404, 'NoSuchBucket', '0015-00000101', 'The specified bucket does not exist.', 'unknown bucket `%`: add it to `buckets`'],
  'NoSuchUpload.listPartsOff': [404, 'NoSuchUpload', '', NO_SUCH_UPLOAD, 'ListParts is not served: it needs `listParts`, and `api` or `relay`, in the configuration'],
  'NoSuchUpload.unsealed': [404, 'NoSuchUpload', '', NO_SUCH_UPLOAD, 'the upload id has no seal: the client cut it off, or the upload began elsewhere or with a release before 0.2.0, for which there is `unsealedUploadIds`'],
  'NoSuchUpload.unknownSecret': [404, 'NoSuchUpload', '', NO_SUCH_UPLOAD, 'the upload id was sealed with secret %, which is not in the secrets'],
  'NoSuchUpload.mismatch': [404, 'NoSuchUpload', '', NO_SUCH_UPLOAD, 'the upload id was sealed for another bucket or key, was changed, or is of another secret of the same number'],
  'NoSuchUpload.expired': [404, 'NoSuchUpload', '', NO_SUCH_UPLOAD, 'the upload id is dated more than 7 days ago, or more than an hour ahead'],
  'NoSuchUpload.unknownOptions': [404, 'NoSuchUpload', '', NO_SUCH_UPLOAD, 'the upload began with an option that this release does not serve'],
  NotImplemented: [400, 'NotImplemented', '0017-00000245', 'A header you provided implies functionality that is not implemented.', 'header `%'],
  InvalidHeaderValue: [400, 'InvalidArgument', '0017-00000131', 'The value of a request header is invalid.', 'header `%, which OSS does not define'],
  MetadataTooLarge: [400, 'MetadataTooLarge', '0011-00000002', 'Your metadata headers exceed the maximum allowed metadata size.', 'more than 2 KB of user metadata'],
  MissingContentLength: [411, 'MissingContentLength', '0017-00000101', 'You must provide the Content-Length HTTP header.', 'no Content-Length, and S3 takes no body without one: a `relay` with `bodiesWithoutLength` "relay" does'],
  'MissingContentLength.document': [411, 'MissingContentLength', '0017-00000101', 'You must provide the Content-Length HTTP header.', 'no Content-Length, and neither S3 nor API Gateway takes the document without one: a `relay` with `completeMultipartUpload` "relay" does'],
  EntityTooLarge: [400, 'EntityTooLarge', '0017-00000103', 'Your proposed upload exceeds the maximum allowed size.', 'the body is larger than `maxObjectBytes` of the access key, or than the 5 GiB that S3 takes at once'],
  InvalidContentLength: [400, 'InvalidArgument', '0017-00000103', 'The Content-Length HTTP header is invalid.', 'Content-Length is not a number'],
  RequestTooLarge: [400, 'InvalidArgument', '0017-00000205', 'The headers and the path of the request are too large.', 'the request does not fit through API Gateway'],
};

/** A refusal is thrown, and is no Error: nobody reads its stack. */
export class Refusal {
  /** @param {string} cause @param {any} [value] @param {string} [name] of what has the value */
  constructor(cause, value, name) {
    this.cause = cause;
    this.value = value;
    this.name = name;
    const row = ERRORS[`${cause}.${value}`] ?? ERRORS[cause];
    this.status = row[0];
    this.code = row[1];
    this.ec = value?.canonicalRequest === undefined ? row[2] : '0002-00000201';
    this.message = row[3];
    this.template = row[4];
  }

  /** What the log says of it. */
  get summary() {
    const shown = name(this);
    return { status: this.status, code: this.code, detail: this.template.replace('%', () => shown), field: field(this) };
  }
}

const FIELDS = new Map([
  ['UnknownHost', 'host'],
  ['InvalidPartNumber', 'partNumber'],
  ['InvalidEncodingType', 'encoding-type'],
  ['NoSuchUpload', 'uploadId'],
  ['MissingContentLength', 'content-length'],
  ['InvalidContentLength', 'content-length'],
  ['EntityTooLarge', 'content-length'],
  ['MalformedAuthorization', 'authorization'],
]);

/** The header or query parameter that was wrong. @param {Refusal} refusal */
function field({ cause, value, name: named }) {
  switch (cause) {
    case 'RepeatedHeader':
    case 'MalformedHeader':
      return value;
    case 'RepeatedParameter':
    case 'UnexpectedParameter':
      return value.split(/[=%]/u, 1)[0];
    case 'NotImplemented':
    case 'InvalidHeaderValue':
    case 'InvalidQueryValue':
      return named;
    default:
      return FIELDS.get(cause.split('.', 1)[0]);
  }
}

const SETTINGS = new Map([
  ['x-oss-callback', 'headers.callback'],
  ['x-oss-callback-var', 'headers.callback'],
  ['x-oss-object-acl', 'headers.publicAcl'],
  ['x-oss-server-side-encryption', 'headers.kmsKeys'],
  ['x-oss-server-side-encryption-key-id', 'headers.kmsKeys'],
  ['x-oss-tagging', 'headers.tagging'],
]);

/** @param {Refusal} refusal */
function name({ cause, value, name: named }) {
  if (cause === 'RepeatedParameter' || cause === 'UnexpectedParameter') return value.split(/[=%]/u, 1)[0];
  if (cause === 'SignatureDoesNotMatch') return `${value.accessKeyId} at ${value.host} (${value.style}, bucket ${value.bucket})`;
  if (cause === 'RequestTimeTooSkewed') {
    const seconds = Math.floor(Math.abs(value.now - value.requested) / 1000);
    return `the device's clock is ${seconds} s ${value.requested < value.now ? 'behind' : 'ahead'}; ${value.maxMillis / 1000} s are allowed`;
  }
  if (cause === 'NotImplemented') {
    const setting = SETTINGS.get(String(named));
    if (named?.startsWith('x-oss-copy-source') || named === 'x-oss-metadata-directive') {
      return `${named}\` is ${found(value)}: copying is not served`;
    }
    return `${named}\` is ${found(value)}: ${setting ? `see \`${setting}\` in the configuration` : 'S3 does not do that'}`;
  }
  if (cause === 'InvalidHeaderValue' || cause === 'InvalidQueryValue') return `${named}\` is ${found(value)}`;
  if (['InvalidPartNumber', 'InvalidEncodingType', 'OtherRegion'].includes(cause)) return found(value);
  return named ?? String(value);
}

/** @param {string} value that a client sent */
function found(value) {
  if (value === '') return 'empty';
  return /^[\w.-]{1,24}$/u.test(value) ? `\`${value}\`` : `a text of ${Buffer.byteLength(value)} bytes`;
}

/** @param {string} cause @param {any} [value] @param {string} [named] @returns {never} */
export function refuse(cause, value, named) {
  throw new Refusal(cause, value, named);
}
