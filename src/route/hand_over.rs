//! The request as the edge hands it over to the API's authorizer or to the relay, which verify its signature again.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::refusal::Refusal;
use crate::request::Request;

/// The header that carries the hand-over to the API or the relay.
pub(crate) const REQUEST_HEADER: &str = "x-ossedge-request";

/// The longest hand-over, in characters. API Gateway takes 10,240 bytes of headers in all, and CloudFront adds its own.
const MAX_LENGTH: usize = 8192;

/// The headers that the signature or the translation depends on, besides `x-oss-*` and the additional headers of
/// signature version 4.
const HEADERS: [&str; 11] = [
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

/// The headers that say where a body ends.
const FRAMING: [&str; 2] = ["content-length", "transfer-encoding"];

/// Whether the framing of the body is handed over. Only the relay needs it: its own connection has the framing of the
/// last hop, not the client's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum HandedFraming {
    Included,
    LeftOut,
}

/// The parts of a request that its signature and its translation depend on. They travel in a header because API Gateway
/// decodes paths, drops Content-MD5 and rewrites Host.
///
/// The value is the text of [`Request::parse`] in base64url without padding. That is version 1; any other version
/// begins with its number and a dot. A release that changes the format must still read the previous one, and only the
/// release after it may write the new one: the edge and what is behind it may be one release apart.
#[derive(Clone, PartialEq, Eq)]
pub struct HandOver(String);

impl fmt::Debug for HandOver {
    /// Omits the text, which contains a signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandOver(..)")
    }
}

impl HandOver {
    /// The hand-over of a request, including the additional headers that its signature covers.
    ///
    /// # Errors
    /// [`Refusal::RequestTooLarge`] when it doesn't fit through API Gateway.
    pub(crate) fn of_request(
        request: &Request<'_>,
        additional_headers: &[String],
        framing: HandedFraming,
    ) -> Result<Self, Refusal> {
        let is_handed_over = |name: &str| {
            name.starts_with("x-oss-")
                || HEADERS.contains(&name)
                || (framing == HandedFraming::Included && FRAMING.contains(&name))
                || additional_headers.iter().any(|signed| signed == name)
        };
        let headers: Vec<_> = request.headers.iter().filter(|(name, _)| is_handed_over(name)).collect();
        let encoded = BASE64_URL_SAFE_NO_PAD.encode(request.text_with(&headers));
        if encoded.len() > MAX_LENGTH { Err(Refusal::RequestTooLarge) } else { Ok(HandOver(encoded)) }
    }

    /// The header's value.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Decodes the header's value to the text of [`Request::parse`].
    ///
    /// # Errors
    /// [`Refusal::UnknownHandOver`] for another version, [`Refusal::MalformedRequest`] unless it is UTF-8 in base64url.
    pub fn decode(value: &str) -> Result<String, Refusal> {
        if value.split_once('.').is_some_and(|(version, _)| version.parse::<u16>().is_ok()) {
            return Err(Refusal::UnknownHandOver);
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(value).map_err(|_| Refusal::MalformedRequest)?;
        String::from_utf8(bytes).map_err(|_| Refusal::MalformedRequest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hand_over(text: &str, additional_headers: &[String]) -> Result<HandOver, Refusal> {
        HandOver::of_request(&Request::parse(text).unwrap(), additional_headers, HandedFraming::LeftOut)
    }

    #[test]
    fn leaves_out_headers_that_nothing_depends_on() {
        let text = "3\0id\0POST\0/a%2Fb\0uploads\0host\0h\0cookie\0secret\0x-oss-meta-a\0日";
        let decoded = HandOver::decode(hand_over(text, &[]).unwrap().as_str());
        assert_eq!(decoded.as_deref(), Ok("2\0id\0POST\0/a%2Fb\0uploads\0host\0h\0x-oss-meta-a\0日"));
    }

    #[test]
    fn includes_the_additional_headers_that_are_signed() {
        let text = "2\0id\0POST\0/a\0uploads\0user-agent\0sdk\0cookie\0secret";
        let decoded = HandOver::decode(hand_over(text, &["user-agent".into()]).unwrap().as_str());
        assert_eq!(decoded.as_deref(), Ok("1\0id\0POST\0/a\0uploads\0user-agent\0sdk"));
    }

    #[test]
    fn prints_nothing_of_what_it_holds() {
        let text = "1\0id\0POST\0/a\0uploads\0authorization\0OSS ak:c2ln";
        assert_eq!(format!("{:?}", hand_over(text, &[]).unwrap()), "HandOver(..)");
    }

    #[test]
    fn decodes_nothing_else() {
        for value in ["=", "a", "_-+/", "/w", "gA"] {
            assert_eq!(HandOver::decode(value), Err(Refusal::MalformedRequest), "{value}");
        }
    }

    #[test]
    fn refuses_what_does_not_fit_through_api_gateway() {
        let start = "1\0id\0POST\0/k\0uploads\0x-oss-meta-a\0";
        let of_bytes = |bytes: usize| hand_over(&format!("{start}{}", "v".repeat(bytes - start.len())), &[]);
        // Four characters for three bytes.
        assert_eq!(of_bytes(6144).map(|hand_over| hand_over.as_str().len()), Ok(8192));
        assert_eq!(of_bytes(6145), Err(Refusal::RequestTooLarge));
    }
}
