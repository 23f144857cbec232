//! What signature version 4 binds besides the text: its date, its region, its life; signed here, and not by the crate
//! under test.

use base16ct::lower::encode_string;
use hmac::{Hmac, KeyInit, Mac};
use oss_edge::{Gate, Origin, Refusal, TooSkewed, UnixMillis};
use serde_json::json;
use sha2::{Digest, Sha256};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::gate_with;
use super::request::{ID, NOW, Request, SECRET, request};

const DATE_V4: &str = "20261124T015257Z";
const CANONICAL_URI: &str = "/fleet-uploads/dir/a.log";

fn refusal(gate: &Gate, request: &Request) -> Option<Refusal> {
    gate.decide(&request.text(), UnixMillis(NOW)).outcome.err().map(|(refusal, _)| refusal)
}

fn hmac_sha256(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// OSS, "Include a V4 signature in the Authorization header", from a canonical request.
fn signature(date: &str, region: &str, canonical_request: &str) -> String {
    let scope = format!("{}/{region}/oss/aliyun_v4_request", &date[..8]);
    let digest = encode_string(&Sha256::digest(canonical_request));
    let mut key = format!("aliyun_v4{SECRET}").into_bytes();
    for part in scope.split('/') {
        key = hmac_sha256(&key, part);
    }
    encode_string(&hmac_sha256(&key, &format!("OSS4-HMAC-SHA256\n{date}\n{scope}\n{digest}")))
}

/// A PUT signed in the header, with `user-agent` as an additional header.
fn in_header(date: &str, region: &str) -> Request {
    let canonical = format!(
        "PUT\n{CANONICAL_URI}\n\ncontent-type:text/plain\nuser-agent:device/1\nx-oss-content-sha256:UNSIGNED-PAYLOAD\n\
         x-oss-date:{date}\n\nuser-agent\nUNSIGNED-PAYLOAD"
    );
    let credential = format!("{ID}/{}/{region}/oss/aliyun_v4_request", &date[..8]);
    let signature = signature(date, region, &canonical);
    let authorization =
        format!("OSS4-HMAC-SHA256 Credential={credential},AdditionalHeaders=user-agent,Signature={signature}");
    request("PUT", "/dir/a.log", "")
        .without("date")
        .with("content-type", "text/plain")
        .with("user-agent", "device/1")
        .with("x-oss-content-sha256", "UNSIGNED-PAYLOAD")
        .with("x-oss-date", date)
        .with("authorization", &authorization)
}

/// A PUT signed in the URL.
fn in_url(date: &str, expires: &str) -> Request {
    let credential = format!("{ID}%2F{}%2Fcn-hangzhou%2Foss%2Faliyun_v4_request", &date[..8]);
    let query = format!(
        "x-oss-credential={credential}&x-oss-date={date}&x-oss-expires={expires}\
         &x-oss-signature-version=OSS4-HMAC-SHA256"
    );
    let canonical = format!("PUT\n{CANONICAL_URI}\n{query}\n\n\nUNSIGNED-PAYLOAD");
    let signature = signature(date, "cn-hangzhou", &canonical);
    request("PUT", "/dir/a.log", &format!("{query}&x-oss-signature={signature}")).without("date")
}

#[test]
fn takes_what_is_signed_as_oss_describes_it() {
    let gate = gate_with(&json!({}));
    assert_eq!(refusal(&gate, &in_header(DATE_V4, "cn-hangzhou")), None);
    assert_eq!(refusal(&gate, &in_url(DATE_V4, "1")), None);
}

#[test]
fn tells_the_clock_s_difference_of_a_header_and_of_a_url() {
    let gate = gate_with(&json!({}));
    let difference = |request: &Request| gate.decide(&request.text(), UnixMillis(NOW)).clock_difference_seconds;
    assert_eq!(difference(&in_header("20261124T015357Z", "cn-hangzhou")), Some(60));
    assert_eq!(difference(&in_url("20261124T015157Z", "600")), Some(-60));
    assert_eq!(difference(&in_url("yesterday", "600")), None);
}

/// Java v1 writes the token of version 1 into URLs of version 4.
#[test]
fn takes_the_token_of_version_1_for_no_signature_of_its_own() {
    let gate = gate_with(&json!({}));
    let signed = in_url(DATE_V4, "60");
    let with_token = Request { query: format!("security-token=t&{}", signed.query), ..signed };
    let found = refusal(&gate, &with_token);
    assert!(matches!(found, Some(Refusal::SignatureDoesNotMatch(_))), "{found:?}");
    let alone = request("PUT", "/dir/a.log", "security-token=t");
    assert_eq!(refusal(&gate, &alone), Some(Refusal::IncompleteUrlSignature));
}

#[test]
fn refuses_version_2_in_a_url_by_its_name() {
    let gate = gate_with(&json!({}));
    for query in [
        "x-oss-access-key-id=a",
        "x-oss-signature-version=OSS2",
        "x-oss-signature-version=OSS2&x-oss-access-key-id=a&x-oss-expires=1&x-oss-signature=c2ln",
    ] {
        assert_eq!(refusal(&gate, &request("PUT", "/k", query)), Some(Refusal::SchemeNotEnabled("OSS2")), "{query}");
    }
}

/// Without the header that is signed in addition, the API could not verify the signature again.
#[test]
fn hands_over_what_is_signed_in_addition() {
    let gate = gate_with(&json!({}));
    let canonical = format!(
        "POST\n{CANONICAL_URI}\nuploads\nuser-agent:device/1\nx-oss-date:{DATE_V4}\n\nuser-agent\nUNSIGNED-PAYLOAD"
    );
    let signature = signature(DATE_V4, "r", &canonical);
    let credential = format!("{ID}/20261124/r/oss/aliyun_v4_request");
    let authorization =
        format!("OSS4-HMAC-SHA256 Credential={credential},AdditionalHeaders=user-agent,Signature={signature}");
    let initiate = request("POST", "/dir/a.log", "uploads")
        .without("date")
        .with("user-agent", "device/1")
        .with("x-oss-date", DATE_V4)
        .with("authorization", &authorization);
    let decision = gate.decide(&initiate.text(), UnixMillis(NOW));
    let forward = decision.outcome.map_err(|(refusal, _)| refusal).unwrap();
    let Origin::Api(through) = &forward.origin else { panic!("{:?}", forward.origin) };
    let again = gate.decide_at_api(through.hand_over.as_str(), UnixMillis(NOW));
    assert_eq!(again.outcome.err().map(|(refusal, _)| refusal), None);
}

#[test]
fn refuses_a_header_dated_more_than_the_skew_from_now() {
    let gate = gate_with(&json!({}));
    for (date, difference) in [("20261124T014757Z", -300), ("20261124T015757Z", 300)] {
        assert_eq!(refusal(&gate, &in_header(date, "cn-hangzhou")), None, "{difference}");
    }
    for (date, difference) in [
        ("20261124T014756Z", -301),
        ("20261124T015758Z", 301),
        ("20261123T015257Z", -86_400),
        ("20261125T015257Z", 86_400),
    ] {
        let requested = UnixMillis(NOW + difference * 1000);
        let skewed = TooSkewed { requested, now: UnixMillis(NOW), max_millis: 300_000 };
        let expected = Some(Refusal::RequestTimeTooSkewed(skewed));
        assert_eq!(refusal(&gate, &in_header(date, "cn-hangzhou")), expected, "{difference}");
    }
}

#[test]
fn takes_a_url_from_a_skew_before_its_date_on() {
    let gate = gate_with(&json!({}));
    assert_eq!(refusal(&gate, &in_url("20261124T015757Z", "60")), None);
    assert_eq!(refusal(&gate, &in_url("20261124T015758Z", "60")), Some(Refusal::NotYetValid));
}

#[test]
fn refuses_a_region_that_is_not_configured() {
    let gate = gate_with(&json!({ "signatureRegions": ["cn-hangzhou", "eu-central-1"] }));
    for region in ["cn-hangzhou", "eu-central-1"] {
        assert_eq!(refusal(&gate, &in_header(DATE_V4, region)), None, "{region}");
    }
    assert_eq!(refusal(&gate, &in_url(DATE_V4, "60")), None);
    for region in ["cn-shanghai", "cn-hangzhou-1", "cn-hangzho", "CN-HANGZHOU"] {
        let expected = Some(Refusal::OtherRegion(region.into()));
        assert_eq!(refusal(&gate, &in_header(DATE_V4, region)), expected, "{region}");
    }
    let elsewhere = gate_with(&json!({ "signatureRegions": ["cn-shanghai"] }));
    let expected = Some(Refusal::OtherRegion("cn-hangzhou".into()));
    assert_eq!(refusal(&elsewhere, &in_url(DATE_V4, "60")), expected);
    assert_eq!(refusal(&gate_with(&json!({})), &in_header(DATE_V4, "cn-shanghai")), None);
}

#[test]
fn refuses_a_life_of_no_seconds() {
    let gate = gate_with(&json!({}));
    for expires in ["0", "00", "-1", "1.5", "+1", "x", "9223372036854775808"] {
        assert_eq!(refusal(&gate, &in_url(DATE_V4, expires)), Some(Refusal::InvalidExpires), "{expires}");
    }
    assert_eq!(refusal(&gate, &in_url(DATE_V4, "604800")), None);
    // OSS's own bound, whatever the configuration has.
    for gate in [gate, gate_with(&json!({ "maxUrlExpirySeconds": 315_360_000 }))] {
        assert_eq!(refusal(&gate, &in_url(DATE_V4, "604801")), Some(Refusal::ExpiresTooFar));
    }
}

#[test]
fn refuses_a_header_that_is_repeated_with_another_value() {
    let gate = gate_with(&json!({}));
    let signed = || in_header(DATE_V4, "cn-hangzhou");
    for (name, value) in [
        ("host", "uploads.example.com"),
        ("authorization", "OSS ak:c2ln"),
        ("x-oss-date", "20261124T015258Z"),
        ("x-oss-content-sha256", "0"),
        ("content-type", "text/html"),
        ("user-agent", "device/2"),
    ] {
        let repeated = Some(Refusal::RepeatedHeader(name.into()));
        assert_eq!(refusal(&gate, &signed().with(name, value)), repeated, "{name} behind");
        let mut before = signed();
        before.headers.insert(0, (name.into(), value.into()));
        assert_eq!(refusal(&gate, &before), repeated, "{name} before");
    }
}
