//! The configuration: which hosts and buckets there are, and where they lead.

pub(crate) mod credentials;
pub(crate) mod header_rules;
pub(crate) mod hosts;
pub(crate) mod names;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::scheme::Scheme;
use credentials::Credentials;
use header_rules::HeaderRules;
use hosts::Hosts;

/// A configuration whose every field was checked.
#[derive(Serialize, Deserialize)]
pub struct Config {
    pub(crate) max_clock_skew_seconds: u32,
    pub(crate) max_url_expiry_seconds: u32,
    pub(crate) signature_schemes: Vec<Scheme>,
    /// Regions that a version 4 credential may name; none means any.
    pub(crate) signature_regions: Vec<String>,
    pub(crate) hosts: Hosts,
    /// By the names of the OSS buckets.
    pub(crate) buckets: BTreeMap<String, S3Bucket>,
    pub(crate) api: Option<Api>,
    pub(crate) complete_multipart_upload: Through,
    pub(crate) list_parts: ListParts,
    pub(crate) headers: HeaderRules,
    pub(crate) credentials: Credentials,
}

/// The origin of an operation that may go either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Through {
    /// API Gateway, whose function answers in OSS's XML.
    #[default]
    Api,
    /// S3, whose answer the client gets as it is.
    S3,
}

/// Whether ListParts is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ListParts {
    Served,
    Refused,
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

/// The API Gateway stage of the operations that must answer in OSS's XML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Api {
    /// The API's domain name.
    pub domain: String,
    /// The stage's path, beginning with `/`; empty on a custom domain that maps the stage to its root.
    pub path: String,
}

impl Config {
    /// Where access keys come from.
    pub fn credentials(&self) -> Credentials {
        self.credentials
    }
}

#[cfg(feature = "documents")]
impl S3Bucket {
    pub(crate) fn new(name: String, region: String) -> Self {
        let domain = format!("{name}.s3.{region}.amazonaws.com");
        S3Bucket { name, region, domain }
    }
}
