//! The JSON documents that people write, checked field by field.
//!
//! Some functions are `#[inline(never)]`. Otherwise all readers would be inlined into one large function, for which
//! V8's optimising compiler takes 37 MiB, and a Lambda function may have only 128 MB.

mod access_keys;
mod aws_regions;
mod buckets;
mod capture;
mod config;
mod cors;
mod credentials;
mod field;
mod header_rules;
mod hosts;
mod json;
mod listener;
mod permissions;
mod secrets;
mod service;

pub use access_keys::AccessKeysReader;
pub use json::DocumentError;
