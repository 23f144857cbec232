//! An origin's response in OSS's terms. An origin-response function sees status and headers, never the body, so an
//! error's code is derived from what can have led to the status.

pub(crate) mod s3_error;

use crate::error_response::{ErrorContext, ErrorResponse, oss_request_id};
use crate::object_key::OWN_SEGMENT;
use crate::route::PARTS_FOLDER;
use crate::time::UnixMillis;
use s3_error::oss_error_of;

/// An origin's response to a request that was forwarded.
pub struct OriginResponse<'a> {
    /// CloudFront's id of the request.
    pub request_id: &'a str,
    /// The HTTP method of the request.
    pub method: &'a str,
    /// The path that was sent to the origin.
    pub uri: &'a str,
    /// The query that was sent to the origin.
    pub query: &'a str,
    /// Who answered.
    pub responder: Responder,
    /// Whether the request had a Content-MD5, which S3 checks.
    pub content_md5: bool,
    /// HTTP status code.
    pub status: u16,
    /// The header lines: names in lower case, values as sent.
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

/// The header with the size of the object in answers to HeadObject, in bytes. API Gateway may overwrite Content-Length
/// with the size of the body, which is 0 for HEAD.
const OBJECT_BYTES: &str = "x-ossedge-object-bytes";

/// What the client gets.
pub enum ViewerResponse<'a> {
    /// The origin's status and body, without the headers `removed` and with those in `set`.
    Kept {
        /// Names in lower case.
        removed: Vec<&'a str>,
        /// Names as OSS spells them, and values.
        set: Vec<(&'static str, String)>,
    },
    /// An error in OSS's dialect in its place.
    Replaced(ErrorResponse),
}

impl<'a> OriginResponse<'a> {
    /// Reads strings separated by NUL, as [`Request::parse`](crate::Request::parse) does: `header-count request-id
    /// method uri query responder content-md5 status (name value)*`. The responder is `s3` or `api`, and `content-md5`
    /// is `true` or `false`.
    ///
    /// Returns `None` for any other text.
    pub fn parse(text: &'a str) -> Option<Self> {
        let strings: Vec<&str> = text.split('\0').collect();
        let ([count, request_id, method, uri, query, responder, content_md5, status], lines) =
            strings.split_first_chunk()?;
        let responder = match *responder {
            "s3" => Responder::S3,
            "api" => Responder::Api,
            _ => return None,
        };
        let (lines, rest) = lines.as_chunks();
        let headers: Vec<_> = lines.iter().map(|[name, value]| (*name, *value)).collect();
        (rest.is_empty() && *count == headers.len().to_string()).then_some(OriginResponse {
            request_id,
            method,
            uri,
            query,
            responder,
            content_md5: content_md5.parse().ok()?,
            status: status.parse().ok()?,
            headers,
        })
    }

    /// The response that the client gets.
    pub fn translate(&self, now: UnixMillis) -> ViewerResponse<'_> {
        let s3_code = match self.responder {
            Responder::S3 => self.s3_code(),
            Responder::Api => self.api_code(),
        };
        match s3_code {
            None => self.kept(),
            Some(s3_code) => {
                let request_id = &oss_request_id(self.request_id);
                let context = ErrorContext { request_id, method: self.method, host: "", now };
                ViewerResponse::Replaced(ErrorResponse::of_error(oss_error_of(s3_code), &context))
            }
        }
    }

    /// S3's code for S3's answer; `None` if the client can read S3's own answer.
    fn s3_code(&self) -> Option<&'static str> {
        match (self.status, self.content_md5) {
            (200..300, _) => None,
            // CompleteMultipartUpload: EntityTooSmall, InvalidPart, InvalidPartOrder and MalformedXML are
            // OSS's codes as well, and the body says which.
            (400, _) if self.method == "POST" => None,
            (400, true) => Some("BadDigest"),
            (403, _) => Some("AccessDenied"),
            (404, _) if self.names_upload() => Some("NoSuchUpload"),
            (404, _) => Some("NoSuchBucket"),
            // S3 asks for a new upload, so repeating the request is of no use.
            (409, _) if self.method == "POST" => Some("PreconditionFailed"),
            (409, _) => Some("ConditionalRequestConflict"),
            (411, _) => Some("MissingContentLength"),
            (412, _) => Some("PreconditionFailed"),
            (503, _) => Some("SlowDown"),
            (400..=499, _) => Some("InvalidArgument"),
            // The only thing that S3 doesn't implement in a forwarded request is a chunked body.
            (501, _) if self.method == "PUT" => Some("MissingContentLength"),
            // Redirects as well: they would name the bucket.
            _ => Some("InternalError"),
        }
    }

    /// S3's code for an answer of API Gateway itself; `None` for an answer of a function behind it.
    fn api_code(&self) -> Option<&'static str> {
        let is_ours = self.value("x-oss-request-id").is_some()
            || self.value("content-type").is_some_and(|value| value.starts_with("application/xml"));
        match self.status {
            _ if is_ours => None,
            // Throttled, unavailable, or timed out.
            429 | 503 | 504 => Some("SlowDown"),
            413 => Some("EntityTooLarge"),
            _ => Some("InternalError"),
        }
    }

    /// Whether the request stored a staged part. The client must not notice: to it, it is a part like any other.
    fn is_staged_part(&self) -> bool {
        let rest = self.uri.strip_prefix('/').and_then(|path| path.strip_prefix(OWN_SEGMENT));
        rest.and_then(|rest| rest.strip_prefix('/')?.strip_prefix(PARTS_FOLDER))
            .is_some_and(|rest| rest.starts_with('/'))
    }

    fn names_upload(&self) -> bool {
        self.query.split('&').any(|parameter| parameter.starts_with("uploadId="))
    }

    fn kept(&self) -> ViewerResponse<'_> {
        let names = self.headers.iter().map(|(name, _)| *name);
        let removed = names.filter(|name| is_of_aws(name)).collect();
        let encryption = match self.value("x-amz-server-side-encryption") {
            Some("AES256") => Some("AES256"),
            Some("aws:kms" | "aws:kms:dsse") => Some("KMS"),
            _ => None,
        };
        let request_id = match self.value("x-oss-request-id") {
            Some(_) => None,
            None => Some(oss_request_id(self.request_id)),
        };
        let object_bytes = if self.method == "HEAD" { self.value(OBJECT_BYTES) } else { None };
        let version_id = self.value("x-amz-version-id").filter(|_| !self.is_staged_part());
        let set = [
            ("Content-Length", object_bytes.map(str::to_owned)),
            // OSS clients read a number here. The time that S3 took isn't known.
            ("x-oss-server-time", Some("0".to_owned())),
            ("x-oss-request-id", request_id),
            ("x-oss-version-id", version_id.map(str::to_owned)),
            ("x-oss-server-side-encryption", encryption.map(str::to_owned)),
        ];
        let set = set.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        ViewerResponse::Kept { removed, set }
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// Headers that show that AWS answered, including S3's checksums: no SDK must take a CRC64NVME for OSS's CRC-64. Also
/// the header that is only for this function.
fn is_of_aws(name: &str) -> bool {
    name.starts_with("x-amz-") || name.starts_with("x-amzn-") || matches!(name, "server" | OBJECT_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OSS's form of the request id `cf`.
    const REQUEST_ID: &str = "F78B64C9E0F2EA24FDDCE2B0";

    fn put() -> OriginResponse<'static> {
        OriginResponse {
            request_id: "cf",
            method: "PUT",
            uri: "/a.log",
            query: "",
            responder: Responder::S3,
            content_md5: false,
            status: 200,
            headers: Vec::new(),
        }
    }

    fn replaced(response: &OriginResponse<'_>) -> Option<(u16, String)> {
        match response.translate(UnixMillis(1_795_485_177_000)) {
            ViewerResponse::Kept { .. } => None,
            ViewerResponse::Replaced(answer) => {
                assert!(answer.body.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  <Code>"));
                assert!(answer.body.contains(&format!("<RequestId>{REQUEST_ID}</RequestId>")));
                let code = answer.body.split("<Code>").nth(1).and_then(|rest| rest.split('<').next());
                Some((answer.status, code.unwrap_or_default().to_owned()))
            }
        }
    }

    #[test]
    fn reads_what_the_adapter_writes() {
        let text = "2|cf|PUT|/k|a=b|api|true|404|etag|e|server|s".replace('|', "\0");
        let response = OriginResponse::parse(&text).unwrap();
        assert_eq!([response.request_id, response.method, response.uri, response.query], ["cf", "PUT", "/k", "a=b"]);
        assert_eq!((response.responder, response.content_md5, response.status), (Responder::Api, true, 404));
        assert_eq!(response.headers, [("etag", "e"), ("server", "s")]);
        let text = "0|cf|PUT|/k||s3|false|200".replace('|', "\0");
        assert!(OriginResponse::parse(&text).unwrap().headers.is_empty());
    }

    #[test]
    fn reads_nothing_else() {
        for text in [
            "",
            "0|cf|PUT|/k||s3|false",
            "0|cf|PUT|/k||s4|false|200",
            "0|cf|PUT|/k||s3||200",
            "0|cf|PUT|/k||s3|false|NaN",
            "0|cf|PUT|/k||s3|false|65536",
            "0|cf|PUT|/k||s3|false|200|a|b",
            "1|cf|PUT|/k||s3|false|200|a",
            "1|cf|PUT|/k||s3|false|200|a|b|c",
            "2|cf|PUT|/k||s3|false|200|a|b",
        ] {
            assert!(OriginResponse::parse(&text.replace('|', "\0")).is_none(), "{text:?}");
        }
    }

    #[test]
    fn derives_the_code_of_an_error_of_s3() {
        let part = OriginResponse { query: "partNumber=1&uploadId=a", ..put() };
        let post = || OriginResponse { method: "POST", query: "uploadId=a", ..put() };
        let with_md5 = || OriginResponse { content_md5: true, ..put() };
        for (response, status, expected) in [
            (put(), 400, (400, "InvalidArgument")),
            (with_md5(), 400, (400, "InvalidDigest")),
            (put(), 403, (403, "AccessDenied")),
            (put(), 404, (404, "NoSuchBucket")),
            (part, 404, (404, "NoSuchUpload")),
            (OriginResponse { method: "DELETE", query: "uploadId=a", ..put() }, 404, (404, "NoSuchUpload")),
            (put(), 409, (503, "ServiceUnavailable")),
            (put(), 411, (411, "MissingContentLength")),
            (put(), 412, (409, "FileAlreadyExists")),
            (put(), 416, (400, "InvalidArgument")),
            (put(), 301, (500, "InternalError")),
            (put(), 307, (500, "InternalError")),
            (put(), 500, (500, "InternalError")),
            (put(), 501, (411, "MissingContentLength")),
            (put(), 503, (503, "ServiceUnavailable")),
            (post(), 409, (409, "FileAlreadyExists")),
            (post(), 501, (500, "InternalError")),
        ] {
            let (expected_status, code) = expected;
            let response = OriginResponse { status, ..response };
            assert_eq!(replaced(&response), Some((expected_status, code.to_owned())), "{status}");
        }
        for status in [200, 204] {
            assert_eq!(replaced(&OriginResponse { status, ..put() }), None);
        }
        let complete = OriginResponse { method: "POST", query: "uploadId=a", status: 400, ..put() };
        assert_eq!(replaced(&complete), None);
    }

    #[test]
    fn keeps_the_answers_of_the_functions_behind_the_api() {
        let api = |status, line: (&'static str, &'static str)| {
            let headers = vec![line];
            OriginResponse { responder: Responder::Api, status, headers, ..put() }
        };
        let ours = ("x-oss-request-id", "F");
        for status in [200, 403, 404, 500, 503] {
            assert_eq!(replaced(&api(status, ours)), None);
            assert_eq!(replaced(&api(status, ("content-type", "application/xml"))), None);
        }
        for (status, expected) in [
            (200, (500, "InternalError")),
            (403, (500, "InternalError")),
            (413, (400, "EntityTooLarge")),
            (429, (503, "ServiceUnavailable")),
            (502, (500, "InternalError")),
            (504, (503, "ServiceUnavailable")),
        ] {
            let answer = replaced(&api(status, ("content-type", "application/json")));
            assert_eq!(answer, Some((expected.0, expected.1.to_owned())), "{status}");
        }
    }

    #[test]
    fn names_the_encryption_as_oss_does() {
        for (s3, oss) in [
            (Some("AES256"), Some("AES256")),
            (Some("aws:kms"), Some("KMS")),
            (Some("aws:kms:dsse"), Some("KMS")),
            (Some("aws:backup"), None),
            (None, None),
        ] {
            let headers = s3.map(|value| ("x-amz-server-side-encryption", value)).into_iter().collect();
            let response = OriginResponse { headers, ..put() };
            let ViewerResponse::Kept { set, .. } = response.translate(UnixMillis(0)) else { panic!("replaced") };
            let found = set.iter().find(|(name, _)| *name == "x-oss-server-side-encryption");
            assert_eq!(found.map(|(_, value)| &**value), oss, "{s3:?}");
        }
    }

    #[test]
    fn translates_headers_to_oss_and_removes_those_of_aws() {
        let headers = vec![
            ("etag", "\"a\""),
            ("x-amz-request-id", "S"),
            ("x-amz-checksum-crc64nvme", "Z"),
            ("x-amz-version-id", "v1"),
            ("x-amz-server-side-encryption", "aws:kms"),
            ("x-amz-server-side-encryption-aws-kms-key-id", "arn"),
            ("server", "AmazonS3"),
        ];
        let response = OriginResponse { headers, ..put() };
        let ViewerResponse::Kept { removed, set } = response.translate(UnixMillis(0)) else { panic!("replaced") };
        assert_eq!(removed.len(), 6);
        assert!(!removed.contains(&"etag"));
        let set: Vec<_> = set.iter().map(|(name, value)| (*name, &**value)).collect();
        assert_eq!(
            set,
            [
                ("x-oss-server-time", "0"),
                ("x-oss-request-id", REQUEST_ID),
                ("x-oss-version-id", "v1"),
                ("x-oss-server-side-encryption", "KMS"),
            ]
        );
    }

    #[test]
    fn tells_the_size_of_an_object_that_head_asks_for() {
        for (method, expected) in [("HEAD", Some("1234")), ("GET", None)] {
            let response = OriginResponse {
                method,
                responder: Responder::Api,
                headers: vec![("x-oss-request-id", "F"), ("content-length", "0"), ("x-ossedge-object-bytes", "1234")],
                ..put()
            };
            let ViewerResponse::Kept { removed, set } = response.translate(UnixMillis(0)) else { panic!("replaced") };
            assert_eq!(removed, ["x-ossedge-object-bytes"]);
            let length = set.iter().find(|(name, _)| *name == "Content-Length").map(|(_, value)| value.as_str());
            assert_eq!(length, expected, "{method}");
        }
    }

    #[test]
    fn says_of_a_staged_part_what_it_says_of_any_part() {
        let version = vec![("etag", "\"a\""), ("x-amz-version-id", "v1")];
        for (uri, is_told) in [
            ("/.oss-edge/parts/U1/00001", false),
            ("/.oss-edge/partsU1/00001", true),
            ("/a/.oss-edge/parts/U1/00001", true),
            ("/a.log", true),
        ] {
            let response = OriginResponse { uri, headers: version.clone(), ..put() };
            let ViewerResponse::Kept { removed, set } = response.translate(UnixMillis(0)) else { panic!("replaced") };
            assert_eq!(removed, ["x-amz-version-id"]);
            assert_eq!(set.iter().any(|(name, _)| *name == "x-oss-version-id"), is_told, "{uri}");
        }
    }

    #[test]
    fn keeps_the_request_id_that_a_function_gave() {
        let response = OriginResponse {
            responder: Responder::Api,
            headers: vec![("x-oss-request-id", "F"), ("x-amzn-requestid", "r"), ("x-amz-apigw-id", "g")],
            ..put()
        };
        let ViewerResponse::Kept { removed, set } = response.translate(UnixMillis(0)) else { panic!("replaced") };
        assert_eq!(removed, ["x-amzn-requestid", "x-amz-apigw-id"]);
        assert_eq!(set.len(), 1);
    }
}
