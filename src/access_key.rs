//! The access keys that devices sign with.

use std::collections::HashMap;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::document::{Document, DocumentError, Field};
use crate::refusal::Refusal;

/// HMAC-SHA1 with the key's two blocks already absorbed: what each request starts from.
pub(crate) type HmacSha1 = Hmac<Sha1>;

/// An access key: an id that may be seen, and a secret and a security token that may not.
pub struct AccessKey {
    id: String,
    secret: String,
    hmac_sha1: HmacSha1,
    security_token: Option<String>,
}

impl AccessKey {
    /// A key from its `AccessKeyId` and `AccessKeySecret`, both as OSS clients are configured with
    /// them, without a security token.
    pub fn new(id: &str, secret: &str) -> Self {
        let hmac_sha1 = keyed(secret.as_bytes());
        AccessKey { id: id.to_owned(), secret: secret.to_owned(), hmac_sha1, security_token: None }
    }

    /// What signature version 4 derives its keys from.
    pub(crate) fn v4_secret(&self) -> Vec<u8> {
        [b"aliyun_v4", self.secret.as_bytes()].concat()
    }

    /// Checks that a request presents exactly the key's security token, or none where it has none.
    ///
    /// # Errors
    /// [`Refusal::InvalidSecurityToken`].
    pub(crate) fn check_security_token(&self, presented: Option<&str>) -> Result<(), Refusal> {
        let matches = match (&self.security_token, presented) {
            (None, None) => true,
            (Some(expected), Some(presented)) => same_in_constant_time(expected, presented),
            _ => false,
        };
        if matches { Ok(()) } else { Err(Refusal::InvalidSecurityToken) }
    }

    /// The `AccessKeyId`.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn hmac_sha1(&self) -> HmacSha1 {
        self.hmac_sha1.clone()
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessKey {{ id: {:?} }}", self.id)
    }
}

/// Access keys by their ids.
pub struct AccessKeys(HashMap<String, AccessKey>);

impl AccessKeys {
    /// Reads `access-keys.json`.
    ///
    /// # Errors
    /// The path of the first field that is unknown, missing or malformed, and what was expected;
    /// never the value, which may be a secret.
    pub fn from_document(document: &Document) -> Result<Self, DocumentError> {
        let root = Field::root(document);
        let [keys] = root.fields(["accessKeys"])?;
        let keys = root.required(keys, "accessKeys")?;
        let mut by_id = HashMap::new();
        for entry in keys.elements()? {
            let [id, secret, token] = entry.fields(["accessKeyId", "accessKeySecret", "securityToken"])?;
            let id = entry.required(id, "accessKeyId")?;
            let secret = read_secret(&entry.required(secret, "accessKeySecret")?)?;
            let mut key = AccessKey::new(read_id(&id)?, secret);
            key.security_token = token.map(|token| read_token(&token)).transpose()?;
            if by_id.insert(key.id.clone(), key).is_some() {
                return Err(id.error("an id that appears once"));
            }
        }
        if by_id.is_empty() { Err(keys.error("at least one access key")) } else { Ok(AccessKeys(by_id)) }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&AccessKey> {
        self.0.get(id)
    }
}

/// 1 to 128 bytes of visible ASCII but what delimits an id in one of the signature schemes.
pub(crate) fn is_access_key_id(id: &str) -> bool {
    let byte_ok = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b':' | b'/' | b',');
    (1..=128).contains(&id.len()) && id.bytes().all(byte_ok)
}

fn read_id<'d>(field: &Field<'d>) -> Result<&'d str, DocumentError> {
    let id = field.string()?;
    if is_access_key_id(id) {
        Ok(id)
    } else {
        Err(field.error("1 to 128 visible ASCII characters other than `:`, `/` and `,`"))
    }
}

fn read_secret<'d>(field: &Field<'d>) -> Result<&'d str, DocumentError> {
    let secret = field.string()?;
    let valid = (1..=256).contains(&secret.len()) && secret.bytes().all(|byte| byte.is_ascii_graphic());
    if valid { Ok(secret) } else { Err(field.error("1 to 256 visible ASCII characters")) }
}

fn read_token(field: &Field<'_>) -> Result<String, DocumentError> {
    let token = field.string()?;
    let valid = (1..=4096).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
    if valid { Ok(token.to_owned()) } else { Err(field.error("1 to 4096 visible ASCII characters")) }
}

/// Compares by the MACs of both under one fixed key: the time doesn't depend on where they differ.
fn same_in_constant_time(expected: &str, presented: &str) -> bool {
    let digest = |text: &str| {
        let mut mac = keyed(b"security token");
        mac.update(text.as_bytes());
        mac
    };
    digest(expected).verify(&digest(presented).finalize().into_bytes()).is_ok()
}

/// HMAC takes keys of any length (RFC 2104 section 2), so there is no second outcome.
#[expect(clippy::expect_used, reason = "HMAC's InvalidLength is never returned: RFC 2104 takes keys of any length")]
fn keyed(secret: &[u8]) -> HmacSha1 {
    HmacSha1::new_from_slice(secret).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<AccessKeys, String> {
        AccessKeys::from_document(&serde_json::from_str(text).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_several_keys() {
        let keys = read(
            r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":"1"},{"accessKeyId":"b","accessKeySecret":"2"}]}"#,
        )
        .unwrap();
        assert_eq!(keys.get("b").map(AccessKey::id), Some("b"));
        assert!(keys.get("c").is_none());
    }

    #[test]
    fn never_shows_a_secret() {
        let key = AccessKey::new("id", "s3cr3t-s3cr3t");
        assert_eq!(format!("{key:?}"), "AccessKey { id: \"id\" }");
        let error = read(r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":"s3cr3t s3cr3t"}]}"#).err().unwrap();
        assert_eq!(error, "accessKeys[0].accessKeySecret: expected 1 to 256 visible ASCII characters");
    }

    #[test]
    fn names_the_field_and_what_was_expected() {
        for (text, expected) in [
            ("[]", "the document: expected an object"),
            ("{}", "accessKeys: expected this field to be present"),
            (r#"{"accessKeys":[]}"#, "accessKeys: expected at least one access key"),
            (r#"{"accessKeys":{}}"#, "accessKeys: expected an array"),
            (
                r#"{"accessKeys":[{"accessKeyId":"a"}]}"#,
                "accessKeys[0].accessKeySecret: expected this field to be present",
            ),
            (
                r#"{"accessKeys":[{"accessKeyId":"a","secret":"b"}]}"#,
                "accessKeys[0].secret: expected no such field; known here: accessKeyId, accessKeySecret, securityToken",
            ),
            (
                r#"{"accessKeys":[{"accessKeyId":"a:b","accessKeySecret":"1"}]}"#,
                "accessKeys[0].accessKeyId: expected 1 to 128 visible ASCII characters other than `:`, `/` and `,`",
            ),
            (
                r#"{"accessKeys":[{"accessKeyId":"","accessKeySecret":"1"}]}"#,
                "accessKeys[0].accessKeyId: expected 1 to 128 visible ASCII characters other than `:`, `/` and `,`",
            ),
            (
                r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":""}]}"#,
                "accessKeys[0].accessKeySecret: expected 1 to 256 visible ASCII characters",
            ),
            (
                r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":"1"},{"accessKeyId":"a","accessKeySecret":"2"}]}"#,
                "accessKeys[1].accessKeyId: expected an id that appears once",
            ),
        ] {
            assert_eq!(read(text).err().as_deref(), Some(expected), "{text}");
        }
    }
}
