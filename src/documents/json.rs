//! Reads a JSON document. An error has the path of the field, and what was expected there.

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

    /// The same problem, with its path inside `outer`, as in `documents[1]`.
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
        document_error(path, error.inner(), &Found { value: found_at(text, error.path()), values })
    })?;
    deserializer.end().map_err(|error| document_error(String::new(), &error, &Found { value: None, values }))?;
    Ok(value)
}

/// The value at the path of an error.
struct Found {
    value: Option<serde_json::Value>,
    values: Values,
}

impl Found {
    /// The end of a message that says what was expected: the value, if it may be shown, and a similar name.
    fn after(&self, expected: &str) -> String {
        const MAX_SHOWN: usize = 80;
        let shown = self.value.as_ref().filter(|_| self.values == Values::Shown).map(serde_json::Value::to_string);
        let shown = shown.filter(|found| found.len() <= MAX_SHOWN).map(|found| format!(", found {found}"));
        let names = expected.strip_prefix("one of ").unwrap_or_default().split('"').skip(1).step_by(2);
        let similar =
            self.value.as_ref().and_then(serde_json::Value::as_str).and_then(|name| most_similar(name, names));
        let similar = similar.map(|similar| format!(", did you mean \"{similar}\"?"));
        shown.unwrap_or_default() + &similar.unwrap_or_default()
    }
}

/// Translates an error of serde, whose own message quotes the value, which may be a secret.
fn document_error(path: String, error: &serde_json::Error, found: &Found) -> DocumentError {
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
        DocumentError::new(path, format!("expected {expected}{}", found.after(expected)))
    }
}

fn quoted_name<'m>(message: &'m str, prefix: &str) -> Option<&'m str> {
    message.strip_prefix(prefix)?.strip_suffix('`')
}

/// From this similarity on, one name is suggested for the other.
const MIN_SIMILARITY: f64 = 0.8;

/// The problem with an unknown field. `known` is serde's list of names, each in back-ticks.
fn unknown_field(name: &str, known: &str) -> String {
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    match most_similar(name, known.iter().copied()) {
        Some(similar) => format!("unknown field `{name}`, did you mean `{similar}`?"),
        None => format!("unknown field `{name}`, expected one of {}", known.join(", ")),
    }
}

/// The known name that is most similar to another, if any is similar enough to be meant.
pub(super) fn most_similar<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let similarity = |known: &str| strsim::jaro_winkler(known, name);
    let similar = known.into_iter().filter(|known| similarity(known) > MIN_SIMILARITY);
    similar.max_by(|one, other| similarity(one).total_cmp(&similarity(other)))
}

/// The path of the object that has a field. serde's path may or may not end in the field's name.
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
        _ => format!("{path}.{rest}"),
    }
}

/// The value at a path; `None` for an object or an array.
fn found_at(text: &str, path: &serde_path_to_error::Path) -> Option<serde_json::Value> {
    let mut value: &serde_json::Value = &serde_json::from_str(text).ok()?;
    for segment in path {
        value = match segment {
            serde_path_to_error::Segment::Seq { index } => value.get(index)?,
            serde_path_to_error::Segment::Map { key } => value.get(key)?,
            _ => return None,
        };
    }
    Some(value.clone()).filter(|value| !value.is_object() && !value.is_array())
}
