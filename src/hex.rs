//! Hexadecimal digits.

/// Lower-case digits.
pub(crate) fn lower(bytes: &[u8]) -> String {
    digits(bytes, b'a', 2)
}

/// Upper-case digits.
pub(crate) fn upper(bytes: &[u8]) -> String {
    digits(bytes, b'A', 2)
}

/// Upper-case digits, a space after each byte's, as OSS writes them.
pub(crate) fn spaced(bytes: &[u8]) -> String {
    digits(bytes, b'A', 3)
}

#[inline(never)]
fn digits(bytes: &[u8], ten: u8, width: usize) -> String {
    let mut text = vec![b' '; bytes.len() * width];
    for (byte, place) in bytes.iter().zip(text.chunks_mut(width)) {
        // Without a table or a branch, so that it takes the same time for all bytes: the term of six is 1 from ten on.
        let digit = |value: u8| b'0' + value + ((value + 6) >> 4) * (ten - b'0' - 10);
        if let [high, low, ..] = place {
            (*high, *low) = (digit(byte >> 4), digit(byte & 0xf));
        }
    }
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_two_digits_a_byte() {
        let bytes: Vec<u8> = (0..=255).collect();
        let formatted = |write: fn(&u8) -> String| bytes.iter().map(write).collect::<String>();
        assert_eq!(lower(&bytes), formatted(|byte| format!("{byte:02x}")));
        assert_eq!(upper(&bytes), formatted(|byte| format!("{byte:02X}")));
        assert_eq!(spaced(&bytes), formatted(|byte| format!("{byte:02X} ")));
    }
}
