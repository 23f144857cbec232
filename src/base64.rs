//! Base64 (RFC 4648), one copy of it for both alphabets. What is encoded and decoded here is no secret: a signature
//! that was presented, a request, an error document.

/// The digits, and whether padding fills the last group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// `+` and `/`, with padding (section 4).
    Standard,
    /// `-` and `_`, without (section 5).
    Url,
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl Alphabet {
    /// What `bytes` are encoded as.
    #[inline(never)]
    pub(crate) fn encode(self, bytes: &[u8]) -> String {
        let digits = if self == Alphabet::Standard { STANDARD } else { URL };
        let digit =
            |value: u32| digits.get(usize::try_from(value & 63).unwrap_or_default()).copied().unwrap_or_default();
        let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
        for group in bytes.chunks(3) {
            let byte = |place: usize| group.get(place).copied().unwrap_or_default();
            let word = u32::from_be_bytes([0, byte(0), byte(1), byte(2)]);
            text.extend_from_slice(&[digit(word >> 18), digit(word >> 12), digit(word >> 6), digit(word)]);
        }
        // The last group lacks as many digits as it lacks bytes.
        let lacking = (3 - bytes.len() % 3) % 3;
        text.truncate(text.len() - lacking);
        if self == Alphabet::Standard {
            text.resize(text.len() + lacking, b'=');
        }
        String::from_utf8(text).unwrap_or_default()
    }

    /// Writes what `text` decodes to at the beginning of `out`, and gives its length; `None` where the text isn't
    /// what [`encode`](Self::encode) makes of any bytes, or `out` is too short.
    #[inline(never)]
    pub(crate) fn decode(self, text: &str, out: &mut [u8]) -> Option<usize> {
        let mut digits = text;
        if self == Alphabet::Standard {
            if !text.len().is_multiple_of(4) {
                return None;
            }
            digits = text.strip_suffix('=').unwrap_or(text);
            digits = digits.strip_suffix('=').unwrap_or(digits);
        }
        let mut length = 0;
        for group in digits.as_bytes().chunks(4) {
            let mut word = 0;
            for digit in group {
                word = word << 6 | self.value(*digit)?;
            }
            // Left over are bits of the last digit, which must not be set, or the whole of a lone digit.
            let (bits, bytes) = (group.len() * 6, group.len() * 6 / 8);
            let left_over = bits - bytes * 8;
            if left_over == 6 || word & ((1 << left_over) - 1) != 0 {
                return None;
            }
            let [_, decoded @ ..] = (word << (24 - bits)).to_be_bytes();
            let slots = out.get_mut(length..length + bytes)?;
            slots.iter_mut().zip(decoded).for_each(|(slot, byte)| *slot = byte);
            length += bytes;
        }
        Some(length)
    }

    fn value(self, digit: u8) -> Option<u32> {
        let value = match (digit, self) {
            (b'A'..=b'Z', _) => digit - b'A',
            (b'a'..=b'z', _) => digit - b'a' + 26,
            (b'0'..=b'9', _) => digit - b'0' + 52,
            (b'+', Alphabet::Standard) | (b'-', Alphabet::Url) => 62,
            (b'/', Alphabet::Standard) | (b'_', Alphabet::Url) => 63,
            _ => return None,
        };
        Some(u32::from(value))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn decoded(alphabet: Alphabet, text: &str) -> Option<Vec<u8>> {
        let mut bytes = vec![0; text.len()];
        let length = alphabet.decode(text, &mut bytes)?;
        bytes.truncate(length);
        Some(bytes)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn writes_what_the_crate_does(bytes in proptest::collection::vec(any::<u8>(), 0..50)) {
            let (standard, url) = (Alphabet::Standard.encode(&bytes), Alphabet::Url.encode(&bytes));
            prop_assert_eq!(&standard, &BASE64_STANDARD.encode(&bytes));
            prop_assert_eq!(&url, &BASE64_URL_SAFE_NO_PAD.encode(&bytes));
            prop_assert_eq!(decoded(Alphabet::Standard, &standard), Some(bytes.clone()));
            prop_assert_eq!(decoded(Alphabet::Url, &url), Some(bytes));
        }

        #[test]
        fn reads_what_the_crate_does_and_nothing_else(text in "[AQgwZz09+/_=-]{0,9}|[A-Za-z0-9+/]{0,8}={0,4}|[ -~é]{0,8}") {
            prop_assert_eq!(decoded(Alphabet::Standard, &text), BASE64_STANDARD.decode(&text).ok());
            prop_assert_eq!(decoded(Alphabet::Url, &text), BASE64_URL_SAFE_NO_PAD.decode(&text).ok());
        }
    }

    #[test]
    fn writes_no_more_than_there_is_room_for() {
        let mut out = [0; 3];
        assert_eq!(Alphabet::Standard.decode("AAAA", &mut out), Some(3));
        assert_eq!(Alphabet::Standard.decode("AAAAAA==", &mut out), None);
    }
}
