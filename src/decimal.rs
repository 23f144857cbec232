//! Decimal digits, written and read without the standard library's formatting and errors.

/// Appends a number without leading zeros.
pub(crate) fn push(number: u64, out: &mut String) {
    push_padded(number, 1, out);
}

/// Appends a number of at least `width` digits, with leading zeros.
pub(crate) fn push_padded(number: u64, width: usize, out: &mut String) {
    if width > 1 || number > 9 {
        push_padded(number / 10, width.saturating_sub(1), out);
    }
    out.push(digit(number % 10));
}

/// The number without leading zeros.
pub(crate) fn text(number: u64) -> String {
    let mut out = String::new();
    push(number, &mut out);
    out
}

/// Decimal digits and nothing else, not too many for the type; 0 for none.
#[inline(never)]
pub(crate) fn number(digits: &[u8]) -> Option<i64> {
    if digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0, |number: i64, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then_some(number * 10 + i64::from(digit))
    })
}

fn digit(value: u64) -> char {
    u32::try_from(value).ok().and_then(|value| char::from_digit(value, 10)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn writes_what_the_standard_library_does(number in any::<u64>(), width in 1_usize..12) {
            prop_assert_eq!(text(number), number.to_string());
            let mut padded = String::new();
            push_padded(number % 100_000, width, &mut padded);
            prop_assert_eq!(padded, format!("{:0width$}", number % 100_000));
        }

        #[test]
        fn reads_up_to_eighteen_digits(text in "[0-9]{1,20}|[0-9+ -]{1,3}|.{1,3}") {
            let digits = text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
            prop_assert_eq!(number(text.as_bytes()), text.parse().ok().filter(|_| digits));
        }
    }
}
