//! Binary files that `bundle` writes and a function reads when it starts, so that it needs no JSON document.
//!
//! ```text
//! file    = SHA-256 of what follows, in 32 bytes; content
//! content = postcard of (format, build, value)
//! ```
//!
//! The value has the fields of the build that wrote it, and only the same build reads it.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The build that writes or reads a file: a hash of the sources, which build.sh sets.
const BUILD: &str = match option_env!("OSS_EDGE_BUILD") {
    Some(build) => build,
    None => "unknown build",
};

const DIGEST_BYTES: usize = 32;

/// The beginning of the content. It is the same in every build.
#[derive(Serialize, Deserialize)]
struct Header<'f> {
    format: &'f str,
    build: &'f str,
}

/// Why a file is refused. Has the file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundledFileError {
    /// The digest isn't that of the content.
    Damaged(&'static str),
    /// Another build of the core wrote it.
    OtherBuild(&'static str),
}

impl fmt::Display for BundledFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BundledFileError::Damaged(name) => write!(f, "{name} is damaged: bundle again"),
            BundledFileError::OtherBuild(name) => {
                write!(f, "{name} was written by another build of oss-edge: bundle again")
            }
        }
    }
}

impl std::error::Error for BundledFileError {}

/// One kind of file.
pub(crate) struct BundledFile {
    /// The file's name, for errors.
    pub(crate) name: &'static str,
    /// The format, different for each kind of file.
    pub(crate) format: &'static str,
}

impl BundledFile {
    /// Serializes a value. The same value always gives the same bytes, which contain all its secrets.
    pub(crate) fn write(&self, value: &impl Serialize) -> Zeroizing<Vec<u8>> {
        let header = Header { format: self.format, build: BUILD };
        // Serializing to a `Vec` fails for no value of these types.
        let content = Zeroizing::new(postcard::to_allocvec(&(header, value)).unwrap_or_default());
        Zeroizing::new([&*Sha256::digest(&*content), &content].concat())
    }

    /// Reads the value of a file.
    ///
    /// # Errors
    /// When the bytes are damaged, or another build wrote them.
    pub(crate) fn read<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, BundledFileError> {
        let damaged = BundledFileError::Damaged(self.name);
        let other_build = BundledFileError::OtherBuild(self.name);
        let (digest, content) = bytes.split_at_checked(DIGEST_BYTES).ok_or(damaged)?;
        if *Sha256::digest(content) != *digest {
            return Err(damaged);
        }
        let (header, content): (Header<'_>, _) = postcard::take_from_bytes(content).map_err(|_| other_build)?;
        if header.format != self.format || header.build != BUILD {
            return Err(other_build);
        }
        match postcard::take_from_bytes(content) {
            Ok((value, [])) => Ok(value),
            _ => Err(damaged),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_file_of_its_own_kind_alone_and_says_what_to_do_about_another() {
        let file = |format| BundledFile { name: "one.bin", format };
        let bytes = file("one").write(&7_u32);
        assert_eq!(file("one").read(&bytes), Ok(7_u32));
        let of_another_kind = file("other").read::<u32>(&bytes).unwrap_err();
        assert_eq!(of_another_kind.to_string(), "one.bin was written by another build of oss-edge: bundle again");
        let damaged = file("one").read::<u32>(&bytes[1..]).unwrap_err();
        assert_eq!(damaged.to_string(), "one.bin is damaged: bundle again");
    }
}
