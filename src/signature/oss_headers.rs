//! The `x-oss-*` headers as both signature versions sign them.

use std::cmp::Ordering;
use std::fmt;

/// The order in which a client signed the `x-oss-*` headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderOrder {
    /// Byte order: OSS's rule, which all SDKs but two follow.
    Bytes,
    /// `x-oss-meta-a2` before `x-oss-meta-a10`: the C SDK sorts with `apr_strnatcasecmp`.
    Natural,
    /// `x-oss-meta-a-b:` before `x-oss-meta-a:`: early releases of Java v2 sort whole lines.
    Lines,
}

impl HeaderOrder {
    /// Sorts headers, whose names are in lower case.
    pub(crate) fn sort(self, headers: &mut [(&str, &str)]) {
        headers.sort_by(|(one, _), (other, _)| self.compare(one, other));
    }

    fn compare(self, one: &str, other: &str) -> Ordering {
        match self {
            HeaderOrder::Bytes => one.cmp(other),
            HeaderOrder::Natural => natural_order(one, other),
            HeaderOrder::Lines => one.bytes().chain([b':']).cmp(other.bytes().chain([b':'])),
        }
    }
}

/// `apr_strnatcasecmp` over lower-case header names, which have no blanks: runs of digits compare as numbers, or
/// digit by digit where one begins with a zero; letters compare as capitals, so before `_`.
fn natural_order(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    loop {
        match (one, other) {
            ([], []) => return Ordering::Equal,
            ([], _) => return Ordering::Less,
            (_, []) => return Ordering::Greater,
            ([a, ..], [b, ..]) if a.is_ascii_digit() && b.is_ascii_digit() => {
                let ((digits, rest), (other_digits, other_rest)) = (split_digits(one), split_digits(other));
                let is_fraction = *a == b'0' || *b == b'0';
                // Of two numbers the longer is greater, else the first different digit decides; of two fractions
                // the first different digit decides, else the longer is greater.
                let by_length = if is_fraction { Ordering::Equal } else { digits.len().cmp(&other_digits.len()) };
                let order = by_length.then_with(|| digits.cmp(other_digits));
                if order != Ordering::Equal {
                    return order;
                }
                (one, other) = (rest, other_rest);
            }
            ([a, rest @ ..], [b, other_rest @ ..]) => {
                if a != b {
                    return a.to_ascii_uppercase().cmp(&b.to_ascii_uppercase());
                }
                (one, other) = (rest, other_rest);
            }
        }
    }
}

/// The digits that a text begins with, and the rest.
fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at(digits)
}

/// CanonicalizedOSSHeaders: lower-case names, trimmed values, a line `name:value` each. Its `Display` is the signed
/// text.
#[derive(Clone, PartialEq, Eq)]
pub struct CanonicalizedOssHeaders<'a> {
    headers: Vec<(&'a str, &'a str)>,
    order: HeaderOrder,
}

impl<'a> CanonicalizedOssHeaders<'a> {
    /// Takes the headers as [`HeaderMap::oss_headers`](crate::HeaderMap::oss_headers) returns them: lower-cased,
    /// sorted by name, each once.
    pub fn new(sorted: Vec<(&'a str, &'a str)>) -> Self {
        CanonicalizedOssHeaders { headers: sorted, order: HeaderOrder::Bytes }
    }

    /// The same headers in another order.
    pub(crate) fn sorted_by(&self, order: HeaderOrder) -> Self {
        let mut headers = self.headers.clone();
        order.sort(&mut headers);
        CanonicalizedOssHeaders { headers, order }
    }

    /// Whether another order gives another text.
    pub(crate) fn depends_on(&self, order: HeaderOrder) -> bool {
        !self.headers.is_sorted_by(|(one, _), (other, _)| order.compare(one, other) != Ordering::Greater)
    }

    pub(crate) fn order(&self) -> HeaderOrder {
        self.order
    }

    /// The headers in the order in which they are signed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.headers.iter().copied()
    }

    /// The value of a header.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

impl fmt::Debug for CanonicalizedOssHeaders<'_> {
    /// Prints the names only: a value may be a security token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

impl fmt::Display for CanonicalizedOssHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|(name, value)| writeln!(f, "{name}:{value}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As APR goes about it, which begins again at each digit of equal runs.
    fn byte_by_byte(one: &[u8], other: &[u8]) -> Ordering {
        let (Some((a, rest)), Some((b, other_rest))) = (one.split_first(), other.split_first()) else {
            return one.len().cmp(&other.len());
        };
        let digits = |text: &[u8]| text.iter().copied().take_while(u8::is_ascii_digit).collect::<Vec<_>>();
        let order = match (a.is_ascii_digit() && b.is_ascii_digit(), *a == b'0' || *b == b'0') {
            (false, _) => Ordering::Equal,
            (true, true) => digits(one).cmp(&digits(other)),
            (true, false) => digits(one).len().cmp(&digits(other).len()).then_with(|| digits(one).cmp(&digits(other))),
        };
        order
            .then_with(|| a.to_ascii_uppercase().cmp(&b.to_ascii_uppercase()))
            .then_with(|| byte_by_byte(rest, other_rest))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]

        #[test]
        fn compares_as_apr_does(one in "[ab_019-]{0,6}", other in "[ab_019-]{0,6}") {
            prop_assert_eq!(natural_order(&one, &other), byte_by_byte(one.as_bytes(), other.as_bytes()));
        }

        #[test]
        fn compares_lines_as_they_are_written(one in "[ab;:-]{0,4}", other in "[ab;:-]{0,4}") {
            let (one_line, other_line) = (format!("{one}:"), format!("{other}:"));
            prop_assert_eq!(HeaderOrder::Lines.compare(&one, &other), one_line.cmp(&other_line));
        }
    }

    #[test]
    fn sorts_as_the_c_sdk_does() {
        let mut names = ["x-a10", "x-a2", "x-a", "x-a-b", "x-a02", "x-a1", "x-b", "x-a100", "x-a_", "x-ab"];
        names.sort_by(|one, other| natural_order(one, other));
        assert_eq!(names, ["x-a", "x-a-b", "x-a02", "x-a1", "x-a2", "x-a10", "x-a100", "x-ab", "x-a_", "x-b"]);
    }

    #[test]
    fn depends_on_an_order_that_changes_the_text() {
        let headers = CanonicalizedOssHeaders::new(vec![("x-oss-meta-a10", "1"), ("x-oss-meta-a2", "2")]);
        assert!(headers.depends_on(HeaderOrder::Natural));
        assert!(!headers.depends_on(HeaderOrder::Lines) && !headers.depends_on(HeaderOrder::Bytes));
        let text = headers.sorted_by(HeaderOrder::Natural).to_string();
        assert_eq!(text, "x-oss-meta-a2:2\nx-oss-meta-a10:1\n");
    }
}
