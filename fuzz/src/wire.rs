//! A request as it is on the wire.

use serde::{Deserialize, Serialize};

/// Method, path, query and header lines, each as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wire {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
}

impl Wire {
    /// Every value of a header, in the order of its lines.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The first value of a header.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name).first().copied()
    }

    /// One line of this header in place of all others.
    pub fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// One more parameter, encoded.
    pub fn add_parameter(&mut self, name: &str, value: &str) {
        let separator = if self.query.is_empty() { "" } else { "&" };
        let encoded = crate::oracle::encode(value, "");
        self.query.push_str(&format!("{separator}{name}={encoded}"));
    }

    /// The text that the core's adapter writes of a request.
    pub fn text(&self, request_id: &str) -> String {
        let mut text = format!("{}\0{request_id}\0{}\0{}\0{}", self.headers.len(), self.method, self.path, self.query);
        for (name, value) in &self.headers {
            text.push_str(&format!("\0{name}\0{value}"));
        }
        text
    }
}
