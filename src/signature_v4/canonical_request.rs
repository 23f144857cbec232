//! The request as signature version 4 hashes it.

use std::fmt;

use super::AdditionalHeaders;
use crate::canonicalized_oss_headers::CanonicalizedOssHeaders;
use crate::hex;
use crate::keyed_hash::sha256;
use crate::ordered::{insert, ordered};
use crate::percent_encoding;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::request_view::{RequestView, trimmed};
use crate::resource::Resource;
use crate::texts::push;

/// `VERB`, CanonicalURI, CanonicalQueryString, CanonicalHeaders, AdditionalHeaders and HashedPayload,
/// a line each; every canonical header ends in a line feed of its own. Its
/// `Display` is that text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalRequest<'a> {
    verb: &'a str,
    uri: String,
    query: String,
    headers: Vec<(&'a str, &'a str)>,
    additional_headers: &'a [String],
    hashed_payload: &'a str,
}

impl<'a> CanonicalRequest<'a> {
    /// The canonical form of a request. The uri always has the bucket, wherever the request has it. The
    /// other headers take their places among `oss_headers` as their order has it.
    ///
    /// # Errors
    /// [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
    pub fn of_request(
        request: &'a RequestView<'_>,
        resource: &Resource<'_>,
        query: &Query<'_>,
        oss_headers: CanonicalizedOssHeaders<'a, 'a>,
        additional_headers: &'a AdditionalHeaders,
    ) -> Result<Self, Refusal> {
        let mut headers: Vec<(&str, &str)> = oss_headers.iter().collect();
        let always = ["content-md5", "content-type"].into_iter();
        for name in always.chain(additional_headers.names().iter().map(String::as_str)) {
            if let Some(value) = request.single_named(name)? {
                let order = oss_headers.order();
                insert(&mut headers, (name, trimmed(value)), |(one, _), (other, _)| order.compare(one, other));
            }
        }
        let payload = oss_headers.iter().find(|(name, _)| *name == "x-oss-content-sha256");
        Ok(CanonicalRequest {
            verb: request.method,
            uri: canonical_uri(&resource.bucket, resource.key.as_deref().unwrap_or_default()),
            query: canonical_query(query),
            headers,
            additional_headers: additional_headers.names(),
            hashed_payload: payload.map_or("UNSIGNED-PAYLOAD", |(_, value)| value),
        })
    }

    /// Lower-case hexadecimal SHA-256 of the text.
    pub fn hash(&self) -> String {
        hex::lower(&sha256(self.text().as_bytes()))
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::with_capacity(1024);
        push(&[self.verb, "\n", &self.uri, "\n", &self.query, "\n"], &mut text);
        for (name, value) in &self.headers {
            push(&[name, ":", value, "\n"], &mut text);
        }
        push(&["\n", &self.additional_headers.join(";"), "\n", self.hashed_payload], &mut text);
        text
    }
}

impl fmt::Display for CanonicalRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// `/bucket/key`, everything encoded but unreserved characters and `/`.
fn canonical_uri(bucket: &str, key: &str) -> String {
    let mut uri = String::from("/");
    percent_encoding::encode_key(bucket, &mut uri);
    uri.push('/');
    percent_encoding::encode_key(key, &mut uri);
    uri
}

/// Every parameter but the signature itself, encoded, in byte order; a name alone where the value is
/// empty.
fn canonical_query(query: &Query<'_>) -> String {
    let signed = query.iter().filter(|(name, _)| *name != "x-oss-signature");
    let mut text = String::new();
    for (name, value) in ordered(signed.map(|(name, value)| (encoded(name), encoded(value)))) {
        let (and, equals) = (if text.is_empty() { "" } else { "&" }, if value.is_empty() { "" } else { "=" });
        push(&[and, &name, equals, &value], &mut text);
    }
    text
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    percent_encoding::encode_value(text, &mut encoded);
    encoded
}
