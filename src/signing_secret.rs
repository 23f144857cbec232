//! The secrets that signatures are made with.

use std::fmt;

use crate::derived_key::{DerivedKeyId, MasterSecret};
use crate::keyed_hash::HmacSha1;

/// An access key's secret, as an OSS client is configured with it. It can't be printed.
pub struct SigningSecret<'k>(Source<'k>);

enum Source<'k> {
    Given(&'k str),
    Derived(&'k MasterSecret, DerivedKeyId<'k>),
}

impl<'k> SigningSecret<'k> {
    /// An `AccessKeySecret`.
    pub fn new(secret: &'k str) -> Self {
        SigningSecret(Source::Given(secret))
    }

    /// The secret of a derived key, derived when it is needed.
    pub(crate) fn derived(master: &'k MasterSecret, id: DerivedKeyId<'k>) -> Self {
        SigningSecret(Source::Derived(master, id))
    }

    /// What a signature of version 1 is made with.
    pub(crate) fn hmac_sha1(&self) -> HmacSha1 {
        match &self.0 {
            Source::Given(secret) => HmacSha1::new(secret.as_bytes()),
            Source::Derived(master, id) => HmacSha1::new(&master.derive(id)),
        }
    }

    /// What signature version 4 derives its keys from.
    pub(crate) fn v4_secret(&self) -> Vec<u8> {
        let mut secret = b"aliyun_v4".to_vec();
        match &self.0 {
            Source::Given(given) => secret.extend_from_slice(given.as_bytes()),
            Source::Derived(master, id) => secret.extend_from_slice(&master.derive(id)),
        }
        secret
    }
}

impl fmt::Debug for SigningSecret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_shows_a_secret() {
        assert_eq!(format!("{:?}", SigningSecret::new("s3cr3t")), "SigningSecret(..)");
    }
}
