//! A refusal as OSS writes it on the wire.

use std::borrow::Cow;

use crate::base64::Alphabet;
use crate::decimal;
use crate::hex;
use crate::keyed_hash::sha1;
use crate::oss_error::OssError;
use crate::refusal::{Mismatch, Refusal};
use crate::signing_date::UnixMillis;
use crate::texts::{joined, owned, push};

/// Room for the StringToSign in an answer, in bytes as the document has them. Lambda@Edge allows 40 KB
/// for a whole generated response at viewer request; the hexadecimal form takes three times the text's
/// size, and the CanonicalRequest has as much room again.
const MAX_STRING_TO_SIGN: usize = 4096;

/// Room for any other value that the client sent, in bytes as the document has them.
const MAX_ECHO: usize = 512;

/// An answer for CloudFront to give in S3's place.
pub struct ErrorResponse {
    /// `Code` of the error document.
    pub code: &'static str,
    /// HTTP status code.
    pub status: u16,
    /// The reason phrase.
    pub status_description: &'static str,
    /// Names in the spelling that OSS clients look for (the .NET and Android SDKs are
    /// case-sensitive), and values.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The error document; empty for HEAD, which carries it in `x-oss-err`.
    pub body: String,
}

/// What an error document says besides its cause.
pub(crate) struct ErrorContext<'a> {
    /// The request's id in OSS's form.
    pub(crate) request_id: &'a str,
    /// The HTTP method.
    pub(crate) method: &'a str,
    /// The Host header, as sent.
    pub(crate) host: &'a str,
    /// Now.
    pub(crate) now: UnixMillis,
}

impl ErrorResponse {
    /// The answer to a request that is refused.
    pub(crate) fn of_refusal(refusal: &Refusal, context: &ErrorContext<'_>) -> Self {
        ErrorResponse::new(refusal.oss_error(), Some(refusal), context)
    }

    /// The answer for an error that has no elements of its own.
    pub(crate) fn of_error(error: &OssError, context: &ErrorContext<'_>) -> Self {
        ErrorResponse::new(error, None, context)
    }

    #[inline(never)]
    fn new(error: &OssError, cause: Option<&Refusal>, context: &ErrorContext<'_>) -> Self {
        let mut answer = ErrorResponse {
            code: error.code,
            status: error.status,
            status_description: reason_phrase(error.status),
            headers: Vec::with_capacity(5),
            body: String::new(),
        };
        let ec = error.ec();
        let document = document(error, &ec, cause, context);
        answer.set("Content-Type", Cow::Borrowed("application/xml"));
        answer.set("Date", Cow::Owned(context.now.to_rfc1123()));
        answer.set("x-oss-request-id", Cow::Owned(owned(context.request_id)));
        if !ec.is_empty() {
            answer.set("x-oss-ec", Cow::Owned(ec));
        }
        if context.method == "HEAD" {
            answer.set("x-oss-err", Cow::Owned(Alphabet::Standard.encode(document.as_bytes())));
        } else {
            answer.body = document;
        }
        answer
    }

    #[inline(never)]
    fn set(&mut self, name: &'static str, value: Cow<'static, str>) {
        self.headers.push((name, value));
    }
}

/// A request id as OSS writes it, 24 upper-case hexadecimal digits, derived from CloudFront's so
/// that either leads to the other's log lines.
pub(crate) fn oss_request_id(cloudfront_request_id: &str) -> String {
    let [id @ .., _, _, _, _, _, _, _, _] = sha1(cloudfront_request_id.as_bytes());
    let id: [u8; 12] = id;
    hex::upper(&id)
}

/// The one form that the parsers of all SDKs take: the prolog (PHP), the root without attributes
/// (PHP v2) and without a namespace (Java, .NET), and no element empty (C++).
fn document(error: &OssError, ec: &str, cause: Option<&Refusal>, context: &ErrorContext<'_>) -> String {
    let mut document = ErrorDocument(String::with_capacity(1024));
    push(&["<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n"], &mut document.0);
    document.element("Code", error.code);
    document.element("Message", error.message);
    document.element("RequestId", context.request_id);
    document.echo("HostId", if context.host.is_empty() { "oss-edge" } else { context.host });
    if let Some(refusal) = cause {
        document.elements_of(refusal, context);
    }
    if !ec.is_empty() {
        document.element("EC", ec);
        document.element("RecommendDoc", &joined(&["https://api.aliyun.com/troubleshoot?q=", ec]));
    }
    push(&["</Error>\n"], &mut document.0);
    document.0
}

/// As much of a document as is written.
struct ErrorDocument(String);

impl ErrorDocument {
    /// The elements that only this cause has.
    fn elements_of(&mut self, refusal: &Refusal, context: &ErrorContext<'_>) {
        let argument = match refusal {
            Refusal::RepeatedParameter(name) | Refusal::UnexpectedParameter(name) => ("ResourceType", name),
            Refusal::InvalidPartNumber(value) => ("PartNumber", value),
            Refusal::InvalidEncodingType(value) => ("encoding-type", value),
            Refusal::InvalidHeaderValue(name, value) | Refusal::InvalidQueryValue(name, value) => (*name, value),
            Refusal::RepeatedHeader(name) | Refusal::MalformedHeader(name) | Refusal::NotImplemented(name) => {
                return self.echo("Header", name);
            }
            Refusal::InvalidAccessKeyId(id, _) => return self.echo("OSSAccessKeyId", id),
            Refusal::NoSuchBucket(name) => return self.echo("BucketName", name),
            Refusal::NoSuchUpload(upload_id) => return self.echo("UploadId", upload_id),
            Refusal::RequestTimeTooSkewed(skewed) => {
                self.element("MaxAllowedSkewMilliseconds", &decimal::text(skewed.max_millis));
                return self.times("RequestTime", skewed.requested, context.now);
            }
            Refusal::Expired(end) => return self.times("Expires", *end, context.now),
            Refusal::SignatureDoesNotMatch(mismatch) => return self.signed_texts(mismatch),
            Refusal::MethodNotAllowed => {
                self.echo("Method", context.method);
                return self.element("ResourceType", "Object");
            }
            _ => return,
        };
        self.echo("ArgumentName", argument.0);
        self.echo("ArgumentValue", argument.1);
    }

    /// Writes the time that was wrong, and now.
    #[inline(never)]
    fn times(&mut self, name: &str, time: UnixMillis, now: UnixMillis) {
        for (name, time) in [(name, time), ("ServerTime", now)] {
            self.element(name, &time.to_iso8601());
        }
    }

    #[inline(never)]
    fn signed_texts(&mut self, mismatch: &Mismatch) {
        self.echo("OSSAccessKeyId", &mismatch.access_key_id);
        self.echo("SignatureProvided", &mismatch.signature_provided);
        let shown = truncated(&mismatch.string_to_sign, MAX_STRING_TO_SIGN);
        self.element("StringToSign", shown);
        self.element("StringToSignBytes", &hex::spaced(shown.as_bytes()));
        if let Some(canonical_request) = &mismatch.canonical_request {
            self.element("CanonicalRequest", truncated(canonical_request, MAX_STRING_TO_SIGN));
        }
    }

    /// Writes a value that the client sent, as much of it as an answer repeats.
    #[inline(never)]
    fn echo(&mut self, name: &str, value: &str) {
        self.element(name, truncated(value, MAX_ECHO));
    }

    /// Writes an element, unless it would be empty.
    #[inline(never)]
    fn element(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let xml = &mut self.0;
        push(&["  <", name, ">"], xml);
        push_escaped(value, xml);
        push(&["</", name, ">\n"], xml);
    }
}

/// Appends text as XML carries it, in runs of what stays as it is.
fn push_escaped(text: &str, xml: &mut String) {
    let (mut from, mut place) = (0, 0);
    while let Some(rest) = text.as_bytes().get(place..) {
        let run = rest.iter().take_while(|byte| stays(**byte)).count();
        place += run;
        let Some(rest) = rest.get(run..).filter(|rest| !rest.is_empty()) else { break };
        let (escaped, length) = escape(rest);
        if let Some(escaped) = escaped {
            push(&[text.get(from..place).unwrap_or_default(), escaped], xml);
            from = place + length;
        }
        place += length;
    }
    push(&[text.get(from..).unwrap_or_default()], xml);
}

/// Whether a document has a byte as it is, whatever follows.
fn stays(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b' '..=b'%' | b'\''..=b';' | b'=' | b'?'..=0xee | 0xf0..)
}

/// What stands for that which `text` begins with, where a document can't have it as it is, and how many bytes it has.
#[inline(never)]
fn escape(text: &[u8]) -> (Option<&'static str>, usize) {
    match text {
        [byte, ..] if stays(*byte) => (None, 1),
        [b'&', ..] => (Some("&amp;"), 1),
        [b'<', ..] => (Some("&lt;"), 1),
        [b'>', ..] => (Some("&gt;"), 1),
        [b'\r', ..] => (Some("&#13;"), 1),
        // U+FFFE and U+FFFF, which XML 1.0 doesn't know either.
        [0xef, 0xbf, 0xbe | 0xbf, ..] => (Some("\u{FFFD}"), 3),
        [0xef, ..] => (None, 1),
        _ => (Some("\u{FFFD}"), 1),
    }
}

/// The most bytes that stand for one.
const MAX_ESCAPED: usize = 5;

/// The longest beginning of `text` that takes at most `room` bytes of a document.
#[inline(never)]
fn truncated(text: &str, room: usize) -> &str {
    if text.len() <= room / MAX_ESCAPED {
        return text;
    }
    let (mut taken, mut end) = (0, 0);
    while let Some(rest) = text.as_bytes().get(end..).filter(|rest| !rest.is_empty()) {
        let (escaped, length) = escape(rest);
        taken += escaped.map_or(length, str::len);
        if taken > room {
            break;
        }
        end += length;
    }
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
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
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use proptest::prelude::*;

    use super::*;
    use crate::object_key::is_xml_char;

    fn answer(refusal: &Refusal, method: &str) -> ErrorResponse {
        let request_id = &oss_request_id("cf");
        let context =
            ErrorContext { request_id, method, host: "b.example.com:8443", now: UnixMillis(1_795_485_177_000) };
        ErrorResponse::of_refusal(refusal, &context)
    }

    fn mismatch(string_to_sign: &str) -> Refusal {
        Refusal::SignatureDoesNotMatch(Box::new(Mismatch {
            access_key_id: "ak".into(),
            signature_provided: "c2ln".into(),
            string_to_sign: string_to_sign.into(),
            canonical_request: None,
        }))
    }

    /// What stands for a character, by XML's own range of them.
    fn escaped(character: char) -> String {
        match character {
            '&' => "&amp;".into(),
            '<' => "&lt;".into(),
            '>' => "&gt;".into(),
            '\r' => "&#13;".into(),
            _ if is_xml_char(character) => character.into(),
            _ => "\u{FFFD}".into(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn escapes_characters(text in "([a &<>\r\n\t\u{0}\u{1f}\u{7f}é日\u{fffd}\u{fffe}\u{ffff}\u{10000}]|.){0,20}", room in 0_usize..60) {
            let mut xml = String::new();
            push_escaped(&text, &mut xml);
            prop_assert_eq!(&xml, &text.chars().map(escaped).collect::<String>());
            let mut shown = String::new();
            let mut taken = 0;
            for character in text.chars() {
                taken += escaped(character).len();
                if taken > room {
                    break;
                }
                shown.push(character);
            }
            prop_assert_eq!(truncated(&text, room), shown);
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
        let document = String::from_utf8(BASE64_STANDARD.decode(&**value).unwrap()).unwrap();
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
        let skewed = crate::refusal::TooSkewed { requested: UnixMillis(0), max_millis: 300_000 };
        let body = answer(&Refusal::RequestTimeTooSkewed(skewed), "PUT").body;
        assert!(body.contains(
            "  <MaxAllowedSkewMilliseconds>300000</MaxAllowedSkewMilliseconds>\n  \
             <RequestTime>1970-01-01T00:00:00.000Z</RequestTime>\n  \
             <ServerTime>2026-11-24T01:52:57.000Z</ServerTime>\n"
        ));
    }
}
