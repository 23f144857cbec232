//! The access keys that devices sign with, listed or derived.

pub(crate) mod access_key;
pub(crate) mod derived_key;
pub(crate) mod permission;
pub(crate) mod secret;
pub(crate) mod signing_keys;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::refusal::AccessKeyFault;
use crate::time::UnixMillis;
use access_key::{AccessKey, Kind, ListedKey, MasterKey, Status};
use derived_key::DerivedKeyId;
use signing_keys::SigningKeys;

/// The access keys of one or several documents. They never change, except that signing keys are cached.
#[derive(Default, Serialize, Deserialize)]
pub struct AccessKeys {
    /// Keys with their own secrets, by id.
    #[serde(serialize_with = "in_order_of_ids")]
    pub(crate) listed: HashMap<Box<str>, ListedKey>,
    /// The master keys, by id.
    pub(crate) masters: BTreeMap<Box<str>, MasterKey>,
    #[serde(skip)]
    pub(crate) signing_keys: SigningKeys,
}

/// Serializes in the order of the ids, so that the same keys always give the same bytes.
fn in_order_of_ids<S: Serializer>(listed: &HashMap<Box<str>, ListedKey>, serializer: S) -> Result<S::Ok, S::Error> {
    listed.iter().collect::<BTreeMap<_, _>>().serialize(serializer)
}

impl AccessKeys {
    /// Finds the access key of an id, as of `now`.
    ///
    /// # Errors
    /// Why there is no key of this id that may be used.
    pub(crate) fn find(&self, id: &str, now: UnixMillis) -> Result<AccessKey<'_>, AccessKeyFault> {
        let key = match id.starts_with(derived_key::PREFIX) {
            true => self.derived(id, now)?,
            false => self.listed(id).ok_or(AccessKeyFault::Unknown)?,
        };
        if key.policy.status == Status::Disabled {
            return Err(AccessKeyFault::Disabled);
        }
        let has_secret = key.live_secrets(now).next().is_some();
        if has_secret { Ok(key) } else { Err(AccessKeyFault::NoLiveSecret) }
    }

    fn listed(&self, id: &str) -> Option<AccessKey<'_>> {
        let key = self.listed.get(id)?;
        let kind = Kind::Listed { secrets: &key.secrets };
        Some(AccessKey { policy: key.policy(), kind, signing_keys: &self.signing_keys })
    }

    fn derived(&self, id: &str, now: UnixMillis) -> Result<AccessKey<'_>, AccessKeyFault> {
        let id = DerivedKeyId::parse(id).ok_or(AccessKeyFault::Unknown)?;
        let (master_id, master) = self.masters.get_key_value(id.master).ok_or(AccessKeyFault::Unknown)?;
        if master.policy.status == Status::Disabled {
            return Err(AccessKeyFault::Disabled);
        }
        let scope = id.scope.map(|name| master.scopes.get(name).ok_or(AccessKeyFault::UnknownScope)).transpose()?;
        if master.revoked_devices.contains(id.device) {
            return Err(AccessKeyFault::Revoked);
        }
        if id.expiry.is_some_and(|expiry| now >= expiry) {
            return Err(AccessKeyFault::Expired);
        }
        let secret = id.derive(&master.secret);
        let is_temporary = id.expiry.is_some();
        let kind = Kind::Derived { master_id, secret, device: id.device.to_owned(), scope, is_temporary };
        Ok(AccessKey { policy: &master.policy, kind, signing_keys: &self.signing_keys })
    }
}

impl fmt::Debug for AccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKeys(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::permission::Asked;
    use super::*;
    use crate::config::credentials::Credentials;
    use crate::operation::Operation;

    const NOW: UnixMillis = UnixMillis(1_795_485_177_000);

    fn read(text: &str) -> AccessKeys {
        AccessKeys::from_json(&[text], Credentials::Bundled).unwrap()
    }

    fn keys() -> AccessKeys {
        read(
            r#"{
            "accessKeys": [
                { "accessKeyId": "short", "accessKeySecret": "s1" },
                { "accessKeyId": "off", "accessKeySecret": "s1", "status": "disabled" },
                { "accessKeyId": "rotating", "secrets": [
                    { "generation": "past", "secret": "s1", "notAfter": "2026-11-24T01:52:57Z" },
                    { "generation": "ending", "secret": "s2", "notAfter": "2026-11-24T01:52:58Z" },
                    { "generation": "new", "secret": "s3", "notBefore": "2026-11-24T01:52:57Z" },
                    { "generation": "future", "secret": "s4", "notBefore": "2026-11-24T01:52:58Z" }
                ] },
                { "accessKeyId": "over", "secrets": [
                    { "generation": "1", "secret": "s1", "notAfter": "2026-11-24T01:52:57Z" }
                ] }
            ],
            "masterKeys": [
                {
                    "id": "a1", "secret": "0123456789abcdef0123456789abcdef",
                    "allow": [{ "prefix": "d/{device}/" }],
                    "scopes": { "logs": { "allow": [{ "bucket": "logs" }] } }
                },
                { "id": "off", "secret": "0123456789abcdef0123456789abcdef", "status": "disabled" }
            ],
            "revokedDevices": [{ "masterKey": "a1", "deviceId": "SN-2" }]
        }"#,
        )
    }

    #[test]
    fn says_why_a_key_cannot_be_used() {
        let keys = keys();
        for (id, fault) in [
            ("short", None),
            ("off", Some(AccessKeyFault::Disabled)),
            ("over", Some(AccessKeyFault::NoLiveSecret)),
            ("nobody", Some(AccessKeyFault::Unknown)),
            ("", Some(AccessKeyFault::Unknown)),
            ("OE1.a1.SN-1", None),
            ("OE1.a1.SN-2", Some(AccessKeyFault::Revoked)),
            ("OE1.a1.SN-2.slogs", Some(AccessKeyFault::Revoked)),
            ("OE1.a1.SN-2.e9999999999", Some(AccessKeyFault::Revoked)),
            ("OE1.a1.SN-20", None),
            ("OE1.a1.SN-1.e1795485178.slogs", None),
            ("OE1.a1.SN-1.e1795485177", Some(AccessKeyFault::Expired)),
            ("OE1.a1.SN-1.e1795485178.sother", Some(AccessKeyFault::UnknownScope)),
            ("OE1.a2.SN-1", Some(AccessKeyFault::Unknown)),
            ("OE1.off.SN-1", Some(AccessKeyFault::Disabled)),
            ("OE1.off.SN-1.sany", Some(AccessKeyFault::Disabled)),
            ("OE1.a1.SN-1.e01795485178", Some(AccessKeyFault::Unknown)),
        ] {
            assert_eq!(keys.find(id, NOW).err(), fault, "{id}");
        }
    }

    #[test]
    fn offers_the_secrets_that_are_valid_now() {
        let keys = keys();
        let generations = |id, now| {
            let key = keys.find(id, now).unwrap();
            key.live_secrets(now).map(|live| live.generation.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(generations("rotating", NOW), ["ending", "new"]);
        assert_eq!(generations("rotating", UnixMillis(NOW.0 - 1)), ["past", "ending"]);
        assert_eq!(generations("rotating", UnixMillis(NOW.0 + 1000)), ["new", "future"]);
        assert_eq!(generations("short", NOW), ["1"]);
        assert_eq!(generations("OE1.a1.SN-1", NOW), ["a1"]);
    }

    #[test]
    fn a_scope_restricts_and_never_grants() {
        let keys = keys();
        let allows = |id, bucket, key| {
            keys.find(id, NOW).unwrap().allows(Asked { operation: Operation::PutObject, bucket, key })
        };
        assert!(allows("OE1.a1.SN-1", "any", "d/SN-1/k") && allows("OE1.a1.SN-1.slogs", "logs", "d/SN-1/k"));
        assert!(!allows("OE1.a1.SN-1.slogs", "any", "d/SN-1/k") && !allows("OE1.a1.SN-1.slogs", "logs", "d/SN-2/k"));
        assert!(!allows("OE1.a1.SN-1", "any", "d/SN-10/k") && allows("short", "any", "any"));
    }

    #[test]
    fn takes_the_key_s_token_and_no_other() {
        let keys = read(
            r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":"1","securityToken":"token"},{"accessKeyId":"b","accessKeySecret":"1"}]}"#,
        );
        let check = |id, token| keys.find(id, NOW).unwrap().check_security_token(token).is_ok();
        assert!(check("a", Some("token")) && check("b", None));
        assert!(!check("a", None) && !check("a", Some("Token")) && !check("a", Some("")) && !check("b", Some("token")));
    }

    #[test]
    fn keeps_a_policy_that_has_any_one_field() {
        let fields = [
            r#","status":"disabled""#,
            r#","allow":[{}]"#,
            r#","maxClockSkewSeconds":0"#,
            r#","maxObjectBytes":1"#,
            r#","securityToken":"token""#,
        ];
        let found = |field: &str| {
            let keys = read(&format!(r#"{{"accessKeys":[{{"accessKeyId":"a","accessKeySecret":"1"{field}}}]}}"#));
            let policy = keys.listed("a").unwrap().policy;
            [
                policy.status == Status::Disabled,
                policy.permissions.0.is_some(),
                policy.max_clock_skew_seconds.is_some(),
                policy.max_object_bytes.is_some(),
                policy.security_token.is_some(),
            ]
        };
        assert_eq!(found(""), [false; 5]);
        for (index, field) in fields.iter().enumerate() {
            assert_eq!(found(field), [0, 1, 2, 3, 4].map(|other| other == index), "{field}");
        }
    }

    #[test]
    fn finds_each_of_many_with_its_own_secret() {
        let key = |number: usize| format!(r#"{{"accessKeyId":"k{number}","accessKeySecret":"s{number}"}}"#);
        let keys = read(&format!(r#"{{"accessKeys":[{}]}}"#, (0..2000).map(key).collect::<Vec<_>>().join(",")));
        for number in 0..2000 {
            let id = format!("k{number}");
            assert!(keys.find(&id, NOW).unwrap().live_secrets(NOW).next().unwrap().secret.is(&format!("s{number}")));
        }
        assert_eq!(keys.find("k2000", NOW).err(), Some(AccessKeyFault::Unknown));
    }
}
