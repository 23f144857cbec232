//! `buckets` of `config.json`: where the objects of each OSS bucket go.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::aws_regions::{AwsRegion, AwsRegions};
use super::field::{Object, UniqueMap, checked_text};
use super::json::DocumentError;
use crate::config::S3Bucket;
use crate::config::names::{is_oss_bucket_name, is_s3_bucket_name};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct BucketDocument {
    s3_bucket: S3BucketName,
    region: AwsRegion,
}

checked_text!(OssBucketName, is_oss_bucket_name, "a bucket name of 3 to 63 lower-case letters, digits and hyphens");
checked_text!(S3BucketName, is_s3_bucket_name, "an S3 bucket's name, as in `fleet-uploads`");

/// Checks the buckets.
///
/// # Errors
/// For an unknown Region, for an S3 bucket that is named twice, and if there is no bucket.
pub(super) fn check_buckets(
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
