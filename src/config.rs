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
    /// The regions that a version 4 credential may name; if empty, any.
    pub(crate) signature_regions: Vec<String>,
    pub(crate) hosts: Hosts,
    /// By the name of the OSS bucket.
    pub(crate) buckets: BTreeMap<String, S3Bucket>,
    pub(crate) service: Option<Service>,
    pub(crate) complete_multipart_upload: Through,
    pub(crate) list_parts: ListParts,
    pub(crate) unsealed_upload_ids: UnsealedUploadIds,
    /// For uploads that begin. The seal of the upload id keeps it for the rest of the upload.
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

/// Which edge function decides on a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Triggers {
    /// The viewer-request function; the origin-request function picks the origin.
    #[default]
    ViewerRequest,
    /// The origin-request function, which also picks the origin.
    OriginRequest,
}

/// Where CompleteMultipartUpload goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Through {
    /// The API or the relay, which answer in OSS's XML.
    #[default]
    Service,
    /// S3, whose answer the client gets unchanged.
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
    /// They are refused, like every operation that isn't served.
    #[default]
    Refused,
    /// A client that may ask is told that there is no object, so that one that looks first uploads.
    Absent,
    /// The API or the relay asks S3, for a client that may ask.
    Served,
}

/// Where the objects of an OSS bucket go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct S3Bucket {
    /// The S3 bucket's name.
    pub name: String,
    /// Its AWS Region, as in `us-east-1`.
    pub region: String,
    /// Its regional domain name, which the origin of a distribution must have.
    pub domain: String,
}

/// What serves the operations that must answer in OSS's XML. A deployment has at most one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Service {
    /// A stage of API Gateway.
    Api(Endpoint),
    /// The relay, which also takes bodies that S3 refuses.
    Relay(Endpoint, BodiesWithoutLength),
    /// A relay that is the entrance: there is no edge before it, and it performs every operation.
    Entrance(BodiesWithoutLength),
}

/// What becomes of an upload whose body has no length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum BodiesWithoutLength {
    /// It is refused. An operator must first check that no hop cuts a body unnoticed.
    Refused,
    /// It goes to the relay.
    Relayed,
}

/// Where the API or the relay is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The domain name.
    pub domain: String,
    /// The path, beginning with `/`; empty for the root, as on a custom domain of API Gateway.
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

    /// What this configuration changes in the classification of requests.
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
