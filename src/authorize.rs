//! What an authentic request may do: the only place where an [`Authorized`] is made.

use crate::authenticate::{Authenticated, Classified};
use crate::by_name::ByName;
use crate::config::S3Bucket;
use crate::permission::Asked;
use crate::refusal::Refusal;
use crate::texts::owned;

/// A request that may go on, and the S3 bucket that its bucket leads to.
pub(crate) struct Authorized<'a, 'v, 'r, 'k, 'c> {
    authenticated: &'a Authenticated<'v, 'r, 'k>,
    s3_bucket: &'c S3Bucket,
    bucket_number: usize,
}

impl<'a, 'v, 'r, 'k, 'c> Authorized<'a, 'v, 'r, 'k, 'c> {
    pub(crate) fn authenticated(&self) -> &'a Authenticated<'v, 'r, 'k> {
        self.authenticated
    }

    pub(crate) fn s3_bucket(&self) -> &'c S3Bucket {
        self.s3_bucket
    }

    /// How many buckets of the configuration are before it.
    pub(crate) fn bucket_number(&self) -> usize {
        self.bucket_number
    }
}

/// Checks what isn't a matter of the signature.
///
/// # Errors
/// [`Refusal::AccessDenied`] when the access key may not do it, whether the bucket exists or not;
/// [`Refusal::NoSuchBucket`] for a bucket that isn't configured.
pub(crate) fn authorize<'a, 'v, 'r, 'k, 'c>(
    authenticated: &'a Authenticated<'v, 'r, 'k>,
    buckets: &'c ByName<S3Bucket>,
) -> Result<Authorized<'a, 'v, 'r, 'k, 'c>, Refusal> {
    let Classified { resource, operation, .. } = authenticated.classified();
    let bucket = &*resource.bucket;
    let asked = Asked { operation: *operation, bucket, key: resource.key.as_deref().unwrap_or_default() };
    if !authenticated.key().allows(asked) {
        return Err(Refusal::AccessDenied);
    }
    let found = buckets.find(bucket).ok_or_else(|| Refusal::NoSuchBucket(owned(bucket)));
    let (bucket_number, s3_bucket) = found?;
    Ok(Authorized { authenticated, s3_bucket, bucket_number })
}
