//! Which kinds of characters a text has. What names, ids and paths are made of is asked of one table, compiled once: most
//! are too short to gain from comparing many bytes at a time, which would be compiled for every set.

/// Kinds of characters: a bit each, of which none is left. A text has all that one of its bytes is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Characters(u16);

impl Characters {
    pub(crate) const DIGITS: Self = Characters(1);
    pub(crate) const LOWER_CASE: Self = Characters(1 << 1);
    pub(crate) const UPPER_CASE: Self = Characters(1 << 2);
    pub(crate) const HYPHEN: Self = Characters(1 << 3);
    pub(crate) const UNDERSCORE: Self = Characters(1 << 4);
    pub(crate) const SLASH: Self = Characters(1 << 5);
    pub(crate) const COLON: Self = Characters(1 << 6);
    pub(crate) const COMMA: Self = Characters(1 << 7);
    pub(crate) const SPACE: Self = Characters(1 << 8);
    pub(crate) const TAB: Self = Characters(1 << 9);
    /// `.` and `~`, which are unreserved like letters, digits, hyphen and underscore (RFC 3986 section 2.3).
    const DOT_TILDE: Self = Characters(1 << 10);
    /// What a token may have besides those that are unreserved (RFC 9110 section 5.6.2).
    const OTHER_OF_TOKENS: Self = Characters(1 << 11);
    const OTHER_VISIBLE: Self = Characters(1 << 12);
    /// Those of ASCII.
    pub(crate) const CONTROLS_BUT_TAB: Self = Characters(1 << 13);
    pub(crate) const BEYOND_ASCII: Self = Characters(1 << 14);
    pub(crate) const QUESTION_MARK: Self = Characters(1 << 15);

    pub(crate) const LETTERS: Self = Self::LOWER_CASE.or(Self::UPPER_CASE);
    pub(crate) const UNRESERVED: Self =
        Self::LETTERS.or(Self::DIGITS).or(Self::HYPHEN).or(Self::UNDERSCORE).or(Self::DOT_TILDE);
    pub(crate) const OF_TOKENS: Self = Self::UNRESERVED.or(Self::OTHER_OF_TOKENS);
    /// The visible ones of ASCII that no signature scheme delimits an access key's id with.
    pub(crate) const OF_ACCESS_KEY_IDS: Self = Self::OF_TOKENS.or(Self::QUESTION_MARK).or(Self::OTHER_VISIBLE);
    /// `!` to `~`.
    pub(crate) const VISIBLE: Self = Self::OF_ACCESS_KEY_IDS.or(Self::SLASH).or(Self::COLON).or(Self::COMMA);

    /// Those of a text.
    #[inline(never)]
    pub(crate) fn of(text: &str) -> Self {
        let (chunks, rest) = text.as_bytes().as_chunks();
        let of_chunks = chunks
            .iter()
            .fold(0, |all, [one, two, three, four]| all | kind(*one) | kind(*two) | kind(*three) | kind(*four));
        Characters(rest.iter().fold(of_chunks, |all, byte| all | kind(*byte)))
    }

    /// That of a byte.
    pub(crate) fn of_byte(byte: u8) -> Self {
        Characters(kind(byte))
    }

    /// Whether there are no others than these.
    pub(crate) fn are_among(self, allowed: Self) -> bool {
        self.0 & !allowed.0 == 0
    }

    /// Whether there are some of these.
    pub(crate) fn have(self, some: Self) -> bool {
        self.0 & some.0 != 0
    }

    /// These and others, in a constant.
    pub(crate) const fn or(self, others: Self) -> Self {
        Characters(self.0 | others.0)
    }
}

/// The kind of each byte.
#[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "a constant that is out of bounds doesn't compile")]
static KINDS: [u16; 256] = {
    let mut kinds = [Characters::BEYOND_ASCII.0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        let kind = match byte {
            b'0'..=b'9' => Characters::DIGITS,
            b'a'..=b'z' => Characters::LOWER_CASE,
            b'A'..=b'Z' => Characters::UPPER_CASE,
            b'-' => Characters::HYPHEN,
            b'_' => Characters::UNDERSCORE,
            b'/' => Characters::SLASH,
            b':' => Characters::COLON,
            b',' => Characters::COMMA,
            b' ' => Characters::SPACE,
            b'\t' => Characters::TAB,
            b'?' => Characters::QUESTION_MARK,
            b'.' | b'~' => Characters::DOT_TILDE,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'^' | b'`' | b'|' => Characters::OTHER_OF_TOKENS,
            b'!'..=b'~' => Characters::OTHER_VISIBLE,
            _ => Characters::CONTROLS_BUT_TAB,
        };
        kinds[byte as usize] = kind.0;
        byte += 1;
    }
    kinds
};

fn kind(byte: u8) -> u16 {
    KINDS.get(usize::from(byte)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_each_byte_in_its_kind_alone() {
        for (kind, bytes) in [
            (Characters::DIGITS, "0123456789"),
            (Characters::LOWER_CASE, "abcdefghijklmnopqrstuvwxyz"),
            (Characters::UPPER_CASE, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            (Characters::HYPHEN, "-"),
            (Characters::UNDERSCORE, "_"),
            (Characters::SLASH, "/"),
            (Characters::COLON, ":"),
            (Characters::COMMA, ","),
            (Characters::SPACE, " "),
            (Characters::TAB, "\t"),
            (Characters::QUESTION_MARK, "?"),
        ] {
            for byte in 0..=u8::MAX {
                assert_eq!(Characters::of_byte(byte) == kind, bytes.as_bytes().contains(&byte), "{bytes} {byte}");
            }
        }
        for byte in 0..=u8::MAX {
            let Characters(bits) = Characters::of_byte(byte);
            assert_eq!(bits.count_ones(), 1, "{byte}");
            let is_control = byte.is_ascii_control() && byte != b'\t';
            assert_eq!(Characters::of_byte(byte) == Characters::CONTROLS_BUT_TAB, is_control, "{byte}");
            assert_eq!(Characters::of_byte(byte) == Characters::BEYOND_ASCII, !byte.is_ascii(), "{byte}");
        }
    }

    #[test]
    fn has_each_byte_in_the_sets_that_have_it() {
        for byte in 0..=u8::MAX {
            let is = |set| Characters::of_byte(byte).are_among(set);
            assert_eq!(is(Characters::VISIBLE), byte.is_ascii_graphic(), "{byte}");
            assert_eq!(is(Characters::LETTERS), byte.is_ascii_alphabetic(), "{byte}");
            let is_unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            assert_eq!(is(Characters::UNRESERVED), is_unreserved, "{byte}");
            let is_of_tokens = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            assert_eq!(is(Characters::OF_TOKENS), is_of_tokens, "{byte}");
            let is_of_ids = byte.is_ascii_graphic() && !b":/,".contains(&byte);
            assert_eq!(is(Characters::OF_ACCESS_KEY_IDS), is_of_ids, "{byte}");
        }
    }

    #[test]
    fn has_the_kinds_of_all_bytes_of_a_text() {
        let long = &*"a".repeat(21);
        for place in 0..=21 {
            let (before, after) = long.split_at(place);
            let text = [before, "/é", after].concat();
            let expected = Characters::LOWER_CASE.or(Characters::SLASH).or(Characters::BEYOND_ASCII);
            assert_eq!(Characters::of(&text), expected, "{text}");
            assert!(!expected.are_among(Characters::VISIBLE) && expected.have(Characters::SLASH));
        }
        assert!(Characters::of("").are_among(Characters(0)));
    }
}
