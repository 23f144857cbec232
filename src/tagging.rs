//! Object tags, from OSS's header to S3's.

use crate::percent_encoding;
use crate::query::Query;
use crate::texts::push;

/// OSS and S3 alike: ten tags to an object, keys of 128 characters, values of 256 (OSS, "Object
/// tagging"; Amazon S3 User Guide, "Categorizing your objects using tags").
const MAX_TAGS: usize = 10;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;

/// The value of `x-amz-tagging` for one of `x-oss-tagging`: `key=value` pairs joined by `&`, each part
/// decoded once and encoded anew. A `+` is a space: Go v1 writes `url.QueryEscape`, and every SDK
/// writes a plus as `%2B`. `None` unless all of it is what both services take, as far as this knows:
/// letters of other scripts than ASCII's are S3's to tell from other characters.
pub(crate) fn to_s3(oss: &str) -> Option<String> {
    let spaced = percent_encoding::with_spaces(oss);
    // Tags are written as a query is.
    let tags = Query::parse(&spaced).ok()?;
    let fit = tags.iter().all(|(key, value)| fits(key, MAX_KEY) && fits(value, MAX_VALUE));
    if !fit || !(1..=MAX_TAGS).contains(&tags.iter().count()) {
        return None;
    }
    let mut s3 = String::with_capacity(oss.len());
    let mut separator = "";
    for (key, value) in tags.iter() {
        push(&[separator], &mut s3);
        percent_encoding::encode_value(key, &mut s3);
        push(&["="], &mut s3);
        percent_encoding::encode_value(value, &mut s3);
        separator = "&";
    }
    Some(s3)
}

/// Letters, digits, spaces and `+ - = . _ : / @`, so many at most; beyond ASCII any character but the controls. S3
/// refuses those that are neither a letter nor a digit, and tables of which are would take three kilobytes.
fn fits(text: &str, max: usize) -> bool {
    let mut count = 0;
    text.chars().all(|character| {
        count += 1;
        count <= max && is_allowed(character)
    })
}

fn is_allowed(character: char) -> bool {
    matches!(character, ' ' | '+' | '-' | '=' | '.' | '_' | ':' | '/' | '@' | '\u{a0}'..)
        || character.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_characters_and_takes_what_both_services_do(text in "[a +=._:/@é日;&~\u{0}-]{0,6}|.{0,6}", max in 0_usize..6) {
            let allowed = |character: char| match character.is_ascii() {
                true => character.is_alphanumeric() || " +-=._:/@".contains(character),
                false => !character.is_control(),
            };
            prop_assert_eq!(fits(&text, max), text.chars().count() <= max && text.chars().all(allowed));
        }
    }

    #[test]
    fn decodes_once_and_encodes_as_s3_reads_it() {
        for (oss, s3) in [
            ("a=b", "a=b"),
            ("a=b&c=d", "a=b&c=d"),
            ("a", "a="),
            ("a=", "a="),
            ("a+b=c%20d", "a%20b=c%20d"),
            ("a=b%2Bc", "a=b%2Bc"),
            ("%E8%AE%BE=%E5%A4%87", "%E8%AE%BE=%E5%A4%87"),
            ("a=b=c", "a=b%3Dc"),
            ("a/b:c@d=e", "a%2Fb%3Ac%40d=e"),
        ] {
            assert_eq!(to_s3(oss).as_deref(), Some(s3), "{oss}");
        }
    }

    #[test]
    fn refuses_what_either_service_does_not_take() {
        let eleven = (0..11).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join("&");
        let (long_key, long_value) = ("k".repeat(129), format!("k={}", "v".repeat(257)));
        for oss in ["", "=v", "a=1&a=2", "a=1&%61=2", "a=1&", "a=%", "a=%ff", "a=%00", "a=%26", "a=b;c", &eleven] {
            assert_eq!(to_s3(oss), None, "{oss}");
        }
        assert_eq!((to_s3(&long_key), to_s3(&long_value)), (None, None));
        assert!(to_s3(eleven.trim_end_matches("&k10=v")).is_some());
    }
}
