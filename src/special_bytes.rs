//! The bytes of a text that aren't printable ASCII's usual company, found eight at a time.

/// The places of all control characters in a text, and of some bytes that are none: who asks looks at the
/// byte. Every request's every byte passes here.
pub(crate) struct SpecialBytes<'t> {
    bytes: &'t [u8],
    /// Where the word after the one of `found` begins.
    next: usize,
    /// The highest bits of the bytes that are left of a word.
    found: u64,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHEST: u64 = ONES << 7;

impl<'t> SpecialBytes<'t> {
    pub(crate) fn new(bytes: &'t [u8]) -> Self {
        SpecialBytes { bytes, next: 0, found: 0 }
    }

    /// A place, and the byte there, from the first to the last.
    pub(crate) fn next(&mut self) -> Option<(usize, u8)> {
        while self.found == 0 {
            self.found = special(self.word()?);
            self.next += 8;
        }
        let byte = usize::try_from(self.found.trailing_zeros() / 8).ok()?;
        self.found &= self.found - 1;
        let place = self.next - 8 + byte;
        self.bytes.get(place).map(|byte| (place, *byte))
    }

    /// The next eight bytes, the first of them lowest. What a text's last word lacks is filled with spaces.
    fn word(&self) -> Option<u64> {
        let rest = self.bytes.get(self.next..)?;
        if let Some(word) = rest.first_chunk() {
            return Some(u64::from_le_bytes(*word));
        }
        let filled = rest.iter().rev().fold(ONES * u64::from(b' '), |word, byte| word << 8 | u64::from(*byte));
        (!rest.is_empty()).then_some(filled)
    }
}

/// The highest bit of every byte below a space or equal to DEL; a borrow may set it for a byte behind one
/// of these as well.
fn special(word: u64) -> u64 {
    let below_space = word.wrapping_sub(ONES * u64::from(b' ')) & !word;
    let no_del = word ^ (ONES * 0x7f);
    let del = no_del.wrapping_sub(ONES) & !no_del;
    (below_space | del) & HIGHEST
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_every_control_character(bytes in proptest::collection::vec(
            prop_oneof![Just(0_u8), Just(b' '), Just(0x1f), Just(0x7f), Just(0x80), Just(b'!'), any::<u8>()], 0..40,
        )) {
            let mut special = SpecialBytes::new(&bytes);
            let found: Vec<_> = std::iter::from_fn(|| special.next()).collect();
            prop_assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0));
            prop_assert!(found.iter().all(|(place, byte)| bytes[*place] == *byte));
            let controls: Vec<_> = found.into_iter().filter(|(_, byte)| byte.is_ascii_control()).collect();
            let expected: Vec<_> = bytes.iter().copied().enumerate().filter(|(_, byte)| byte.is_ascii_control()).collect();
            prop_assert_eq!(controls, expected);
        }
    }
}
