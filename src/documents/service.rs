//! `api`, `relay` and `entrance` of `config.json`, which say what serves the operations that S3 can't answer as OSS
//! would, and the fields that depend on them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::field::{Object, checked_text, one_of};
use super::json::DocumentError;
use crate::config::names::is_host;
use crate::config::{BodiesWithoutLength, Endpoint, HeadObject, S3Bucket, Service, Through};
use crate::upload_id::SmallParts;

/// Where the API or the relay is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointDocument {
    domain: Domain,
    path: OriginPath,
}

checked_text!(Domain, is_host, "a domain name in lower case, without a scheme, port or path");
checked_text!(OriginPath, is_origin_path, "a path as in `/prod`, or an empty string for none");

/// Where requests come in.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Entrance {
    #[default]
    CloudFront,
    Relay,
}

/// `completeMultipartUpload` as written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ThroughName {
    Api,
    Relay,
    S3,
}

impl<'de> Deserialize<'de> for ThroughName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_of(deserializer, &[("api", ThroughName::Api), ("relay", ThroughName::Relay), ("s3", ThroughName::S3)])
    }
}

/// `bodiesWithoutLength` as written.
#[derive(Clone, Copy)]
pub(super) struct BodiesWithoutLengthName(pub(super) BodiesWithoutLength);

impl<'de> Deserialize<'de> for BodiesWithoutLengthName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = [("refuse", BodiesWithoutLength::Refused), ("relay", BodiesWithoutLength::Relayed)];
        one_of(deserializer, &names).map(BodiesWithoutLengthName)
    }
}

pub(super) fn entrance<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Entrance, D::Error> {
    one_of(deserializer, &[("cloudfront", Entrance::CloudFront), ("relay", Entrance::Relay)])
}

/// Whether a text is an origin path: it begins with `/`, and doesn't end with it (CloudFront, "Origin path").
fn is_origin_path(path: &str) -> bool {
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    path.is_empty() || (path.len() <= 255 && path.strip_prefix('/').is_some_and(|path| path.split('/').all(is_segment)))
}

/// Checks what serves behind CloudFront.
///
/// # Errors
/// The field that does not fit the others, and what was expected.
pub(super) fn check_service(
    api: Option<Object<EndpointDocument>>,
    relay: Option<Object<EndpointDocument>>,
    bodies: BodiesWithoutLength,
    buckets: &BTreeMap<String, S3Bucket>,
) -> Result<Option<Service>, DocumentError> {
    match (api, relay, bodies) {
        (Some(_), Some(_), _) => {
            Err(DocumentError::new("relay", "expected either `api` or `relay`: the relay replaces the API"))
        }
        (_, None, BodiesWithoutLength::Relayed) => {
            let expected = "expected \"refuse\" where there is no `relay`: API Gateway and S3 take no such body";
            Err(DocumentError::new("bodiesWithoutLength", expected))
        }
        (Some(Object(api)), None, _) => Ok(Some(Service::Api(check_endpoint(api, "api", "the API's", buckets)?))),
        (None, Some(Object(relay)), bodies) => {
            Ok(Some(Service::Relay(check_endpoint(relay, "relay", "the relay's", buckets)?, bodies)))
        }
        (None, None, BodiesWithoutLength::Refused) => Ok(None),
    }
}

/// Checks that a relay that is the entrance is alone.
///
/// # Errors
/// For an `api` or a `relay` beside it.
pub(super) fn check_alone(
    api: Option<&Object<EndpointDocument>>,
    relay: Option<&Object<EndpointDocument>>,
    bodies: BodiesWithoutLength,
) -> Result<Service, DocumentError> {
    match (api, relay) {
        (Some(_), _) => Err(DocumentError::new(
            "api",
            "expected none where `entrance` is \"relay\", which performs everything itself",
        )),
        (None, Some(_)) => {
            let expected =
                "expected none where `entrance` is \"relay\": no edge asks it, and clients know it by `hosts`";
            Err(DocumentError::new("relay", expected))
        }
        (None, None) => Ok(Service::Entrance(bodies)),
    }
}

fn check_endpoint(
    document: EndpointDocument,
    field: &str,
    whose: &str,
    buckets: &BTreeMap<String, S3Bucket>,
) -> Result<Endpoint, DocumentError> {
    let EndpointDocument { domain: Domain(domain), path: OriginPath(path) } = document;
    if buckets.values().any(|bucket| bucket.domain == domain) {
        let problem = format!("expected {whose} domain name, not a bucket's");
        return Err(DocumentError::new(format!("{field}.domain"), problem));
    }
    Ok(Endpoint { domain, path })
}

/// Checks `completeMultipartUpload`.
///
/// # Errors
/// When it names a service that isn't configured.
pub(super) fn check_through(name: Option<ThroughName>, service: Option<&Service>) -> Result<Through, DocumentError> {
    let refused = |expected: &str| Err(DocumentError::new("completeMultipartUpload", format!("expected {expected}")));
    match (name, service) {
        (Some(ThroughName::S3 | ThroughName::Api), Some(Service::Entrance(_))) => {
            refused("\"relay\": it is the `entrance`, and performs everything itself")
        }
        (Some(ThroughName::S3), _) => Ok(Through::S3),
        (Some(ThroughName::Api), Some(Service::Relay(..))) => {
            refused("\"relay\" or \"s3\": there is a `relay` and no `api`")
        }
        (Some(ThroughName::Relay), Some(Service::Api(_)) | None) => refused("\"api\" or \"s3\": there is no `relay`"),
        (None | Some(ThroughName::Api | ThroughName::Relay), _) => Ok(Through::Service),
    }
}

/// Checks `headObject`.
///
/// # Errors
/// When it is "served" and there is neither an API nor a relay.
pub(super) fn check_head_object(
    head_object: HeadObject,
    service: Option<&Service>,
) -> Result<HeadObject, DocumentError> {
    match (head_object, service) {
        (HeadObject::Served, None) => {
            Err(DocumentError::new("headObject", "expected an `api` or a `relay`, which \"served\" needs"))
        }
        _ => Ok(head_object),
    }
}

/// Checks `smallParts`.
///
/// # Errors
/// When it is "stage" and nothing can join the parts.
pub(super) fn check_small_parts(
    small_parts: SmallParts,
    service: Option<&Service>,
    complete_multipart_upload: Through,
) -> Result<(), DocumentError> {
    let expected = match (small_parts, service, complete_multipart_upload) {
        (SmallParts::Staged, None, _) => "expected \"forward\" where there is neither an `api` nor a `relay`",
        (SmallParts::Staged, _, Through::S3) => {
            "expected \"forward\" where `completeMultipartUpload` is \"s3\": S3 can't join parts"
        }
        _ => return Ok(()),
    };
    Err(DocumentError::new("smallParts", expected))
}
