//! Verifies who signed a request: the only place where an [`Authenticated`] is made.

use std::borrow::Cow;

use crate::access_keys::AccessKeys;
use crate::access_keys::access_key::AccessKey;
use crate::access_keys::derived_key::DerivedKeyId;
use crate::config::Config;
use crate::operation::Operation;
use crate::refusal::{Mismatch, Refusal};
use crate::request::Request;
use crate::request::query::Query;
use crate::resource::{EndpointBucket, PathPlus, PathReading, Resource};
use crate::signature::clock_skew::TimeLimits;
use crate::signature::oss_headers::{CanonicalizedOssHeaders, HeaderOrder};
use crate::signature::{PresentedSignature, SignedTexts};
use crate::time::UnixMillis;

/// A request whose bucket, key and operation are known, but not yet who sent it.
pub(crate) struct Classified<'r> {
    pub(crate) request: &'r Request<'r>,
    pub(crate) query: &'r Query,
    pub(crate) host: &'r str,
    pub(crate) resource: &'r Resource,
    pub(crate) operation: Operation,
    pub(crate) presented: &'r PresentedSignature<'r>,
    pub(crate) oss_headers: CanonicalizedOssHeaders<'r>,
}

/// A request whose signature was verified. INVARIANT: only this module makes one, and only an authenticated request can
/// be authorized or routed.
pub(crate) struct Authenticated<'r> {
    classified: &'r Classified<'r>,
    key: AccessKey<'r>,
    reading: VerifiedReading<'r>,
}

/// The reading of a request under which its signature verified.
struct VerifiedReading<'r> {
    resource: Cow<'r, Resource>,
    oss_headers: Cow<'r, CanonicalizedOssHeaders<'r>>,
    generation: String,
    reading: Reading,
}

impl<'r> Authenticated<'r> {
    pub(crate) fn request(&self) -> &'r Request<'r> {
        self.classified.request
    }

    pub(crate) fn query(&self) -> &'r Query {
        self.classified.query
    }

    pub(crate) fn operation(&self) -> Operation {
        self.classified.operation
    }

    /// The bucket and the key that were verified.
    pub(crate) fn resource(&self) -> &Resource {
        &self.reading.resource
    }

    /// The verified bucket and key, if the signature verified under another reading than the first.
    pub(crate) fn resource_of_another_reading(&self) -> Option<Resource> {
        match &self.reading.resource {
            Cow::Borrowed(_) => None,
            Cow::Owned(resource) => Some(resource.clone()),
        }
    }

    /// The `x-oss-*` headers that the signature covers.
    pub(crate) fn oss_headers(&self) -> &CanonicalizedOssHeaders<'r> {
        &self.reading.oss_headers
    }

    /// The headers that the signature covers beyond those that its version always signs.
    pub(crate) fn additional_headers(&self) -> &'r [String] {
        self.classified.presented.additional_headers()
    }

    pub(crate) fn key(&self) -> &AccessKey<'r> {
        &self.key
    }

    /// How the request had to be read for its signature to verify, unless as most SDKs sign it.
    pub(crate) fn reading(&self) -> Option<String> {
        self.reading.reading.name()
    }

    /// The generation of the secret that verified the signature; for a derived key, its master key's id.
    pub(crate) fn generation(&self) -> &str {
        &self.reading.generation
    }
}

/// Verifies a request's date, its signature with the secrets of its access key that are valid now, and its security
/// token.
///
/// # Errors
/// In this order:
/// - those of [`PresentedSignature::check_time`], for the date;
/// - [`Refusal::InvalidAccessKeyId`] or [`Refusal::SecurityTokenExpired`], for the access key;
/// - those of [`PresentedSignature::signed_texts`], for the region and the headers that are signed;
/// - [`Refusal::SignatureDoesNotMatch`];
/// - [`Refusal::RequestTimeTooSkewed`], by the key's own clock skew;
/// - [`Refusal::InvalidSecurityToken`].
pub(crate) fn authenticate<'r>(
    classified: &'r Classified<'r>,
    keys: &'r AccessKeys,
    config: &Config,
    now: UnixMillis,
) -> Result<Authenticated<'r>, Refusal> {
    let Identified { key, date, date_check } = identify(classified, keys, config, now)?;
    let verified = verify_any_reading(classified, &key, date, config, now);
    let reading = match (verified, date_check) {
        (Ok(reading), DateCheck::Passed | DateCheck::PassedForThisKeyOnly(_)) => reading,
        (Ok(_), DateCheck::FailedForThisKeyOnly(refusal)) => return Err(refusal),
        (Err(_), DateCheck::PassedForThisKeyOnly(refusal)) => return Err(refusal),
        (Err(refusal), DateCheck::Passed | DateCheck::FailedForThisKeyOnly(_)) => return Err(refusal),
    };
    key.check_security_token(classified.presented.security_token(classified.request, classified.query)?)?;
    Ok(Authenticated { classified, key, reading })
}

/// The access key that a request names, and the date that it signs, as sent.
struct Identified<'r> {
    key: AccessKey<'r>,
    date: &'r str,
    date_check: DateCheck,
}

/// How the date compares with the skew for all keys, and with the key's own. A client without the key's secret must not
/// learn that the key has a skew of its own.
enum DateCheck {
    /// Within both, or the key has no skew of its own.
    Passed,
    /// Within the key's own skew only. A wrong signature gets this refusal, as it would with any other key.
    PassedForThisKeyOnly(Refusal),
    /// Beyond the key's own skew only. A right signature gets this refusal.
    FailedForThisKeyOnly(Refusal),
}

/// Checks the date of the signature and finds the access key.
///
/// The date is checked before the key: an unknown key must not hide clock skew. So every client can correct its clock,
/// and the answer says nothing about keys.
fn identify<'r>(
    classified: &'r Classified<'r>,
    keys: &'r AccessKeys,
    config: &Config,
    now: UnixMillis,
) -> Result<Identified<'r>, Refusal> {
    let Classified { request, presented, .. } = classified;
    let limits = TimeLimits {
        now,
        max_clock_skew_seconds: config.max_clock_skew_seconds,
        max_url_expiry_seconds: config.max_url_expiry_seconds,
    };
    let for_all_keys = presented.check_time(request, &limits);
    let id = presented.access_key_id();
    let (key, for_all_keys) = match (keys.find(id, now), for_all_keys) {
        (Ok(key), for_all_keys) => (key, for_all_keys),
        (Err(_), Err(refusal)) => return Err(refusal),
        // Decided by the id alone, so that the answer says nothing about its master key, scope or device.
        (Err(_), Ok(_)) if has_expired(id, now) && presents_token(classified) => {
            return Err(Refusal::SecurityTokenExpired);
        }
        (Err(fault), Ok(_)) => return Err(Refusal::InvalidAccessKeyId(id.to_owned(), fault)),
    };
    let own_skew = key.max_clock_skew_seconds();
    let for_this_key = own_skew.map(|seconds| presented.check_time(request, &limits.with_skew(seconds)));
    let (date, date_check) = match (for_all_keys, for_this_key) {
        (Ok(date), None | Some(Ok(_))) => (date, DateCheck::Passed),
        (Ok(date), Some(Err(refusal))) => (date, DateCheck::FailedForThisKeyOnly(refusal)),
        (Err(refusal), Some(Ok(date))) => (date, DateCheck::PassedForThisKeyOnly(refusal)),
        (Err(refusal), _) => return Err(refusal),
    };
    Ok(Identified { key, date, date_check })
}

/// Whether the request presents one security token, where its scheme allows it. A misplaced token is an error only once
/// the key may be used.
fn presents_token(classified: &Classified<'_>) -> bool {
    let Classified { request, query, presented, .. } = classified;
    presented.security_token(request, query).is_ok_and(|token| token.is_some())
}

/// Whether the id is that of a derived key that has expired.
fn has_expired(id: &str, now: UnixMillis) -> bool {
    DerivedKeyId::parse(id).and_then(|id| id.expiry).is_some_and(|expiry| now >= expiry)
}

/// One way to read a request: SDKs sign different texts for the same bytes on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reading {
    path: PathReading,
    header_order: HeaderOrder,
}

impl Reading {
    /// What is unusual about the reading, for the log; `None` if nothing is.
    fn name(self) -> Option<String> {
        let plus = (self.path.plus == PathPlus::Space).then_some("plus-is-space");
        let style = (self.path.endpoint_bucket == EndpointBucket::InPath).then_some("bucket-in-path");
        let order = match self.header_order {
            HeaderOrder::Bytes => None,
            HeaderOrder::Natural => Some("headers-in-natural-order"),
            HeaderOrder::Lines => Some("headers-in-order-of-lines"),
        };
        let names: Vec<_> = [plus, style, order].into_iter().flatten().collect();
        if names.is_empty() { None } else { Some(names.join(",")) }
    }
}

/// The readings that the form of a request allows, the likeliest first. Most requests have one, and none has more than
/// twelve.
fn readings(classified: &Classified<'_>) -> Vec<Reading> {
    let Classified { request, resource, presented, oss_headers, .. } = classified;
    let may_mean_space = matches!(presented, PresentedSignature::V1(_)) && request.uri.contains('+');
    let pluses: &[PathPlus] = if may_mean_space { &[PathPlus::Plus, PathPlus::Space] } else { &[PathPlus::Plus] };
    let endpoint_buckets: &[EndpointBucket] = match resource.style {
        "endpoint" => &[EndpointBucket::Configured, EndpointBucket::InPath],
        _ => &[EndpointBucket::Configured],
    };
    let paths = endpoint_buckets.iter().flat_map(|endpoint_bucket| {
        pluses.iter().map(|plus| PathReading { plus: *plus, endpoint_bucket: *endpoint_bucket })
    });
    let header_orders = [HeaderOrder::Bytes, HeaderOrder::Natural, HeaderOrder::Lines];
    let orders =
        header_orders.into_iter().filter(|order| *order == HeaderOrder::Bytes || oss_headers.depends_on(*order));
    let orders: Vec<_> = orders.collect();
    paths
        .flat_map(|path| orders.iter().map(move |header_order| Reading { path, header_order: *header_order }))
        .collect()
}

/// Verifies the signature under each reading in turn, until one matches.
///
/// # Errors
/// The mismatch of the first reading, or what is wrong with the region or with a header that is signed.
fn verify_any_reading<'r>(
    classified: &'r Classified<'r>,
    key: &AccessKey<'_>,
    date: &str,
    config: &Config,
    now: UnixMillis,
) -> Result<VerifiedReading<'r>, Refusal> {
    let mut first_mismatch = None;
    for reading in readings(classified) {
        let Some(resource) = resource_of(reading.path, classified, config) else { continue };
        match verify_reading(resource, reading, classified, key, date, config, now)? {
            Ok(verified) => return Ok(verified),
            Err(mismatch) => _ = first_mismatch.get_or_insert(mismatch),
        }
    }
    // There is a mismatch: the first reading always has a resource.
    Err(first_mismatch.map_or(Refusal::MissingSignature, Refusal::SignatureDoesNotMatch))
}

/// The resource under a reading; `None` if there is none. The operation was classified for an object, so a reading
/// without a key doesn't count.
fn resource_of<'r>(path: PathReading, classified: &Classified<'r>, config: &Config) -> Option<Cow<'r, Resource>> {
    if path == PathReading::FIRST {
        return Some(Cow::Borrowed(classified.resource));
    }
    let located = Resource::locate(classified.host, classified.request.uri, &config.hosts, path).ok()?;
    located.key.is_some().then_some(Cow::Owned(located))
}

fn verify_reading<'r>(
    resource: Cow<'r, Resource>,
    reading: Reading,
    classified: &'r Classified<'r>,
    key: &AccessKey<'_>,
    date: &str,
    config: &Config,
    now: UnixMillis,
) -> Result<Result<VerifiedReading<'r>, Box<Mismatch>>, Refusal> {
    let Classified { request, query, host, presented, .. } = classified;
    let oss_headers = match reading.header_order {
        HeaderOrder::Bytes => Cow::Borrowed(&classified.oss_headers),
        order => Cow::Owned(classified.oss_headers.sorted_by(order)),
    };
    let SignedTexts { string_to_sign, canonical_request } =
        presented.signed_texts(request, &resource, query, &oss_headers, date, &config.signature_regions)?;
    let made_with = key.live_secrets(now).find(|live| presented.verifies(live, key.signing_keys, &string_to_sign));
    Ok(match made_with.map(|live| live.generation.to_owned()) {
        Some(generation) => Ok(VerifiedReading { resource, oss_headers, generation, reading }),
        None => Err(Box::new(Mismatch {
            access_key_id: presented.access_key_id().to_owned(),
            host: (*host).to_owned(),
            style: resource.style,
            bucket: resource.bucket.clone(),
            signature_provided: presented.signature().to_owned(),
            string_to_sign,
            canonical_request,
        })),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::Scheme;

    #[test]
    fn tries_only_the_readings_that_the_request_allows() {
        let count_of = |style: &'static str, uri: &str, authorization: &str, names: &[&str]| {
            let text = format!("1\0id\0PUT\0{uri}\0\0authorization\0{authorization}");
            let request = Request::parse(&text).unwrap();
            let query = Query::parse("").unwrap();
            let presented = PresentedSignature::from_request(&request, &query, &Scheme::ALL).ok().unwrap();
            let headers: Vec<_> = names.iter().map(|name| (*name, "1")).collect();
            let resource = Resource { bucket: "abc".into(), key: None, style };
            readings(&Classified {
                request: &request,
                query: &query,
                host: "",
                resource: &resource,
                operation: Operation::PutObject,
                presented: &presented,
                oss_headers: CanonicalizedOssHeaders::new(headers),
            })
            .len()
        };
        let count = |uri: &str, authorization: &str, names: &[&str]| count_of("path", uri, authorization, names);
        let v4 = "OSS4-HMAC-SHA256 Credential=ak/20261124/r/oss/aliyun_v4_request,Signature=00";
        let numbered = ["x-oss-meta-a10", "x-oss-meta-a2"];
        assert_eq!(count("/a%2B", "OSS ak:c2ln", &numbered[..1]), 1);
        assert_eq!(count("/a+b", "OSS ak:c2ln", &numbered[..1]), 2);
        assert_eq!(count("/a", "OSS ak:c2ln", &numbered), 2);
        assert_eq!(count("/a+b", "OSS ak:c2ln", &numbered), 4);
        assert_eq!(count("/a+b", v4, &numbered), 2);
        assert_eq!(count("/a", "OSS ak:c2ln", &["x-oss-meta-a", "x-oss-meta-a-b"]), 2);
        assert_eq!(count_of("endpoint", "/a+b", "OSS ak:c2ln", &numbered[..1]), 4);
        assert_eq!(count_of("endpoint", "/a+b", v4, &numbered[..1]), 2);
        let both = ["x-oss-meta-a", "x-oss-meta-a-b", "x-oss-meta-a10", "x-oss-meta-a2"];
        assert_eq!(count("/a+b", "OSS ak:c2ln", &both), 6);
    }
}
