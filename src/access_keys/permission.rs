//! What an access key may do: one of its rules must cover the request.

use serde::{Deserialize, Serialize};

use crate::operation::Operation;

/// The placeholder for the device's id in a prefix.
const DEVICE: &str = "{device}";

/// The rules of an `allow`. Without an `allow`, every upload is allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permissions(pub(crate) Option<Box<[Rule]>>);

/// A rule. Without a bucket or prefix it covers all of them; without operations, it covers the uploads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) bucket: Option<Box<str>>,
    pub(crate) prefix: Option<Box<str>>,
    pub(crate) operations: Option<Box<[Operation]>>,
}

/// What a request asks for: the operation, the OSS bucket, and the decoded key that is forwarded.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) operation: Operation,
    pub(crate) bucket: &'a str,
    pub(crate) key: &'a str,
}

impl Permissions {
    /// Whether a rule covers what is asked for by `device`.
    pub(crate) fn allow(&self, asked: Asked<'_>, device: Option<&str>) -> bool {
        match &self.0 {
            Some(rules) => rules.iter().any(|rule| rule.covers(asked, device)),
            None => asked.operation.is_covered_by(None),
        }
    }
}

impl Rule {
    fn covers(&self, asked: Asked<'_>, device: Option<&str>) -> bool {
        self.bucket.as_ref().is_none_or(|bucket| **bucket == *asked.bucket)
            && asked.operation.is_covered_by(self.operations.as_deref())
            && self.prefix.as_ref().is_none_or(|prefix| begins_with(asked.key, prefix, device))
    }
}

/// Whether `key` begins with `prefix`, in which `{device}` stands for the device's id.
fn begins_with(key: &str, prefix: &str, device: Option<&str>) -> bool {
    let (mut key, mut prefix) = (key.as_bytes(), prefix.as_bytes());
    while let Some((byte, after)) = prefix.split_first() {
        let (expected, rest) = match (prefix.strip_prefix(DEVICE.as_bytes()), device) {
            (None, _) => (std::slice::from_ref(byte), after),
            (Some(rest), Some(device)) => (device.as_bytes(), rest),
            (Some(_), None) => return false,
        };
        match key.strip_prefix(expected) {
            Some(after) => (key, prefix) = (after, rest),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn takes_a_prefix_for_literals_between_devices(
            prefix in "([ab{}é]|\\{device\\}){0,4}",
            key in "([ab{}é]|\\{device\\}|sn){0,5}",
            device in proptest::option::of("sn?|a"),
        ) {
            let expected = match &device {
                Some(device) => key.starts_with(&prefix.replace(DEVICE, device)),
                None => !prefix.contains(DEVICE) && key.starts_with(&prefix),
            };
            prop_assert_eq!(begins_with(&key, &prefix, device.as_deref()), expected);
        }
    }
}
