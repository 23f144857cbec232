//! Header lines, and how repeated headers are read.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::refusal::Refusal;

/// Every header line of a request, in the order of the request.
#[derive(Default)]
pub struct HeaderMap<'a> {
    lines: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> HeaderMap<'a> {
    /// Creates an empty map with room for this many lines.
    pub(crate) fn with_capacity(lines: usize) -> Self {
        HeaderMap { lines: Vec::with_capacity(lines) }
    }

    /// Adds a line: the name in any case, the value as sent.
    ///
    /// # Errors
    /// [`Refusal::MalformedRequest`] when the name isn't a token.
    pub(crate) fn push(&mut self, name: &'a str, value: &'a str) -> Result<(), Refusal> {
        if !is_token(name) {
            return Err(Refusal::MalformedRequest);
        }
        self.lines.push((lower_cased(name), value));
        Ok(())
    }

    /// The number of lines.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Every line: the name in lower case, the value as sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().map(|(name, value)| (&**name, *value))
    }

    fn values<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m str> {
        self.iter().filter(move |(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The value of a header that must not be repeated, not even with the same value. The name is in lower case,
    /// here and below.
    ///
    /// # Errors
    /// [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
    pub(crate) fn get_unique<'m>(&'m self, name: &'m str) -> Result<Option<&'m str>, Refusal> {
        let mut values = self.values(name);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() { Err(repeated(name)) } else { checked(name, value).map(Some) }
    }

    /// The value of a header that may be repeated with the same value: the OSS SDK for PHP sends Content-MD5 twice when
    /// the caller sets it too.
    ///
    /// # Errors
    /// [`Refusal::RepeatedHeader`] when the values differ, or [`Refusal::MalformedHeader`].
    pub fn get_single<'m>(&'m self, name: &'m str) -> Result<Option<&'m str>, Refusal> {
        let mut values = self.values(name);
        let Some(value) = values.next() else { return Ok(None) };
        if values.any(|other| other != value) { Err(repeated(name)) } else { checked(name, value).map(Some) }
    }

    /// Every `x-oss-*` header, in byte order of the names. Values are trimmed, and equal repeats count once.
    ///
    /// # Errors
    /// [`Refusal::RepeatedHeader`] when the values of one name differ, or [`Refusal::MalformedHeader`].
    pub fn oss_headers(&self) -> Result<Vec<(&str, &str)>, Refusal> {
        let mut headers = BTreeMap::new();
        let mut differing: Option<&str> = None;
        for (name, value) in self.iter().filter(|(name, _)| name.starts_with("x-oss-")) {
            let value = checked(name, value)?.trim_ascii();
            if *headers.entry(name).or_insert(value) != value {
                differing = Some(differing.map_or(name, |known| known.min(name)));
            }
        }
        differing.map_or_else(|| Ok(headers.into_iter().collect()), |name| Err(repeated(name)))
    }
}

fn repeated(name: &str) -> Refusal {
    Refusal::RepeatedHeader(name.to_owned())
}

/// Refuses a value with a control character (RFC 9110 section 5.5): with a line feed, one header could pass for two in
/// a StringToSign.
fn checked<'v>(name: &str, value: &'v str) -> Result<&'v str, Refusal> {
    let is_malformed = value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t');
    if is_malformed { Err(Refusal::MalformedHeader(name.to_owned())) } else { Ok(value) }
}

/// Whether a text is a token, as a header's name must be (RFC 9110 section 5.6.2).
pub(crate) fn is_token(name: &str) -> bool {
    let is_token_char = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token_char)
}

fn lower_cased(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_map<'a>(lines: &[(&'a str, &'a str)]) -> HeaderMap<'a> {
        let mut headers = HeaderMap::default();
        lines.iter().for_each(|(name, value)| headers.push(name, value).unwrap());
        headers
    }

    #[test]
    fn refuses_a_name_that_is_not_a_token() {
        for name in ["", "a b", "a:b", "x-oss-meta-a:1\nx-oss-meta-b", "é", "a\r", "a\0", "(a)"] {
            assert_eq!(HeaderMap::default().push(name, "v"), Err(Refusal::MalformedRequest), "{name:?}");
        }
    }

    #[test]
    fn takes_equal_repeats_as_one_value_where_that_is_the_rule() {
        let headers =
            header_map(&[("content-md5", "a"), ("Content-MD5", "a"), ("x-oss-meta-a", "1"), ("x-oss-meta-a", "1 ")]);
        assert_eq!(headers.get_single("content-md5"), Ok(Some("a")));
        assert_eq!(headers.get_unique("content-md5"), Err(Refusal::RepeatedHeader("content-md5".into())));
        assert_eq!(headers.oss_headers(), Ok(vec![("x-oss-meta-a", "1")]));
    }

    #[test]
    fn refuses_repeats_that_differ() {
        let headers = header_map(&[("date", "a"), ("date", "b"), ("x-oss-meta-a", "1"), ("X-Oss-Meta-A", "2")]);
        assert_eq!(headers.get_single("date"), Err(Refusal::RepeatedHeader("date".into())));
        assert_eq!(headers.oss_headers(), Err(Refusal::RepeatedHeader("x-oss-meta-a".into())));
    }

    #[test]
    fn refuses_a_line_feed_inside_a_value() {
        let headers = header_map(&[("content-type", "a\nb"), ("x-oss-meta-a", "1\r\nx-oss-meta-b:2")]);
        assert_eq!(headers.get_single("content-type"), Err(Refusal::MalformedHeader("content-type".into())));
        assert_eq!(headers.oss_headers(), Err(Refusal::MalformedHeader("x-oss-meta-a".into())));
    }

    #[test]
    fn refuses_every_control_character_but_the_tab() {
        for character in (0..=0xff).map(char::from) {
            let value = format!("a{character}b");
            let refused = header_map(&[("date", &value)]).get_single("date").is_err();
            assert_eq!(refused, character.is_ascii_control() && character != '\t', "{character:?}");
        }
    }

    #[test]
    fn sorts_oss_headers_by_the_bytes_of_their_names() {
        let headers = header_map(&[("x-oss-b", " 2\t"), ("x-ossa", "0"), ("X-OSS-a-", "1"), ("x-oss-A", "3")]);
        assert_eq!(headers.oss_headers(), Ok(vec![("x-oss-a", "3"), ("x-oss-a-", "1"), ("x-oss-b", "2")]));
    }
}
