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

    /// Writes what `text` decodes to at the beginning of `out`, and gives its length; `None` where the text isn't what
    /// [`encode`](Self::encode) makes of any bytes, or `out` lacks room for three bytes a group of four digits, the
    /// last and shorter one included.
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
        let (groups, last) = digits.as_bytes().as_chunks();
        let padded = match *last {
            [] => None,
            [one, two] => Some([one, two, ZERO, ZERO]),
            [one, two, three] => Some([one, two, three, ZERO]),
            _ => return None,
        };
        let mut kinds = 0;
        let mut slots = out.as_chunks_mut().0.iter_mut();
        for group in groups.iter().chain(&padded) {
            // Without a branch a digit: nothing foretells the digits of a signature.
            let bits = group.iter().fold(0, |bits, digit| {
                let value = value(*digit);
                kinds |= value;
                bits << 6 | u32::from(value & 63)
            });
            let [_, bytes @ ..] = bits.to_be_bytes();
            *slots.next()? = bytes;
        }
        // What the last digits have beyond whole bytes must not be set.
        let length = digits.len() * 6 / 8;
        if out.get(length..length.next_multiple_of(3))?.iter().any(|byte| *byte != 0) {
            return None;
        }
        let foreign = if self == Alphabet::Standard { URL_ONLY } else { STANDARD_ONLY };
        if kinds & foreign == 0 { Some(length) } else { None }
    }
}

/// The digit of no bits, in both alphabets.
const ZERO: u8 = b'A';

/// Beside the value of a digit that the other alphabet doesn't have. A byte that is no digit has both.
const STANDARD_ONLY: u8 = 64;
const URL_ONLY: u8 = 128;

/// The value of each digit.
#[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "a constant that is out of bounds doesn't compile")]
const VALUES: [u8; 256] = {
    let mut values = [STANDARD_ONLY | URL_ONLY; 256];
    let mut value = 0_u8;
    while value < 64 {
        let (standard, url) = (STANDARD[value as usize], URL[value as usize]);
        values[standard as usize] = value | STANDARD_ONLY;
        values[url as usize] = value | URL_ONLY;
        if standard == url {
            values[url as usize] = value;
        }
        value += 1;
    }
    values
};

fn value(digit: u8) -> u8 {
    VALUES.get(usize::from(digit)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn decoded(alphabet: Alphabet, text: &str) -> Option<Vec<u8>> {
        let mut bytes = vec![0; text.len().div_ceil(4) * 3];
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
        assert_eq!(Alphabet::Standard.decode("AA==", &mut out), Some(1));
        assert_eq!(Alphabet::Standard.decode("AA==", &mut [0; 2]), None);
        assert_eq!(Alphabet::Standard.decode("AAAAAA==", &mut [0; 5]), None);
    }

    #[test]
    fn reads_whatever_was_in_its_place() {
        let mut out = [0xff; 9];
        assert_eq!(Alphabet::Standard.decode("AAAAAA==", &mut out), Some(4));
        assert_eq!(out, [0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff]);
        assert_eq!(Alphabet::Standard.decode("AAAAAB==", &mut out), None);
    }
}
