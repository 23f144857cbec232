//! What an origin answered, and what of it a client gets. An origin-response function sees status and
//! headers, never the body, so an error's code is derived from what can have led to the status.

use crate::error_response::{ErrorContext, ErrorResponse};
use crate::s3_error::oss_error_of;
use crate::signing_date::UnixMillis;

/// An origin's response to a request that was forwarded.
pub struct OriginResponse<'a> {
    /// The request's id in OSS's form.
    pub request_id: &'a str,
    /// The HTTP method of the request.
    pub method: &'a str,
    /// The query that the origin got.
    pub query: &'a str,
    /// Who answered.
    pub responder: Responder,
    /// What the request's headers let the origin check.
    pub checks: Checks,
    /// HTTP status code.
    pub status: u16,
    /// Names in lower case, values as sent; each line of its own.
    pub headers: Vec<(&'a str, &'a str)>,
}

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Responder {
    /// S3.
    S3,
    /// API Gateway, or a function behind it.
    Api,
}

/// Whether a request asked the origin to check its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// It did not.
    Nothing,
    /// It had a Content-MD5.
    ContentMd5,
}

/// What the client gets.
pub enum ViewerResponse<'a> {
    /// The origin's status and body, with headers of these names removed and these set.
    Kept {
        /// Names in lower case.
        removed: Vec<&'a str>,
        /// Names as OSS spells them, and values.
        set: Vec<(&'static str, &'a str)>,
    },
    /// An error in OSS's dialect in its place, and S3's code for it.
    Replaced(&'static str, ErrorResponse),
}

impl<'a> OriginResponse<'a> {
    /// The response that the client gets.
    pub fn translate(&self, now: UnixMillis) -> ViewerResponse<'a> {
        let s3_code = match self.responder {
            Responder::S3 => self.s3_code(),
            Responder::Api => self.api_code(),
        };
        match s3_code {
            None => self.kept(),
            Some(s3_code) => {
                let context = ErrorContext { request_id: self.request_id, method: self.method, host: "", now };
                ViewerResponse::Replaced(s3_code, ErrorResponse::of_error(oss_error_of(s3_code), &context))
            }
        }
    }

    /// S3's code for what it answered; `None` where its own body is what an OSS client reads.
    fn s3_code(&self) -> Option<&'static str> {
        match (self.status, self.checks) {
            (200..300, _) => None,
            // CompleteMultipartUpload: EntityTooSmall, InvalidPart, InvalidPartOrder and MalformedXML are
            // OSS's codes as well, and the body says which.
            (400, _) if self.method == "POST" => None,
            (400, Checks::ContentMd5) => Some("BadDigest"),
            (403, _) => Some("AccessDenied"),
            (404, _) if self.names_upload() => Some("NoSuchUpload"),
            (404, _) => Some("NoSuchBucket"),
            (409, _) => Some("ConditionalRequestConflict"),
            (411, _) => Some("MissingContentLength"),
            (412, _) => Some("PreconditionFailed"),
            (503, _) => Some("SlowDown"),
            (400..500, _) => Some("InvalidArgument"),
            // A redirect would show the bucket, and send the client there without a signature.
            _ => Some("InternalError"),
        }
    }

    /// S3's code for what API Gateway itself answered; `None` for what the functions behind it did.
    fn api_code(&self) -> Option<&'static str> {
        let is_ours = self.value("x-oss-request-id").is_some()
            || self.value("content-type").is_some_and(|value| value.starts_with("application/xml"));
        match self.status {
            _ if is_ours => None,
            // Throttled, out of order, or longer than an integration may take.
            429 | 503 | 504 => Some("SlowDown"),
            413 => Some("EntityTooLarge"),
            _ => Some("InternalError"),
        }
    }

    fn names_upload(&self) -> bool {
        self.query.split('&').any(|parameter| parameter.starts_with("uploadId="))
    }

    fn kept(&self) -> ViewerResponse<'a> {
        let names = self.headers.iter().map(|(name, _)| *name);
        let removed = names.filter(|name| is_of_aws(name)).collect();
        // How long S3 took is not known here; OSS's clients read the header as a number.
        let encryption = match self.value("x-amz-server-side-encryption") {
            Some("AES256") => Some("AES256"),
            Some("aws:kms" | "aws:kms:dsse") => Some("KMS"),
            _ => None,
        };
        let request_id = if self.value("x-oss-request-id").is_none() { Some(self.request_id) } else { None };
        let set = [
            ("x-oss-server-time", Some("0")),
            ("x-oss-request-id", request_id),
            ("x-oss-version-id", self.value("x-amz-version-id")),
            ("x-oss-server-side-encryption", encryption),
        ];
        let set = set.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        ViewerResponse::Kept { removed, set }
    }

    #[inline(never)]
    fn value(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// Names that say who really answered, checksums of S3's own among them: no SDK may take a CRC64NVME
/// for OSS's CRC-64.
fn is_of_aws(name: &str) -> bool {
    name.starts_with("x-amz-") || name.starts_with("x-amzn-") || name == "server"
}

#[cfg(test)]
mod tests {
    use super::*;

    const S3_PUT: OriginResponse<'static> = OriginResponse {
        request_id: "0123456789ABCDEF01234567",
        method: "PUT",
        query: "",
        responder: Responder::S3,
        checks: Checks::Nothing,
        status: 200,
        headers: Vec::new(),
    };

    fn replaced(response: &OriginResponse<'_>) -> Option<(u16, String)> {
        match response.translate(UnixMillis(1_795_485_177_000)) {
            ViewerResponse::Kept { .. } => None,
            ViewerResponse::Replaced(_, answer) => {
                assert!(answer.body.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  <Code>"));
                assert!(answer.body.contains("<RequestId>0123456789ABCDEF01234567</RequestId>"));
                let code = answer.body.split("<Code>").nth(1).and_then(|rest| rest.split('<').next());
                Some((answer.status, code.unwrap_or_default().to_owned()))
            }
        }
    }

    #[test]
    fn derives_the_code_of_an_error_of_s3() {
        let part = OriginResponse { query: "partNumber=1&uploadId=a", ..S3_PUT };
        let with_md5 = || OriginResponse { checks: Checks::ContentMd5, ..S3_PUT };
        for (response, status, expected) in [
            (OriginResponse { ..S3_PUT }, 400, (400, "InvalidArgument")),
            (with_md5(), 400, (400, "InvalidDigest")),
            (OriginResponse { ..S3_PUT }, 403, (403, "AccessDenied")),
            (OriginResponse { ..S3_PUT }, 404, (404, "NoSuchBucket")),
            (part, 404, (404, "NoSuchUpload")),
            (OriginResponse { method: "DELETE", query: "uploadId=a", ..S3_PUT }, 404, (404, "NoSuchUpload")),
            (OriginResponse { ..S3_PUT }, 409, (503, "ServiceUnavailable")),
            (OriginResponse { ..S3_PUT }, 411, (411, "MissingContentLength")),
            (OriginResponse { ..S3_PUT }, 412, (409, "FileAlreadyExists")),
            (OriginResponse { ..S3_PUT }, 416, (400, "InvalidArgument")),
            (OriginResponse { ..S3_PUT }, 301, (500, "InternalError")),
            (OriginResponse { ..S3_PUT }, 307, (500, "InternalError")),
            (OriginResponse { ..S3_PUT }, 500, (500, "InternalError")),
            (OriginResponse { ..S3_PUT }, 501, (500, "InternalError")),
            (OriginResponse { ..S3_PUT }, 503, (503, "ServiceUnavailable")),
        ] {
            let (expected_status, code) = expected;
            let response = OriginResponse { status, ..response };
            assert_eq!(replaced(&response), Some((expected_status, code.to_owned())), "{status}");
        }
        for status in [200, 204] {
            assert_eq!(replaced(&OriginResponse { status, ..S3_PUT }), None);
        }
        let complete = OriginResponse { method: "POST", query: "uploadId=a", status: 400, ..S3_PUT };
        assert_eq!(replaced(&complete), None);
    }

    #[test]
    fn leaves_what_the_functions_behind_the_api_answered() {
        let api = |status, headers| OriginResponse { responder: Responder::Api, status, headers, ..S3_PUT };
        let ours = ("x-oss-request-id", "F");
        for status in [200, 403, 404, 500, 503] {
            assert_eq!(replaced(&api(status, vec![ours])), None);
            assert_eq!(replaced(&api(status, vec![("content-type", "application/xml")])), None);
        }
        for (status, expected) in [
            (200, (500, "InternalError")),
            (403, (500, "InternalError")),
            (413, (400, "EntityTooLarge")),
            (429, (503, "ServiceUnavailable")),
            (502, (500, "InternalError")),
            (504, (503, "ServiceUnavailable")),
        ] {
            let answer = replaced(&api(status, vec![("content-type", "application/json")]));
            assert_eq!(answer, Some((expected.0, expected.1.to_owned())), "{status}");
        }
    }

    #[test]
    fn gives_headers_the_names_of_oss_and_takes_those_of_aws_away() {
        let headers = vec![
            ("etag", "\"a\""),
            ("x-amz-request-id", "S"),
            ("x-amz-checksum-crc64nvme", "Z"),
            ("x-amz-version-id", "v1"),
            ("x-amz-server-side-encryption", "aws:kms"),
            ("x-amz-server-side-encryption-aws-kms-key-id", "arn"),
            ("server", "AmazonS3"),
        ];
        let response = OriginResponse { headers, ..S3_PUT };
        let ViewerResponse::Kept { removed, set } = response.translate(UnixMillis(0)) else { panic!("replaced") };
        assert_eq!(removed.len(), 6);
        assert!(!removed.contains(&"etag"));
        let set: Vec<_> = set.iter().map(|(name, value)| (*name, &**value)).collect();
        assert_eq!(
            set,
            [
                ("x-oss-server-time", "0"),
                ("x-oss-request-id", "0123456789ABCDEF01234567"),
                ("x-oss-version-id", "v1"),
                ("x-oss-server-side-encryption", "KMS"),
            ]
        );
    }

    #[test]
    fn keeps_the_request_id_that_a_function_gave() {
        let response = OriginResponse {
            responder: Responder::Api,
            headers: vec![("x-oss-request-id", "F"), ("x-amzn-requestid", "r"), ("x-amz-apigw-id", "g")],
            ..S3_PUT
        };
        let ViewerResponse::Kept { removed, set } = response.translate(UnixMillis(0)) else { panic!("replaced") };
        assert_eq!(removed, ["x-amzn-requestid", "x-amz-apigw-id"]);
        assert_eq!(set.len(), 1);
    }
}
