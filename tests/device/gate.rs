//! A gate from JSON, and the flat encoding of a request.

use oss_edge::{AccessKeys, Config, Document, Gate};
use serde_json::Value;

/// A gate for a `config.json` and an `access-keys.json`, by way of its image: as it decides in a function.
pub(crate) fn gate(config: &Value, access_keys: &Value) -> Gate {
    Gate::from_image(&read_gate(config, access_keys).image()).unwrap_or_else(|| panic!("the image is refused"))
}

/// The same as it is read from the documents.
pub(crate) fn read_gate(config: &Value, access_keys: &Value) -> Gate {
    let config = config.to_string();
    let config =
        Config::from_document(&Document::from_json(&config).unwrap()).unwrap_or_else(|error| panic!("config: {error}"));
    let keys = AccessKeys::from_documents(&[&access_keys.to_string()], config.credentials());
    let keys = keys.unwrap_or_else(|error| panic!("access keys: {error}"));
    Gate::new(config, keys)
}

/// The encoding that `RequestView::parse` reads, with the request id `cf-request`.
pub(crate) fn flat<'h>(
    method: &str,
    uri: &str,
    query: &str,
    headers: impl IntoIterator<Item = (&'h str, &'h str)>,
) -> String {
    let headers: Vec<_> = headers.into_iter().collect();
    let mut flat = format!("{}\0cf-request\0{method}\0{uri}\0{query}", headers.len());
    for (name, value) in headers {
        flat.push_str(&format!("\0{name}\0{value}"));
    }
    flat
}
