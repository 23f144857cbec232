//! Where an authorized request goes, and in what form.

use std::borrow::Cow;

use crate::authenticate::{Authenticated, Classified};
use crate::authorize::Authorized;
use crate::characters::Characters;
use crate::config::{Api, Config, S3Bucket, Switch, Through};
use crate::decimal;
use crate::hand_over::{HandOver, ORIGIN_HEADER, REQUEST_HEADER};
use crate::header_name::HeaderName;
use crate::object_key::ObjectKey;
use crate::operation::Operation;
use crate::percent_encoding;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::s3_headers::{Header, S3HeaderName, s3_headers};
use crate::texts::{Stretch, owned, push};
use crate::upload_id::{Overwrite, UploadId};
use crate::words::Word;

/// Which operations are served.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Served {
    Everywhere,
    /// Those that go through the API.
    BehindTheApi,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin<'c> {
    /// The bucket, through origin access control.
    S3,
    /// A resource of API Gateway's.
    Api(Box<ThroughApi<'c>>),
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
pub struct Forward<'r> {
    /// Who sends it there.
    pub origin: Origin<'r>,
    /// The bucket that it is about.
    pub s3_bucket: &'r S3Bucket,
    /// How many buckets of the configuration are before it.
    pub(crate) bucket_number: usize,
    /// `/` and the key, percent-encoded as S3 canonicalises it.
    pub uri: Cow<'r, str>,
    /// The query, percent-encoded, without `?`.
    pub query: String,
    /// Header names, and values. Content-Length isn't among them: CloudFront keeps it.
    pub headers: Vec<Header<'r>>,
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

    /// The headers that leave the viewer-request function, all of them: those for S3, or the hand-over
    /// to the API, and for the origin-request function the domain name of the origin that was decided.
    pub fn edge_headers(&self) -> impl Iterator<Item = (S3HeaderName<'_>, &str)> {
        let (headers, origin, hand_over) = match &self.origin {
            Origin::S3 => (&*self.headers, &self.s3_bucket.domain, None),
            Origin::Api(through) => {
                let hand_over = (S3HeaderName::Known(const { Word::of(REQUEST_HEADER) }), through.hand_over.as_str());
                (&[][..], &through.api.domain, Some(hand_over))
            }
        };
        let origin = (S3HeaderName::Known(const { Word::of(ORIGIN_HEADER) }), &**origin);
        headers.iter().map(|(name, value)| (name.borrowed(), &**value)).chain([origin]).chain(hand_over)
    }
}

/// Room for an upload's headers in the authorizer's result, in bytes, next to a key of 1,023 bytes.
const MAX_INITIATE_HEADERS: usize = 3072;

/// The most that S3 takes in one PutObject or UploadPart, in bytes: 5 GiB (S3 User Guide, "Amazon S3
/// multipart upload limits").
pub(crate) const MAX_OBJECT_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// Routes a request: straight to S3, or through the API where the answer must be in OSS's XML.
///
/// # Errors
/// Those of the header rules, [`Refusal::MissingContentLength`], [`Refusal::InvalidContentLength`],
/// [`Refusal::EntityTooLarge`], [`Refusal::RequestTooLarge`]; for an operation that isn't served, or is behind an
/// API where none is configured, [`Refusal::MethodNotAllowed`]; for ListParts when it is off or there is no API
/// [`Refusal::NoSuchUpload`].
pub(crate) fn route<'r>(
    authorized: &Authorized<'_, '_, 'r, '_, 'r>,
    served: Served,
    config: &'r Config,
) -> Result<Forward<'r>, Refusal> {
    let authenticated = authorized.authenticated();
    let classified = authenticated.classified();
    let headers = s3_headers(authenticated, config)?;
    check_length(classified, authenticated.key().max_object_bytes())?;
    let origin = match api_resource(classified, config)? {
        None if served == Served::BehindTheApi => return Err(Refusal::MethodNotAllowed),
        None => Origin::S3,
        Some((api, resource)) => {
            check_size(&headers)?;
            let hand_over = HandOver::of_request(classified.request, authenticated.additional_headers())?;
            Origin::Api(Box::new(ThroughApi { api, resource, hand_over, options: options(authenticated) }))
        }
    };
    Ok(Forward {
        origin,
        s3_bucket: authorized.s3_bucket(),
        bucket_number: authorized.bucket_number(),
        uri: s3_uri(classified),
        query: match classified.operation {
            Operation::PutObject => String::new(),
            operation => operation.s3_query(classified.query),
        },
        headers,
    })
}

/// The key as S3's path: the end of the request's own where nothing in it was encoded, or needs to be.
fn s3_uri<'r>(classified: &Classified<'_, 'r>) -> Cow<'r, str> {
    let Classified { request, resource, .. } = classified;
    let characters = resource.key.as_ref().map(ObjectKey::characters);
    let key = resource.key.as_deref().unwrap_or_default();
    if characters.is_some_and(percent_encoding::is_encoded_key)
        && let Some(place) = Stretch::of(request.uri).place_of(key)
        && let Some(path) = place.checked_sub(1).and_then(|slash| request.uri.get(slash..))
        && path.starts_with('/')
        && path.len() == 1 + key.len()
    {
        return Cow::Borrowed(path);
    }
    let mut uri = String::with_capacity(1 + key.len());
    push(&["/"], &mut uri);
    percent_encoding::encode_key(key, &mut uri);
    Cow::Owned(uri)
}

/// The API and the path of its resource for an operation that goes there. API Gateway decodes and
/// limits paths, so an operation has one resource, and the object is named in the hand-over.
#[inline(never)]
fn api_resource<'c>(
    classified: &Classified<'_, '_>,
    config: &'c Config,
) -> Result<Option<(&'c Api, &'static str)>, Refusal> {
    let resource = match classified.operation {
        Operation::PutObject | Operation::UploadPart | Operation::AbortMultipartUpload => return Ok(None),
        Operation::CompleteMultipartUpload if config.complete_multipart_upload == Through::S3 => return Ok(None),
        Operation::InitiateMultipartUpload => "/initiate-multipart-upload",
        Operation::CompleteMultipartUpload => "/complete-multipart-upload",
        Operation::ListParts if config.list_parts == Switch::On && config.api.is_some() => "/list-parts",
        Operation::ListParts => {
            return Err(Refusal::NoSuchUpload(owned(classified.query.get("uploadId").unwrap_or_default())));
        }
    };
    let api = config.api.as_ref().ok_or(Refusal::MethodNotAllowed)?;
    Ok(Some((api, resource)))
}

#[inline(never)]
fn options(authenticated: &Authenticated<'_, '_, '_>) -> Vec<ApiOption> {
    let classified = authenticated.classified();
    let asks = |header, value| authenticated.oss_headers().get(header) == Some(value);
    let mut options = Vec::new();
    if classified.query.get("encoding-type").is_some() {
        options.push(ApiOption::EncodeKey);
    }
    match classified.operation {
        Operation::CompleteMultipartUpload if asks("x-oss-complete-all", "yes") => options.push(ApiOption::CompleteAll),
        Operation::InitiateMultipartUpload if asks("x-oss-forbid-overwrite", "true") => {
            options.push(ApiOption::ForbidOverwrite);
        }
        Operation::ListParts if is_marked(classified.query) => options.push(ApiOption::ForbidOverwrite),
        _ => {}
    }
    options
}

fn is_marked(query: &Query<'_>) -> bool {
    let upload_id = query.get("uploadId").and_then(UploadId::parse);
    upload_id.is_some_and(|upload_id| upload_id.overwrite == Overwrite::Forbidden)
}

/// The authorizer hands the headers on in its result, which API Gateway limits to 8 KB.
fn check_size(headers: &[Header<'_>]) -> Result<(), Refusal> {
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MAX_INITIATE_HEADERS { Err(Refusal::RequestTooLarge) } else { Ok(()) }
}

/// OSS takes a chunked body without a length, S3 answers it with 411. The body that Go v2 sends with
/// InitiateMultipartUpload, chunked and empty, doesn't reach S3.
#[inline(never)]
fn check_length(classified: &Classified<'_, '_>, max_object_bytes: Option<u64>) -> Result<(), Refusal> {
    let Classified { request, operation, .. } = classified;
    let stores_body = matches!(operation, Operation::PutObject | Operation::UploadPart);
    let sends_body = stores_body || *operation == Operation::CompleteMultipartUpload;
    match request.unique(HeaderName::ContentLength)? {
        Some(length) if length.is_empty() || !Characters::of(length).are_among(Characters::DIGITS) => {
            Err(Refusal::InvalidContentLength)
        }
        Some(length) if stores_body => check_body_size(length, max_object_bytes),
        Some(_) => Ok(()),
        // Over HTTP/2 a body needs neither.
        None if stores_body && max_object_bytes.is_some() => Err(Refusal::MissingContentLength),
        None if sends_body && request.single(HeaderName::TransferEncoding)?.is_some() => {
            Err(Refusal::MissingContentLength)
        }
        None => Ok(()),
    }
}

/// A length of digits, perhaps of more than a number has here.
fn check_body_size(length: &str, max_object_bytes: Option<u64>) -> Result<(), Refusal> {
    let max = max_object_bytes.unwrap_or(MAX_OBJECT_BYTES);
    let mut digits = length.as_bytes();
    while let [b'0', rest @ ..] = digits {
        digits = rest;
    }
    let bytes = decimal::number(digits).and_then(|bytes| u64::try_from(bytes).ok());
    if bytes.is_some_and(|bytes| bytes <= max) { Ok(()) } else { Err(Refusal::EntityTooLarge) }
}
