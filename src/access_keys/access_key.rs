//! One access key that a request may be signed with.

use super::{AccessKeys, Master, Policy};
use crate::characters::Characters;
use crate::derived_key::DerivedKeyId;
use crate::keyed_hash::{HmacSha1, HmacSha256};
use crate::permission::{Asked, Permissions};
use crate::refusal::Refusal;
use crate::signature_v4::CredentialScope;
use crate::signing_date::UnixMillis;
use crate::signing_secret::SigningSecret;

/// An access key that may be used now, if the signature is right.
pub(crate) struct AccessKey<'k, 'i> {
    pub(super) keys: &'k AccessKeys,
    pub(super) id: &'i str,
    pub(super) policy: &'k Policy,
    pub(super) kind: Kind<'k, 'i>,
}

/// Where its secrets are.
pub(super) enum Kind<'k, 'i> {
    Listed { ordinal: usize },
    Derived { master: &'k Master, id: DerivedKeyId<'i>, scope: Option<&'k Permissions> },
}

/// A secret that is valid now, and the name that it has in its document; of a derived key, its master
/// key's id.
pub(crate) struct LiveSecret<'k, 'i> {
    pub(crate) generation: &'k str,
    pub(crate) secret: SigningSecret<'i>,
}

impl<'k: 'i, 'i> AccessKey<'k, 'i> {
    /// The secrets that are valid at `now`: at most four.
    pub(crate) fn live_secrets(&self, now: UnixMillis) -> impl Iterator<Item = LiveSecret<'k, 'i>> + use<'k, 'i> {
        let keys = self.keys;
        let (listed, derived) = match &self.kind {
            Kind::Listed { ordinal } => (keys.secrets_of(*ordinal), None),
            Kind::Derived { master, id, .. } => {
                let secret = SigningSecret::derived(&master.secret, *id);
                (0..0, Some(LiveSecret { generation: &master.id, secret }))
            }
        };
        listed.filter_map(move |ordinal| keys.live_secret(ordinal, now)).chain(derived)
    }

    /// Whether a signature of version 1 is that of one of its secrets, as `is_right` by the secret's key schedule.
    pub(crate) fn verifies(&self, live: &LiveSecret<'_, '_>, is_right: impl Fn(&HmacSha1) -> bool) -> bool {
        self.keys.hot.verifies(self.id, live.generation, || live.secret.hmac_sha1(), is_right)
    }

    /// The same of version 4, by the key schedule of what is derived from the secret for a scope: it is the same for a
    /// day.
    pub(crate) fn verifies_in_scope(
        &self,
        live: &LiveSecret<'_, '_>,
        scope: CredentialScope<'_>,
        is_right: impl Fn(&HmacSha256) -> bool,
    ) -> bool {
        let name = scope.of_generation(live.generation);
        self.keys.hot_derived.verifies(self.id, &name, || scope.hmac_sha256(&live.secret), is_right)
    }

    /// Checks that a request presents exactly the key's security token, or none where it has none.
    ///
    /// # Errors
    /// [`Refusal::InvalidSecurityToken`].
    pub(crate) fn check_security_token(&self, presented: Option<&str>) -> Result<(), Refusal> {
        let matches = match (self.policy.security_token.as_deref(), presented) {
            (None, None) => true,
            (Some(expected), Some(presented)) => same_in_constant_time(expected, presented),
            _ => false,
        };
        if matches { Ok(()) } else { Err(Refusal::InvalidSecurityToken) }
    }

    /// Whether the key may do what is asked for; with a scope, both its master key and the scope must
    /// allow it.
    pub(crate) fn allows(&self, asked: Asked<'_>) -> bool {
        let (device, scope) = match &self.kind {
            Kind::Listed { .. } => (None, None),
            Kind::Derived { id, scope, .. } => (Some(id.device), *scope),
        };
        self.policy.permissions.allow(asked, device) && scope.is_none_or(|scope| scope.allow(asked, device))
    }

    /// How far the dates of its requests may be from now, where it isn't what the configuration says.
    pub(crate) fn max_clock_skew_seconds(&self) -> Option<u32> {
        self.policy.max_clock_skew_seconds
    }

    /// The largest body that it may send.
    pub(crate) fn max_object_bytes(&self) -> Option<u64> {
        self.policy.max_object_bytes
    }
}

/// 1 to 128 bytes of visible ASCII but what delimits an id in one of the signature schemes.
pub(crate) fn is_access_key_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && Characters::of(id).are_among(Characters::OF_ACCESS_KEY_IDS)
}

/// Compares by the MACs of both under one fixed key: the time doesn't depend on where they differ.
fn same_in_constant_time(expected: &str, presented: &str) -> bool {
    let hmac_sha1 = HmacSha1::new(b"security token");
    hmac_sha1.verifies(expected.as_bytes(), &hmac_sha1.code(presented.as_bytes()))
}
