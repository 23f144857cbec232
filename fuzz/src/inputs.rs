//! Inputs of the targets besides request.

use serde::{Deserialize, Serialize};

use crate::wire::Wire;

/// A change of a text: at a place one piece by another, or inserted where nothing is replaced.
pub type Change = (usize, String, String);

/// Applies changes, each at a place that is counted around.
pub fn change(text: &mut String, changes: &[Change]) {
    for (at, from, to) in changes {
        let places: Vec<usize> = match from.as_str() {
            "" => text.char_indices().map(|(at, _)| at).chain([text.len()]).collect(),
            from => text.match_indices(from).map(|(at, _)| at).collect(),
        };
        if let Some(at) = places.get(at % places.len().max(1)) {
            text.replace_range(*at..at + from.len(), to);
        }
    }
}

/// An upload that is sealed, and an id that a client presents for an object.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Upload {
    pub s3_bucket: String,
    pub key: String,
    pub s3_id: String,
    pub options: String,
    pub begun: i64,
    pub later: i64,
    pub changes: Vec<Change>,
    pub presented_bucket: Option<String>,
    pub presented_key: Option<String>,
}

/// What viewer-request seals, and what arrives at origin-request.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sealed {
    pub wire: Wire,
    pub request_id: String,
    pub origin: String,
    /// Which header lines are sealed: a bit each.
    pub sealed: u16,
    pub later: i64,
    pub seal_changes: Vec<Change>,
    pub path_changes: Vec<Change>,
    pub query_changes: Vec<Change>,
    pub value_changes: Vec<Change>,
    pub added: Vec<(String, String)>,
    pub removed: Vec<usize>,
    pub another_id: Option<String>,
    pub another_method: Option<String>,
}

/// Text of a date, and the time that an answer is written at.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dated {
    pub text: String,
    pub now: i64,
}

/// The id of a derived key and a master secret.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Derived {
    pub id: String,
    pub master_secret: String,
}

/// Two requests, each of a bucket and a key, whose canonical forms are compared.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Canonical {
    pub one: (String, String, Wire),
    pub other: (String, String, Wire),
    pub additional: String,
}

/// A document, and where something is wrong with it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Document {
    pub kind: usize,
    /// A text of any kind; where it is empty, a valid document with one fault.
    pub text: String,
    pub at: usize,
    pub fault: usize,
}

/// An origin's answer.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    pub wire: Wire,
    pub request_id: String,
    pub responder: String,
    pub content_md5: bool,
    pub status: u16,
    pub now: i64,
}
