//! The second decision, at the API, over the request that the edge handed over.

use oss_edge::{HandOver, Origin, Refusal, UnixMillis};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::api;
use super::request::{NOW, Request, request};
use super::{API_OPERATIONS, RESOURCE, decide, forwarded, operations, test_gate, variant};

fn initiate() -> Request {
    request("POST", "/dir/a.log", "encoding-type=url&uploads")
        .with("user-agent", "aliyun-sdk-js")
        .with("content-type", "text/plain")
        .with("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")
        .with("cache-control", "no-store")
        .with("x-oss-meta-a", "日志")
        .with("x-oss-storage-class", "IA")
        .with("content-length", "0")
        .signed(&format!("{RESOURCE}?uploads"))
}

/// The value of the header that hands a request over.
fn hand_over(request: &Request) -> String {
    forwarded(request, |forward| match &forward.origin {
        Origin::Api(through) => through.hand_over.as_str().to_owned(),
        Origin::S3 | Origin::Relay(..) | Origin::Entrance(_) => panic!("expected the API: {request:?}"),
    })
}

/// The text that is handed over.
fn text_of(request: &Request) -> String {
    HandOver::decode(&hand_over(request)).unwrap()
}

/// The refusal of the header's value at the API; `None` when it is forwarded.
fn refusal_at_api(hand_over: &str) -> Option<Refusal> {
    let decision = test_gate().decide_at_api(hand_over, UnixMillis(NOW));
    decision.outcome.err().map(|(refusal, _)| refusal)
}

#[test]
fn decides_the_same_as_the_edge() {
    let at_edge = decide(&initiate().text());
    let at_api = test_gate().decide_at_api(&hand_over(&initiate()), UnixMillis(NOW));
    let (edge, api) = (at_edge.outcome.ok().unwrap(), at_api.outcome.ok().unwrap());
    assert_eq!((edge.s3_bucket, &edge.uri, &edge.query), (api.s3_bucket, &api.uri, &api.query));
    assert_eq!((edge.options(), &edge.headers), (api.options(), &api.headers));
    assert_eq!((at_edge.resource, at_edge.operation), (at_api.resource, at_api.operation));
    assert_eq!(at_edge.access_key_id, at_api.access_key_id);
    assert_eq!(at_edge.cloudfront_request_id, at_api.cloudfront_request_id);
}

#[test]
fn refuses_the_same_as_the_edge() {
    for changed in [
        initiate().set("date", "Tue, 24 Nov 2026 02:52:57 GMT"),
        initiate().set("authorization", "OSS nobody:c2ln"),
        initiate().set("x-oss-meta-a", "2"),
        initiate().without("authorization"),
        initiate().set("host", "example.org"),
        initiate().with("x-oss-security-token", "token").signed(&format!("{RESOURCE}?uploads")),
        initiate().with("x-oss-tagging", "a=b").signed(&format!("{RESOURCE}?uploads")),
    ] {
        let text = changed.text();
        let at_edge = decide(&text).outcome.err().map(|(refusal, _)| refusal);
        assert!(at_edge.is_some(), "{changed:?}");
        assert_eq!(refusal_at_api(&api::hand_over(&text)), at_edge);
    }
}

#[test]
fn hands_over_only_the_headers_that_the_decision_needs() {
    let text = text_of(&initiate().with("cookie", "a=b").with("x-amz-acl", "public-read"));
    let strings: Vec<_> = text.split('\0').collect();
    let names: Vec<_> = strings[5..].iter().step_by(2).copied().collect();
    let mut expected =
        ["host", "date", "content-type", "content-md5", "cache-control", "x-oss-meta-a", "x-oss-storage-class"]
            .to_vec();
    expected.push("authorization");
    assert_eq!(names, expected);
    assert_eq!(strings[0], "8");
}

#[test]
fn serves_only_the_operations_of_the_api() {
    for (name, request, _) in operations() {
        let expected = if API_OPERATIONS.contains(&name) { None } else { Some(Refusal::MethodNotAllowed) };
        assert_eq!(refusal_at_api(&api::hand_over(&request.text())), expected, "{name}");
    }
}

#[test]
fn refuses_a_hand_over_that_is_too_late() {
    let hand_over = hand_over(&initiate());
    for (later, allowed) in [(300_000, true), (300_001, false)] {
        let decision = test_gate().decide_at_api(&hand_over, UnixMillis(NOW + later));
        assert_eq!(decision.outcome.is_ok(), allowed, "{later}");
    }
}

#[test]
fn refuses_a_hand_over_that_was_tampered_with() {
    let text = text_of(&initiate());
    for (from, to, expected) in [
        ("\0POST\0", "\0PUT\0", "UnexpectedParameter"),
        ("/dir/a.log", "/dir/b.log", "SignatureDoesNotMatch"),
        ("/dir/a.log", "/dir/../a.log", "InvalidObjectName"),
        ("encoding-type=url&uploads", "sequential&uploads", "SignatureDoesNotMatch"),
        ("encoding-type=url&uploads", "uploadId=U1", "SignatureDoesNotMatch"),
        ("uploads.example.com", "fleet-logs.oss.example.com", "SignatureDoesNotMatch"),
        ("uploads.example.com", "example.org", "UnknownHost"),
        ("text/plain", "text/html", "SignatureDoesNotMatch"),
        ("1B2M2Y8AsgTpgAmY7PhCfg==", "1B2M2Y8AsgTpgAmY7PhCfh==", "SignatureDoesNotMatch"),
        ("日志", "日", "SignatureDoesNotMatch"),
        ("\0IA\0", "\0Archive\0", "SignatureDoesNotMatch"),
        ("x-oss-meta-a", "x-oss-meta-b", "SignatureDoesNotMatch"),
        ("01:52:57", "01:52:58", "SignatureDoesNotMatch"),
        ("Device01", "Device02", "SignatureDoesNotMatch"),
        ("Device01", "Device03", "InvalidAccessKeyId"),
        ("authorization", "authorisation", "MissingSignature"),
        ("8\0", "7\0", "MalformedRequest"),
        ("8\0", "9\0", "MalformedRequest"),
        ("8\0", "", "MalformedRequest"),
        ("x-oss-storage-class", "cookie\0a\0x-oss-storage-class", "MalformedRequest"),
    ] {
        let tampered = text.replacen(from, to, 1);
        assert_ne!(tampered, text, "{from}");
        let refusal = refusal_at_api(&api::hand_over(&tampered));
        assert_eq!(refusal.as_ref().map(variant).as_deref(), Some(expected), "{to} for {from}");
    }
}

#[test]
fn refuses_a_hand_over_that_is_cut_off_anywhere() {
    let text = text_of(&initiate());
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        assert!(refusal_at_api(&api::hand_over(&text[..end])).is_some(), "{end}");
    }
    let hand_over = hand_over(&initiate());
    for end in 0..hand_over.len() {
        assert!(refusal_at_api(&hand_over[..end]).is_some(), "{end}");
    }
}

#[test]
fn decodes_its_own_encoding_and_refuses_any_other() {
    let text = text_of(&initiate());
    assert_eq!(hand_over(&initiate()), api::hand_over(&text));
    for value in ["", "AA", "Zm9yZ2Vk", "AAAA"] {
        assert!(HandOver::decode(value).is_ok(), "{value}");
        assert_eq!(refusal_at_api(value), Some(Refusal::MalformedRequest), "{value}");
    }
    for value in ["a b", "a=", ".", "a.b", "\0", "日", &text, &(hand_over(&initiate()) + "=")] {
        assert_eq!(HandOver::decode(value), Err(Refusal::MalformedRequest), "{value}");
        assert_eq!(refusal_at_api(value), Some(Refusal::MalformedRequest), "{value}");
    }
    for value in [format!("2.{}", hand_over(&initiate())), "2.".to_owned(), "10.AA".to_owned()] {
        assert_eq!(refusal_at_api(&value), Some(Refusal::UnknownHandOver), "{value}");
    }
}
