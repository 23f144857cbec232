//! Conditions of requests that go straight to S3, where origin-request decides: a function there may neither set such a
//! header nor remove one.

use super::Served;
use super::s3_headers::Header;
use crate::config::{Config, Triggers};
use crate::refusal::Refusal;
use crate::request::Request;

/// The read-only headers of origin requests that S3 obeys (CloudFront Developer Guide, "Restrictions on edge functions").
const READ_ONLY: [&str; 4] = ["if-modified-since", "if-none-match", "if-range", "if-unmodified-since"];

/// Who gives S3 the condition of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// The edge; or there is none.
    Edge,
    /// The relay; or the API, where an upload is completed.
    Service,
}

impl Condition {
    /// Of these headers for S3. What is behind the edge takes requests with a condition whatever the triggers are: the edge
    /// may have others for some minutes after a change.
    pub(super) fn of_headers(headers: &[Header], served: Served, config: &Config) -> Self {
        let is_set_behind = served != Served::Edge || config.triggers == Triggers::OriginRequest;
        let has_condition = headers.iter().any(|(name, _)| READ_ONLY.contains(&&**name));
        if is_set_behind && has_condition { Condition::Service } else { Condition::Edge }
    }
}

/// Checks what goes straight to S3.
///
/// # Errors
/// [`Refusal::NotImplemented`] for a condition that S3 would not get, or would get although nobody verified it.
pub(super) fn check_reach(request: &Request<'_>, condition: Condition, triggers: Triggers) -> Result<(), Refusal> {
    let sent = request.headers.iter().find(|(name, _)| READ_ONLY.contains(name));
    match (triggers, condition, sent) {
        // The one header of OSS's that becomes a condition; an upload in parts may have begun with it.
        (_, Condition::Service, _) => {
            Err(Refusal::NotImplemented("x-oss-forbid-overwrite".to_owned(), "true".to_owned()))
        }
        (Triggers::OriginRequest, Condition::Edge, Some((name, value))) => {
            Err(Refusal::NotImplemented(name.to_owned(), value.to_owned()))
        }
        _ => Ok(()),
    }
}
