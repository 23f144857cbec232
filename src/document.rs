//! A configuration document as it was read, and a reader that knows where in it it stands.

mod json;

use std::borrow::Cow;
use std::fmt;

use crate::decimal;

/// A JSON value, before anything is known of its meaning. Objects keep the order of the text.
pub enum Document<'t> {
    /// `null`, or a value that was `undefined` in JavaScript.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any number: its value, when that is a whole one and not negative.
    Number(Option<u64>),
    /// A string, borrowed from the text unless it has escapes there.
    String(Cow<'t, str>),
    /// An array.
    Array(Vec<Document<'t>>),
    /// An object. A name that is still repeated here is refused; JavaScript's `JSON.parse` keeps the last.
    Object(Vec<(Cow<'t, str>, Document<'t>)>),
}

/// What is wrong with a document: the path of the field and what was expected there.
#[derive(Debug, PartialEq, Eq)]
pub struct DocumentError(Box<Fault>);

#[derive(Debug, PartialEq, Eq)]
struct Fault {
    path: String,
    expected: String,
}

impl DocumentError {
    fn new(path: String, expected: &str) -> Self {
        DocumentError(Box::new(Fault { path, expected: expected.to_owned() }))
    }

    /// The field's path, as in `hosts[2].bucket`; empty for the document itself.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The path, and what was expected there.
    pub(crate) fn text(&self) -> String {
        let path = if self.path().is_empty() { "the document" } else { self.path() };
        [path, ": expected ", &self.0.expected].concat()
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl std::error::Error for DocumentError {}

/// One place in a document. The value itself never appears in an error: it may be a secret.
///
/// It doesn't carry its path. When there is an error the document is searched for the place, so that
/// reading 100,000 access keys doesn't write 300,000 paths.
#[derive(Clone, Copy)]
pub(crate) struct Field<'d> {
    document: &'d Document<'d>,
    /// Which of several documents it is.
    index: Option<usize>,
    value: &'d Document<'d>,
}

impl<'d> Field<'d> {
    pub(crate) fn root(value: &'d Document<'d>) -> Self {
        Field { document: value, index: None, value }
    }

    /// The root of one of several documents, as in `documents[1]`.
    pub(crate) fn root_of(value: &'d Document<'d>, index: usize) -> Self {
        Field { document: value, index: Some(index), value }
    }

    pub(crate) fn error(&self, expected: &str) -> DocumentError {
        DocumentError::new(self.path(), expected)
    }

    pub(crate) fn string(&self) -> Result<&'d str, DocumentError> {
        match self.value {
            Document::String(text) => Ok(text),
            _ => Err(self.error("a string")),
        }
    }

    /// A string that is valid.
    pub(crate) fn matching(&self, is_valid: impl Fn(&str) -> bool, expected: &str) -> Result<&'d str, DocumentError> {
        let text = self.string()?;
        if is_valid(text) { Ok(text) } else { Err(self.error(expected)) }
    }

    pub(crate) fn boolean(&self) -> Result<bool, DocumentError> {
        match self.value {
            Document::Bool(value) => Ok(*value),
            _ => Err(self.error("true or false")),
        }
    }

    /// An integer from `0` to `max`.
    pub(crate) fn integer(&self, max: u32) -> Result<u32, DocumentError> {
        let integer = self.integer_in(0, u64::from(max))?;
        u32::try_from(integer).map_err(|_| self.error("a smaller integer"))
    }

    /// An integer from `min` to `max`, which is at most 2^53.
    pub(crate) fn integer_in(&self, min: u64, max: u64) -> Result<u64, DocumentError> {
        match self.value {
            Document::Number(Some(integer)) if (min..=max).contains(integer) => Ok(*integer),
            _ => Err(self.error(&["an integer from ", &decimal::text(min), " to ", &decimal::text(max)].concat())),
        }
    }

    pub(crate) fn elements(&self) -> Result<impl Iterator<Item = Field<'d>> + use<'d>, DocumentError> {
        let Document::Array(elements) = self.value else { return Err(self.error("an array")) };
        let array = *self;
        Ok(elements.iter().map(move |value| Field { value, ..array }))
    }

    /// The entries of an object whose names are the user's own, such as bucket names.
    pub(crate) fn entries(&self) -> Result<Vec<(&'d str, Field<'d>)>, DocumentError> {
        let Document::Object(entries) = self.value else { return Err(self.error("an object")) };
        let mut fields: Vec<(&str, Field<'_>)> = Vec::with_capacity(entries.len());
        for (name, value) in entries {
            let field = Field { value, ..*self };
            if fields.iter().any(|(known, _)| known == name) {
                return Err(field.error("a name that appears once"));
            }
            fields.push((name, field));
        }
        Ok(fields)
    }

    /// The fields of an object that has no others than `known`, each absent or present.
    pub(crate) fn fields<const N: usize>(&self, known: [&str; N]) -> Result<[Option<Field<'d>>; N], DocumentError> {
        let mut found = [None; N];
        self.find(&known, &mut found)?;
        Ok(found)
    }

    fn find(&self, known: &[&str], found: &mut [Option<Field<'d>>]) -> Result<(), DocumentError> {
        for (name, field) in self.entries()? {
            let slot = known.iter().zip(found.iter_mut()).find(|(known, _)| **known == name);
            match slot {
                Some((_, slot)) => *slot = Some(field),
                None => return Err(field.error(&["no such field; known here: ", &known.join(", ")].concat())),
            }
        }
        Ok(())
    }

    /// `field`, which [`Field::fields`] found under `name`, or the error that it is missing.
    pub(crate) fn required(&self, field: Option<Field<'d>>, name: &str) -> Result<Field<'d>, DocumentError> {
        field.ok_or_else(|| {
            let mut path = self.path();
            push_name(name, &mut path);
            DocumentError::new(path, "this field to be present")
        })
    }

    fn path(&self) -> String {
        let mut path = String::new();
        if let Some(index) = self.index {
            path.push_str("documents");
            push_index(index, &mut path);
        }
        find_path(self.document, self.value, &mut path);
        path
    }
}

/// Appends the path from a value to one of those within it, which is found by its place in memory; `false`,
/// and nothing is appended, when it isn't within.
fn find_path(from: &Document<'_>, to: &Document<'_>, path: &mut String) -> bool {
    if std::ptr::eq(from, to) {
        return true;
    }
    let length = path.len();
    let leads = |path: &mut String, value| {
        let found = find_path(value, to, path);
        if !found {
            path.truncate(length);
        }
        found
    };
    match from {
        Document::Array(elements) => elements.iter().enumerate().any(|(index, value)| {
            push_index(index, path);
            leads(path, value)
        }),
        Document::Object(entries) => entries.iter().any(|(name, value)| {
            push_name(name, path);
            leads(path, value)
        }),
        _ => false,
    }
}

fn push_index(index: usize, path: &mut String) {
    path.push('[');
    decimal::push(u64::try_from(index).unwrap_or_default(), path);
    path.push(']');
}

fn push_name(name: &str, path: &mut String) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}
