//! The headers that S3 gets, from those that the client sent.

use std::borrow::Cow;
use std::fmt;

use crate::authenticate::Authenticated;
use crate::base64::Alphabet;
use crate::config::{Config, Through};
use crate::header_name::HeaderName;
use crate::header_rules::{HeaderRules, PublicAcl, Tagging};
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::request_view::RequestView;
use crate::tagging;
use crate::texts::{in_lower_case, is_one_of, joined, owned, same};
use crate::upload_id::{Overwrite, UploadId};
use crate::words::Word;

/// A name, and a value.
pub(crate) type Header<'r> = (S3HeaderName<'r>, Cow<'r, str>);

/// The name of a header that S3 gets, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum S3HeaderName<'r> {
    /// One that S3 or HTTP defines, or one of the functions' own.
    Known(Word),
    /// User metadata, by what follows [`METADATA`](S3HeaderName::METADATA) in its name.
    Metadata(Cow<'r, str>),
}

impl S3HeaderName<'_> {
    /// What the names of user metadata begin with.
    pub const METADATA: &'static str = "x-amz-meta-";

    /// The same name, borrowed from this one.
    pub(crate) fn borrowed(&self) -> S3HeaderName<'_> {
        match self {
            S3HeaderName::Known(name) => S3HeaderName::Known(*name),
            S3HeaderName::Metadata(key) => S3HeaderName::Metadata(Cow::Borrowed(key)),
        }
    }

    /// Its bytes.
    pub(crate) fn len(&self) -> usize {
        match self {
            S3HeaderName::Known(name) => name.as_str().len(),
            S3HeaderName::Metadata(key) => Self::METADATA.len() + key.len(),
        }
    }
}

impl fmt::Display for S3HeaderName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            S3HeaderName::Known(name) => f.write_str(name.as_str()),
            S3HeaderName::Metadata(key) => write!(f, "{}{key}", Self::METADATA),
        }
    }
}

/// S3: "the user-defined metadata is limited to 2 KB in size", the sum of the bytes of each key and
/// value (Amazon S3 User Guide, Working with object metadata).
const MAX_USER_METADATA: usize = 2048;

/// HTTP's own headers that both services define alike, and what they describe.
const PASSED: [(HeaderName, Describes); 7] = [
    (HeaderName::CacheControl, Describes::Object),
    (HeaderName::ContentDisposition, Describes::Object),
    (HeaderName::ContentEncoding, Describes::Object),
    (HeaderName::ContentLanguage, Describes::Object),
    (HeaderName::ContentMd5, Describes::Body),
    (HeaderName::ContentType, Describes::Object),
    (HeaderName::Expires, Describes::Object),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Describes {
    /// The object: taken when an upload begins (PutObject, InitiateMultipartUpload).
    Object,
    /// This request's body: taken by the operations whose body S3 reads.
    Body,
}

/// What becomes of an `x-oss-*` header.
#[derive(Clone, Copy)]
enum Treatment {
    /// It served the signature, or says nothing about the object: dropped.
    Dropped,
    /// S3 has nothing like it, and an upload that seemed to honour it would not: refused.
    Refused,
    CompleteAll,
    ForbidOverwrite,
    ObjectAcl,
    ServerSideEncryption,
    ServerSideEncryptionKeyId,
    StorageClass,
    Tagging,
}

/// The `x-oss-*` headers that OSS defines for the served operations (OSS API reference, PutObject,
/// InitiateMultipartUpload, UploadPart, CompleteMultipartUpload, AbortMultipartUpload, and CopyObject,
/// which a header alone makes of PutObject). `x-oss-meta-*` is treated apart; what isn't
/// listed is ignored, as OSS ignores it, and never reaches S3.
const OSS_HEADERS: [(&str, Treatment); 26] = [
    // What most requests have of them.
    ("x-oss-content-sha256", Treatment::Dropped), // signature version 4
    ("x-oss-date", Treatment::Dropped),           // the signature's date
    ("x-oss-security-token", Treatment::Dropped), // verified with the signature
    ("x-oss-storage-class", Treatment::StorageClass),
    // All others.
    ("x-oss-callback", Treatment::Refused),
    ("x-oss-callback-var", Treatment::Refused),
    ("x-oss-complete-all", Treatment::CompleteAll),
    ("x-oss-copy-source", Treatment::Refused),
    ("x-oss-copy-source-if-match", Treatment::Refused),
    ("x-oss-copy-source-if-modified-since", Treatment::Refused),
    ("x-oss-copy-source-if-none-match", Treatment::Refused),
    ("x-oss-copy-source-if-unmodified-since", Treatment::Refused),
    ("x-oss-copy-source-range", Treatment::Refused),
    ("x-oss-forbid-overwrite", Treatment::ForbidOverwrite),
    ("x-oss-hash-sha1", Treatment::Dropped), // a checksum that iOS can add; S3 has Content-MD5
    ("x-oss-metadata-directive", Treatment::Refused),
    ("x-oss-object-acl", Treatment::ObjectAcl),
    ("x-oss-process", Treatment::Refused),
    ("x-oss-request-payer", Treatment::Dropped), // who pays, not what is stored
    ("x-oss-server-side-data-encryption", Treatment::Refused),
    ("x-oss-server-side-encryption", Treatment::ServerSideEncryption),
    ("x-oss-server-side-encryption-key-id", Treatment::ServerSideEncryptionKeyId),
    ("x-oss-symlink-target", Treatment::Refused),
    ("x-oss-tagging", Treatment::Tagging),
    ("x-oss-tagging-directive", Treatment::Refused),
    ("x-oss-traffic-limit", Treatment::Dropped), // a speed limit, not what is stored
];

/// The headers of the request to S3, all of them: nothing else that the client sent goes on.
///
/// # Errors
/// [`Refusal::NotImplemented`], [`Refusal::InvalidHeaderValue`], [`Refusal::MetadataTooLarge`],
/// [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
pub(crate) fn s3_headers<'r>(
    authenticated: &Authenticated<'_, 'r, '_>,
    config: &Config,
) -> Result<Vec<Header<'r>>, Refusal> {
    let operation = authenticated.classified().operation;
    let request: &RequestView<'r> = authenticated.classified().request;
    let mut headers = Vec::with_capacity(8);
    for (name, describes) in PASSED {
        if describes.concerns(operation)
            && let Some(value) = request.single(name)?.filter(|value| !value.is_empty())
        {
            check_passed(name, value)?;
            headers.push((S3HeaderName::Known(Word::of_header(name)), Cow::Borrowed(value)));
        }
    }
    let asked = Asked::of_request(authenticated, config);
    let mut metadata_bytes = 0;
    for (name, value) in authenticated.oss_headers().iter() {
        if let Some(key) = name.strip_prefix("x-oss-meta-") {
            if key.is_empty() {
                return Err(Refusal::MalformedHeader(owned(name)));
            }
            if Describes::Object.concerns(operation) {
                let value = metadata_value(value);
                metadata_bytes += key.len() + value.len();
                headers.push((S3HeaderName::Metadata(request.borrowed(key)), value));
            }
        } else if let Some((name, treatment)) = OSS_HEADERS.iter().find(|(known, _)| same(known, name)) {
            match treatment.apply(value, &asked) {
                Applied::Nothing => {}
                Applied::Set(name, value) => headers.push((S3HeaderName::Known(name), value)),
                Applied::Refused => return Err(Refusal::NotImplemented(owned(name))),
                Applied::Invalid => return Err(Refusal::InvalidHeaderValue(name, owned(value))),
            }
        }
    }
    if let Some(key) = asked.kms_key() {
        let name = S3HeaderName::Known(const { Word::of("x-amz-server-side-encryption-aws-kms-key-id") });
        headers.push((name, Cow::Owned(owned(key))));
    }
    let (if_absent, any) = (S3HeaderName::Known(IF_ABSENT.0), Cow::Borrowed(IF_ABSENT.1));
    if asked.overwrite_at_end == Overwrite::Forbidden && !headers.iter().any(|(name, _)| *name == if_absent) {
        headers.push((if_absent, any));
    }
    if metadata_bytes > MAX_USER_METADATA { Err(Refusal::MetadataTooLarge) } else { Ok(headers) }
}

/// S3 stores an object under this condition only where there is none (Amazon S3 User Guide,
/// "Conditional writes"); it can be set at viewer request alone.
const IF_ABSENT: (Word, &str) = (Word::of("if-none-match"), "*");

const ENCRYPTION: Word = Word::of("x-amz-server-side-encryption");
const STORAGE_CLASS: Word = Word::of("x-amz-storage-class");
const TAGGING: Word = Word::of("x-amz-tagging");

/// What the treatment of a header depends on besides its value.
struct Asked<'a> {
    operation: Operation,
    rules: &'a HeaderRules,
    complete_through: Through,
    kms_key_id: Option<&'a str>,
    encryption: Option<&'a str>,
    /// As the upload id has it, for the operation that ends an upload.
    overwrite_at_end: Overwrite,
}

impl<'a> Asked<'a> {
    fn of_request(authenticated: &'a Authenticated<'_, '_, '_>, config: &'a Config) -> Self {
        let classified = authenticated.classified();
        let oss_headers = authenticated.oss_headers();
        let upload_id = classified.query.get("uploadId").and_then(UploadId::parse);
        Asked {
            operation: classified.operation,
            rules: &config.headers,
            complete_through: config.complete_multipart_upload,
            kms_key_id: oss_headers.get("x-oss-server-side-encryption-key-id"),
            encryption: oss_headers.get("x-oss-server-side-encryption"),
            overwrite_at_end: match (classified.operation, upload_id) {
                (Operation::CompleteMultipartUpload, Some(upload_id)) => upload_id.overwrite,
                _ => Overwrite::Allowed,
            },
        }
    }

    /// The KMS key to encrypt the object with, where the request asks for one.
    fn kms_key(&self) -> Option<&'a str> {
        let asked = Describes::Object.concerns(self.operation) && self.encryption == Some("KMS");
        if asked { self.rules.kms_key(self.kms_key_id) } else { None }
    }
}

/// `aws-chunked` would tell S3 that the body is framed, which no signature covers.
fn check_passed(name: HeaderName, value: &str) -> Result<(), Refusal> {
    let framed = name == HeaderName::ContentEncoding && contains_ignoring_case(value, b"aws-chunked");
    if framed { Err(Refusal::NotImplemented(owned(name.as_str()))) } else { Ok(()) }
}

/// Whether a text has a word, which is given in lower case, in any case. Without the standard library's search, which brings
/// tables and messages along.
fn contains_ignoring_case(value: &str, word: &[u8]) -> bool {
    in_lower_case(value).as_bytes().windows(word.len()).any(|window| window == word)
}

impl Describes {
    fn concerns(self, operation: Operation) -> bool {
        match operation {
            Operation::PutObject => true,
            Operation::InitiateMultipartUpload => self == Describes::Object,
            Operation::UploadPart | Operation::CompleteMultipartUpload => self == Describes::Body,
            Operation::AbortMultipartUpload | Operation::ListParts => false,
        }
    }
}

/// What a header's treatment comes to.
enum Applied<'r> {
    /// No header of S3's.
    Nothing,
    /// The request is refused for what the header asks.
    Refused,
    /// The request is refused for the header's value.
    Invalid,
    Set(Word, Cow<'r, str>),
}

impl Applied<'_> {
    fn unless(refused: bool) -> Self {
        if refused { Applied::Refused } else { Applied::Nothing }
    }
}

impl Treatment {
    #[inline(never)]
    fn apply<'r>(self, value: &'r str, asked: &Asked<'_>) -> Applied<'r> {
        let begins_object = Describes::Object.concerns(asked.operation);
        let on_object = |name, value| if begins_object { Applied::Set(name, value) } else { Applied::Nothing };
        match (self, value) {
            (Treatment::Dropped, _) => Applied::Nothing,
            (Treatment::Refused, _) => Applied::Refused,
            (Treatment::CompleteAll, "yes") => {
                let ends_upload = asked.operation == Operation::CompleteMultipartUpload;
                Applied::unless(ends_upload && asked.complete_through == Through::S3)
            }
            (Treatment::ForbidOverwrite, "false") => Applied::Nothing,
            (Treatment::ForbidOverwrite, "true") => match asked.operation {
                Operation::PutObject | Operation::CompleteMultipartUpload => {
                    let (name, value) = IF_ABSENT;
                    Applied::Set(name, Cow::Borrowed(value))
                }
                // The upload id carries it to the end of an upload.
                _ => Applied::Nothing,
            },
            (Treatment::ObjectAcl, acl) if is_one_of(acl, &["private", "default"]) => Applied::Nothing,
            (Treatment::ObjectAcl, acl) if is_one_of(acl, &["public-read", "public-read-write"]) => {
                Applied::unless(asked.rules.public_acl == PublicAcl::Refused)
            }
            (Treatment::ServerSideEncryption, "AES256") => on_object(ENCRYPTION, Cow::Borrowed("AES256")),
            (Treatment::ServerSideEncryption, "KMS") => match asked.rules.kms_key(asked.kms_key_id) {
                Some(_) => on_object(ENCRYPTION, Cow::Borrowed("aws:kms")),
                None => Applied::Refused,
            },
            (Treatment::ServerSideEncryption, "SM4") => Applied::Refused,
            (Treatment::ServerSideEncryptionKeyId, id) if asked.encryption == Some("KMS") => {
                Applied::unless(asked.rules.kms_key(Some(id)).is_none())
            }
            (Treatment::StorageClass, class) => match asked.rules.storage_class(class) {
                Some(s3) => on_object(STORAGE_CLASS, Cow::Borrowed(s3)),
                None => Applied::Invalid,
            },
            (Treatment::Tagging, _) if asked.rules.tagging == Tagging::Refused => Applied::Refused,
            (Treatment::Tagging, tags) => match tagging::to_s3(tags) {
                Some(s3) => on_object(TAGGING, Cow::Owned(s3)),
                None => Applied::Invalid,
            },
            (
                Treatment::CompleteAll
                | Treatment::ForbidOverwrite
                | Treatment::ObjectAcl
                | Treatment::ServerSideEncryption
                | Treatment::ServerSideEncryptionKeyId,
                _,
            ) => Applied::Invalid,
        }
    }
}

/// S3 keeps metadata in US-ASCII and gives other text back as RFC 2047 encodes it, so that is how it
/// is sent: no signature on the way depends on how bytes above 127 are read.
fn metadata_value(value: &str) -> Cow<'_, str> {
    if value.is_ascii() {
        return Cow::Borrowed(value);
    }
    Cow::Owned(joined(&["=?UTF-8?B?", &Alphabet::Standard.encode(value.as_bytes()), "?="]))
}
