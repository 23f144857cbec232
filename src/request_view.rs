//! A request as CloudFront shows it to a viewer-request function, parsed once.

use std::borrow::Cow;

use crate::characters::Characters;
use crate::header_name::{HeaderName, KnownHeaders};
use crate::refusal::Refusal;
use crate::texts::{Stretch, in_lower_case, owned};
use crate::words;

/// The parts of a viewer request that decisions are made from, borrowed from their flat encoding.
#[derive(Default)]
pub struct RequestView<'a> {
    /// Where all parts are.
    text: &'a str,
    /// CloudFront's id of the request.
    pub request_id: &'a str,
    /// The HTTP method, in the case that was sent.
    pub method: &'a str,
    /// The path as sent, percent-encoded, beginning with `/`.
    pub uri: &'a str,
    /// The query string as sent, percent-encoded, without its `?`.
    pub query: &'a str,
    lines: Vec<Header<'a>>,
    known: KnownHeaders<'a>,
    /// Whether it is known that all parts are printable ASCII, so that no value needs to be looked at. Of the joined form,
    /// whose parts NUL separates, it isn't.
    is_printable: bool,
}

/// One header line: the name in lower case, the value as sent.
struct Header<'a> {
    name: Cow<'a, str>,
    value: &'a str,
}

/// The flat encoding of a request: its parts one after the other in one text, and how many bytes each has.
///
/// The parts are `request-id method uri query (name value)*`.
#[derive(Clone, Copy)]
pub struct FlatRequest<'a> {
    /// All parts.
    pub text: &'a str,
    /// Bytes of each part. In a name's place a negative number is the complement of a name's, which has no place in
    /// the text.
    pub lengths: &'a [i32],
}

impl<'a> RequestView<'a> {
    /// Reads the flat encoding. Where a part ends is said by the adapter and by no byte of the request's, so
    /// no value can pass for another header.
    ///
    /// # Errors
    /// [`Refusal::MalformedRequest`] when the lengths aren't those of the text, a part has a NUL, or a
    /// header's name isn't a token.
    pub fn read(flat: FlatRequest<'a>) -> Result<Self, Refusal> {
        let mut view = Self::default();
        view.fill(flat)?;
        Ok(view)
    }

    /// The same in its place: a request is large, and isn't moved.
    pub(crate) fn fill(&mut self, flat: FlatRequest<'a>) -> Result<(), Refusal> {
        self.is_printable = is_printable(flat.text);
        let has_nul = !self.is_printable && flat.text.bytes().any(|byte| byte == b'\0');
        if has_nul { None } else { self.fill_flat(flat) }.ok_or(Refusal::MalformedRequest)
    }

    fn fill_flat(&mut self, flat: FlatRequest<'a>) -> Option<()> {
        let (head, lines) = flat.lengths.split_first_chunk::<4>()?;
        self.text = flat.text;
        let mut rest = flat.text;
        let mut part = |length: i32| {
            let (part, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            rest = after;
            Some(part)
        };
        let Self { request_id, method, uri, query, .. } = self;
        for (field, length) in [request_id, method, uri, query].into_iter().zip(head) {
            *field = part(*length)?;
        }
        self.make_room(lines.len() / 2);
        let (lines, odd) = lines.as_chunks();
        for [name, value] in lines {
            if *name < 0 {
                let number = usize::try_from(!*name).ok()?;
                self.push(Cow::Borrowed(words::name(number)?), HeaderName::of_word(number), part(*value)?);
            } else {
                self.push_named(part(*name)?, part(*value)?)?;
            }
        }
        (rest.is_empty() && odd.is_empty()).then_some(())
    }

    /// Reads the encoding of a hand-over, whose fields are joined by NUL:
    /// `headers-count request-id method uri query (name value)*`.
    ///
    /// # Errors
    /// [`Refusal::MalformedRequest`] when the number of fields isn't what the count says, or a header's
    /// name isn't a token.
    pub fn parse(joined: &'a str) -> Result<Self, Refusal> {
        let mut view = Self::default();
        view.fill_joined(joined)?;
        Ok(view)
    }

    /// The same in its place.
    pub(crate) fn fill_joined(&mut self, joined: &'a str) -> Result<(), Refusal> {
        self.fill_fields(joined).ok_or(Refusal::MalformedRequest)
    }

    fn fill_fields(&mut self, joined: &'a str) -> Option<()> {
        self.text = joined;
        let mut fields = joined.split('\0');
        let count: usize = fields.next()?.parse().ok()?;
        self.request_id = fields.next()?;
        self.method = fields.next()?;
        self.uri = fields.next()?;
        self.query = fields.next()?;
        self.make_room(count);
        while let Some(name) = fields.next() {
            self.push_named(name, fields.next()?)?;
        }
        (self.lines.len() == count).then_some(())
    }

    fn make_room(&mut self, lines: usize) {
        self.lines = Vec::with_capacity(lines.min(64));
    }

    /// Adds a line by its name as it was sent; `None` where that is no token.
    fn push_named(&mut self, name: &'a str, value: &'a str) -> Option<()> {
        let name = token(name)?;
        let header_name = HeaderName::of(&name);
        self.push(name, header_name, value);
        Some(())
    }

    fn push(&mut self, name: Cow<'a, str>, header_name: Option<HeaderName>, value: &'a str) {
        if let Some(header_name) = header_name {
            self.known.add(header_name, value);
        }
        self.lines.push(Header { name, value });
    }

    /// The value of a header that must not be repeated, not even with the same value.
    ///
    /// # Errors
    /// [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
    #[inline]
    pub(crate) fn unique(&self, name: HeaderName) -> Result<Option<&'a str>, Refusal> {
        if self.is_plain() {
            Ok(self.known.first(name))
        } else {
            self.checked_known(name, self.known.is_repeated(name))
        }
    }

    /// The value of a header whose equal repeats are one value: the OSS SDK for PHP sends
    /// Content-MD5 twice when the caller sets it too.
    ///
    /// # Errors
    /// [`Refusal::RepeatedHeader`] when the values differ, or [`Refusal::MalformedHeader`].
    #[inline]
    pub(crate) fn single(&self, name: HeaderName) -> Result<Option<&'a str>, Refusal> {
        if self.is_plain() { Ok(self.known.first(name)) } else { self.checked_known(name, self.known.differs(name)) }
    }

    /// Whether no value of a known header is to be refused, as it is with nearly every request.
    fn is_plain(&self) -> bool {
        self.is_printable && !self.known.has_repeated()
    }

    #[cold]
    #[inline(never)]
    fn checked_known(&self, name: HeaderName, is_ambiguous: bool) -> Result<Option<&'a str>, Refusal> {
        match self.known.first(name) {
            None => Ok(None),
            Some(_) if is_ambiguous => Err(Refusal::RepeatedHeader(owned(name.as_str()))),
            Some(value) => self.checked(name.as_str(), value).map(Some),
        }
    }

    /// The same for a header of any name, in lower case.
    ///
    /// # Errors
    /// As [`RequestView::single`].
    pub fn single_named(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let mut lines = self.lines.iter().filter(|header| header.name == name);
        let Some(line) = lines.next() else { return Ok(None) };
        if lines.any(|other| other.value != line.value) {
            return Err(Refusal::RepeatedHeader(owned(name)));
        }
        self.checked(name, line.value).map(Some)
    }

    /// Every `x-oss-*` header: lower-case names in byte order, trimmed values, equal repeats as one.
    ///
    /// # Errors
    /// [`Refusal::RepeatedHeader`] when the values of one name differ, or
    /// [`Refusal::MalformedHeader`].
    pub fn oss_headers(&self) -> Result<Vec<(&str, &'a str)>, Refusal> {
        let mut found: Vec<(&str, &str)> = Vec::with_capacity(8);
        let mut repeated = None;
        for Header { name, value } in
            self.lines.iter().filter(|header| header.name.as_bytes().first_chunk() == Some(b"x-oss-"))
        {
            let value = trimmed(self.checked(name, value)?);
            let (name, follows) = (&**name, found.last().is_none_or(|(last, _)| *last < &**name));
            if follows {
                found.push((name, value));
                continue;
            }
            match found.binary_search_by_key(&name, |(known, _)| known) {
                Ok(place) if found.get(place).is_some_and(|(_, known)| *known == value) => {}
                Ok(_) => repeated = Some(repeated.map_or(name, |known: &str| known.min(name))),
                Err(place) => found.insert(place, (name, value)),
            }
        }
        match repeated {
            Some(name) => Err(Refusal::RepeatedHeader(owned(name))),
            None => Ok(found),
        }
    }

    /// A text that may be a part of the request's own.
    pub(crate) fn borrowed(&self, text: &str) -> Cow<'a, str> {
        let place = Stretch::of(self.text).place_of(text);
        let part = place.and_then(|place| self.text.get(place..place + text.len()));
        part.map_or_else(|| Cow::Owned(owned(text)), Cow::Borrowed)
    }

    /// Every header line, in the order of the flat encoding.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.lines.iter().map(|header| (&*header.name, header.value))
    }

    /// A value that may stand on a line of its own: a line feed inside it would let one header pass for two
    /// in a StringToSign (RFC 9110 section 5.5 forbids the control characters).
    fn checked(&self, name: &str, value: &'a str) -> Result<&'a str, Refusal> {
        if self.is_printable || is_clean(value) { Ok(value) } else { Err(Refusal::MalformedHeader(owned(name))) }
    }
}

/// A value without the blanks around it: it has no line feed or other white space of ASCII.
#[inline(never)]
pub(crate) fn trimmed(value: &str) -> &str {
    value.trim_ascii()
}

/// Whether a text has nothing but printable ASCII, as most requests have, seen many bytes at a time.
#[inline(never)]
fn is_printable(text: &str) -> bool {
    let most = text.bytes().fold(0, |most, byte| most.max(byte.wrapping_sub(b' ')));
    most <= b'~' - b' '
}

/// Whether a text has no control character other than a tab.
fn is_clean(text: &str) -> bool {
    !Characters::of(text).have(Characters::CONTROLS_BUT_TAB)
}

/// Whether a text is a header's name (RFC 9110 section 5.6.2).
pub(crate) fn is_token(name: &str) -> bool {
    !name.is_empty() && Characters::of(name).are_among(Characters::OF_TOKENS)
}

/// A header's name in lower case.
fn token(name: &str) -> Option<Cow<'_, str>> {
    let characters = Characters::of(name);
    if name.is_empty() || !characters.are_among(Characters::OF_TOKENS) {
        None
    } else if characters.have(Characters::UPPER_CASE) {
        Some(Cow::Owned(in_lower_case(name)))
    } else {
        Some(Cow::Borrowed(name))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn flat(headers: &[(&str, &str)]) -> String {
        let mut flat = format!("{}\0id\0PUT\0/key\0", headers.len());
        for (name, value) in headers {
            flat.push_str(&format!("\0{name}\0{value}"));
        }
        flat
    }

    /// What a request is read as: its parts, and its header lines.
    fn read_as<'v>(view: &'v RequestView<'_>) -> (Vec<&'v str>, Vec<(&'v str, &'v str)>) {
        (vec![view.request_id, view.method, view.uri, view.query], view.headers().collect())
    }

    fn encoded(part: &str, text: &mut String) -> i32 {
        text.push_str(part);
        part.len().try_into().unwrap()
    }

    /// A name as it is encoded: a word by its number.
    fn encoded_name(name: &str, text: &mut String) -> i32 {
        let number = words::Word::find(name).map(words::Word::number).filter(|number| words::name(*number).is_some());
        number.map_or_else(|| encoded(name, text), |number| !i32::try_from(number).unwrap())
    }

    #[test]
    fn tells_what_is_printable_and_what_is_clean() {
        for character in (0..=0xff).map(char::from) {
            for place in [0, 7, 16, 33] {
                let text = ["a".repeat(place), character.into(), "~".repeat(40 - place)].concat();
                let is_control = character.is_ascii_control() && character != '\t';
                assert_eq!(is_printable(&text), matches!(character, ' '..='~'), "{text:?}");
                assert_eq!(is_clean(&text), !is_control, "{text:?}");
            }
        }
        assert!(is_printable("") && is_clean(""));
    }

    proptest! {
        #[test]
        fn reads_both_encodings_alike(
            parts in proptest::collection::vec("[ -~\t\n\u{7f}é日]{0,6}", 4),
            headers in proptest::collection::vec(("[a-zA-Z-]{1,5}|host|Host|date|accept|forward|é", "[ -~\t\n\0日]{0,4}|a"), 0..6),
        ) {
            let mut text = String::new();
            let mut lengths: Vec<_> = parts.iter().map(|part| encoded(part, &mut text)).collect();
            let mut joined = [&[headers.len().to_string()], &*parts].concat().join("\0");
            for (name, value) in &headers {
                lengths.extend([encoded_name(name, &mut text), encoded(value, &mut text)]);
                joined.push_str(&format!("\0{name}\0{value}"));
            }
            let view = RequestView::read(FlatRequest { text: &text, lengths: &lengths });
            let expected = RequestView::parse(&joined);
            prop_assert_eq!(view.as_ref().map(read_as), expected.as_ref().map(read_as));
            if let (Ok(view), Ok(expected)) = (&view, &expected) {
                prop_assert_eq!(view.oss_headers(), expected.oss_headers());
                for name in [HeaderName::Host, HeaderName::Date, HeaderName::Expires] {
                    prop_assert_eq!(view.unique(name), expected.unique(name));
                    prop_assert_eq!(view.single(name), expected.single(name));
                    prop_assert_eq!(view.single(name), view.single_named(name.as_str()));
                }
            }
        }

        #[test]
        fn reads_any_lengths(text in "[a-c\0é日]{0,12}", lengths in proptest::collection::vec(prop_oneof![-60..6, any::<i32>()], 0..12)) {
            let _ = RequestView::read(FlatRequest { text: &text, lengths: &lengths });
        }
    }

    #[test]
    fn refuses_lengths_that_are_not_those_of_the_text() {
        let read =
            |text, lengths: &[i32]| RequestView::read(FlatRequest { text, lengths }).map(|view| view.lines.len());
        assert_eq!(read("idPUT/khosth", &[2, 3, 2, 0, 4, 1]), Ok(1));
        assert_eq!(read("idPUT/kh", &[2, 3, 2, 0, !10, 1]), Ok(1));
        for (text, lengths) in [
            ("", &[][..]),
            ("idPUT/k", &[2, 3, 2]),
            ("idPUT/khosth", &[2, 3, 2, 0, 4]),
            ("idPUT/khosth", &[2, 3, 2, 0, 4, 2]),
            ("idPUT/khosthx", &[2, 3, 2, 0, 4, 1]),
            ("idPUT/khosth", &[2, 3, 2, 0, 4, 1, 0]),
            ("idPUT/khosth", &[2, 3, 2, 0, i32::MAX, 1]),
            ("idPUT/kh", &[2, 3, 2, 0, i32::MIN, 1]),
            ("idPUT/kh", &[2, 3, 2, 0, -1000, 1]),
            ("idPUT/kh", &[2, 3, 2, 0, !20, 1]),
            ("idPUT/khost", &[2, 3, 2, 0, 4, !10]),
            ("idPUT", &[2, 3, !10, 0]),
            ("idPUT/ké", &[2, 3, 2, 0, 1, 1]),
            ("idPUT/khost\0", &[2, 3, 2, 0, 4, 1]),
            ("i\0PUT/khosth", &[2, 3, 2, 0, 4, 1]),
        ] {
            assert_eq!(read(text, lengths), Err(Refusal::MalformedRequest), "{text:?} {lengths:?}");
        }
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
        assert_eq!(view.single(HeaderName::ContentMd5), Ok(Some("a")));
        assert_eq!(view.unique(HeaderName::ContentMd5), Err(Refusal::RepeatedHeader("content-md5".into())));
        assert_eq!(view.oss_headers(), Ok(vec![("x-oss-meta-a", "1")]));
    }

    #[test]
    fn refuses_repeats_that_differ() {
        let flat = flat(&[("date", "a"), ("date", "b"), ("x-oss-meta-a", "1"), ("X-Oss-Meta-A", "2")]);
        let view = RequestView::parse(&flat).unwrap();
        assert_eq!(view.single(HeaderName::Date), Err(Refusal::RepeatedHeader("date".into())));
        assert_eq!(view.oss_headers(), Err(Refusal::RepeatedHeader("x-oss-meta-a".into())));
    }

    #[test]
    fn refuses_a_line_feed_inside_a_value() {
        let flat = flat(&[("content-type", "a\nb"), ("x-oss-meta-a", "1\r\nx-oss-meta-b:2")]);
        let view = RequestView::parse(&flat).unwrap();
        assert_eq!(view.single(HeaderName::ContentType), Err(Refusal::MalformedHeader("content-type".into())));
        assert_eq!(view.oss_headers(), Err(Refusal::MalformedHeader("x-oss-meta-a".into())));
    }
}
