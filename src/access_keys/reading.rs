//! Reading `access-keys.json`: one document, or several that stand for one.

use super::{AccessKeys, Life, Listed, Master, Policy, Status, is_access_key_id, revoked_id};
use crate::config::{Credentials, is_secret_id};
use crate::derived_key::{self, MasterSecret, is_device_id, is_master_key_id, is_master_secret, is_scope_name};
use crate::document::{Document, DocumentError, Field};
use crate::id_table::Rest;
use crate::permission::{Devices, Permissions};
use crate::route::MAX_OBJECT_BYTES;
use crate::signing_date::UnixMillis;

/// The most secrets that one key may have: each costs a request with a wrong signature one more HMAC.
const MAX_SECRETS: usize = 4;

/// The generation of a secret that is written as `accessKeySecret`.
const ONLY_GENERATION: &str = "1";

/// A day, as for the configuration's own.
const MAX_CLOCK_SKEW_SECONDS: u32 = 86_400;

/// How many further secrets a document may name: enough for 300,000 keys in secrets of 64 KB.
const MAX_FURTHER_SECRETS: usize = 500;

/// How far back a life or a policy is looked for that a key could share: those of one fleet are much the
/// same, and looking through all of them would take a time that grows with the square of their number.
const SHARED_WITHIN: usize = 8;

/// Access keys as they are read, one document after the other, so that no more than one is in memory at
/// a time: a fleet's are many megabytes.
pub struct AccessKeysReader {
    keys: AccessKeys,
    credentials: Credentials,
    /// How many documents there will be, and of how many bytes altogether.
    count: usize,
    bytes: usize,
    read: usize,
    bytes_read: usize,
    /// Master keys that devices are revoked of and that no document had so far, and what it is if none has.
    awaited: Vec<(Box<str>, DocumentError)>,
}

impl AccessKeysReader {
    /// A reader of one document, or of several that stand for one, and of about as many bytes. Of none at
    /// all come no access keys, and every request is refused.
    pub fn new(credentials: Credentials, count: usize, bytes: usize) -> Self {
        let keys = AccessKeys::default();
        AccessKeysReader { keys, credentials, count, bytes, read: 0, bytes_read: 0, awaited: Vec::new() }
    }

    /// Reads the next document, a JSON text.
    ///
    /// # Errors
    /// The path of the first field that is unknown, missing or malformed, and what was expected;
    /// never the value, which may be a secret. Where there are several documents, the path begins with
    /// `documents[0]` and so on.
    pub fn read(&mut self, json: &str) -> Result<(), DocumentError> {
        let index = self.read;
        self.make_room(json.len());
        self.read += 1;
        self.bytes_read += json.len();
        let document = Document::from_json(json);
        let document = document.ok_or_else(|| self.root(&Document::Null, index).error("a JSON text"))?;
        let root = self.root(&document, index);
        let [access_keys, master_keys, revoked_devices, further_secrets] =
            root.fields(["accessKeys", "masterKeys", "revokedDevices", "furtherSecrets"])?;
        if let Some(further_secrets) = further_secrets {
            self.check_further_secrets(&further_secrets, index)?;
        }
        if let Some(master_keys) = master_keys {
            master_keys.elements()?.try_for_each(|entry| self.keys.read_master_key(&entry))?;
        }
        if let Some(access_keys) = access_keys {
            access_keys.elements()?.try_for_each(|entry| self.keys.read_access_key(&entry))?;
        }
        if let Some(revoked_devices) = revoked_devices {
            revoked_devices.elements()?.try_for_each(|entry| self.read_revoked_device(&entry))?;
        }
        let is_last = self.read >= self.count;
        let is_empty = self.keys.ids.len() == 0 && self.keys.masters.is_empty();
        if is_last && is_empty { Err(root.error("at least one access key or master key")) } else { Ok(()) }
    }

    fn make_room(&mut self, next: usize) {
        if self.read > 0 {
            let to_come = self.bytes.saturating_sub(self.bytes_read).max(next);
            self.keys.make_room(Rest { read: self.bytes_read, next, to_come });
        }
    }

    /// All access keys that were read.
    ///
    /// # Errors
    /// The path of a revoked device whose master key is in none of the documents.
    pub fn finish(self) -> Result<AccessKeys, DocumentError> {
        let AccessKeysReader { keys, awaited, .. } = self;
        match awaited.into_iter().find(|(master, _)| !keys.has_master(master)) {
            Some((_, error)) => Err(error),
            None => Ok(keys.shrunk()),
        }
    }

    fn root<'d>(&self, document: &'d Document<'d>, index: usize) -> Field<'d> {
        if self.count == 1 { Field::root(document) } else { Field::root_of(document, index) }
    }

    fn check_further_secrets(&self, field: &Field<'_>, index: usize) -> Result<(), DocumentError> {
        if self.credentials == Credentials::SecretsManager && index == 0 {
            check_further_secrets(field)
        } else {
            Err(field.error("no such field here: only Secrets Manager's first document has further secrets"))
        }
    }

    /// A device that is revoked twice is revoked: lists of two operators may be put together.
    fn read_revoked_device(&mut self, entry: &Field<'_>) -> Result<(), DocumentError> {
        let [master, device] = entry.fields(["masterKey", "deviceId"])?;
        let master = entry.required(master, "masterKey")?;
        let device = entry.required(device, "deviceId")?;
        let master_id = master.string()?;
        if !self.keys.has_master(master_id) {
            self.await_master(master_id, &master);
        }
        let device_id = matching(&device, is_device_id, "1 to 64 letters, digits, `_` and `-`")?;
        self.keys.revoked.insert(&revoked_id(master_id, device_id));
        Ok(())
    }

    fn await_master(&mut self, id: &str, field: &Field<'_>) {
        if !self.awaited.iter().any(|(awaited, _)| **awaited == *id) {
            self.awaited.push((id.into(), field.error("the id of one of the master keys")));
        }
    }
}

impl AccessKeys {
    /// Reads `access-keys.json`, or all of several documents, as an [`AccessKeysReader`] does.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn from_documents(documents: &[&str], credentials: Credentials) -> Result<Self, DocumentError> {
        let mut reader =
            AccessKeysReader::new(credentials, documents.len(), documents.iter().map(|json| json.len()).sum());
        documents.iter().try_for_each(|json| reader.read(json))?;
        reader.finish()
    }

    fn make_room(&mut self, rest: Rest) {
        self.ids.make_room(rest);
        rest.make_room(&mut self.listed);
        self.secrets.make_room(rest);
        rest.make_room(&mut self.secret_lives);
        self.revoked.make_room(rest);
    }

    fn shrunk(mut self) -> Self {
        self.ids.shrink_to_fit();
        self.listed.shrink_to_fit();
        self.secrets.shrink_to_fit();
        self.secret_lives.shrink_to_fit();
        self.revoked.shrink_to_fit();
        self
    }

    fn read_access_key(&mut self, entry: &Field<'_>) -> Result<(), DocumentError> {
        let [id, secret, secrets, token, status, allow, skew, bytes] = entry.fields([
            "accessKeyId",
            "accessKeySecret",
            "secrets",
            "securityToken",
            "status",
            "allow",
            "maxClockSkewSeconds",
            "maxObjectBytes",
        ])?;
        let id = entry.required(id, "accessKeyId")?;
        if !self.ids.insert(read_id(&id)?) {
            return Err(id.error("an id that appears once"));
        }
        match (secret, secrets) {
            (secret, None) => {
                let secret = read_secret(&entry.required(secret, "accessKeySecret")?)?;
                self.push_secret(
                    secret,
                    Life { generation: ONLY_GENERATION.into(), not_before: None, not_after: None },
                );
            }
            (None, Some(secrets)) => self.read_secrets(&secrets)?,
            (Some(_), Some(secrets)) => return Err(secrets.error("no `secrets` beside `accessKeySecret`")),
        }
        let security_token = token.map(|token| read_token(&token)).transpose()?;
        let policy = read_policy([status, allow, skew, bytes], Devices::Unknown)?;
        let policy = shared(&mut self.policies, Policy { security_token, ..policy });
        self.listed.push(Listed { secrets_end: self.secrets.len(), policy });
        Ok(())
    }

    fn read_secrets(&mut self, secrets: &Field<'_>) -> Result<(), DocumentError> {
        let mut generations = Vec::new();
        for entry in secrets.elements()? {
            let [generation, secret, not_before, not_after] =
                entry.fields(["generation", "secret", "notBefore", "notAfter"])?;
            let generation = entry.required(generation, "generation")?;
            let name = read_generation(&generation)?;
            if generations.contains(&name) {
                return Err(generation.error("a generation that appears once in its key"));
            }
            generations.push(name);
            let secret = read_secret(&entry.required(secret, "secret")?)?;
            let life = Life {
                generation: name.into(),
                not_before: not_before.map(|time| read_time(&time)).transpose()?,
                not_after: not_after.as_ref().map(read_time).transpose()?,
            };
            if let (Some(from), Some(to), Some(field)) = (life.not_before, life.not_after, not_after)
                && from >= to
            {
                return Err(field.error("a time after `notBefore`"));
            }
            self.push_secret(secret, life);
        }
        let count_ok = (1..=MAX_SECRETS).contains(&generations.len());
        if count_ok { Ok(()) } else { Err(secrets.error("1 to 4 secrets")) }
    }

    fn push_secret(&mut self, secret: &str, life: Life) {
        self.secrets.push(secret);
        let life = shared(&mut self.lives, life);
        self.secret_lives.push(life);
    }

    fn read_master_key(&mut self, entry: &Field<'_>) -> Result<(), DocumentError> {
        let [id, secret, status, allow, scopes, skew, bytes] =
            entry.fields(["id", "secret", "status", "allow", "scopes", "maxClockSkewSeconds", "maxObjectBytes"])?;
        let id = entry.required(id, "id")?;
        let name = matching(&id, is_master_key_id, "1 to 16 lower-case letters and digits")?;
        if self.has_master(name) {
            return Err(id.error("an id that appears once"));
        }
        let secret = entry.required(secret, "secret")?;
        let secret = matching(&secret, is_master_secret, "32 to 256 visible ASCII characters")?;
        self.masters.push(Master {
            id: name.into(),
            secret: MasterSecret::new(secret),
            policy: read_policy([status, allow, skew, bytes], Devices::Known)?,
            scopes: scopes.map(|scopes| read_scopes(&scopes)).transpose()?.unwrap_or_default(),
        });
        Ok(())
    }

    fn has_master(&self, id: &str) -> bool {
        self.masters.iter().any(|master| *master.id == *id)
    }
}

fn check_further_secrets(field: &Field<'_>) -> Result<(), DocumentError> {
    let mut known = Vec::new();
    for element in field.elements()? {
        let id = matching(&element, is_secret_id, "a secret's name or ARN")?;
        if known.contains(&id) {
            return Err(element.error("a secret that is listed once"));
        }
        known.push(id);
    }
    if known.len() > MAX_FURTHER_SECRETS { Err(field.error("at most 500 secrets")) } else { Ok(()) }
}

fn read_policy(
    [status, allow, skew, bytes]: [Option<Field<'_>>; 4],
    devices: Devices,
) -> Result<Policy, DocumentError> {
    Ok(Policy {
        status: status.map(|status| read_status(&status)).transpose()?.unwrap_or_default(),
        permissions: allow.map(|allow| Permissions::read(&allow, devices)).transpose()?.unwrap_or_default(),
        max_clock_skew_seconds: skew.map(|skew| skew.integer(MAX_CLOCK_SKEW_SECONDS)).transpose()?,
        max_object_bytes: bytes.map(|bytes| bytes.integer_in(1, MAX_OBJECT_BYTES)).transpose()?,
        security_token: None,
    })
}

fn read_status(field: &Field<'_>) -> Result<Status, DocumentError> {
    match field.string()? {
        "active" => Ok(Status::Active),
        "disabled" => Ok(Status::Disabled),
        _ => Err(field.error("one of \"active\", \"disabled\"")),
    }
}

fn read_scopes(field: &Field<'_>) -> Result<Vec<(Box<str>, Permissions)>, DocumentError> {
    let mut scopes = Vec::new();
    for (name, scope) in field.entries()? {
        if !is_scope_name(name) {
            return Err(scope.error("a scope's name of 1 to 16 lower-case letters, digits and hyphens"));
        }
        let [allow] = scope.fields(["allow"])?;
        let allow = scope.required(allow, "allow")?;
        scopes.push((name.into(), Permissions::read(&allow, Devices::Known)?));
    }
    Ok(scopes)
}

fn read_id<'d>(field: &Field<'d>) -> Result<&'d str, DocumentError> {
    let id = matching(field, is_access_key_id, "1 to 128 visible ASCII characters other than `:`, `/` and `,`")?;
    if id.starts_with(derived_key::PREFIX) {
        return Err(field.error("an id that does not begin with `OE1.`, which is how derived keys begin"));
    }
    Ok(id)
}

fn read_generation<'d>(field: &Field<'d>) -> Result<&'d str, DocumentError> {
    let byte_ok = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let is_generation = |text: &str| (1..=32).contains(&text.len()) && text.bytes().all(byte_ok);
    matching(field, is_generation, "1 to 32 letters, digits, `.`, `_` and `-`")
}

fn read_secret<'d>(field: &Field<'d>) -> Result<&'d str, DocumentError> {
    matching(field, |secret| is_visible(secret, 256), "1 to 256 visible ASCII characters")
}

fn read_token(field: &Field<'_>) -> Result<Box<str>, DocumentError> {
    matching(field, |token| is_visible(token, 4096), "1 to 4096 visible ASCII characters").map(Box::from)
}

fn read_time(field: &Field<'_>) -> Result<UnixMillis, DocumentError> {
    let time = UnixMillis::parse_rfc3339(field.string()?);
    time.ok_or_else(|| field.error("a time in UTC, as in `2026-11-25T00:00:00Z`"))
}

fn is_visible(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn matching<'d>(field: &Field<'d>, is_valid: impl Fn(&str) -> bool, expected: &str) -> Result<&'d str, DocumentError> {
    let text = field.string()?;
    if is_valid(text) { Ok(text) } else { Err(field.error(expected)) }
}

/// The ordinal of `value` among `values`, which it joins unless it is one of the last.
fn shared<T: PartialEq>(values: &mut Vec<T>, value: T) -> usize {
    let from = values.len().saturating_sub(SHARED_WITHIN);
    let known = values.iter().enumerate().skip(from).find(|(_, known)| **known == value);
    if let Some((ordinal, _)) = known {
        return ordinal;
    }
    values.push(value);
    values.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(texts: &[&str], credentials: Credentials) -> Result<AccessKeys, String> {
        AccessKeys::from_documents(texts, credentials).map_err(|error| error.to_string())
    }

    fn read(text: &str) -> Result<AccessKeys, String> {
        read_all(&[text], Credentials::SecretsManager)
    }

    const MASTER: &str = r#"{"id":"a1","secret":"0123456789abcdef0123456789abcdef"}"#;

    #[test]
    fn never_shows_a_secret() {
        let error = read(r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":"s3cr3t s3cr3t"}]}"#).err().unwrap();
        assert_eq!(error, "accessKeys[0].accessKeySecret: expected 1 to 256 visible ASCII characters");
        let error = read(r#"{"masterKeys":[{"id":"a","secret":"s3cr3t"}]}"#).err().unwrap();
        assert_eq!(error, "masterKeys[0].secret: expected 32 to 256 visible ASCII characters");
        let keys = read(r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":"s3cr3t"}]}"#).unwrap();
        assert_eq!(format!("{keys:?}"), "AccessKeys(..)");
    }

    #[test]
    fn refuses_documents_of_another_shape() {
        for (text, expected) in [
            ("", "the document: expected a JSON text"),
            ("[]", "the document: expected an object"),
            ("{}", "the document: expected at least one access key or master key"),
            (r#"{"accessKeys":[],"masterKeys":[]}"#, "the document: expected at least one access key or master key"),
            (r#"{"accessKeys":{}}"#, "accessKeys: expected an array"),
            (
                r#"{"keys":[]}"#,
                "keys: expected no such field; known here: accessKeys, masterKeys, revokedDevices, furtherSecrets",
            ),
        ] {
            assert_eq!(read(text).err().as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn names_the_field_of_an_access_key_and_what_was_expected() {
        let id = "expected 1 to 128 visible ASCII characters other than `:`, `/` and `,`";
        let known = "known here: accessKeyId, accessKeySecret, secrets, securityToken, status, allow, \
                     maxClockSkewSeconds, maxObjectBytes";
        for (fields, path, expected) in [
            (r#""accessKeyId":"a""#, ".accessKeySecret", "expected this field to be present"),
            (r#""accessKeyId":"a","secret":"b""#, ".secret", &format!("expected no such field; {known}")),
            (r#""accessKeyId":"a:b","accessKeySecret":"1""#, ".accessKeyId", id),
            (r#""accessKeyId":"","accessKeySecret":"1""#, ".accessKeyId", id),
            (
                r#""accessKeyId":"OE1.a.b","accessKeySecret":"1""#,
                ".accessKeyId",
                "expected an id that does not begin with `OE1.`, which is how derived keys begin",
            ),
            (
                r#""accessKeyId":"a","accessKeySecret":"""#,
                ".accessKeySecret",
                "expected 1 to 256 visible ASCII characters",
            ),
            (
                r#""accessKeyId":"a","accessKeySecret":"1","secrets":[]"#,
                ".secrets",
                "expected no `secrets` beside `accessKeySecret`",
            ),
            (
                r#""accessKeyId":"a","accessKeySecret":"1","status":"off""#,
                ".status",
                "expected one of \"active\", \"disabled\"",
            ),
            (
                r#""accessKeyId":"a","accessKeySecret":"1","maxClockSkewSeconds":86401"#,
                ".maxClockSkewSeconds",
                "expected an integer from 0 to 86400",
            ),
            (
                r#""accessKeyId":"a","accessKeySecret":"1","maxObjectBytes":5368709121"#,
                ".maxObjectBytes",
                "expected an integer from 1 to 5368709120",
            ),
            (
                r#""accessKeyId":"a","accessKeySecret":"1","maxObjectBytes":0"#,
                ".maxObjectBytes",
                "expected an integer from 1 to 5368709120",
            ),
            (
                r#""accessKeyId":"a","accessKeySecret":"1","allow":[{"prefix":"d/{device}/"}]"#,
                ".allow[0].prefix",
                "expected no `{device}`: only a derived key has a device",
            ),
        ] {
            let found = read(&format!(r#"{{"accessKeys":[{{{fields}}}]}}"#)).err();
            assert_eq!(found, Some(format!("accessKeys[0]{path}: {expected}")), "{fields}");
        }
        let twice =
            r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":"1"},{"accessKeyId":"a","accessKeySecret":"2"}]}"#;
        assert_eq!(read(twice).err().as_deref(), Some("accessKeys[1].accessKeyId: expected an id that appears once"));
    }

    #[test]
    fn names_the_field_of_a_secret_and_what_was_expected() {
        let time = "expected a time in UTC, as in `2026-11-25T00:00:00Z`";
        for (secrets, path, expected) in [
            ("{}", "", "expected an array"),
            ("[]", "", "expected 1 to 4 secrets"),
            (r#"[{"secret":"s"}]"#, "[0].generation", "expected this field to be present"),
            (r#"[{"generation":"1"}]"#, "[0].secret", "expected this field to be present"),
            (
                r#"[{"generation":"a b","secret":"s"}]"#,
                "[0].generation",
                "expected 1 to 32 letters, digits, `.`, `_` and `-`",
            ),
            (
                r#"[{"generation":"1","secret":"s"},{"generation":"1","secret":"t"}]"#,
                "[1].generation",
                "expected a generation that appears once in its key",
            ),
            (r#"[{"generation":"1","secret":"s","notBefore":"2026-11-25"}]"#, "[0].notBefore", time),
            (r#"[{"generation":"1","secret":"s","notAfter":"2026-11-25T00:00:00+01:00"}]"#, "[0].notAfter", time),
            (
                r#"[{"generation":"1","secret":"s","notBefore":"2026-11-25T00:00:00Z","notAfter":"2026-11-25T00:00:00Z"}]"#,
                "[0].notAfter",
                "expected a time after `notBefore`",
            ),
        ] {
            let found = read(&format!(r#"{{"accessKeys":[{{"accessKeyId":"a","secrets":{secrets}}}]}}"#)).err();
            assert_eq!(found, Some(format!("accessKeys[0].secrets{path}: {expected}")), "{secrets}");
        }
        let secret = |generation: usize| format!(r#"{{"generation":"{generation}","secret":"s"}}"#);
        let five = (0..5).map(secret).collect::<Vec<_>>().join(",");
        let found = read(&format!(r#"{{"accessKeys":[{{"accessKeyId":"a","secrets":[{five}]}}]}}"#)).err();
        assert_eq!(found.as_deref(), Some("accessKeys[0].secrets: expected 1 to 4 secrets"));
    }

    #[test]
    fn names_the_field_of_a_master_key_and_what_was_expected() {
        let secret = r#""secret":"0123456789abcdef0123456789abcdef""#;
        for (fields, path, expected) in [
            (r#""id":"a""#.into(), ".secret", "expected this field to be present"),
            (secret.into(), ".id", "expected this field to be present"),
            (format!(r#""id":"A",{secret}"#), ".id", "expected 1 to 16 lower-case letters and digits"),
            (
                r#""id":"a","secret":"0123456789abcdef0123456789abcde""#.into(),
                ".secret",
                "expected 32 to 256 visible ASCII characters",
            ),
            (
                format!(r#""id":"a",{secret},"allow":[{{"prefix":"{{device}}"}}]"#),
                ".allow[0].prefix",
                "expected `/` after each `{device}`, so that no device's id can be the beginning of another's",
            ),
            (format!(r#""id":"a",{secret},"scopes":[]"#), ".scopes", "expected an object"),
            (
                format!(r#""id":"a",{secret},"scopes":{{"A":{{"allow":[{{}}]}}}}"#),
                ".scopes.A",
                "expected a scope's name of 1 to 16 lower-case letters, digits and hyphens",
            ),
            (
                format!(r#""id":"a",{secret},"scopes":{{"logs":{{}}}}"#),
                ".scopes.logs.allow",
                "expected this field to be present",
            ),
        ] {
            let found = read(&format!(r#"{{"masterKeys":[{{{fields}}}]}}"#)).err();
            assert_eq!(found, Some(format!("masterKeys[0]{path}: {expected}")), "{fields}");
        }
        let twice = format!(r#"{{"masterKeys":[{MASTER},{MASTER}]}}"#);
        assert_eq!(read(&twice).err().as_deref(), Some("masterKeys[1].id: expected an id that appears once"));
    }

    #[test]
    fn refuses_to_revoke_what_there_is_not() {
        for (entry, path, expected) in [
            (r#"{"deviceId":"d"}"#, ".masterKey", "expected this field to be present"),
            (r#"{"masterKey":"a1"}"#, ".deviceId", "expected this field to be present"),
            (r#"{"masterKey":"a2","deviceId":"d"}"#, ".masterKey", "expected the id of one of the master keys"),
            (r#"{"masterKey":"a1","deviceId":"d.e"}"#, ".deviceId", "expected 1 to 64 letters, digits, `_` and `-`"),
        ] {
            let found = read(&format!(r#"{{"masterKeys":[{MASTER}],"revokedDevices":[{entry}]}}"#)).err();
            assert_eq!(found, Some(format!("revokedDevices[0]{path}: {expected}")), "{entry}");
        }
    }

    #[test]
    fn reads_several_documents_as_one() {
        let first = r#"{"furtherSecrets":["more","arn:aws:secretsmanager:us-east-1:1:secret:m-Ab1"],"revokedDevices":[{"masterKey":"a1","deviceId":"d"}]}"#;
        let second = format!(r#"{{"masterKeys":[{MASTER}]}}"#);
        let third = r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":"1"}]}"#;
        let keys = read_all(&[first, &second, third], Credentials::SecretsManager).unwrap();
        assert_eq!((keys.ids.len(), keys.masters.len(), keys.revoked.len()), (1, 1, 1));
        for (documents, expected) in [
            (&[third, third][..], "documents[1].accessKeys[0].accessKeyId: expected an id that appears once"),
            (&[&second, &second], "documents[1].masterKeys[0].id: expected an id that appears once"),
            (&["{}", "{}"], "documents[1]: expected at least one access key or master key"),
            (&["{}", "1"], "documents[1]: expected an object"),
            (&["{}", "{]"], "documents[1]: expected a JSON text"),
            (
                &[third, r#"{"furtherSecrets":["more"]}"#],
                "documents[1].furtherSecrets: expected no such field here: only Secrets Manager's first document has further secrets",
            ),
        ] {
            let found = read_all(documents, Credentials::SecretsManager).err();
            assert_eq!(found.as_deref(), Some(expected));
        }
    }

    #[test]
    fn revokes_a_device_of_a_master_key_in_another_document() {
        let revoked = r#"{"revokedDevices":[{"masterKey":"a1","deviceId":"d"},{"masterKey":"a1","deviceId":"d"}]}"#;
        let master = format!(r#"{{"masterKeys":[{MASTER}]}}"#);
        for documents in [[revoked, &master], [&master, revoked]] {
            assert_eq!(read_all(&documents, Credentials::SecretsManager).unwrap().revoked.len(), 1);
        }
        let other = r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":"1"}],"revokedDevices":[{"masterKey":"a2","deviceId":"d"}]}"#;
        let found = read_all(&[other, &master], Credentials::SecretsManager).err();
        let expected = "documents[0].revokedDevices[0].masterKey: expected the id of one of the master keys";
        assert_eq!(found.as_deref(), Some(expected));
    }

    #[test]
    fn names_further_secrets_in_secrets_manager_only() {
        let with = |further: &str| {
            format!(r#"{{"accessKeys":[{{"accessKeyId":"a","accessKeySecret":"1"}}],"furtherSecrets":{further}}}"#)
        };
        let refused = read_all(&[&with("[]")], Credentials::Bundled).err().unwrap();
        assert!(refused.starts_with("furtherSecrets: expected no such field here"), "{refused}");
        assert!(read(&with("[]")).is_ok());
        for (further, expected) in [
            (r#""more""#, "furtherSecrets: expected an array"),
            (r#"["a b"]"#, "furtherSecrets[0]: expected a secret's name or ARN"),
            (r#"["a","a"]"#, "furtherSecrets[1]: expected a secret that is listed once"),
        ] {
            assert_eq!(read(&with(further)).err().as_deref(), Some(expected));
        }
        let many = (0..501).map(|index| format!("\"s{index}\"")).collect::<Vec<_>>().join(",");
        assert_eq!(
            read(&with(&format!("[{many}]"))).err().as_deref(),
            Some("furtherSecrets: expected at most 500 secrets")
        );
    }

    #[test]
    fn knows_no_key_where_there_is_no_document() {
        let keys = read_all(&[], Credentials::SecretsManager).unwrap();
        assert_eq!((keys.ids.len(), keys.masters.len()), (0, 0));
    }

    #[test]
    fn shares_what_many_keys_have_in_common() {
        let key = |number: usize| {
            format!(
                r#"{{"accessKeyId":"k{number}","secrets":[{{"generation":"1","secret":"s"}},{{"generation":"2","secret":"t"}}],"allow":[{{"prefix":"a/"}}]}}"#
            )
        };
        let keys = (0..100).map(key).collect::<Vec<_>>().join(",");
        let keys = read(&format!(r#"{{"accessKeys":[{keys}]}}"#)).unwrap();
        assert_eq!((keys.policies.len(), keys.lives.len(), keys.secrets.len()), (1, 2, 200));
    }
}
