//! Which bucket and key a request is about, from its Host and its path, parsed once.

use crate::config::hosts::{Hosts, without_port};
use crate::config::names::is_oss_bucket_name;
use crate::object_key::ObjectKey;
use crate::refusal::{KeyFault, Refusal};
use crate::request::percent_encoding;

/// The bucket and the decoded key. What is verified and what is forwarded are both made from this one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The OSS bucket's name.
    pub bucket: String,
    /// The key; `None` for the bucket itself.
    pub key: Option<ObjectKey>,
    /// How the host addresses the bucket: `virtual-hosted`, `cname` or `path`.
    pub style: &'static str,
}

/// What a raw `+` in the path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathPlus {
    /// A plus: RFC 3986, and every SDK but one.
    Plus,
    /// A space: the Ruby SDK writes paths with CGI.escape, and signs the space (version 1 only).
    Space,
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
    pub(crate) fn locate(host: &str, uri: &str, hosts: &Hosts, path_plus: PathPlus) -> Result<Self, Refusal> {
        let unknown_host = || Refusal::UnknownHost(host.to_owned());
        let host = without_port(host).ok_or_else(unknown_host)?;
        let addressing = hosts.addressing(&host).ok_or_else(unknown_host)?;
        let path = decode_path(uri, path_plus)?;
        let (bucket, key) = match addressing.bucket() {
            Some(bucket) => (bucket, &*path),
            None => path.split_once('/').unwrap_or((&path, "")),
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

/// The path without its first `/`, percent-decoded once.
fn decode_path(uri: &str, path_plus: PathPlus) -> Result<String, Refusal> {
    let path = uri.strip_prefix('/').and_then(|path| match path_plus {
        PathPlus::Plus => percent_encoding::decode(path).map(String::from),
        PathPlus::Space => percent_encoding::decode(&path.replace('+', " ")).map(String::from),
    });
    path.ok_or(Refusal::InvalidObjectName(KeyFault::Escape))
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
        };
        let resource = Resource::locate(host, uri, &hosts, PathPlus::Plus)?;
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
        for (uri, key) in [("//lead", "/lead"), ("/%2Flead", "/lead"), ("/a//b/", "a//b/"), ("/a%252Fb", "a%2Fb")] {
            assert_eq!(locate("uploads.example.com", uri), Ok(("fleet".into(), key.into())), "{uri}");
        }
        assert_eq!(locate("127.0.0.1", "/fleet//lead"), Ok(("fleet".into(), "/lead".into())));
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
            ("uploads.example.com", "/%FF", Refusal::InvalidObjectName(KeyFault::Escape)),
            ("uploads.example.com", "/a%2F..%2Fb", Refusal::InvalidObjectName(KeyFault::DotSegment)),
        ] {
            assert_eq!(locate(host, uri), Err(expected), "{host}{uri}");
        }
    }
}
