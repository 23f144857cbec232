//! The signature that a request presents, by scheme and carrier.

use crate::authenticate::Classified;
use crate::clock_skew::TimeLimits;
use crate::header_name::HeaderName;
use crate::parts::cut;
use crate::query::Query;
use crate::refusal::{AuthorizationFault, Refusal};
use crate::request_view::RequestView;
use crate::resource::Resource;
use crate::signature_scheme::Scheme;
use crate::texts::is_one_of;
use crate::{signature_v1, signature_v4};

/// A signature whose grammar was checked and nothing else yet. A scheme is a variant, and its rules
/// are a file of their own; where the scheme has two carriers, they are variants there.
pub(crate) enum PresentedSignature<'a> {
    /// HMAC-SHA1.
    V1(signature_v1::Presented<'a>),
    /// HMAC-SHA256, with a derived key. It is much larger than the other.
    V4(Box<signature_v4::Presented<'a>>),
}

/// What a query carries of a signature; none of it takes part in the operation.
const V1_PARAMETERS: [&str; 3] = ["Expires", "OSSAccessKeyId", "Signature"];
/// A token's name in URLs of version 1, and in those of version 4 that releases of Java v1 sign.
const SECURITY_TOKEN_PARAMETER: &str = "security-token";
const V4_PARAMETERS: [&str; 7] = [
    "x-oss-additional-headers",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-expires",
    "x-oss-security-token",
    "x-oss-signature",
    "x-oss-signature-version",
];

/// Version 2, which is recognised to be refused by its name.
const V2_PARAMETER: &str = "x-oss-access-key-id";

/// Whether a query parameter belongs to a signature.
pub(crate) fn is_signature_parameter(name: &str) -> bool {
    [&V1_PARAMETERS[..], &V4_PARAMETERS, &[V2_PARAMETER, SECURITY_TOKEN_PARAMETER]]
        .iter()
        .any(|names| is_one_of(name, names))
}

impl<'a> PresentedSignature<'a> {
    /// Reads a request's one signature.
    ///
    /// # Errors
    /// [`Refusal::MissingSignature`]; [`Refusal::ConflictingSignatures`] for two carriers at once;
    /// [`Refusal::SchemeNotEnabled`]; [`Refusal::MalformedAuthorization`] and its kin for the query;
    /// [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
    #[inline(never)]
    pub(crate) fn from_request(
        request: &RequestView<'a>,
        query: &'a Query<'_>,
        enabled: &[Scheme],
    ) -> Result<Self, Refusal> {
        let header = request.unique(HeaderName::Authorization)?;
        let presented = match (header, query.is_empty()) {
            (Some(value), true) => Self::from_header(value)?,
            (None, true) => return Err(Refusal::MissingSignature),
            (header, false) => Self::from_header_or_query(header, query)?,
        };
        let scheme = presented.scheme();
        if enabled.contains(&scheme) { Ok(presented) } else { Err(Refusal::SchemeNotEnabled(scheme.name())) }
    }

    #[inline(never)]
    fn from_header_or_query(header: Option<&'a str>, query: &'a Query<'_>) -> Result<Self, Refusal> {
        let in_query = |names: &[&str]| names.iter().any(|name| query.get(name).is_some());
        let v4 = in_query(&V4_PARAMETERS);
        let v1 = in_query(&V1_PARAMETERS) || (in_query(&[SECURITY_TOKEN_PARAMETER]) && !v4);
        match (header, v1, v4) {
            _ if in_query(&[V2_PARAMETER]) => Err(Refusal::SchemeNotEnabled("OSS2")),
            (None, false, false) => Err(Refusal::MissingSignature),
            (Some(value), false, false) => Self::from_header(value),
            (None, true, false) => signature_v1::Presented::from_query(query).map(PresentedSignature::V1),
            (None, false, true) => signature_v4::Presented::from_query(query).map(Self::v4),
            _ => Err(Refusal::ConflictingSignatures),
        }
    }

    fn from_header(value: &'a str) -> Result<Self, Refusal> {
        if value.is_empty() {
            return Err(Refusal::MalformedAuthorization(AuthorizationFault::Empty));
        }
        let (scheme, credentials) = cut(value, b' ');
        let credentials = credentials.unwrap_or_default();
        match scheme {
            "OSS" => signature_v1::Presented::from_header(credentials).map(PresentedSignature::V1),
            "OSS4-HMAC-SHA256" => signature_v4::Presented::from_header(credentials).map(Self::v4),
            "OSS2" => Err(Refusal::SchemeNotEnabled("OSS2")),
            _ => Err(Refusal::MalformedAuthorization(AuthorizationFault::Form)),
        }
    }

    fn v4(presented: signature_v4::Presented<'a>) -> Self {
        PresentedSignature::V4(Box::new(presented))
    }

    /// Checks that the text which it signs can be no other request's.
    ///
    /// # Errors
    /// In version 1 [`Refusal::InvalidObjectName`].
    pub(crate) fn check_unambiguous(&self, resource: &Resource<'_>) -> Result<(), Refusal> {
        match self {
            PresentedSignature::V1(_) => signature_v1::check_unambiguous(resource),
            PresentedSignature::V4(_) => Ok(()),
        }
    }

    /// Checks the time that bounds the signature, and gives the literal date text that was signed.
    ///
    /// # Errors
    /// Those of the scheme.
    pub(crate) fn check_time<'r: 'a>(
        &self,
        request: &RequestView<'r>,
        limits: &TimeLimits,
    ) -> Result<&'a str, Refusal> {
        match self {
            PresentedSignature::V1(presented) => presented.check_time(request, limits),
            PresentedSignature::V4(presented) => presented.check_time(request, limits),
        }
    }

    /// The security token that the request presents, from the one place where its scheme signs it: a
    /// header or a parameter. Python v2 and Java v2 send it unsigned, in a header `security-token`, with
    /// version 1 in the header, and only there it is taken.
    ///
    /// # Errors
    /// [`Refusal::InvalidSecurityToken`] for a token in more than one place, or unsigned elsewhere;
    /// [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
    #[inline(never)]
    pub(crate) fn security_token<'q>(&self, classified: &'q Classified<'_, '_>) -> Result<Option<&'q str>, Refusal> {
        let Classified { request, query, .. } = classified;
        let header = request.single(HeaderName::OssSecurityToken)?;
        let unsigned = request.single(HeaderName::SecurityToken)?;
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

    /// The scheme with its carrier, as the configuration names it.
    pub(crate) fn scheme(&self) -> Scheme {
        match self {
            PresentedSignature::V1(presented) => presented.scheme(),
            PresentedSignature::V4(presented) => presented.scheme(),
        }
    }

    /// The headers that it signs besides those that its version always signs.
    pub(crate) fn additional_headers(&self) -> &[String] {
        match self {
            PresentedSignature::V1(_) => &[],
            PresentedSignature::V4(presented) => presented.additional_headers(),
        }
    }

    /// The access key's id, as presented.
    pub(crate) fn access_key_id(&self) -> &'a str {
        match self {
            PresentedSignature::V1(presented) => presented.access_key_id,
            PresentedSignature::V4(presented) => presented.access_key_id,
        }
    }
}
