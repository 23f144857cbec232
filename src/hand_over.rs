//! What the edge hands over to the API's authorizer, which verifies the same signature again.

use std::fmt;

use crate::base64::Alphabet;
use crate::decimal;
use crate::refusal::Refusal;
use crate::request_view::RequestView;
use crate::texts::{begins_with, is_one_of, joined, push};

/// The header that names the origin which a request must go to, by its domain name.
pub(crate) const ORIGIN_HEADER: &str = "x-ossedge-origin";

/// The header that carries the hand-over to the API.
pub(crate) const REQUEST_HEADER: &str = "x-ossedge-request";

/// The longest hand-over, in characters. API Gateway takes 10,240 bytes of headers in all, and
/// CloudFront adds its own.
const MAX_LENGTH: usize = 8192;

/// The parts of a request that its signature and its translation depend on, in base64url: API Gateway
/// decodes paths, drops Content-MD5 and rewrites Host, and none of that may touch what was signed.
#[derive(Clone, PartialEq, Eq)]
pub struct HandOver(String);

impl fmt::Debug for HandOver {
    /// Without the text, which holds a signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandOver(..)")
    }
}

impl HandOver {
    /// Writes a request's hand-over, with the headers that its signature covers besides the usual ones.
    ///
    /// # Errors
    /// [`Refusal::RequestTooLarge`] when it wouldn't fit through API Gateway.
    #[inline(never)]
    pub(crate) fn of_request(request: &RequestView<'_>, additional_headers: &[String]) -> Result<Self, Refusal> {
        let is_signed = |name: &str| additional_headers.iter().any(|additional| additional == name);
        let (mut count, mut headers) = (0, String::with_capacity(1024));
        for (name, value) in request.headers().filter(|(name, _)| is_handed_over(name) || is_signed(name)) {
            count += 1;
            push(&["\0", name, "\0", value], &mut headers);
        }
        let RequestView { request_id, method, uri, query, .. } = request;
        let flat = joined(&[&decimal::text(count), "\0", request_id, "\0", method, "\0", uri, "\0", query, &headers]);
        let encoded = Alphabet::Url.encode(flat.as_bytes());
        if encoded.len() > MAX_LENGTH { Err(Refusal::RequestTooLarge) } else { Ok(HandOver(encoded)) }
    }

    /// The header's value.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The flat encoding of the request that was handed over; `None` when the text isn't one.
    pub fn open(value: &str) -> Option<String> {
        let mut flat = vec![0; value.len().div_ceil(4) * 3];
        let length = Alphabet::Url.decode(value, &mut flat)?;
        flat.truncate(length);
        String::from_utf8(flat).ok()
    }
}

fn is_handed_over(name: &str) -> bool {
    const NAMES: [&str; 11] = [
        "authorization",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-md5",
        "content-type",
        "date",
        "expires",
        "host",
        "security-token",
    ];
    begins_with(name, "x-oss-") || is_one_of(name, &NAMES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_as_the_request_without_what_nobody_signed() {
        let flat = "3\0id\0POST\0/a%2Fb\0uploads\0host\0h\0cookie\0secret\0x-oss-meta-a\0日";
        let hand_over = HandOver::of_request(&RequestView::parse(flat).unwrap(), &[]).unwrap();
        let opened = HandOver::open(hand_over.as_str());
        assert_eq!(opened.as_deref(), Some("2\0id\0POST\0/a%2Fb\0uploads\0host\0h\0x-oss-meta-a\0日"));
    }

    #[test]
    fn takes_along_what_the_signature_covers_besides() {
        let flat = "2\0id\0POST\0/a\0uploads\0user-agent\0sdk\0cookie\0secret";
        let hand_over = HandOver::of_request(&RequestView::parse(flat).unwrap(), &["user-agent".into()]).unwrap();
        let opened = HandOver::open(hand_over.as_str());
        assert_eq!(opened.as_deref(), Some("1\0id\0POST\0/a\0uploads\0user-agent\0sdk"));
    }

    #[test]
    fn opens_nothing_else() {
        for value in ["=", "a", "_-+/", "/w", "gA"] {
            assert_eq!(HandOver::open(value), None, "{value}");
        }
    }

    #[test]
    fn refuses_what_does_not_fit_through_api_gateway() {
        let flat = format!("1\0id\0POST\0/k\0uploads\0x-oss-meta-a\0{}", "v".repeat(8192));
        let refused = HandOver::of_request(&RequestView::parse(&flat).unwrap(), &[]);
        assert_eq!(refused, Err(Refusal::RequestTooLarge));
    }
}
