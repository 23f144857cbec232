//! Which bucket and key a request is about, from its Host and its path, parsed once.

use std::borrow::Cow;

use crate::config::is_oss_bucket_name;
use crate::hosts::{Hosts, without_port};
use crate::object_key::ObjectKey;
use crate::parts::cut;
use crate::percent_encoding;
use crate::reading::PathPlus;
use crate::refusal::{KeyFault, Refusal};
use crate::texts::owned;

/// The bucket and the decoded key. What is verified and what is forwarded are both made from this
/// one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource<'a> {
    /// The OSS bucket's name.
    pub bucket: Cow<'a, str>,
    /// The key; `None` for the bucket itself.
    pub key: Option<ObjectKey<'a>>,
}

impl<'a> Resource<'a> {
    /// Locates a request's resource by its Host header and its path, in the three styles of OSS clients: virtual-hosted
    /// (`bucket.endpoint/key`), CNAME (`host/key`) and path (`endpoint/bucket/key`).
    ///
    /// The path is decoded before it is split, because the SDKs for C, Go and Python send `/` inside
    /// a key as `%2F`, and the C SDK even `/bucket%2Fkey`.
    ///
    /// # Errors
    /// [`Refusal::UnknownHost`], [`Refusal::InvalidBucketName`] or [`Refusal::InvalidObjectName`].
    pub(crate) fn locate(host: &'a str, uri: &'a str, hosts: &'a Hosts, path_plus: PathPlus) -> Result<Self, Refusal> {
        let host = without_port(host).ok_or(Refusal::UnknownHost)?;
        let bucket = match &host {
            Cow::Borrowed(host) => hosts.addressing(host).map(|addressing| addressing.bucket().map(Cow::Borrowed)),
            Cow::Owned(host) => {
                hosts.addressing(host).map(|addressing| addressing.bucket().map(|bucket| Cow::Owned(owned(bucket))))
            }
        };
        let bucket = bucket.ok_or(Refusal::UnknownHost)?;
        let path = decoded_path(uri, path_plus)?;
        let (bucket, key) = match bucket {
            Some(bucket) => (bucket, path),
            None => split_bucket(path),
        };
        if !is_oss_bucket_name(&bucket) {
            return Err(Refusal::InvalidBucketName);
        }
        let key = if key.is_empty() { None } else { Some(ObjectKey::new(key)?) };
        Ok(Resource { bucket, key })
    }
}

/// The path without its first `/`, percent-decoded once.
fn decoded_path(uri: &str, path_plus: PathPlus) -> Result<Cow<'_, str>, Refusal> {
    let malformed = || Refusal::InvalidObjectName(KeyFault::Escape);
    let path = uri.strip_prefix('/').ok_or_else(malformed)?;
    match path_plus {
        PathPlus::Plus => percent_encoding::decode(path).ok_or_else(malformed),
        PathPlus::Space => {
            let spaced = percent_encoding::with_spaces(path);
            let decoded = percent_encoding::decode(&spaced).ok_or_else(malformed)?;
            Ok(Cow::Owned(decoded.into_owned()))
        }
    }
}

/// `bucket` and `key` of `bucket/key`; the key is empty when there is no slash.
fn split_bucket(path: Cow<'_, str>) -> (Cow<'_, str>, Cow<'_, str>) {
    match path {
        Cow::Borrowed(path) => {
            let (bucket, key) = cut(path, b'/');
            (bucket.into(), key.unwrap_or_default().into())
        }
        Cow::Owned(path) => {
            let (bucket, key) = cut(&path, b'/');
            (Cow::Owned(owned(bucket)), Cow::Owned(owned(key.unwrap_or_default())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::by_name::ByName;
    use crate::id_table::IdTable;

    fn locate(host: &str, uri: &str) -> Result<(String, String), Refusal> {
        let hosts = Hosts {
            cname: ByName::from_iter([("uploads.example.com", "fleet".to_owned())]),
            path: IdTable::from_iter(["127.0.0.1"]),
            virtual_hosted: IdTable::from_iter(["oss.example.com"]),
        };
        let resource = Resource::locate(host, uri, &hosts, PathPlus::Plus)?;
        Ok((resource.bucket.into_owned(), resource.key.map(|key| key.to_string()).unwrap_or_default()))
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
            ("evil.com", "/k", Refusal::UnknownHost),
            ("", "/k", Refusal::UnknownHost),
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
