//! Requests that some SDKs sign in another reading: the reading that verifies is the one that is forwarded.

use oss_edge::UnixMillis;
use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::request::{DATE, ID, NOW, SECRET, hmac_sha1, request};
use super::{Request, decide, gate_with, refused, variant};

/// A PUT that is signed with `text` as its StringToSign.
fn signed_over(uri: &str, headers: &[(&str, &str)], text: &str) -> Request {
    let request = headers.iter().fold(request("PUT", uri, ""), |request, (name, value)| request.with(name, value));
    request.with("authorization", &format!("OSS {ID}:{}", hmac_sha1(SECRET, text)))
}

fn forwarded_key_and_uri(request: &Request) -> (String, String) {
    let decision = decide(&request.text());
    let key = decision.resource.unwrap().key.unwrap().to_string();
    (key, decision.outcome.map_err(|(refusal, _)| refusal).unwrap().uri)
}

#[test]
fn accepts_a_raw_plus_signed_as_a_plus_or_as_a_space() {
    let plus = signed_over("/a+b%2B", &[], &format!("PUT\n\n\n{DATE}\n/fleet-uploads/a+b+"));
    assert_eq!(forwarded_key_and_uri(&plus), ("a+b+".to_owned(), "/a%2Bb%2B".to_owned()));
    let ruby = signed_over("/a+b%2B", &[], &format!("PUT\n\n\n{DATE}\n/fleet-uploads/a b+"));
    assert_eq!(forwarded_key_and_uri(&ruby), ("a b+".to_owned(), "/a%20b%2B".to_owned()));
}

#[test]
fn accepts_blanks_behind_the_signature() {
    let request = signed_over("/k", &[], &format!("PUT\n\n\n{DATE}\n/fleet-uploads/k"));
    let (_, authorization) = request.headers.iter().find(|(name, _)| name == "authorization").unwrap();
    let padded = format!("{authorization} \t ");
    assert_eq!(forwarded_key_and_uri(&request.set("authorization", &padded)).1, "/k");
}

#[test]
fn takes_each_style_at_an_endpoint_by_what_was_signed() {
    let gate = gate_with(&json!({
        "hosts": [{ "host": "oss.example.org", "style": "endpoint", "bucket": "fleet-uploads" }]
    }));
    let stored = |host: &str, uri: &str, resource: &str| {
        let request = request("PUT", uri, "").set("host", host).signed(resource);
        let text = request.text();
        let decision = gate.decide(&text, UnixMillis(NOW));
        let resource = decision.resource.map(|resource| (resource.bucket, resource.key.map(|key| key.to_string())));
        decision.outcome.map(|forward| (resource.unwrap(), forward.uri)).map_err(|(refusal, _)| variant(&refusal))
    };
    let to = |bucket: &str, key: &str| Ok(((bucket.to_owned(), Some(key.to_owned())), format!("/{key}")));
    let mismatch = || Err("SignatureDoesNotMatch".to_owned());
    for (host, uri, resource, expected) in [
        ("oss.example.org", "/a/b", "/fleet-uploads/a/b", to("fleet-uploads", "a/b")),
        ("fleet-logs.oss.example.org", "/a/b", "/fleet-logs/a/b", to("fleet-logs", "a/b")),
        ("oss.example.org", "/fleet-logs/a", "/fleet-logs/a", to("fleet-logs", "a")),
        ("oss.example.org", "/fleet-uploads/a", "/fleet-uploads/a", to("fleet-uploads", "a")),
        ("oss.example.org", "/fleet-logs/a", "/fleet-uploads/fleet-logs/a", to("fleet-uploads", "fleet-logs/a")),
        ("oss.example.org", "/no-such/a", "/no-such/a", Err("NoSuchBucket".to_owned())),
        ("oss.example.org", "/a/b", "/fleet-logs/a/b", mismatch()),
        ("oss.example.org", "/fleet-logs", "/fleet-logs/", mismatch()),
        ("oss.example.org", "/fleet-logs/", "/fleet-logs/", mismatch()),
        ("oss.example.org", "/Bad_Bucket/a", "/Bad_Bucket/a", mismatch()),
        ("fleet-logs.oss.example.org", "/fleet-uploads/a", "/fleet-uploads/a", mismatch()),
    ] {
        assert_eq!(stored(host, uri, resource), expected, "{host}{uri} signed as {resource}");
    }
}

#[test]
fn accepts_numbered_metadata_in_byte_order_and_in_the_c_sdk_s_order() {
    let headers = [("x-oss-meta-a10", "ten"), ("x-oss-meta-a2", "two")];
    for lines in ["x-oss-meta-a10:ten\nx-oss-meta-a2:two\n", "x-oss-meta-a2:two\nx-oss-meta-a10:ten\n"] {
        let request = signed_over("/k", &headers, &format!("PUT\n\n\n{DATE}\n{lines}/fleet-uploads/k"));
        assert_eq!(forwarded_key_and_uri(&request).1, "/k", "{lines}");
    }
}

#[test]
fn accepts_an_underscore_before_letters_and_in_the_c_sdk_s_order_after_them() {
    let headers = [("x-oss-meta-file_name", "1"), ("x-oss-meta-filename", "2")];
    for lines in ["x-oss-meta-file_name:1\nx-oss-meta-filename:2\n", "x-oss-meta-filename:2\nx-oss-meta-file_name:1\n"]
    {
        let request = signed_over("/k", &headers, &format!("PUT\n\n\n{DATE}\n{lines}/fleet-uploads/k"));
        assert_eq!(forwarded_key_and_uri(&request).1, "/k", "{lines}");
    }
}

#[test]
fn accepts_lines_sorted_as_a_whole_as_java_v2_did() {
    let headers = [("x-oss-meta-sensor", "1"), ("x-oss-meta-sensor-id", "2")];
    let lines = "x-oss-meta-sensor-id:2\nx-oss-meta-sensor:1\n";
    let request = signed_over("/k", &headers, &format!("PUT\n\n\n{DATE}\n{lines}/fleet-uploads/k"));
    assert_eq!(forwarded_key_and_uri(&request).1, "/k");
}

#[test]
fn accepts_a_space_and_the_c_sdk_s_order_at_once() {
    let headers = [("x-oss-meta-a10", "ten"), ("x-oss-meta-a2", "two")];
    let lines = "x-oss-meta-a2:two\nx-oss-meta-a10:ten\n";
    let request = signed_over("/a+b", &headers, &format!("PUT\n\n\n{DATE}\n{lines}/fleet-uploads/a b"));
    assert_eq!(forwarded_key_and_uri(&request).0, "a b");
}

#[test]
fn names_how_a_request_had_to_be_read() {
    let numbered = [("x-oss-meta-a10", "ten"), ("x-oss-meta-a2", "two")];
    let whole_lines = [("x-oss-meta-sensor", "1"), ("x-oss-meta-sensor-id", "2")];
    let in_numbers = "x-oss-meta-a2:two\nx-oss-meta-a10:ten\n";
    let reading = |uri: &str, headers: &[(&str, &str)], signed: &str| {
        decide(&signed_over(uri, headers, &format!("PUT\n\n\n{DATE}\n{signed}")).text()).reading
    };
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(reading("/a+b", &[], "/fleet-uploads/a+b"), None);
    assert_eq!(reading("/a+b", &[], "/fleet-uploads/a b"), named("plus-is-space"));
    let found = reading("/k", &numbered, &format!("{in_numbers}/fleet-uploads/k"));
    assert_eq!(found, named("headers-in-natural-order"));
    let found = reading("/a+b", &numbered, &format!("{in_numbers}/fleet-uploads/a b"));
    assert_eq!(found, named("plus-is-space,headers-in-natural-order"));
    let lines = "x-oss-meta-sensor-id:2\nx-oss-meta-sensor:1\n/fleet-uploads/k";
    assert_eq!(reading("/k", &whole_lines, lines), named("headers-in-order-of-lines"));
    let gate = gate_with(&json!({
        "hosts": [{ "host": "oss.example.org", "style": "endpoint", "bucket": "fleet-uploads" }]
    }));
    let in_path = request("PUT", "/fleet-logs/a", "").set("host", "oss.example.org").signed("/fleet-logs/a");
    assert_eq!(gate.decide(&in_path.text(), UnixMillis(NOW)).reading, named("bucket-in-path"));
}

#[test]
fn answers_with_the_first_reading_when_none_verifies() {
    let headers = [("x-oss-meta-a10", "ten"), ("x-oss-meta-a2", "two")];
    let (_, response) = refused(&signed_over("/a+b", &headers, "something else"));
    let shown = format!("{DATE}\nx-oss-meta-a10:ten\nx-oss-meta-a2:two\n/fleet-uploads/a+b</StringToSign>");
    assert!(response.body.contains(&shown), "{}", response.body);
}

#[test]
fn refuses_a_reading_that_the_request_s_form_does_not_allow() {
    for (uri, resource) in [("/a%2Bb", "/fleet-uploads/a b"), ("/a%20b", "/fleet-uploads/a+b")] {
        let request = signed_over(uri, &[], &format!("PUT\n\n\n{DATE}\n{resource}"));
        assert_eq!(refused(&request).0.code(), "SignatureDoesNotMatch", "{uri}");
    }
}
