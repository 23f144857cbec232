//! OSS's error responses: headers and XML document.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha1::{Digest, Sha1};

use crate::object_key::is_xml_char;
use crate::oss_error::OssError;
use crate::refusal::{Mismatch, Refusal};
use crate::time::UnixMillis;

/// The most bytes that a document has for the StringToSign, escaped. Lambda@Edge allows 40 KB for a whole
/// generated response at viewer request; the hexadecimal form takes three times the text's size, and the
/// CanonicalRequest has as much room again.
const MAX_STRING_TO_SIGN: usize = 4096;

/// The most bytes that a document has for any other value that the client sent, escaped.
const MAX_ECHO: usize = 512;

/// An error response in place of S3's answer.
pub struct ErrorResponse {
    /// `Code` of the error document.
    pub code: &'static str,
    /// HTTP status code.
    pub status: u16,
    /// The reason phrase.
    pub status_description: &'static str,
    /// The request id that the client is told, in OSS's form.
    pub request_id: String,
    /// Names and values. Names are spelled as OSS does: the .NET and Android SDKs are case-sensitive.
    pub headers: Vec<(&'static str, String)>,
    /// The error document; empty for HEAD, whose answer has it in `x-oss-err`.
    pub body: String,
}

/// The parts of an error response that don't depend on the cause.
pub(crate) struct ErrorContext<'a> {
    /// The request's id in OSS's form.
    pub(crate) request_id: &'a str,
    /// The HTTP method.
    pub(crate) method: &'a str,
    /// The Host header, as sent.
    pub(crate) host: &'a str,
    pub(crate) now: UnixMillis,
}

impl ErrorResponse {
    /// The answer to a request that is refused.
    pub(crate) fn of_refusal(refusal: &Refusal, context: &ErrorContext<'_>) -> Self {
        ErrorResponse::new(refusal.oss_error(), Some(refusal), context)
    }

    /// The answer for an error without elements of its own.
    pub(crate) fn of_error(error: OssError, context: &ErrorContext<'_>) -> Self {
        ErrorResponse::new(error, None, context)
    }

    fn new(error: OssError, cause: Option<&Refusal>, context: &ErrorContext<'_>) -> Self {
        let mut body = error_document(error, cause, context);
        let mut headers = vec![
            ("Content-Type", "application/xml".to_owned()),
            ("Date", context.now.to_rfc1123()),
            ("x-oss-request-id", context.request_id.to_owned()),
        ];
        if !error.ec.is_empty() {
            headers.push(("x-oss-ec", error.ec.to_owned()));
        }
        if context.method == "HEAD" {
            headers.push(("x-oss-err", BASE64_STANDARD.encode(std::mem::take(&mut body))));
        }
        ErrorResponse {
            code: error.code,
            status: error.status,
            status_description: reason_phrase(error.status),
            request_id: context.request_id.to_owned(),
            headers,
            body,
        }
    }
}

/// A request id as OSS writes it, 24 upper-case hexadecimal digits, derived from CloudFront's so that either leads to
/// the other's log lines.
pub(crate) fn oss_request_id(cloudfront_request_id: &str) -> String {
    let mut digest = base16ct::upper::encode_string(&Sha1::digest(cloudfront_request_id.as_bytes()));
    digest.truncate(24);
    digest
}

/// The error document, in the one form that all SDKs parse: with a prolog (PHP), a root without attributes (PHP v2) or
/// namespace (Java, .NET), and no empty element (C++).
fn error_document(error: OssError, cause: Option<&Refusal>, context: &ErrorContext<'_>) -> String {
    let mut document = ErrorDocument(String::with_capacity(2048));
    document.0.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n");
    document.element("Code", error.code);
    document.element("Message", error.message);
    document.element("RequestId", context.request_id);
    document.echo("HostId", if context.host.is_empty() { "oss-edge" } else { context.host });
    if let Some(refusal) = cause {
        document.elements_of(refusal, context);
    }
    if !error.ec.is_empty() {
        document.element("EC", error.ec);
        document.element("RecommendDoc", &format!("https://api.aliyun.com/troubleshoot?q={}", error.ec));
    }
    document.0.push_str("</Error>\n");
    document.0
}

/// The error document, as far as it is written.
struct ErrorDocument(String);

impl ErrorDocument {
    /// Writes the elements that are specific to the cause.
    fn elements_of(&mut self, refusal: &Refusal, context: &ErrorContext<'_>) {
        match refusal {
            Refusal::RepeatedParameter(name) | Refusal::UnexpectedParameter(name) => {
                self.argument("ResourceType", name);
            }
            Refusal::InvalidPartNumber(value) => self.argument("PartNumber", value),
            Refusal::InvalidEncodingType(value) => self.argument("encoding-type", value),
            Refusal::InvalidHeaderValue(name, value) | Refusal::InvalidQueryValue(name, value) => {
                self.argument(name, value);
            }
            Refusal::RepeatedHeader(name) | Refusal::MalformedHeader(name) | Refusal::NotImplemented(name, _) => {
                self.echo("Header", name);
            }
            Refusal::InvalidAccessKeyId(id, _) => self.echo("OSSAccessKeyId", id),
            Refusal::NoSuchBucket(name) => self.echo("BucketName", name),
            Refusal::NoSuchUpload(upload_id, _) => self.echo("UploadId", upload_id),
            Refusal::NoSuchKey(key) => self.echo("Key", key),
            Refusal::RequestTimeTooSkewed(skewed) => {
                self.element("MaxAllowedSkewMilliseconds", &skewed.max_millis.to_string());
                self.times("RequestTime", skewed.requested, context.now);
            }
            Refusal::Expired(end) => self.times("Expires", *end, context.now),
            Refusal::SignatureDoesNotMatch(mismatch) => self.signed_texts(mismatch),
            Refusal::MethodNotAllowed | Refusal::NoService(_) => {
                self.echo("Method", context.method);
                self.element("ResourceType", "Object");
            }
            _ => {}
        }
    }

    fn argument(&mut self, name: &str, value: &str) {
        self.echo("ArgumentName", name);
        self.echo("ArgumentValue", value);
    }

    /// Writes the time that was wrong, and now: in whole seconds with `.000`, as OSS always has them. Firmware matches
    /// it.
    fn times(&mut self, name: &str, time: UnixMillis, now: UnixMillis) {
        self.element(name, &time.to_whole_seconds().to_iso8601());
        self.element("ServerTime", &now.to_whole_seconds().to_iso8601());
    }

    fn signed_texts(&mut self, mismatch: &Mismatch) {
        self.echo("OSSAccessKeyId", &mismatch.access_key_id);
        self.echo("SignatureProvided", &mismatch.signature_provided);
        let shown = truncated(&mismatch.string_to_sign, MAX_STRING_TO_SIGN);
        self.element("StringToSign", shown);
        self.element("StringToSignBytes", &spaced_hex(shown.as_bytes()));
        if let Some(canonical_request) = &mismatch.canonical_request {
            self.element("CanonicalRequest", truncated(canonical_request, MAX_STRING_TO_SIGN));
        }
    }

    /// Writes an element with a value that the client sent, cut to [`MAX_ECHO`] bytes.
    fn echo(&mut self, name: &str, value: &str) {
        self.element(name, truncated(value, MAX_ECHO));
    }

    /// Writes an element, unless it would be empty.
    fn element(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        for text in ["  <", name, ">"] {
            self.0.push_str(text);
        }
        self.push_escaped(value);
        for text in ["</", name, ">\n"] {
            self.0.push_str(text);
        }
    }

    fn push_escaped(&mut self, value: &str) {
        if value.bytes().all(is_unescaped) {
            return self.0.push_str(value);
        }
        let mut rest = value;
        while let Some((at, character, escaped)) = first_escaped(rest) {
            let (before, after) = rest.split_at_checked(at).unwrap_or_default();
            self.0.push_str(before);
            self.0.push_str(escaped);
            rest = after.strip_prefix(character).unwrap_or_default();
        }
        self.0.push_str(rest);
    }
}

/// The first character that must be escaped: its position, itself, and what replaces it.
fn first_escaped(text: &str) -> Option<(usize, char, &'static str)> {
    text.char_indices().find_map(|(at, character)| Some((at, character, escape(character)?)))
}

/// Whether a byte is ASCII that needs no escape.
fn is_unescaped(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b' '..=b'~') && !matches!(byte, b'&' | b'<' | b'>')
}

/// What replaces a character in XML 1.0. A character that XML can't contain becomes U+FFFD.
fn escape(character: char) -> Option<&'static str> {
    match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\r' => Some("&#13;"),
        _ if is_xml_char(character) => None,
        _ => Some("\u{FFFD}"),
    }
}

/// The longest beginning of `text` that has at most `room` bytes once escaped.
fn truncated(text: &str, room: usize) -> &str {
    // Escaping makes no character more than five times as long.
    if text.len().saturating_mul(5) <= room {
        return text;
    }
    let mut taken = 0;
    let end = text.char_indices().find(|(_, character)| {
        taken += escape(*character).map_or(character.len_utf8(), str::len);
        taken > room
    });
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// `41 42 ` for `AB`, as OSS writes StringToSignBytes.
fn spaced_hex(bytes: &[u8]) -> String {
    let hex = base16ct::upper::encode_string(bytes);
    let mut spaced = String::with_capacity(bytes.len() * 3);
    for pair in hex.as_bytes().chunks(2) {
        spaced.extend(pair.iter().copied().map(char::from));
        spaced.push(' ');
    }
    spaced
}

fn reason_phrase(status: u16) -> &'static str {
    match status {
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        411 => "Length Required",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Bad Request",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::TooSkewed;

    fn answer(refusal: &Refusal, method: &str) -> ErrorResponse {
        let request_id = &oss_request_id("cf");
        let context =
            ErrorContext { request_id, method, host: "b.example.com:8443", now: UnixMillis(1_795_485_177_999) };
        ErrorResponse::of_refusal(refusal, &context)
    }

    fn mismatch(string_to_sign: &str) -> Refusal {
        Refusal::SignatureDoesNotMatch(Box::new(Mismatch {
            access_key_id: "ak".into(),
            host: "b.example.com".into(),
            style: "virtual-hosted",
            bucket: "b".into(),
            signature_provided: "c2ln".into(),
            string_to_sign: string_to_sign.into(),
            canonical_request: None,
        }))
    }

    #[test]
    fn has_the_reason_phrase_of_each_status() {
        for (status, phrase) in [
            (400, "Bad Request"),
            (403, "Forbidden"),
            (404, "Not Found"),
            (405, "Method Not Allowed"),
            (409, "Conflict"),
            (411, "Length Required"),
            (500, "Internal Server Error"),
            (503, "Service Unavailable"),
        ] {
            assert_eq!(reason_phrase(status), phrase);
        }
    }

    #[test]
    fn escapes_what_xml_does_not_contain() {
        let text = "a&<>\r\n\t\"'\u{0}\u{1f}\u{7f}é日\u{fffd}\u{fffe}\u{ffff}\u{10000}";
        let mut document = ErrorDocument(String::new());
        document.element("E", text);
        let xml = document.0;
        let replaced = "\u{FFFD}";
        assert_eq!(
            xml,
            format!(
                "  <E>a&amp;&lt;&gt;&#13;\n\t\"'{replaced}{replaced}\u{7f}é日{replaced}{replaced}{replaced}\u{10000}</E>\n"
            )
        );
    }

    #[test]
    fn truncates_to_whole_characters_that_fit_once_they_are_escaped() {
        for (text, room, expected) in [
            ("", 0, ""),
            ("abc", 3, "abc"),
            ("abc", 2, "ab"),
            ("a&b", 5, "a"),
            ("a&b", 6, "a&"),
            ("日本", 5, "日"),
            ("\u{1}\u{1}", 3, "\u{1}"),
        ] {
            assert_eq!(truncated(text, room), expected, "{text:?} {room}");
        }
    }

    #[test]
    fn writes_the_one_form_that_every_sdk_parses() {
        let answer = answer(&mismatch("PUT\n\n<&>\u{1}é"), "PUT");
        assert_eq!(
            answer.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  \
             <Code>SignatureDoesNotMatch</Code>\n  \
             <Message>The request signature we calculated does not match the signature you provided. \
             Check your key and signing method.</Message>\n  \
             <RequestId>F78B64C9E0F2EA24FDDCE2B0</RequestId>\n  \
             <HostId>b.example.com:8443</HostId>\n  \
             <OSSAccessKeyId>ak</OSSAccessKeyId>\n  \
             <SignatureProvided>c2ln</SignatureProvided>\n  \
             <StringToSign>PUT\n\n&lt;&amp;&gt;\u{FFFD}é</StringToSign>\n  \
             <StringToSignBytes>50 55 54 0A 0A 3C 26 3E 01 C3 A9 </StringToSignBytes>\n  \
             <EC>0002-00000040</EC>\n  \
             <RecommendDoc>https://api.aliyun.com/troubleshoot?q=0002-00000040</RecommendDoc>\n</Error>\n"
        );
    }

    #[test]
    fn spells_the_headers_as_clients_look_for_them() {
        let answer = answer(&Refusal::MissingSignature, "PUT");
        let names: Vec<_> = answer.headers.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["Content-Type", "Date", "x-oss-request-id", "x-oss-ec"]);
        assert_eq!(answer.headers[0].1, "application/xml");
        assert_eq!(answer.headers[1].1, "Tue, 24 Nov 2026 01:52:57 GMT");
    }

    #[test]
    fn answers_head_without_a_body_and_with_x_oss_err() {
        let head = answer(&Refusal::MethodNotAllowed, "HEAD");
        assert_eq!(head.body, "");
        let (name, value) = &head.headers[4];
        assert_eq!(*name, "x-oss-err");
        let document = String::from_utf8(BASE64_STANDARD.decode(value).unwrap()).unwrap();
        assert!(document.contains("<Code>MethodNotAllowed</Code>") && document.contains("<Method>HEAD</Method>"));
    }

    #[test]
    fn stays_within_the_room_of_a_generated_response() {
        let Refusal::SignatureDoesNotMatch(mut mismatch) = mismatch(&"&".repeat(32_768)) else { unreachable!() };
        mismatch.access_key_id = "&".repeat(32_768);
        mismatch.canonical_request = Some("&".repeat(32_768));
        mismatch.signature_provided = "&".repeat(32_768);
        let answer = answer(&Refusal::SignatureDoesNotMatch(mismatch), "PUT");
        assert!(answer.body.len() < 39_000, "{}", answer.body.len());
    }

    #[test]
    fn tells_the_clock_in_milliseconds() {
        let skewed = TooSkewed { requested: UnixMillis(0), now: UnixMillis(0), max_millis: 300_000 };
        let body = answer(&Refusal::RequestTimeTooSkewed(skewed), "PUT").body;
        assert!(body.contains(
            "  <MaxAllowedSkewMilliseconds>300000</MaxAllowedSkewMilliseconds>\n  \
             <RequestTime>1970-01-01T00:00:00.000Z</RequestTime>\n  \
             <ServerTime>2026-11-24T01:52:57.000Z</ServerTime>\n"
        ));
    }
}
