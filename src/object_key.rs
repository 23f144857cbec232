//! An object's key, decoded.

use std::borrow::Cow;
use std::ops::Deref;

use crate::characters::Characters;
use crate::parts::parts;
use crate::refusal::{KeyFault, Refusal};
use crate::texts::is_one_of;

/// OSS: "The name must be 1 to 1,023 characters in length", counted in bytes of UTF-8.
const MAX_BYTES: usize = 1023;

/// A decoded key of 1 to 1,023 bytes of UTF-8 that S3 stores under exactly this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectKey<'a> {
    key: Cow<'a, str>,
    characters: Characters,
}

impl<'a> ObjectKey<'a> {
    /// Takes a key that was percent-decoded once.
    ///
    /// # Errors
    /// [`Refusal::InvalidObjectName`] when it is empty or too long, when a character has no place in
    /// the XML of OSS's answers, or when a segment is `.` or `..`: HTTP stacks between here and S3
    /// resolve those, and the object would land under another key than the one that was verified.
    pub fn new(key: Cow<'a, str>) -> Result<Self, Refusal> {
        let characters = Characters::of(&key);
        let fault = if key.is_empty() {
            KeyFault::Empty
        } else if key.len() > MAX_BYTES {
            KeyFault::TooLong
        } else if !characters.are_among(PRINTABLE) && !key.chars().all(is_xml_char) {
            KeyFault::NotXml
        } else if has_dot_segment(&key) {
            KeyFault::DotSegment
        } else {
            return Ok(ObjectKey { key, characters });
        };
        Err(Refusal::InvalidObjectName(fault))
    }

    /// Which kinds of characters it has: asked of the table once for all that depends on them.
    pub(crate) fn characters(&self) -> Characters {
        self.characters
    }
}

impl Deref for ObjectKey<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.key
    }
}

/// What most keys are of, all of which XML has.
const PRINTABLE: Characters = Characters::VISIBLE.or(Characters::SPACE);

fn has_dot_segment(key: &str) -> bool {
    let (bytes, following) = (key.as_bytes(), key.as_bytes().get(1..).unwrap_or_default());
    let pairs = bytes.iter().zip(following);
    let begins_with_a_dot = pairs.fold(false, |found, (byte, next)| found | ((*byte == b'/') & (*next == b'.')));
    (begins_with_a_dot || key.starts_with('.')) && parts(key, b'/').any(|segment| is_one_of(segment, &[".", ".."]))
}

/// `Char` of XML 1.0, section 2.2.
pub(crate) fn is_xml_char(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(key: &str) -> Option<Refusal> {
        ObjectKey::new(Cow::Borrowed(key)).err()
    }

    #[test]
    fn takes_every_key_that_s3_stores_as_it_is() {
        for key in ["a", "/a", "a//b", "a/", "...", "a/..b/c.", "日志 a+b~!*().log", "%2F", &"k".repeat(1023)] {
            assert_eq!(fault(key), None, "{key}");
        }
    }

    #[test]
    fn refuses_what_would_not_arrive_under_the_same_name() {
        for (key, expected) in [
            ("", KeyFault::Empty),
            (&*"k".repeat(1024), KeyFault::TooLong),
            (&*"é".repeat(512), KeyFault::TooLong),
            ("a\0", KeyFault::NotXml),
            ("a\u{1b}b", KeyFault::NotXml),
            ("..", KeyFault::DotSegment),
            ("a/../b", KeyFault::DotSegment),
            ("./a", KeyFault::DotSegment),
            ("a/.", KeyFault::DotSegment),
        ] {
            assert_eq!(fault(key), Some(Refusal::InvalidObjectName(expected)), "{key:?}");
        }
    }
}
