//! Who signed a request: the only place where an [`Authenticated`] is made.

use crate::access_key::{AccessKey, AccessKeys};
use crate::clock_skew;
use crate::operation::Operation;
use crate::presented_signature::PresentedSignature;
use crate::query::Query;
use crate::refusal::{DateFault, Refusal};
use crate::request_view::RequestView;
use crate::resource::Resource;
use crate::signature_v1::{self, CanonicalizedOssHeaders, StringToSign};
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
}

impl<'v, 'r> Authenticated<'v, 'r> {
    pub(crate) fn classified(&self) -> &Classified<'v, 'r> {
        &self.classified
    }

    /// The `x-oss-*` headers that the signature covers.
    pub(crate) fn oss_headers(&self) -> &CanonicalizedOssHeaders<'v, 'r> {
        &self.oss_headers
    }
}

/// Verifies a request's signature, in OSS's order: form, date, skew, access key, signature (OSS,
/// "Add a signature to the header", "Response").
///
/// # Errors
/// The first [`Refusal`] in that order.
pub(crate) fn authenticate<'v, 'r>(
    classified: Classified<'v, 'r>,
    presented: &PresentedSignature<'r>,
    keys: &AccessKeys,
    now: UnixMillis,
    max_clock_skew_seconds: u32,
) -> Result<Authenticated<'v, 'r>, Refusal> {
    let PresentedSignature::V1Header(presented) = presented;
    signature_v1::check_unambiguous(classified.resource)?;
    let oss_headers = CanonicalizedOssHeaders::new(classified.request.oss_headers()?);
    let date = signing_date(classified.request)?;
    let requested = UnixMillis::parse_signing_date(date).ok_or(Refusal::InvalidDate(DateFault::Malformed))?;
    clock_skew::check(requested, now, max_clock_skew_seconds)?;
    let key = known_key(keys, presented.access_key_id)?;
    let Classified { request, resource, query, .. } = classified;
    presented.authenticate(key, &StringToSign::of_request(request, resource, query, date, oss_headers.clone())?)?;
    Ok(Authenticated { classified, oss_headers })
}

/// The literal date that is signed: `x-oss-date` before `Date` (OSS, "Add a signature to the
/// header", row "Date").
fn signing_date<'r>(request: &RequestView<'r>) -> Result<&'r str, Refusal> {
    let date = request.unique("date")?;
    let oss_date = request.unique("x-oss-date")?.map(|value| value.trim_matches([' ', '\t']));
    oss_date.or(date).ok_or(Refusal::InvalidDate(DateFault::Missing))
}

fn known_key<'k>(keys: &'k AccessKeys, id: &str) -> Result<&'k AccessKey, Refusal> {
    keys.get(id).ok_or_else(|| Refusal::InvalidAccessKeyId(id.to_owned()))
}
