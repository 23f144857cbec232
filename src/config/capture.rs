//! Which requests have their signed parts logged.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// `capture` of the configuration.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CaptureRules {
    /// The access keys whose requests are captured, forwarded or refused.
    pub(crate) access_key_ids: BTreeSet<String>,
    /// The share of all refusals that is captured, in units of 2⁻³².
    pub(crate) refused_share: u64,
}

impl CaptureRules {
    /// Whether a request is captured: by the access key id that it presents or, if it is refused, by the request id
    /// that the device is told. That id is a digest, so a share of the ids is a share of the requests, and
    /// deterministic.
    pub(crate) fn apply_to(&self, access_key_id: Option<&str>, refused: Option<&str>) -> bool {
        access_key_id.is_some_and(|id| self.access_key_ids.contains(id))
            || refused.is_some_and(|request_id| self.is_in_share(request_id))
    }

    fn is_in_share(&self, oss_request_id: &str) -> bool {
        let digits = oss_request_id.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        digits.is_some_and(|number| u64::from(number) < self.refused_share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_the_named_keys_and_a_share_of_refusals() {
        let rules = |share| CaptureRules { access_key_ids: BTreeSet::from(["ak".to_owned()]), refused_share: share };
        let (none, half, all) = (rules(0), rules(1 << 31), rules(1 << 32));
        assert!(none.apply_to(Some("ak"), None) && none.apply_to(Some("ak"), Some("00000000")));
        assert!(!none.apply_to(Some("a"), None) && !none.apply_to(None, Some("00000000")));
        assert!(half.apply_to(None, Some("7FFFFFFF0")) && !half.apply_to(None, Some("800000000")));
        assert!(all.apply_to(Some("a"), Some("FFFFFFFF0")) && !all.apply_to(Some("a"), None));
    }
}
