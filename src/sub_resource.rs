//! The query parameters that OSS signs.

/// The sub-resources of signature version 1, sorted by byte: the union of the lists in the official
/// SDKs' sources, each at the release named here:
///
/// C 3.11.2 `oss_auth.c`, Python 2.19.1 `auth.py`, Python v2 1.4.1 `signer/v1.py`, Go 3.0.2
/// `conn.go`, Go v2 `signer/v1.go`, Java 3.18.4 `SignParameters.java`, Java v2 0.5.0
/// `SignerV1.java`, C++ 1.10.1 `SignerV1.cc`, Android 2.9.20 `SignParameters.java`, iOS 2.11.1
/// `OSSUtil.m`, PHP 2.7 `SignerV1.php`, .NET 2.14.0 `SignUtils.cs`.
///
/// The lists only ever grew, so the list of an older SDK is a subset of this one. Names that begin with
/// `x-oss-` are sub-resources too and aren't listed (Go v2, C# v2 and PHP v2 sign them by prefix).
pub const SUB_RESOURCES: [&str; 92] = [
    "accessPoint",
    "accessPointPolicy",
    "acl",
    "append",
    "asyncFetch",
    "bucketArchiveDirectRead",
    "bucketInfo",
    "callback",
    "callback-var",
    "cleanRestoredObject",
    "cloudboxes",
    "cname",
    "comp",
    "continuation-token",
    "cors",
    "delete",
    "encryption",
    "endTime",
    "group",
    "httpsConfig",
    "img",
    "inventory",
    "inventoryId",
    "lifecycle",
    "link",
    "live",
    "location",
    "logging",
    "metaQuery",
    "objectInfo",
    "objectMeta",
    "partNumber",
    "policy",
    "policyStatus",
    "position",
    "processConfiguration",
    "publicAccessBlock",
    "qos",
    "qosInfo",
    "qosRequester",
    "redundancyTransition",
    "referer",
    "regionList",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "requestPayment",
    "requesterQosInfo",
    "resourceGroup",
    "resourcePool",
    "resourcePoolBuckets",
    "resourcePoolInfo",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "responseHeader",
    "restore",
    "rtc",
    "seal",
    "security-token",
    "sequential",
    "startTime",
    "stat",
    "status",
    "style",
    "styleName",
    "symlink",
    "tagging",
    "transferAcceleration",
    "udf",
    "udfApplication",
    "udfApplicationLog",
    "udfId",
    "udfImage",
    "udfImageDesc",
    "udfName",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "vip",
    "vod",
    "vpcip",
    "website",
    "withHashContext",
    "worm",
    "wormExtend",
    "wormId",
];

/// Whether OSS signs a query parameter of this name.
pub(crate) fn is_signed(name: &str) -> bool {
    name.starts_with("x-oss-") || SUB_RESOURCES.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_sorted_without_repeats() {
        assert!(SUB_RESOURCES.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn knows_every_name_and_no_part_of_one() {
        for name in SUB_RESOURCES {
            assert!(is_signed(name), "{name}");
            let (before_last, after_first) = (name.get(..name.len() - 1).unwrap(), name.get(1..).unwrap());
            for part in [before_last, after_first, &format!("{name}a")] {
                assert_eq!(is_signed(part), SUB_RESOURCES.contains(&part), "{part}");
            }
        }
        assert!(!is_signed("aclimgqos") && !is_signed(&"a".repeat(100)));
    }

    #[test]
    fn knows_the_names_of_the_served_operations_and_leaves_the_unsigned_out() {
        for name in ["uploads", "uploadId", "partNumber", "sequential", "x-oss-process"] {
            assert!(is_signed(name), "{name}");
        }
        for name in ["encoding-type", "OSSAccessKeyId", "Expires", "Signature", "prefix", "UPLOADS", ""] {
            assert!(!is_signed(name), "{name}");
        }
    }
}
