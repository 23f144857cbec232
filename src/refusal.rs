//! Why a request is refused.

mod log_fields;

use std::fmt;

use crate::time::UnixMillis;
use crate::upload_id::UploadFault;

/// Why a request is refused: one variant for each cause, in the order of [`Gate::decide`](crate::Gate::decide).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The text of the request, or what the edge handed over, doesn't parse: a value contains a NUL, a header's name
    /// isn't a token, or the hand-over isn't base64url.
    MalformedRequest,
    /// What the edge handed over has a version that this release doesn't know.
    UnknownHandOver,
    /// A header that may occur once occurs more often, or with different values.
    RepeatedHeader(String),
    /// A header's value contains a control character, or `x-oss-meta-` has no name after it.
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
    /// The operation isn't served.
    MethodNotAllowed,
    /// The operation, by its name, needs an API or a relay, and neither is configured.
    NoService(&'static str),
    /// A page of another origin may not send what its preflight asks for.
    AccessForbidden(PreflightFault),
    /// No signature at all.
    MissingSignature,
    /// Signatures in the header and in the query, or of two schemes in the query.
    ConflictingSignatures,
    /// The signature in the query lacks one of its parameters.
    IncompleteUrlSignature,
    /// The credential of signature version 4 doesn't follow its grammar, or is for another day.
    InvalidCredential(CredentialFault),
    /// The credential's Region isn't one of those that are configured.
    OtherRegion(String),
    /// `Expires` or `x-oss-expires` isn't a number of seconds in its range.
    InvalidExpires,
    /// A signed URL that has expired.
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
    /// There is no access key with this id that may be used.
    InvalidAccessKeyId(String, AccessKeyFault),
    /// The signature is wrong, or not in its one canonical encoding.
    SignatureDoesNotMatch(Box<Mismatch>),
    /// The request presents another security token than the access key has, or one where it has none, or none where it
    /// has one.
    InvalidSecurityToken,
    /// A derived key has expired, and the request presents a security token: apps renew a temporary key by this answer.
    SecurityTokenExpired,
    /// No rule of the access key covers the request.
    AccessDenied,
    /// The bucket isn't configured.
    NoSuchBucket(String),
    /// The request may not continue the upload of this id. Clients take the upload for gone, and begin a new one.
    NoSuchUpload(String, UploadFault),
    /// HeadObject and GetObjectMeta are answered as if there were no object: a client that looks first then uploads.
    NoSuchKey(String),
    /// A header, by its name and value, asks for something that S3 doesn't do.
    NotImplemented(String, String),
    /// A header's value isn't one that OSS defines.
    InvalidHeaderValue(&'static str, String),
    /// More user metadata than S3 takes.
    MetadataTooLarge,
    /// The body has no length, and S3 doesn't take it so, or the access key limits the length.
    MissingContentLength(LengthFault),
    /// `Content-Length` isn't a number.
    InvalidContentLength,
    /// The body is larger than the access key may send, or than S3 takes in one request.
    EntityTooLarge,
    /// The request doesn't fit through API Gateway.
    RequestTooLarge,
}

/// Whether, and when, fetching the access keys again might change a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// At once: a key with this id may have been added meanwhile.
    AtOnce,
    /// When the next fetch is due: the key may have changed.
    WhenDue,
    /// Never: the refusal doesn't depend on the access keys.
    Never,
}

/// Why an access key can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKeyFault {
    /// There is no key with this id.
    Unknown,
    /// The key, or the master key that it is derived from, is disabled.
    Disabled,
    /// None of the key's secrets is valid now.
    NoLiveSecret,
    /// The id names a scope that the master key doesn't have.
    UnknownScope,
    /// The device is revoked.
    Revoked,
    /// The expiry in the id has passed.
    Expired,
}

/// Why the body needs a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthFault {
    /// There is no relay, and S3 and API Gateway take no such body.
    NoRelay,
    /// The document of CompleteMultipartUpload doesn't go to the relay.
    DocumentElsewhere,
    /// There is a relay, and `bodiesWithoutLength` is `refuse`.
    TurnedOff,
    /// The body has a length and chunks, and CloudFront may send the chunks to S3.
    LengthAndChunks,
    /// The relay is the entrance, and the request has neither header, so there is no body.
    NoFraming,
}

/// What a preflight asks for that isn't allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreflightFault {
    /// The page's origin; empty if the request has no Origin, or several.
    Origin(String),
    /// The page's method; empty if the request has no Access-Control-Request-Method, or several.
    Method(String),
    /// The list of the page's headers is malformed or too long.
    Headers,
}

/// What is wrong with an object's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// The key is empty.
    Empty,
    /// More than 1,023 bytes.
    TooLong,
    /// A percent-escape without two hexadecimal digits, or a path that doesn't begin with `/`.
    Escape,
    /// Not UTF-8 once decoded: some firmware sends GBK.
    NotUtf8,
    /// A slash or backslash at the beginning.
    LeadingSlash,
    /// A character that XML 1.0 can't carry.
    NotXml,
    /// A segment `.` or `..`.
    DotSegment,
    /// A first segment `.oss-edge`, where oss-edge keeps staged parts and records of uploads.
    Own,
    /// A `?` and a sub-resource's name inside the key: signature version 1 signs the same text for the key as for the
    /// sub-resource.
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

/// A wrong signature, and the text that should have been signed. It never contains the right signature.
#[derive(Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The access key's id, as presented.
    pub access_key_id: String,
    /// The Host header, as sent.
    pub host: String,
    /// How the host addresses the bucket: `virtual-hosted`, `cname`, `path` or `endpoint`.
    pub style: &'static str,
    /// The OSS bucket.
    pub bucket: String,
    /// The signature, as presented.
    pub signature_provided: String,
    /// The text that should have been signed.
    pub string_to_sign: String,
    /// The CanonicalRequest, whose hash is part of that text in signature version 4.
    pub canonical_request: Option<String>,
}

impl Refusal {
    /// Whether fetching the access keys again might change the refusal.
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
    /// Omits the signature and the signed text, which together could be replayed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mismatch").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

impl Renewal {
    /// Its name in the JSON for the adapter.
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
