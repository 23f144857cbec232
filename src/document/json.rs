//! A document as its JSON text (RFC 8259), which is how it crosses from JavaScript and how Secrets Manager
//! gives it.

use std::borrow::Cow;

use super::Document;

/// How deep values may be nested: more than any document is, and little enough for any stack.
const MAX_DEPTH: usize = 32;

impl<'t> Document<'t> {
    /// Reads a JSON text. `None` for any other text, for a text that is nested deeper than 32 values, and
    /// for one with half of a surrogate pair.
    pub fn from_json(text: &'t str) -> Option<Self> {
        let mut json = Json { rest: text };
        let document = json.value(MAX_DEPTH)?;
        json.skip_blanks();
        if json.rest.is_empty() { Some(document) } else { None }
    }
}

/// What is left of a JSON text.
struct Json<'t> {
    rest: &'t str,
}

impl<'t> Json<'t> {
    /// The next value, which may hold others `depth` deep.
    fn value(&mut self, depth: usize) -> Option<Document<'t>> {
        self.skip_blanks();
        match self.rest.as_bytes().first()? {
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.array(depth.checked_sub(1)?),
            b'"' => self.string().map(Document::String),
            b't' => self.take("true").then_some(Document::Bool(true)),
            b'f' => self.take("false").then_some(Document::Bool(false)),
            b'n' => self.take("null").then_some(Document::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Document<'t>> {
        let mut entries = Vec::new();
        self.take("{");
        if !self.takes_next("}") {
            loop {
                self.skip_blanks();
                let name = self.string()?;
                if !self.takes_next(":") {
                    return None;
                }
                entries.push((name, self.value(depth)?));
                if self.ends("}")? {
                    break;
                }
            }
        }
        Some(Document::Object(entries))
    }

    fn array(&mut self, depth: usize) -> Option<Document<'t>> {
        let mut elements = Vec::new();
        self.take("[");
        if !self.takes_next("]") {
            loop {
                elements.push(self.value(depth)?);
                if self.ends("]")? {
                    break;
                }
            }
        }
        Some(Document::Array(elements))
    }

    /// Whether the object or array ends here; `None` unless it does, or goes on after a comma.
    fn ends(&mut self, end: &str) -> Option<bool> {
        if self.takes_next(end) {
            Some(true)
        } else if self.take(",") {
            Some(false)
        } else {
            None
        }
    }

    fn string(&mut self) -> Option<Cow<'t, str>> {
        if !self.take("\"") {
            return None;
        }
        let plain = self.plain()?;
        if self.take("\"") {
            return Some(Cow::Borrowed(plain));
        }
        let mut string = plain.to_owned();
        while !self.take("\"") {
            string.push(self.escaped()?);
            string.push_str(self.plain()?);
        }
        Some(Cow::Owned(string))
    }

    /// What stands for itself until the string's end or an escape.
    fn plain(&mut self) -> Option<&'t str> {
        let end = self.rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | ..=0x1f))?;
        let (plain, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        Some(plain)
    }

    /// The character of an escape; `None` for a control character, which must be written as one.
    fn escaped(&mut self) -> Option<char> {
        if !self.take("\\") {
            return None;
        }
        let mut characters = self.rest.chars();
        let letter = characters.next()?;
        self.rest = characters.as_str();
        match letter {
            '"' | '\\' | '/' => Some(letter),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => self.code_point(),
            _ => None,
        }
    }

    /// One UTF-16 unit, or the two of a surrogate pair.
    fn code_point(&mut self) -> Option<char> {
        let unit = self.hex_unit()?;
        if !(0xd800..0xdc00).contains(&unit) {
            return char::from_u32(unit);
        }
        let low = if self.take("\\u") { self.hex_unit()? } else { return None };
        if !(0xdc00..0xe000).contains(&low) {
            return None;
        }
        char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
    }

    fn hex_unit(&mut self) -> Option<u32> {
        let digits = self.rest.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        self.rest = self.rest.get(4..)?;
        u32::from_str_radix(digits, 16).ok()
    }

    fn number(&mut self) -> Option<Document<'t>> {
        let end = self.rest.bytes().position(|byte| !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        let (number, rest) = self.rest.split_at_checked(end.unwrap_or(self.rest.len()))?;
        self.rest = rest;
        is_number(number).then(|| Document::Number(number.parse().ok()))
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn takes_next(&mut self, text: &str) -> bool {
        self.skip_blanks();
        self.take(text)
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

/// `[ "-" ] int [ frac ] [ exp ]`. Of all these only the digits of a whole number are ever a value that a
/// document may have.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) =
        text.split_once(['e', 'E']).map_or((text, None), |(text, exponent)| (text, Some(exponent)));
    let (whole, fraction) =
        mantissa.split_once('.').map_or((mantissa, None), |(text, fraction)| (text, Some(fraction)));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_exponent = |text: &str| are_digits(text.strip_prefix(['+', '-']).unwrap_or(text));
    are_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(are_digits)
        && exponent.is_none_or(is_exponent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Number, Value};

    use super::*;

    fn value(document: Document<'_>) -> Value {
        match document {
            Document::Null => Value::Null,
            Document::Bool(value) => value.into(),
            Document::Number(value) => value.map_or(Value::Null, Value::from),
            Document::String(text) => text.into_owned().into(),
            Document::Array(values) => values.into_iter().map(value).collect(),
            Document::Object(entries) => {
                entries.into_iter().map(|(name, field)| (name.into_owned(), value(field))).collect()
            }
        }
    }

    /// The same by serde_json, with every number null that is no whole one.
    fn expected(text: &str) -> Option<Value> {
        fn whole(value: Value) -> Value {
            match value {
                Value::Number(number) => number.as_u64().map_or(Value::Null, Value::from),
                Value::Array(values) => values.into_iter().map(whole).collect(),
                Value::Object(fields) => fields.into_iter().map(|(name, field)| (name, whole(field))).collect(),
                other => other,
            }
        }
        serde_json::from_str(text).ok().map(whole)
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(|number| Number::from_f64(number).map_or(Value::Null, Value::Number)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::hash_map(any::<String>(), inner, 0..6)
                    .prop_map(|fields| fields.into_iter().collect::<Value>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn reads_what_serde_json_writes(value_in in any_value()) {
            for text in [value_in.to_string(), serde_json::to_string_pretty(&value_in).unwrap()] {
                prop_assert_eq!(Document::from_json(&text).map(value), expected(&text));
            }
        }

        #[test]
        fn takes_the_texts_that_serde_json_takes(text in r#"[\[\]{}:," \n0-9eE.+\-ntfu\\"ralsd/]{0,12}"#) {
            prop_assert_eq!(Document::from_json(&text).map(value), expected(&text), "{}", text);
        }

        #[test]
        fn takes_the_numbers_that_serde_json_takes(text in "-?[0-9]{0,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?") {
            prop_assert_eq!(Document::from_json(&text).is_some(), serde_json::from_str::<Value>(&text).is_ok(), "{}", text);
        }

        #[test]
        fn takes_the_strings_that_serde_json_takes(inside in r#"([ a"\\/bfnrtué\x01]|\\u[dD0][89cCdDfF0][0-9a-f]{1,2}){0,6}"#) {
            let text = format!("\"{inside}\"");
            prop_assert_eq!(Document::from_json(&text).map(value), expected(&text), "{}", text);
        }

        #[test]
        fn reads_nothing_of_half_a_text(value_in in any_value(), cut in any::<prop::sample::Index>()) {
            let text = format!("[{value_in}]");
            let end = text.char_indices().map(|(end, _)| end).nth(cut.index(text.chars().count())).unwrap();
            prop_assert!(Document::from_json(text.get(..end).unwrap()).is_none());
        }
    }

    #[test]
    fn ends_at_a_depth_that_any_stack_has() {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"a":"#, "}]")] {
            let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let most = if open.starts_with("[{") { 16 } else { 32 };
            assert!(Document::from_json(&nested(most)).is_some(), "{open}");
            assert!(Document::from_json(&nested(most + 1)).is_none(), "{open}");
        }
        assert!(Document::from_json(&"[".repeat(1_000_000)).is_none());
    }

    #[test]
    fn keeps_both_of_a_name_that_is_repeated() {
        let Some(Document::Object(entries)) = Document::from_json(r#"{"a":1,"a":2}"#) else { unreachable!() };
        assert_eq!(entries.len(), 2);
    }
}
