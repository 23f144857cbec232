//! The headers that a client signs besides those that are always signed.

use crate::parts::parts;
use crate::refusal::{AuthorizationFault, Refusal};
use crate::request_view::{is_token, trimmed};
use crate::texts::{begins_with, in_lower_case, is_one_of};

/// Lower-case names in byte order, each once, without those that are signed anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdditionalHeaders(Vec<String>);

/// More than any client lists.
const MAX_NAMES: usize = 64;

impl AdditionalHeaders {
    /// Reads the names, joined by `;`. An empty list is one: reqsign sends it.
    ///
    /// # Errors
    /// [`Refusal::MalformedAuthorization`] for a name that is none or repeated, or too many.
    pub fn parse(list: &str) -> Result<Self, Refusal> {
        if list.is_empty() {
            return Ok(AdditionalHeaders::default());
        }
        let mut names: Vec<String> = Vec::new();
        for name in parts(list, b';') {
            let name = in_lower_case(trimmed(name));
            match names.binary_search(&name) {
                Err(place) if is_token(&name) && names.len() < MAX_NAMES => names.insert(place, name),
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
    is_one_of(name, &["content-md5", "content-type"]) || begins_with(name, "x-oss-")
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
    fn refuses_what_is_no_name_or_there_twice() {
        let many = (0..65).map(|number| format!("a{number}")).collect::<Vec<_>>().join(";");
        for list in [";", "host;", "host;host", "host;Host", "ho st", "\u{a0}host", "h\u{f6}st", "a:b", &many] {
            let refused = Err(Refusal::MalformedAuthorization(AuthorizationFault::Form));
            assert_eq!(AdditionalHeaders::parse(list), refused, "{list:?}");
        }
    }
}
