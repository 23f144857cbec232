//! HMAC key schedules of the secrets that verified lately.

use std::sync::Mutex;

use crate::id_table::hash;
use crate::texts::{owned, same};

/// How many schedules are kept: some 20 KB.
const CAPACITY: usize = 256;

/// A cache that forgets: of the secrets whose names fall on one place, it keeps the last. It is no more
/// than a short cut: whoever finds it in use, or left by a thread that failed, goes without it.
pub(crate) struct HotKeys<S>(Mutex<Vec<Option<HotKey<S>>>>);

struct HotKey<S> {
    id: String,
    generation: String,
    schedule: S,
}

impl<S> HotKeys<S> {
    /// Uses the schedule of a secret where it is; `use_it` must not ask for another.
    pub(crate) fn with<R>(&self, id: &str, generation: &str, use_it: impl FnOnce(&S) -> R) -> Option<R> {
        let places = self.0.try_lock().ok()?;
        let hot = places.get(place(id, generation))?.as_ref()?;
        hot.is(id, generation).then(|| use_it(&hot.schedule))
    }

    /// Whether a signature is right by the schedule of a secret, which is made where it isn't kept, and kept where the
    /// signature is right.
    pub(crate) fn verifies(
        &self,
        id: &str,
        generation: &str,
        make: impl FnOnce() -> S,
        is_right: impl Fn(&S) -> bool,
    ) -> bool {
        self.with(id, generation, &is_right).unwrap_or_else(|| {
            let schedule = make();
            let verified = is_right(&schedule);
            if verified {
                self.put(id, generation, schedule);
            }
            verified
        })
    }

    /// Keeps the schedule of a secret that a signature was just verified with: nothing that a stranger
    /// can do puts another out.
    #[inline(never)]
    fn put(&self, id: &str, generation: &str, schedule: S) {
        let Ok(mut places) = self.0.try_lock() else { return };
        if places.is_empty() {
            places.resize_with(CAPACITY, || None);
        }
        let Some(hot) = places.get_mut(place(id, generation)) else { return };
        if !hot.as_ref().is_some_and(|hot| hot.is(id, generation)) {
            *hot = Some(HotKey { id: owned(id), generation: owned(generation), schedule });
        }
    }
}

impl<S> HotKey<S> {
    fn is(&self, id: &str, generation: &str) -> bool {
        same(&self.id, id) && same(&self.generation, generation)
    }
}

impl<S> Default for HotKeys<S> {
    fn default() -> Self {
        HotKeys(Mutex::new(Vec::new()))
    }
}

fn place(id: &str, generation: &str) -> usize {
    hash(id).wrapping_add(hash(generation)) % CAPACITY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed_hash::HmacSha1;

    fn mac(schedule: HmacSha1) -> Vec<u8> {
        schedule.code(b"text").to_vec()
    }

    fn read(hot: &HotKeys<HmacSha1>, id: &str, generation: &str) -> Option<Vec<u8>> {
        hot.with(id, generation, |schedule| mac(*schedule))
    }

    #[test]
    fn gives_back_the_schedule_of_that_secret_alone() {
        let hot = HotKeys::default();
        assert!(read(&hot, "a", "1").is_none());
        hot.put("a", "1", HmacSha1::new(b"one"));
        hot.put("a", "2", HmacSha1::new(b"two"));
        assert_eq!(read(&hot, "a", "1"), Some(mac(HmacSha1::new(b"one"))));
        assert_eq!(read(&hot, "a", "2"), Some(mac(HmacSha1::new(b"two"))));
        assert!(read(&hot, "a", "3").is_none() && read(&hot, "b", "1").is_none() && read(&hot, "a1", "").is_none());
    }

    #[test]
    fn keeps_a_schedule_that_verified_and_no_other() {
        let hot = HotKeys::default();
        assert!(!hot.verifies("a", "1", || 1, |schedule| *schedule == 2) && hot.with("a", "1", |_| ()).is_none());
        assert!(hot.verifies("a", "1", || 1, |schedule| *schedule == 1));
        // It is there, and another that verifies isn't made.
        assert!(hot.verifies("a", "1", || unreachable!(), |schedule| *schedule == 1));
        assert!(!hot.verifies("a", "1", || unreachable!(), |schedule| *schedule == 2));
        assert_eq!(hot.with("a", "1", |schedule| *schedule), Some(1));
        assert!(hot.with("a", "2", |_| ()).is_none() && hot.with("b", "1", |_| ()).is_none());
    }

    #[test]
    fn takes_no_secret_for_another_of_the_same_place() {
        let hot = HotKeys::default();
        let other =
            (0..).map(|number: u32| number.to_string()).find(|other| place("a", other) == place("a", "x")).unwrap();
        hot.put("a", "x", HmacSha1::new(b"one"));
        assert!(read(&hot, "a", &other).is_none());
        hot.put("a", &other, HmacSha1::new(b"two"));
        assert_eq!(read(&hot, "a", &other), Some(mac(HmacSha1::new(b"two"))));
        assert!(read(&hot, "a", "x").is_none());
    }

    #[test]
    fn never_holds_more_than_its_places() {
        let hot = HotKeys::default();
        (0..10_000).for_each(|id| hot.put(&id.to_string(), "1", HmacSha1::new(b"secret")));
        assert_eq!(hot.0.lock().unwrap().len(), CAPACITY);
    }
}
