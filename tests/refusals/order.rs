//! The documented order of refusals: requests with a fault in every stage, corrected from the first stage to the last.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::request::{DATE, ID, Request, request};
use super::{OTHER_SECRET, forwarded, refused};

/// The refusal that is expected, in its `Debug` form, and the correction of its cause alone.
struct Step<'s>(&'static str, &'s dyn Fn(Request) -> Request);

#[test]
fn refuses_a_part_s_faults_in_the_documented_order() {
    let faulty = Request {
        method: "PATCH".into(),
        uri: "/Bad_Bucket/../%zz".into(),
        query: "%zz&a&a".into(),
        headers: Vec::new(),
    }
    .with("x-any", "a\0b")
    .with("host", "127.0.0.1\u{1}")
    .with("host", "example.org")
    .with("x-oss-meta-a", "1\u{7f}")
    .with("x-oss-meta-a", "2")
    .with("date", "today")
    .with("date", "tomorrow")
    .with("content-type", "text/plain")
    .with("content-type", "text/html")
    .with("content-md5", "a\u{1}")
    .with("x-oss-security-token", "token")
    .with("x-oss-tagging", "a=b")
    .with("x-oss-meta-b", &"v".repeat(4096))
    .with("transfer-encoding", "chunked")
    .with("content-length", "five");
    check_steps(
        faulty,
        &[
            // 1. encoding
            Step("MalformedRequest", &|request| request.without("x-any")),
            // 2. Host: repeated, malformed, unknown
            Step("RepeatedHeader(\"host\")", &|request| request.set("host", "example.org\u{1}")),
            Step("MalformedHeader(\"host\")", &|request| request.set("host", "example.org")),
            Step("UnknownHost(\"example.org\")", &|request| request.set("host", "127.0.0.1")),
            // 3. path: escapes; bucket's name; key
            Step("InvalidObjectName(Escape)", &|request| path(request, "/Bad_Bucket/../k%3FpartNumber=1")),
            Step("InvalidBucketName", &|request| path(request, "/no-such-bucket/../k%3FpartNumber=1")),
            Step("InvalidObjectName(DotSegment)", &|request| path(request, "/no-such-bucket/k%3FpartNumber=1")),
            // 4. query: escapes, repeated names
            Step("MalformedQuery", &|request| query(request, "partNumber=0&other&uploadId=U1&%6fther")),
            Step("RepeatedParameter(\"other\")", &|request| query(request, "partNumber=0&other&uploadId=U1")),
            // 5. operation: not served; parameters out of place; parameters' values
            Step("MethodNotAllowed", &|request| Request { method: "PUT".into(), ..request }),
            Step("UnexpectedParameter(\"other\")", &|request| query(request, "partNumber=0&uploadId=U1")),
            Step("InvalidPartNumber(\"0\")", &|request| query(request, "partNumber=1&uploadId=U1")),
            // 6. Authorization: missing, repeated, scheme not enabled, malformed
            Step("MissingSignature", &|request| request.with("authorization", "OSS2 a").with("authorization", "OSS :")),
            Step("RepeatedHeader(\"authorization\")", &|request| request.set("authorization", "OSS2 a")),
            Step("SchemeNotEnabled(\"OSS2\")", &|request| request.set("authorization", "OSS :")),
            Step("MalformedAuthorization(NoAccessKeyId)", &|request| request.set("authorization", "OSS nobody:c2ln")),
            // 7. malformed or repeated x-oss-* headers; key that signs like a sub-resource
            Step("MalformedHeader(\"x-oss-meta-a\")", &|request| {
                request.set("x-oss-meta-a", "1").with("x-oss-meta-a", "2")
            }),
            Step("RepeatedHeader(\"x-oss-meta-a\")", &|request| request.set("x-oss-meta-a", "1")),
            Step("InvalidObjectName(SubResource)", &|request| path(request, "/no-such-bucket/k")),
            // 8. date: repeated, missing, malformed
            Step("RepeatedHeader(\"date\")", &|request| request.without("date")),
            Step("InvalidDate(Missing)", &|request| request.with("date", "today")),
            Step("InvalidDate(Malformed)", &|request| request.set("date", "Tue, 24 Nov 2026 02:52:57 GMT")),
            // 9. clock skew
            Step(
                "RequestTimeTooSkewed(TooSkewed { requested: UnixMillis(1795488777000), now: UnixMillis(1795485177000), max_millis: 300000 })",
                &|r| r.set("date", DATE),
            ),
            // 10. access key: unknown, disabled; of a derived key, scope, revocation, expiry; no valid secret
            Step("InvalidAccessKeyId(\"nobody\", Unknown)", &|request| key(request, "disabled")),
            Step("InvalidAccessKeyId(\"disabled\", Disabled)", &|request| key(request, "OE1.a1.SN-2.e9999999999.sno")),
            Step("InvalidAccessKeyId(\"OE1.a1.SN-2.e9999999999.sno\", UnknownScope)", &|request| {
                key(request, "OE1.a1.SN-2.e9999999999")
            }),
            Step("InvalidAccessKeyId(\"OE1.a1.SN-2.e9999999999\", Revoked)", &|request| key(request, "OE1.a1.SN-1.e1")),
            Step("SecurityTokenExpired", &|request| key(request, "ended")),
            Step("InvalidAccessKeyId(\"ended\", NoLiveSecret)", &|request| key(request, ID)),
            // 11. signature, and first what it covers
            Step("MalformedHeader(\"content-md5\")", &|request| request.without("content-md5")),
            Step("RepeatedHeader(\"content-type\")", &|request| request.set("content-type", "text/plain")),
            Step("SignatureDoesNotMatch", &|request| signed(request, "no-such-bucket")),
            // 12. security token
            Step("InvalidSecurityToken", &|request| signed(request.without("x-oss-security-token"), "no-such-bucket")),
            // 14. bucket not configured
            Step("NoSuchBucket(\"no-such-bucket\")", &|request| {
                signed(path(request, "/fleet-uploads/k"), "fleet-uploads")
            }),
            // 15. headers that S3 can't honour (a part's metadata is dropped, whatever its size)
            Step("NotImplemented(\"x-oss-tagging\", \"a=b\")", &|request| {
                signed(request.without("x-oss-tagging"), "fleet-uploads")
            }),
            // 16. upload id: tests/refusals/upload_ids.rs
            // 17. body's length
            Step("InvalidContentLength", &|request| request.without("content-length")),
            Step("MissingContentLength(NoRelay)", &|request| request.with("content-length", "5")),
        ],
    );
}

#[test]
fn checks_the_size_for_the_api_last() {
    let resource = "/fleet-uploads/k?uploads";
    let faulty = request("POST", "/k", "encoding-type=base64&uploads")
        .with("cache-control", &"v".repeat(7000))
        .with("security-token", "token")
        .with("x-oss-object-acl", "public-read")
        .with("x-oss-storage-class", "Cold")
        .with("x-oss-meta-b", &"v".repeat(4096))
        .with("content-length", "x")
        .signed(resource);
    check_steps(
        faulty,
        &[
            Step("InvalidEncodingType(\"base64\")", &|request| query(request, "encoding-type=url&uploads")),
            Step("InvalidSecurityToken", &|request| request.without("security-token")),
            Step("NotImplemented(\"x-oss-object-acl\", \"public-read\")", &|request| {
                request.set("x-oss-object-acl", "private").signed("/fleet-uploads/k?uploads")
            }),
            Step("InvalidHeaderValue(\"x-oss-storage-class\", \"Cold\")", &|request| {
                request.set("x-oss-storage-class", "IA").signed("/fleet-uploads/k?uploads")
            }),
            Step("MetadataTooLarge", &|request| request.without("x-oss-meta-b").signed("/fleet-uploads/k?uploads")),
            Step("InvalidContentLength", &|request| request.set("content-length", "0")),
            Step("RequestTooLarge", &|request| request.set("cache-control", "no-store")),
        ],
    );
}

#[test]
fn checks_the_key_s_rules_after_the_signature_and_before_the_bucket() {
    let (early, resource) = ("Tue, 24 Nov 2026 01:48:57 GMT", "/no-such-bucket/k");
    let faulty = request("PUT", "/no-such-bucket/k", "")
        .set("host", "127.0.0.1")
        .set("date", early)
        .with("security-token", "token")
        .with("content-length", "2000")
        .with("authorization", "OSS narrow:c2ln");
    let signed = |request: Request, resource| request.signed_by("narrow", OTHER_SECRET, resource);
    check_steps(
        faulty,
        &[
            Step("SignatureDoesNotMatch", &|request| signed(request, resource)),
            // 12. the key's own clock skew, security token
            Step(
                "RequestTimeTooSkewed(TooSkewed { requested: UnixMillis(1795484937000), now: UnixMillis(1795485177000), max_millis: 60000 })",
                &|r| signed(r.set("date", DATE), resource),
            ),
            Step("InvalidSecurityToken", &|request| request.without("security-token")),
            // 13. what the key may do
            Step("AccessDenied", &|request| signed(path(request, "/no-such-bucket/logs/k"), "/no-such-bucket/logs/k")),
            Step("NoSuchBucket(\"no-such-bucket\")", &|request| {
                signed(path(request, "/fleet-uploads/logs/k"), "/fleet-uploads/logs/k")
            }),
            // 17. body's length
            Step("EntityTooLarge", &|request| request.set("content-length", "1000")),
        ],
    );
}

/// Each step's refusal in turn; after the last correction the request is forwarded.
fn check_steps(faulty: Request, steps: &[Step<'_>]) {
    let mut request = faulty;
    for Step(expected, correct) in steps {
        let (refusal, _) = refused(&request);
        let shown = format!("{refusal:?}");
        let shown = if shown.starts_with("SignatureDoesNotMatch") { "SignatureDoesNotMatch" } else { &shown };
        assert_eq!(shown, *expected);
        request = correct(request);
    }
    forwarded(&request, |forward| assert_eq!(forward.uri.rsplit('/').next(), Some("k")));
}

fn path(request: Request, uri: &str) -> Request {
    Request { uri: uri.into(), ..request }
}

fn query(request: Request, query: &str) -> Request {
    Request { query: query.into(), ..request }
}

fn key(request: Request, id: &str) -> Request {
    request.set("authorization", &format!("OSS {id}:c2ln"))
}

fn signed(request: Request, bucket: &str) -> Request {
    request.signed(&format!("/{bucket}/k?partNumber=1&uploadId=U1"))
}
