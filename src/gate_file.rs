//! `gate.bin`: a checked configuration and its access keys, with all their secrets.

use zeroize::Zeroizing;

use crate::bundled_file::{BundledFile, BundledFileError};
use crate::decision::Gate;

const GATE_FILE: BundledFile = BundledFile { name: "gate.bin", format: "oss-edge gate 2" };

impl Gate {
    /// The contents of `gate.bin`. The same gate always gives the same bytes, which contain all secrets.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        GATE_FILE.write(self)
    }

    /// Reads `gate.bin`.
    ///
    /// # Errors
    /// When the bytes are damaged, or another build wrote them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BundledFileError> {
        GATE_FILE.read(bytes)
    }
}
