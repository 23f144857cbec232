//! What the tests share: a device's requests, the gate that they are for, and vectors.

pub(crate) mod api;
pub(crate) mod config;
pub(crate) mod gate;
pub(crate) mod json;
pub(crate) mod request;
pub(crate) mod vectors;
