//! A gate from JSON, and the text of a request.

use oss_edge::{AccessKeys, Config, Gate, SealUses, SealingKeys};
use serde_json::Value;

/// The `secrets.json` of the tests: those of tests/vectors/seals.json.
const SECRETS: &str = r#"{ "secrets": [
    { "number": 2, "secret": "dGhlIHNlY29uZCBzZWNyZXQsIG9mIDMyIGJ5dGVzLi4" },
    { "number": 1, "secret": "dGhlIGZpcnN0IHNlY3JldCwgYWxzbyAzMiBieXRlcy4" }
] }"#;

/// A gate for a `config.json` and an `access-keys.json`, by way of `gate.bin`: as it decides in a function.
pub(crate) fn gate(config: &Value, access_keys: &Value) -> Gate {
    let bytes = read_gate(config, access_keys).to_bytes();
    let gate = Gate::from_bytes(&bytes).unwrap_or_else(|error| panic!("{error}"));
    let keys = SealingKeys::from_bytes(&sealing_keys().to_bytes()).unwrap_or_else(|error| panic!("{error}"));
    gate.with_sealing_keys(keys)
}

/// The keys of both seals.
pub(crate) fn sealing_keys() -> SealingKeys {
    let keys = SealingKeys::from_json(SECRETS, SealUses { upload_ids: true, hand_over: true });
    keys.unwrap_or_else(|error| panic!("secrets: {error}"))
}

/// The same as it is read from the documents.
pub(crate) fn read_gate(config: &Value, access_keys: &Value) -> Gate {
    let config = Config::from_json(&config.to_string()).unwrap_or_else(|error| panic!("config: {error}"));
    let keys = AccessKeys::from_json(&[&access_keys.to_string()], config.credentials());
    Gate::new(config, keys.unwrap_or_else(|error| panic!("access keys: {error}")))
}

/// The text that `Request::parse` reads, with the request id `cf-request`.
pub(crate) fn request_text<'h>(
    method: &str,
    uri: &str,
    query: &str,
    headers: impl IntoIterator<Item = (&'h str, &'h str)>,
) -> String {
    let headers: Vec<_> = headers.into_iter().collect();
    let mut text = format!("{}\0cf-request\0{method}\0{uri}\0{query}", headers.len());
    for (name, value) in headers {
        text.push_str(&format!("\0{name}\0{value}"));
    }
    text
}
