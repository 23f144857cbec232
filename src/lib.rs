//! The decisions of oss-edge: whether a request that an Alibaba Cloud OSS SDK signed may go on to
//! Amazon S3, and in what form.
//!
//! The pipeline, each stage with its own module:
//!
//! ```text
//! RequestView ─ locate ─▶ Resource ─ classify ─▶ Operation
//!                                                 │ authenticate ─▶ Authenticated
//!                                                 │ authorize    ─▶ Authorized
//!                                                 └ route        ─▶ Forward
//! ```
//!
//! Any stage may end it with a [`Refusal`], which [`ErrorResponse`] renders as OSS would. On the way
//! back [`OriginResponse`] gives what S3 answered in OSS's words. The crate
//! has no clock, no environment and no I/O: time, keys and configuration are arguments.
//!
//! What is marked `#[inline(never)]` is compiled once instead of at every place that calls it, or stands apart from what
//! most requests need: the module's size has a budget, and Node compiles a function when it is first called
//! (`docs/performance.md`).

mod access_keys;
#[cfg(target_arch = "wasm32")]
mod allocator;
mod authenticate;
mod authorize;
mod baked;
mod base64;
mod by_name;
mod canonicalized_oss_headers;
mod characters;
mod clock_skew;
mod config;
mod credentials;
mod decimal;
mod decision;
mod derived_key;
mod document;
mod error_response;
#[cfg(any(target_arch = "wasm32", test))]
#[cfg_attr(
    not(all(feature = "documents", feature = "edge", feature = "api", feature = "responses")),
    allow(dead_code, reason = "as of the boundary")
)]
mod exchange;
mod hand_over;
mod header_name;
mod header_rules;
mod hex;
mod hosts;
mod hot_keys;
mod id_table;
mod keyed_hash;
mod object_key;
mod operation;
mod ordered;
mod origin_response;
mod oss_error;
mod parts;
mod percent_encoding;
mod permission;
mod presented_signature;
mod query;
mod reading;
mod refusal;
mod request_view;
mod resource;
mod route;
mod s3_error;
mod s3_headers;
mod signature_scheme;
mod signature_v1;
pub mod signature_v4;
mod signing_date;
mod signing_secret;
mod sub_resource;
mod tagging;
mod texts;
mod upload_id;
#[cfg(target_arch = "wasm32")]
#[cfg_attr(
    not(all(feature = "documents", feature = "edge", feature = "api", feature = "responses")),
    allow(dead_code, unused_imports, reason = "a module for one function leaves out what others need")
)]
mod wasm;
mod words;

pub use access_keys::{AccessKeys, AccessKeysReader};
pub use canonicalized_oss_headers::CanonicalizedOssHeaders;
pub use config::{Api, Config, S3Bucket};
pub use credentials::Credentials;
pub use decision::{Decision, Gate};
pub use derived_key::{DerivedKeyId, derived_secret};
pub use document::{Document, DocumentError};
pub use error_response::ErrorResponse;
pub use hand_over::HandOver;
pub use object_key::ObjectKey;
pub use operation::Operation;
pub use origin_response::{Checks, OriginResponse, Responder, ViewerResponse};
pub use query::Query;
pub use refusal::{
    AccessKeyFault, AuthorizationFault, CredentialFault, DateFault, KeyFault, Mismatch, Refusal, Renewal, TooSkewed,
};
pub use request_view::{FlatRequest, RequestView};
pub use resource::Resource;
pub use route::{ApiOption, Forward, Origin, ThroughApi};
pub use s3_headers::S3HeaderName;
pub use signature_scheme::Scheme;
pub use signature_v1::{CanonicalizedResource, StringToSign, verify as verify_signature_v1};
pub use signing_date::UnixMillis;
pub use signing_secret::SigningSecret;
pub use sub_resource::SUB_RESOURCES;
pub use words::Word;
