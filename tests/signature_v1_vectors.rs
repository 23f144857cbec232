//! Signature version 1 against vectors from documentation, the SDKs' own tests and the requests of real SDKs: every
//! intermediate in the pipeline's order, then the whole decision.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oss_edge::signature_v1::{self, CanonicalizedResource, StringToSign};
use oss_edge::{CanonicalizedOssHeaders, Forward, Gate, Origin, Query, Refusal, Request, SUB_RESOURCES, Secret};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::device::vectors::{document, path_and_query, text, vectors};
use crate::device::{gate, json};

const VECTORS: &str = include_str!("vectors/signature-v1-header.json");
const SUB_RESOURCE_NAMES: &str = include_str!("vectors/sub-resources.json");

/// The text of a vector's request.
fn request_text(vector: &Value) -> String {
    let request = &vector["request"];
    let (path, query) = path_and_query(vector);
    let host = ("host", text(request, "host"));
    let headers = std::iter::once(host).chain(json::pairs(&request["headers"]));
    gate::request_text(text(request, "method"), path, query, headers)
}

/// What a StringToSign is made of, owned, so that a test can change each part.
#[derive(Clone)]
struct SignedParts {
    lines: [String; 4],
    oss_headers: Vec<(String, String)>,
    bucket: String,
    key: String,
    query: String,
}

impl SignedParts {
    fn of(vector: &Value) -> Self {
        let request_text = request_text(vector);
        let request = Request::parse(&request_text).unwrap();
        let header = |name| request.headers.get_single(name).unwrap();
        let date = header("x-oss-date").or(header("date")).unwrap();
        let or_empty = |name| header(name).unwrap_or_default();
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        SignedParts {
            lines: [request.method, or_empty("content-md5"), or_empty("content-type"), date].map(str::to_owned),
            oss_headers: request.headers.oss_headers().unwrap().into_iter().map(owned).collect(),
            bucket: text(vector, "bucket").into(),
            key: text(vector, "key").into(),
            query: request.query.into(),
        }
    }

    fn string_to_sign(&self) -> String {
        let query = Query::parse(&self.query).unwrap();
        let resource = CanonicalizedResource::new(&self.bucket, &self.key, &query);
        let [verb, content_md5, content_type, date] = &self.lines;
        StringToSign::new(verb, content_md5, content_type, date, &self.oss_headers(), resource).to_string()
    }

    fn oss_headers(&self) -> CanonicalizedOssHeaders<'_> {
        let headers: Vec<_> = self.oss_headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        CanonicalizedOssHeaders::new(headers)
    }

    fn verifies(&self, secret: &str, signature: &str) -> bool {
        signature_v1::verify(&Secret::new(secret), &self.string_to_sign(), signature)
    }

    /// Every part changed in turn, one at a time.
    fn with_each_change(&self) -> Vec<SignedParts> {
        let mut all = Vec::new();
        let mut add = |change: &dyn Fn(&mut SignedParts)| {
            let mut changed = self.clone();
            change(&mut changed);
            all.push(changed);
        };
        for line in 0..self.lines.len() {
            add(&|parts| parts.lines[line].push('x'));
            add(&|parts| parts.lines[line].insert(0, '\n'));
        }
        for header in 0..self.oss_headers.len() {
            add(&|parts| parts.oss_headers[header].0.push('x'));
            add(&|parts| parts.oss_headers[header].1.push('x'));
            add(&|parts| drop(parts.oss_headers.remove(header)));
        }
        for header in 1..self.oss_headers.len() {
            add(&|parts| parts.oss_headers.swap(header - 1, header));
        }
        add(&|parts| parts.oss_headers.push(("x-oss-z".into(), String::new())));
        add(&|parts| parts.bucket.push('x'));
        if !self.bucket.is_empty() {
            add(&|parts| parts.key.push('x'));
        }
        add(&|parts| parts.query = "versionId=x".to_owned());
        if self.query.contains('&') {
            add(&|parts| parts.query = parts.query.split('&').take(1).map(|first| format!("{first}x")).collect());
        }
        all
    }
}

#[test]
fn skips_one_vector_for_a_stated_reason() {
    let document = document(VECTORS);
    let all = document["vectors"].as_array().unwrap();
    let skipped: Vec<_> = all.iter().filter_map(|vector| Some((&vector["id"], vector.get("skipped")?))).collect();
    assert_eq!((all.len(), skipped.len()), (66, 1), "{skipped:?}");
    assert_eq!(skipped[0].0, "v1h-ruby-2");
    assert!(skipped[0].1.as_str().is_some_and(|reason| !reason.is_empty()));
}

#[test]
fn reproduces_each_intermediate_and_verifies_the_signature() {
    for vector in vectors(&document(VECTORS)) {
        let (id, parts) = (text(vector, "id"), SignedParts::of(vector));
        let query = Query::parse(&parts.query).unwrap();
        let resource = CanonicalizedResource::new(&parts.bucket, &parts.key, &query);
        assert_eq!(parts.oss_headers().to_string(), text(vector, "canonicalizedOssHeaders"), "{id}");
        assert_eq!(resource.to_string(), text(vector, "canonicalizedResource"), "{id}");
        assert_eq!(parts.string_to_sign(), text(vector, "stringToSign"), "{id}");
        let secret = text(vector, "accessKeySecret");
        assert!(parts.verifies(secret, text(vector, "signature")), "{id}");
    }
}

#[test]
fn refuses_a_signature_with_any_one_bit_flipped() {
    for vector in vectors(&document(VECTORS)) {
        let (id, parts) = (text(vector, "id"), SignedParts::of(vector));
        let secret = text(vector, "accessKeySecret");
        let signature = BASE64_STANDARD.decode(text(vector, "signature")).unwrap();
        for bit in 0..signature.len() * 8 {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!parts.verifies(secret, &BASE64_STANDARD.encode(flipped)), "{id}, bit {bit}");
        }
    }
}

#[test]
fn refuses_a_signature_of_another_length() {
    for vector in vectors(&document(VECTORS)) {
        let (id, parts) = (text(vector, "id"), SignedParts::of(vector));
        let secret = text(vector, "accessKeySecret");
        let signature = BASE64_STANDARD.decode(text(vector, "signature")).unwrap();
        for length in (0..20).chain([21, 32, 40]) {
            let mut other = signature.repeat(2);
            other.truncate(length);
            assert!(!parts.verifies(secret, &BASE64_STANDARD.encode(other)), "{id}, {length} bytes");
        }
    }
}

#[test]
fn refuses_a_string_to_sign_with_any_one_part_changed() {
    for vector in vectors(&document(VECTORS)) {
        let (id, parts) = (text(vector, "id"), SignedParts::of(vector));
        let (secret, signature) = (text(vector, "accessKeySecret"), text(vector, "signature"));
        for changed in parts.with_each_change() {
            let shown = changed.string_to_sign();
            assert_ne!(shown, text(vector, "stringToSign"), "{id}");
            assert!(!changed.verifies(secret, signature), "{id}: {shown}");
        }
        assert!(!parts.verifies(&format!("{secret}x"), signature), "{id}");
    }
}

#[test]
fn decides_as_expected_on_the_requests_of_real_sdks() {
    let document = document(VECTORS);
    let mut decided = 0;
    for vector in vectors(&document).filter(|vector| vector.get("result").is_some()) {
        let id = text(vector, "id");
        let gate = gate_for(&document, vector);
        let decision = gate.decide(&request_text(vector), json::millis(text(vector, "now")));
        let resource = decision.resource.as_ref().unwrap();
        assert_eq!(
            (&*resource.bucket, resource.key.as_deref()),
            (text(vector, "bucket"), vector["key"].as_str()),
            "{id}"
        );
        let operation = decision.operation.map(|operation| operation.name());
        let expected = &vector["expected"];
        match (text(vector, "result"), &decision.outcome) {
            ("forward", Ok(forward)) => {
                assert_eq!(operation, expected["operation"].as_str(), "{id}");
                assert_eq!(decision.access_key_id.as_deref(), vector["accessKeyId"].as_str(), "{id}");
                assert_eq!(forward_json(forward), expected_forward(expected), "{id}");
            }
            ("refuse", Err((refusal, response))) => assert_eq!(
                json!({ "status": response.status, "code": refusal.code(), "detail": refusal.detail() }),
                *expected,
                "{id}"
            ),
            (result, outcome) => {
                panic!("{id}: expected {result}, found {:?}", outcome.as_ref().map_err(|(refusal, _)| refusal))
            }
        }
        decided += 1;
    }
    assert_eq!(decided, 52);
}

#[test]
fn refuses_the_requests_of_real_sdks_under_another_secret() {
    let mut document = document(VECTORS);
    for vector in document["vectors"].as_array_mut().unwrap() {
        vector["accessKeySecret"] = "another".into();
    }
    for vector in vectors(&document).filter(|vector| vector.get("result").is_some()) {
        let gate = gate_for(&document, vector);
        let decision = gate.decide(&request_text(vector), json::millis(text(vector, "now")));
        let (refusal, _) = decision.outcome.err().unwrap();
        assert!(matches!(refusal, Refusal::SignatureDoesNotMatch(_)), "{}", vector["id"]);
    }
}

#[test]
fn signs_the_sub_resources_of_every_sdk_and_no_other_name() {
    let names: Value = serde_json::from_str(SUB_RESOURCE_NAMES).unwrap();
    let names: Vec<_> = names["subResources"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(names, SUB_RESOURCES);
    let resource = |query: &str| CanonicalizedResource::new("b", "k", &Query::parse(query).unwrap()).to_string();
    for name in names {
        assert_eq!(resource(name), format!("/b/k?{name}"));
        assert_eq!(resource(&format!("{name}=a%20b")), format!("/b/k?{name}=a b"));
        assert_eq!(resource(&format!("{name}x")), "/b/k", "{name}x");
        assert_eq!(resource(&name.to_ascii_uppercase()), "/b/k", "{name}");
    }
    assert_eq!(resource("x-oss-anything=1&X-Oss-Process=2&x-oss"), "/b/k?x-oss-anything=1");
}

fn gate_for(document: &Value, vector: &Value) -> Gate {
    let keys = json!({ "accessKeys": [
        { "accessKeyId": vector["accessKeyId"], "accessKeySecret": vector["accessKeySecret"] },
    ] });
    gate::gate(&document["configs"][text(vector, "style")], &keys)
}

fn expected_forward(expected: &Value) -> Value {
    json!({ "origin": expected["origin"], "s3": expected["s3"] })
}

fn forward_json(forward: &Forward<'_>) -> Value {
    let origin = match &forward.origin {
        Origin::S3 => "s3",
        Origin::Api(..) => "api",
        Origin::Relay(..) | Origin::Entrance(_) => "relay",
    };
    let s3 = json!({ "uri": forward.uri, "query": forward.query, "headers": forward.headers });
    json!({ "origin": origin, "s3": s3 })
}
