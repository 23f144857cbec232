//! Percent-encoding, read strictly and written as S3 canonicalises it.

use std::borrow::Cow;
use std::fmt::Display;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but the unreserved characters (RFC 3986 section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const RESERVED_IN_KEYS: &AsciiSet = &RESERVED.remove(b'/');

/// Why a text can't be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecodeError {
    /// A truncated or non-hexadecimal escape.
    Escape,
    /// The decoded bytes are not UTF-8.
    NotUtf8,
}

/// Decodes every `%XX` of a text once. A `+` is a plus.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, DecodeError> {
    // `percent_decode_str` leaves a broken escape as it is.
    let is_escape = |rest: &str| rest.as_bytes().first_chunk().is_some_and(|[a, b]| is_hex(*a) && is_hex(*b));
    if !text.split('%').skip(1).all(is_escape) {
        return Err(DecodeError::Escape);
    }
    percent_decode_str(text).decode_utf8().map_err(|_| DecodeError::NotUtf8)
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

/// Encodes everything in a key but the unreserved characters and `/`, as SigV4 for S3 signs it ("URI-encode every byte
/// except the unreserved characters … do not encode the forward slash in the object key name", Amazon S3 API Reference,
/// "Authenticating Requests").
pub(crate) fn encode_key(key: &str) -> impl Display {
    utf8_percent_encode(key, RESERVED_IN_KEYS)
}

/// Encodes everything in the name or value of a query parameter but the unreserved characters.
pub(crate) fn encode_parameter(text: &str) -> impl Display {
    utf8_percent_encode(text, RESERVED)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decodes_exactly_once() {
        assert_eq!(decode("a%252Fb").as_deref(), Ok("a%2Fb"));
        assert_eq!(decode("%e6%97%A5+").as_deref(), Ok("日+"));
    }

    #[test]
    fn refuses_truncated_foreign_and_non_utf8_escapes() {
        for text in ["%", "a%2", "%zz", "%2g", "%%20", "%2%30", "%+1", "%é", "%ff%"] {
            assert_eq!(decode(text), Err(DecodeError::Escape), "{text}");
        }
        for text in ["%ff", "%C0%AF", "%ED%A0%80", "%CF%E0"] {
            assert_eq!(decode(text), Err(DecodeError::NotUtf8), "{text}");
        }
    }

    #[test]
    fn encodes_all_but_unreserved_characters_and_slashes() {
        assert_eq!(encode_key("a/b c+d~!*'()@%日").to_string(), "a/b%20c%2Bd~%21%2A%27%28%29%40%25%E6%97%A5");
        assert_eq!(encode_parameter("a/b-._~").to_string(), "a%2Fb-._~");
    }

    proptest! {
        #[test]
        fn decodes_what_was_encoded(text in any::<String>()) {
            for encoded in [encode_key(&text).to_string(), encode_parameter(&text).to_string()] {
                let decoded = decode(&encoded);
                prop_assert_eq!(decoded.as_deref(), Ok(&*text));
            }
        }
    }
}
