//! The headers for S3, from those that the client sent.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::tagging;
use crate::authenticate::Authenticated;
use crate::config::header_rules::{HeaderRules, Tagging, Unsupported};
use crate::config::{Config, Through};
use crate::limits::MAX_USER_METADATA;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::upload_id::{Overwrite, UploadOptions};

/// A header of the request to S3: its name in lower case, and its value.
pub type Header = (Cow<'static, str>, String);

/// The standard headers that OSS and S3 define alike, and what each describes.
const PASSED: [(&str, Describes); 7] = [
    ("cache-control", Describes::Object),
    ("content-disposition", Describes::Object),
    ("content-encoding", Describes::Object),
    ("content-language", Describes::Object),
    ("content-md5", Describes::Body),
    ("content-type", Describes::Object),
    ("expires", Describes::Object),
];

/// With the value `*`, S3 stores an object only if there is none of this key (S3 User Guide, "Conditional writes").
const IF_NONE_MATCH: &str = "if-none-match";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Describes {
    /// The object: S3 takes it when an upload begins (PutObject, InitiateMultipartUpload).
    Object,
    /// The body of this request: S3 takes it with every operation whose body it reads.
    Body,
}

/// What becomes of an `x-oss-*` header.
#[derive(Clone, Copy)]
enum Treatment {
    /// Dropped: it belongs to the signature, or doesn't change the object.
    Dropped,
    /// Refused: S3 has no equivalent, and the client would assume that it took effect.
    Refused,
    Callback,
    CompleteAll,
    ForbidOverwrite,
    ObjectAcl,
    ServerSideEncryption,
    ServerSideEncryptionKeyId,
    StorageClass,
    Tagging,
}

/// The `x-oss-*` headers that OSS defines for the served operations, sorted (OSS API reference, PutObject,
/// InitiateMultipartUpload, UploadPart, CompleteMultipartUpload, AbortMultipartUpload, and CopyObject, which is
/// PutObject with `x-oss-copy-source`). `x-oss-meta-*` is user metadata. As in OSS, a header that isn't listed is
/// ignored; it never reaches S3.
const OSS_HEADERS: [(&str, Treatment); 26] = [
    ("x-oss-callback", Treatment::Callback),
    ("x-oss-callback-var", Treatment::Callback),
    ("x-oss-complete-all", Treatment::CompleteAll),
    ("x-oss-content-sha256", Treatment::Dropped), // signature version 4
    ("x-oss-copy-source", Treatment::Refused),
    ("x-oss-copy-source-if-match", Treatment::Refused),
    ("x-oss-copy-source-if-modified-since", Treatment::Refused),
    ("x-oss-copy-source-if-none-match", Treatment::Refused),
    ("x-oss-copy-source-if-unmodified-since", Treatment::Refused),
    ("x-oss-copy-source-range", Treatment::Refused),
    ("x-oss-date", Treatment::Dropped), // the signature's date
    ("x-oss-forbid-overwrite", Treatment::ForbidOverwrite),
    ("x-oss-hash-sha1", Treatment::Dropped), // a checksum that iOS can add; S3 has Content-MD5
    ("x-oss-metadata-directive", Treatment::Refused),
    ("x-oss-object-acl", Treatment::ObjectAcl),
    ("x-oss-process", Treatment::Refused),
    ("x-oss-request-payer", Treatment::Dropped), // who pays, not what is stored
    ("x-oss-security-token", Treatment::Dropped), // verified with the signature
    ("x-oss-server-side-data-encryption", Treatment::Refused),
    ("x-oss-server-side-encryption", Treatment::ServerSideEncryption),
    ("x-oss-server-side-encryption-key-id", Treatment::ServerSideEncryptionKeyId),
    ("x-oss-storage-class", Treatment::StorageClass),
    ("x-oss-symlink-target", Treatment::Refused),
    ("x-oss-tagging", Treatment::Tagging),
    ("x-oss-tagging-directive", Treatment::Refused),
    ("x-oss-traffic-limit", Treatment::Dropped), // a speed limit, not what is stored
];

/// All headers of the request to S3. No other header of the client goes on.
///
/// # Errors
/// [`Refusal::NotImplemented`], [`Refusal::InvalidHeaderValue`], [`Refusal::MetadataTooLarge`],
/// [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
pub(super) fn s3_headers(authenticated: &Authenticated<'_>, config: &Config) -> Result<Vec<Header>, Refusal> {
    let mut headers = passed_headers(authenticated)?;
    let asked = Asked::of_request(authenticated, config);
    let mut metadata_bytes = 0;
    for (name, value) in authenticated.oss_headers().iter() {
        if let Some(key) = name.strip_prefix("x-oss-meta-") {
            if key.is_empty() {
                return Err(Refusal::MalformedHeader(name.to_owned()));
            }
            if Describes::Object.concerns(asked.operation) {
                let value = metadata_value(value);
                metadata_bytes += key.len() + value.len();
                headers.push((format!("x-amz-meta-{key}").into(), value));
            }
        } else if let Ok(row) = OSS_HEADERS.binary_search_by_key(&name, |(known, _)| known)
            && let Some((name, treatment)) = OSS_HEADERS.get(row)
        {
            headers.extend(treatment.apply(name, value, &asked)?);
        }
    }
    if let Some(key) = asked.kms_key() {
        headers.push(("x-amz-server-side-encryption-aws-kms-key-id".into(), key.to_owned()));
    }
    if metadata_bytes > MAX_USER_METADATA { Err(Refusal::MetadataTooLarge) } else { Ok(headers) }
}

/// The condition for CompleteMultipartUpload, if the upload forbade overwriting when it began.
pub(super) fn condition_at_end(headers: &[Header], operation: Operation, upload: UploadOptions) -> Option<Header> {
    let is_forbidden = operation == Operation::CompleteMultipartUpload && upload.overwrite == Overwrite::Forbidden;
    let is_there = headers.iter().any(|(name, _)| name == IF_NONE_MATCH);
    (is_forbidden && !is_there).then(|| (IF_NONE_MATCH.into(), "*".to_owned()))
}

fn passed_headers(authenticated: &Authenticated<'_>) -> Result<Vec<Header>, Refusal> {
    let mut headers: Vec<Header> = Vec::new();
    for (name, describes) in PASSED {
        if describes.concerns(authenticated.operation())
            && let Some(value) = authenticated.request().headers.get_single(name)?.filter(|value| !value.is_empty())
        {
            // `aws-chunked` would make S3 decode the body, and what it would store is not what was signed.
            if name == "content-encoding" && value.to_ascii_lowercase().contains("aws-chunked") {
                return Err(Refusal::NotImplemented(name.to_owned(), value.to_owned()));
            }
            headers.push((name.into(), value.to_owned()));
        }
    }
    Ok(headers)
}

/// What the treatment of a header depends on besides its value.
struct Asked<'a> {
    operation: Operation,
    rules: &'a HeaderRules,
    complete_through: Through,
    kms_key_id: Option<&'a str>,
    encryption: Option<&'a str>,
}

impl<'a> Asked<'a> {
    fn of_request(authenticated: &'a Authenticated<'_>, config: &'a Config) -> Self {
        let oss_headers = authenticated.oss_headers();
        Asked {
            operation: authenticated.operation(),
            rules: &config.headers,
            complete_through: config.complete_multipart_upload,
            kms_key_id: oss_headers.get("x-oss-server-side-encryption-key-id"),
            encryption: oss_headers.get("x-oss-server-side-encryption"),
        }
    }

    /// The KMS key to encrypt the object with, where the request asks for one.
    fn kms_key(&self) -> Option<&'a str> {
        let is_asked = Describes::Object.concerns(self.operation) && self.encryption == Some("KMS");
        if is_asked { self.rules.kms_key(self.kms_key_id) } else { None }
    }
}

impl Describes {
    fn concerns(self, operation: Operation) -> bool {
        match operation {
            Operation::PutObject => true,
            Operation::InitiateMultipartUpload => self == Describes::Object,
            Operation::UploadPart | Operation::CompleteMultipartUpload => self == Describes::Body,
            Operation::AbortMultipartUpload
            | Operation::ListParts
            | Operation::HeadObject
            | Operation::GetObjectMeta => false,
        }
    }
}

impl Treatment {
    /// Translates an OSS header to the one that S3 gets, if any.
    ///
    /// # Errors
    /// [`Refusal::NotImplemented`] for what S3 doesn't do, [`Refusal::InvalidHeaderValue`] for a value that OSS doesn't
    /// define.
    fn apply(self, name: &'static str, value: &str, asked: &Asked<'_>) -> Result<Option<Header>, Refusal> {
        let invalid = || Refusal::InvalidHeaderValue(name, value.to_owned());
        let refuse_if = |is_refused| {
            if is_refused { Err(Refusal::NotImplemented(name.to_owned(), value.to_owned())) } else { Ok(None) }
        };
        match (self, value) {
            (Treatment::Dropped, _) => Ok(None),
            (Treatment::Refused, _) => refuse_if(true),
            (Treatment::Callback, _) => refuse_if(asked.rules.callback == Unsupported::Refused),
            (Treatment::CompleteAll, "yes") => {
                let ends_upload = asked.operation == Operation::CompleteMultipartUpload;
                refuse_if(ends_upload && asked.complete_through == Through::S3)
            }
            (Treatment::ForbidOverwrite, "true" | "false") => Ok(forbid_overwrite(value, asked)),
            (Treatment::ObjectAcl, "private" | "default") => Ok(None),
            (Treatment::ObjectAcl, "public-read" | "public-read-write") => {
                refuse_if(asked.rules.public_acl == Unsupported::Refused)
            }
            (Treatment::ServerSideEncryption, "AES256") => {
                Ok(asked.on_object("x-amz-server-side-encryption", "AES256"))
            }
            (Treatment::ServerSideEncryption, "KMS") if asked.rules.kms_key(asked.kms_key_id).is_some() => {
                Ok(asked.on_object("x-amz-server-side-encryption", "aws:kms"))
            }
            (Treatment::ServerSideEncryption, "KMS" | "SM4") => refuse_if(true),
            (Treatment::ServerSideEncryptionKeyId, id) if asked.encryption == Some("KMS") => {
                refuse_if(asked.rules.kms_key(Some(id)).is_none())
            }
            (Treatment::StorageClass, class) => {
                let s3_class = asked.rules.storage_class(class).ok_or_else(invalid)?;
                Ok(asked.on_object("x-amz-storage-class", s3_class))
            }
            (Treatment::Tagging, _) if asked.rules.tagging == Tagging::Refused => refuse_if(true),
            (Treatment::Tagging, tags) => {
                Ok(asked.on_object("x-amz-tagging", &tagging::to_s3(tags).ok_or_else(invalid)?))
            }
            (
                Treatment::CompleteAll
                | Treatment::ForbidOverwrite
                | Treatment::ObjectAcl
                | Treatment::ServerSideEncryption
                | Treatment::ServerSideEncryptionKeyId,
                _,
            ) => Err(invalid()),
        }
    }
}

impl Asked<'_> {
    /// A header that S3 takes when an object or an upload begins.
    fn on_object(&self, name: &'static str, value: &str) -> Option<Header> {
        Describes::Object.concerns(self.operation).then(|| (name.into(), value.to_owned()))
    }
}

/// The condition for the operations that create the object. For InitiateMultipartUpload, the seal of the upload id
/// carries it to the end of the upload.
fn forbid_overwrite(value: &str, asked: &Asked<'_>) -> Option<Header> {
    let makes_object = matches!(asked.operation, Operation::PutObject | Operation::CompleteMultipartUpload);
    (value == "true" && makes_object).then(|| (IF_NONE_MATCH.into(), "*".to_owned()))
}

/// Metadata as S3 gets it: text beyond ASCII is encoded as in RFC 2047, which is how S3 returns it. So no signature on
/// the way depends on how bytes above 127 are read.
fn metadata_value(value: &str) -> String {
    if value.is_ascii() { value.to_owned() } else { format!("=?UTF-8?B?{}?=", BASE64_STANDARD.encode(value)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_a_sorted_table_without_repeats() {
        assert!(OSS_HEADERS.is_sorted_by(|(one, _), (other, _)| one < other));
    }
}
