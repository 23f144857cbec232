//! Texts that one byte of ASCII separates into parts. The standard library's searches bring code of their own to every
//! place that calls them; this is compiled once.

/// The parts of a text, as `str::split` gives them.
pub(crate) fn parts(text: &str, separator: u8) -> Parts<'_> {
    Parts { rest: Some(text), separator }
}

pub(crate) struct Parts<'t> {
    rest: Option<&'t str>,
    separator: u8,
}

impl<'t> Iterator for Parts<'t> {
    type Item = &'t str;

    #[inline(never)]
    fn next(&mut self) -> Option<&'t str> {
        let (part, rest) = cut(self.rest?, self.separator);
        self.rest = rest;
        Some(part)
    }
}

/// Whether a text has this byte, one of ASCII.
pub(crate) fn has(text: &str, byte: u8) -> bool {
    cut(text, byte).1.is_some()
}

/// What a text has before its first separator, and what follows; where it has none, all of it.
#[inline(never)]
pub(crate) fn cut(text: &str, separator: u8) -> (&str, Option<&str>) {
    // Many bytes at a time, as far as they have none.
    let (chunks, _) = text.as_bytes().as_chunks::<16>();
    let has_none = |chunk: &&[u8; 16]| chunk.iter().fold(true, |none, byte| none & (*byte != separator));
    let clear = chunks.iter().take_while(has_none).count() * 16;
    let end = clear + text.bytes().skip(clear).take_while(|byte| *byte != separator).count();
    match text.split_at_checked(end) {
        Some((part, rest)) => (part, rest.get(1..)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn gives_what_the_standard_library_does(text in "[a,é]{0,8}") {
            prop_assert_eq!(parts(&text, b',').collect::<Vec<_>>(), text.split(',').collect::<Vec<_>>());
            let expected = text.split_once(',').map_or((&*text, None), |(part, rest)| (part, Some(rest)));
            prop_assert_eq!(cut(&text, b','), expected);
        }
    }
}
