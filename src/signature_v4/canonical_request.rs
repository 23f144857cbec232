//! The request as signature version 4 hashes it.

use std::fmt;

use super::AdditionalHeaders;
use crate::canonicalized_oss_headers::CanonicalizedOssHeaders;
use crate::hex;
use crate::keyed_hash::sha256;
use crate::ordered::{insert, ordered};
use crate::percent_encoding::{encode_key, encode_value};
use crate::query::Query;
use crate::refusal::Refusal;
use crate::request_view::{RequestView, trimmed};
use crate::resource::Resource;
use crate::texts::push;

/// `VERB`, CanonicalURI, CanonicalQueryString, CanonicalHeaders, AdditionalHeaders and HashedPayload,
/// a line each; every canonical header ends in a line feed of its own. Its
/// `Display` is that text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalRequest {
    text: String,
}

impl CanonicalRequest {
    /// The canonical form of a request. The uri always has the bucket, wherever the request has it. The
    /// other headers take their places among `oss_headers` as their order has it.
    ///
    /// # Errors
    /// [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
    pub fn of_request(
        request: &RequestView<'_>,
        resource: &Resource<'_>,
        query: &Query<'_>,
        oss_headers: CanonicalizedOssHeaders<'_, '_>,
        additional_headers: &AdditionalHeaders,
    ) -> Result<Self, Refusal> {
        let mut headers: Vec<(&str, &str)> = oss_headers.iter().collect();
        let order = oss_headers.order();
        let always = ["content-md5", "content-type"].into_iter();
        always.chain(additional_headers.names().iter().map(String::as_str)).try_for_each(|name| {
            if let Some(value) = request.single_named(name)? {
                insert(&mut headers, (name, trimmed(value)), &|one, other| order.compare(one, other));
            }
            Ok(())
        })?;
        let payload = oss_headers.get("x-oss-content-sha256").unwrap_or("UNSIGNED-PAYLOAD");
        let mut text = String::with_capacity(1024);
        push(&[request.method, "\n"], &mut text);
        push_uri(&resource.bucket, resource.key.as_deref().unwrap_or_default(), &mut text);
        push_query(query, &mut text);
        for (name, value) in headers {
            push(&[name, ":", value, "\n"], &mut text);
        }
        let mut separator = "\n";
        for name in additional_headers.names() {
            push(&[separator, name], &mut text);
            separator = ";";
        }
        let none = if additional_headers.names().is_empty() { "\n" } else { "" };
        push(&[none, "\n", payload], &mut text);
        Ok(CanonicalRequest { text })
    }

    /// Lower-case hexadecimal SHA-256 of the text.
    pub fn hash(&self) -> String {
        hex::lower(&sha256(self.text.as_bytes()))
    }
}

impl fmt::Display for CanonicalRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<CanonicalRequest> for String {
    fn from(canonical_request: CanonicalRequest) -> Self {
        canonical_request.text
    }
}

/// `/bucket/key`, everything encoded but unreserved characters and `/`.
#[inline(never)]
fn push_uri(bucket: &str, key: &str, text: &mut String) {
    for part in [bucket, key] {
        push(&["/"], text);
        encode_key(part, text);
    }
    push(&["\n"], text);
}

/// Every parameter but the signature itself, encoded, in byte order of their names, of which none is there twice; a
/// name alone where the value is empty.
#[inline(never)]
fn push_query(query: &Query<'_>, text: &mut String) {
    let mut encoded = Vec::new();
    for (name, value) in query.iter().filter(|(name, _)| *name != "x-oss-signature") {
        let mut encoded_name = String::with_capacity(name.len());
        encode_value(name, &mut encoded_name);
        encoded.push((encoded_name, value));
    }
    let mut separator = "";
    for (name, value) in ordered(encoded.iter().map(|(name, value)| (&**name, *value))) {
        push(&[separator, name, if value.is_empty() { "" } else { "=" }], text);
        encode_value(value, text);
        separator = "&";
    }
    push(&["\n"], text);
}
