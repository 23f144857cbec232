//! Translates object tags from OSS's header to S3's.

use crate::limits::{MAX_TAG_KEY_CHARS, MAX_TAG_VALUE_CHARS, MAX_TAGS};
use crate::request::percent_encoding::encode_parameter;
use crate::request::query::Query;

/// Translates a value of `x-oss-tagging` to one of `x-amz-tagging`: `key=value` pairs joined by `&`, each part decoded
/// once and encoded again. A `+` is a space: Go v1 writes `url.QueryEscape`, and every SDK writes a plus as `%2B`.
///
/// `None` unless both services take the tags. Which characters beyond ASCII are letters is left to S3.
pub(crate) fn to_s3(oss: &str) -> Option<String> {
    // Tags have the syntax of a query.
    let tags = Query::parse(&oss.replace('+', " ")).ok()?;
    let all_fit = tags.iter().all(|(key, value)| fits(key, MAX_TAG_KEY_CHARS) && fits(value, MAX_TAG_VALUE_CHARS));
    if !all_fit || !(1..=MAX_TAGS).contains(&tags.iter().count()) {
        return None;
    }
    let s3 = tags.iter().map(|(key, value)| format!("{}={}", encode_parameter(key), encode_parameter(value)));
    Some(s3.collect::<Vec<_>>().join("&"))
}

/// Whether a text has at most `max_chars` characters, all of them letters, digits, spaces, `+ - = . _ : / @`, or beyond
/// ASCII and not a control character.
fn fits(text: &str, max_chars: usize) -> bool {
    text.chars().count() <= max_chars && text.chars().all(is_allowed)
}

fn is_allowed(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphanumeric() || " +-=._:/@".contains(character)
    } else {
        !character.is_control()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// OSS, "Object tagging", and Amazon S3 User Guide, "Categorizing your objects using tags".
    const ASCII_OF_BOTH_SERVICES: &str = " +-./0123456789:=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

    fn is_taken_by_both(character: char) -> bool {
        match character {
            '\0'..='\u{7f}' => ASCII_OF_BOTH_SERVICES.contains(character),
            '\u{80}'..='\u{9f}' => false,
            _ => true,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn counts_characters_and_takes_what_both_services_do(
            text in "[a +=._:/@é日;&~\u{0}\u{7f}-\u{a0}-]{0,6}|.{0,6}",
            max in 0_usize..6,
        ) {
            let is_taken = text.chars().all(is_taken_by_both);
            prop_assert_eq!(fits(&text, max), text.chars().count() <= max && is_taken);
            let encoded = encode_parameter(&text);
            for tag in [format!("k={encoded}"), format!("k{encoded}=v")] {
                prop_assert_eq!(to_s3(&tag).is_some(), is_taken, "{}", tag);
            }
        }
    }

    #[test]
    fn takes_each_character_that_both_services_do() {
        for character in '\0'..=char::MAX {
            assert_eq!(is_allowed(character), is_taken_by_both(character), "{character:?}");
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
    fn refuses_tags_that_either_service_refuses() {
        let eleven = (0..11).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join("&");
        let (long_key, long_value) = ("k".repeat(129), format!("k={}", "v".repeat(257)));
        for oss in ["", "=v", "a=1&a=2", "a=1&%61=2", "a=1&", "a=%", "a=%ff", "a=%00", "a=%26", "a=b;c", &eleven] {
            assert_eq!(to_s3(oss), None, "{oss}");
        }
        assert_eq!((to_s3(&long_key), to_s3(&long_value)), (None, None));
        assert!(to_s3(&"日".repeat(128)).is_some() && to_s3(&"日".repeat(129)).is_none());
        for (tag, is_taken) in [("a~", false), ("a@/:_.=-", true), ("é", true), ("a%C2%85", false), ("a%7F", false)] {
            assert_eq!(to_s3(tag).is_some(), is_taken, "{tag}");
        }
        assert!(to_s3(eleven.trim_end_matches("&k10=v")).is_some());
    }
}
