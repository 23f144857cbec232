//! The JSON documents that people write, checked field by field.
//!
//! Some functions are `#[inline(never)]`. Inlined, all readers would become one function, and V8's optimising compiler
//! takes memory and time by the size of a function: 37 MiB for that one, in a function of Lambda's of 128 MB.

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
