//! Secrets in memory.

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// An access key's secret, a master key's or a security token. It can't be printed or cloned, it is compared in
/// constant time, and its memory is overwritten when it is dropped.
#[derive(Serialize, Deserialize)]
pub struct Secret(Zeroizing<Box<str>>);

impl Secret {
    /// Takes the secret as an OSS client is configured with it.
    pub fn new(secret: &str) -> Self {
        Secret(Zeroizing::new(secret.into()))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Whether both are the same, in a time that doesn't depend on where they differ.
    #[cfg(feature = "documents")]
    pub(crate) fn is_same(&self, other: &Secret) -> bool {
        self.as_bytes().ct_eq(other.as_bytes()).into()
    }

    /// Whether it is this text, in a time that doesn't depend on where they differ.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl From<String> for Secret {
    /// By a copy: a `String` that has room to spare would leave the secret where it was.
    fn from(secret: String) -> Self {
        Secret::new(&Zeroizing::new(secret))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_shows_a_secret() {
        assert_eq!(format!("{:?}", Secret::new("s3cr3t")), "Secret(..)");
    }

    #[test]
    fn is_the_whole_text_and_no_other() {
        let secret = Secret::new("s3cr3t");
        assert!(secret.is("s3cr3t"));
        for other in ["", "s3cr3", "s3cr3tt", "S3cr3t"] {
            assert!(!secret.is(other), "{other}");
        }
    }
}
