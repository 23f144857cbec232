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
  // Further headers of OSS clients.
  'accept',
  'accept-encoding',
  'connection',
  'user-agent',
  'via',
  'x-forwarded-for',
  'x-oss-content-sha256',
  'x-oss-forbid-overwrite',
  'x-oss-object-acl',
  'x-oss-server-side-encryption',
  'x-oss-storage-class',
  'x-oss-tagging',
  // Headers that leave the edge, but those of user metadata.
  'if-none-match',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-storage-class',
  'x-amz-tagging',
  'x-ossedge-origin',
  'x-ossedge-request',
  // What was decided, and where to.
  'forward',
  'refuse',
  'keep',
  'replace',
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
];

/** The numbers of names that headers of a request may have. @type {ReadonlyMap<string, number>} */
export const NUMBERS = new Map(WORDS.map((word, number) => [word, number]));
