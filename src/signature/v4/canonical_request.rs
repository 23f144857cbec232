//! The request as signature version 4 hashes it.

use std::fmt;

use super::additional_headers::AdditionalHeaders;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::request::percent_encoding::{encode_key, encode_parameter};
use crate::request::query::Query;
use crate::resource::Resource;
use crate::signature::oss_headers::CanonicalizedOssHeaders;

/// `VERB`, CanonicalURI, CanonicalQueryString, CanonicalHeaders, AdditionalHeaders and HashedPayload, a line each;
/// every canonical header ends in a line feed of its own. Its `Display` is that text.
#[derive(Clone, PartialEq, Eq)]
pub struct CanonicalRequest<'a> {
    method: &'a str,
    bucket: &'a str,
    key: &'a str,
    /// Encoded, in byte order.
    query: Vec<String>,
    headers: Vec<(&'a str, &'a str)>,
    additional_headers: &'a [String],
    payload: &'a str,
}

impl<'a> CanonicalRequest<'a> {
    /// The canonical form of a request. CanonicalURI always has the bucket, wherever the request has it. All headers
    /// are sorted in the order of `oss_headers`.
    ///
    /// # Errors
    /// [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
    pub fn of_request(
        request: &'a Request<'_>,
        resource: &'a Resource,
        query: &Query,
        oss_headers: &'a CanonicalizedOssHeaders<'_>,
        additional_headers: &'a AdditionalHeaders,
    ) -> Result<Self, Refusal> {
        let additional_headers = additional_headers.names();
        let mut headers: Vec<(&str, &str)> = oss_headers.iter().collect();
        for name in ["content-md5", "content-type"].into_iter().chain(additional_headers.iter().map(String::as_str)) {
            headers.extend(request.headers.get_single(name)?.map(|value| (name, value.trim_ascii())));
        }
        oss_headers.order().sort(&mut headers);
        Ok(CanonicalRequest {
            method: request.method,
            bucket: &resource.bucket,
            key: resource.key_or_empty(),
            query: canonical_query(query),
            headers,
            additional_headers,
            payload: oss_headers.get("x-oss-content-sha256").unwrap_or("UNSIGNED-PAYLOAD"),
        })
    }
}

/// Every parameter but the signature itself, encoded, in byte order of the encoded names. A parameter with an empty
/// value is its name alone.
fn canonical_query(query: &Query) -> Vec<String> {
    let signed = query.iter().filter(|(name, _)| *name != "x-oss-signature");
    let mut encoded: Vec<_> = signed.map(|(name, value)| (encode_parameter(name).to_string(), value)).collect();
    encoded.sort_unstable();
    let parameters = encoded.into_iter().map(|(name, value)| match value {
        "" => name,
        value => format!("{name}={}", encode_parameter(value)),
    });
    parameters.collect()
}

impl fmt::Debug for CanonicalRequest<'_> {
    /// Omits the text, which may contain a security token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CanonicalRequest(..)")
    }
}

impl fmt::Display for CanonicalRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CanonicalRequest { method, bucket, key, query, headers, additional_headers, payload } = self;
        writeln!(f, "{method}")?;
        writeln!(f, "/{}/{}", encode_key(bucket), encode_key(key))?;
        writeln!(f, "{}", query.join("&"))?;
        headers.iter().try_for_each(|(name, value)| writeln!(f, "{name}:{value}"))?;
        write!(f, "\n{}\n{payload}", additional_headers.join(";"))
    }
}
