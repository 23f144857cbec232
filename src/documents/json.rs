//! Reading a JSON document that people write: every field is checked, and an error names the field's path and what
//! was expected there.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// What is wrong with a document.
#[derive(Debug, PartialEq, Eq)]
pub struct DocumentError {
    path: String,
    problem: String,
}

impl DocumentError {
    pub(crate) fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        DocumentError { path: path.into(), problem: problem.into() }
    }

    /// The path of the field, as in `hosts[2].bucket`; empty for the document itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same problem of a document that is one of several: `documents[1]`.
    pub(crate) fn within(self, outer: &str) -> Self {
        DocumentError { path: join(outer, &self.path), ..self }
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the document" } else { &self.path };
        write!(f, "{path}: {}", self.problem)
    }
}

impl std::error::Error for DocumentError {}

/// Whether an error may repeat the value that was found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// The document has no secrets.
    Shown,
    /// A value may be a secret.
    Secret,
}

/// Reads a JSON text.
///
/// # Errors
/// The path of the first field that is unknown, missing, repeated or malformed, and what was expected.
pub(crate) fn read<T: DeserializeOwned>(text: &str, values: Values) -> Result<T, DocumentError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = match error.path().to_string() {
            path if path == "." => String::new(),
            path => path,
        };
        let found = if values == Values::Shown { found_at(text, error.path()) } else { None };
        document_error(path, error.inner(), found)
    })?;
    deserializer.end().map_err(|error| document_error(String::new(), &error, None))?;
    Ok(value)
}

/// Translates an error of serde. Its own messages quote the value, which may be a secret.
fn document_error(path: String, error: &serde_json::Error, found: Option<String>) -> DocumentError {
    if error.classify() != Category::Data {
        return DocumentError::new("", format!("expected JSON, stopped at line {}", error.line()));
    }
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(&*message, |(message, _)| message);
    if let Some(name) = quoted_name(message, "missing field `") {
        DocumentError::new(join(&path, name), "expected this field to be present")
    } else if let Some(name) = quoted_name(message, "duplicate field `") {
        DocumentError::new(path_of_field(&path, name), "expected a name that appears once")
    } else if let Some(unknown) = message.strip_prefix("unknown field `") {
        let (name, known) = unknown.split_once("`, expected ").unwrap_or((unknown, ""));
        DocumentError::new(parent_path(&path, name), unknown_field(name, known))
    } else if message.starts_with("expected ") {
        DocumentError::new(path, message)
    } else {
        let expected = message.rsplit_once("expected ").map_or("another value", |(_, expected)| expected);
        let expected = match expected {
            "a boolean" => "true or false",
            "a sequence" => "an array",
            "a map" => "an object",
            other => other,
        };
        let found = found.map(|found| format!(", found {found}")).unwrap_or_default();
        DocumentError::new(path, format!("expected {expected}{found}"))
    }
}

fn quoted_name<'m>(message: &'m str, prefix: &str) -> Option<&'m str> {
    message.strip_prefix(prefix)?.strip_suffix('`')
}

/// How similar two names are of which one may be meant by the other.
const MIN_SIMILARITY: f64 = 0.8;

/// The names that serde lists, each in back-ticks.
fn unknown_field(name: &str, known: &str) -> String {
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    let similarity = |known: &str| strsim::jaro_winkler(known, name);
    let similar = known.iter().filter(|known| similarity(known) > MIN_SIMILARITY);
    match similar.max_by(|one, other| similarity(one).total_cmp(&similarity(other))) {
        Some(similar) => format!("unknown field `{name}`, did you mean `{similar}`?"),
        None => format!("unknown field `{name}`, expected one of {}", known.join(", ")),
    }
}

/// The path of the object that has a field, when serde's path may already end in the field's name.
fn parent_path(path: &str, name: &str) -> String {
    let parent = path.strip_suffix(name).map(|parent| parent.strip_suffix('.').unwrap_or(parent));
    parent.unwrap_or(path).to_owned()
}

fn path_of_field(path: &str, name: &str) -> String {
    join(&parent_path(path, name), name)
}

fn join(path: &str, rest: &str) -> String {
    match (path, rest) {
        ("", _) => rest.to_owned(),
        (_, "") => path.to_owned(),
        _ if rest.starts_with('[') => format!("{path}{rest}"),
        _ => format!("{path}.{rest}"),
    }
}

/// The value at a path, as JSON, when it is neither an object nor an array, and short.
fn found_at(text: &str, path: &serde_path_to_error::Path) -> Option<String> {
    const MAX_SHOWN: usize = 80;
    let mut value: &serde_json::Value = &serde_json::from_str(text).ok()?;
    for segment in path {
        value = match segment {
            serde_path_to_error::Segment::Seq { index } => value.get(index)?,
            serde_path_to_error::Segment::Map { key } => value.get(key)?,
            _ => return None,
        };
    }
    let is_scalar = !value.is_object() && !value.is_array();
    Some(value.to_string()).filter(|found| is_scalar && found.len() <= MAX_SHOWN)
}
