//! The query string, parsed once: every name at most once.

use std::fmt;

use crate::refusal::Refusal;
use crate::request::percent_encoding::decode;

/// The most parameters of a query. No served operation takes so many in any signature scheme.
const MAX_PARAMETERS: usize = 32;

/// Decoded parameters in the order that they were sent; `+` is a plus. A parameter without a value and one with
/// an empty value are the same: oss2 sends `uploads=` and signs `uploads`.
#[derive(PartialEq, Eq)]
pub struct Query {
    parameters: Vec<(String, String)>,
}

impl Query {
    /// Parses a raw query string without its `?`.
    ///
    /// # Errors
    /// [`Refusal::MalformedQuery`] for a broken escape, an empty name, a control character or too many parameters;
    /// [`Refusal::RepeatedParameter`] for a name that appears twice once decoded.
    pub fn parse(raw: &str) -> Result<Self, Refusal> {
        let mut query = Query { parameters: Vec::new() };
        if raw.is_empty() {
            return Ok(query);
        }
        for parameter in raw.split('&') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let (name, value) = (decode_text(name)?, decode_text(value)?);
            if name.is_empty() || query.parameters.len() == MAX_PARAMETERS {
                return Err(Refusal::MalformedQuery);
            }
            if query.get(&name).is_some() {
                return Err(Refusal::RepeatedParameter(name));
            }
            query.parameters.push((name, value));
        }
        Ok(query)
    }

    /// The decoded value of a parameter; empty if it has none, `None` if there is no such parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Every parameter: name and value, decoded.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for Query {
    /// Prints the names only: a value may be a signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

fn decode_text(text: &str) -> Result<String, Refusal> {
    let decoded = decode(text).ok().filter(|decoded| !decoded.chars().any(char::is_control));
    decoded.map(String::from).ok_or(Refusal::MalformedQuery)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::request::percent_encoding::encode_parameter;

    /// Those of Unicode, general category Cc.
    fn is_control(character: char) -> bool {
        matches!(character, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}')
    }

    fn is_refused_anywhere(text: &str) -> [bool; 3] {
        let encoded = encode_parameter(text);
        [format!("a{encoded}"), format!("a={encoded}"), format!("a&b={encoded}c")]
            .map(|raw| Query::parse(&raw) == Err(Refusal::MalformedQuery))
    }

    proptest! {
        #[test]
        fn knows_every_control_character(
            text in "[a\u{1f}\u{20}\u{7e}-\u{a1}é\u{c2}日]{0,4}|.{0,4}",
            any in any::<char>(),
        ) {
            prop_assert_eq!(is_refused_anywhere(&text), [text.chars().any(is_control); 3]);
            prop_assert_eq!(is_refused_anywhere(&any.to_string()), [is_control(any); 3]);
        }
    }

    #[test]
    fn knows_each_control_character_in_clear_and_escaped() {
        for character in '\0'..='\u{ffff}' {
            let text = String::from(character);
            assert_eq!(is_refused_anywhere(&text), [is_control(character); 3], "{character:?}");
            if !"%&=".contains(character) {
                let clear = Query::parse(&format!("a={text}"));
                assert_eq!(clear.is_err(), is_control(character), "{character:?}");
            }
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
    fn refuses_what_can_be_read_in_two_ways() {
        let long = "a&".repeat(33);
        for raw in ["&", "uploads&", "&uploads", "=a", "a=%", "a=%zz", "%00=a", "a=%0a", "a=%ff", "a=%C2%85", &long] {
            assert!(Query::parse(raw).is_err(), "{raw}");
        }
    }
}
