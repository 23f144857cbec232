//! Reading one entry of `access-keys.json`: an access key with its secrets, or a master key with its scopes.

use super::{AccessKeys, Life, Listed, Master, Policy, Status, is_access_key_id};
use crate::derived_key::{self, MasterSecret, is_master_key_id, is_master_secret, is_scope_name};
use crate::document::{DocumentError, Field};
use crate::permission::{Devices, Permissions};
use crate::route::MAX_OBJECT_BYTES;
use crate::signing_date::UnixMillis;

/// The most secrets that one key may have: each costs a request with a wrong signature one more HMAC.
const MAX_SECRETS: usize = 4;

/// The generation of a secret that is written as `accessKeySecret`.
const ONLY_GENERATION: &str = "1";

/// A day, as for the configuration's own.
const MAX_CLOCK_SKEW_SECONDS: u32 = 86_400;

/// How far back a life or a policy is looked for that a key could share: those of one fleet are much the
/// same, and looking through all of them would take a time that grows with the square of their number.
const SHARED_WITHIN: usize = 8;

impl AccessKeys {
    /// Reads one of `accessKeys`.
    ///
    /// # Errors
    /// The path of the field that is unknown, missing or malformed, and what was expected.
    pub(super) fn read_access_key(&mut self, entry: &Field<'_>) -> Result<(), DocumentError> {
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
        let name = read_id(&id)?;
        if !self.ids.insert(name) {
            return Err(id.error("an id that appears once"));
        }
        match (secret, secrets) {
            (secret, None) => {
                let secret = read_secret(&entry.required(secret, "accessKeySecret")?, name)?;
                self.push_secret(
                    secret,
                    Life { generation: ONLY_GENERATION.into(), not_before: None, not_after: None },
                );
            }
            (None, Some(secrets)) => self.read_secrets(&secrets, name)?,
            (Some(_), Some(secrets)) => return Err(secrets.error("no `secrets` beside `accessKeySecret`")),
        }
        let security_token = token.map(|token| read_token(&token)).transpose()?;
        let policy = read_policy([status, allow, skew, bytes], Devices::Unknown)?;
        let policy = shared(&mut self.policies, Policy { security_token, ..policy });
        self.listed.push(Listed { secrets_end: self.secrets.len(), policy });
        Ok(())
    }

    fn read_secrets(&mut self, secrets: &Field<'_>, id: &str) -> Result<(), DocumentError> {
        let first = self.secrets.len();
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
            let field = entry.required(secret, "secret")?;
            let secret = read_secret(&field, id)?;
            if (first..self.secrets.len()).any(|ordinal| self.secrets.get(ordinal) == Some(secret)) {
                return Err(field.error("a secret that appears once in its key"));
            }
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

    /// Reads one of `masterKeys`.
    ///
    /// # Errors
    /// As of [`AccessKeys::read_access_key`].
    pub(super) fn read_master_key(&mut self, entry: &Field<'_>) -> Result<(), DocumentError> {
        let [id, secret, status, allow, scopes, skew, bytes] =
            entry.fields(["id", "secret", "status", "allow", "scopes", "maxClockSkewSeconds", "maxObjectBytes"])?;
        let id = entry.required(id, "id")?;
        let name = id.matching(is_master_key_id, "1 to 16 lower-case letters and digits")?;
        if self.has_master(name) {
            return Err(id.error("an id that appears once"));
        }
        let secret = entry.required(secret, "secret")?;
        let secret = secret.matching(is_master_secret, "32 to 256 visible ASCII characters")?;
        self.masters.push(Master {
            id: name.into(),
            secret: MasterSecret::new(secret),
            policy: read_policy([status, allow, skew, bytes], Devices::Known)?,
            scopes: scopes.map(|scopes| read_scopes(&scopes)).transpose()?.unwrap_or_default(),
        });
        Ok(())
    }

    pub(super) fn has_master(&self, id: &str) -> bool {
        self.masters.iter().any(|master| *master.id == *id)
    }
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
    let id = field.matching(is_access_key_id, "1 to 128 visible ASCII characters other than `:`, `/` and `,`")?;
    if id.starts_with(derived_key::PREFIX) {
        return Err(field.error("an id that does not begin with `OE1.`, which is how derived keys begin"));
    }
    Ok(id)
}

fn read_generation<'d>(field: &Field<'d>) -> Result<&'d str, DocumentError> {
    let byte_ok = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let is_generation = |text: &str| (1..=32).contains(&text.len()) && text.bytes().all(byte_ok);
    field.matching(is_generation, "1 to 32 letters, digits, `.`, `_` and `-`")
}

fn read_secret<'d>(field: &Field<'d>, id: &str) -> Result<&'d str, DocumentError> {
    let secret = field.matching(|secret| is_visible(secret, 256), "1 to 256 visible ASCII characters")?;
    if secret == id { Err(field.error("another text than the access key's id")) } else { Ok(secret) }
}

fn read_token(field: &Field<'_>) -> Result<Box<str>, DocumentError> {
    field.matching(|token| is_visible(token, 4096), "1 to 4096 visible ASCII characters").map(Box::from)
}

fn read_time(field: &Field<'_>) -> Result<UnixMillis, DocumentError> {
    let time = UnixMillis::parse_rfc3339(field.string()?);
    time.ok_or_else(|| field.error("a time in UTC, as in `2026-11-25T00:00:00Z`"))
}

fn is_visible(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
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
    use crate::credentials::Credentials;

    fn read(text: &str) -> Result<AccessKeys, String> {
        AccessKeys::from_documents(&[text], Credentials::Bundled).map_err(|error| error.to_string())
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
        let secret = |number: usize| format!(r#"{{"generation":"{number}","secret":"s{number}"}}"#);
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
                "expected `{` only in `{device}/`, so that no device's id can be the beginning of another's",
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
