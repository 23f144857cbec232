//! The JSON documents that people write, checked field by field.

mod access_keys;
mod config;
mod credentials;
mod field;
mod header_rules;
mod json;
mod permissions;

pub use access_keys::AccessKeysReader;
pub use json::DocumentError;
