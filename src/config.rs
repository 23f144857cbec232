//! The configuration: which hosts and buckets there are, and where they lead.

pub(crate) mod capture;
pub(crate) mod cors;
pub(crate) mod credentials;
pub(crate) mod header_rules;
pub(crate) mod hosts;
pub(crate) mod names;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::operation::{Operation, ServedOperations};
use crate::scheme::Scheme;
use crate::upload_id::{SmallParts, UnsealedUploadIds};
use capture::CaptureRules;
use cors::Cors;
use credentials::Credentials;
use header_rules::HeaderRules;
use hosts::Hosts;

/// A configuration whose every field was checked.
#[derive(Serialize, Deserialize)]
pub struct Config {
    pub(crate) triggers: Triggers,
    pub(crate) max_clock_skew_seconds: u32,
    pub(crate) max_url_expiry_seconds: u32,
    pub(crate) signature_schemes: Vec<Scheme>,
    /// Regions that a version 4 credential may name; none means any.
    pub(crate) signature_regions: Vec<String>,
    pub(crate) hosts: Hosts,
    /// By the names of the OSS buckets.
    pub(crate) buckets: BTreeMap<String, S3Bucket>,
    pub(crate) service: Option<Service>,
    pub(crate) complete_multipart_upload: Through,
    pub(crate) list_parts: ListParts,
    pub(crate) unsealed_upload_ids: UnsealedUploadIds,
    /// Of uploads that begin. Afterwards the seal of an upload's id says it.
    pub(crate) small_parts: SmallParts,
    /// The most bytes of staged parts that are joined when an upload is completed.
    pub(crate) max_join_bytes: u64,
    pub(crate) head_object: HeadObject,
    /// Without it, pages of other origins can't upload.
    pub(crate) cors: Option<Cors>,
    pub(crate) headers: HeaderRules,
    pub(crate) credentials: Credentials,
    pub(crate) capture: Option<CaptureRules>,
}

/// Where at the edge a request is decided on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Triggers {
    /// At viewer request; a function at origin request picks the origin.
    #[default]
    ViewerRequest,
    /// At origin request, by the function that also picks the origin.
    OriginRequest,
}

/// The origin of an operation that may go either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Through {
    /// The API or the relay, which answer in OSS's XML.
    #[default]
    Service,
    /// S3, whose answer the client gets as it is.
    S3,
}

/// Whether ListParts is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ListParts {
    Served,
    Refused,
}

/// What becomes of HeadObject and GetObjectMeta.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum HeadObject {
    /// Refused as every other operation that isn't served.
    #[default]
    Refused,
    /// Answered as if no object were there, to who may ask: then a client that looks first uploads.
    Absent,
    /// Asked of S3 by the API or the relay, for who may ask.
    Served,
}

/// Where the objects of an OSS bucket go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct S3Bucket {
    /// The S3 bucket's name.
    pub name: String,
    /// Its AWS Region, as in `us-east-1`.
    pub region: String,
    /// Its regional domain name, the one that an origin must have.
    pub domain: String,
}

/// What serves the operations that must answer in OSS's XML: a deployment has one of them, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Service {
    /// A stage of API Gateway.
    Api(Endpoint),
    /// The relay, which also takes bodies that S3 refuses.
    Relay(Endpoint, BodiesWithoutLength),
    /// The relay where it is the entrance itself: no edge is before it, and it performs every operation.
    Entrance(BodiesWithoutLength),
}

/// What becomes of an upload whose body comes without a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum BodiesWithoutLength {
    /// It is refused: whether the last hop cuts a body unnoticed must be checked first.
    Refused,
    /// It goes to the relay.
    Relayed,
}

/// Where the API or the relay is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The domain name.
    pub domain: String,
    /// The path, beginning with `/`; empty for the root, as on a custom domain of API Gateway's.
    pub path: String,
}

impl Config {
    /// Where access keys come from.
    pub fn credentials(&self) -> Credentials {
        self.credentials
    }

    /// Whether the relay is the entrance.
    pub(crate) fn is_entered_at_relay(&self) -> bool {
        matches!(self.service, Some(Service::Entrance(_)))
    }

    /// Which request is which operation.
    pub(crate) fn served_operations(&self) -> ServedOperations {
        let refused_operations: &'static [Operation] = match self.head_object {
            HeadObject::Refused => &Operation::READING,
            HeadObject::Absent | HeadObject::Served => &[],
        };
        ServedOperations { ignored_parameters: self.headers.ignored_parameters(), refused_operations }
    }
}

#[cfg(feature = "documents")]
impl S3Bucket {
    pub(crate) fn new(name: String, region: String) -> Self {
        let domain = format!("{name}.s3.{region}.amazonaws.com");
        S3Bucket { name, region, domain }
    }
}
