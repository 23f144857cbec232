//! Where an authorized request goes, and in what form.

mod body;
mod condition;
pub(crate) mod hand_over;
mod s3_headers;
mod staged_part;
mod tagging;
mod upload;

use crate::authenticate::Authenticated;
use crate::authorize::Authorized;
use crate::config::{Config, Endpoint, HeadObject, ListParts, S3Bucket, Service, Through, Triggers};
use crate::hand_over_seal::{HandedOver, ORIGIN_HEADER, SEAL_HEADER};
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::request::percent_encoding::encode_key;
use crate::sealing_keys::SealingKeys;
use crate::time::UnixMillis;
use crate::upload_id::{UploadFault, VerifiedUpload};
use body::Body;
pub use body::RelayedBody;
use condition::{Condition, check_reach};
use hand_over::{HandOver, HandedFraming, REQUEST_HEADER};
pub use s3_headers::Header;
use s3_headers::{condition_at_end, s3_headers};
pub(crate) use staged_part::PARTS_FOLDER;
pub use staged_part::Staging;
pub use upload::ServiceUpload;
use upload::{service_upload, verified_upload};

/// Where a request is decided on, and so what may be forwarded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Served {
    /// The edge, for every operation.
    Edge,
    /// The API's authorizer, for the operations that go through the API.
    Api,
    /// The relay behind the edge, for what goes through it.
    Relay,
    /// The relay where it is the entrance, for every operation.
    Entrance,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin<'c> {
    /// The bucket, through origin access control.
    S3,
    /// A resource of API Gateway's.
    Api(ThroughService<'c>),
    /// The relay.
    Relay(ThroughService<'c>),
    /// The relay that decides: it is the entrance, and performs the operation itself.
    Entrance(ServiceOperation),
}

/// A request to the API or the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThroughService<'c> {
    /// The domain name.
    pub domain: &'c str,
    /// The path of the operation's resource.
    pub resource: &'static str,
    /// The client's request, which the authorizer or the relay verifies again.
    pub hand_over: HandOver,
    /// What the API or the relay does.
    pub operation: ServiceOperation,
}

/// What the API or the relay needs to know about an operation, besides the request to S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceOperation {
    /// How the operation differs from the plain one.
    pub options: Vec<ApiOption>,
    /// The upload that it begins or lists.
    pub upload: Option<ServiceUpload>,
    /// Where the small parts of its upload are staged; `None` if they went to S3.
    pub staging: Option<Staging>,
    /// The body to store as an object or a part; `None` for other operations.
    pub body: Option<RelayedBody>,
}

/// The request to S3. It contains only what was verified and what the header rules allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward<'c> {
    /// Where the request goes next.
    pub origin: Origin<'c>,
    /// The S3 bucket.
    pub s3_bucket: &'c S3Bucket,
    /// `/` and the key, percent-encoded as S3 canonicalises it.
    pub uri: String,
    /// The query, percent-encoded, without `?`.
    pub query: String,
    /// The headers, without Content-Length, which CloudFront keeps.
    pub headers: Vec<Header>,
    /// Which function at the edge decides.
    pub triggers: Triggers,
    /// The seal for origin-request; `None` unless viewer-request decides.
    pub seal: Option<String>,
}

/// How an operation at the API or the relay differs from the plain one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiOption {
    /// Answer with the key percent-encoded (`encoding-type=url`).
    EncodeKey,
    /// Complete the upload with every part that S3 has (`x-oss-complete-all: yes`).
    CompleteAll,
    /// Forbid the upload that begins to overwrite an object. Only the initiate of 0.1.0 reads it, which knows no
    /// [`ServiceUpload`]: during an update the functions behind the API are deployed one after the other.
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
    /// The path and query that leave the deciding function: those of the object in S3, or of the service's resource.
    pub fn edge_target(&self) -> (&str, &str) {
        match &self.origin {
            Origin::S3 | Origin::Entrance(_) => (&self.uri, &self.query),
            Origin::Api(through) | Origin::Relay(through) => (through.resource, ""),
        }
    }

    /// What the API or the relay does; `None` if the request goes straight to S3.
    pub fn operation(&self) -> Option<&ServiceOperation> {
        match &self.origin {
            Origin::S3 => None,
            Origin::Api(through) | Origin::Relay(through) => Some(&through.operation),
            Origin::Entrance(operation) => Some(operation),
        }
    }

    /// How the operation at the API or the relay differs from the plain one.
    pub fn options(&self) -> &[ApiOption] {
        self.operation().map_or(&[], |operation| &operation.options)
    }

    /// The upload that the answer of the API or the relay names.
    pub fn upload(&self) -> Option<&ServiceUpload> {
        self.operation().and_then(|operation| operation.upload.as_ref())
    }

    /// Where the small parts of the request's upload are staged.
    pub fn staging(&self) -> Option<&Staging> {
        self.operation().and_then(|operation| operation.staging.as_ref())
    }

    /// The body that the relay stores as an object or a part.
    pub fn relayed_body(&self) -> Option<RelayedBody> {
        self.operation().and_then(|operation| operation.body)
    }

    /// The headers that leave the deciding function: those for the origin and, if viewer-request decides, the origin's
    /// domain name and the seal, which are for origin-request.
    pub fn edge_headers(&self) -> Vec<(&str, &str)> {
        let mut headers = self.origin_headers();
        if self.triggers == Triggers::ViewerRequest {
            headers.push((ORIGIN_HEADER, self.origin_domain()));
            headers.extend(self.seal.as_deref().map(|seal| (SEAL_HEADER, seal)));
        }
        headers
    }

    /// The headers for the origin: those for S3, or the hand-over to the API or the relay.
    fn origin_headers(&self) -> Vec<(&str, &str)> {
        match &self.origin {
            Origin::S3 | Origin::Entrance(_) => {
                self.headers.iter().map(|(name, value)| (&**name, value.as_str())).collect()
            }
            Origin::Api(through) | Origin::Relay(through) => vec![(REQUEST_HEADER, through.hand_over.as_str())],
        }
    }

    /// The domain name of the origin.
    pub fn origin_domain(&self) -> &str {
        match &self.origin {
            Origin::S3 | Origin::Entrance(_) => &self.s3_bucket.domain,
            Origin::Api(through) | Origin::Relay(through) => through.domain,
        }
    }

    fn sealed(mut self, request: &Request<'_>, keys: &SealingKeys, now: UnixMillis) -> Self {
        let (uri, query) = self.edge_target();
        let Request { request_id, method, .. } = request;
        let origin = self.origin_domain();
        let handed_over = HandedOver { request_id, method, origin, uri, query, headers: self.origin_headers() };
        self.seal = handed_over.seal(&keys.hand_over, now);
        self
    }
}

/// The most bytes of S3's headers that fit into the authorizer's result beside a key of 1,023 bytes.
const MAX_API_HEADERS: usize = 3072;

/// Routes a request. It goes to
/// - the API or the relay, if the answer must be in OSS's XML;
/// - the relay, if S3 refuses the body as it is framed, or needs a condition that origin-request can't set;
/// - S3 otherwise.
///
/// A relay that is the entrance keeps all requests. What viewer-request hands to origin-request is sealed.
///
/// # Errors
/// - those of the header rules, and of the body's length and framing;
/// - [`Refusal::NoSuchUpload`] for an upload id that isn't sealed for the object, and for ListParts when it is off or
///   there is neither an API nor a relay;
/// - [`Refusal::NotImplemented`] for a condition that origin-request can't set or remove;
/// - [`Refusal::NoService`] for another operation that needs an API or a relay when there is neither;
/// - [`Refusal::NoSuchKey`] for HeadObject and GetObjectMeta, unless they are served;
/// - [`Refusal::RequestTooLarge`] when the request doesn't fit through API Gateway;
/// - [`Refusal::MethodNotAllowed`] where the API or the relay decides, for what doesn't go through it.
pub(crate) fn route<'c>(
    authorized: &Authorized<'_, 'c>,
    served: Served,
    config: &'c Config,
    sealing_keys: &SealingKeys,
    now: UnixMillis,
) -> Result<Forward<'c>, Refusal> {
    let authenticated = authorized.authenticated();
    let mut headers = s3_headers(authenticated, config)?;
    let upload = verified_upload(authorized, config, sealing_keys, now)?;
    let begun_with = upload.as_ref().map(VerifiedUpload::options).unwrap_or_default();
    headers.extend(condition_at_end(&headers, authenticated.operation(), begun_with));
    let condition = Condition::of_headers(&headers, served, config);
    let body = Body::of_request(authenticated, condition, config)?;
    let staging = Staging::of_upload(upload.as_ref(), authenticated.operation(), &headers, config)?;
    let key_of_part = staging.as_ref().and_then(|staging| staging.key(authenticated, body.plain_length()));
    let query = authenticated.operation().s3_query(authenticated.query(), upload.as_ref());
    let (key, query, headers) = match (&key_of_part, &staging) {
        (Some(key), Some(staging)) => (key.as_str(), String::new(), staging.headers.clone()),
        _ => (authenticated.resource().key_or_empty(), query, headers),
    };
    let origin = match destination(authenticated, &body, condition, staging.as_ref(), config)? {
        None => Origin::S3,
        Some((service, resource)) => through(service, resource, &body, authenticated, &headers, staging, config)?,
    };
    let is_served_by: &[Served] = match origin {
        Origin::S3 => &[Served::Edge],
        Origin::Api(_) => &[Served::Edge, Served::Api],
        Origin::Relay(_) => &[Served::Edge, Served::Relay],
        Origin::Entrance(_) => &[Served::Entrance],
    };
    if !is_served_by.contains(&served) {
        return Err(Refusal::MethodNotAllowed);
    }
    if origin == Origin::S3 {
        check_reach(authenticated.request(), condition, config.triggers)?;
    }
    let forward = Forward {
        origin,
        s3_bucket: authorized.s3_bucket(),
        uri: format!("/{}", encode_key(key)),
        query,
        headers,
        triggers: config.triggers,
        seal: None,
    };
    Ok(match (served, config.triggers) {
        (Served::Edge, Triggers::ViewerRequest) => forward.sealed(authenticated.request(), sealing_keys, now),
        (Served::Edge, Triggers::OriginRequest) | (Served::Api | Served::Relay | Served::Entrance, _) => forward,
    })
}

/// The service and the path of its resource; `None` for a request that goes straight to S3. API Gateway decodes and
/// limits paths, so each operation has one path, and the hand-over names the object.
fn destination<'c>(
    authenticated: &Authenticated<'_>,
    body: &Body,
    condition: Condition,
    staging: Option<&Staging>,
    config: &'c Config,
) -> Result<Option<(&'c Service, &'static str)>, Refusal> {
    let service = config.service.as_ref();
    let operation = authenticated.operation();
    let resource = match operation {
        Operation::PutObject if body.relayed().is_some() => "/put-object",
        Operation::UploadPart if body.relayed().is_some() => "/upload-part",
        Operation::AbortMultipartUpload if config.is_entered_at_relay() => "/abort-multipart-upload",
        Operation::PutObject | Operation::UploadPart | Operation::AbortMultipartUpload => return Ok(None),
        // S3 can't complete an upload whose parts are staged elsewhere.
        Operation::CompleteMultipartUpload
            if config.complete_multipart_upload == Through::S3
                && staging.is_none()
                && (service.is_none() || condition == Condition::Edge) =>
        {
            return Ok(None);
        }
        Operation::InitiateMultipartUpload => "/initiate-multipart-upload",
        Operation::CompleteMultipartUpload => "/complete-multipart-upload",
        Operation::ListParts if config.list_parts == ListParts::Served && service.is_some() => "/list-parts",
        Operation::ListParts => {
            let upload_id = authenticated.query().get("uploadId").unwrap_or_default();
            return Err(Refusal::NoSuchUpload(upload_id.to_owned(), UploadFault::ListPartsOff));
        }
        Operation::HeadObject | Operation::GetObjectMeta if config.head_object == HeadObject::Served => "/head-object",
        Operation::HeadObject | Operation::GetObjectMeta => {
            return Err(Refusal::NoSuchKey(authenticated.resource().key_or_empty().to_owned()));
        }
    };
    Ok(Some((service.ok_or(Refusal::NoService(operation.name()))?, resource)))
}

fn through<'c>(
    service: &'c Service,
    resource: &'static str,
    body: &Body,
    authenticated: &Authenticated<'_>,
    headers: &[Header],
    staging: Option<Staging>,
    config: &Config,
) -> Result<Origin<'c>, Refusal> {
    let operation = ServiceOperation {
        options: options(authenticated),
        upload: service_upload(authenticated, headers, config),
        staging,
        body: body.relayed(),
    };
    let through = |endpoint: &'c Endpoint, operation| {
        // What is stored depends on the framing, too.
        let framing = if body.relayed().is_some() { HandedFraming::Included } else { HandedFraming::LeftOut };
        let (request, additional_headers) = (authenticated.request(), authenticated.additional_headers());
        let hand_over = HandOver::of_request(request, additional_headers, framing)?;
        Ok(ThroughService { domain: &endpoint.domain, resource, hand_over, operation })
    };
    match service {
        Service::Api(endpoint) => {
            check_header_size(headers)?;
            through(endpoint, operation).map(Origin::Api)
        }
        Service::Relay(endpoint, _) => through(endpoint, operation).map(Origin::Relay),
        Service::Entrance(_) => Ok(Origin::Entrance(operation)),
    }
}

fn options(authenticated: &Authenticated<'_>) -> Vec<ApiOption> {
    let mut options = Vec::new();
    if authenticated.query().get("encoding-type").is_some() {
        options.push(ApiOption::EncodeKey);
    }
    match authenticated.operation() {
        Operation::CompleteMultipartUpload if authenticated.oss_headers().get("x-oss-complete-all") == Some("yes") => {
            options.push(ApiOption::CompleteAll);
        }
        Operation::InitiateMultipartUpload if forbids_overwrite(authenticated) => {
            options.push(ApiOption::ForbidOverwrite);
        }
        _ => {}
    }
    options
}

fn forbids_overwrite(authenticated: &Authenticated<'_>) -> bool {
    authenticated.oss_headers().get("x-oss-forbid-overwrite") == Some("true")
}

/// Checks that the headers for S3 fit into the authorizer's result, which API Gateway limits to 8 KB.
fn check_header_size(headers: &[Header]) -> Result<(), Refusal> {
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MAX_API_HEADERS { Err(Refusal::RequestTooLarge) } else { Ok(()) }
}
