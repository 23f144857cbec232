//! `config.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::aws_regions::AwsRegions;
use super::capture::CaptureDocument;
use super::cors::CorsDocument;
use super::credentials::CredentialsDocument;
use super::field::{Integer, Object, UniqueMap, checked_text, one_of, present};
use super::header_rules::HeaderRulesDocument;
use super::json::{self, DocumentError, Values};
use super::listener::ListenerDocument;
use crate::config::capture::CaptureRules;
use crate::config::credentials::Credentials;
use crate::config::hosts::Hosts;
use crate::config::names::{is_host, is_oss_bucket_name, is_region, is_s3_bucket_name};
use crate::config::{
    BodiesWithoutLength, Config, Endpoint, HeadObject, ListParts, S3Bucket, Service, Through, Triggers,
};
use crate::scheme::Scheme;
use crate::upload_id::{SmallParts, UnsealedUploadIds};

/// The clock skew that is allowed when `maxClockSkewSeconds` is left out: five minutes.
const DEFAULT_MAX_CLOCK_SKEW_SECONDS: u32 = 300;

/// A day: more than any clock that should be trusted, and far less than what would let a captured request be
/// replayed for ever.
pub(crate) const MAX_CLOCK_SKEW_SECONDS: u64 = 86_400;

/// Seven days, the longest that OSS allows a URL of signature version 4.
const DEFAULT_MAX_URL_EXPIRY_SECONDS: u32 = 604_800;

/// Ten years: version 1 has no bound of its own, and firmware may contain such URLs.
const MAX_URL_EXPIRY_SECONDS: u64 = 315_360_000;

/// The bytes of staged parts that are joined when `maxJoinBytes` is left out: 512 MiB. Many clients wait no longer than ten
/// seconds for an answer.
const DEFAULT_MAX_JOIN_BYTES: u64 = 512 * 1024 * 1024;

/// The most that parts under 5 MiB can be together.
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
    /// For editors.
    #[serde(default, rename = "$schema", deserialize_with = "present")]
    _schema: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostDocument {
    host: HostPattern,
    #[serde(deserialize_with = "style")]
    style: Style,
    #[serde(default, deserialize_with = "present")]
    bucket: Option<OssBucketName>,
}

#[derive(Clone, Copy)]
enum Style {
    VirtualHosted,
    Cname,
    Path,
    Endpoint,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct BucketDocument {
    s3_bucket: S3BucketName,
    region: AwsRegion,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointDocument {
    domain: Domain,
    path: OriginPath,
}

checked_text!(OssRegion, is_region, "a region as OSS's credentials name it, as in `cn-hangzhou`");
checked_text!(AwsRegion, is_region, "an AWS Region, as in `us-east-1`");
checked_text!(OssBucketName, is_oss_bucket_name, "a bucket name of 3 to 63 lower-case letters, digits and hyphens");
checked_text!(S3BucketName, is_s3_bucket_name, "an S3 bucket's name, as in `fleet-uploads`");
checked_text!(
    /// A host, or `*.` and an endpoint.
    HostPattern,
    |text| is_host(text.strip_prefix("*.").unwrap_or(text)),
    "a host in lower case, without a port, as in `uploads.example.com`; or `*.` and an endpoint, as in \
     `*.oss.example.com`"
);
checked_text!(Domain, is_host, "a domain name in lower case, without a scheme, port or path");
checked_text!(OriginPath, is_origin_path, "a path as in `/prod`, or an empty string for none");

#[derive(Clone, Copy)]
struct SchemeName(Scheme);

impl<'de> Deserialize<'de> for SchemeName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_of(deserializer, &Scheme::ALL.map(|scheme| (scheme.name(), scheme))).map(SchemeName)
    }
}

/// Where requests come in.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Entrance {
    #[default]
    CloudFront,
    Relay,
}

/// Where CompleteMultipartUpload goes, as it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ThroughName {
    Api,
    Relay,
    S3,
}

impl<'de> Deserialize<'de> for ThroughName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_of(deserializer, &[("api", ThroughName::Api), ("relay", ThroughName::Relay), ("s3", ThroughName::S3)])
    }
}

#[derive(Clone, Copy)]
struct BodiesWithoutLengthName(BodiesWithoutLength);

impl<'de> Deserialize<'de> for BodiesWithoutLengthName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = [("refuse", BodiesWithoutLength::Refused), ("relay", BodiesWithoutLength::Relayed)];
        one_of(deserializer, &names).map(BodiesWithoutLengthName)
    }
}

fn triggers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Triggers, D::Error> {
    one_of(deserializer, &[("viewer-request", Triggers::ViewerRequest), ("origin-request", Triggers::OriginRequest)])
}

fn entrance<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Entrance, D::Error> {
    one_of(deserializer, &[("cloudfront", Entrance::CloudFront), ("relay", Entrance::Relay)])
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

fn style<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Style, D::Error> {
    one_of(
        deserializer,
        &[
            ("virtual-hosted", Style::VirtualHosted),
            ("cname", Style::Cname),
            ("path", Style::Path),
            ("endpoint", Style::Endpoint),
        ],
    )
}

fn is_served() -> bool {
    true
}

/// An origin path begins with `/` and doesn't end with it (CloudFront, "Origin path").
fn is_origin_path(path: &str) -> bool {
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    path.is_empty() || (path.len() <= 255 && path.strip_prefix('/').is_some_and(|path| path.split('/').all(is_segment)))
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

fn check_buckets(
    document: UniqueMap<OssBucketName, Object<BucketDocument>>,
    regions: &AwsRegions,
) -> Result<BTreeMap<String, S3Bucket>, DocumentError> {
    let mut buckets: BTreeMap<String, S3Bucket> = BTreeMap::new();
    for (OssBucketName(name), Object(BucketDocument { s3_bucket, region })) in document.0 {
        regions.check(&region.0).map_err(|error| error.within(&format!("buckets.{name}.region")))?;
        // Objects of the same key would overwrite each other.
        if buckets.values().any(|known| known.name == s3_bucket.0) {
            return Err(DocumentError::new(format!("buckets.{name}.s3Bucket"), "expected an S3 bucket of its own"));
        }
        buckets.insert(name, S3Bucket::new(s3_bucket.0, region.0));
    }
    if buckets.is_empty() {
        return Err(DocumentError::new("buckets", "expected at least one bucket"));
    }
    Ok(buckets)
}

fn check_hosts(
    document: Vec<Object<HostDocument>>,
    buckets: &BTreeMap<String, S3Bucket>,
) -> Result<Hosts, DocumentError> {
    if document.is_empty() {
        return Err(DocumentError::new("hosts", "expected at least one host"));
    }
    let mut hosts = Hosts::default();
    for (index, Object(host)) in document.into_iter().enumerate() {
        add_host(host, buckets, &mut hosts).map_err(|error| error.within(&format!("hosts[{index}]")))?;
    }
    Ok(hosts)
}

fn add_host(
    HostDocument { host: HostPattern(host), style, bucket }: HostDocument,
    buckets: &BTreeMap<String, S3Bucket>,
    hosts: &mut Hosts,
) -> Result<(), DocumentError> {
    let endpoint = host.strip_prefix("*.").map(str::to_owned);
    let is_new = match (style, endpoint, check_host_bucket(style, bucket, buckets)?) {
        (Style::VirtualHosted, Some(endpoint), _) => hosts.virtual_hosted.insert(endpoint),
        (Style::Path, None, _) => !hosts.has_exact(&host) && hosts.path.insert(host),
        (Style::Cname, None, Some(bucket)) => !hosts.has_exact(&host) && hosts.cname.insert(host, bucket).is_none(),
        (Style::Endpoint, None, Some(bucket)) => {
            !hosts.has_exact(&host)
                && hosts.virtual_hosted.insert(host.clone())
                && hosts.endpoints.insert(host, bucket).is_none()
        }
        (Style::Cname | Style::Endpoint, None, None) => {
            return Err(DocumentError::new("bucket", "expected this field to be present"));
        }
        (Style::VirtualHosted, None, _) => {
            let expected = "`*.` and the host that follows the bucket, in lower case and without a port, as in \
                            `*.oss.example.com`";
            return Err(DocumentError::new("host", format!("expected {expected}, found \"{host}\"")));
        }
        (Style::Path | Style::Cname | Style::Endpoint, Some(_), _) => {
            let expected = "a host in lower case, without a port, as in `uploads.example.com`";
            return Err(DocumentError::new("host", format!("expected {expected}, found \"{host}\"")));
        }
    };
    if is_new { Ok(()) } else { Err(DocumentError::new("host", "expected a host that is listed once")) }
}

fn check_host_bucket(
    style: Style,
    bucket: Option<OssBucketName>,
    buckets: &BTreeMap<String, S3Bucket>,
) -> Result<Option<String>, DocumentError> {
    let problem = match (style, bucket) {
        (_, None) => return Ok(None),
        (Style::VirtualHosted | Style::Path, Some(_)) => {
            "expected no bucket: only a host of style \"cname\" or \"endpoint\" stands for one".to_owned()
        }
        (_, Some(OssBucketName(bucket))) if buckets.contains_key(&bucket) => return Ok(Some(bucket)),
        (_, Some(OssBucketName(bucket))) => format!("expected one of the names in `buckets`, found \"{bucket}\""),
    };
    Err(DocumentError::new("bucket", problem))
}

fn check_service(
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

/// Where the relay is the entrance, no function of CloudFront's is triggered.
fn check_triggers(triggers: Triggers) -> Result<(), DocumentError> {
    match triggers {
        Triggers::ViewerRequest => Ok(()),
        Triggers::OriginRequest => Err(DocumentError::new(
            "triggers",
            "expected none where `entrance` is \"relay\": no CloudFront is before it",
        )),
    }
}

/// Where the relay is the entrance, nothing else serves anything.
fn check_alone(
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

fn check_listener(listener: Option<Object<ListenerDocument>>, entrance: Entrance) -> Result<(), DocumentError> {
    match (listener, entrance) {
        (None, _) => Ok(()),
        (Some(_), Entrance::CloudFront) => {
            Err(DocumentError::new("listener", "expected none unless `entrance` is \"relay\""))
        }
        (Some(Object(listener)), Entrance::Relay) => listener.check().map_err(|error| error.within("listener")),
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

fn check_through(name: Option<ThroughName>, service: Option<&Service>) -> Result<Through, DocumentError> {
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

fn check_head_object(head_object: HeadObject, service: Option<&Service>) -> Result<HeadObject, DocumentError> {
    match (head_object, service) {
        (HeadObject::Served, None) => {
            Err(DocumentError::new("headObject", "expected an `api` or a `relay`, which \"served\" needs"))
        }
        _ => Ok(head_object),
    }
}

fn check_small_parts(
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
