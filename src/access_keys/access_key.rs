//! One access key that a request may be signed with.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::permission::{Asked, Permissions};
use super::secret::Secret;
use super::signing_keys::SigningKeys;
use crate::refusal::Refusal;
use crate::time::UnixMillis;

/// What a key may do.
#[derive(Serialize, Deserialize)]
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

/// The policy of a listed key without its own: every upload is allowed.
static DEFAULT_POLICY: Policy = Policy {
    status: Status::Active,
    permissions: Permissions(None),
    max_clock_skew_seconds: None,
    max_object_bytes: None,
    security_token: None,
};

/// The generation of a secret that the document has as `accessKeySecret`.
const ONLY_GENERATION: &str = "1";

/// The secrets of a listed key.
#[derive(Serialize, Deserialize)]
pub(crate) enum Secrets {
    /// `accessKeySecret`, which is always valid.
    Only(Secret),
    /// `secrets`: at most four.
    Several(Box<[ListedSecret]>),
}

/// One of several secrets. It is valid from `not_before` until before `not_after`.
#[derive(Serialize, Deserialize)]
pub(crate) struct ListedSecret {
    pub(crate) generation: Box<str>,
    pub(crate) secret: Secret,
    pub(crate) not_before: Option<UnixMillis>,
    pub(crate) not_after: Option<UnixMillis>,
}

/// A listed key. A function of 128 MB may have 100,000 of them, so a key with a single secret and no policy of its own
/// must be small.
#[derive(Serialize, Deserialize)]
pub(crate) struct ListedKey {
    pub(crate) secrets: Secrets,
    policy: Option<Box<Policy>>,
}

/// A key that devices' keys are derived from.
#[derive(Serialize, Deserialize)]
pub(crate) struct MasterKey {
    pub(crate) secret: Secret,
    pub(crate) policy: Policy,
    pub(crate) scopes: BTreeMap<String, Permissions>,
    pub(crate) revoked_devices: BTreeSet<Box<str>>,
}

impl ListedKey {
    #[cfg(feature = "documents")]
    pub(crate) fn new(secrets: Secrets, policy: Policy) -> Self {
        ListedKey { secrets, policy: (!policy.is_default()).then(|| Box::new(policy)) }
    }

    pub(crate) fn policy(&self) -> &Policy {
        self.policy.as_deref().unwrap_or(&DEFAULT_POLICY)
    }

    /// Every secret with its generation and the two bounds of its validity, as in [`ListedSecret`].
    #[cfg(feature = "documents")]
    pub(crate) fn every_secret(&self) -> impl Iterator<Item = (&str, &Secret, Option<UnixMillis>, Option<UnixMillis>)> {
        let (several, only) = match &self.secrets {
            Secrets::Several(several) => (&**several, None),
            Secrets::Only(secret) => (&[][..], Some((ONLY_GENERATION, secret, None, None))),
        };
        several.iter().map(|one| (&*one.generation, &one.secret, one.not_before, one.not_after)).chain(only)
    }
}

#[cfg(feature = "documents")]
impl Policy {
    fn is_default(&self) -> bool {
        let Policy { status, permissions, max_clock_skew_seconds, max_object_bytes, security_token } = self;
        *status == Status::Active
            && permissions.0.is_none()
            && max_clock_skew_seconds.is_none()
            && max_object_bytes.is_none()
            && security_token.is_none()
    }
}

impl ListedSecret {
    fn is_live(&self, now: UnixMillis) -> bool {
        self.not_before.is_none_or(|not_before| now >= not_before)
            && self.not_after.is_none_or(|not_after| now < not_after)
    }
}

/// The access key that a request names. A request may only use it if its signature is right.
pub(crate) struct AccessKey<'k> {
    pub(super) policy: &'k Policy,
    pub(super) kind: Kind<'k>,
    pub(crate) signing_keys: &'k SigningKeys,
}

/// Where the secrets of an access key come from.
pub(super) enum Kind<'k> {
    Listed { secrets: &'k Secrets },
    Derived { master_id: &'k str, secret: Secret, device: String, scope: Option<&'k Permissions>, is_temporary: bool },
}

/// A secret that is valid now, and its generation; for a derived key, the master key's id.
pub(crate) struct LiveSecret<'a> {
    pub(crate) generation: &'a str,
    pub(crate) secret: &'a Secret,
}

impl AccessKey<'_> {
    /// The secrets that are valid at `now`: at most four.
    pub(crate) fn live_secrets(&self, now: UnixMillis) -> impl Iterator<Item = LiveSecret<'_>> {
        let (several, only) = match &self.kind {
            Kind::Listed { secrets: Secrets::Several(several) } => (&**several, None),
            Kind::Listed { secrets: Secrets::Only(secret) } => (&[][..], Some((ONLY_GENERATION, secret))),
            Kind::Derived { master_id, secret, .. } => (&[][..], Some((*master_id, secret))),
        };
        let live = several.iter().filter(move |listed| listed.is_live(now));
        let live = live.map(|listed| (&*listed.generation, &listed.secret));
        live.chain(only).map(|(generation, secret)| LiveSecret { generation, secret })
    }

    /// Checks that a request presents exactly the key's security token, or none if the key has none. A derived key that
    /// expires takes any token: apps and SDKs send one with every temporary key, but its id already says everything.
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

    /// Whether the key allows what is asked for. With a scope, both the master key and the scope must allow it.
    pub(crate) fn allows(&self, asked: Asked<'_>) -> bool {
        let (device, scope) = match &self.kind {
            Kind::Listed { .. } => (None, None),
            Kind::Derived { device, scope, .. } => (Some(device.as_str()), *scope),
        };
        self.policy.permissions.allow(asked, device) && scope.is_none_or(|scope| scope.allow(asked, device))
    }

    /// How far the dates of its requests may be from now, if the key has a limit of its own.
    pub(crate) fn max_clock_skew_seconds(&self) -> Option<u32> {
        self.policy.max_clock_skew_seconds
    }

    /// The largest body that it may send, in bytes, if the key has a limit of its own.
    pub(crate) fn max_object_bytes(&self) -> Option<u64> {
        self.policy.max_object_bytes
    }
}

/// Whether a text can be an access key's id: 1 to 128 bytes of visible ASCII, without the characters that delimit an id
/// in the signature schemes.
pub(crate) fn is_access_key_id(id: &str) -> bool {
    let is_id_char = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b':' | b'/' | b',');
    (1..=128).contains(&id.len()) && id.bytes().all(is_id_char)
}
