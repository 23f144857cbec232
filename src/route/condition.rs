//! Conditional headers where origin-request decides: CloudFront lets no function at origin request set or remove them.

use super::Served;
use super::s3_headers::Header;
use crate::config::{Config, Triggers};
use crate::refusal::Refusal;
use crate::request::Request;

/// The headers that S3 obeys and that are read-only at origin request (CloudFront Developer Guide, "Restrictions on
/// edge functions").
const READ_ONLY: [&str; 4] = ["if-modified-since", "if-none-match", "if-range", "if-unmodified-since"];

/// Who sends the condition of a request to S3.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// The edge, if there is one at all.
    Edge,
    /// The relay, or the API for CompleteMultipartUpload.
    Service,
}

impl Condition {
    /// Who sends the condition among these headers for S3. The API and the relay take conditions whatever their own
    /// `triggers`: for some minutes after a change, the edge may have another value.
    pub(super) fn of_headers(headers: &[Header], served: Served, config: &Config) -> Self {
        let is_set_behind = served != Served::Edge || config.triggers == Triggers::OriginRequest;
        let has_condition = headers.iter().any(|(name, _)| READ_ONLY.contains(&&**name));
        if is_set_behind && has_condition { Condition::Service } else { Condition::Edge }
    }
}

/// Checks that a request that goes straight to S3 reaches it with its condition, and with no other.
///
/// # Errors
/// [`Refusal::NotImplemented`] for a condition that can't be set, or that the client sent and that can't be removed.
pub(super) fn check_reach(request: &Request<'_>, condition: Condition, triggers: Triggers) -> Result<(), Refusal> {
    let sent = request.headers.iter().find(|(name, _)| READ_ONLY.contains(name));
    match (triggers, condition, sent) {
        // The only OSS header that becomes a condition: of this request, or of the one that began the upload.
        (_, Condition::Service, _) => {
            Err(Refusal::NotImplemented("x-oss-forbid-overwrite".to_owned(), "true".to_owned()))
        }
        (Triggers::OriginRequest, Condition::Edge, Some((name, value))) => {
            Err(Refusal::NotImplemented(name.to_owned(), value.to_owned()))
        }
        _ => Ok(()),
    }
}
