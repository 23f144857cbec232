//! `access-keys.json`: one document, or several that are read as one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer};

use super::config::MAX_CLOCK_SKEW_SECONDS;
use super::credentials::SecretId;
use super::field::{Integer, Object, TextRule, UniqueMap, checked_text, one_of, present};
use super::json::{self, DocumentError, Values};
use super::permissions::{self, Devices, RuleDocument};
use crate::access_keys::AccessKeys;
use crate::access_keys::access_key::{ListedKey, ListedSecret, MasterKey, Policy, Secrets, Status, is_access_key_id};
use crate::access_keys::derived_key::{self, is_device_id, is_master_key_id, is_master_secret, is_scope_name};
use crate::access_keys::permission::Permissions;
use crate::access_keys::secret::Secret;
use crate::config::credentials::Credentials;
use crate::config::names::is_visible_ascii;
use crate::limits::MAX_OBJECT_BYTES;
use crate::time::UnixMillis;

/// The most secrets that one key may have: a request with a wrong signature costs one HMAC for each.
const MAX_SECRETS: usize = 4;

/// The most further secrets that a document may name: enough for 300,000 keys in secrets of 64 KB.
const MAX_FURTHER_SECRETS: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AccessKeysDocument {
    #[serde(default)]
    access_keys: Vec<Object<AccessKeyDocument>>,
    #[serde(default)]
    master_keys: Vec<Object<MasterKeyDocument>>,
    #[serde(default)]
    revoked_devices: Vec<Object<RevokedDeviceDocument>>,
    #[serde(default, deserialize_with = "present")]
    further_secrets: Option<Vec<SecretId>>,
    /// Only editors read it.
    #[serde(default, rename = "$schema", deserialize_with = "present")]
    _schema: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AccessKeyDocument {
    access_key_id: AccessKeyId,
    #[serde(default, deserialize_with = "present_access_key_secret")]
    access_key_secret: Option<Secret>,
    #[serde(default, deserialize_with = "present")]
    secrets: Option<Vec<Object<SecretDocument>>>,
    #[serde(default, deserialize_with = "present_security_token")]
    security_token: Option<Secret>,
    #[serde(default, deserialize_with = "status")]
    status: Status,
    #[serde(default, deserialize_with = "present")]
    allow: Option<Vec<Object<RuleDocument>>>,
    #[serde(default, deserialize_with = "present")]
    max_clock_skew_seconds: Option<Integer<0, MAX_CLOCK_SKEW_SECONDS>>,
    #[serde(default, deserialize_with = "present")]
    max_object_bytes: Option<Integer<1, MAX_OBJECT_BYTES>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SecretDocument {
    generation: Generation,
    #[serde(deserialize_with = "access_key_secret")]
    secret: Secret,
    #[serde(default, deserialize_with = "present")]
    not_before: Option<Time>,
    #[serde(default, deserialize_with = "present")]
    not_after: Option<Time>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MasterKeyDocument {
    id: MasterKeyId,
    #[serde(deserialize_with = "master_secret")]
    secret: Secret,
    #[serde(default, deserialize_with = "status")]
    status: Status,
    #[serde(default, deserialize_with = "present")]
    allow: Option<Vec<Object<RuleDocument>>>,
    #[serde(default)]
    scopes: UniqueMap<ScopeName, Object<ScopeDocument>>,
    #[serde(default, deserialize_with = "present")]
    max_clock_skew_seconds: Option<Integer<0, MAX_CLOCK_SKEW_SECONDS>>,
    #[serde(default, deserialize_with = "present")]
    max_object_bytes: Option<Integer<1, MAX_OBJECT_BYTES>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScopeDocument {
    allow: Vec<Object<RuleDocument>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RevokedDeviceDocument {
    master_key: AnyText,
    device_id: DeviceId,
}

checked_text!(AccessKeyId, is_access_key_id, "1 to 128 visible ASCII characters other than `:`, `/` and `,`");
checked_text!(Generation, is_generation, "1 to 32 letters, digits, `.`, `_` and `-`");
checked_text!(MasterKeyId, is_master_key_id, "1 to 16 lower-case letters and digits");
checked_text!(ScopeName, is_scope_name, "a scope's name of 1 to 16 lower-case letters, digits and hyphens");
checked_text!(DeviceId, is_device_id, "1 to 64 letters, digits, `_` and `-`");
checked_text!(AnyText, |_| true, "a string");

fn is_generation(text: &str) -> bool {
    let is_generation_char = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=32).contains(&text.len()) && text.bytes().all(is_generation_char)
}

#[derive(Clone, Copy)]
struct Time(UnixMillis);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextRule {
            is_valid: |text| UnixMillis::parse_rfc3339(text).is_some(),
            expected: "a time in UTC, as in `2026-11-25T00:00:00Z`",
            of: |text| Time(UnixMillis::parse_rfc3339(&text).unwrap_or(UnixMillis(0))),
        })
    }
}

fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Status, D::Error> {
    one_of(deserializer, &[("active", Status::Active), ("disabled", Status::Disabled)])
}

fn access_key_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    let is_valid: fn(&str) -> bool = |text| is_visible_ascii(text, 256);
    secret(deserializer, is_valid, "1 to 256 visible ASCII characters")
}

fn present_access_key_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    access_key_secret(deserializer).map(Some)
}

fn present_security_token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let is_valid: fn(&str) -> bool = |text| is_visible_ascii(text, 4096);
    secret(deserializer, is_valid, "1 to 4096 visible ASCII characters").map(Some)
}

fn master_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    secret(deserializer, is_master_secret, "32 to 256 visible ASCII characters")
}

fn secret<'de, D: Deserializer<'de>>(
    deserializer: D,
    is_valid: fn(&str) -> bool,
    expected: &'static str,
) -> Result<Secret, D::Error> {
    deserializer.deserialize_str(TextRule { is_valid, expected, of: Secret::from })
}

impl AccessKeys {
    /// Reads all documents at once, as [`AccessKeysReader`] does one by one.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn from_json(documents: &[&str], credentials: Credentials) -> Result<Self, DocumentError> {
        let mut reader = AccessKeysReader::new(credentials, documents.len());
        documents.iter().try_for_each(|json| reader.read(json))?;
        reader.finish()
    }
}

/// Reads documents one by one. Those of a fleet have many megabytes, so that only one should be in memory at a time.
pub struct AccessKeysReader {
    keys: AccessKeys,
    credentials: Credentials,
    /// The number of documents.
    count: usize,
    read: usize,
    /// Kept until the end, because a later document may have the master key.
    revoked: Vec<RevokedDevice>,
}

struct RevokedDevice {
    /// Where the device is listed: the index of the document, and of the entry in it.
    document: usize,
    entry: usize,
    master_key: String,
    device_id: String,
}

impl AccessKeysReader {
    /// Creates a reader of `count` documents. With none, there are no access keys, and every request is refused.
    pub fn new(credentials: Credentials, count: usize) -> Self {
        AccessKeysReader { keys: AccessKeys::default(), credentials, count, read: 0, revoked: Vec::new() }
    }

    /// Reads the next document, a JSON text.
    ///
    /// # Errors
    /// The path of the first field that is unknown, missing or malformed, and what was expected; never the value,
    /// which may be a secret. Where there are several documents, the path begins with `documents[0]` and so on.
    pub fn read(&mut self, json: &str) -> Result<(), DocumentError> {
        let index = self.read;
        self.read += 1;
        let document = json::read(json, Values::Secret);
        document.and_then(|Object(document)| self.add(document, index)).map_err(|error| self.located(error, index))
    }

    fn located(&self, error: DocumentError, index: usize) -> DocumentError {
        if self.count == 1 { error } else { error.within(&format!("documents[{index}]")) }
    }

    fn add(&mut self, document: AccessKeysDocument, index: usize) -> Result<(), DocumentError> {
        let AccessKeysDocument { access_keys, master_keys, revoked_devices, further_secrets, .. } = document;
        if let Some(further_secrets) = further_secrets {
            self.check_further_secrets(&further_secrets, index)?;
        }
        for (entry, Object(key)) in master_keys.into_iter().enumerate() {
            self.keys.add_master_key(key).map_err(|error| error.within(&format!("masterKeys[{entry}]")))?;
        }
        for (entry, Object(key)) in access_keys.into_iter().enumerate() {
            self.keys.add_access_key(key).map_err(|error| error.within(&format!("accessKeys[{entry}]")))?;
        }
        self.revoked.extend(revoked_devices.into_iter().enumerate().map(|(entry, Object(revoked))| RevokedDevice {
            document: index,
            entry,
            master_key: revoked.master_key.0,
            device_id: revoked.device_id.0,
        }));
        let is_empty = self.keys.listed.is_empty() && self.keys.masters.is_empty();
        if self.read >= self.count && is_empty {
            return Err(DocumentError::new("", "expected at least one access key or master key"));
        }
        Ok(())
    }

    fn check_further_secrets(&self, secrets: &[SecretId], index: usize) -> Result<(), DocumentError> {
        if self.credentials != Credentials::SecretsManager || index > 0 {
            let problem = "expected no such field here: only Secrets Manager's first document has further secrets";
            return Err(DocumentError::new("furtherSecrets", problem));
        }
        let mut known = BTreeSet::new();
        if let Some(repeated) = secrets.iter().position(|secret| !known.insert(secret)) {
            let path = format!("furtherSecrets[{repeated}]");
            return Err(DocumentError::new(path, "expected a secret that is listed once"));
        }
        if secrets.len() > MAX_FURTHER_SECRETS {
            let problem = format!("expected at most {MAX_FURTHER_SECRETS} secrets");
            return Err(DocumentError::new("furtherSecrets", problem));
        }
        Ok(())
    }

    /// All access keys that were read.
    ///
    /// # Errors
    /// The path of a revoked device whose master key is in none of the documents.
    pub fn finish(mut self) -> Result<AccessKeys, DocumentError> {
        for RevokedDevice { document, entry, master_key, device_id } in std::mem::take(&mut self.revoked) {
            let Some(master) = self.keys.masters.get_mut(&*master_key) else {
                let path = format!("revokedDevices[{entry}].masterKey");
                let error = DocumentError::new(path, "expected the id of one of the master keys");
                return Err(self.located(error, document));
            };
            // A device may be listed twice, as when two operators' lists are joined.
            master.revoked_devices.insert(device_id.into());
        }
        Ok(self.keys)
    }
}

impl AccessKeys {
    // See `documents.rs`.
    #[inline(never)]
    fn add_access_key(&mut self, document: AccessKeyDocument) -> Result<(), DocumentError> {
        let AccessKeyId(id) = document.access_key_id;
        let refused = |problem| Err(DocumentError::new("accessKeyId", problem));
        if id.starts_with(derived_key::PREFIX) {
            return refused("expected an id that does not begin with `OE1.`, which is how derived keys begin");
        }
        let secrets = check_secrets(&id, document.access_key_secret, document.secrets)?;
        let permissions = check_allow(document.allow, Devices::Unknown)?;
        let policy = Policy {
            status: document.status,
            permissions,
            max_clock_skew_seconds: seconds(document.max_clock_skew_seconds),
            max_object_bytes: document.max_object_bytes.map(|bytes| bytes.0),
            security_token: document.security_token,
        };
        match self.listed.insert(id.into(), ListedKey::new(secrets, policy)) {
            Some(_) => refused("expected an id that appears once"),
            None => Ok(()),
        }
    }

    // See `documents.rs`.
    #[inline(never)]
    fn add_master_key(&mut self, document: MasterKeyDocument) -> Result<(), DocumentError> {
        let policy = Policy {
            status: document.status,
            permissions: check_allow(document.allow, Devices::Known)?,
            max_clock_skew_seconds: seconds(document.max_clock_skew_seconds),
            max_object_bytes: document.max_object_bytes.map(|bytes| bytes.0),
            security_token: None,
        };
        let scopes = check_scopes(document.scopes)?;
        let master = MasterKey { secret: document.secret, policy, scopes, revoked_devices: BTreeSet::new() };
        match self.masters.insert(document.id.0.into(), master) {
            Some(_) => Err(DocumentError::new("id", "expected an id that appears once")),
            None => Ok(()),
        }
    }
}

fn check_allow(allow: Option<Vec<Object<RuleDocument>>>, devices: Devices) -> Result<Permissions, DocumentError> {
    allow.map(|rules| permissions::check_allow(rules, devices)).transpose().map(Option::unwrap_or_default)
}

fn check_scopes(
    document: UniqueMap<ScopeName, Object<ScopeDocument>>,
) -> Result<BTreeMap<String, Permissions>, DocumentError> {
    let scopes = document.0.into_iter().map(|(ScopeName(name), Object(scope))| {
        let permissions = permissions::check_allow(scope.allow, Devices::Known);
        let permissions = permissions.map_err(|error| error.within(&format!("scopes.{name}")))?;
        Ok((name, permissions))
    });
    scopes.collect()
}

fn seconds(configured: Option<Integer<0, MAX_CLOCK_SKEW_SECONDS>>) -> Option<u32> {
    configured.and_then(|seconds| seconds.0.try_into().ok())
}

fn check_secrets(
    id: &str,
    access_key_secret: Option<Secret>,
    secrets: Option<Vec<Object<SecretDocument>>>,
) -> Result<Secrets, DocumentError> {
    match (access_key_secret, secrets) {
        (None, None) => Err(DocumentError::new("accessKeySecret", "expected this field to be present")),
        (Some(_), Some(_)) => Err(DocumentError::new("secrets", "expected no `secrets` beside `accessKeySecret`")),
        (Some(secret), None) => {
            check_differs(&secret, id).map_err(|error| error.within("accessKeySecret"))?;
            Ok(Secrets::Only(secret))
        }
        (None, Some(secrets)) => check_secret_list(id, secrets),
    }
}

fn check_secret_list(id: &str, secrets: Vec<Object<SecretDocument>>) -> Result<Secrets, DocumentError> {
    let mut listed = Vec::new();
    for (index, Object(secret)) in secrets.into_iter().enumerate() {
        let secret = check_secret(id, secret, &listed).map_err(|error| error.within(&format!("secrets[{index}]")))?;
        listed.push(secret);
    }
    if !(1..=MAX_SECRETS).contains(&listed.len()) {
        return Err(DocumentError::new("secrets", format!("expected 1 to {MAX_SECRETS} secrets")));
    }
    Ok(Secrets::Several(listed.into()))
}

fn check_secret(id: &str, document: SecretDocument, before: &[ListedSecret]) -> Result<ListedSecret, DocumentError> {
    let SecretDocument { generation: Generation(generation), secret, not_before, not_after } = document;
    if before.iter().any(|listed| *listed.generation == *generation) {
        return Err(DocumentError::new("generation", "expected a generation that appears once in its key"));
    }
    check_differs(&secret, id).map_err(|error| error.within("secret"))?;
    if before.iter().any(|listed| listed.secret.is_same(&secret)) {
        return Err(DocumentError::new("secret", "expected a secret that appears once in its key"));
    }
    if not_before.zip(not_after).is_some_and(|(Time(from), Time(to))| from >= to) {
        return Err(DocumentError::new("notAfter", "expected a time after `notBefore`"));
    }
    let [not_before, not_after] = [not_before, not_after].map(|time| time.map(|Time(time)| time));
    Ok(ListedSecret { generation: generation.into(), secret, not_before, not_after })
}

fn check_differs(secret: &Secret, id: &str) -> Result<(), DocumentError> {
    let problem = "expected another text than the access key's id";
    if secret.is(id) { Err(DocumentError::new("", problem)) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
