//! Who signed a request: the only place where an [`Authenticated`] is made.

use crate::access_key::{AccessKey, AccessKeys};
use crate::canonicalized_oss_headers::CanonicalizedOssHeaders;
use crate::clock_skew::TimeLimits;
use crate::config::Config;
use crate::operation::Operation;
use crate::presented_signature::PresentedSignature;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::request_view::RequestView;
use crate::resource::Resource;
use crate::signature_v1::{self, StringToSign};
use crate::signing_date::UnixMillis;

/// A request whose bucket, key and operation are known, and nothing yet about who sent it.
pub(crate) struct Classified<'v, 'r> {
    pub(crate) request: &'v RequestView<'r>,
    pub(crate) resource: &'v Resource<'r>,
    pub(crate) query: &'v Query<'r>,
    pub(crate) operation: Operation,
}

/// A request whose signature was verified. Its fields are private: without one, no request can be
/// authorized or routed.
pub(crate) struct Authenticated<'v, 'r> {
    classified: Classified<'v, 'r>,
    oss_headers: CanonicalizedOssHeaders<'v, 'r>,
    additional_headers: Vec<String>,
}

impl<'v, 'r> Authenticated<'v, 'r> {
    pub(crate) fn classified(&self) -> &Classified<'v, 'r> {
        &self.classified
    }

    /// The headers that the signature covers besides those that its version always signs.
    pub(crate) fn additional_headers(&self) -> &[String] {
        &self.additional_headers
    }

    /// The `x-oss-*` headers that the signature covers.
    pub(crate) fn oss_headers(&self) -> &CanonicalizedOssHeaders<'v, 'r> {
        &self.oss_headers
    }
}

/// Verifies a request's signature, in OSS's order: form, date, skew or expiry, access key, signature
/// (OSS, "Add a signature to the header", "Response"; for a URL: expiry before signature), and then
/// that it is the access key's security token that was signed.
///
/// # Errors
/// The first [`Refusal`] in that order.
pub(crate) fn authenticate<'v, 'r>(
    classified: Classified<'v, 'r>,
    presented: &PresentedSignature<'_>,
    oss_headers: CanonicalizedOssHeaders<'v, 'r>,
    keys: &AccessKeys,
    config: &Config,
    now: UnixMillis,
) -> Result<Authenticated<'v, 'r>, Refusal> {
    if let PresentedSignature::V1(_) = presented {
        signature_v1::check_unambiguous(classified.resource)?;
    }
    let limits = TimeLimits {
        now,
        max_clock_skew_seconds: config.max_clock_skew_seconds,
        max_url_expiry_seconds: config.max_url_expiry_seconds,
    };
    let date = presented.check_time(classified.request, &limits)?;
    let key = known_key(keys, presented.access_key_id())?;
    match presented {
        PresentedSignature::V1(presented) => {
            let Classified { request, resource, query, .. } = classified;
            let string_to_sign = StringToSign::of_request(request, resource, query, date, oss_headers.clone())?;
            presented.authenticate(key, &string_to_sign)?;
        }
        PresentedSignature::V4(presented) => {
            presented.check_region(&config.signature_regions)?;
            presented.authenticate(key, &classified, &oss_headers, date)?;
        }
    }
    key.check_security_token(presented.security_token(&classified)?)?;
    let additional_headers = presented.additional_headers().to_vec();
    Ok(Authenticated { classified, oss_headers, additional_headers })
}

fn known_key<'k>(keys: &'k AccessKeys, id: &str) -> Result<&'k AccessKey, Refusal> {
    keys.get(id).ok_or_else(|| Refusal::InvalidAccessKeyId(id.to_owned()))
}
