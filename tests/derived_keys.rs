//! Derived keys against vectors that were made by another implementation, in Python.

use oss_edge::{DerivedKeyId, UnixMillis, derived_secret};
use serde_json::Value;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const VECTORS: &str = include_str!("vectors/derived-keys.json");

fn entries(name: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(VECTORS).unwrap();
    document[name].as_array().unwrap().clone()
}

fn text<'v>(vector: &'v Value, name: &str) -> &'v str {
    vector[name].as_str().unwrap()
}

#[test]
fn parses_each_id_and_derives_its_secret() {
    let vectors = entries("vectors");
    assert_eq!(vectors.len(), 18);
    for vector in vectors {
        let (name, id) = (text(&vector, "id"), text(&vector, "accessKeyId"));
        let parsed = DerivedKeyId::parse(id).unwrap();
        assert_eq!((parsed.master, parsed.device), (text(&vector, "masterKey"), text(&vector, "deviceId")), "{name}");
        let expiry = vector["expiry"].as_i64().map(|seconds| UnixMillis(seconds * 1000));
        assert_eq!((parsed.expiry, parsed.scope), (expiry, vector["scope"].as_str()), "{name}");
        let secret = derived_secret(text(&vector, "masterSecret"), id);
        assert_eq!(secret.as_deref(), vector["accessKeySecret"].as_str(), "{name}");
    }
}

#[test]
fn derives_nothing_for_a_malformed_id() {
    let malformed = entries("malformed");
    assert_eq!(malformed.len(), 36);
    for entry in malformed {
        let id = text(&entry, "accessKeyId");
        assert_eq!(DerivedKeyId::parse(id), None, "{}", text(&entry, "id"));
        assert_eq!(derived_secret(&"s".repeat(32), id), None, "{}", text(&entry, "id"));
    }
}

#[test]
fn derives_nothing_from_a_short_secret() {
    assert_eq!(derived_secret(&"s".repeat(31), "OE1.a.d"), None);
    assert_eq!(derived_secret(&"s ".repeat(20), "OE1.a.d"), None);
    assert!(derived_secret(&"s".repeat(32), "OE1.a.d").is_some());
}
