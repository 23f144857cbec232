//! Bounds on the time of a signature.

use crate::refusal::{Refusal, TooSkewed};
use crate::time::UnixMillis;

/// The current time, and how far a signature's time may be from it.
#[derive(Clone, Copy)]
pub(crate) struct TimeLimits {
    pub(crate) now: UnixMillis,
    pub(crate) max_clock_skew_seconds: u32,
    pub(crate) max_url_expiry_seconds: u32,
}

impl TimeLimits {
    /// The same limits with another skew.
    pub(crate) fn with_skew(self, max_clock_skew_seconds: u32) -> Self {
        TimeLimits { max_clock_skew_seconds, ..self }
    }

    /// Checks that a signed URL hasn't expired, and isn't valid for longer than allowed.
    ///
    /// # Errors
    /// [`Refusal::Expired`] or [`Refusal::ExpiresTooFar`].
    pub(crate) fn check_expiry(&self, end: UnixMillis) -> Result<(), Refusal> {
        let remaining = end.0.saturating_sub(self.now.0);
        if remaining < 0 {
            Err(Refusal::Expired(end))
        } else if remaining > i64::from(self.max_url_expiry_seconds) * 1000 {
            Err(Refusal::ExpiresTooFar)
        } else {
            Ok(())
        }
    }
}

/// Checks that `requested` is at most `max_seconds` before or after `now`.
///
/// # Errors
/// [`Refusal::RequestTimeTooSkewed`], with what a client needs to correct its clock.
pub(crate) fn check(requested: UnixMillis, now: UnixMillis, max_seconds: u32) -> Result<(), Refusal> {
    let max_millis = u64::from(max_seconds) * 1000;
    if requested.0.abs_diff(now.0) <= max_millis {
        Ok(())
    } else {
        Err(Refusal::RequestTimeTooSkewed(TooSkewed { requested, now, max_millis }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_the_bound_and_looks_both_ways() {
        let now = UnixMillis(1_000_000_000);
        for (difference, allowed) in [(0, true), (300_000, true), (-300_000, true), (300_001, false), (-300_001, false)]
        {
            assert_eq!(check(UnixMillis(now.0 + difference), now, 300).is_ok(), allowed, "{difference}");
        }
    }

    #[test]
    fn does_not_overflow() {
        assert!(check(UnixMillis(i64::MIN), UnixMillis(i64::MAX), u32::MAX).is_err());
    }

    #[test]
    fn takes_a_url_until_it_expires_and_not_one_that_expires_too_late() {
        let now = UnixMillis(1_000_000_000);
        let limits = TimeLimits { now, max_clock_skew_seconds: 0, max_url_expiry_seconds: 60 };
        let check = |difference| limits.check_expiry(UnixMillis(now.0 + difference));
        assert_eq!((check(0), check(60_000)), (Ok(()), Ok(())));
        assert_eq!(check(-1), Err(Refusal::Expired(UnixMillis(now.0 - 1))));
        assert_eq!(check(60_001), Err(Refusal::ExpiresTooFar));
        assert_eq!(limits.check_expiry(UnixMillis(i64::MAX)), Err(Refusal::ExpiresTooFar));
    }
}
