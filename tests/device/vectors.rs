//! Vectors of known answers, as their data files have them.

use serde_json::Value;

/// A document of vectors.
pub(crate) fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A field that is a text.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}"))
}

/// The vectors of a document but those that give a reason to be left out.
pub(crate) fn vectors(document: &Value) -> impl Iterator<Item = &Value> {
    document["vectors"].as_array().unwrap().iter().filter(|vector| vector.get("skipped").is_none())
}

/// Path and raw query of a vector's request.
pub(crate) fn path_and_query(vector: &Value) -> (&str, &str) {
    let path_and_query = text(&vector["request"], "pathAndQuery");
    path_and_query.split_once('?').unwrap_or((path_and_query, ""))
}
