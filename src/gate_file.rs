//! A checked gate as the bytes of `gate.bin`, so that a function reads no document when it starts.
//!
//! ```text
//! file    = SHA-256 of what follows, in 32 bytes; content
//! content = postcard of (format, build, gate)
//! ```
//!
//! The file holds secrets. Its fields are those of the build that wrote it, and no other build reads it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::decision::Gate;

const FORMAT: &str = "oss-edge gate 2";

/// The build that wrote a file, which build.sh makes of the sources: another one may have other fields.
const BUILD: &str = match option_env!("OSS_EDGE_BUILD") {
    Some(build) => build,
    None => "unknown build",
};

const DIGEST_BYTES: usize = 32;

/// What a file begins with. It is the same in every build.
#[derive(Serialize, Deserialize)]
struct Header<'f> {
    format: &'f str,
    build: &'f str,
}

/// Why a file is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateFileError {
    /// The content isn't what the digest is of.
    Damaged,
    /// Another build of the core wrote it.
    OtherBuild,
}

impl fmt::Display for GateFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            GateFileError::Damaged => "gate.bin is damaged: bundle again",
            GateFileError::OtherBuild => "gate.bin was written by another build of oss-edge: bundle again",
        })
    }
}

impl std::error::Error for GateFileError {}

impl Gate {
    /// The bytes of `gate.bin`: the same for the same gate. They hold all its secrets.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let header = Header { format: FORMAT, build: BUILD };
        // Serializing to a `Vec` fails for no value of these types.
        let content = Zeroizing::new(postcard::to_allocvec(&(header, self)).unwrap_or_default());
        Zeroizing::new([&*Sha256::digest(&*content), &content].concat())
    }

    /// The gate of `gate.bin`.
    ///
    /// # Errors
    /// When the bytes are damaged, or another build wrote them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, GateFileError> {
        let (digest, content) = bytes.split_at_checked(DIGEST_BYTES).ok_or(GateFileError::Damaged)?;
        if *Sha256::digest(content) != *digest {
            return Err(GateFileError::Damaged);
        }
        let (header, content): (Header<'_>, _) =
            postcard::take_from_bytes(content).map_err(|_| GateFileError::OtherBuild)?;
        if header.format != FORMAT || header.build != BUILD {
            return Err(GateFileError::OtherBuild);
        }
        match postcard::take_from_bytes(content) {
            Ok((gate, [])) => Ok(gate),
            _ => Err(GateFileError::Damaged),
        }
    }
}
