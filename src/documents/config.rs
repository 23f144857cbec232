//! `config.json`.

use serde::{Deserialize, Deserializer};

use super::aws_regions::{AwsRegion, AwsRegions};
use super::buckets::{BucketDocument, OssBucketName, check_buckets};
use super::capture::CaptureDocument;
use super::cors::CorsDocument;
use super::credentials::CredentialsDocument;
use super::field::{Integer, Object, UniqueMap, checked_text, one_of, present};
use super::header_rules::HeaderRulesDocument;
use super::hosts::{HostDocument, check_hosts};
use super::json::{self, DocumentError, Values};
use super::listener::ListenerDocument;
use super::service::{
    BodiesWithoutLengthName, EndpointDocument, Entrance, ThroughName, check_alone, check_head_object, check_service,
    check_small_parts, check_through, entrance,
};
use crate::config::capture::CaptureRules;
use crate::config::credentials::Credentials;
use crate::config::names::is_region;
use crate::config::{BodiesWithoutLength, Config, HeadObject, ListParts, Triggers};
use crate::scheme::Scheme;
use crate::upload_id::{SmallParts, UnsealedUploadIds};

/// The clock skew that is allowed when `maxClockSkewSeconds` is left out: five minutes.
const DEFAULT_MAX_CLOCK_SKEW_SECONDS: u32 = 300;

/// A day: more than any trustworthy clock is off, and still a bound on how long a captured request can be replayed.
pub(crate) const MAX_CLOCK_SKEW_SECONDS: u64 = 86_400;

/// Seven days, the longest life of a URL of signature version 4 in OSS.
const DEFAULT_MAX_URL_EXPIRY_SECONDS: u32 = 604_800;

/// Ten years: version 1 has no limit, and firmware may contain URLs that are valid for years.
const MAX_URL_EXPIRY_SECONDS: u64 = 315_360_000;

/// The bytes of staged parts that are joined when `maxJoinBytes` is left out: 512 MiB. Many clients wait no longer than
/// ten seconds for an answer.
const DEFAULT_MAX_JOIN_BYTES: u64 = 512 * 1024 * 1024;

/// The most bytes that 10,000 parts under 5 MiB can have.
const MAX_JOIN_BYTES: u64 = 10_000 * 5 * 1024 * 1024;

/// `config.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ConfigDocument {
    #[serde(default, deserialize_with = "triggers")]
    triggers: Triggers,
    #[serde(default, deserialize_with = "present")]
    max_clock_skew_seconds: Option<Integer<0, MAX_CLOCK_SKEW_SECONDS>>,
    #[serde(default, deserialize_with = "present")]
    max_url_expiry_seconds: Option<Integer<0, MAX_URL_EXPIRY_SECONDS>>,
    #[serde(default, deserialize_with = "present")]
    signature_schemes: Option<Vec<SchemeName>>,
    #[serde(default, deserialize_with = "present")]
    signature_regions: Option<Vec<OssRegion>>,
    hosts: Vec<Object<HostDocument>>,
    buckets: UniqueMap<OssBucketName, Object<BucketDocument>>,
    #[serde(default, deserialize_with = "present")]
    api: Option<Object<EndpointDocument>>,
    #[serde(default, deserialize_with = "present")]
    relay: Option<Object<EndpointDocument>>,
    #[serde(default, deserialize_with = "entrance")]
    entrance: Entrance,
    #[serde(default, deserialize_with = "present")]
    listener: Option<Object<ListenerDocument>>,
    #[serde(default, deserialize_with = "present")]
    bodies_without_length: Option<BodiesWithoutLengthName>,
    #[serde(default, deserialize_with = "present")]
    complete_multipart_upload: Option<ThroughName>,
    #[serde(default = "is_served")]
    list_parts: bool,
    #[serde(default, deserialize_with = "unsealed_upload_ids")]
    unsealed_upload_ids: UnsealedUploadIds,
    #[serde(default, deserialize_with = "small_parts")]
    small_parts: SmallParts,
    #[serde(default, deserialize_with = "present")]
    max_join_bytes: Option<Integer<0, MAX_JOIN_BYTES>>,
    #[serde(default, deserialize_with = "head_object")]
    head_object: HeadObject,
    #[serde(default, deserialize_with = "present")]
    cors: Option<Object<CorsDocument>>,
    #[serde(default, deserialize_with = "present")]
    headers: Option<Object<HeaderRulesDocument>>,
    #[serde(default, deserialize_with = "present")]
    credentials: Option<Object<CredentialsDocument>>,
    #[serde(default, deserialize_with = "present")]
    capture: Option<Object<CaptureDocument>>,
    #[serde(default, deserialize_with = "present")]
    further_regions: Option<Vec<AwsRegion>>,
    /// Only editors read it.
    #[serde(default, rename = "$schema", deserialize_with = "present")]
    _schema: Option<String>,
}

checked_text!(OssRegion, is_region, "a region as OSS's credentials name it, as in `cn-hangzhou`");

#[derive(Clone, Copy)]
struct SchemeName(Scheme);

impl<'de> Deserialize<'de> for SchemeName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_of(deserializer, &Scheme::ALL.map(|scheme| (scheme.name(), scheme))).map(SchemeName)
    }
}

fn triggers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Triggers, D::Error> {
    one_of(deserializer, &[("viewer-request", Triggers::ViewerRequest), ("origin-request", Triggers::OriginRequest)])
}

fn head_object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HeadObject, D::Error> {
    let values = [("refused", HeadObject::Refused), ("absent", HeadObject::Absent), ("served", HeadObject::Served)];
    one_of(deserializer, &values)
}

fn unsealed_upload_ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UnsealedUploadIds, D::Error> {
    one_of(deserializer, &[("refuse", UnsealedUploadIds::Refused), ("forward", UnsealedUploadIds::Forwarded)])
}

fn small_parts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SmallParts, D::Error> {
    one_of(deserializer, &[("forward", SmallParts::Forwarded), ("stage", SmallParts::Staged)])
}

fn is_served() -> bool {
    true
}

impl Config {
    /// Reads `config.json`.
    ///
    /// # Errors
    /// The path of the first field that is unknown, missing or malformed, what was expected, and what was found.
    pub fn from_json(text: &str) -> Result<Self, DocumentError> {
        let Object(document): Object<ConfigDocument> = json::read(text, Values::Shown)?;
        let further_regions = document.further_regions.unwrap_or_default().into_iter().map(|region| region.0);
        let regions = AwsRegions::with_further(further_regions.collect())?;
        let buckets = check_buckets(document.buckets, &regions)?;
        check_listener(document.listener, document.entrance)?;
        let bodies = document.bodies_without_length.map_or(BodiesWithoutLength::Refused, |name| name.0);
        let service = match document.entrance {
            Entrance::CloudFront => check_service(document.api, document.relay, bodies, &buckets)?,
            Entrance::Relay => {
                check_triggers(document.triggers)?;
                Some(check_alone(document.api.as_ref(), document.relay.as_ref(), bodies)?)
            }
        };
        let complete_multipart_upload = check_through(document.complete_multipart_upload, service.as_ref())?;
        check_small_parts(document.small_parts, service.as_ref(), complete_multipart_upload)?;
        Ok(Config {
            triggers: document.triggers,
            max_clock_skew_seconds: seconds(document.max_clock_skew_seconds, DEFAULT_MAX_CLOCK_SKEW_SECONDS),
            max_url_expiry_seconds: seconds(document.max_url_expiry_seconds, DEFAULT_MAX_URL_EXPIRY_SECONDS),
            signature_schemes: check_schemes(document.signature_schemes)?,
            signature_regions: check_regions(document.signature_regions)?,
            hosts: check_hosts(document.hosts, &buckets)?,
            complete_multipart_upload,
            unsealed_upload_ids: document.unsealed_upload_ids,
            head_object: check_head_object(document.head_object, service.as_ref())?,
            small_parts: document.small_parts,
            max_join_bytes: document.max_join_bytes.map_or(DEFAULT_MAX_JOIN_BYTES, |bytes| bytes.0),
            service,
            list_parts: if document.list_parts { ListParts::Served } else { ListParts::Refused },
            cors: document.cors.map(|Object(cors)| cors.check().map_err(|error| error.within("cors"))).transpose()?,
            headers: document.headers.map(|Object(headers)| headers.into()).unwrap_or_default(),
            credentials: check_credentials(document.credentials, &regions)?,
            capture: check_capture(document.capture)?,
            buckets,
        })
    }
}

fn seconds<const MAX: u64>(configured: Option<Integer<0, MAX>>, default: u32) -> u32 {
    configured.and_then(|seconds| seconds.0.try_into().ok()).unwrap_or(default)
}

fn check_schemes(names: Option<Vec<SchemeName>>) -> Result<Vec<Scheme>, DocumentError> {
    let Some(names) = names else { return Ok(Scheme::ALL.to_vec()) };
    let mut schemes = Vec::new();
    for (index, SchemeName(scheme)) in names.into_iter().enumerate() {
        if schemes.contains(&scheme) {
            return Err(DocumentError::new(
                format!("signatureSchemes[{index}]"),
                "expected a scheme that is listed once",
            ));
        }
        schemes.push(scheme);
    }
    if schemes.is_empty() {
        return Err(DocumentError::new("signatureSchemes", "expected at least one scheme"));
    }
    Ok(schemes)
}

fn check_regions(regions: Option<Vec<OssRegion>>) -> Result<Vec<String>, DocumentError> {
    match regions {
        Some(regions) if regions.is_empty() => {
            Err(DocumentError::new("signatureRegions", "expected at least one region"))
        }
        regions => Ok(regions.unwrap_or_default().into_iter().map(|region| region.0).collect()),
    }
}

/// Refuses `triggers` where the relay is the entrance, because there are no edge functions.
fn check_triggers(triggers: Triggers) -> Result<(), DocumentError> {
    match triggers {
        Triggers::ViewerRequest => Ok(()),
        Triggers::OriginRequest => Err(DocumentError::new(
            "triggers",
            "expected none where `entrance` is \"relay\": no CloudFront is before it",
        )),
    }
}

fn check_listener(listener: Option<Object<ListenerDocument>>, entrance: Entrance) -> Result<(), DocumentError> {
    match (listener, entrance) {
        (None, _) => Ok(()),
        (Some(_), Entrance::CloudFront) => {
            Err(DocumentError::new("listener", "expected none unless `entrance` is \"relay\""))
        }
        (Some(Object(listener)), Entrance::Relay) => listener.check().map_err(|error| error.within("listener")),
    }
}

fn check_credentials(
    document: Option<Object<CredentialsDocument>>,
    regions: &AwsRegions,
) -> Result<Credentials, DocumentError> {
    let credentials = document.map(|Object(credentials)| credentials.check(regions)).transpose();
    credentials.map(Option::unwrap_or_default).map_err(|error| error.within("credentials"))
}

fn check_capture(capture: Option<Object<CaptureDocument>>) -> Result<Option<CaptureRules>, DocumentError> {
    capture.map(|Object(capture)| capture.check().map_err(|error| error.within("capture"))).transpose()
}

#[cfg(test)]
mod tests;
