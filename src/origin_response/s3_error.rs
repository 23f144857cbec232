//! Translates Amazon S3's errors to OSS's.

use crate::oss_error::{self, OssError, error};

/// OSS's error for a code of S3 (Amazon S3 API Reference, "Error responses"). A code that isn't listed isn't the fault
/// of the client's request, so it becomes `InternalError`.
pub(crate) fn oss_error_of(s3_code: &str) -> OssError {
    let row = ERRORS.binary_search_by_key(&s3_code, |(code, _)| code);
    row.ok().and_then(|row| ERRORS.get(row)).map_or(INTERNAL_ERROR, |(_, error)| *error)
}

const INTERNAL_ERROR: OssError =
    error(500, "InternalError", "0001-00000000", "Please contact the server administrator, oss@service.aliyun.com.");
/// With a status that SDKs retry, as S3 asks for.
const UNAVAILABLE: OssError = error(503, "ServiceUnavailable", "", "Please reduce your request rate.");
const INVALID_DIGEST: OssError = error(400, "InvalidDigest", "", "The Content-MD5 you specified was invalid.");
const ENTITY_TOO_LARGE: OssError =
    error(400, "EntityTooLarge", "", "Your proposed upload exceeds the maximum allowed object size.");

/// OSS's errors by S3's code, sorted. Codes and messages are those of OSS's pages "HTTP status code 400" to "503". An
/// EC is given where OSS documents one for the case (0042-00000214: CompleteMultipartUpload over an object that
/// exists).
static ERRORS: [(&str, OssError); 21] = [
    (
        "AccessDenied",
        error(403, "AccessDenied", "0003-00000001", "You have no right to access this object because of bucket acl."),
    ),
    ("BadDigest", INVALID_DIGEST),
    // Two conditional writes collided; S3 asks the client to retry.
    ("ConditionalRequestConflict", UNAVAILABLE),
    ("EntityTooLarge", ENTITY_TOO_LARGE),
    ("EntityTooSmall", error(400, "EntityTooSmall", "", "Your proposed upload smaller than the minimum allowed size.")),
    (
        "IncompleteBody",
        error(
            400,
            "IncompleteBody",
            "",
            "You did not provide the number of bytes specified by the Content-Length HTTP header.",
        ),
    ),
    ("InvalidArgument", error(400, "InvalidArgument", "", "A value of the request is invalid.")),
    ("InvalidDigest", INVALID_DIGEST),
    (
        "InvalidPart",
        error(
            400,
            "InvalidPart",
            "",
            "One or more of the specified parts could not be found \
             or the specified entity tag might not have matched the part's entity tag.",
        ),
    ),
    (
        "InvalidPartOrder",
        error(
            400,
            "InvalidPartOrder",
            "",
            "The list of parts was not in ascending order. Parts list must specified in order by part number.",
        ),
    ),
    ("InvalidTag", error(400, "InvalidTag", "", "The tag is invalid.")),
    (
        "MalformedXML",
        error(
            400,
            "MalformedXML",
            "",
            "The XML you provided was not well-formed or did not validate against our published schema.",
        ),
    ),
    ("MetadataTooLarge", oss_error::METADATA_TOO_LARGE),
    ("MissingContentLength", oss_error::MISSING_CONTENT_LENGTH),
    ("NoSuchBucket", oss_error::NO_SUCH_BUCKET),
    ("NoSuchKey", oss_error::NO_SUCH_KEY),
    ("NoSuchUpload", oss_error::NO_SUCH_UPLOAD),
    (
        "PreconditionFailed",
        error(
            409,
            "FileAlreadyExists",
            "0042-00000214",
            "The object you specified already exists and can not be overwritten.",
        ),
    ),
    (
        "RequestTimeout",
        error(
            400,
            "RequestTimeout",
            "",
            "Your socket connection to the server was not read from or written to within the timeout period.",
        ),
    ),
    ("ServiceUnavailable", UNAVAILABLE),
    ("SlowDown", UNAVAILABLE),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_sorted_without_repeats() {
        assert!(ERRORS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn has_oss_s_error_for_each() {
        for (s3_code, status, code) in [
            ("NoSuchKey", 404, "NoSuchKey"),
            ("NoSuchUpload", 404, "NoSuchUpload"),
            ("EntityTooSmall", 400, "EntityTooSmall"),
            ("InvalidPart", 400, "InvalidPart"),
            ("InvalidPartOrder", 400, "InvalidPartOrder"),
            ("BadDigest", 400, "InvalidDigest"),
            ("PreconditionFailed", 409, "FileAlreadyExists"),
            ("ConditionalRequestConflict", 503, "ServiceUnavailable"),
            ("SlowDown", 503, "ServiceUnavailable"),
            ("KMS.DisabledException", 500, "InternalError"),
            ("", 500, "InternalError"),
        ] {
            let error = oss_error_of(s3_code);
            assert_eq!((error.status, error.code), (status, code), "{s3_code}");
        }
    }

    #[test]
    fn has_a_status_that_sdks_retry_only_where_s3_asks_for_it() {
        for (s3_code, error) in &ERRORS {
            let repeats = matches!(error.status, 401 | 408 | 429 | 500..);
            assert_eq!(repeats, *error == UNAVAILABLE, "{s3_code}");
        }
    }
}
