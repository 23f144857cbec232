//! A request as CloudFront shows it to an edge function, parsed once.

pub(crate) mod header;
pub(crate) mod percent_encoding;
pub(crate) mod query;

use crate::refusal::Refusal;
use header::HeaderMap;

/// The parts of a request that decisions depend on.
pub struct Request<'a> {
    /// CloudFront's id of the request.
    pub request_id: &'a str,
    /// The HTTP method, in the case that was sent.
    pub method: &'a str,
    /// The path as sent, percent-encoded, beginning with `/`.
    pub uri: &'a str,
    /// The query string as sent, percent-encoded, without its `?`.
    pub query: &'a str,
    /// Every header line.
    pub headers: HeaderMap<'a>,
}

impl<'a> Request<'a> {
    /// Reads strings separated by NUL: `header-count request-id method uri query (name value)*`, with every header line
    /// in the order that CloudFront gives. The adapter writes this text at the edge, and the edge hands it over to the
    /// API.
    ///
    /// A string that contained a NUL would count as two, and the text would be refused.
    ///
    /// # Errors
    /// [`Refusal::MalformedRequest`] when the number of strings isn't what the count says, or a header's name isn't a
    /// token.
    pub fn parse(text: &'a str) -> Result<Self, Refusal> {
        let mut strings = text.split('\0');
        let mut next = || strings.next().ok_or(Refusal::MalformedRequest);
        let (count, request_id, method, uri, query) = (next()?, next()?, next()?, next()?, next()?);
        let mut headers = HeaderMap::with_capacity(16);
        while let Some(name) = strings.next() {
            headers.push(name, strings.next().ok_or(Refusal::MalformedRequest)?)?;
        }
        if count != headers.len().to_string() {
            return Err(Refusal::MalformedRequest);
        }
        Ok(Request { request_id, method, uri, query, headers })
    }

    /// The text of a request with these header lines, as [`Request::parse`] reads it.
    pub(crate) fn text_with(&self, header_lines: &[(&str, &str)]) -> String {
        let Request { request_id, method, uri, query, .. } = self;
        let count = header_lines.len().to_string();
        let strings = [&*count, request_id, method, uri, query].into_iter();
        strings.chain(header_lines.iter().flat_map(|(name, value)| [*name, *value])).collect::<Vec<_>>().join("\0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_adapter_writes() {
        let request = Request::parse("2\0id\0PUT\0/k\0a=b\0Host\0h\0x-oss-meta-a\0日").unwrap();
        assert_eq!([request.request_id, request.method, request.uri, request.query], ["id", "PUT", "/k", "a=b"]);
        assert_eq!(request.headers.iter().collect::<Vec<_>>(), [("host", "h"), ("x-oss-meta-a", "日")]);
        let empty = Request::parse("1\0\0\0\0\0a\0").unwrap();
        assert_eq!((empty.uri, empty.headers.iter().collect::<Vec<_>>()), ("", vec![("a", "")]));
    }

    #[test]
    fn refuses_another_number_of_strings_than_the_count_says() {
        for text in [
            "",
            "0",
            "0\0id\0PUT\0/key",
            "1\0id\0PUT\0/key\0\0name",
            "x\0id\0PUT\0/\0",
            "1\0id\0PUT\0/\0",
            "0\0id\0PUT\0/\0\0a\0b",
            "2\0id\0PUT\0/\0\0a\0b",
            "01\0id\0PUT\0/\0\0a\0b",
            "+1\0id\0PUT\0/\0\0a\0b",
            "\u{661}\0id\0PUT\0/\0\0a\0b",
        ] {
            assert_eq!(Request::parse(text).err(), Some(Refusal::MalformedRequest), "{text:?}");
        }
    }

    #[test]
    fn refuses_a_nul_anywhere() {
        let strings = ["1", "id", "PUT", "/k", "a=b", "host", "h"];
        for at in 0..strings.len() {
            for inserted in ["\0", "a\0b", "\0a\0"] {
                let mut changed = strings.map(str::to_owned);
                changed[at].push_str(inserted);
                let text = changed.join("\0");
                assert_eq!(Request::parse(&text).err(), Some(Refusal::MalformedRequest), "{text:?}");
            }
        }
    }

    #[test]
    fn writes_what_it_reads() {
        let text = "1\0id\0PUT\0/k\0a=b\0host\0h";
        let request = Request::parse(text).unwrap();
        assert_eq!(request.text_with(&request.headers.iter().collect::<Vec<_>>()), text);
    }
}
