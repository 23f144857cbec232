//! Who signed a request: the only place where an [`Authenticated`] is made.

use std::cell::Cell;

use crate::access_keys::{AccessKey, AccessKeys, LiveSecret};
use crate::canonicalized_oss_headers::CanonicalizedOssHeaders;
use crate::clock_skew::TimeLimits;
use crate::config::Config;
use crate::operation::Operation;
use crate::presented_signature::PresentedSignature;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::request_view::RequestView;
use crate::resource::Resource;
use crate::signature_v1::StringToSign;
use crate::signing_date::UnixMillis;
use crate::texts::owned;

/// A request whose bucket, key and operation are known, and nothing yet about who sent it.
pub(crate) struct Classified<'v, 'r> {
    pub(crate) request: &'v RequestView<'r>,
    pub(crate) resource: &'v Resource<'r>,
    pub(crate) query: &'v Query<'r>,
    pub(crate) operation: Operation,
}

/// The access key that a request says it is signed with, and the date that it says.
pub(crate) struct Identified<'k, 'i> {
    pub(crate) key: AccessKey<'k, 'i>,
    /// The literal text that was signed.
    pub(crate) date: &'i str,
    now: UnixMillis,
    /// The date is too far from now but for this key: known only to who has its secret. This one and the next are
    /// boxed, being rare and large.
    beyond_the_usual: Cell<Option<Box<Refusal>>>,
    /// The date is too far from now for this key.
    beyond_its_own: Cell<Option<Box<Refusal>>>,
}

impl<'k: 'i, 'i> Identified<'k, 'i> {
    pub(crate) fn live_secrets(&self) -> impl Iterator<Item = LiveSecret<'k, 'i>> + use<'k, 'i> {
        self.key.live_secrets(self.now)
    }

    /// What a request is refused for whose signature is wrong in every reading, or can't be checked: it is asked
    /// once.
    pub(crate) fn mismatch(&self, refusal: Refusal) -> Refusal {
        self.beyond_the_usual.take().map_or(refusal, |beyond| *beyond)
    }
}

/// Checks the time that bounds a signature, and finds its access key.
///
/// Whose date is too far from now is told so first, whether the key exists or not, so that any clock can
/// be mended and nothing is learned of keys. A key with a skew of its own goes by that, but only with
/// the right signature: to all others it answers as the rest do.
///
/// # Errors
/// Those of the date, skew or expiry; [`Refusal::InvalidAccessKeyId`].
pub(crate) fn identify<'k: 'i, 'i>(
    request: &RequestView<'i>,
    presented: &PresentedSignature<'i>,
    keys: &'k AccessKeys,
    config: &Config,
    now: UnixMillis,
) -> Result<Identified<'k, 'i>, Refusal> {
    let limits = TimeLimits {
        now,
        max_clock_skew_seconds: config.max_clock_skew_seconds,
        max_url_expiry_seconds: config.max_url_expiry_seconds,
    };
    let usual = presented.check_time(request, &limits);
    let id = presented.access_key_id();
    let (key, usual) = match (keys.find(id, now), usual) {
        (Ok(key), usual) => (key, usual),
        (Err(_), Err(refusal)) => return Err(refusal),
        (Err(fault), Ok(_)) => return Err(Refusal::InvalidAccessKeyId(owned(id), fault)),
    };
    let own = key.max_clock_skew_seconds().map(|seconds| presented.check_time(request, &limits.with_skew(seconds)));
    let (date, beyond_the_usual, beyond_its_own) = match (usual, own) {
        (Ok(date), own) => (date, None, own.and_then(Result::err).map(Box::new)),
        (Err(refusal), Some(Ok(date))) => (date, Some(Box::new(refusal)), None),
        (Err(refusal), _) => return Err(refusal),
    };
    let (beyond_the_usual, beyond_its_own) = (Cell::new(beyond_the_usual), Cell::new(beyond_its_own));
    Ok(Identified { key, date, now, beyond_the_usual, beyond_its_own })
}

/// A request whose signature was verified. Its fields are private: without one, no request can be
/// authorized or routed.
pub(crate) struct Authenticated<'v, 'r, 'k> {
    classified: Classified<'v, 'r>,
    key: &'v AccessKey<'v, 'v>,
    generation: &'k str,
    oss_headers: CanonicalizedOssHeaders<'v, 'r>,
    additional_headers: &'v [String],
}

impl<'v, 'r, 'k> Authenticated<'v, 'r, 'k> {
    pub(crate) fn key(&self) -> &'v AccessKey<'v, 'v> {
        self.key
    }

    /// The name of the secret that the signature was made with.
    pub(crate) fn generation(&self) -> &'k str {
        self.generation
    }

    pub(crate) fn classified(&self) -> &Classified<'v, 'r> {
        &self.classified
    }

    /// The headers that the signature covers besides those that its version always signs.
    pub(crate) fn additional_headers(&self) -> &'v [String] {
        self.additional_headers
    }

    /// The `x-oss-*` headers that the signature covers.
    pub(crate) fn oss_headers(&self) -> CanonicalizedOssHeaders<'v, 'r> {
        self.oss_headers
    }
}

/// Verifies a request's signature under the secrets of its access key that are valid now, and then that
/// its date is within the key's own skew and that it is the key's security token that was signed.
///
/// # Errors
/// In signature version 4, for the region [`Refusal::InvalidCredential`]; for the headers that are signed
/// [`Refusal::RepeatedHeader`] and [`Refusal::MalformedHeader`]; [`Refusal::SignatureDoesNotMatch`],
/// [`Refusal::RequestTimeTooSkewed`], [`Refusal::InvalidSecurityToken`].
#[inline(never)]
pub(crate) fn authenticate<'v, 'r, 'k: 'i, 'i>(
    classified: Classified<'v, 'r>,
    presented: &'v PresentedSignature<'_>,
    oss_headers: CanonicalizedOssHeaders<'v, 'r>,
    identified: &'v Identified<'k, 'i>,
    config: &Config,
) -> Result<Authenticated<'v, 'r, 'k>, Refusal> {
    let generation =
        verify(&classified, presented, oss_headers, identified, config).map_err(|refusal| match refusal {
            // Another reading may verify.
            Refusal::SignatureDoesNotMatch(_) => refusal,
            _ => identified.mismatch(refusal),
        })?;
    if let Some(refusal) = identified.beyond_its_own.take() {
        return Err(*refusal);
    }
    let key = &identified.key;
    key.check_security_token(presented.security_token(&classified)?)?;
    let additional_headers = presented.additional_headers();
    Ok(Authenticated { classified, key, generation, oss_headers, additional_headers })
}

/// Verifies the signature alone, and names the secret that it was made with.
fn verify<'k: 'i, 'i>(
    classified: &Classified<'_, '_>,
    presented: &PresentedSignature<'_>,
    oss_headers: CanonicalizedOssHeaders<'_, '_>,
    identified: &Identified<'k, 'i>,
    config: &Config,
) -> Result<&'k str, Refusal> {
    match presented {
        PresentedSignature::V1(presented) => {
            let Classified { request, resource, query, .. } = classified;
            let date = identified.date;
            let string_to_sign = StringToSign::of_request(request, resource, query, date, oss_headers)?;
            presented.authenticate(identified, &string_to_sign)
        }
        PresentedSignature::V4(presented) => {
            presented.check_region(&config.signature_regions)?;
            presented.authenticate(identified, classified, oss_headers)
        }
    }
}
