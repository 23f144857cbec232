//! The signature that a request presents, by version and carrier.

pub(crate) mod clock_skew;
pub(crate) mod oss_headers;
mod signing_date;
pub mod v1;
pub mod v4;

use crate::access_keys::access_key::LiveSecret;
use crate::access_keys::signing_keys::SigningKeys;
use crate::refusal::{AuthorizationFault, Refusal};
use crate::request::Request;
use crate::request::query::Query;
use crate::resource::Resource;
use crate::scheme::{SECURITY_TOKEN_PARAMETER, Scheme, V1_PARAMETERS, V2_PARAMETER, V4_PARAMETERS};
use crate::time::UnixMillis;
use clock_skew::TimeLimits;
use oss_headers::CanonicalizedOssHeaders;

/// A signature whose syntax was checked, and nothing else.
pub(crate) enum PresentedSignature<'r> {
    /// HMAC-SHA1.
    V1(v1::Presented<'r>),
    /// HMAC-SHA256 with a key that is derived for a day and a region.
    V4(Box<v4::Presented<'r>>),
}

/// The texts that a request should have signed.
pub(crate) struct SignedTexts {
    pub(crate) string_to_sign: String,
    /// The CanonicalRequest, whose hash is part of the StringToSign in version 4.
    pub(crate) canonical_request: Option<String>,
}

impl<'r> PresentedSignature<'r> {
    /// Reads the signature of a request, which must have exactly one.
    ///
    /// # Errors
    /// [`Refusal::MissingSignature`]; [`Refusal::ConflictingSignatures`] for more than one;
    /// [`Refusal::SchemeNotEnabled`]; [`Refusal::MalformedAuthorization`], [`Refusal::InvalidCredential`] or
    /// [`Refusal::IncompleteUrlSignature`] for its syntax; [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
    pub(crate) fn from_request(
        request: &'r Request<'_>,
        query: &'r Query,
        enabled: &[Scheme],
    ) -> Result<Self, Refusal> {
        let header = request.headers.get_unique("authorization")?.map(str::trim_ascii_end);
        let in_query = |names: &[&str]| names.iter().any(|name| query.get(name).is_some());
        let has_v4 = in_query(&V4_PARAMETERS);
        let has_v1 = in_query(&V1_PARAMETERS) || (in_query(&[SECURITY_TOKEN_PARAMETER]) && !has_v4);
        let presented = match (header, has_v1, has_v4) {
            _ if in_query(&[V2_PARAMETER]) => return Err(Refusal::SchemeNotEnabled("OSS2")),
            (None, false, false) => return Err(Refusal::MissingSignature),
            (Some(value), false, false) => Self::from_header(value)?,
            (None, true, false) => PresentedSignature::V1(v1::Presented::from_query(query)?),
            (None, false, true) => PresentedSignature::V4(Box::new(v4::Presented::from_query(query)?)),
            _ => return Err(Refusal::ConflictingSignatures),
        };
        let scheme = presented.scheme();
        if enabled.contains(&scheme) { Ok(presented) } else { Err(Refusal::SchemeNotEnabled(scheme.name())) }
    }

    fn from_header(value: &'r str) -> Result<Self, Refusal> {
        if value.is_empty() {
            return Err(Refusal::MalformedAuthorization(AuthorizationFault::Empty));
        }
        let (scheme, credentials) = value.split_once(' ').unwrap_or((value, ""));
        match scheme {
            "OSS" => Ok(PresentedSignature::V1(v1::Presented::from_header(credentials)?)),
            v4::ALGORITHM => Ok(PresentedSignature::V4(Box::new(v4::Presented::from_header(credentials)?))),
            "OSS2" => Err(Refusal::SchemeNotEnabled("OSS2")),
            _ => Err(Refusal::MalformedAuthorization(AuthorizationFault::Form)),
        }
    }

    /// The scheme, as the configuration names it.
    pub(crate) fn scheme(&self) -> Scheme {
        match self {
            PresentedSignature::V1(presented) => presented.scheme(),
            PresentedSignature::V4(presented) => presented.scheme(),
        }
    }

    /// The access key's id, as presented.
    pub(crate) fn access_key_id(&self) -> &'r str {
        match self {
            PresentedSignature::V1(presented) => presented.access_key_id,
            PresentedSignature::V4(presented) => presented.access_key_id,
        }
    }

    /// The signature, as presented.
    pub(crate) fn signature(&self) -> &'r str {
        match self {
            PresentedSignature::V1(presented) => presented.signature,
            PresentedSignature::V4(presented) => presented.signature,
        }
    }

    /// The Authorization header for this signature, with another text in place of the signature itself.
    pub(crate) fn authorization_with(&self, signature: &str) -> String {
        match self {
            PresentedSignature::V1(presented) => format!("OSS {}:{signature}", presented.access_key_id),
            PresentedSignature::V4(presented) => {
                let v4::Presented { access_key_id, scope, additional_headers, .. } = &**presented;
                let additional = match additional_headers.names() {
                    [] => String::new(),
                    names => format!(",AdditionalHeaders={}", names.join(";")),
                };
                format!("{} Credential={access_key_id}/{scope}{additional},Signature={signature}", v4::ALGORITHM)
            }
        }
    }

    /// The headers that it covers beyond those that its version always signs.
    pub(crate) fn additional_headers(&self) -> &[String] {
        match self {
            PresentedSignature::V1(_) => &[],
            PresentedSignature::V4(presented) => presented.additional_headers.names(),
        }
    }

    /// Checks that no other request has the same StringToSign.
    ///
    /// # Errors
    /// In version 1 [`Refusal::InvalidObjectName`].
    pub(crate) fn check_unambiguous(&self, resource: &Resource) -> Result<(), Refusal> {
        match self {
            PresentedSignature::V1(_) => v1::check_unambiguous(resource),
            PresentedSignature::V4(_) => Ok(()),
        }
    }

    /// Checks the time of the signature, and returns the date that was signed, as sent.
    ///
    /// # Errors
    /// [`Refusal::InvalidDate`] or [`Refusal::RequestTimeTooSkewed`] for a header; [`Refusal::InvalidExpires`],
    /// [`Refusal::Expired`], [`Refusal::ExpiresTooFar`] or [`Refusal::NotYetValid`] for a URL;
    /// [`Refusal::InvalidCredential`] for a scope of another day.
    pub(crate) fn check_time(&self, request: &'r Request<'_>, limits: &TimeLimits) -> Result<&'r str, Refusal> {
        match self {
            PresentedSignature::V1(presented) => presented.check_time(request, limits),
            PresentedSignature::V4(presented) => presented.check_time(request, limits),
        }
    }

    /// When the request was signed, by its own date; `None` for a URL of version 1, which only has its expiry.
    pub(crate) fn signed_at(&self, request: &Request<'_>) -> Option<UnixMillis> {
        match self {
            PresentedSignature::V1(presented) => presented.signed_at(request),
            PresentedSignature::V4(presented) => presented.signed_at(request),
        }
    }

    /// The texts that the request should have signed. `date` is the text that [`Self::check_time`] returns.
    ///
    /// # Errors
    /// In version 4, for the region [`Refusal::OtherRegion`]; [`Refusal::RepeatedHeader`] and
    /// [`Refusal::MalformedHeader`] for the other headers that are signed.
    pub(crate) fn signed_texts(
        &self,
        request: &Request<'_>,
        resource: &Resource,
        query: &Query,
        oss_headers: &CanonicalizedOssHeaders<'_>,
        date: &str,
        signature_regions: &[String],
    ) -> Result<SignedTexts, Refusal> {
        match self {
            PresentedSignature::V1(_) => {
                let text = v1::StringToSign::of_request(request, resource, query, date, oss_headers)?;
                Ok(SignedTexts { string_to_sign: text.to_string(), canonical_request: None })
            }
            PresentedSignature::V4(presented) => {
                presented.check_region(signature_regions)?;
                let additional_headers = &presented.additional_headers;
                let canonical =
                    v4::CanonicalRequest::of_request(request, resource, query, oss_headers, additional_headers)?;
                let canonical_request = canonical.to_string();
                let string_to_sign = v4::StringToSign::new(date, presented.scope, &canonical_request).to_string();
                Ok(SignedTexts { string_to_sign, canonical_request: Some(canonical_request) })
            }
        }
    }

    /// Whether the signature is that of `string_to_sign` with this secret.
    pub(crate) fn verifies(&self, live: &LiveSecret<'_>, signing_keys: &SigningKeys, string_to_sign: &str) -> bool {
        match self {
            PresentedSignature::V1(presented) => v1::verify(live.secret, string_to_sign, presented.signature),
            PresentedSignature::V4(presented) => presented.verifies(live, signing_keys, string_to_sign),
        }
    }

    /// The security token that the request presents: in a header or a parameter that its scheme signs. Python v2 and
    /// Java v2 send it unsigned, in a header `security-token`; that is accepted for version 1 in the header only.
    ///
    /// # Errors
    /// [`Refusal::InvalidSecurityToken`] for a token in more than one place, or unsigned with another scheme;
    /// [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
    pub(crate) fn security_token<'q>(
        &self,
        request: &'q Request<'_>,
        query: &'q Query,
    ) -> Result<Option<&'q str>, Refusal> {
        let header = request.headers.get_single("x-oss-security-token")?;
        let unsigned = request.headers.get_single("security-token")?;
        let parameter = match (query.get(SECURITY_TOKEN_PARAMETER), query.get("x-oss-security-token")) {
            (token, None) | (None, token) => token,
            _ => return Err(Refusal::InvalidSecurityToken),
        };
        match (header, unsigned, parameter) {
            (None, None, token) | (token, None, None) => Ok(token),
            (None, token, None) if self.scheme() == Scheme::V1Header => Ok(token),
            _ => Err(Refusal::InvalidSecurityToken),
        }
    }
}
