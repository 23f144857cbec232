//! Many short texts in one piece of memory.

use crate::baked::{Baked, Image};

/// Appends texts. Compiled once, because a place that appends by itself has code for growth of its own.
#[inline(never)]
pub(crate) fn push(texts: &[&str], out: &mut String) {
    for text in texts {
        match text.as_bytes() {
            // Half of what is pushed is one byte, which is no call of its own.
            [byte] => out.push(char::from(*byte)),
            _ => out.push_str(text),
        }
    }
}

/// Whether two texts are the same. Most that are asked for differ in their lengths.
#[inline]
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && same_bytes(one.as_bytes(), other.as_bytes())
}

/// Whether a text is one of some.
pub(crate) fn is_one_of(text: &str, some: &[&str]) -> bool {
    place_among(text, some).is_some()
}

/// Which of some a text is. Compiled once.
#[inline(never)]
pub(crate) fn place_among(text: &str, some: &[&str]) -> Option<usize> {
    some.iter().position(|one| same(one, text))
}

/// Whether a text has a beginning. Compiled once.
#[inline(never)]
pub(crate) fn begins_with(text: &str, beginning: &str) -> bool {
    text.starts_with(beginning)
}

/// What goes before an end that a text has. Compiled once.
#[inline(never)]
pub(crate) fn before<'t>(text: &'t str, end: &str) -> Option<&'t str> {
    let (before, last) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
    same(last, end).then_some(before)
}

/// Whether bytes of one length are the same, seen eight at a time: the comparison that WebAssembly's compiler brings along
/// sees one. Compiled once.
#[inline(never)]
fn same_bytes(one: &[u8], other: &[u8]) -> bool {
    let ((words, rest), (other_words, other_rest)) = (one.as_chunks(), other.as_chunks());
    words.iter().zip(other_words).all(|(word, other)| u64::from_le_bytes(*word) == u64::from_le_bytes(*other))
        && rest.iter().zip(other_rest).all(|(byte, other)| byte == other)
}

/// Where a text is in memory, and its bytes.
#[derive(Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) begin: usize,
    pub(crate) bytes: usize,
}

impl Stretch {
    pub(crate) fn of(text: &str) -> Self {
        Stretch { begin: text.as_ptr().addr(), bytes: text.len() }
    }

    /// Where `part` begins in the text that it was cut out of; `None` when it is another text's, or its own.
    pub(crate) fn place_of(self, part: &str) -> Option<usize> {
        // An address before the beginning wraps around to far more than a text has.
        let place = part.as_ptr().addr().wrapping_sub(self.begin);
        (place < self.bytes).then_some(place)
    }
}

/// A text of its own. Compiled once, because memory is asked for, and may be lacking, wherever it is inlined.
#[inline(never)]
pub(crate) fn owned(text: &str) -> String {
    text.to_owned()
}

/// A text with the letters of ASCII in lower case. Compiled once.
#[inline(never)]
pub(crate) fn in_lower_case(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// Texts in one.
#[inline(never)]
pub(crate) fn joined(texts: &[&str]) -> String {
    // Room for most that are made.
    let mut joined = String::with_capacity(256);
    push(texts, &mut joined);
    joined
}

/// Texts one after the other: a fleet has 100,000 of them, and each would cost as much again as an
/// allocation of its own.
#[derive(Default)]
pub(crate) struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    pub(crate) fn get(&self, ordinal: usize) -> Option<&str> {
        let start = match ordinal.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start..*self.ends.get(ordinal)?)
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// Makes room for what is to come.
    pub(crate) fn make_room(&mut self, rest: Rest) {
        if rest.needs_room(self.text.len(), self.text.capacity()) {
            self.text.reserve_exact(rest.expected(self.text.len(), rest.to_come));
        }
        rest.make_room(&mut self.ends);
    }
}

impl Baked for Texts {
    fn bake(&self, image: &mut Vec<u8>) {
        self.len().bake(image);
        (0..self.len()).for_each(|ordinal| self.get(ordinal).unwrap_or_default().len().bake(image));
        self.text.bake(image);
    }

    fn read(image: &mut Image<'_>) -> Self {
        let count = usize::read(image);
        let mut end: usize = 0;
        let ends = image.items(count, |image| {
            end = end.saturating_add(usize::read(image));
            end
        });
        let text = String::read(image);
        if end != text.len() {
            image.damage();
        }
        Texts { text, ends }
    }
}

/// How much of a text was read that values are read from, in bytes, and how much is still to come: what
/// there is of the values so far tells how many there will be. Memory that grows by doubling leaves holes
/// behind which are as large as itself, and WebAssembly gives none back.
#[derive(Clone, Copy)]
pub(crate) struct Rest {
    pub(crate) read: usize,
    /// The next piece.
    pub(crate) next: usize,
    /// That and all others.
    pub(crate) to_come: usize,
}

impl Rest {
    pub(crate) fn make_room<T>(self, values: &mut Vec<T>) {
        if self.needs_room(values.len(), values.capacity()) {
            values.reserve_exact(self.expected(values.len(), self.to_come));
        }
    }

    fn needs_room(self, length: usize, capacity: usize) -> bool {
        capacity - length < self.expected(length, self.next)
    }

    /// How much more there will be after as many bytes, and a little to spare.
    fn expected(self, length: usize, bytes: usize) -> usize {
        // Of 64 bits, because the product is beyond a `usize` of WebAssembly's.
        let [length, bytes, read] = [length, bytes, self.read].map(|count| u64::try_from(count).unwrap_or(u64::MAX));
        let expected = length.saturating_mul(bytes) / read.max(1);
        usize::try_from(expected.saturating_add(expected / 16)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baked::tests as image;

    #[test]
    fn expects_more_of_the_same() {
        let rest = Rest { read: 64_000, next: 64_000, to_come: 9_000_000 };
        assert_eq!(rest.expected(16_000, rest.to_come), 2_250_000 + 140_625);
        assert!(rest.expected(6_000_000, 4_000_000_000) > 0);
        let mut values = vec![0_u8; 1000];
        rest.make_room(&mut values);
        assert!((141_000..160_000).contains(&values.capacity()), "{}", values.capacity());
        let capacity = values.capacity();
        rest.make_room(&mut values);
        assert_eq!(values.capacity(), capacity);
    }

    #[test]
    fn is_read_where_the_lengths_are_those_of_the_text() {
        assert_eq!(image::read::<Texts>(b"\x02\x01\x00\x01a").unwrap().get(0), Some("a"));
        for image in [&b"\x02\x01\x00\x02ab"[..], b"\x02\x01\x01\x01a", b"\x03\x01\x00\x01a"] {
            assert!(image::read::<Texts>(image).is_none(), "{image:?}");
        }
    }

    #[test]
    fn takes_an_empty_text_for_one() {
        let mut texts = Texts::default();
        ["", "a", ""].into_iter().for_each(|text| texts.push(text));
        assert_eq!([texts.get(0), texts.get(1), texts.get(2), texts.get(3)], [Some(""), Some("a"), Some(""), None]);
    }
}
