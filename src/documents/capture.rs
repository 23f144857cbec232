//! `capture` of `config.json`.

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use std::fmt;

use super::field::{checked_text, present};
use super::json::DocumentError;
use crate::access_keys::access_key::is_access_key_id;
use crate::config::capture::CaptureRules;

/// More than a person looks into at a time.
const MAX_ACCESS_KEY_IDS: usize = 100;

/// `capture` of the configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct CaptureDocument {
    #[serde(default, deserialize_with = "present")]
    access_key_ids: Option<Vec<AccessKeyId>>,
    #[serde(default, deserialize_with = "present")]
    refused_share: Option<Share>,
}

checked_text!(
    /// The id of an access key, listed or derived.
    AccessKeyId,
    is_access_key_id,
    "an access key id"
);

/// A number from 0 to 1, in units of 2⁻³².
#[derive(Clone, Copy)]
struct Share(u64);

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FromZeroToOne;

        impl Visitor<'_> for FromZeroToOne {
            type Value = Share;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 0 to 1")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Share, E> {
                match number {
                    0 | 1 => Ok(Share(number << 32)),
                    _ => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
                }
            }

            #[expect(clippy::as_conversions, reason = "in range: at most 2³²")]
            fn visit_f64<E: Error>(self, number: f64) -> Result<Share, E> {
                if (0.0..=1.0).contains(&number) {
                    Ok(Share((number * 4_294_967_296.0) as u64))
                } else {
                    Err(E::invalid_value(Unexpected::Float(number), &self))
                }
            }
        }

        deserializer.deserialize_f64(FromZeroToOne)
    }
}

impl CaptureDocument {
    /// Checks the fields together.
    ///
    /// # Errors
    /// The path of the field, relative to `capture`, and what was expected.
    pub(super) fn check(self) -> Result<CaptureRules, DocumentError> {
        let ids = self.access_key_ids.unwrap_or_default();
        if ids.len() > MAX_ACCESS_KEY_IDS {
            return Err(DocumentError::new("accessKeyIds", format!("expected at most {MAX_ACCESS_KEY_IDS} ids")));
        }
        Ok(CaptureRules {
            access_key_ids: ids.into_iter().map(|id| id.0).collect(),
            refused_share: self.refused_share.map_or(0, |share| share.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn read(capture: &str) -> Result<Config, String> {
        let text = format!(
            r#"{{"hosts":[{{"host":"h","style":"path"}}],"buckets":{{"abc":{{"s3Bucket":"abc","region":"us-east-1"}}}},"capture":{capture}}}"#
        );
        Config::from_json(&text).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_ids_and_a_share() {
        let share = |capture| read(capture).ok().unwrap().capture.unwrap().refused_share;
        assert_eq!(share("{}"), 0);
        assert_eq!(share(r#"{"refusedShare":0.25}"#), 1 << 30);
        assert_eq!(share(r#"{"refusedShare":1}"#), 1 << 32);
        assert_eq!(share(r#"{"refusedShare":1.0}"#), 1 << 32);
        let rules = read(r#"{"accessKeyIds":["ak","OE1.a.b"]}"#).ok().unwrap().capture.unwrap();
        assert_eq!(rules.access_key_ids.into_iter().collect::<Vec<_>>(), ["OE1.a.b", "ak"]);
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        let of_number = |ids: usize| format!(r#"{{"accessKeyIds":[{}]}}"#, vec![r#""ak""#; ids].join(","));
        assert!(read(&of_number(100)).is_ok());
        for (capture, path) in [
            ("[]", "capture"),
            ("null", "capture"),
            (r#"{"share":1}"#, "capture"),
            (r#"{"refusedShare":1.5}"#, "capture.refusedShare"),
            (r#"{"refusedShare":-0.5}"#, "capture.refusedShare"),
            (r#"{"refusedShare":2}"#, "capture.refusedShare"),
            (r#"{"refusedShare":"1"}"#, "capture.refusedShare"),
            (r#"{"accessKeyIds":"ak"}"#, "capture.accessKeyIds"),
            (r#"{"accessKeyIds":["a b"]}"#, "capture.accessKeyIds[0]"),
            (&of_number(101), "capture.accessKeyIds"),
        ] {
            let error = read(capture).err().unwrap();
            assert!(error.starts_with(path), "{capture}: {error}");
        }
        let error = read(r#"{"refusedShare":1.5}"#).err();
        assert_eq!(error.as_deref(), Some("capture.refusedShare: expected a number from 0 to 1, found 1.5"));
    }
}
