//! The access keys that devices sign with: those that are listed, and those that are derived.

mod access_key;
mod entries;
mod reader;

use std::fmt;

use access_key::Kind;
pub(crate) use access_key::{AccessKey, LiveSecret, is_access_key_id};
pub use reader::AccessKeysReader;

use crate::baked::baked;
use crate::derived_key::{self, DerivedKeyId, MasterSecret};
use crate::hot_keys::HotKeys;
use crate::id_table::IdTable;
use crate::keyed_hash::{HmacSha1, HmacSha256};
use crate::permission::Permissions;
use crate::refusal::AccessKeyFault;
use crate::signing_date::UnixMillis;
use crate::signing_secret::SigningSecret;
use crate::texts::{Texts, joined};

/// All access keys of one state of the documents. It never changes.
#[derive(Default)]
pub struct AccessKeys {
    ids: IdTable,
    /// By the ordinals of the ids.
    listed: Vec<Listed>,
    /// The secrets of the listed keys, one key's after the other's.
    secrets: Texts,
    /// By the ordinals of the secrets: which of the lives each has.
    secret_lives: Vec<usize>,
    lives: Vec<Life>,
    policies: Vec<Policy>,
    masters: Vec<Master>,
    /// Revoked devices, as `master.device`.
    revoked: IdTable,
    hot: HotKeys<HmacSha1>,
    /// Of the keys that version 4 derives from secrets; the generation's name is followed by the scope.
    hot_derived: HotKeys<HmacSha256>,
}

/// What is kept of a listed key besides its id.
struct Listed {
    /// The ordinal after that of its last secret.
    secrets_end: usize,
    /// Which of the policies it has.
    policy: usize,
}

/// The name of a secret, and when it is valid: from `not_before` on, and before `not_after`.
#[derive(PartialEq, Eq)]
struct Life {
    generation: Box<str>,
    not_before: Option<UnixMillis>,
    not_after: Option<UnixMillis>,
}

/// What keys of one kind may do. Many keys share one.
#[derive(Default, PartialEq, Eq)]
struct Policy {
    status: Status,
    permissions: Permissions,
    max_clock_skew_seconds: Option<u32>,
    max_object_bytes: Option<u64>,
    security_token: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Status {
    #[default]
    Active,
    Disabled,
}

/// What keys are derived from.
struct Master {
    id: Box<str>,
    secret: MasterSecret,
    policy: Policy,
    scopes: Vec<(Box<str>, Permissions)>,
}

baked!(struct AccessKeys { ids, listed, secret_lives, secrets, lives, policies, masters, revoked } but { hot, hot_derived });
baked!(struct Listed { secrets_end, policy });
baked!(struct Life { generation, not_before, not_after });
baked!(struct Policy { status, permissions, max_clock_skew_seconds, max_object_bytes, security_token });
baked!(
    enum Status {
        Active,
        Disabled,
    }
);
baked!(struct Master { id, secret, policy, scopes });
baked!(struct UnixMillis { 0 });

impl AccessKeys {
    /// The access key of an id, as of `now`.
    ///
    /// # Errors
    /// Why there is none that may be used.
    pub(crate) fn find<'k: 'i, 'i>(
        &'k self,
        id: &'i str,
        now: UnixMillis,
    ) -> Result<AccessKey<'k, 'i>, AccessKeyFault> {
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

    /// Whether the key schedule of a secret is in the cache.
    #[cfg(test)]
    pub(crate) fn is_hot(&self, id: &str, generation: &str) -> bool {
        self.hot.with(id, generation, |_| ()).is_some()
    }

    /// Whether every ordinal leads to something, as it does where documents were read.
    pub(crate) fn is_whole(&self) -> bool {
        let secrets = self.secrets.len();
        self.listed.len() == self.ids.len()
            && self.listed.is_sorted_by_key(|listed| listed.secrets_end)
            && self.listed.last().map_or(0, |last| last.secrets_end) == secrets
            && self.listed.iter().all(|listed| listed.policy < self.policies.len())
            && self.secret_lives.len() == secrets
            && self.secret_lives.iter().all(|life| *life < self.lives.len())
    }

    fn listed<'i>(&self, id: &'i str) -> Option<AccessKey<'_, 'i>> {
        let ordinal = self.ids.find(id)?;
        let listed = self.listed.get(ordinal)?;
        let policy = self.policies.get(listed.policy)?;
        Some(AccessKey { keys: self, id, policy, kind: Kind::Listed { ordinal } })
    }

    fn derived<'i>(&self, text: &'i str, now: UnixMillis) -> Result<AccessKey<'_, 'i>, AccessKeyFault> {
        let id = DerivedKeyId::parse(text).ok_or(AccessKeyFault::Unknown)?;
        let master = self.masters.iter().find(|master| *master.id == *id.master).ok_or(AccessKeyFault::Unknown)?;
        if master.policy.status == Status::Disabled {
            return Err(AccessKeyFault::Disabled);
        }
        let scope = id.scope.map(|name| master.scope(name).ok_or(AccessKeyFault::UnknownScope)).transpose()?;
        if self.revoked.find(&revoked_id(id.master, id.device)).is_some() {
            return Err(AccessKeyFault::Revoked);
        }
        if id.expiry.is_some_and(|expiry| now >= expiry) {
            return Err(AccessKeyFault::Expired);
        }
        Ok(AccessKey { keys: self, id: text, policy: &master.policy, kind: Kind::Derived { master, id, scope } })
    }

    /// The ordinals of a listed key's secrets.
    fn secrets_of(&self, ordinal: usize) -> std::ops::Range<usize> {
        let end = |ordinal: usize| self.listed.get(ordinal).map_or(0, |listed| listed.secrets_end);
        ordinal.checked_sub(1).map_or(0, end)..end(ordinal)
    }

    /// A secret, when it is valid at `now`.
    fn live_secret(&self, ordinal: usize, now: UnixMillis) -> Option<LiveSecret<'_, '_>> {
        let life = self.lives.get(*self.secret_lives.get(ordinal)?)?;
        let begun = life.not_before.is_none_or(|not_before| now >= not_before);
        let ended = life.not_after.is_some_and(|not_after| now >= not_after);
        let secret = SigningSecret::new(self.secrets.get(ordinal)?);
        (begun && !ended).then_some(LiveSecret { generation: &life.generation, secret })
    }
}

impl Master {
    fn scope(&self, name: &str) -> Option<&Permissions> {
        self.scopes.iter().find(|(known, _)| **known == *name).map(|(_, permissions)| permissions)
    }
}

impl fmt::Debug for AccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKeys(..)")
    }
}

fn revoked_id(master: &str, device: &str) -> String {
    joined(&[master, ".", device])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::Credentials;
    use crate::operation::Operation;
    use crate::permission::Asked;

    const NOW: UnixMillis = UnixMillis(1_795_485_177_000);

    fn read(text: &str) -> AccessKeys {
        AccessKeys::from_documents(&[text], Credentials::Bundled).unwrap()
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
    fn says_why_a_key_can_not_be_used() {
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
    fn is_whole_when_every_ordinal_leads_to_something() {
        let changes: [fn(&mut AccessKeys); 8] = [
            |keys| _ = keys.listed.pop(),
            |keys| _ = keys.listed.remove(0),
            |keys| keys.listed.swap(0, 1),
            |keys| keys.listed[0].policy = 9,
            |keys| keys.listed.last_mut().unwrap().secrets_end = usize::MAX,
            |keys| keys.secrets.push("another"),
            |keys| _ = keys.secret_lives.pop(),
            |keys| keys.secret_lives[0] = 9,
        ];
        assert!(keys().is_whole() && AccessKeys::default().is_whole());
        for (number, change) in changes.into_iter().enumerate() {
            let mut keys = keys();
            change(&mut keys);
            assert!(!keys.is_whole(), "{number}");
        }
    }

    #[test]
    fn offers_the_secrets_that_are_valid_now() {
        let keys = keys();
        let generations =
            |id, now| keys.find(id, now).unwrap().live_secrets(now).map(|live| live.generation).collect::<Vec<_>>();
        assert_eq!(generations("rotating", NOW), ["ending", "new"]);
        assert_eq!(generations("rotating", UnixMillis(NOW.0 - 1)), ["past", "ending"]);
        assert_eq!(generations("rotating", UnixMillis(NOW.0 + 1000)), ["new", "future"]);
        assert_eq!(generations("short", NOW), ["1"]);
        assert_eq!(generations("OE1.a1.SN-1", NOW), ["a1"]);
    }

    #[test]
    fn lets_a_scope_take_away_and_never_add() {
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
    fn finds_each_of_many_with_its_own_secret() {
        let key = |number: usize| format!(r#"{{"accessKeyId":"k{number}","accessKeySecret":"s{number}"}}"#);
        let keys = read(&format!(r#"{{"accessKeys":[{}]}}"#, (0..2000).map(key).collect::<Vec<_>>().join(",")));
        for number in 0..2000 {
            let id = format!("k{number}");
            let secret = keys.find(&id, NOW).unwrap().live_secrets(NOW).next().unwrap().secret.v4_secret();
            assert_eq!(secret, format!("aliyun_v4s{number}").into_bytes());
        }
        assert_eq!(keys.find("k2000", NOW).err(), Some(AccessKeyFault::Unknown));
    }
}
