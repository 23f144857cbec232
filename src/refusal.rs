//! Why a request is refused, and how OSS says it.

use std::borrow::Cow;
use std::fmt;

use crate::parts::cut;
use crate::signing_date::UnixMillis;
use crate::texts::joined;

/// One cause each. The order in which they are looked for is the pipeline's: see
/// [`Gate::decide`](crate::Gate::decide).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The adapter's encoding of the request doesn't parse: a part of it carries a NUL, or a header's
    /// name is none.
    MalformedRequest,
    /// A header may stand once and stands more often, or with different values.
    RepeatedHeader(String),
    /// A header's value carries a control character.
    MalformedHeader(String),
    /// The Host isn't configured, is missing, or isn't a host.
    UnknownHost,
    /// The bucket's name can't be one (3 to 63 lower-case letters, digits and hyphens).
    InvalidBucketName,
    /// The key can't be one.
    InvalidObjectName(KeyFault),
    /// The query has no one reading.
    MalformedQuery,
    /// A query parameter appears twice.
    RepeatedParameter(String),
    /// A query parameter that the operation doesn't take, or that misses its companion.
    UnexpectedParameter(String),
    /// `partNumber` isn't a plain integer from 1 to 10,000.
    InvalidPartNumber(String),
    /// `encoding-type` isn't `url`.
    InvalidEncodingType(String),
    /// `max-parts` isn't an integer from 1 to 1,000, or `part-number-marker` not one from 0 to 10,000.
    InvalidQueryValue(&'static str, String),
    /// An operation that isn't served.
    MethodNotAllowed,
    /// No signature at all.
    MissingSignature,
    /// Signatures in the header and in the query, or of two schemes in the query.
    ConflictingSignatures,
    /// A signature in the query that misses one of its parameters.
    IncompleteUrlSignature,
    /// The credential of signature version 4 doesn't follow its grammar, or isn't for here and now.
    InvalidCredential(CredentialFault),
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
    /// The access key may not do that.
    AccessDenied,
    /// The bucket isn't configured.
    NoSuchBucket(String),
    /// ListParts is off: no upload is known, so clients begin a new one.
    NoSuchUpload(String),
    /// A header asks for something that S3 wouldn't do.
    NotImplemented(String),
    /// A header's value isn't one that OSS defines.
    InvalidHeaderValue(&'static str, String),
    /// More user metadata than S3 keeps.
    MetadataTooLarge,
    /// A chunked body without a length, which S3 doesn't take, or no length where the access key bounds it.
    MissingContentLength,
    /// `Content-Length` isn't a number.
    InvalidContentLength,
    /// A body larger than the access key may send, or than S3 takes at once.
    EntityTooLarge,
    /// The request doesn't fit through API Gateway.
    RequestTooLarge,
}

/// When it is worth looking whether other access keys would turn a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// At once: a key of this id may have been added.
    AtOnce,
    /// When the next look is due: the key may have changed.
    WhenDue,
    /// Never: no document would turn it.
    Never,
}

/// Why an access key can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKeyFault {
    /// There is none of this id.
    Unknown,
    /// It is disabled, or the master key that it is derived from.
    Disabled,
    /// None of its secrets is valid now.
    NoLiveSecret,
    /// The id names a scope that the master key doesn't have.
    UnknownScope,
    /// The device is revoked.
    Revoked,
    /// The time in the id has come.
    Expired,
}

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// No key at all.
    Empty,
    /// More than 1,023 bytes.
    TooLong,
    /// A percent-escape that is cut off or not UTF-8.
    Escape,
    /// A character that XML 1.0 can't carry.
    NotXml,
    /// A segment `.` or `..`.
    DotSegment,
    /// A `?` and a sub-resource's name inside the key: in signature version 1 that signs the same
    /// text as the sub-resource itself.
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
    /// The region is empty, or not one that is configured.
    Region,
}

/// What is wrong with a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFault {
    /// Neither header is there.
    Missing,
    /// The header that counts has another format.
    Malformed,
}

/// A date that is too far from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSkewed {
    /// The request's date.
    pub requested: UnixMillis,
    /// How far it might have been, in milliseconds.
    pub max_millis: u64,
}

/// A signature that doesn't verify. It never holds the right one.
#[derive(Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The access key's id, as presented.
    pub access_key_id: String,
    /// The signature, as presented.
    pub signature_provided: String,
    /// The text that should have been signed.
    pub string_to_sign: String,
    /// The text whose hash stands in it, in signature version 4.
    pub canonical_request: Option<String>,
}

impl Refusal {
    /// When to look for other access keys because of it.
    pub fn renewal(&self) -> Renewal {
        match self {
            Refusal::InvalidAccessKeyId(_, AccessKeyFault::Unknown) => Renewal::AtOnce,
            Refusal::InvalidAccessKeyId(_, AccessKeyFault::Expired) => Renewal::Never,
            Refusal::InvalidAccessKeyId(..) | Refusal::SignatureDoesNotMatch(_) => Renewal::WhenDue,
            _ => Renewal::Never,
        }
    }

    /// One sentence for the operator's log: what was wrong, where `Code` alone doesn't say it.
    pub fn detail(&self) -> Cow<'static, str> {
        let (fault, name) = self.fault();
        match cut(fault, NAME) {
            (thing, Some(fault)) => joined(&[thing, name, fault]).into(),
            _ => fault.into(),
        }
    }

    /// What is wrong, with a [`NAME`] where a thing needs naming, and its name.
    fn fault(&self) -> (&'static str, &str) {
        let fault = match self {
            Refusal::MalformedRequest => "a part of the request carries a NUL, or a header's name is none",
            Refusal::RepeatedHeader(name) => return ("header `*` is repeated", name),
            Refusal::MalformedHeader(name) => return ("header `*` carries a control character", name),
            Refusal::UnknownHost => "the Host is not in `hosts` of the configuration",
            Refusal::InvalidBucketName => "the bucket's name can't be one",
            Refusal::InvalidObjectName(fault) => fault.detail(),
            Refusal::MalformedQuery => "the query has a broken escape, an empty name or too many parameters",
            Refusal::RepeatedParameter(name) => return ("query parameter `*` is repeated", shown(name)),
            Refusal::UnexpectedParameter(name) => return ("query parameter `*` has no place here", shown(name)),
            Refusal::InvalidPartNumber(_) => "`partNumber` is not an integer from 1 to 10000",
            Refusal::InvalidEncodingType(_) => "`encoding-type` is not `url`",
            Refusal::InvalidQueryValue(name, _) => {
                return ("query parameter `*` is not a number in its range", name);
            }
            Refusal::MethodNotAllowed => "the operation is not served",
            Refusal::MissingSignature => "no signature",
            Refusal::ConflictingSignatures => "more than one signature",
            Refusal::IncompleteUrlSignature => "the signature in the URL misses a parameter",
            Refusal::InvalidCredential(fault) => fault.detail(),
            Refusal::InvalidExpires => "the expiry is not a number of seconds in its range",
            Refusal::Expired(_) => "the signed URL has expired",
            Refusal::ExpiresTooFar => "the signed URL is valid for longer than is allowed",
            Refusal::NotYetValid => "the signed URL is from the future",
            Refusal::MalformedAuthorization(fault) => fault.detail(),
            Refusal::SchemeNotEnabled(name) => return ("signature scheme * is not enabled", name),
            Refusal::InvalidDate(DateFault::Missing) => "neither `x-oss-date` nor `date`",
            Refusal::InvalidDate(DateFault::Malformed) => "the date is neither RFC 1123 nor ISO 8601 basic",
            Refusal::RequestTimeTooSkewed(_) => "the request's date is too far from now",
            Refusal::InvalidAccessKeyId(_, fault) => fault.detail(),
            Refusal::SignatureDoesNotMatch(_) => "the signature does not verify",
            Refusal::InvalidSecurityToken => "the security token is not the access key's",
            Refusal::AccessDenied => "no rule of the access key's `allow` covers the request",
            Refusal::NoSuchBucket(_) => "the bucket is not in `buckets` of the configuration",
            Refusal::NoSuchUpload(_) => "ListParts is not served",
            Refusal::NotImplemented(name) => return ("header `*` asks for what S3 would not do", name),
            Refusal::InvalidHeaderValue(name, _) => {
                return ("header `*` has a value that OSS does not define", name);
            }
            Refusal::MetadataTooLarge => "more than 2 KB of user metadata",
            Refusal::MissingContentLength => "a chunked body without a Content-Length",
            Refusal::InvalidContentLength => "Content-Length is not a number",
            Refusal::EntityTooLarge => "the body is larger than the access key may send, or than S3 takes at once",
            Refusal::RequestTooLarge => "the request does not fit through API Gateway",
        };
        (fault, "")
    }
}

/// What stands for a name, and in no text of a fault for itself.
const NAME: u8 = b'*';

/// As much of a parameter's name as is logged: a name may hold an encoded `=` and a signature after it.
fn shown(name: &str) -> &str {
    cut(name, b'=').0
}

impl fmt::Debug for Mismatch {
    /// Without the signature and the text, which together can be sent again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mismatch {{ access_key_id: {:?} }}", self.access_key_id)
    }
}

impl Renewal {
    /// Its name for JavaScript; nothing for never.
    pub fn name(self) -> &'static str {
        match self {
            Renewal::AtOnce => "at-once",
            Renewal::WhenDue => "when-due",
            Renewal::Never => "",
        }
    }
}

impl KeyFault {
    fn detail(self) -> &'static str {
        match self {
            KeyFault::Empty => "no key",
            KeyFault::TooLong => "the key has more than 1,023 bytes",
            KeyFault::Escape => {
                "the path does not begin with `/`, or has a percent-escape that is cut off or not UTF-8"
            }
            KeyFault::NotXml => "the key has a character that XML can't carry",
            KeyFault::DotSegment => "the key has a segment `.` or `..`",
            KeyFault::SubResource => "the key has `?` and a sub-resource's name: its signature is ambiguous",
        }
    }
}

impl AccessKeyFault {
    fn detail(self) -> &'static str {
        match self {
            AccessKeyFault::Unknown => "no access key of this id",
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
            CredentialFault::Region => "the credential's region is not in `signatureRegions`",
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
    fn looks_at_once_for_an_id_that_nobody_knows_and_for_nothing_else() {
        for (fault, renewal) in [
            (AccessKeyFault::Unknown, "at-once"),
            (AccessKeyFault::Disabled, "when-due"),
            (AccessKeyFault::NoLiveSecret, "when-due"),
            (AccessKeyFault::UnknownScope, "when-due"),
            (AccessKeyFault::Revoked, "when-due"),
            (AccessKeyFault::Expired, ""),
        ] {
            assert_eq!(Refusal::InvalidAccessKeyId("id".into(), fault).renewal().name(), renewal, "{fault:?}");
        }
        assert_eq!(Refusal::AccessDenied.renewal(), Renewal::Never);
    }
}
