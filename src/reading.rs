//! The readings of one wire form: what some SDKs sign differs where others' doesn't, and the reading
//! that verifies is what the client meant.

use std::cmp::Ordering;

use crate::presented_signature::PresentedSignature;
use crate::request_view::RequestView;

/// One way to read a request. The list of them is short, ordered, and only as long as the request's
/// own form allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) path_plus: PathPlus,
    pub(crate) header_order: HeaderOrder,
}

/// What a raw `+` in the path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathPlus {
    /// A plus: RFC 3986, and every SDK but one.
    Plus,
    /// A space: the Ruby SDK writes paths with CGI.escape, and signs the space (version 1 only).
    Space,
}

/// In what order the `x-oss-*` headers were signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum HeaderOrder {
    /// Byte order: OSS's rule, and every SDK but one.
    #[default]
    Bytes,
    /// `x-oss-meta-a2` before `x-oss-meta-a10`: the C SDK sorts with `apr_strnatcasecmp`.
    Natural,
    /// `x-oss-meta-a-b:` before `x-oss-meta-a:`: early releases of Java v2 sort whole lines.
    Lines,
}

impl HeaderOrder {
    /// Compares two names, in lower case.
    pub(crate) fn compare(self, one: &str, other: &str) -> Ordering {
        match self {
            HeaderOrder::Bytes => one.cmp(other),
            HeaderOrder::Natural => natural_order(one, other),
            HeaderOrder::Lines => {
                let (one, other) = (one.as_bytes(), other.as_bytes());
                let common = one.len().min(other.len());
                let following = |name: &[u8]| name.get(common).copied().unwrap_or(b':');
                one.get(..common).cmp(&other.get(..common)).then_with(|| following(one).cmp(&following(other)))
            }
        }
    }
}

/// Every reading, the likeliest first.
const ALL: [Reading; 6] = {
    const fn reading(path_plus: PathPlus, header_order: HeaderOrder) -> Reading {
        Reading { path_plus, header_order }
    }
    [
        reading(PathPlus::Plus, HeaderOrder::Bytes),
        reading(PathPlus::Plus, HeaderOrder::Natural),
        reading(PathPlus::Plus, HeaderOrder::Lines),
        reading(PathPlus::Space, HeaderOrder::Bytes),
        reading(PathPlus::Space, HeaderOrder::Natural),
        reading(PathPlus::Space, HeaderOrder::Lines),
    ]
};

impl Reading {
    /// The readings of a request, the likeliest first; at most six.
    pub(crate) fn of_request(
        request: &RequestView<'_>,
        presented: &PresentedSignature<'_>,
        oss_headers: &[(&str, &str)],
    ) -> impl Iterator<Item = Reading> {
        // The first reading is nearly always the last one that is asked for.
        let spaces =
            move || matches!(presented, PresentedSignature::V1(_)) && request.uri.bytes().any(|byte| byte == b'+');
        let differs = move |order: HeaderOrder| {
            let mut neighbours = oss_headers.iter().zip(oss_headers.iter().skip(1));
            neighbours.any(|((name, _), (next, _))| order.compare(name, next) == Ordering::Greater)
        };
        ALL.into_iter().filter(move |reading| {
            (reading.header_order == HeaderOrder::Bytes || differs(reading.header_order))
                && (reading.path_plus == PathPlus::Plus || spaces())
        })
    }
}

/// `apr_strnatcasecmp` over lower-case header names, which have no blanks: runs of digits compare as
/// numbers, or digit by digit where one begins with a zero; letters as capitals, so before `_`. Each
/// byte is looked at twice at most.
fn natural_order(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    loop {
        match (one, other) {
            ([], []) => return Ordering::Equal,
            ([], _) => return Ordering::Less,
            (_, []) => return Ordering::Greater,
            ([a, ..], [b, ..]) if a.is_ascii_digit() && b.is_ascii_digit() => {
                let ((run, rest), (other_run, other_rest)) = (split_digits(one), split_digits(other));
                let is_fraction = *a == b'0' || *b == b'0';
                // Of two numbers the longer is greater, else the first different digit decides; of two
                // fractions the first different digit decides, else the longer is greater.
                let by_length = if is_fraction { Ordering::Equal } else { run.len().cmp(&other_run.len()) };
                let order = by_length.then_with(|| run.cmp(other_run));
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
    }

    #[test]
    fn sorts_as_the_c_sdk_does() {
        let mut names = ["x-a10", "x-a2", "x-a", "x-a-b", "x-a02", "x-a1", "x-b", "x-a100", "x-a_", "x-ab"];
        names.sort_by(|one, other| natural_order(one, other));
        assert_eq!(names, ["x-a", "x-a-b", "x-a02", "x-a1", "x-a2", "x-a10", "x-a100", "x-ab", "x-a_", "x-b"]);
    }

    #[test]
    fn reads_only_what_the_form_allows() {
        let count = |uri: &str, authorization: &str, headers: &[(&str, &str)]| {
            let flat = format!("1\0id\0PUT\0{uri}\0\0authorization\0{authorization}");
            let request = RequestView::parse(&flat).unwrap();
            let query = crate::Query::parse("").unwrap();
            let all = [crate::Scheme::V1Header, crate::Scheme::V4Header];
            let presented = PresentedSignature::from_request(&request, &query, &all).ok().unwrap();
            Reading::of_request(&request, &presented, headers).count()
        };
        let v4 = "OSS4-HMAC-SHA256 Credential=ak/20261124/r/oss/aliyun_v4_request,Signature=00";
        let numbered = [("x-oss-meta-a10", "1"), ("x-oss-meta-a2", "2")];
        assert_eq!(count("/a%2B", "OSS ak:c2ln", &numbered[..1]), 1);
        assert_eq!(count("/a+b", "OSS ak:c2ln", &numbered[..1]), 2);
        assert_eq!(count("/a", "OSS ak:c2ln", &numbered), 2);
        assert_eq!(count("/a+b", "OSS ak:c2ln", &numbered), 4);
        assert_eq!(count("/a+b", v4, &numbered), 2);
        let prefixed = [("x-oss-meta-a", "1"), ("x-oss-meta-a-b", "2")];
        assert_eq!(count("/a", "OSS ak:c2ln", &prefixed), 2);
        let both = [("x-oss-meta-a", "1"), ("x-oss-meta-a-b", "2"), ("x-oss-meta-a10", "1"), ("x-oss-meta-a2", "2")];
        assert_eq!(count("/a+b", "OSS ak:c2ln", &both), 6);
    }
}
