//! The signature that a request presents, by scheme and carrier.

use crate::refusal::{AuthorizationFault, Refusal};
use crate::request_view::RequestView;
use crate::signature_v1;

/// A signature whose grammar was checked and nothing else yet. A scheme is a variant, and its rules
/// are a file of their own.
pub(crate) enum PresentedSignature<'a> {
    /// `Authorization: OSS AccessKeyId:Signature`
    V1Header(signature_v1::Presented<'a>),
}

/// Schemes of OSS that aren't served, by what their Authorization header begins with.
const OTHER_SCHEMES: [&str; 2] = ["OSS2", "OSS4-HMAC-SHA256"];

impl<'a> PresentedSignature<'a> {
    /// Reads a request's one signature.
    ///
    /// # Errors
    /// [`Refusal::MissingSignature`], [`Refusal::RepeatedHeader`], [`Refusal::MalformedHeader`],
    /// [`Refusal::SchemeNotEnabled`] or [`Refusal::MalformedAuthorization`].
    pub(crate) fn from_request(request: &RequestView<'a>) -> Result<Self, Refusal> {
        let value = request.unique("authorization")?.ok_or(Refusal::MissingSignature)?;
        if value.is_empty() {
            return Err(Refusal::MalformedAuthorization(AuthorizationFault::Empty));
        }
        let (scheme, credentials) = value.split_once(' ').unwrap_or((value, ""));
        if let Some(scheme) = OTHER_SCHEMES.iter().find(|other| **other == scheme) {
            return Err(Refusal::SchemeNotEnabled(scheme));
        }
        match scheme {
            "OSS" => signature_v1::Presented::parse(credentials).map(PresentedSignature::V1Header),
            _ => Err(Refusal::MalformedAuthorization(AuthorizationFault::Form)),
        }
    }

    /// The access key's id, as presented.
    pub(crate) fn access_key_id(&self) -> &'a str {
        match self {
            PresentedSignature::V1Header(presented) => presented.access_key_id,
        }
    }
}
