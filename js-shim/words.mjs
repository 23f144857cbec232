// Texts that the core knows as well, so that each can cross as its number: the same list as in src/words.rs.

/** By their numbers. */
export const WORDS = [
  'authorization',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'expires',
  'host',
  'x-oss-date',
  'x-oss-security-token',
  'security-token',
  'transfer-encoding',
  // Further headers that most OSS clients send.
  'accept',
  'accept-encoding',
  'user-agent',
  'x-oss-content-sha256',
  'x-oss-storage-class',
  // Headers that leave the edge with most requests.
  'x-amz-storage-class',
  'x-ossedge-origin',
  'x-ossedge-request',
  // What was decided, and where to.
  'forward',
  'refuse',
  's3',
  'api',
  // Operations.
  'PutObject',
  'InitiateMultipartUpload',
  'UploadPart',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
  'ListParts',
  // Signature schemes.
  'v1-header',
  'v1-url',
  'v4-header',
  'v4-url',
  // Errors.
  'AccessDenied',
  'InvalidAccessKeyId',
  'InvalidArgument',
  'MethodNotAllowed',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  '400',
  '403',
  '405',
  'Bad Request',
  'Forbidden',
  'Method Not Allowed',
  'at-once',
  'when-due',
  'Content-Type',
  'Date',
  'application/xml',
  'x-oss-ec',
  'x-oss-request-id',
];

/** The numbers of the names that headers of a request may have. @type {ReadonlyMap<string, number>} */
export const NUMBERS = new Map(WORDS.slice(0, 20).map((name, number) => [name, number]));
