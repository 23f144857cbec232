//! A cache of the signing keys of version 4, of which a device uses one a day.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

/// An HMAC key for one secret, day, region and product.
pub(crate) type SigningKey = Zeroizing<[u8; 32]>;

/// The most signing keys that are kept, of about 200 bytes each.
const MAX: usize = 256;

/// The signing keys that have verified a signature. So only a client with a secret can add one.
#[derive(Default)]
pub(crate) struct SigningKeys(Mutex<HashMap<String, SigningKey>>);

impl SigningKeys {
    /// The signing key of an access key id, generation and scope, which are its name.
    pub(crate) fn get(&self, name: &str) -> Option<SigningKey> {
        self.kept().get(name).cloned()
    }

    /// Adds a signing key. A full cache is emptied first.
    pub(crate) fn insert(&self, name: String, signing_key: SigningKey) {
        let mut kept = self.kept();
        if kept.len() >= MAX {
            kept.clear();
        }
        kept.insert(name, signing_key);
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<String, SigningKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_each_until_there_are_as_many_as_are_kept() {
        let signing_keys = SigningKeys::default();
        let one = |number| Zeroizing::new([number; 32]);
        (0..=u8::MAX).for_each(|number| signing_keys.insert(number.to_string(), one(number)));
        assert_eq!(signing_keys.kept().len(), MAX);
        assert!((0..=u8::MAX).all(|number| signing_keys.get(&number.to_string()) == Some(one(number))));
    }

    #[test]
    fn keeps_a_number_that_is_bounded() {
        let signing_keys = SigningKeys::default();
        for round in 0..3 * MAX {
            signing_keys.insert(round.to_string(), Zeroizing::new([7; 32]));
            assert_eq!(signing_keys.get(&round.to_string()).as_deref(), Some(&[7; 32]));
            assert!(signing_keys.kept().len() <= MAX);
        }
        assert_eq!(signing_keys.get("0"), None);
    }
}
