//! Checks what an authenticated request may do: the only place where an [`Authorized`] is made.

use std::collections::BTreeMap;

use crate::access_keys::permission::Asked;
use crate::authenticate::Authenticated;
use crate::config::S3Bucket;
use crate::refusal::Refusal;

/// A request that its access key allows, and the S3 bucket that it goes to.
pub(crate) struct Authorized<'r, 'c> {
    authenticated: &'r Authenticated<'r>,
    s3_bucket: &'c S3Bucket,
}

impl<'r, 'c> Authorized<'r, 'c> {
    pub(crate) fn authenticated(&self) -> &'r Authenticated<'r> {
        self.authenticated
    }

    pub(crate) fn s3_bucket(&self) -> &'c S3Bucket {
        self.s3_bucket
    }
}

/// Checks the access key's rules, then that the bucket is configured.
///
/// # Errors
/// [`Refusal::AccessDenied`] when no rule covers the request, whether the bucket exists or not;
/// [`Refusal::NoSuchBucket`] for a bucket that isn't configured.
pub(crate) fn authorize<'r, 'c>(
    authenticated: &'r Authenticated<'r>,
    buckets: &'c BTreeMap<String, S3Bucket>,
) -> Result<Authorized<'r, 'c>, Refusal> {
    let resource = authenticated.resource();
    let bucket = &*resource.bucket;
    let asked = Asked { operation: authenticated.operation(), bucket, key: resource.key_or_empty() };
    if !authenticated.key().allows(asked) {
        return Err(Refusal::AccessDenied);
    }
    let s3_bucket = buckets.get(bucket).ok_or_else(|| Refusal::NoSuchBucket(bucket.to_owned()))?;
    Ok(Authorized { authenticated, s3_bucket })
}
