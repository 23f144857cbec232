//! SHA-1, SHA-256 (FIPS 180-4) and HMAC (RFC 2104) over their compression functions: what a hash has absorbed so far is
//! its state alone, and the rest of a text is all there when it is hashed. So nothing is kept or copied in buffers.

use std::hint::black_box;

/// The state of SHA-1.
type Sha1 = [u32; 5];

/// The state of SHA-256.
type Sha256 = [u32; 8];

/// HMAC-SHA1 with the key's two blocks already absorbed: what each request of version 1 starts from.
pub(crate) type HmacSha1 = Hmac<Sha1>;

/// HMAC-SHA256 with a key's two blocks already absorbed.
pub(crate) type HmacSha256 = Hmac<Sha256>;

/// HMAC with the key's two blocks already absorbed.
#[derive(Clone, Copy)]
pub(crate) struct Hmac<H> {
    inner: H,
    outer: H,
}

/// The state of a hash, which is that of its blocks so far.
pub(crate) trait Hash: Copy {
    /// What it gives, in bytes.
    type Digest: AsRef<[u8]>;

    /// The state before the first block.
    const START: Self;

    fn compress(&mut self, blocks: &[[u8; BLOCK]]);

    fn digest(self) -> Self::Digest;
}

/// The block of both hashes, in bytes.
const BLOCK: usize = 64;

pub(crate) fn sha1(bytes: &[u8]) -> [u8; 20] {
    finished(Sha1::START, 0, bytes)
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    finished(Sha256::START, 0, bytes)
}

impl<H: Hash> Hmac<H> {
    /// Absorbs a key: one that is longer than a block by its hash (section 2).
    #[inline(never)]
    pub(crate) fn new(key: &[u8]) -> Self {
        if key.len() > BLOCK {
            Hmac::new(finished(H::START, 0, key).as_ref())
        } else {
            Hmac { inner: absorbed(key, 0x36), outer: absorbed(key, 0x5c) }
        }
    }

    /// The code of a text.
    #[inline(never)]
    pub(crate) fn code(&self, text: &[u8]) -> H::Digest {
        finished(self.outer, 1, finished(self.inner, 1, text).as_ref())
    }

    /// Whether `code` is that of a text: in a time that doesn't depend on where they differ.
    pub(crate) fn verifies(&self, text: &[u8], code: &[u8]) -> bool {
        is_same(self.code(text).as_ref(), code)
    }
}

/// Whether bytes are the same: in a time that doesn't depend on where they differ.
#[inline(never)]
pub(crate) fn is_same(expected: &[u8], presented: &[u8]) -> bool {
    let difference = expected.iter().zip(presented).fold(0, |difference, (one, other)| difference | (one ^ other));
    // Else the compiler might end at the first byte that differs.
    expected.len() == presented.len() && black_box(difference) == 0
}

/// The state after the block of a key, every byte of which is changed by `pad`.
fn absorbed<H: Hash>(key: &[u8], pad: u8) -> H {
    let mut state = H::START;
    state.compress(&[padded(key, pad)]);
    state
}

#[inline(never)]
fn padded(key: &[u8], pad: u8) -> [u8; BLOCK] {
    let mut block = [pad; BLOCK];
    block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
    block
}

/// The hash of `absorbed` blocks and the rest of their text: its end, a 1 bit, zeros, and how many bits there are.
#[inline(never)]
fn finished<H: Hash>(mut state: H, absorbed: usize, rest: &[u8]) -> H::Digest {
    let (blocks, end) = rest.as_chunks();
    state.compress(blocks);
    let mut padded = [0; 2 * BLOCK];
    if let Some((begin, [first, ..])) = padded.split_at_mut_checked(end.len()) {
        begin.copy_from_slice(end);
        *first = 0x80;
    }
    let bits = u64::try_from(absorbed * BLOCK + rest.len()).unwrap_or_default() * 8;
    let (padded, _) = padded.split_at_mut(if end.len() < BLOCK - size_of_val(&bits) { BLOCK } else { 2 * BLOCK });
    if let Some(last) = padded.last_chunk_mut() {
        *last = bits.to_be_bytes();
    }
    state.compress(padded.as_chunks().0);
    state.digest()
}

impl Hash for Sha1 {
    type Digest = [u8; 20];

    const START: Self = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

    fn compress(&mut self, blocks: &[[u8; BLOCK]]) {
        sha1::block_api::compress(self, blocks);
    }

    fn digest(self) -> Self::Digest {
        digest(self)
    }
}

impl Hash for Sha256 {
    type Digest = [u8; 32];

    const START: Self =
        [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

    fn compress(&mut self, blocks: &[[u8; BLOCK]]) {
        sha2::block_api::compress256(self, blocks);
    }

    fn digest(self) -> Self::Digest {
        digest(self)
    }
}

/// The words of a state, each most significant byte first.
fn digest<const WORDS: usize, const BYTES: usize>(state: [u32; WORDS]) -> [u8; BYTES] {
    const { assert!(WORDS * 4 == BYTES, "a digest has all bytes of the state") };
    state.map(u32::to_be_bytes).as_flattened().first_chunk().copied().unwrap_or([0; BYTES])
}

#[cfg(test)]
mod tests {
    use hmac::{KeyInit, Mac};
    use proptest::prelude::*;

    use super::*;

    fn expected_sha1(key: &[u8], text: &[u8]) -> [u8; 20] {
        hmac::Hmac::<::sha1::Sha1>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().into()
    }

    fn expected_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
        hmac::Hmac::<sha2::Sha256>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().into()
    }

    proptest! {
        #[test]
        fn takes_keys_and_texts_of_any_length_as_the_crate_does(key in bytes(), text in bytes()) {
            prop_assert_eq!(HmacSha1::new(&key).code(&text), expected_sha1(&key, &text));
            prop_assert_eq!(HmacSha256::new(&key).code(&text), expected_sha256(&key, &text));
        }

        #[test]
        fn verifies_the_code_alone(text in bytes(), place in 0_usize..20, difference in 1_u8..) {
            let hmac = HmacSha1::new(b"key");
            let mut code = hmac.code(&text);
            prop_assert!(hmac.verifies(&text, &code));
            prop_assert!(!hmac.verifies(&text, &code[..place]));
            prop_assert!(!hmac.verifies(&text, &[&code[..], &[0]].concat()));
            code[place] ^= difference;
            prop_assert!(!hmac.verifies(&text, &code));
        }
    }

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(any::<u8>(), 0..200)
    }

    #[test]
    fn hashes_texts_around_the_bounds_of_blocks() {
        use ::sha1::Digest;
        for length in 0..200 {
            let text = vec![7; length];
            assert_eq!(sha1(&text), <[u8; 20]>::from(::sha1::Sha1::digest(&text)), "{length}");
            assert_eq!(sha256(&text), <[u8; 32]>::from(sha2::Sha256::digest(&text)), "{length}");
        }
    }

    #[test]
    fn takes_a_key_of_a_block_as_it_is() {
        for length in [BLOCK - 1, BLOCK, BLOCK + 1] {
            let key = vec![7; length];
            assert_eq!(HmacSha256::new(&key).code(&[]), expected_sha256(&key, &[]), "{length}");
        }
    }
}
