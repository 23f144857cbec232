//! The second decision, at the API, over what the edge handed over.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oss_edge::{HandOver, Origin, Refusal, UnixMillis};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::request::{NOW, Request, request};
use crate::{API_OPERATIONS, RESOURCE, decide, forwarded, operations, test_gate, variant};

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

fn handed_over(request: &Request) -> String {
    forwarded(request, |forward| match &forward.origin {
        Origin::Api(through) => HandOver::open(through.hand_over.as_str()).unwrap(),
        Origin::S3 => panic!("nothing was handed over"),
    })
}

fn at_api(flat: &str) -> Result<(), Refusal> {
    let decision = test_gate().decide_at_api(flat, UnixMillis(NOW));
    decision.outcome.map(|_| ()).map_err(|(refusal, _)| refusal)
}

#[wasm_bindgen_test(unsupported = test)]
fn decides_the_same_as_the_edge() {
    let flat = initiate().flat();
    let at_edge = decide(&flat);
    let handed = handed_over(&initiate());
    let at_api = test_gate().decide_at_api(&handed, UnixMillis(NOW));
    let (edge, api) = (at_edge.outcome.ok().unwrap(), at_api.outcome.ok().unwrap());
    assert_eq!((edge.s3_bucket, &edge.uri, &edge.query), (api.s3_bucket, &api.uri, &api.query));
    assert_eq!((edge.options(), &edge.headers), (api.options(), &api.headers));
    assert_eq!((at_edge.resource, at_edge.operation), (at_api.resource, at_api.operation));
    assert_eq!(at_edge.access_key_id, at_api.access_key_id);
}

#[wasm_bindgen_test(unsupported = test)]
fn decides_the_same_over_what_is_refused() {
    for changed in [
        initiate().set("date", "Tue, 24 Nov 2026 02:52:57 GMT"),
        initiate().set("authorization", "OSS nobody:c2ln"),
        initiate().set("x-oss-meta-a", "2"),
        initiate().without("authorization"),
        initiate().set("host", "example.org"),
        initiate().with("x-oss-security-token", "token").signed(&format!("{RESOURCE}?uploads")),
        initiate().with("x-oss-tagging", "a=b").signed(&format!("{RESOURCE}?uploads")),
    ] {
        let flat = changed.flat();
        let at_edge = decide(&flat).outcome.err().map(|(refusal, _)| refusal);
        assert!(at_edge.is_some(), "{changed:?}");
        assert_eq!(at_api(&flat).err(), at_edge);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn carries_no_header_that_plays_no_part() {
    let flat = handed_over(&initiate().with("cookie", "a=b").with("x-amz-acl", "public-read"));
    let fields: Vec<_> = flat.split('\0').collect();
    let names: Vec<_> = fields[5..].iter().step_by(2).copied().collect();
    let mut expected =
        ["host", "date", "content-type", "content-md5", "cache-control", "x-oss-meta-a", "x-oss-storage-class"]
            .to_vec();
    expected.push("authorization");
    assert_eq!(names, expected);
    assert_eq!(fields[0], "8");
}

#[wasm_bindgen_test(unsupported = test)]
fn serves_only_the_operations_of_the_api_there() {
    for (name, request, _) in operations() {
        let expected = if API_OPERATIONS.contains(&name) { None } else { Some(Refusal::MethodNotAllowed) };
        assert_eq!(at_api(&request.flat()).err(), expected, "{name}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn refuses_a_hand_over_that_is_too_late() {
    let handed = handed_over(&initiate());
    for (later, allowed) in [(300_000, true), (300_001, false)] {
        let decision = test_gate().decide_at_api(&handed, UnixMillis(NOW + later));
        assert_eq!(decision.outcome.is_ok(), allowed, "{later}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn refuses_a_hand_over_that_was_tampered_with() {
    let handed = handed_over(&initiate());
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
        let tampered = handed.replacen(from, to, 1);
        assert_ne!(tampered, handed, "{from}");
        let refusal = at_api(&tampered).err().unwrap_or_else(|| panic!("forwarded with {to} for {from}"));
        assert_eq!(variant(&refusal), expected, "{to} for {from}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn refuses_a_hand_over_that_is_cut_off_anywhere() {
    let handed = handed_over(&initiate());
    for end in (0..handed.len()).filter(|end| handed.is_char_boundary(*end)) {
        assert!(at_api(&handed[..end]).is_err(), "{end}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn opens_what_it_wrote_and_refuses_what_nobody_wrote() {
    let handed = handed_over(&initiate());
    assert_eq!(HandOver::open(&URL_SAFE_NO_PAD.encode(&handed)), Some(handed));
    for value in ["", "AA", "Zm9yZ2Vk", "AAAA"] {
        let opened = HandOver::open(value).unwrap();
        assert_eq!(at_api(&opened), Err(Refusal::MalformedRequest), "{value}");
    }
    for value in ["a b", "a=", "\0", "日"] {
        assert_eq!(HandOver::open(value), None, "{value}");
    }
}
