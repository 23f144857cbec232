//! The text that signature version 4 signs.

use std::fmt;

use sha2::{Digest, Sha256};

use super::credential_scope::CredentialScope;

/// The scheme's name on the wire.
pub(crate) const ALGORITHM: &str = "OSS4-HMAC-SHA256";

/// The algorithm, the literal date, the scope and the hash of the CanonicalRequest, a line each. Its `Display` is the
/// signed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StringToSign<'a> {
    date: &'a str,
    scope: CredentialScope<'a>,
    request_hash: String,
}

impl<'a> StringToSign<'a> {
    /// From its parts; `date` is the literal text that was sent, `canonical_request` the text of a `CanonicalRequest`.
    pub fn new(date: &'a str, scope: CredentialScope<'a>, canonical_request: &str) -> Self {
        let request_hash = base16ct::lower::encode_string(&Sha256::digest(canonical_request.as_bytes()));
        StringToSign { date, scope, request_hash }
    }
}

impl fmt::Display for StringToSign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ALGORITHM}\n{}\n{}\n{}", self.date, self.scope, self.request_hash)
    }
}
