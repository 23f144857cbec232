//! SHA-1, SHA-256 and HMAC (RFC 2104), each compiled once for all that call it.

use hmac::digest::{CtOutput, Digest};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

/// HMAC-SHA1 with the key's two blocks already absorbed: what each request of version 1 starts from.
pub(crate) type HmacSha1 = Hmac<Sha1>;

/// HMAC-SHA256 with a key's two blocks already absorbed.
pub(crate) type HmacSha256 = Hmac<Sha256>;

/// The block of both hashes, in bytes.
const BLOCK: usize = 64;

#[inline(never)]
pub(crate) fn sha1(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
}

#[inline(never)]
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[inline(never)]
pub(crate) fn hmac_sha1(key: &[u8]) -> HmacSha1 {
    let block = if key.len() > BLOCK { filled(&sha1(key)) } else { filled(key) };
    HmacSha1::new(&block.into())
}

#[inline(never)]
pub(crate) fn hmac_sha256(key: &[u8]) -> HmacSha256 {
    let block = if key.len() > BLOCK { filled(&sha256(key)) } else { filled(key) };
    HmacSha256::new(&block.into())
}

/// The code of a text in pieces. Two of them compare in constant time.
#[inline(never)]
pub(crate) fn mac(schedule: &HmacSha256, pieces: &[&[u8]]) -> CtOutput<HmacSha256> {
    let mut mac = schedule.clone();
    for piece in pieces {
        mac.update(piece);
    }
    mac.finalize()
}

/// A key of at most a block, with zeros behind it: keys are as long as a block, or are hashed first (section 2).
fn filled(key: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    if let Some(begin) = block.get_mut(..key.len()) {
        begin.copy_from_slice(key);
    }
    block
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn takes_keys_of_any_length_as_the_crate_does(key in proptest::collection::vec(any::<u8>(), 0..140), text: Vec<u8>) {
            let expected = HmacSha1::new_from_slice(&key).unwrap().chain_update(&text).finalize();
            prop_assert!(hmac_sha1(&key).chain_update(&text).finalize() == expected);
            let expected = HmacSha256::new_from_slice(&key).unwrap().chain_update(&text).finalize();
            let (one, other) = text.split_at(text.len() / 2);
            prop_assert!(mac(&hmac_sha256(&key), &[one, other]) == expected);
        }
    }

    #[test]
    fn takes_a_key_of_a_block_as_it_is() {
        for length in [BLOCK - 1, BLOCK, BLOCK + 1] {
            let key = vec![7; length];
            let expected = HmacSha256::new_from_slice(&key).unwrap().finalize();
            assert!(mac(&hmac_sha256(&key), &[]) == expected, "{length}");
        }
    }
}
