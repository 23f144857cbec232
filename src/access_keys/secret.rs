//! Secrets in memory.

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The secret of an access key or of a master key, or a security token. It can't be printed or cloned, is compared in
/// constant time, and is overwritten in memory when it is dropped.
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

    /// Compares two secrets in constant time.
    #[cfg(feature = "documents")]
    pub(crate) fn is_same(&self, other: &Secret) -> bool {
        self.as_bytes().ct_eq(other.as_bytes()).into()
    }

    /// Compares the secret with a text in constant time.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl From<String> for Secret {
    /// Copies the text: shrinking a `String` to a `Box<str>` may leave the secret in the memory that it had.
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
