//! HMAC (RFC 2104).

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

/// The HMAC-SHA1 of a text.
pub(crate) fn hmac_sha1(key: &[u8], text: &[u8]) -> Hmac<Sha1> {
    keyed::<Hmac<Sha1>>(key).chain_update(text)
}

/// The HMAC-SHA256 of a text.
pub(crate) fn hmac_sha256(key: &[u8], text: &[u8]) -> Hmac<Sha256> {
    keyed::<Hmac<Sha256>>(key).chain_update(text)
}

/// The HMAC-SHA256 of a list of texts, each written as a netstring: `length:text,` with the length in bytes. So two
/// different lists never have the same input.
pub(crate) fn hmac_sha256_of_list(key: &[u8], texts: &[&str]) -> Hmac<Sha256> {
    let mut netstrings = String::new();
    for text in texts {
        for piece in [&*text.len().to_string(), ":", text, ","] {
            netstrings.push_str(piece);
        }
    }
    hmac_sha256(key, netstrings.as_bytes())
}

#[expect(clippy::expect_used, reason = "`new_from_slice` fails for no length: HMAC takes a key of any")]
fn keyed<M: KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC takes a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_list(texts: &[&str]) -> Vec<u8> {
        hmac_sha256_of_list(b"key", texts).finalize().into_bytes().to_vec()
    }

    #[test]
    fn writes_each_text_of_a_list_with_its_length() {
        let written = hmac_sha256(b"key", b"3:abc,0:,3:\xe6\x97\xa5,").finalize().into_bytes().to_vec();
        assert_eq!(of_list(&["abc", "", "\u{65e5}"]), written);
    }

    #[test]
    fn tells_lists_apart_whose_texts_join_to_the_same() {
        let lists: [&[&str]; 7] =
            [&["ab", "c"], &["a", "bc"], &["abc"], &["abc", ""], &["", "abc"], &["ab,1:c"], &["2:ab,1:c,"]];
        for (index, one) in lists.iter().enumerate() {
            for other in lists.iter().skip(index + 1) {
                assert_ne!(of_list(one), of_list(other), "{one:?} {other:?}");
            }
        }
    }
}
