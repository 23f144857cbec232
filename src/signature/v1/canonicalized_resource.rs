//! The resource as signature version 1 signs it.

use std::fmt;

use crate::request::query::Query;
use crate::sub_resource;

/// `/bucket/key`, decoded, then the signed sub-resources: `?name=value&name`, decoded, in byte order of their names,
/// and a name alone where the value is empty. Its `Display` is the signed text.
#[derive(Clone, PartialEq, Eq)]
pub struct CanonicalizedResource<'a> {
    bucket: &'a str,
    key: &'a str,
    sub_resources: Vec<(&'a str, &'a str)>,
}

impl<'a> CanonicalizedResource<'a> {
    /// The resource for `key` in `bucket`, both decoded; either may be empty. The bucket is always signed, wherever the
    /// request has it.
    pub fn new(bucket: &'a str, key: &'a str, query: &'a Query) -> Self {
        let mut sub_resources: Vec<_> = query.iter().filter(|(name, _)| sub_resource::is_signed(name)).collect();
        sub_resources.sort_unstable();
        CanonicalizedResource { bucket, key, sub_resources }
    }
}

impl fmt::Debug for CanonicalizedResource<'_> {
    /// Omits the text, which may contain a security token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CanonicalizedResource(..)")
    }
}

impl fmt::Display for CanonicalizedResource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bucket {
            "" => write!(f, "/")?,
            bucket => write!(f, "/{bucket}/{}", self.key)?,
        }
        let mut separator = '?';
        for (name, value) in &self.sub_resources {
            let equals = if value.is_empty() { "" } else { "=" };
            write!(f, "{separator}{name}{equals}{value}")?;
            separator = '&';
        }
        Ok(())
    }
}
