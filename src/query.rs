//! The query string, parsed once: every name at most once.

use std::borrow::Cow;

use crate::characters::Characters;
use crate::parts::{cut, parts};
use crate::percent_encoding;
use crate::refusal::Refusal;
use crate::texts::owned;

/// More parameters than any served operation takes in any signature scheme.
const MAX_PARAMETERS: usize = 32;

/// Decoded parameters in the order that they were sent; `+` is a plus. A parameter without a value
/// and one with an empty value are the same: oss2 sends `uploads=` and signs `uploads`.
#[derive(Debug, PartialEq, Eq)]
pub struct Query<'a> {
    parameters: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Query<'a> {
    /// Parses a raw query string without its `?`.
    ///
    /// # Errors
    /// [`Refusal::MalformedQuery`] for a broken escape, an empty name, a control character or too
    /// many parameters; [`Refusal::RepeatedParameter`] for a name that appears twice once decoded.
    pub fn parse(raw: &'a str) -> Result<Self, Refusal> {
        if raw.is_empty() { Ok(Query { parameters: Vec::new() }) } else { Self::parse_parameters(raw) }
    }

    #[inline(never)]
    fn parse_parameters(raw: &'a str) -> Result<Self, Refusal> {
        let mut parameters: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
        for parameter in parts(raw, b'&') {
            let (name, value) = cut(parameter, b'=');
            let (Some(name), Some(value)) = (decode(name), decode(value.unwrap_or_default())) else {
                return Err(Refusal::MalformedQuery);
            };
            if name.is_empty() || parameters.len() == MAX_PARAMETERS {
                return Err(Refusal::MalformedQuery);
            }
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(Refusal::RepeatedParameter(owned(&name)));
            }
            parameters.push((name, value));
        }
        Ok(Query { parameters })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }

    /// The decoded value of a parameter, empty when it has none.
    #[inline(never)]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Every parameter: name and value, decoded.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (&**name, &**value))
    }
}

/// A decoded text; `None` where it has a control character.
#[inline(never)]
fn decode(text: &str) -> Option<Cow<'_, str>> {
    percent_encoding::decode(text).filter(|decoded| !has_control(decoded))
}

/// Whether a text has a control character: below U+0020, or from U+007F to U+009F.
fn has_control(text: &str) -> bool {
    let characters = Characters::of(text);
    characters.have(const { Characters::CONTROLS_BUT_TAB.or(Characters::TAB) })
        || characters.have(Characters::BEYOND_ASCII)
            && text.as_bytes().windows(2).any(|pair| matches!(pair, [0xc2, 0x80..=0x9f]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn knows_every_control_character(text in "[a\u{1f}\u{20}\u{7e}-\u{a1}é\u{c2}日]{0,4}|.{0,4}", any in any::<char>()) {
            prop_assert_eq!(has_control(&text), text.chars().any(char::is_control));
            prop_assert_eq!(has_control(&String::from(any)), any.is_control());
        }
    }

    #[test]
    fn takes_an_empty_value_and_no_value_as_the_same() {
        assert_eq!(Query::parse("uploads="), Query::parse("uploads"));
    }

    #[test]
    fn decodes_names_and_values_once() {
        let query = Query::parse("upload%49d=a%2525%26b+=c").unwrap();
        assert_eq!(query.get("uploadId"), Some("a%25&b+=c"));
    }

    #[test]
    fn refuses_a_name_that_is_repeated_in_any_spelling() {
        for raw in ["uploadId=a&uploadId=b", "uploadId=a&uploadId=a", "uploads&upload%73"] {
            assert!(matches!(Query::parse(raw), Err(Refusal::RepeatedParameter(_))), "{raw}");
        }
    }

    #[test]
    fn refuses_what_has_no_one_reading() {
        let long = "a&".repeat(33);
        for raw in ["&", "uploads&", "&uploads", "=a", "a=%", "a=%zz", "%00=a", "a=%0a", "a=%ff", &long] {
            assert!(Query::parse(raw).is_err(), "{raw}");
        }
    }
}
