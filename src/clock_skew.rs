//! How far a request's date may be from now.

use crate::refusal::{Refusal, TooSkewed};
use crate::signing_date::UnixMillis;

/// Checks that `requested` is within `max_seconds` of `now`, both ways, the bound itself allowed.
///
/// # Errors
/// [`Refusal::RequestTimeTooSkewed`], with what a client needs to mend its clock.
pub(crate) fn check(requested: UnixMillis, now: UnixMillis, max_seconds: u32) -> Result<(), Refusal> {
    let max_millis = u64::from(max_seconds) * 1000;
    if requested.0.abs_diff(now.0) <= max_millis {
        Ok(())
    } else {
        Err(Refusal::RequestTimeTooSkewed(TooSkewed { requested, max_millis }))
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
    fn survives_the_ends_of_time() {
        assert!(check(UnixMillis(i64::MIN), UnixMillis(i64::MAX), u32::MAX).is_err());
    }
}
