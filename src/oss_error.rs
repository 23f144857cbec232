//! The errors of OSS that refusals are answered with.

use crate::refusal::{AccessKeyFault, AuthorizationFault, CredentialFault, DateFault, KeyFault, Refusal};

/// How OSS answers: HTTP status, `Code`, `Message` and `EC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OssError {
    /// HTTP status code.
    pub(crate) status: u16,
    /// `Code` of the error document.
    pub(crate) code: &'static str,
    /// `Message` of the error document.
    pub(crate) message: &'static str,
    /// `EC` of the error document, and the `x-oss-ec` header; empty where OSS documents none.
    pub(crate) ec: &'static str,
}

pub(crate) const METADATA_TOO_LARGE: OssError =
    error(400, "MetadataTooLarge", "0011-00000002", "Your metadata headers exceed the maximum allowed metadata size.");
pub(crate) const MISSING_CONTENT_LENGTH: OssError =
    error(411, "MissingContentLength", "0017-00000101", "You must provide the Content-Length HTTP header.");
pub(crate) const NO_SUCH_BUCKET: OssError =
    error(404, "NoSuchBucket", "0015-00000101", "The specified bucket does not exist.");
pub(crate) const NO_SUCH_KEY: OssError = error(404, "NoSuchKey", "0026-00000001", "The specified key does not exist.");
pub(crate) const NO_SUCH_UPLOAD: OssError = error(
    404,
    "NoSuchUpload",
    "",
    "The specified upload does not exist. \
     The upload ID may be invalid, or the upload may have been aborted or completed.",
);

pub(crate) const fn error(status: u16, code: &'static str, ec: &'static str, message: &'static str) -> OssError {
    OssError { status, code, message, ec }
}

const ARGUMENT: &str = "InvalidArgument";

impl Refusal {
    /// `Code` of the error document.
    pub fn code(&self) -> &'static str {
        self.oss_error().code
    }

    /// HTTP status code.
    pub fn status(&self) -> u16 {
        self.oss_error().status
    }

    /// The answer's fixed part. Codes, messages and ECs are those of OSS's error pages
    /// (alibabacloud.com/help/en/oss/support/ followed by the EC, and "OSS error responses"); where
    /// OSS documents none for a case, those of its nearest neighbour. No status is one that an OSS
    /// SDK repeats by itself (401, 408, 429, 5xx).
    pub(crate) fn oss_error(&self) -> OssError {
        match self {
            Refusal::MalformedRequest | Refusal::UnknownHandOver | Refusal::MalformedQuery => {
                error(400, ARGUMENT, "0017-00000205", "The request contains illegal characters.")
            }
            Refusal::RepeatedHeader(_) | Refusal::MalformedHeader(_) => {
                error(400, ARGUMENT, "0017-00000205", "A request header is repeated or contains illegal characters.")
            }
            Refusal::UnknownHost(_) => error(
                403,
                "AccessDenied",
                "0003-00001403",
                "The bucket you are attempting to access must be addressed using the specified endpoint. \
                 Please send all future requests to this endpoint.",
            ),
            Refusal::InvalidBucketName => {
                error(400, "InvalidBucketName", "0015-00000001", "The specified bucket is not valid.")
            }
            Refusal::InvalidObjectName(fault) => fault.oss_error(),
            Refusal::RepeatedParameter(_) | Refusal::UnexpectedParameter(_) => {
                error(400, ARGUMENT, "0017-00000219", "Unexpected query string parameter")
            }
            Refusal::InvalidPartNumber(_) => {
                const MESSAGE: &str = "Part number must be an integer between 1 and 10000, inclusive.";
                error(400, ARGUMENT, "0017-00000220", MESSAGE)
            }
            Refusal::InvalidQueryValue(_, _) => {
                error(400, ARGUMENT, "0017-00000219", "The value of a query string parameter is invalid.")
            }
            Refusal::InvalidEncodingType(_) => {
                error(400, ARGUMENT, "0017-00000235", "Invalid Encoding Method specified in Request")
            }
            Refusal::MethodNotAllowed | Refusal::NoService(_) => {
                const MESSAGE: &str = "The specified method is not allowed against this resource.";
                error(405, "MethodNotAllowed", "0017-00000001", MESSAGE)
            }
            // OSS documents no EC for it.
            Refusal::AccessForbidden(_) => {
                const MESSAGE: &str = "CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, \
                     request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted \
                     by the resource's CORS spec.";
                error(403, "AccessForbidden", "", MESSAGE)
            }
            Refusal::MissingSignature => {
                error(403, "AccessDenied", "0003-00001201", "Anonymous access is forbidden for this operation.")
            }
            Refusal::ConflictingSignatures => error(
                400,
                ARGUMENT,
                "0002-00000062",
                "Authorization header and signature in the URL must not be both present.",
            ),
            Refusal::IncompleteUrlSignature => {
                const MESSAGE: &str =
                    "Query string authentication requires the Signature, Expires and OSSAccessKeyId parameters";
                error(403, "AccessDenied", "0002-00000074", MESSAGE)
            }
            Refusal::InvalidCredential(fault) => fault.oss_error(),
            Refusal::OtherRegion(_) => CredentialFault::Region.oss_error(),
            Refusal::InvalidExpires => {
                error(403, "AccessDenied", "0002-00000070", "Invalid date (should be seconds since epoch)")
            }
            Refusal::Expired(_) => error(403, "AccessDenied", "0002-00000069", "Request has expired."),
            Refusal::ExpiresTooFar => {
                error(400, ARGUMENT, "0002-00000235", "The signed URL is valid for longer than is allowed.")
            }
            Refusal::NotYetValid => error(403, "AccessDenied", "0002-00000235", "The signed URL is not valid yet."),
            Refusal::MalformedAuthorization(fault) => fault.oss_error(),
            Refusal::SchemeNotEnabled("v1-header" | "v1-url") => {
                error(403, "AccessDenied", "0002-00000080", "Signature version 1 is not allowed.")
            }
            Refusal::SchemeNotEnabled(_) => error(400, ARGUMENT, "0002-00000062", "Authorization header is invalid."),
            Refusal::InvalidDate(fault) => {
                const MESSAGE: &str = "OSS authentication requires a valid Date.";
                match fault {
                    DateFault::Missing => error(403, "AccessDenied", "0002-00000503", MESSAGE),
                    DateFault::Malformed => error(403, "AccessDenied", "0002-00000505", MESSAGE),
                }
            }
            Refusal::RequestTimeTooSkewed(_) => {
                const MESSAGE: &str = "The difference between the request time and the current time is too large.";
                error(403, "RequestTimeTooSkewed", "0002-00000504", MESSAGE)
            }
            Refusal::InvalidAccessKeyId(_, fault) => fault.oss_error(),
            Refusal::SignatureDoesNotMatch(mismatch) => {
                const MESSAGE: &str = "The request signature we calculated does not match the signature you provided. \
                                       Check your key and signing method.";
                match mismatch.canonical_request {
                    Some(_) => error(403, "SignatureDoesNotMatch", "0002-00000201", MESSAGE),
                    None => error(403, "SignatureDoesNotMatch", "0002-00000040", MESSAGE),
                }
            }
            Refusal::InvalidSecurityToken => {
                error(403, "InvalidSecurityToken", "0002-00000006", "The security token you provided is invalid.")
            }
            Refusal::SecurityTokenExpired => {
                error(403, "SecurityTokenExpired", "0002-00000007", "The security token you provided has expired.")
            }
            Refusal::AccessDenied => {
                error(403, "AccessDenied", "0003-00000001", "You have no right to access this object.")
            }
            Refusal::NoSuchBucket(_) => NO_SUCH_BUCKET,
            Refusal::NoSuchUpload(..) => NO_SUCH_UPLOAD,
            Refusal::NoSuchKey(_) => NO_SUCH_KEY,
            Refusal::NotImplemented(..) => {
                const MESSAGE: &str = "A header you provided implies functionality that is not implemented.";
                error(400, "NotImplemented", "0017-00000245", MESSAGE)
            }
            Refusal::InvalidHeaderValue(_, _) => {
                error(400, ARGUMENT, "0017-00000131", "The value of a request header is invalid.")
            }
            Refusal::MetadataTooLarge => METADATA_TOO_LARGE,
            Refusal::MissingContentLength(_) => MISSING_CONTENT_LENGTH,
            Refusal::InvalidContentLength => {
                error(400, ARGUMENT, "0017-00000103", "The Content-Length HTTP header is invalid.")
            }
            Refusal::EntityTooLarge => {
                error(400, "EntityTooLarge", "0017-00000103", "Your proposed upload exceeds the maximum allowed size.")
            }
            Refusal::RequestTooLarge => {
                error(400, ARGUMENT, "0017-00000205", "The headers and the path of the request are too large.")
            }
        }
    }
}

impl AccessKeyFault {
    /// OSS says of a key that can't be used only that it is disabled.
    fn oss_error(self) -> OssError {
        const CODE: &str = "InvalidAccessKeyId";
        match self {
            AccessKeyFault::Disabled => {
                error(403, CODE, "0002-00000902", "The OSS Access Key Id you provided is disabled.")
            }
            _ => error(403, CODE, "0002-00000902", "The OSS Access Key Id you provided does not exist in our records."),
        }
    }
}

impl KeyFault {
    fn oss_error(self) -> OssError {
        const CODE: &str = "InvalidObjectName";
        match self {
            KeyFault::Empty => error(400, CODE, "0016-00000001", "The Object name can not be empty."),
            KeyFault::TooLong => error(400, CODE, "0016-00000002", "The Length of Object name must be less than 1024."),
            KeyFault::NotUtf8 => error(400, ARGUMENT, "0016-00000002", "The characters encoding must be utf-8."),
            KeyFault::LeadingSlash => error(400, CODE, "0016-00000005", "The specified object is not valid."),
            _ => error(400, CODE, "0016-00000004", "The specified object is not valid."),
        }
    }
}

impl AuthorizationFault {
    fn oss_error(self) -> OssError {
        const MISSING: &str = "AccessKeyId or Signature is missing in Authorization header value.";
        match self {
            AuthorizationFault::Empty => error(400, ARGUMENT, "0002-00000061", "Authorization header value is empty."),
            AuthorizationFault::Form => error(400, ARGUMENT, "0002-00000062", "Authorization header is invalid."),
            AuthorizationFault::NoAccessKeyId => error(400, ARGUMENT, "0002-00000063", MISSING),
            AuthorizationFault::NoSignature => error(400, ARGUMENT, "0002-00000065", MISSING),
        }
    }
}

impl CredentialFault {
    fn oss_error(self) -> OssError {
        match self {
            CredentialFault::Form => {
                error(400, ARGUMENT, "0002-00000206", "Invalid credential in Authorization header.")
            }
            CredentialFault::Date => {
                error(400, ARGUMENT, "0002-00000222", "Invalid signing date in Authorization header.")
            }
            CredentialFault::Region => {
                error(400, ARGUMENT, "0002-00000223", "The signing region in credential is invalid.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_code_of_an_empty_key_and_that_of_a_key_with_a_dot_segment() {
        let ec = |fault| Refusal::InvalidObjectName(fault).oss_error().ec;
        assert_eq!([ec(KeyFault::Empty), ec(KeyFault::DotSegment)], ["0016-00000001", "0016-00000004"]);
    }
}
