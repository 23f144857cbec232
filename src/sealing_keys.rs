//! The keys of the two seals: that of upload ids, and that of what viewer-request hands over to origin-request.
//!
//! Both are derived from the deployment's sealing secrets (HKDF-SHA256 of RFC 5869, without a salt), so that a function
//! gets only the keys that it needs. Secrets are numbered, because during a rotation there are several.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The length of a secret and of a key, in bytes.
pub(crate) const KEY_BYTES: usize = 32;

/// The keys that a function has for each seal, if any.
#[derive(Default, Serialize, Deserialize)]
pub struct SealingKeys {
    pub(crate) upload_ids: NumberedKeys,
    pub(crate) hand_over: NumberedKeys,
}

/// Keys with the numbers of their secrets. The first one seals; all of them verify.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct NumberedKeys(Vec<NumberedKey>);

#[derive(Serialize, Deserialize)]
struct NumberedKey {
    number: u16,
    key: Zeroizing<[u8; KEY_BYTES]>,
}

impl NumberedKeys {
    /// The key that seals, and its number; `None` if the function has none.
    pub(crate) fn sealing(&self) -> Option<(u16, &[u8])> {
        self.0.first().map(|first| (first.number, first.key.as_slice()))
    }

    /// The key with this number.
    pub(crate) fn find(&self, number: u16) -> Option<&[u8]> {
        self.0.iter().find(|known| known.number == number).map(|known| known.key.as_slice())
    }
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKeys(..)")
    }
}

/// Which seals a function makes or verifies.
#[cfg(feature = "documents")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealUses {
    /// The seals of upload ids.
    pub upload_ids: bool,
    /// The seal between viewer-request and origin-request.
    pub hand_over: bool,
}

#[cfg(feature = "documents")]
impl SealingKeys {
    /// Derives the keys for a function that makes or verifies these seals, from numbered secrets.
    pub(crate) fn derive(secrets: &[(u16, Zeroizing<[u8; KEY_BYTES]>)], uses: SealUses) -> Self {
        let keys = |is_used, label: &[u8]| {
            let used = secrets.iter().filter(|_| is_used);
            NumberedKeys(
                used.map(|(number, secret)| NumberedKey { number: *number, key: hkdf(secret, label) }).collect(),
            )
        };
        SealingKeys {
            upload_ids: keys(uses.upload_ids, b"oss-edge upload ids"),
            hand_over: keys(uses.hand_over, b"oss-edge hand-over"),
        }
    }
}

#[cfg(feature = "documents")]
#[expect(clippy::expect_used, reason = "HKDF-SHA256 expands to up to 255 * 32 bytes")]
fn hkdf(secret: &[u8; KEY_BYTES], label: &[u8]) -> Zeroizing<[u8; KEY_BYTES]> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    hkdf::Hkdf::<sha2::Sha256>::new(None, secret).expand(label, &mut *key).expect("32 bytes are not too many");
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(uses: SealUses) -> SealingKeys {
        SealingKeys::derive(&[(7, Zeroizing::new([1; KEY_BYTES])), (6, Zeroizing::new([2; KEY_BYTES]))], uses)
    }

    #[test]
    fn seals_with_the_first_and_verifies_with_all() {
        let keys = keys(SealUses { upload_ids: true, hand_over: true });
        let (number, key) = keys.upload_ids.sealing().unwrap();
        assert_eq!((number, Some(key)), (7, keys.upload_ids.find(7)));
        assert!(keys.upload_ids.find(6).is_some_and(|other| other != key));
        assert_eq!(keys.upload_ids.find(5), None);
    }

    #[test]
    fn derives_another_key_for_each_use_and_none_for_the_others() {
        let both = keys(SealUses { upload_ids: true, hand_over: true });
        assert_ne!(both.upload_ids.find(7), both.hand_over.find(7));
        let ids = keys(SealUses { upload_ids: true, hand_over: false });
        assert_eq!((ids.upload_ids.find(7), ids.hand_over.find(7)), (both.upload_ids.find(7), None));
        let hand_over = keys(SealUses { upload_ids: false, hand_over: true });
        assert_eq!((hand_over.upload_ids.sealing(), hand_over.hand_over.find(6)), (None, both.hand_over.find(6)));
    }

    #[test]
    fn derives_the_keys_of_the_vectors() {
        let vectors = include_str!("../tests/vectors/seals.json");
        let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
        let uses = SealUses { upload_ids: true, hand_over: true };
        let keys = SealingKeys::from_json(&vectors["secrets"].to_string(), uses).unwrap();
        for vector in vectors["keys"].as_array().unwrap() {
            let number = vector["number"].as_u64().unwrap().try_into().unwrap();
            for (name, keys) in [("uploadIds", &keys.upload_ids), ("handOver", &keys.hand_over)] {
                let key = base16ct::lower::encode_string(keys.find(number).unwrap());
                assert_eq!(Some(&*key), vector[name].as_str(), "{name} of {number}");
            }
        }
    }

    #[test]
    fn never_shows_a_key() {
        let keys = keys(SealUses { upload_ids: true, hand_over: true });
        assert_eq!(format!("{keys:?}"), "SealingKeys(..)");
    }
}
