//! The resource as signature version 1 signs it.

use std::fmt;

use crate::ordered::ordered;
use crate::query::Query;
use crate::sub_resource;
use crate::texts::push;

/// `/bucket/key`, decoded, then the signed sub-resources: `?name=value&name`, decoded, in byte order
/// of their names, and a name alone where the value is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalizedResource<'a> {
    bucket: &'a str,
    key: &'a str,
    sub_resources: Vec<(&'a str, &'a str)>,
}

impl<'a> CanonicalizedResource<'a> {
    /// The resource of a request for `key` in `bucket`: both decoded, either may be empty. The
    /// bucket is always there, whatever the request's host and path look like.
    pub fn new(bucket: &'a str, key: &'a str, query: &'a Query<'_>) -> Self {
        let signed = |(name, _): &(&str, &str)| sub_resource::is_signed(name);
        CanonicalizedResource { bucket, key, sub_resources: ordered(query.iter().filter(signed)) }
    }

    pub(crate) fn write_to(&self, out: &mut String) {
        let slash = if self.bucket.is_empty() { "" } else { "/" };
        let key = if self.bucket.is_empty() { "" } else { self.key };
        push(&["/", self.bucket, slash, key], out);
        let mut separator = "?";
        for (name, value) in &self.sub_resources {
            push(&[separator, name, if value.is_empty() { "" } else { "=" }, value], out);
            separator = "&";
        }
    }
}

impl fmt::Display for CanonicalizedResource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write_to(&mut text);
        f.write_str(&text)
    }
}
