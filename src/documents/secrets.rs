//! `secrets.json`: the secrets of the deployment's seals.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::field::{Integer, Object, TextRule};
use super::json::{self, DocumentError, Values};
use crate::access_keys::secret::Secret;
use crate::sealing_keys::{KEY_BYTES, SealUses, SealingKeys};

/// The most secrets, more than any rotation needs.
const MAX_SECRETS: usize = 8;

const MAX_NUMBER: u64 = 65_535;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretsDocument {
    secrets: Vec<Object<SecretDocument>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretDocument {
    number: Integer<1, MAX_NUMBER>,
    #[serde(deserialize_with = "sealing_secret")]
    secret: Secret,
}

/// Reads 32 random bytes in base64url.
fn sealing_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    deserializer.deserialize_str(TextRule {
        is_valid: |text| decoded(text.as_bytes()).is_some(),
        expected: "43 characters of base64url, as `oss-edge secrets new` makes them",
        of: Secret::from,
    })
}

fn decoded(text: &[u8]) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let bytes = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?);
    bytes.as_slice().try_into().ok().map(Zeroizing::new)
}

impl SealingKeys {
    /// Reads `secrets.json`, and derives the keys for a function that makes or verifies these seals.
    ///
    /// # Errors
    /// The path of the first field that is unknown, missing or malformed, and what was expected.
    pub fn from_json(text: &str, uses: SealUses) -> Result<Self, DocumentError> {
        let Object(document): Object<SecretsDocument> = json::read(text, Values::Secret)?;
        if document.secrets.is_empty() || document.secrets.len() > MAX_SECRETS {
            return Err(DocumentError::new("secrets", format!("expected 1 to {MAX_SECRETS} secrets")));
        }
        let mut secrets: Vec<(u16, Zeroizing<[u8; KEY_BYTES]>)> = Vec::new();
        for (index, Object(SecretDocument { number, secret })) in document.secrets.into_iter().enumerate() {
            let number = number.0.try_into().unwrap_or_default();
            let secret = decoded(secret.as_bytes()).unwrap_or_default();
            if secrets.iter().any(|(known, _)| *known == number) {
                return Err(DocumentError::new(format!("secrets[{index}].number"), "expected a number of its own"));
            }
            if secrets.iter().any(|(_, known)| **known == *secret) {
                return Err(DocumentError::new(format!("secrets[{index}].secret"), "expected a secret of its own"));
            }
            secrets.push((number, secret));
        }
        Ok(SealingKeys::derive(&secrets, uses))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const OTHER: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE";
    const USES: SealUses = SealUses { upload_ids: true, hand_over: true };

    fn read(secrets: &[(&str, &str)]) -> Result<SealingKeys, String> {
        let entry = |(number, secret): &(&str, &str)| format!(r#"{{"number":{number},"secret":"{secret}"}}"#);
        let entries: Vec<_> = secrets.iter().map(entry).collect();
        let text = format!(r#"{{"secrets":[{}]}}"#, entries.join(","));
        SealingKeys::from_json(&text, USES).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_numbered_secrets_of_which_the_first_seals() {
        let keys = read(&[("2", ONE), ("1", OTHER)]).unwrap();
        assert_eq!(keys.upload_ids.sealing().map(|(number, _)| number), Some(2));
        assert!(keys.hand_over.find(1).is_some());
    }

    #[test]
    fn names_the_field_and_never_a_secret() {
        let secret = "secrets[0].secret: expected 43 characters of base64url, as `oss-edge secrets new` makes them";
        for (secrets, expected) in [
            (vec![], "secrets: expected 1 to 8 secrets"),
            (vec![("0", ONE)], "secrets[0].number: expected an integer from 1 to 65535"),
            (vec![("65536", ONE)], "secrets[0].number: expected an integer from 1 to 65535"),
            (vec![("1.0", ONE)], "secrets[0].number: expected an integer from 1 to 65535"),
            (vec![("1", ONE), ("1", OTHER)], "secrets[1].number: expected a number of its own"),
            (vec![("1", ONE), ("2", ONE)], "secrets[1].secret: expected a secret of its own"),
            (vec![("1", "s3cr3t")], secret),
            (vec![("1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")], secret),
            (vec![("1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB")], secret),
            (vec![("1", "+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")], secret),
        ] {
            assert_eq!(read(&secrets).err().as_deref(), Some(expected));
        }
        let secrets: Vec<_> = (1..=9).map(|n| (n.to_string(), BASE64_URL_SAFE_NO_PAD.encode([n; KEY_BYTES]))).collect();
        let secrets: Vec<_> = secrets.iter().map(|(number, secret)| (number.as_str(), secret.as_str())).collect();
        assert_eq!(read(&secrets[..8]).err(), None);
        assert_eq!(read(&secrets).err().as_deref(), Some("secrets: expected 1 to 8 secrets"));
        for (text, expected) in [
            ("[]", "the document: expected an object"),
            ("{}", "secrets: expected this field to be present"),
            (r#"{"secrets":[{"number":1}]}"#, "secrets[0].secret: expected this field to be present"),
            (r#"{"secrets":[],"secret":""}"#, "the document: unknown field `secret`, did you mean `secrets`?"),
        ] {
            let error = SealingKeys::from_json(text, USES).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some(expected));
        }
    }
}
