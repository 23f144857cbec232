//! Texts that both sides of the WebAssembly boundary know, so that each can cross as its number: a name
//! that is made anew costs JavaScript more than all else of a header.

#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "used where answers cross"))]

use crate::header_name::HeaderName;
use crate::operation::Operation;
use crate::signature_scheme::Scheme;
use crate::texts::same;

/// The words, by their numbers; js-shim/words.mjs has the same in the same order. The first are names of a
/// request's headers, and the first of those the names of [`HeaderName`](crate::header_name::HeaderName).
pub(crate) const WORDS: [&str; 64] = [
    "authorization",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "expires",
    "host",
    "x-oss-date",
    "x-oss-security-token",
    "security-token",
    "transfer-encoding",
    // Further headers that most OSS clients send.
    "accept",
    "accept-encoding",
    "user-agent",
    "x-oss-content-sha256",
    "x-oss-storage-class",
    // Headers that leave the edge with most requests, and values that they have.
    "x-amz-storage-class",
    "x-ossedge-origin",
    "x-ossedge-request",
    "STANDARD",
    "STANDARD_IA",
    "if-none-match",
    "*",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-tagging",
    // What was decided, where to, and by which secret where the access key has but one.
    "forward",
    "refuse",
    "s3",
    "api",
    "1",
    // Operations.
    "PutObject",
    "InitiateMultipartUpload",
    "UploadPart",
    "CompleteMultipartUpload",
    "AbortMultipartUpload",
    "ListParts",
    // Signature schemes.
    "v1-header",
    "v1-url",
    "v4-header",
    "v4-url",
    // Errors.
    "AccessDenied",
    "InvalidAccessKeyId",
    "InvalidArgument",
    "MethodNotAllowed",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "400",
    "403",
    "405",
    "Bad Request",
    "Forbidden",
    "Method Not Allowed",
    "at-once",
    "when-due",
    "Content-Type",
    "Date",
    "application/xml",
    "x-oss-ec",
    "x-oss-request-id",
];

/// How many of the words are names of a request's headers.
const NAMES: usize = 20;

/// The name of a request's header, in lower case, by its number.
pub(crate) fn name(number: usize) -> Option<&'static str> {
    if number < NAMES { word(number) } else { None }
}

/// The word of a number.
fn word(number: usize) -> Option<&'static str> {
    WORDS.get(number).copied()
}

/// One of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word(usize);

impl Word {
    /// A word that is known when this is compiled.
    #[expect(clippy::indexing_slicing, reason = "a constant that is out of bounds doesn't compile")]
    pub(crate) const fn of(text: &str) -> Self {
        let mut number = 0;
        loop {
            let (word, text) = (WORDS[number].as_bytes(), text.as_bytes());
            let mut same = if word.len() == text.len() { 0 } else { usize::MAX };
            while same < text.len() && word[same] == text[same] {
                same += 1;
            }
            if same == text.len() {
                return Word(number);
            }
            number += 1;
        }
    }

    /// The name of a header: the first words are theirs.
    pub(crate) fn of_header(name: HeaderName) -> Self {
        Word(name.place())
    }

    /// The name of an operation: they stand one after the other.
    #[expect(clippy::as_conversions, reason = "the discriminant of an enum without fields")]
    pub(crate) fn of_operation(operation: Operation) -> Self {
        const FIRST: Word = Word::of("PutObject");
        Word(FIRST.0 + operation as usize)
    }

    /// The name of a scheme: they stand one after the other.
    #[expect(clippy::as_conversions, reason = "the discriminant of an enum without fields")]
    pub(crate) fn of_scheme(scheme: Scheme) -> Self {
        const FIRST: Word = Word::of("v1-header");
        Word(FIRST.0 + scheme as usize)
    }

    /// The word of a text.
    pub(crate) fn find(text: &str) -> Option<Self> {
        let mut slot = first_slot(text);
        loop {
            let number = usize::from(*SLOTS.get(slot)?).checked_sub(1)?;
            if same(word(number)?, text) {
                return Some(Word(number));
            }
            slot = (slot + 1) % SLOTS.len();
        }
    }

    pub(crate) fn number(self) -> usize {
        self.0
    }

    /// Its text.
    pub fn as_str(self) -> &'static str {
        word(self.0).unwrap_or_default()
    }
}

/// An open-addressing table, not half full: numbers plus one, 0 where there is none.
#[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "a constant that is out of bounds doesn't compile")]
const SLOTS: [u8; 256] = {
    let mut slots = [0; 256];
    let mut number = 0;
    while number < WORDS.len() {
        let mut slot = first_slot(WORDS[number]);
        while slots[slot] != 0 {
            slot = (slot + 1) % slots.len();
        }
        number += 1;
        slots[slot] = number as u8;
    }
    slots
};

#[expect(clippy::as_conversions, reason = "`usize::from` isn't for constants yet")]
const fn first_slot(text: &str) -> usize {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) => (bytes.len() * 5 + *first as usize * 3 + *last as usize * 7) % 256,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_each_word_once() {
        assert!(
            WORDS
                .iter()
                .enumerate()
                .all(|(number, text)| Word::find(text) == Some(Word(number)) && word(number) == Some(text))
        );
        assert_eq!((word(WORDS.len()), Word::find(""), Word::find("Host")), (None, None, None));
    }

    #[test]
    fn has_what_every_accepted_request_answers() {
        assert!(Operation::ALL.iter().all(|operation| Word::of_operation(*operation).as_str() == operation.name()));
        assert!(Scheme::ALL.iter().all(|scheme| Word::of_scheme(*scheme).as_str() == scheme.name()));
        assert_eq!([WORDS[0], "s3", WORDS[63]].map(Word::of), [Word(0), Word::find("s3").unwrap(), Word(63)]);
    }

    #[test]
    fn names_are_lower_case_tokens() {
        let names: Vec<_> = (0..WORDS.len()).map_while(name).collect();
        assert_eq!(names, WORDS[..NAMES]);
        assert!(
            names
                .iter()
                .all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || b"-0123456789".contains(&byte)))
        );
    }

    #[test]
    fn is_the_list_that_javascript_has() {
        let list = include_str!("../js-shim/words.mjs");
        let quoted: Vec<_> =
            list.lines().filter_map(|line| line.trim().strip_prefix('\'')?.strip_suffix("',")).collect();
        assert_eq!(quoted, WORDS);
        assert!(list.contains(&format!("WORDS.slice(0, {NAMES})")));
    }
}
