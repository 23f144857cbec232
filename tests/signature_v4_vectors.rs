//! Signature version 4, and version 1 in the query, against vectors from documentation, the SDKs' own tests and the
//! requests of real SDKs: every intermediate, then the whole decision.

use oss_edge::signature_v4::{AdditionalHeaders, CanonicalRequest, CredentialScope};
use oss_edge::{
    CanonicalizedOssHeaders, Gate, ObjectKey, Query, Refusal, Request, Resource, Secret, UnixMillis, signature_v1,
    signature_v4,
};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::device::vectors::{document, path_and_query, text, vectors};
use crate::device::{gate, json};

const V4: &str = include_str!("vectors/signature-v4.json");
const V1_URL: &str = include_str!("vectors/signature-v1-url.json");

/// The text of a vector's request.
fn request_text(vector: &Value) -> String {
    let request = &vector["request"];
    let (path, query) = path_and_query(vector);
    gate::request_text(text(request, "method"), path, query, json::pairs(&request["headers"]))
}

fn secret(vector: &Value) -> Secret {
    Secret::new(text(vector, "accessKeySecret"))
}

fn resource(vector: &Value) -> Resource {
    let key = Some(text(vector, "key")).filter(|key| !key.is_empty());
    let key = key.map(|key| ObjectKey::new(key.into()).unwrap());
    Resource { bucket: text(vector, "bucket").into(), key, style: "path" }
}

fn refusal(gate: &Gate, request_text: &str, now: UnixMillis) -> Option<Refusal> {
    gate.decide(request_text, now).outcome.err().map(|(refusal, _)| refusal)
}

#[test]
fn skips_one_vector_for_a_stated_reason() {
    let document = document(V4);
    let skipped: Vec<_> =
        document["vectors"].as_array().unwrap().iter().filter(|v| v.get("skipped").is_some()).collect();
    assert_eq!((vectors(&document).count(), skipped.len()), (67, 1));
    assert_eq!(skipped[0]["id"], "v4h-doc-published");
}

#[test]
fn reproduces_each_intermediate_of_version_4_and_verifies_the_signature() {
    for vector in vectors(&document(V4)) {
        let id = text(vector, "id");
        let request_text = request_text(vector);
        let request = Request::parse(&request_text).unwrap();
        let query = Query::parse(request.query).unwrap();
        let oss_headers = CanonicalizedOssHeaders::new(request.headers.oss_headers().unwrap());
        let additional = AdditionalHeaders::parse(text(vector, "additionalHeaders")).unwrap();
        let resource = resource(vector);
        let canonical_request =
            CanonicalRequest::of_request(&request, &resource, &query, &oss_headers, &additional).unwrap();
        assert_eq!(canonical_request.to_string(), text(vector, "canonicalRequest"), "{id}");
        let scope = CredentialScope::parse(text(vector, "scope")).unwrap();
        let string_to_sign =
            signature_v4::StringToSign::new(text(vector, "date"), scope, &canonical_request.to_string()).to_string();
        assert_eq!(string_to_sign, text(vector, "stringToSign"), "{id}");
        let signature = text(vector, "signature");
        let signing_key = scope.signing_key(&secret(vector));
        let verifies = |signature: &str| signature_v4::verify(&signing_key, &string_to_sign, signature);
        assert!(verifies(signature), "{id}");
        for digit in 0..signature.len() {
            let other = if &signature[digit..=digit] == "0" { "1" } else { "0" };
            let flipped = [&signature[..digit], other, &signature[digit + 1..]].concat();
            assert!(!verifies(&flipped), "{id}, digit {digit}");
        }
    }
}

#[test]
fn reproduces_the_string_to_sign_of_version_1_in_the_query_and_verifies_the_signature() {
    let document = document(V1_URL);
    assert_eq!(vectors(&document).count(), 14);
    for vector in vectors(&document) {
        let request_text = request_text(vector);
        let request = Request::parse(&request_text).unwrap();
        let query = Query::parse(request.query).unwrap();
        let or_empty = |name| request.headers.get_single(name).unwrap().unwrap_or_default();
        let oss_headers = CanonicalizedOssHeaders::new(request.headers.oss_headers().unwrap());
        let string_to_sign = signature_v1::StringToSign::new(
            request.method,
            or_empty("content-md5"),
            or_empty("content-type"),
            text(vector, "expires"),
            &oss_headers,
            signature_v1::CanonicalizedResource::new(text(vector, "bucket"), text(vector, "key"), &query),
        )
        .to_string();
        assert_eq!(string_to_sign, text(vector, "stringToSign"), "{}", vector["id"]);
        let verifies = signature_v1::verify(&secret(vector), &string_to_sign, text(vector, "signature"));
        assert!(verifies, "{}", vector["id"]);
    }
}

#[test]
fn decides_as_expected_on_the_requests_of_real_sdks() {
    let mut forwarded = 0;
    for document in [document(V4), document(V1_URL)] {
        for vector in vectors(&document).filter(|vector| vector.get("sdk").is_some()) {
            let id = text(vector, "id");
            let gate = gate_for(&document, vector, &json!(vector.get("securityToken")));
            let decision = gate.decide(&request_text(vector), now(vector));
            let chunked = json::pairs(&vector["request"]["headers"]).any(|(name, _)| name == "Transfer-Encoding");
            match decision.outcome.map_err(|(refusal, _)| refusal) {
                Err(Refusal::MissingContentLength(_)) => assert!(chunked, "{id}"),
                Err(refusal) => panic!("{id}: {refusal:?}"),
                Ok(forward) => {
                    let operation = decision.operation.map(|operation| operation.name());
                    assert_eq!(operation, vector["operation"].as_str(), "{id}");
                    let key = decision.resource.and_then(|resource| resource.key);
                    assert_eq!(key.as_deref(), vector["key"].as_str(), "{id}");
                    assert!(!forward.query.contains("ignature") && !forward.query.contains("x-oss"), "{id}");
                    forwarded += 1;
                }
            }
        }
    }
    assert_eq!(forwarded, 51);
}

#[test]
fn decides_the_same_again_after_forged_requests() {
    let document = document(V4);
    let mut decided = 0;
    for vector in vectors(&document).filter(|vector| vector.get("sdk").is_some()) {
        let gate = gate_for(&document, vector, &json!(vector.get("securityToken")));
        let (signed, signature) = (request_text(vector), text(vector, "signature"));
        let (rest, digit) = signature.split_at(63);
        let forged = signed.replace(signature, &[rest, if digit == "0" { "1" } else { "0" }].concat());
        let other_region = signed.replace("/cn-hangzhou/", "/cn-shanghai/");
        let mismatches = |request_text: &String| {
            let refusal = refusal(&gate, request_text, now(vector));
            matches!(refusal, Some(Refusal::SignatureDoesNotMatch(_)))
        };
        for round in 0..2 {
            let found = [&signed, &forged, &other_region].map(mismatches);
            assert_eq!(found, [false, true, other_region != signed], "{}, round {round}", text(vector, "id"));
        }
        decided += 1;
    }
    assert_eq!(decided, 42);
}

#[test]
fn refuses_the_requests_of_real_sdks_under_another_secret_or_security_token() {
    for document in [document(V4), document(V1_URL)] {
        for vector in vectors(&document).filter(|vector| vector.get("sdk").is_some()) {
            let id = text(vector, "id");
            let refusal = |vector: &Value, token: &Value| {
                refusal(&gate_for(&document, vector, token), &request_text(vector), now(vector))
            };
            let token = json!(vector.get("securityToken"));
            let mut other = vector.clone();
            other["accessKeySecret"] = "another".into();
            assert!(matches!(refusal(&other, &token), Some(Refusal::SignatureDoesNotMatch(_))), "{id}");
            let tokens = if token.is_null() { vec![json!("token")] } else { vec![json!(null), json!("another")] };
            for token in tokens {
                assert_eq!(refusal(vector, &token), Some(Refusal::InvalidSecurityToken), "{id}, {token}");
            }
        }
    }
}

#[test]
fn refuses_an_unsigned_security_token() {
    for document in [document(V4), document(V1_URL)] {
        let unsigned = |vector: &&Value| vector.get("sdk").is_some() && vector.get("securityToken").is_none();
        for vector in vectors(&document).filter(unsigned) {
            let mut vector = vector.clone();
            vector["request"]["headers"].as_array_mut().unwrap().push(json!(["security-token", "token"]));
            let gate = gate_for(&document, &vector, &json!("token"));
            let refusal = refusal(&gate, &request_text(&vector), now(&vector));
            assert_eq!(refusal, Some(Refusal::InvalidSecurityToken), "{}", vector["id"]);
        }
    }
}

#[test]
fn refuses_a_signed_url_from_the_millisecond_after_its_expiry() {
    for document in [document(V4), document(V1_URL)] {
        for vector in vectors(&document).filter(|vector| vector.get("sdk").is_some()) {
            let Some(end) = end_of(vector) else { continue };
            let id = text(vector, "id");
            let gate = gate_for(&document, vector, &json!(vector.get("securityToken")));
            let refusal_at = |now| refusal(&gate, &request_text(vector), UnixMillis(now));
            assert_eq!(refusal_at(end), None, "{id}");
            assert_eq!(refusal_at(end + 1), Some(Refusal::Expired(UnixMillis(end))), "{id}");
        }
    }
}

/// The last millisecond at which a signed URL is valid; `None` for a signature in the header.
fn end_of(vector: &Value) -> Option<i64> {
    let (_, query) = path_and_query(vector);
    let query = Query::parse(query).unwrap();
    let seconds = |name| query.get(name).map(|value| value.parse::<i64>().unwrap() * 1000);
    match seconds("x-oss-expires") {
        Some(life) => Some(signed_at(vector).0 + life),
        None => seconds("Expires"),
    }
}

/// A time at which the vector is valid.
fn now(vector: &Value) -> UnixMillis {
    match end_of(vector) {
        Some(end) => UnixMillis(end),
        None => signed_at(vector),
    }
}

/// The signed date of version 4: `20261124T015257Z`.
fn signed_at(vector: &Value) -> UnixMillis {
    let date = text(vector, "date");
    let part = |range: std::ops::Range<usize>| &date[range];
    json::millis(&format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0..4),
        part(4..6),
        part(6..8),
        part(9..11),
        part(11..13),
        part(13..15)
    ))
}

fn gate_for(document: &Value, vector: &Value, security_token: &Value) -> Gate {
    let mut key = json!({ "accessKeyId": vector["accessKeyId"], "accessKeySecret": vector["accessKeySecret"] });
    if !security_token.is_null() {
        key["securityToken"] = security_token.clone();
    }
    gate::gate(&document["configs"][text(vector, "style")], &json!({ "accessKeys": [key] }))
}
