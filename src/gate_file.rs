//! A checked gate as the bytes of `gate.bin`: the configuration and the access keys, with all their secrets.

use zeroize::Zeroizing;

use crate::bundled_file::{BundledFile, BundledFileError};
use crate::decision::Gate;

const GATE_FILE: BundledFile = BundledFile { name: "gate.bin", format: "oss-edge gate 2" };

impl Gate {
    /// The bytes of `gate.bin`: the same for the same gate. They hold all secrets of its access keys.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        GATE_FILE.write(self)
    }

    /// The gate of `gate.bin`.
    ///
    /// # Errors
    /// When the bytes are damaged, or another build wrote them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BundledFileError> {
        GATE_FILE.read(bytes)
    }
}
