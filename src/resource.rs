//! The bucket and key of a request, parsed once from its Host and its path.

use crate::config::hosts::{Addressing, Hosts, without_port};
use crate::config::names::is_oss_bucket_name;
use crate::object_key::ObjectKey;
use crate::refusal::{KeyFault, Refusal};
use crate::request::percent_encoding::{self, DecodeError};

/// The bucket and the decoded key. What is verified and what is forwarded are both made from this one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The OSS bucket's name.
    pub bucket: String,
    /// The key; `None` for the bucket itself.
    pub key: Option<ObjectKey>,
    /// How the host addresses the bucket: `virtual-hosted`, `cname`, `path` or `endpoint`.
    pub style: &'static str,
}

/// What a raw `+` in the path stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathPlus {
    /// A plus: RFC 3986, and every SDK but one.
    Plus,
    /// A space: the Ruby SDK writes paths with CGI.escape, and signs the space (version 1 only).
    Space,
}

/// One way to read a Host and a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PathReading {
    pub(crate) plus: PathPlus,
    pub(crate) endpoint_bucket: EndpointBucket,
}

impl PathReading {
    /// The likeliest reading.
    pub(crate) const FIRST: PathReading =
        PathReading { plus: PathPlus::Plus, endpoint_bucket: EndpointBucket::Configured };
}

/// Where the bucket of a request to an endpoint itself comes from: the configuration, or the path's first segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndpointBucket {
    Configured,
    InPath,
}

impl Resource {
    /// Locates a request's resource by its Host header and its path, in the three styles of OSS clients:
    /// virtual-hosted (`bucket.endpoint/key`), CNAME (`host/key`) and path (`endpoint/bucket/key`).
    ///
    /// The path is decoded before it is split, because the SDKs for C, Go and Python send `/` inside a key as
    /// `%2F`, and the C SDK even `/bucket%2Fkey`.
    ///
    /// # Errors
    /// [`Refusal::UnknownHost`], [`Refusal::InvalidBucketName`] or [`Refusal::InvalidObjectName`].
    pub(crate) fn locate(host: &str, uri: &str, hosts: &Hosts, reading: PathReading) -> Result<Self, Refusal> {
        let unknown_host = || Refusal::UnknownHost(host.to_owned());
        let host = without_port(host).ok_or_else(unknown_host)?;
        let addressing = hosts.addressing(&host).ok_or_else(unknown_host)?;
        let path = decode_path(uri, reading.plus)?;
        let (bucket, key) = match (&addressing, addressing.bucket()) {
            (Addressing::Endpoint { .. }, _) if reading.endpoint_bucket == EndpointBucket::InPath => {
                first_segment(&path)
            }
            (_, Some(bucket)) => (bucket, &*path),
            (_, None) => first_segment(&path),
        };
        if !is_oss_bucket_name(bucket) {
            return Err(Refusal::InvalidBucketName);
        }
        let key = if key.is_empty() { None } else { Some(ObjectKey::new(key.to_owned())?) };
        Ok(Resource { bucket: bucket.to_owned(), key, style: addressing.style() })
    }

    /// The key, empty for the bucket itself.
    pub(crate) fn key_or_empty(&self) -> &str {
        self.key.as_deref().unwrap_or_default()
    }
}

/// Splits a path after its first segment.
fn first_segment(path: &str) -> (&str, &str) {
    path.split_once('/').unwrap_or((path, ""))
}

/// The path without its first `/`, percent-decoded once.
fn decode_path(uri: &str, path_plus: PathPlus) -> Result<String, Refusal> {
    let path = uri.strip_prefix('/').ok_or(Refusal::InvalidObjectName(KeyFault::Escape))?;
    let decoded = match path_plus {
        PathPlus::Plus => percent_encoding::decode(path).map(String::from),
        PathPlus::Space => percent_encoding::decode(&path.replace('+', " ")).map(String::from),
    };
    decoded.map_err(|error| match error {
        DecodeError::Escape => Refusal::InvalidObjectName(KeyFault::Escape),
        DecodeError::NotUtf8 => Refusal::InvalidObjectName(KeyFault::NotUtf8),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn locate(host: &str, uri: &str) -> Result<(String, String), Refusal> {
        let hosts = Hosts {
            cname: BTreeMap::from([("uploads.example.com".to_owned(), "fleet".to_owned())]),
            path: BTreeSet::from(["127.0.0.1".to_owned()]),
            virtual_hosted: BTreeSet::from(["oss.example.com".to_owned()]),
            endpoints: BTreeMap::new(),
        };
        let resource = Resource::locate(host, uri, &hosts, PathReading::FIRST)?;
        Ok((resource.bucket.clone(), resource.key_or_empty().to_owned()))
    }

    #[test]
    fn reads_the_three_styles() {
        let expected = Ok(("fleet".to_owned(), "dir/日 a+b".to_owned()));
        for (host, uri) in [
            ("fleet.oss.example.com", "/dir/%E6%97%A5%20a+b"),
            ("FLEET.OSS.example.com:8443", "/dir%2F%E6%97%A5%20a%2Bb"),
            ("uploads.example.com", "/dir%2f日%20a+b"),
            ("127.0.0.1:8080", "/fleet/dir/%E6%97%A5%20a%2Bb"),
            ("127.0.0.1", "/fleet%2Fdir%2F%E6%97%A5%20a%2Bb"),
        ] {
            assert_eq!(locate(host, uri), expected, "{host}{uri}");
        }
    }

    #[test]
    fn keeps_slashes_where_the_client_put_them() {
        for (uri, key) in [("/a//b/", "a//b/"), ("/a%2F%2Fb", "a//b"), ("/a%252Fb", "a%2Fb")] {
            assert_eq!(locate("uploads.example.com", uri), Ok(("fleet".into(), key.into())), "{uri}");
        }
    }

    #[test]
    fn has_no_key_for_the_bucket_itself() {
        for (host, uri) in [("uploads.example.com", "/"), ("127.0.0.1", "/fleet"), ("127.0.0.1", "/fleet/")] {
            assert_eq!(locate(host, uri), Ok(("fleet".into(), String::new())), "{host}{uri}");
        }
    }

    #[test]
    fn refuses_what_is_no_bucket_or_no_path() {
        for (host, uri, expected) in [
            ("evil.com", "/k", Refusal::UnknownHost("evil.com".into())),
            ("", "/k", Refusal::UnknownHost(String::new())),
            ("ab.oss.example.com", "/k", Refusal::InvalidBucketName),
            ("a_c.oss.example.com", "/k", Refusal::InvalidBucketName),
            ("127.0.0.1", "/", Refusal::InvalidBucketName),
            ("127.0.0.1", "//fleet/k", Refusal::InvalidBucketName),
            ("127.0.0.1", "/Fleet/k", Refusal::InvalidBucketName),
            ("uploads.example.com", "", Refusal::InvalidObjectName(KeyFault::Escape)),
            ("uploads.example.com", "k", Refusal::InvalidObjectName(KeyFault::Escape)),
            ("uploads.example.com", "/%", Refusal::InvalidObjectName(KeyFault::Escape)),
            ("uploads.example.com", "/%FF", Refusal::InvalidObjectName(KeyFault::NotUtf8)),
            ("uploads.example.com", "//lead", Refusal::InvalidObjectName(KeyFault::LeadingSlash)),
            ("uploads.example.com", "/%2Flead", Refusal::InvalidObjectName(KeyFault::LeadingSlash)),
            ("uploads.example.com", "/%5Clead", Refusal::InvalidObjectName(KeyFault::LeadingSlash)),
            ("127.0.0.1", "/fleet//lead", Refusal::InvalidObjectName(KeyFault::LeadingSlash)),
            ("uploads.example.com", "/a%2F..%2Fb", Refusal::InvalidObjectName(KeyFault::DotSegment)),
        ] {
            assert_eq!(locate(host, uri), Err(expected), "{host}{uri}");
        }
    }
}
