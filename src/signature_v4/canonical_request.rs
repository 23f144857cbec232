//! The request as signature version 4 hashes it.

use std::fmt;

use hmac::digest::Digest;
use sha2::Sha256;

use super::{AdditionalHeaders, hex};
use crate::canonicalized_oss_headers::CanonicalizedOssHeaders;
use crate::percent_encoding;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::request_view::RequestView;
use crate::resource::Resource;

/// `VERB`, CanonicalURI, CanonicalQueryString, CanonicalHeaders, AdditionalHeaders and HashedPayload,
/// a line each; every canonical header ends in a line feed of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalRequest {
    verb: String,
    uri: String,
    query: String,
    headers: Vec<(String, String)>,
    additional_headers: String,
    hashed_payload: String,
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
        oss_headers: &CanonicalizedOssHeaders<'_, '_>,
        additional_headers: &AdditionalHeaders,
    ) -> Result<Self, Refusal> {
        let mut headers: Vec<(String, String)> = Vec::new();
        let always = ["content-md5", "content-type"].into_iter();
        for name in always.chain(additional_headers.names().iter().map(String::as_str)) {
            if let Some(value) = request.single(name)? {
                headers.push((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()));
            }
        }
        headers.extend(oss_headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
        headers.sort_by(|(one, _), (other, _)| oss_headers.order().compare(one, other));
        let payload = oss_headers.iter().find(|(name, _)| *name == "x-oss-content-sha256");
        Ok(CanonicalRequest {
            verb: request.method.to_owned(),
            uri: canonical_uri(&resource.bucket, resource.key.as_deref().unwrap_or_default()),
            query: canonical_query(query),
            headers,
            additional_headers: additional_headers.names().join(";"),
            hashed_payload: payload.map_or("UNSIGNED-PAYLOAD", |(_, value)| value).to_owned(),
        })
    }

    /// Lower-case hexadecimal SHA-256 of the text.
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.to_string().as_bytes()))
    }
}

impl fmt::Display for CanonicalRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.verb, self.uri, self.query)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}:{value}")?;
        }
        write!(f, "\n{}\n{}", self.additional_headers, self.hashed_payload)
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
    let mut parameters: Vec<(String, String)> = Vec::new();
    for (name, value) in query.iter().filter(|(name, _)| *name != "x-oss-signature") {
        let mut encoded = (String::new(), String::new());
        percent_encoding::encode_value(name, &mut encoded.0);
        percent_encoding::encode_value(value, &mut encoded.1);
        parameters.push(encoded);
    }
    parameters.sort_unstable();
    let written: Vec<String> = parameters
        .into_iter()
        .map(|(name, value)| if value.is_empty() { name } else { [name, value].join("=") })
        .collect();
    written.join("&")
}
