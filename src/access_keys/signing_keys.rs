//! The signing keys of version 4 that were derived before: one serves a device for a day.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

/// An HMAC key for one secret, day, region and product.
pub(crate) type SigningKey = Zeroizing<[u8; 32]>;

/// How many are kept. With each come its name and the table's own room, about 200 bytes.
const MAX: usize = 256;

/// Signing keys with which a signature was right, so that only who has a secret adds one.
#[derive(Default)]
pub(crate) struct SigningKeys(Mutex<HashMap<String, SigningKey>>);

impl SigningKeys {
    /// The one of this name: access key id, generation and scope.
    pub(crate) fn get(&self, name: &str) -> Option<SigningKey> {
        self.kept().get(name).cloned()
    }

    /// Keeps one. If there are as many as are kept, all others go.
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
