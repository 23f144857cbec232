//! HMAC (RFC 2104).

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

/// The HMAC-SHA1 of a text, to be compared or read.
pub(crate) fn hmac_sha1(key: &[u8], text: &[u8]) -> Hmac<Sha1> {
    keyed::<Hmac<Sha1>>(key).chain_update(text)
}

/// The HMAC-SHA256 of a text, to be compared or read.
pub(crate) fn hmac_sha256(key: &[u8], text: &[u8]) -> Hmac<Sha256> {
    keyed::<Hmac<Sha256>>(key).chain_update(text)
}

#[expect(clippy::expect_used, reason = "`new_from_slice` fails for no length: HMAC takes a key of any")]
fn keyed<M: KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC takes a key of any length")
}
