//! The known AWS Regions. Without this check, a misspelt Region would only show when every upload fails.

use super::field::checked_text;
use super::json::{DocumentError, most_similar};
use crate::config::names::is_region;

checked_text!(AwsRegion, is_region, "an AWS Region, as in `us-east-1`");

/// The Regions that a configuration may name.
pub(super) struct AwsRegions {
    /// `furtherRegions`: those that are newer than this release.
    pub(super) further: Vec<String>,
}

/// The Regions of the partition `aws` (botocore, `data/partitions.json`).
const AWS_REGIONS: [&str; 36] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "me-west-1",
    "mx-central-1",
    "sa-east-1",
    "sa-west-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// What the Regions of AWS's other partitions begin with (botocore, `data/partitions.json`).
const OTHER_PARTITIONS: [&str; 7] = ["cn-", "eu-isoe-", "eusc-", "us-gov-", "us-iso-", "us-isob-", "us-isof-"];

impl AwsRegions {
    /// Takes the Regions that are newer than this release.
    ///
    /// # Errors
    /// For a Region of another partition.
    pub(super) fn with_further(further: Vec<String>) -> Result<Self, DocumentError> {
        for (index, region) in further.iter().enumerate() {
            check_partition(region).map_err(|error| error.within(&format!("furtherRegions[{index}]")))?;
        }
        Ok(AwsRegions { further })
    }

    /// # Errors
    /// Without a path, for a Region of another partition and for one that isn't known.
    pub(super) fn check(&self, region: &str) -> Result<(), DocumentError> {
        check_partition(region)?;
        let mut known = AWS_REGIONS.into_iter().chain(self.further.iter().map(String::as_str));
        if known.any(|known| known == region) {
            return Ok(());
        }
        let similar = most_similar(region, AWS_REGIONS).map(|similar| format!(", did you mean \"{similar}\"?"));
        let expected = "expected an AWS Region, or one that `furtherRegions` lists";
        let hint = similar.unwrap_or_default();
        Err(DocumentError::new("", format!("{expected}, found \"{region}\"{hint}")))
    }
}

/// Refuses a Region of another partition: CloudFront and Lambda@Edge of the partition `aws` can't use origins there.
fn check_partition(region: &str) -> Result<(), DocumentError> {
    if OTHER_PARTITIONS.iter().any(|prefix| region.starts_with(prefix)) {
        let problem = format!("expected a Region of AWS's partition `aws`, where CloudFront is, found \"{region}\"");
        return Err(DocumentError::new("", problem));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(region: &str, further: &[&str]) -> Option<String> {
        let further = further.iter().map(|region| (*region).to_owned()).collect();
        let checked = AwsRegions::with_further(further).and_then(|regions| regions.check(region));
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn lists_each_region_once_and_in_order() {
        assert!(AWS_REGIONS.is_sorted_by(|one, other| one < other));
        assert!(OTHER_PARTITIONS.is_sorted());
    }

    #[test]
    fn takes_the_published_regions_and_those_that_are_listed() {
        for region in ["us-east-1", "eu-central-2", "ap-southeast-7", "mx-central-1"] {
            assert_eq!(check(region, &[]), None);
        }
        assert_eq!(check("eu-north-9", &["eu-north-9"]), None);
    }

    #[test]
    fn refuses_what_is_no_region_of_this_partition() {
        for (region, further, expected) in [
            (
                "eu-centrl-1",
                &[][..],
                "expected an AWS Region, or one that `furtherRegions` lists, found \"eu-centrl-1\", did you mean \"eu-central-1\"?",
            ),
            (
                "useast1",
                &[],
                "expected an AWS Region, or one that `furtherRegions` lists, found \"useast1\", did you mean \"us-east-1\"?",
            ),
            (
                "eu-north-9",
                &["eu-north-8"],
                "expected an AWS Region, or one that `furtherRegions` lists, found \"eu-north-9\", did you mean \"eu-north-1\"?",
            ),
            (
                "oss-cn-hangzhou",
                &[],
                "expected an AWS Region, or one that `furtherRegions` lists, found \"oss-cn-hangzhou\"",
            ),
            (
                "cn-north-1",
                &[],
                "expected a Region of AWS's partition `aws`, where CloudFront is, found \"cn-north-1\"",
            ),
            ("us-gov-west-1", &[], "expected a Region of AWS's partition"),
            ("cn-north-1", &["cn-north-1"], "furtherRegions[0]: expected a Region of AWS's partition"),
        ] {
            let error = check(region, further).unwrap();
            let error = error.strip_prefix("the document: ").unwrap_or(&error);
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
