//! What the log says about a refusal: the header or parameter that was wrong, and a detail.

use std::borrow::Cow;

use super::{
    AccessKeyFault, AuthorizationFault, CredentialFault, DateFault, KeyFault, LengthFault, Mismatch, PreflightFault,
    Refusal, TooSkewed,
};

impl Refusal {
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

    /// One line for the log: what was wrong and, where that is known, what to change. It never contains a secret, a
    /// signature or a StringToSign.
    pub fn detail(&self) -> Cow<'static, str> {
        match self {
            Refusal::MalformedRequest => "the request has a NUL, a header whose name is not a token, or a malformed hand-over".into(),
            Refusal::UnknownHandOver => {
                "the hand-over has an unknown version: the edge is of a later release, and must not be more than one ahead"
                    .into()
            }
            Refusal::RepeatedHeader(name) => format!("header `{name}` is repeated").into(),
            Refusal::MalformedHeader(name) if name == "x-oss-meta-" => {
                "a header is named `x-oss-meta-`, with no name of metadata after it".into()
            }
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
                format!("query parameter `{}`, or its value, is not allowed here", shown(name)).into()
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
            Refusal::InvalidSecurityToken => "the security token is missing, repeated, unsigned or not the access key's".into(),
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
                "the body is larger than `maxObjectBytes` of the access key, or than the 5 GiB that S3 takes at once".into()
            }
            Refusal::RequestTooLarge => "the request does not fit through API Gateway".into(),
        }
    }
}

/// The part of a parameter's name that may be logged. A client that encodes a signed query again sends all of it as one
/// name: an `=`, encoded once or several times, and a signature after it.
fn shown(name: &str) -> &str {
    name.split(['=', '%']).next().unwrap_or_default()
}

/// A value that a client sent, where it is no longer than the values that OSS defines and can't be a signature or
/// token.
fn found(value: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    match value.len() {
        0 => "empty".into(),
        1..=24 if value.bytes().all(is_plain) => format!("`{value}`").into(),
        length => format!("a text of {length} bytes").into(),
    }
}

/// The detail for a header that S3 has no equivalent of, with the setting that would allow it, if there is one.
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
        _ if name.starts_with("x-oss-copy-source") || name == "x-oss-metadata-directive" => {
            return format!("header `{name}` is {}: copying is not served", found(value));
        }
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
            PreflightFault::Origin(origin) if origin.is_empty() => "the preflight has no Origin, or several".to_owned(),
            PreflightFault::Origin(origin) => format!("unknown origin `{origin}`: add it to `cors.origins`"),
            PreflightFault::Method(method) if method.is_empty() => {
                "the preflight has no Access-Control-Request-Method, or several".to_owned()
            }
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
            LengthFault::DocumentElsewhere => {
                "no Content-Length, and neither S3 nor API Gateway takes the document without one: a `relay` with \
                 `completeMultipartUpload` \"relay\" does"
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
    pub(crate) fn detail(self) -> &'static str {
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
            CredentialFault::Region => "the credential has no region, or one of more than 128 bytes",
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
