//! Where an authorized request goes, and in what form.

pub(crate) mod hand_over;
mod s3_headers;
mod tagging;

use crate::authenticate::Authenticated;
use crate::authorize::Authorized;
use crate::config::{Api, Config, ListParts, S3Bucket, Through};
use crate::limits::MAX_OBJECT_BYTES;
use crate::operation::Operation;
use crate::operation::upload_id::{Overwrite, UploadId};
use crate::refusal::Refusal;
use crate::request::percent_encoding::encode_key;
use hand_over::{HandOver, ORIGIN_HEADER, REQUEST_HEADER};
pub use s3_headers::Header;
use s3_headers::s3_headers;

/// Who asks for a decision.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Served {
    /// The edge, for every operation.
    AtTheEdge,
    /// The API's authorizer, for the operations that go through the API.
    AtTheApi,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin<'c> {
    /// The bucket, through origin access control.
    S3,
    /// A resource of API Gateway's.
    Api(ThroughApi<'c>),
}

/// What goes through the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThroughApi<'c> {
    /// The API.
    pub api: &'c Api,
    /// The path of its resource.
    pub resource: &'static str,
    /// What the authorizer verifies again.
    pub hand_over: HandOver,
    /// What the function behind it does besides the plain operation.
    pub options: Vec<ApiOption>,
}

/// The request to S3, made of nothing but what was verified and what the rules allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward<'c> {
    /// Who sends it there.
    pub origin: Origin<'c>,
    /// The S3 bucket.
    pub s3_bucket: &'c S3Bucket,
    /// `/` and the key, percent-encoded as S3 canonicalises it.
    pub uri: String,
    /// The query, percent-encoded, without `?`.
    pub query: String,
    /// The headers, without Content-Length, which CloudFront keeps.
    pub headers: Vec<Header>,
}

/// What a function behind the API does besides the plain operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiOption {
    /// Answer with the key percent-encoded (`encoding-type=url`).
    EncodeKey,
    /// Complete the upload with every part that S3 has (`x-oss-complete-all: yes`).
    CompleteAll,
    /// Mark the upload id in the answer, so that the end of the upload overwrites nothing
    /// (`x-oss-forbid-overwrite: true`).
    ForbidOverwrite,
}

impl ApiOption {
    /// Its name in the authorizer's result.
    pub fn name(self) -> &'static str {
        match self {
            ApiOption::EncodeKey => "encode-key",
            ApiOption::CompleteAll => "complete-all",
            ApiOption::ForbidOverwrite => "forbid-overwrite",
        }
    }
}

impl Forward<'_> {
    /// Path and query that leave the viewer-request function: the object's in S3, or the API's resource.
    pub fn edge_target(&self) -> (&str, &str) {
        match &self.origin {
            Origin::S3 => (&self.uri, &self.query),
            Origin::Api(through) => (through.resource, ""),
        }
    }

    /// What a function behind the API does besides the plain operation.
    pub fn options(&self) -> &[ApiOption] {
        match &self.origin {
            Origin::S3 => &[],
            Origin::Api(through) => &through.options,
        }
    }

    /// All headers that leave the viewer-request function: those for S3, or the hand-over to the API; and for the
    /// origin-request function the domain name of the origin that was decided.
    pub fn edge_headers(&self) -> Vec<(&str, &str)> {
        match &self.origin {
            Origin::S3 => {
                let headers = self.headers.iter().map(|(name, value)| (&**name, value.as_str()));
                headers.chain([(ORIGIN_HEADER, self.s3_bucket.domain.as_str())]).collect()
            }
            Origin::Api(ThroughApi { api, hand_over, .. }) => {
                vec![(ORIGIN_HEADER, &api.domain), (REQUEST_HEADER, hand_over.as_str())]
            }
        }
    }
}

/// Room for an upload's headers in the authorizer's result, in bytes, next to a key of 1,023 bytes.
const MAX_INITIATE_HEADERS: usize = 3072;

/// Routes a request: straight to S3, or through the API where the answer must be in OSS's XML.
///
/// # Errors
/// Those of the header rules, [`Refusal::MissingContentLength`], [`Refusal::InvalidContentLength`],
/// [`Refusal::EntityTooLarge`], [`Refusal::RequestTooLarge`]; for an operation that isn't served, or needs an API where
/// none is configured, [`Refusal::MethodNotAllowed`]; for ListParts when it is off or there is no API
/// [`Refusal::NoSuchUpload`].
pub(crate) fn route<'c>(
    authorized: &Authorized<'_, 'c>,
    served: Served,
    config: &'c Config,
) -> Result<Forward<'c>, Refusal> {
    let authenticated = authorized.authenticated();
    let headers = s3_headers(authenticated, config)?;
    check_length(authenticated)?;
    let origin = match api_resource(authenticated, config)? {
        None if served == Served::AtTheApi => return Err(Refusal::MethodNotAllowed),
        None => Origin::S3,
        Some((api, resource)) => {
            check_header_size(&headers)?;
            let hand_over = HandOver::of_request(authenticated.request(), authenticated.additional_headers())?;
            Origin::Api(ThroughApi { api, resource, hand_over, options: options(authenticated) })
        }
    };
    Ok(Forward {
        origin,
        s3_bucket: authorized.s3_bucket(),
        uri: format!("/{}", encode_key(authenticated.resource().key_or_empty())),
        query: authenticated.operation().s3_query(authenticated.query()),
        headers,
    })
}

/// The API and the path of its resource for an operation that goes there. API Gateway decodes and limits paths, so an
/// operation has one resource, and the object is named in the hand-over.
fn api_resource<'c>(
    authenticated: &Authenticated<'_>,
    config: &'c Config,
) -> Result<Option<(&'c Api, &'static str)>, Refusal> {
    let resource = match authenticated.operation() {
        Operation::PutObject | Operation::UploadPart | Operation::AbortMultipartUpload => return Ok(None),
        Operation::CompleteMultipartUpload if config.complete_multipart_upload == Through::S3 => return Ok(None),
        Operation::InitiateMultipartUpload => "/initiate-multipart-upload",
        Operation::CompleteMultipartUpload => "/complete-multipart-upload",
        Operation::ListParts if config.list_parts == ListParts::Served && config.api.is_some() => "/list-parts",
        Operation::ListParts => {
            let upload_id = authenticated.query().get("uploadId").unwrap_or_default();
            return Err(Refusal::NoSuchUpload(upload_id.to_owned()));
        }
    };
    let api = config.api.as_ref().ok_or(Refusal::MethodNotAllowed)?;
    Ok(Some((api, resource)))
}

fn options(authenticated: &Authenticated<'_>) -> Vec<ApiOption> {
    let operation = authenticated.operation();
    let has = |header, value| authenticated.oss_headers().get(header) == Some(value);
    let mut options = Vec::new();
    if authenticated.query().get("encoding-type").is_some() {
        options.push(ApiOption::EncodeKey);
    }
    if operation == Operation::CompleteMultipartUpload && has("x-oss-complete-all", "yes") {
        options.push(ApiOption::CompleteAll);
    }
    let forbids_overwrite = match operation {
        Operation::InitiateMultipartUpload => has("x-oss-forbid-overwrite", "true"),
        Operation::ListParts => {
            let upload_id = authenticated.query().get("uploadId").and_then(UploadId::parse);
            upload_id.is_some_and(|upload_id| upload_id.overwrite == Overwrite::Forbidden)
        }
        _ => false,
    };
    if forbids_overwrite {
        options.push(ApiOption::ForbidOverwrite);
    }
    options
}

/// The authorizer passes the headers on in its result, which API Gateway limits to 8 KB.
fn check_header_size(headers: &[Header]) -> Result<(), Refusal> {
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MAX_INITIATE_HEADERS { Err(Refusal::RequestTooLarge) } else { Ok(()) }
}

/// Checks the body's length. OSS takes a chunked body without a length, S3 answers it with 411. The body that Go v2 sends
/// with InitiateMultipartUpload, chunked and empty, doesn't reach S3.
fn check_length(authenticated: &Authenticated<'_>) -> Result<(), Refusal> {
    let headers = &authenticated.request().headers;
    let operation = authenticated.operation();
    let max_object_bytes = authenticated.key().max_object_bytes();
    let stores_body = matches!(operation, Operation::PutObject | Operation::UploadPart);
    let sends_body = stores_body || operation == Operation::CompleteMultipartUpload;
    match headers.get_unique("content-length")? {
        Some(length) if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(Refusal::InvalidContentLength)
        }
        Some(length) if stores_body => check_body_size(length, max_object_bytes.unwrap_or(MAX_OBJECT_BYTES)),
        Some(_) => Ok(()),
        // Over HTTP/2 a body needs neither a length nor chunks.
        None if stores_body && max_object_bytes.is_some() => Err(Refusal::MissingContentLength),
        None if sends_body && headers.get_single("transfer-encoding")?.is_some() => Err(Refusal::MissingContentLength),
        None => Ok(()),
    }
}

/// Checks a length of digits, which may be a number of any size.
fn check_body_size(length: &str, max: u64) -> Result<(), Refusal> {
    let is_within = length.parse().is_ok_and(|bytes: u64| bytes <= max);
    if is_within { Ok(()) } else { Err(Refusal::EntityTooLarge) }
}
