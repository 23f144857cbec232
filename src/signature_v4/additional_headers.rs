//! The headers that a client signs besides those that are always signed.

use crate::refusal::{AuthorizationFault, Refusal};

/// Lower-case names in byte order, each once, without those that are signed anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdditionalHeaders(Vec<String>);

/// More than any client lists.
const MAX_NAMES: usize = 64;

impl AdditionalHeaders {
    /// Reads the names, joined by `;`. An empty list is one: reqsign sends it.
    ///
    /// # Errors
    /// [`Refusal::MalformedAuthorization`] for a name that is empty or repeated, or too many.
    pub fn parse(list: &str) -> Result<Self, Refusal> {
        if list.is_empty() {
            return Ok(AdditionalHeaders::default());
        }
        let mut names: Vec<String> = Vec::new();
        for name in list.split(';') {
            let name = name.trim_ascii().to_ascii_lowercase();
            match names.binary_search(&name) {
                Err(place) if !name.is_empty() && names.len() < MAX_NAMES => names.insert(place, name),
                _ => return Err(Refusal::MalformedAuthorization(AuthorizationFault::Form)),
            }
        }
        names.retain(|name| !is_always_signed(name));
        Ok(AdditionalHeaders(names))
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }
}

fn is_always_signed(name: &str) -> bool {
    matches!(name, "content-md5" | "content-type") || name.starts_with("x-oss-")
}
