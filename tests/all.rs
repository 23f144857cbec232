//! The tests of the core by its public interface: one program, which is linked once. In WebAssembly too, but for what
//! draws random cases, reads files, or takes long.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

#[cfg(not(target_arch = "wasm32"))]
mod decision_json;
mod derived_keys;
mod device;
#[cfg(not(target_arch = "wasm32"))]
mod gate_file;
mod malformed;
mod refusals;
mod seals;
#[cfg(not(target_arch = "wasm32"))]
mod secret_types;
mod signature_v1_vectors;
mod signature_v4_vectors;
#[cfg(not(target_arch = "wasm32"))]
mod v1_resources;
