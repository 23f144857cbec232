//! Why a request is refused.

use std::borrow::Cow;
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
    /// The region is empty.
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

    /// The header or query parameter that was wrong, by its name.
    pub fn field(&self) -> Option<&str> {
        match self {
            Refusal::RepeatedHeader(name) | Refusal::MalformedHeader(name) | Refusal::NotImplemented(name, _) => {
                Some(name)
            }
            Refusal::RepeatedParameter(name) | Refusal::UnexpectedParameter(name) => Some(shown(name)),
            Refusal::InvalidHeaderValue(name, _) | Refusal::InvalidQueryValue(name, _) => Some(name),
            Refusal::UnknownHost(_) => Some("host"),
            Refusal::InvalidPartNumber(_) => Some("partNumber"),
            Refusal::InvalidEncodingType(_) => Some("encoding-type"),
            Refusal::NoSuchUpload(..) => Some("uploadId"),
            Refusal::MissingContentLength(_) | Refusal::InvalidContentLength | Refusal::EntityTooLarge => {
                Some("content-length")
            }
            Refusal::MalformedAuthorization(_) => Some("authorization"),
            Refusal::AccessForbidden(fault) => Some(fault.header()),
            _ => None,
        }
    }

    /// One line for the operator's log: what was wrong, and where that is known, what to do about it. Never a
    /// secret, a signature or a StringToSign.
    pub fn detail(&self) -> Cow<'static, str> {
        match self {
            Refusal::MalformedRequest => "the request contains a NUL, or a header whose name is not a token".into(),
            Refusal::UnknownHandOver => {
                "the hand-over has an unknown version: the edge is of a later release, and must not be more than one ahead"
                    .into()
            }
            Refusal::RepeatedHeader(name) => format!("header `{name}` is repeated").into(),
            Refusal::MalformedHeader(name) => format!("header `{name}` contains a control character").into(),
            Refusal::UnknownHost(host) => format!("unknown Host `{host}`: add it to `hosts`").into(),
            Refusal::InvalidBucketName => {
                "the bucket's name is not 3 to 63 lower-case letters, digits and hyphens".into()
            }
            Refusal::InvalidObjectName(fault) => fault.detail().into(),
            Refusal::MalformedQuery => {
                "the query has a broken escape, an empty name, a control character or too many parameters".into()
            }
            Refusal::RepeatedParameter(name) => format!("query parameter `{}` is repeated", shown(name)).into(),
            Refusal::UnexpectedParameter(name) => {
                format!("query parameter `{}` is not allowed here", shown(name)).into()
            }
            Refusal::InvalidPartNumber(value) => {
                format!("`partNumber` is {}, not an integer from 1 to 10000", found(value)).into()
            }
            Refusal::InvalidEncodingType(value) => format!("`encoding-type` is {}, not `url`", found(value)).into(),
            Refusal::InvalidQueryValue(name, value) => {
                format!("query parameter `{name}` is {}, which is out of range", found(value)).into()
            }
            Refusal::MethodNotAllowed => "the operation is not served".into(),
            Refusal::NoService(operation) => format!("{operation} needs `api` or `relay` in the configuration").into(),
            Refusal::AccessForbidden(fault) => fault.detail().into(),
            Refusal::MissingSignature => "no signature".into(),
            Refusal::ConflictingSignatures => "more than one signature".into(),
            Refusal::IncompleteUrlSignature => "the signature in the URL lacks a parameter".into(),
            Refusal::InvalidCredential(fault) => fault.detail().into(),
            Refusal::OtherRegion(region) => {
                format!("the credential's region is {}, which is not in `signatureRegions`", found(region)).into()
            }
            Refusal::InvalidExpires => "the expiry is not a number of seconds in its range".into(),
            Refusal::Expired(_) => "the signed URL has expired".into(),
            Refusal::ExpiresTooFar => "the signed URL is valid for longer than `maxUrlExpirySeconds`".into(),
            Refusal::NotYetValid => "the signed URL is dated in the future".into(),
            Refusal::MalformedAuthorization(fault) => fault.detail().into(),
            Refusal::SchemeNotEnabled(name) => format!("signature scheme {name} is not enabled").into(),
            Refusal::InvalidDate(DateFault::Missing) => "neither `x-oss-date` nor `date`".into(),
            Refusal::InvalidDate(DateFault::Malformed) => "the date is neither RFC 1123 nor ISO 8601 basic".into(),
            Refusal::RequestTimeTooSkewed(skewed) => skewed.detail().into(),
            Refusal::InvalidAccessKeyId(_, fault) => fault.detail().into(),
            Refusal::SignatureDoesNotMatch(mismatch) => mismatch.detail().into(),
            Refusal::InvalidSecurityToken => "the security token is not the access key's".into(),
            Refusal::SecurityTokenExpired => "the derived key has expired".into(),
            Refusal::AccessDenied => "no rule of the access key's `allow` covers the request".into(),
            Refusal::NoSuchBucket(name) => format!("unknown bucket `{name}`: add it to `buckets`").into(),
            Refusal::NoSuchUpload(_, fault) => fault.detail(),
            Refusal::NoSuchKey(_) => "every object is said to be absent: `headObject` in the configuration".into(),
            Refusal::NotImplemented(name, value) => not_implemented(name, value).into(),
            Refusal::InvalidHeaderValue(name, value) => {
                format!("header `{name}` is {}, which OSS does not define", found(value)).into()
            }
            Refusal::MetadataTooLarge => "more than 2 KB of user metadata".into(),
            Refusal::MissingContentLength(fault) => fault.detail().into(),
            Refusal::InvalidContentLength => "Content-Length is not a number".into(),
            Refusal::EntityTooLarge => {
                "the body is larger than the access key may send, or than S3 takes at once".into()
            }
            Refusal::RequestTooLarge => "the request does not fit through API Gateway".into(),
        }
    }
}

/// The part of a parameter's name that is logged: a name may contain an `=`, encoded once
/// or several times, and a signature after it.
fn shown(name: &str) -> &str {
    name.split(['=', '%']).next().unwrap_or_default()
}

/// A value that a client sent, where it is no longer than the values that OSS defines and can't be a signature or token.
fn found(value: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    match value.len() {
        0 => "empty".into(),
        1..=24 if value.bytes().all(is_plain) => format!("`{value}`").into(),
        length => format!("a text of {length} bytes").into(),
    }
}

/// Names the setting that takes the header or refuses it, where there is one.
fn not_implemented(name: &str, value: &str) -> String {
    let setting = match name {
        "if-modified-since" | "if-none-match" | "if-range" | "if-unmodified-since" => {
            return format!("header `{name}` would reach S3: with `triggers` \"origin-request\" nothing can remove it");
        }
        "x-oss-forbid-overwrite" => {
            return format!(
                "header `{name}` is {}: with `triggers` \"origin-request\" it needs a `relay`",
                found(value)
            );
        }
        "x-oss-callback" | "x-oss-callback-var" => "headers.callback",
        "x-oss-object-acl" => "headers.publicAcl",
        "x-oss-server-side-encryption" | "x-oss-server-side-encryption-key-id" => "headers.kmsKeys",
        "x-oss-tagging" => "headers.tagging",
        _ => return format!("header `{name}` is {}: S3 does not do that", found(value)),
    };
    format!("header `{name}` is {}: see `{setting}` in the configuration", found(value))
}

impl TooSkewed {
    fn detail(&self) -> String {
        let seconds = self.now.0.abs_diff(self.requested.0) / 1000;
        let direction = if self.requested < self.now { "behind" } else { "ahead" };
        format!("the device's clock is {seconds} s {direction}; {} s are allowed", self.max_millis / 1000)
    }
}

impl Mismatch {
    fn detail(&self) -> String {
        let Mismatch { access_key_id, host, style, bucket, .. } = self;
        format!("signature mismatch for {access_key_id} at {host} ({style}, bucket {bucket})")
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

impl PreflightFault {
    fn header(&self) -> &'static str {
        match self {
            PreflightFault::Origin(_) => "origin",
            PreflightFault::Method(_) => "access-control-request-method",
            PreflightFault::Headers => "access-control-request-headers",
        }
    }

    fn detail(&self) -> String {
        match self {
            PreflightFault::Origin(origin) if origin.is_empty() => "the preflight names no origin".to_owned(),
            PreflightFault::Origin(origin) => format!("unknown origin `{origin}`: add it to `cors.origins`"),
            PreflightFault::Method(method) => {
                format!("the preflight asks for the method `{method}`, which is not served")
            }
            PreflightFault::Headers => "the preflight's list of headers is malformed or too long".to_owned(),
        }
    }
}

impl KeyFault {
    fn detail(self) -> &'static str {
        match self {
            KeyFault::Empty => "no key",
            KeyFault::TooLong => "the key has more than 1,023 bytes",
            KeyFault::Escape => "the path does not begin with `/`, or has a percent-escape that is cut off",
            KeyFault::NotUtf8 => "the key is not UTF-8",
            KeyFault::LeadingSlash => "the key begins with a slash or backslash",
            KeyFault::NotXml => "the key has a character that XML does not allow",
            KeyFault::DotSegment => "the key has a segment `.` or `..`",
            KeyFault::Own => "the key is under `.oss-edge/`, where oss-edge keeps parts of uploads",
            KeyFault::SubResource => "the key has `?` and a sub-resource's name, so its signature is ambiguous",
        }
    }
}

impl LengthFault {
    fn detail(self) -> &'static str {
        match self {
            LengthFault::NoRelay => {
                "no Content-Length, and S3 takes no body without one: a `relay` with `bodiesWithoutLength` \
                 \"relay\" does"
            }
            LengthFault::TurnedOff => {
                "no Content-Length, and `bodiesWithoutLength` is \"refuse\": the relay takes the body with \"relay\""
            }
            LengthFault::LengthAndChunks => {
                "S3 would get the body in chunks, or their framing as content: a `relay` takes such a body"
            }
            LengthFault::NoFraming => "neither Content-Length nor Transfer-Encoding, so there is no body to store",
        }
    }
}

impl AccessKeyFault {
    fn detail(self) -> &'static str {
        match self {
            AccessKeyFault::Unknown => "unknown access key id",
            AccessKeyFault::Disabled => "the access key is disabled",
            AccessKeyFault::NoLiveSecret => "no secret of the access key is valid now",
            AccessKeyFault::UnknownScope => "the master key has no scope of this name",
            AccessKeyFault::Revoked => "the device is revoked",
            AccessKeyFault::Expired => "the derived key has expired",
        }
    }
}

impl CredentialFault {
    fn detail(self) -> &'static str {
        match self {
            CredentialFault::Form => "the credential is not `AccessKeyId/date/region/oss/aliyun_v4_request`",
            CredentialFault::Date => "the credential is for another day than the signed date",
            CredentialFault::Region => "the credential has no region",
        }
    }
}

impl AuthorizationFault {
    fn detail(self) -> &'static str {
        match self {
            AuthorizationFault::Empty => "the Authorization header is empty",
            AuthorizationFault::Form => "the signature does not follow the grammar of a scheme",
            AuthorizationFault::NoAccessKeyId => "the signature has no access key id",
            AuthorizationFault::NoSignature => "the Authorization header has no signature",
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
