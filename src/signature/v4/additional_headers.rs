//! The headers that a client signs beyond those that are always signed.

use std::collections::BTreeSet;

use crate::refusal::{AuthorizationFault, Refusal};
use crate::request::header::is_token;

/// Lower-case names in byte order, each once, without those that are signed anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdditionalHeaders(Vec<String>);

/// The most names. No client lists so many.
const MAX_NAMES: usize = 64;

impl AdditionalHeaders {
    /// Reads the names, joined by `;`. An empty list is valid: reqsign sends it.
    ///
    /// # Errors
    /// [`Refusal::MalformedAuthorization`] for a name that isn't a token or is repeated, and for too many names.
    pub fn parse(list: &str) -> Result<Self, Refusal> {
        if list.is_empty() {
            return Ok(AdditionalHeaders::default());
        }
        let mut names = BTreeSet::new();
        for name in list.split(';') {
            let name = name.trim_ascii().to_ascii_lowercase();
            if !is_token(&name) || names.len() == MAX_NAMES || !names.insert(name) {
                return Err(Refusal::MalformedAuthorization(AuthorizationFault::Form));
            }
        }
        Ok(AdditionalHeaders(names.into_iter().filter(|name| !is_always_signed(name)).collect()))
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }
}

fn is_always_signed(name: &str) -> bool {
    matches!(name, "content-md5" | "content-type") || name.starts_with("x-oss-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_in_any_case_between_blanks() {
        let names = AdditionalHeaders::parse("Host; user-agent;content-type;x-oss-meta-a").unwrap();
        assert_eq!(names.names(), ["host", "user-agent"]);
        assert_eq!(AdditionalHeaders::parse(""), Ok(AdditionalHeaders::default()));
    }

    #[test]
    fn refuses_a_list_with_another_name_or_a_repeated_one() {
        let many = (0..65).map(|number| format!("a{number}")).collect::<Vec<_>>().join(";");
        for list in [";", "host;", "host;host", "host;Host", "ho st", "\u{a0}host", "h\u{f6}st", "a:b", &many] {
            let refused = Err(Refusal::MalformedAuthorization(AuthorizationFault::Form));
            assert_eq!(AdditionalHeaders::parse(list), refused, "{list:?}");
        }
    }
}
