//! Where an authorized request goes, and in what form.

use std::borrow::Cow;

use crate::authorize::Authorized;
use crate::config::{Api, S3Bucket};
use crate::hand_over::{HandOver, ORIGIN_HEADER, REQUEST_HEADER};
use crate::operation::Operation;
use crate::percent_encoding;
use crate::refusal::Refusal;
use crate::request_view::RequestView;
use crate::s3_headers::{Header, s3_headers};

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The bucket, through origin access control.
    S3,
    /// API Gateway, with what its authorizer verifies again.
    Api(Api, HandOver),
}

/// The request to S3, made of nothing but what was verified and what the rules allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward<'r> {
    /// Who sends it there.
    pub origin: Origin,
    /// The bucket that it is about.
    pub s3_bucket: S3Bucket,
    /// `/` and the key, percent-encoded as S3 canonicalises it.
    pub uri: String,
    /// The query, percent-encoded, without `?`.
    pub query: String,
    /// Header names in lower case, and values. Content-Length isn't among them: CloudFront keeps it.
    pub headers: Vec<Header<'r>>,
    /// Whether the client asked for a percent-encoded key in the answer (`encoding-type=url`).
    pub encodes_key: bool,
}

impl Forward<'_> {
    /// The headers that leave the viewer-request function, all of them: those for S3, or the hand-over
    /// to the API, and for the origin-request function the domain name of the origin that was decided.
    pub fn edge_headers(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        let (headers, own) = match &self.origin {
            Origin::S3 => (&*self.headers, [Some((ORIGIN_HEADER, Cow::Owned(self.s3_bucket.domain()))), None]),
            Origin::Api(api, hand_over) => {
                let origin = (ORIGIN_HEADER, Cow::Borrowed(&*api.domain));
                (&[][..], [Some(origin), Some((REQUEST_HEADER, Cow::Borrowed(hand_over.as_str())))])
            }
        };
        headers.iter().map(|(name, value)| (&**name, Cow::Borrowed(&**value))).chain(own.into_iter().flatten())
    }
}

/// Room for an upload's headers in the authorizer's result, in bytes, next to a key of 1,023 bytes.
const MAX_INITIATE_HEADERS: usize = 3072;

/// Routes a request: InitiateMultipartUpload through the API, because its answer must be in OSS's
/// XML, everything else straight to S3.
///
/// # Errors
/// Those of the header rules, [`Refusal::MissingContentLength`], [`Refusal::InvalidContentLength`],
/// [`Refusal::RequestTooLarge`], and [`Refusal::MethodNotAllowed`] for InitiateMultipartUpload when no
/// API is configured.
pub(crate) fn route<'r>(authorized: &Authorized<'_, 'r, '_>, api: Option<&Api>) -> Result<Forward<'r>, Refusal> {
    let authenticated = authorized.authenticated();
    let classified = authenticated.classified();
    let headers = s3_headers(authenticated)?;
    check_length(classified.request, classified.operation)?;
    let origin = match classified.operation {
        Operation::InitiateMultipartUpload => {
            let api = api.ok_or(Refusal::MethodNotAllowed)?;
            check_size(&headers)?;
            Origin::Api(api.clone(), HandOver::of_request(classified.request, authenticated.additional_headers())?)
        }
        _ => Origin::S3,
    };
    let mut uri = String::from("/");
    percent_encoding::encode_key(classified.resource.key.as_deref().unwrap_or_default(), &mut uri);
    Ok(Forward {
        origin,
        s3_bucket: authorized.s3_bucket().clone(),
        uri,
        query: classified.operation.s3_query(classified.query),
        headers,
        encodes_key: classified.query.get("encoding-type").is_some(),
    })
}

/// The authorizer hands the headers on in its result, which API Gateway limits to 8 KB.
fn check_size(headers: &[Header<'_>]) -> Result<(), Refusal> {
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MAX_INITIATE_HEADERS { Err(Refusal::RequestTooLarge) } else { Ok(()) }
}

/// OSS takes a chunked body without a length, S3 answers it with 411. The body that Go v2 sends with
/// InitiateMultipartUpload, chunked and empty, doesn't reach S3.
fn check_length(request: &RequestView<'_>, operation: Operation) -> Result<(), Refusal> {
    let sends_body = !matches!(operation, Operation::InitiateMultipartUpload | Operation::AbortMultipartUpload);
    match request.unique("content-length")? {
        Some(length) if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(Refusal::InvalidContentLength)
        }
        Some(_) => Ok(()),
        None if sends_body && request.single("transfer-encoding")?.is_some() => Err(Refusal::MissingContentLength),
        None => Ok(()),
    }
}
