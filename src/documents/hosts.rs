//! `hosts` of `config.json`: the hosts that devices are pointed at.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::buckets::OssBucketName;
use super::field::{Object, checked_text, one_of, present};
use super::json::DocumentError;
use crate::config::S3Bucket;
use crate::config::hosts::Hosts;
use crate::config::names::is_host;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HostDocument {
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

checked_text!(
    /// A host, or `*.` and an endpoint.
    HostPattern,
    |text| is_host(text.strip_prefix("*.").unwrap_or(text)),
    "a host in lower case, without a port, as in `uploads.example.com`; or `*.` and an endpoint, as in \
     `*.oss.example.com`"
);

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

/// Checks the hosts, and that the buckets that they name exist.
///
/// # Errors
/// The path of the host that is malformed, repeated or without its bucket, and what was expected.
pub(super) fn check_hosts(
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
    if is_new {
        return Ok(());
    }
    let expected = match style {
        Style::VirtualHosted | Style::Endpoint => {
            "expected a host that is listed once: one of style \"endpoint\" stands for its `*.` as well"
        }
        Style::Cname | Style::Path => "expected a host that is listed once",
    };
    Err(DocumentError::new("host", expected))
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
