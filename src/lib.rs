//! Decides whether a request that an Alibaba Cloud OSS SDK signed may go on to Amazon S3, and translates it.
//!
//! The pipeline, each stage with its own module:
//!
//! ```text
//! Request ─ locate ─▶ Resource ─ classify ─▶ Operation
//!                                             │ authenticate ─▶ Authenticated
//!                                             │ authorize    ─▶ Authorized
//!                                             └ route        ─▶ Forward
//! ```
//!
//! Any stage may end the pipeline with a [`Refusal`], which [`ErrorResponse`] renders in OSS's XML. On the way back,
//! [`OriginResponse`] translates S3's answer. The crate has no clock, no environment and no I/O: time, keys and
//! configuration are arguments.
//!
//! A module uses only modules that are declared above it here, and its own children.

mod time;

mod limits;

mod scheme;

mod sub_resource;

mod mac;

mod sealing_keys;

mod upload_id;

mod refusal;

mod object_key;

mod request;

mod hand_over_seal;

mod operation;

mod config;

mod resource;

mod access_keys;

/// Reads JSON documents. Functions with bundled keys have a WebAssembly module without it.
#[cfg(feature = "documents")]
mod documents;

mod signature;

mod capture;

mod authenticate;

mod authorize;

mod route;

mod oss_error;

mod error_response;

mod preflight;

mod origin_response;

mod decision;

mod bundled_file;

/// Functions with bundled keys have a WebAssembly module without it.
#[cfg(feature = "documents")]
mod explain;

mod gate_file;

mod seal_file;

mod decision_json;

#[cfg(target_arch = "wasm32")]
mod wasm;

pub use access_keys::AccessKeys;
pub use access_keys::derived_key::{DerivedKeyId, derived_secret};
pub use access_keys::secret::Secret;
pub use bundled_file::BundledFileError;
pub use capture::Captured;
pub use config::credentials::Credentials;
pub use config::{Config, Endpoint, S3Bucket, Triggers};
pub use decision::{Decision, EdgeDecision, Gate, Preflight};
pub use decision_json::Explanation;
#[cfg(feature = "documents")]
pub use documents::{AccessKeysReader, DocumentError};
pub use error_response::ErrorResponse;
#[cfg(feature = "documents")]
pub use explain::{SignedRequest, Signer, Whose};
pub use hand_over_seal::{HandOverFault, Opened};
pub use object_key::ObjectKey;
pub use operation::Operation;
pub use origin_response::{OriginResponse, Responder, ViewerResponse};
pub use refusal::{
    AccessKeyFault, AuthorizationFault, CredentialFault, DateFault, KeyFault, LengthFault, Mismatch, PreflightFault,
    Refusal, Renewal, TooSkewed,
};
pub use request::Request;
pub use request::header::HeaderMap;
pub use request::query::Query;
pub use resource::Resource;
pub use route::hand_over::HandOver;
pub use route::{
    ApiOption, Forward, Header, Origin, RelayedBody, ServiceOperation, ServiceUpload, Staging, ThroughService,
};
pub use scheme::Scheme;
#[cfg(feature = "documents")]
pub use sealing_keys::SealUses;
pub use sealing_keys::SealingKeys;
pub use signature::oss_headers::CanonicalizedOssHeaders;

pub use signature::v1 as signature_v1;

pub use signature::v4 as signature_v4;
pub use sub_resource::SUB_RESOURCES;
pub use time::UnixMillis;
pub use upload_id::{Encryption, Overwrite, SmallParts, UploadFault, UploadOptions, VerifiedUpload};
