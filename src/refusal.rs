//! Why a request is refused.

mod log_fields;

use std::fmt;

use crate::time::UnixMillis;
use crate::upload_id::UploadFault;

/// One cause each. [`Gate::decide`](crate::Gate::decide) documents the order in which they are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request that the adapter handed over doesn't parse, contains a NUL, or has a header whose name isn't
    /// a token.
    MalformedRequest,
    /// What the edge handed over has a version that this release doesn't know.
    UnknownHandOver,
    /// A header that may occur once occurs more often, or with different values.
    RepeatedHeader(String),
    /// A header's value contains a control character.
    MalformedHeader(String),
    /// The Host, as sent, isn't configured, is missing, or isn't a host.
    UnknownHost(String),
    /// Not a bucket's name: 3 to 63 lower-case letters, digits and hyphens.
    InvalidBucketName,
    /// Not an object's key.
    InvalidObjectName(KeyFault),
    /// The query has a broken escape, an empty name, a control character or too many parameters.
    MalformedQuery,
    /// A query parameter appears twice.
    RepeatedParameter(String),
    /// A query parameter that the operation doesn't take, or that lacks its companion.
    UnexpectedParameter(String),
    /// `partNumber` isn't a plain integer from 1 to 10,000.
    InvalidPartNumber(String),
    /// `encoding-type` isn't `url`.
    InvalidEncodingType(String),
    /// `max-parts` isn't an integer from 1 to 1,000, or `part-number-marker` not one from 0 to 10,000.
    InvalidQueryValue(&'static str, String),
    /// An operation that isn't served.
    MethodNotAllowed,
    /// The operation needs an API or a relay, and neither is configured. By its name.
    NoService(&'static str),
    /// A page of another origin may not send what its preflight asks for.
    AccessForbidden(PreflightFault),
    /// No signature at all.
    MissingSignature,
    /// Signatures in the header and in the query, or of two schemes in the query.
    ConflictingSignatures,
    /// A signature in the query that lacks one of its parameters.
    IncompleteUrlSignature,
    /// The credential of signature version 4 doesn't follow its grammar, or is for another day.
    InvalidCredential(CredentialFault),
    /// The credential's Region isn't one of those that are configured.
    OtherRegion(String),
    /// `Expires` or `x-oss-expires` isn't a number of seconds in its range.
    InvalidExpires,
    /// A signed URL whose time has passed.
    Expired(UnixMillis),
    /// A signed URL that would be valid for longer than is configured, or than version 4 allows.
    ExpiresTooFar,
    /// A signed URL of version 4 from the future.
    NotYetValid,
    /// The Authorization header doesn't follow its scheme's grammar.
    MalformedAuthorization(AuthorizationFault),
    /// A signature scheme that isn't enabled, by its name on the wire.
    SchemeNotEnabled(&'static str),
    /// Neither `x-oss-date` nor `Date`, or not in a format that OSS clients use.
    InvalidDate(DateFault),
    /// The date is too far from now.
    RequestTimeTooSkewed(TooSkewed),
    /// No access key of this id, or none that may be used.
    InvalidAccessKeyId(String, AccessKeyFault),
    /// The signature is another request's, another secret's, or not in canonical base64.
    SignatureDoesNotMatch(Box<Mismatch>),
    /// A security token for an access key that has none, or not the one that it has.
    InvalidSecurityToken,
    /// A derived key that has expired, sent with a security token: apps renew a temporary key by this answer.
    SecurityTokenExpired,
    /// No rule of the access key covers the request.
    AccessDenied,
    /// The bucket isn't configured.
    NoSuchBucket(String),
    /// The upload may not go on, by its id. Clients take it that the upload is gone, and begin a new one.
    NoSuchUpload(String, UploadFault),
    /// HeadObject and GetObjectMeta are answered as if there were no object: clients that look first then upload.
    NoSuchKey(String),
    /// A header asks for something that S3 doesn't do.
    NotImplemented(String, String),
    /// A header's value isn't one that OSS defines.
    InvalidHeaderValue(&'static str, String),
    /// More user metadata than S3 keeps.
    MetadataTooLarge,
    /// A chunked body without a length, which S3 doesn't take, or no length where the access key limits it.
    MissingContentLength(LengthFault),
    /// `Content-Length` isn't a number.
    InvalidContentLength,
    /// A body larger than the access key may send, or than S3 takes at once.
    EntityTooLarge,
    /// The request doesn't fit through API Gateway.
    RequestTooLarge,
}

/// When fetching the access keys again might turn a refusal into an acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// At once: a key with this id may have been added.
    AtOnce,
    /// When the next fetch is due: the key may have changed.
    WhenDue,
    /// Never: it doesn't depend on access keys.
    Never,
}

/// Why an access key can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKeyFault {
    /// There is no key with this id.
    Unknown,
    /// It is disabled, or the master key that it is derived from is.
    Disabled,
    /// None of its secrets is valid now.
    NoLiveSecret,
    /// The id names a scope that the master key doesn't have.
    UnknownScope,
    /// The device is revoked.
    Revoked,
    /// The expiry in the id has passed.
    Expired,
}

/// Why a body can't be taken without a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthFault {
    /// There is no relay, and S3 and API Gateway take no such body.
    NoRelay,
    /// The document of CompleteMultipartUpload doesn't go to the relay.
    DocumentElsewhere,
    /// There is a relay, and `bodiesWithoutLength` is `refuse`.
    TurnedOff,
    /// There is a length, and chunks that CloudFront keeps on the way to S3.
    LengthAndChunks,
    /// The relay is the entrance, and the request says nothing of a body.
    NoFraming,
}

/// What of a preflight isn't allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreflightFault {
    /// The page's origin; empty where the request names none, or several.
    Origin(String),
    /// The method that the page would send; empty where the request names none, or several.
    Method(String),
    /// The list of the page's headers is malformed or too long.
    Headers,
}

/// What is wrong with an object's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// No key at all.
    Empty,
    /// More than 1,023 bytes.
    TooLong,
    /// A percent-escape that is cut off, or a path that doesn't begin with `/`.
    Escape,
    /// Not UTF-8 once it is decoded: some firmware sends GBK.
    NotUtf8,
    /// A slash or backslash at the beginning.
    LeadingSlash,
    /// A character that XML 1.0 can't carry.
    NotXml,
    /// A segment `.` or `..`.
    DotSegment,
    /// A first segment `.oss-edge`: staged parts and records of uploads are there.
    Own,
    /// A `?` and a sub-resource's name inside the key: signature version 1 signs the same text for it as for the
    /// sub-resource itself.
    SubResource,
}

/// What is wrong with an Authorization header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizationFault {
    /// The header is empty.
    Empty,
    /// No known scheme, or not `OSS AccessKeyId:Signature`.
    Form,
    /// Nothing before the colon.
    NoAccessKeyId,
    /// Nothing after the colon.
    NoSignature,
}

/// What is wrong with a credential of signature version 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialFault {
    /// Not `AccessKeyId/date/region/product/aliyun_v4_request` with a product of OSS's.
    Form,
    /// The date isn't one, or not the day of the signed date.
    Date,
    /// The region is empty, or longer than any of OSS's.
    Region,
}

/// What is wrong with a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFault {
    /// Neither `x-oss-date` nor `Date`.
    Missing,
    /// The header that counts has another format.
    Malformed,
}

/// A date that is too far from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSkewed {
    /// The request's date.
    pub requested: UnixMillis,
    /// The time when the request was decided on.
    pub now: UnixMillis,
    /// The difference that is allowed, in milliseconds.
    pub max_millis: u64,
}

/// A signature that doesn't verify. It never holds the right one.
#[derive(Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The access key's id, as presented.
    pub access_key_id: String,
    /// The Host header, as sent.
    pub host: String,
    /// How the host addresses the bucket: `virtual-hosted`, `cname` or `path`.
    pub style: &'static str,
    /// The OSS bucket.
    pub bucket: String,
    /// The signature, as presented.
    pub signature_provided: String,
    /// The text that should have been signed.
    pub string_to_sign: String,
    /// The text whose hash is part of it, in signature version 4.
    pub canonical_request: Option<String>,
}

impl Refusal {
    /// Whether to fetch the access keys again because of it.
    pub fn renewal(&self) -> Renewal {
        match self {
            Refusal::InvalidAccessKeyId(_, AccessKeyFault::Unknown) => Renewal::AtOnce,
            Refusal::InvalidAccessKeyId(_, AccessKeyFault::Expired) => Renewal::Never,
            Refusal::InvalidAccessKeyId(..) | Refusal::SignatureDoesNotMatch(_) => Renewal::WhenDue,
            _ => Renewal::Never,
        }
    }
}

impl fmt::Debug for Mismatch {
    /// Without the signature and the text, which together could be sent again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mismatch").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

impl Renewal {
    /// Its name for JavaScript.
    pub fn name(self) -> &'static str {
        match self {
            Renewal::AtOnce => "at-once",
            Renewal::WhenDue => "when-due",
            Renewal::Never => "never",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fetches_at_once_for_an_unknown_id_and_for_nothing_else() {
        for (fault, renewal) in [
            (AccessKeyFault::Unknown, "at-once"),
            (AccessKeyFault::Disabled, "when-due"),
            (AccessKeyFault::NoLiveSecret, "when-due"),
            (AccessKeyFault::UnknownScope, "when-due"),
            (AccessKeyFault::Revoked, "when-due"),
            (AccessKeyFault::Expired, "never"),
        ] {
            assert_eq!(Refusal::InvalidAccessKeyId("id".into(), fault).renewal().name(), renewal, "{fault:?}");
        }
        assert_eq!(Refusal::AccessDenied.renewal(), Renewal::Never);
    }
}
