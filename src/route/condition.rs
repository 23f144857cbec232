//! Conditions of requests that go straight to S3, where origin-request decides: a function there may neither set such a
//! header nor remove one.

use super::s3_headers::Header;
use crate::config::{Config, Triggers};
use crate::refusal::Refusal;
use crate::request::Request;

/// The read-only headers of origin requests that S3 obeys (CloudFront Developer Guide, "Restrictions on edge functions").
const READ_ONLY: [&str; 4] = ["if-modified-since", "if-none-match", "if-range", "if-unmodified-since"];

/// Whether the headers for S3 have one that only viewer-request could set.
pub(super) fn is_out_of_reach(headers: &[Header], config: &Config) -> bool {
    config.triggers == Triggers::OriginRequest && headers.iter().any(|(name, _)| READ_ONLY.contains(&&**name))
}

/// Checks what goes straight to S3.
///
/// # Errors
/// [`Refusal::NotImplemented`] for a condition that S3 would not get, or would get although nobody verified it.
pub(super) fn check_reach(request: &Request<'_>, headers: &[Header], config: &Config) -> Result<(), Refusal> {
    if is_out_of_reach(headers, config) {
        // The one header of OSS's that becomes a condition; an upload in parts may have begun with it.
        return Err(Refusal::NotImplemented("x-oss-forbid-overwrite".to_owned(), "true".to_owned()));
    }
    let sent = request.headers.iter().find(|(name, _)| READ_ONLY.contains(name));
    match (config.triggers, sent) {
        (Triggers::OriginRequest, Some((name, value))) => {
            Err(Refusal::NotImplemented(name.to_owned(), value.to_owned()))
        }
        (Triggers::ViewerRequest | Triggers::OriginRequest, _) => Ok(()),
    }
}
