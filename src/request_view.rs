//! A request as CloudFront shows it to a viewer-request function, parsed once.

use std::borrow::Cow;

use crate::refusal::Refusal;
use crate::special_bytes::SpecialBytes;

/// The parts of a viewer request that decisions are made from, borrowed from their flat encoding.
pub struct RequestView<'a> {
    /// CloudFront's id of the request.
    pub request_id: &'a str,
    /// The HTTP method, in the case that was sent.
    pub method: &'a str,
    /// The path as sent, percent-encoded, beginning with `/`.
    pub uri: &'a str,
    /// The query string as sent, percent-encoded, without its `?`.
    pub query: &'a str,
    headers: Vec<Header<'a>>,
    /// The bits of the names of its headers, see [`bit`].
    names: u64,
}

/// One header line: the name in lower case, the value as sent.
struct Header<'a> {
    name: Cow<'a, str>,
    value: &'a str,
    /// Whether the value may stand on a line of its own: a line feed inside it would let one header pass
    /// for two in a StringToSign (RFC 9110 section 5.5 forbids the control characters).
    value_fits_a_line: bool,
}

impl<'a> RequestView<'a> {
    /// Reads the flat encoding, whose fields are joined by NUL:
    /// `headers-count request-id method uri query (name value)*`.
    ///
    /// The count comes first and from the adapter, so no value that carries a NUL can pass for
    /// another header: the number of fields would not fit.
    ///
    /// # Errors
    /// [`Refusal::MalformedRequest`] when the number of fields isn't what the count says, or a header's
    /// name isn't a token.
    pub fn parse(flat: &'a str) -> Result<Self, Refusal> {
        Self::fields(flat).ok_or(Refusal::MalformedRequest)
    }

    fn fields(flat: &'a str) -> Option<Self> {
        let mut fields = FlatFields::new(flat);
        let count: usize = fields.next()?.text.parse().ok()?;
        let (request_id, method) = (fields.next()?.text, fields.next()?.text);
        let (uri, query) = (fields.next()?.text, fields.next()?.text);
        let mut headers = Vec::with_capacity(count.min(64));
        let mut names = 0;
        while let Some(name) = fields.next() {
            let (name, value) = (name.token()?, fields.next()?);
            names |= bit(&name);
            headers.push(Header { name, value: value.text, value_fits_a_line: value.fits_a_line });
        }
        (headers.len() == count).then_some(RequestView { request_id, method, uri, query, headers, names })
    }

    /// The value of a header that must not be repeated, not even with the same value.
    ///
    /// # Errors
    /// [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
    pub fn unique(&self, name: &'static str) -> Result<Option<&'a str>, Refusal> {
        let mut lines = self.lines(name);
        let Some(line) = lines.next() else { return Ok(None) };
        if lines.next().is_some() {
            return Err(Refusal::RepeatedHeader(name.to_owned()));
        }
        line.checked().map(Some)
    }

    /// The value of a header whose equal repeats are one value: the OSS SDK for PHP sends
    /// Content-MD5 twice when the caller sets it too.
    ///
    /// # Errors
    /// [`Refusal::RepeatedHeader`] when the values differ, or [`Refusal::MalformedHeader`].
    pub fn single(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let mut lines = self.lines(name);
        let Some(line) = lines.next() else { return Ok(None) };
        if lines.any(|other| other.value != line.value) {
            return Err(Refusal::RepeatedHeader(name.to_owned()));
        }
        line.checked().map(Some)
    }

    /// Every `x-oss-*` header: lower-case names in byte order, trimmed values, equal repeats as one.
    ///
    /// # Errors
    /// [`Refusal::RepeatedHeader`] when the values of one name differ, or
    /// [`Refusal::MalformedHeader`].
    pub fn oss_headers(&self) -> Result<Vec<(&str, &'a str)>, Refusal> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        let mut repeated = None;
        for header in self.headers.iter().filter(|header| header.name.starts_with("x-oss-")) {
            let value = trimmed(header.checked()?);
            match found.binary_search_by_key(&&*header.name, |(known, _)| known) {
                Ok(place) if found.get(place).is_some_and(|(_, known)| *known == value) => {}
                Ok(_) => repeated = Some(repeated.map_or(&*header.name, |known: &str| known.min(&header.name))),
                Err(place) => found.insert(place, (&header.name, value)),
            }
        }
        match repeated {
            Some(name) => Err(Refusal::RepeatedHeader(name.to_owned())),
            None => Ok(found),
        }
    }

    /// Every header line, in the order of the flat encoding.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.headers.iter().map(|header| (&*header.name, header.value))
    }

    fn lines(&self, name: &str) -> impl Iterator<Item = &Header<'a>> {
        let headers = if self.names & bit(name) == 0 { &[][..] } else { &self.headers };
        headers.iter().filter(move |header| header.name == name)
    }
}

impl<'a> Header<'a> {
    fn checked(&self) -> Result<&'a str, Refusal> {
        if self.value_fits_a_line { Ok(self.value) } else { Err(Refusal::MalformedHeader(self.name.to_string())) }
    }
}

/// A value without the blanks around it.
pub(crate) fn trimmed(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

/// One of 64 bits for a name: where none of a request's headers has it, none has the name.
fn bit(name: &str) -> u64 {
    let first = name.bytes().next().unwrap_or_default();
    let last = name.bytes().next_back().unwrap_or_default();
    1 << ((name.len() + usize::from(first) * 3 + usize::from(last) * 7) % 64)
}

/// The fields of a flat text, found and looked at in one pass over its bytes.
struct FlatFields<'a> {
    text: &'a str,
    /// Where the next field begins; nothing after the last one.
    begin: Option<usize>,
    special: SpecialBytes<'a>,
}

/// A field, and whether it has a control character other than a tab.
struct FlatField<'a> {
    text: &'a str,
    fits_a_line: bool,
}

impl<'a> FlatFields<'a> {
    fn new(text: &'a str) -> Self {
        FlatFields { text, begin: Some(0), special: SpecialBytes::new(text.as_bytes()) }
    }

    fn next(&mut self) -> Option<FlatField<'a>> {
        let begin = self.begin?;
        let mut fits_a_line = true;
        loop {
            match self.special.next() {
                Some((end, 0)) => {
                    self.begin = Some(end + 1);
                    return Some(FlatField { text: self.text.get(begin..end)?, fits_a_line });
                }
                Some((_, byte)) => fits_a_line &= byte == b'\t' || !byte.is_ascii_control(),
                None => {
                    self.begin = None;
                    return Some(FlatField { text: self.text.get(begin..)?, fits_a_line });
                }
            }
        }
    }
}

impl<'a> FlatField<'a> {
    /// A header's name in lower case (RFC 9110 section 5.6.2).
    fn token(self) -> Option<Cow<'a, str>> {
        let kinds = self.text.bytes().fold(0, |kinds, byte| kinds | kind(byte));
        match kinds {
            _ if self.text.is_empty() || kinds & NO_TOKEN != 0 => None,
            UPPER_CASE => Some(Cow::Owned(self.text.to_ascii_lowercase())),
            _ => Some(Cow::Borrowed(self.text)),
        }
    }
}

/// A byte that a token can't have.
const NO_TOKEN: u8 = 1;
/// An upper-case letter.
const UPPER_CASE: u8 = 2;

/// The kind of each byte.
#[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "a constant that is out of bounds doesn't compile")]
const KINDS: [u8; 256] = {
    let mut kinds = [NO_TOKEN; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'A'..=b'Z' => UPPER_CASE,
            b'a'..=b'z' | b'0'..=b'9' => 0,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~' => 0,
            _ => NO_TOKEN,
        };
        byte += 1;
    }
    kinds
};

fn kind(byte: u8) -> u8 {
    KINDS.get(usize::from(byte)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(headers: &[(&str, &str)]) -> String {
        let mut flat = format!("{}\0id\0PUT\0/key\0", headers.len());
        for (name, value) in headers {
            flat.push_str(&format!("\0{name}\0{value}"));
        }
        flat
    }

    #[test]
    fn refuses_a_value_that_would_pass_for_another_header() {
        let flat = flat(&[("content-type", "text/plain\0authorization\0OSS a:b")]);
        assert_eq!(RequestView::parse(&flat).err(), Some(Refusal::MalformedRequest));
    }

    #[test]
    fn refuses_a_name_that_is_no_token() {
        for name in ["", "a b", "a:b", "x-oss-meta-a:1\nx-oss-meta-b", "é", "a\r"] {
            assert_eq!(RequestView::parse(&flat(&[(name, "v")])).err(), Some(Refusal::MalformedRequest), "{name:?}");
        }
    }

    #[test]
    fn refuses_an_encoding_that_is_cut_off() {
        for flat in ["", "0", "0\0id\0PUT\0/key", "1\0id\0PUT\0/key\0\0name", "x\0id\0PUT\0/\0", "1\0id\0PUT\0/\0"] {
            assert_eq!(RequestView::parse(flat).err(), Some(Refusal::MalformedRequest), "{flat:?}");
        }
    }

    #[test]
    fn takes_equal_repeats_as_one_value_where_that_is_the_rule() {
        let flat = flat(&[("content-md5", "a"), ("Content-MD5", "a"), ("x-oss-meta-a", "1"), ("x-oss-meta-a", "1 ")]);
        let view = RequestView::parse(&flat).unwrap();
        assert_eq!(view.single("content-md5"), Ok(Some("a")));
        assert_eq!(view.unique("content-md5"), Err(Refusal::RepeatedHeader("content-md5".into())));
        assert_eq!(view.oss_headers(), Ok(vec![("x-oss-meta-a", "1")]));
    }

    #[test]
    fn refuses_repeats_that_differ() {
        let flat = flat(&[("date", "a"), ("date", "b"), ("x-oss-meta-a", "1"), ("X-Oss-Meta-A", "2")]);
        let view = RequestView::parse(&flat).unwrap();
        assert_eq!(view.single("date"), Err(Refusal::RepeatedHeader("date".into())));
        assert_eq!(view.oss_headers(), Err(Refusal::RepeatedHeader("x-oss-meta-a".into())));
    }

    #[test]
    fn refuses_a_line_feed_inside_a_value() {
        let flat = flat(&[("content-type", "a\nb"), ("x-oss-meta-a", "1\r\nx-oss-meta-b:2")]);
        let view = RequestView::parse(&flat).unwrap();
        assert_eq!(view.single("content-type"), Err(Refusal::MalformedHeader("content-type".into())));
        assert_eq!(view.oss_headers(), Err(Refusal::MalformedHeader("x-oss-meta-a".into())));
    }
}
