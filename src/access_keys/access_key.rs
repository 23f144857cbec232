//! One access key that a request may be signed with.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::permission::{Asked, Permissions};
use super::secret::Secret;
use super::signing_keys::SigningKeys;
use crate::refusal::Refusal;
use crate::time::UnixMillis;

/// What a key may do.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub(crate) status: Status,
    pub(crate) permissions: Permissions,
    pub(crate) max_clock_skew_seconds: Option<u32>,
    pub(crate) max_object_bytes: Option<u64>,
    pub(crate) security_token: Option<Secret>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    #[default]
    Active,
    Disabled,
}

/// A secret of a listed key, and when it is valid: from `not_before` on, and before `not_after`.
#[derive(Serialize, Deserialize)]
pub(crate) struct ListedSecret {
    pub(crate) generation: Box<str>,
    pub(crate) secret: Secret,
    pub(crate) not_before: Option<UnixMillis>,
    pub(crate) not_after: Option<UnixMillis>,
}

/// A listed key.
#[derive(Serialize, Deserialize)]
pub(crate) struct ListedKey {
    pub(crate) secrets: Box<[ListedSecret]>,
    pub(crate) policy: Policy,
}

/// The key that devices' keys are derived from.
#[derive(Serialize, Deserialize)]
pub(crate) struct MasterKey {
    pub(crate) secret: Secret,
    pub(crate) policy: Policy,
    pub(crate) scopes: BTreeMap<String, Permissions>,
    pub(crate) revoked_devices: BTreeSet<Box<str>>,
}

impl ListedSecret {
    fn is_live(&self, now: UnixMillis) -> bool {
        self.not_before.is_none_or(|not_before| now >= not_before)
            && self.not_after.is_none_or(|not_after| now < not_after)
    }
}

/// An access key that may be used now, if the signature is right.
pub(crate) struct AccessKey<'k> {
    pub(super) policy: &'k Policy,
    pub(super) kind: Kind<'k>,
    pub(crate) signing_keys: &'k SigningKeys,
}

/// Where its secrets come from.
pub(super) enum Kind<'k> {
    Listed { secrets: &'k [ListedSecret] },
    Derived { master_id: &'k str, secret: Secret, device: String, scope: Option<&'k Permissions>, is_temporary: bool },
}

/// A secret that is valid now, and its name in the document; of a derived key, the master key's id.
pub(crate) struct LiveSecret<'a> {
    pub(crate) generation: &'a str,
    pub(crate) secret: &'a Secret,
}

impl AccessKey<'_> {
    /// The secrets that are valid at `now`: at most four.
    pub(crate) fn live_secrets(&self, now: UnixMillis) -> impl Iterator<Item = LiveSecret<'_>> {
        let (listed, derived) = match &self.kind {
            Kind::Listed { secrets } => (*secrets, None),
            Kind::Derived { master_id, secret, .. } => (&[][..], Some(LiveSecret { generation: master_id, secret })),
        };
        let live = listed.iter().filter(move |listed| listed.is_live(now));
        live.map(|listed| LiveSecret { generation: &listed.generation, secret: &listed.secret }).chain(derived)
    }

    /// Checks that a request presents exactly the key's security token, or none where it has none. A derived key that
    /// expires takes any: apps and SDKs send one with each temporary key, and this one's id says all there is to say.
    ///
    /// # Errors
    /// [`Refusal::InvalidSecurityToken`].
    pub(crate) fn check_security_token(&self, presented: Option<&str>) -> Result<(), Refusal> {
        let matches = match (&self.policy.security_token, presented) {
            (None, None) => true,
            (None, Some(_)) => matches!(self.kind, Kind::Derived { is_temporary: true, .. }),
            (Some(token), Some(presented)) => token.is(presented),
            _ => false,
        };
        if matches { Ok(()) } else { Err(Refusal::InvalidSecurityToken) }
    }

    /// Whether the key may do what is asked for. With a scope, both its master key and the scope must allow it.
    pub(crate) fn allows(&self, asked: Asked<'_>) -> bool {
        let (device, scope) = match &self.kind {
            Kind::Listed { .. } => (None, None),
            Kind::Derived { device, scope, .. } => (Some(device.as_str()), *scope),
        };
        self.policy.permissions.allow(asked, device) && scope.is_none_or(|scope| scope.allow(asked, device))
    }

    /// How far the dates of its requests may be from now, where it isn't as configured for all.
    pub(crate) fn max_clock_skew_seconds(&self) -> Option<u32> {
        self.policy.max_clock_skew_seconds
    }

    /// The largest body that it may send, in bytes.
    pub(crate) fn max_object_bytes(&self) -> Option<u64> {
        self.policy.max_object_bytes
    }
}

/// 1 to 128 bytes of visible ASCII without the characters that delimit an id in the signature schemes.
pub(crate) fn is_access_key_id(id: &str) -> bool {
    let is_id_char = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b':' | b'/' | b',');
    (1..=128).contains(&id.len()) && id.bytes().all(is_id_char)
}
