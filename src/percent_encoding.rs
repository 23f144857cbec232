//! Percent-encoding, read strictly and written as S3 canonicalises it.

use std::borrow::Cow;

use crate::characters::Characters;
use crate::parts::{has, parts};
use crate::texts::push;

/// `text` with every `%XX` decoded once; `+` is a plus. `None` for a truncated or non-hexadecimal
/// escape, or when the bytes are not UTF-8.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !has(text, b'%') {
        return Some(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex_value(bytes.next()?)? << 4 | hex_value(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// `text` with a space for every plus.
#[inline(never)]
pub(crate) fn with_spaces(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    let mut separator = "";
    for part in parts(text, b'+') {
        push(&[separator, part], &mut spaced);
        separator = " ";
    }
    spaced
}

/// Appends `key` with everything encoded but the unreserved characters and `/`: the URI that
/// SigV4 signs for S3 ("URI-encode every byte except the unreserved characters … do not encode
/// the forward slash in the object key name", Amazon S3 API Reference, Authenticating Requests).
pub(crate) fn encode_key(key: &str, out: &mut String) {
    encode(key, IN_KEYS, out);
}

/// Whether [`encode_key`] leaves a key of these characters as it is.
pub(crate) fn is_encoded_key(characters: Characters) -> bool {
    characters.are_among(IN_KEYS)
}

/// Appends a query parameter's value with everything encoded but the unreserved characters.
pub(crate) fn encode_value(value: &str, out: &mut String) {
    encode(value, Characters::UNRESERVED, out);
}

/// What stands in a key's path as it is.
const IN_KEYS: Characters = Characters::UNRESERVED.or(Characters::SLASH);

/// Appends `text`, everything encoded but what `stays`.
fn encode(text: &str, stays: Characters, out: &mut String) {
    let mut from = 0;
    for (place, byte) in text.bytes().enumerate().filter(|(_, byte)| !Characters::of_byte(*byte).are_among(stays)) {
        // Nothing lies between the bytes of one character.
        push(&[text.get(from..place).unwrap_or_default(), "%", hex_digit(byte >> 4), hex_digit(byte & 0xf)], out);
        from = place + 1;
    }
    push(&[text.get(from..).unwrap_or_default()], out);
}

/// The upper-case digit of a value.
fn hex_digit(value: u8) -> &'static str {
    let place = usize::from(value);
    "0123456789ABCDEF".get(place..=place).unwrap_or_default()
}

/// The value of a hexadecimal digit in either case.
#[inline(never)]
fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(key: &str) -> String {
        let mut out = String::new();
        encode_key(key, &mut out);
        out
    }

    #[test]
    fn decodes_exactly_once() {
        assert_eq!(decode("a%252Fb").as_deref(), Some("a%2Fb"));
        assert_eq!(decode("%e6%97%A5+").as_deref(), Some("日+"));
    }

    #[test]
    fn refuses_truncated_foreign_and_non_utf8_escapes() {
        for text in ["%", "a%2", "%zz", "%2g", "%ff", "%C0%AF", "%ED%A0%80", "%%20"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn encodes_all_but_unreserved_characters_and_slashes() {
        assert_eq!(encoded("a/b c+d~!*'()@%日"), "a/b%20c%2Bd~%21%2A%27%28%29%40%25%E6%97%A5");
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(key in any::<String>()) {
            let encoded = encoded(&key);
            prop_assert_eq!(decode(&encoded), Some(Cow::Borrowed(key.as_str())));
        }
    }
}
