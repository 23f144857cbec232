//! `seal.bin`: the keys of the seals that a function makes or verifies.

use zeroize::Zeroizing;

use crate::bundled_file::{BundledFile, BundledFileError};
use crate::sealing_keys::SealingKeys;

const SEAL_FILE: BundledFile = BundledFile { name: "seal.bin", format: "oss-edge seal 1" };

impl SealingKeys {
    /// The contents of `seal.bin`. The same keys always give the same bytes.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        SEAL_FILE.write(self)
    }

    /// Reads `seal.bin`.
    ///
    /// # Errors
    /// When the bytes are damaged, or another build wrote them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BundledFileError> {
        SEAL_FILE.read(bytes)
    }
}
