//! An object's key, decoded.

use std::ops::Deref;

use crate::limits::MAX_KEY_BYTES;
use crate::refusal::{KeyFault, Refusal};

/// The first segment of the keys that oss-edge keeps for itself: staged parts, and records of uploads.
pub(crate) const OWN_SEGMENT: &str = ".oss-edge";

/// A decoded key of 1 to 1,023 bytes of UTF-8 that S3 stores under exactly this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Takes a key that was percent-decoded once.
    ///
    /// # Errors
    /// [`Refusal::InvalidObjectName`] for a key that
    /// - is empty or too long, or begins with a slash or backslash (OSS, "Object naming conventions");
    /// - has a character that the XML of OSS's answers can't carry;
    /// - has a segment `.` or `..`: HTTP stacks on the way to S3 resolve those, and the object would land under another
    ///   key than the one that was verified;
    /// - has oss-edge's own first segment, in upper or lower case.
    pub fn new(key: String) -> Result<Self, Refusal> {
        let fault = if key.is_empty() {
            KeyFault::Empty
        } else if key.len() > MAX_KEY_BYTES {
            KeyFault::TooLong
        } else if key.starts_with(['/', '\\']) {
            KeyFault::LeadingSlash
        } else if !key.chars().all(is_xml_char) {
            KeyFault::NotXml
        } else if key.split('/').any(|segment| matches!(segment, "." | "..")) {
            KeyFault::DotSegment
        } else if key.split(['/', '\\']).next().is_some_and(|segment| segment.eq_ignore_ascii_case(OWN_SEGMENT)) {
            KeyFault::Own
        } else {
            return Ok(ObjectKey(key));
        };
        Err(Refusal::InvalidObjectName(fault))
    }
}

impl Deref for ObjectKey {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// `Char` of XML 1.0, section 2.2.
pub(crate) fn is_xml_char(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(key: &str) -> Option<Refusal> {
        ObjectKey::new(key.to_owned()).err()
    }

    #[test]
    fn takes_every_key_that_s3_stores_as_it_is() {
        for key in [
            "a",
            "a//b",
            "a/",
            "...",
            "a/..b/c.",
            ".oss-edges/a",
            "a/.oss-edge/b",
            ".oss",
            "oss-edge/a",
            "日志 a+b~!*().log",
            "%2F",
            &"k".repeat(1023),
        ] {
            assert_eq!(fault(key), None, "{key}");
        }
    }

    #[test]
    fn refuses_a_key_that_would_not_arrive_under_the_same_name() {
        for (key, expected) in [
            ("", KeyFault::Empty),
            (&*"k".repeat(1024), KeyFault::TooLong),
            (&*"é".repeat(512), KeyFault::TooLong),
            ("/a", KeyFault::LeadingSlash),
            ("\\a", KeyFault::LeadingSlash),
            ("a\0", KeyFault::NotXml),
            ("a\u{1b}b", KeyFault::NotXml),
            ("a\u{fffe}", KeyFault::NotXml),
            (".", KeyFault::DotSegment),
            ("..", KeyFault::DotSegment),
            ("a/../b", KeyFault::DotSegment),
            ("./a", KeyFault::DotSegment),
            ("a/.", KeyFault::DotSegment),
            (".oss-edge/parts/a/00001", KeyFault::Own),
            (".oss-edge/", KeyFault::Own),
            (".oss-edge", KeyFault::Own),
            (".OSS-Edge/uploads/a", KeyFault::Own),
            (".oss-edge\\parts", KeyFault::Own),
            (".oss-edge//parts", KeyFault::Own),
        ] {
            assert_eq!(fault(key), Some(Refusal::InvalidObjectName(expected)), "{key:?}");
        }
    }
}
