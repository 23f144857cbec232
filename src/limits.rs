//! Bounds that OSS and S3 publish, in bytes unless the name says otherwise.

/// The longest object key: "The name must be 1 to 1,023 characters in length" (OSS, "Object naming
/// conventions"), counted in bytes of UTF-8. S3 takes one byte more.
pub(crate) const MAX_KEY_BYTES: usize = 1023;

/// The most that S3 takes in one PutObject or UploadPart: 5 GiB (S3 User Guide, "Amazon S3 multipart upload
/// limits").
pub(crate) const MAX_OBJECT_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// The highest number of a part, in OSS and in S3.
pub(crate) const MAX_PART_NUMBER: u32 = 10_000;

/// The most parts that one answer of ListParts lists, in OSS and in S3.
pub(crate) const MAX_LISTED_PARTS: u32 = 1000;

/// S3: "the user-defined metadata is limited to 2 KB in size", the sum of the bytes of each key and value
/// (S3 User Guide, "Working with object metadata").
pub(crate) const MAX_USER_METADATA: usize = 2048;

/// Tags of one object, and the characters of a tag's key and value, in OSS and in S3 (OSS, "Object tagging";
/// S3 User Guide, "Categorizing your objects using tags").
pub(crate) const MAX_TAGS: usize = 10;
pub(crate) const MAX_TAG_KEY_CHARS: usize = 128;
pub(crate) const MAX_TAG_VALUE_CHARS: usize = 256;

/// The longest life of a signed URL of signature version 4: seven days, in milliseconds (OSS, "Include a V4
/// signature in a URL").
pub(crate) const MAX_V4_EXPIRES_MILLIS: i64 = 604_800_000;
