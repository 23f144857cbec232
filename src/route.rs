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

/// Who asks for a decision.
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
    /// Nobody else: the relay that decides is the entrance, and performs the operation.
    Entrance(ServiceOperation),
}

/// What goes through the API or the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThroughService<'c> {
    /// The domain name.
    pub domain: &'c str,
    /// The path of the operation's resource.
    pub resource: &'static str,
    /// What the authorizer or the relay verifies again.
    pub hand_over: HandOver,
    /// What is done there.
    pub operation: ServiceOperation,
}

/// What the API or the relay needs to know of an operation besides the request to S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceOperation {
    /// What the operation does besides the plain one.
    pub options: Vec<ApiOption>,
    /// The upload that it begins or lists.
    pub upload: Option<ServiceUpload>,
    /// Where the small parts wait of the upload that it goes on with; none if they went to S3.
    pub staging: Option<Staging>,
    /// The body that becomes an object or a part; none for other operations.
    pub body: Option<RelayedBody>,
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
    /// Where at the edge it is decided.
    pub triggers: Triggers,
    /// The seal of what leaves the viewer-request function; none where it isn't decided there.
    pub seal: Option<String>,
}

/// What a function behind the API does besides the plain operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiOption {
    /// Answer with the key percent-encoded (`encoding-type=url`).
    EncodeKey,
    /// Complete the upload with every part that S3 has (`x-oss-complete-all: yes`).
    CompleteAll,
    /// Let the upload that begins overwrite nothing: for an initiate of 0.1.0, which knows no [`ServiceUpload`], while the
    /// functions behind the API are deployed one after the other.
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
    /// Path and query that leave the function that decided: the object's in S3, or the API's resource.
    pub fn edge_target(&self) -> (&str, &str) {
        match &self.origin {
            Origin::S3 | Origin::Entrance(_) => (&self.uri, &self.query),
            Origin::Api(through) | Origin::Relay(through) => (through.resource, ""),
        }
    }

    /// What the API or the relay does; nothing where the request goes straight to S3.
    pub fn operation(&self) -> Option<&ServiceOperation> {
        match &self.origin {
            Origin::S3 => None,
            Origin::Api(through) | Origin::Relay(through) => Some(&through.operation),
            Origin::Entrance(operation) => Some(operation),
        }
    }

    /// What a function behind the API or the relay does besides the plain operation.
    pub fn options(&self) -> &[ApiOption] {
        self.operation().map_or(&[], |operation| &operation.options)
    }

    /// What the client is told of an upload behind the API or in the relay.
    pub fn upload(&self) -> Option<&ServiceUpload> {
        self.operation().and_then(|operation| operation.upload.as_ref())
    }

    /// Where the small parts of an upload wait that goes on behind the API or in the relay.
    pub fn staging(&self) -> Option<&Staging> {
        self.operation().and_then(|operation| operation.staging.as_ref())
    }

    /// The body that the relay stores as an object or a part.
    pub fn relayed_body(&self) -> Option<RelayedBody> {
        self.operation().and_then(|operation| operation.body)
    }

    /// All headers that leave the function that decided: those for the origin; and from viewer-request, for the
    /// origin-request function, the domain name of the origin that was decided, and the seal.
    pub fn edge_headers(&self) -> Vec<(&str, &str)> {
        let mut headers = self.origin_headers();
        if self.triggers == Triggers::ViewerRequest {
            headers.push((ORIGIN_HEADER, self.origin_domain()));
            headers.extend(self.seal.as_deref().map(|seal| (SEAL_HEADER, seal)));
        }
        headers
    }

    /// The headers that the origin gets: those for S3, or the hand-over to the API or the relay.
    fn origin_headers(&self) -> Vec<(&str, &str)> {
        match &self.origin {
            Origin::S3 | Origin::Entrance(_) => {
                self.headers.iter().map(|(name, value)| (&**name, value.as_str())).collect()
            }
            Origin::Api(through) | Origin::Relay(through) => vec![(REQUEST_HEADER, through.hand_over.as_str())],
        }
    }

    /// The domain name of the origin that was decided.
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

/// Room for an upload's headers in the authorizer's result, in bytes, next to a key of 1,023 bytes.
const MAX_INITIATE_HEADERS: usize = 3072;

/// Routes a request: straight to S3; or through the API or the relay where the answer must be in OSS's XML; or through the
/// relay where S3 refuses the body, or would have to get a condition that origin-request can't set. What viewer-request
/// hands to origin-request is sealed. Where the relay is the entrance, all of it stays there.
///
/// # Errors
/// Those of the header rules, and of a condition that origin-request can't set or remove; for an upload id that isn't sealed for the object [`Refusal::NoSuchUpload`];
/// [`Refusal::MissingContentLength`], [`Refusal::InvalidContentLength`], [`Refusal::EntityTooLarge`],
/// [`Refusal::RequestTooLarge`]; for an operation that isn't served [`Refusal::MethodNotAllowed`], for one that needs an
/// API or a relay where none is configured [`Refusal::NoService`]; for ListParts when it is off or there is neither
/// [`Refusal::NoSuchUpload`]; for HeadObject and GetObjectMeta, unless they are served, [`Refusal::NoSuchKey`].
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

/// The service and the path of its resource, for an operation that doesn't go straight to S3. API Gateway decodes and
/// limits paths, so an operation has one resource, and the object is named in the hand-over.
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
        // S3 can't end an upload whose parts wait elsewhere.
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
        // What becomes an object depends on the framing as well.
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

/// The authorizer passes the headers on in its result, which API Gateway limits to 8 KB.
fn check_header_size(headers: &[Header]) -> Result<(), Refusal> {
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MAX_INITIATE_HEADERS { Err(Refusal::RequestTooLarge) } else { Ok(()) }
}
