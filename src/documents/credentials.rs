//! `credentials` of `config.json`.

use serde::{Deserialize, Deserializer};

use super::aws_regions::{AwsRegion, AwsRegions};
use super::field::{Integer, checked_text, one_of, present};
use super::json::DocumentError;
use crate::config::credentials::Credentials;
use crate::config::names::is_host;

/// How often access keys are fetched again when `refreshSeconds` is left out: every five minutes.
const DEFAULT_REFRESH_SECONDS: u64 = 300;

/// A day: a disabled key must not work for longer.
const MAX_REFRESH_SECONDS: u64 = 86_400;

/// Thirty days: how long the last access keys may be used while none can be fetched.
const MAX_STALE_SECONDS: u64 = 2_592_000;

/// `credentials` of the configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct CredentialsDocument {
    #[serde(deserialize_with = "source")]
    source: Credentials,
    #[serde(default, deserialize_with = "present")]
    secret_id: Option<SecretId>,
    #[serde(default, deserialize_with = "present")]
    regions: Option<Vec<AwsRegion>>,
    #[serde(default, deserialize_with = "present")]
    refresh_seconds: Option<Integer<1, MAX_REFRESH_SECONDS>>,
    #[serde(default, deserialize_with = "present")]
    max_stale_seconds: Option<Integer<1, MAX_STALE_SECONDS>>,
    #[serde(default, deserialize_with = "present")]
    endpoint: Option<Endpoint>,
}

checked_text!(
    /// The id of a secret in Secrets Manager.
    SecretId,
    is_secret_id,
    "a secret's name or ARN"
);
checked_text!(
    Endpoint,
    is_endpoint,
    "`https://` and a host, as in `https://vpce-1.secretsmanager.eu-west-1.vpce.amazonaws.com`; `http://` for a \
     loopback address only"
);

fn source<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Credentials, D::Error> {
    one_of(deserializer, &[("bundled", Credentials::Bundled), ("secrets-manager", Credentials::SecretsManager)])
}

impl CredentialsDocument {
    /// Checks the fields together.
    ///
    /// # Errors
    /// The path of the field that is missing or malformed, relative to `credentials`, and what was expected.
    pub(super) fn check(self, regions: &AwsRegions) -> Result<Credentials, DocumentError> {
        match self.source {
            Credentials::Bundled => self.check_bundled()?,
            Credentials::SecretsManager => self.check_secrets_manager(regions)?,
        }
        Ok(self.source)
    }

    fn check_bundled(&self) -> Result<(), DocumentError> {
        let present = [
            ("secretId", self.secret_id.is_some()),
            ("regions", self.regions.is_some()),
            ("refreshSeconds", self.refresh_seconds.is_some()),
            ("maxStaleSeconds", self.max_stale_seconds.is_some()),
            ("endpoint", self.endpoint.is_some()),
        ];
        match present.into_iter().find(|(_, is_present)| *is_present) {
            Some((name, _)) => Err(DocumentError::new(name, "expected no such field where the source is \"bundled\"")),
            None => Ok(()),
        }
    }

    fn check_secrets_manager(&self, known: &AwsRegions) -> Result<(), DocumentError> {
        let missing = |name| DocumentError::new(name, "expected this field to be present");
        self.secret_id.as_ref().ok_or_else(|| missing("secretId"))?;
        let regions = self.regions.as_ref().ok_or_else(|| missing("regions"))?;
        if regions.is_empty() {
            return Err(DocumentError::new("regions", "expected at least one Region"));
        }
        for (index, region) in regions.iter().enumerate() {
            if regions.iter().take(index).any(|known| known == region) {
                return Err(DocumentError::new(format!("regions[{index}]"), "expected a Region that is listed once"));
            }
            known.check(&region.0).map_err(|error| error.within(&format!("regions[{index}]")))?;
        }
        let refresh_seconds = self.refresh_seconds.map_or(DEFAULT_REFRESH_SECONDS, |seconds| seconds.0);
        match self.max_stale_seconds {
            Some(max_stale) if max_stale.0 < refresh_seconds => {
                Err(DocumentError::new("maxStaleSeconds", "expected no less than `refreshSeconds`"))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a text can be a secret's name or ARN (AWS Secrets Manager API Reference, "CreateSecret" and
/// "GetSecretValue").
pub(crate) fn is_secret_id(id: &str) -> bool {
    let byte_ok = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@:-".contains(&byte);
    (1..=2048).contains(&id.len()) && id.bytes().all(byte_ok)
}

/// Whether a text is a URL of a scheme, a host and optionally a port. Plain HTTP is allowed on the loopback interface
/// only, so that secrets never cross a network in clear text.
fn is_endpoint(endpoint: &str) -> bool {
    let (scheme, authority) = endpoint.split_once("://").unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let port_ok = port.is_none_or(|port| {
        (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0')
    });
    let is_loopback = matches!(host, "127.0.0.1" | "localhost");
    is_host(host) && port_ok && (scheme == "https" || (scheme == "http" && is_loopback))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::field::Object;
    use crate::documents::json::{self, Values};

    fn read(text: &str) -> Result<Credentials, String> {
        let document = json::read::<Object<CredentialsDocument>>(text, Values::Shown);
        let regions = AwsRegions { further: Vec::new() };
        document.and_then(|Object(credentials)| credentials.check(&regions)).map_err(|error| error.to_string())
    }

    #[test]
    fn knows_where_access_keys_come_from() {
        assert_eq!(read(r#"{"source":"bundled"}"#), Ok(Credentials::Bundled));
        let shortest = r#"{"source":"secrets-manager","secretId":"fleet/keys","regions":["eu-west-1"]}"#;
        assert_eq!(read(shortest), Ok(Credentials::SecretsManager));
        let whole = r#"{"source":"secrets-manager","secretId":"arn:aws:secretsmanager:us-east-1:1:secret:a-Ab1","regions":["us-east-1","eu-west-1"],"refreshSeconds":60,"maxStaleSeconds":60,"endpoint":"http://127.0.0.1:5000"}"#;
        assert_eq!(read(whole), Ok(Credentials::SecretsManager));
    }

    #[test]
    fn names_what_is_wrong_with_the_credentials() {
        let from =
            |fields: &str| format!(r#"{{"source":"secrets-manager","secretId":"k","regions":["eu-west-1"]{fields}}}"#);
        for (credentials, expected) in [
            ("1".into(), "the document: expected an object, found 1"),
            ("{}".into(), "source: expected this field to be present"),
            (
                r#"{"source":"vault"}"#.into(),
                "source: expected one of \"bundled\", \"secrets-manager\", found \"vault\"",
            ),
            (
                r#"{"source":"bundled","secretId":"k"}"#.into(),
                "secretId: expected no such field where the source is \"bundled\"",
            ),
            (r#"{"source":"secrets-manager"}"#.into(), "secretId: expected this field to be present"),
            (
                r#"{"source":"secrets-manager","secretId":"a b"}"#.into(),
                "secretId: expected a secret's name or ARN, found \"a b\"",
            ),
            (r#"{"source":"secrets-manager","secretId":"k"}"#.into(), "regions: expected this field to be present"),
            (
                r#"{"source":"secrets-manager","secretId":"k","regions":[]}"#.into(),
                "regions: expected at least one Region",
            ),
            (
                r#"{"source":"secrets-manager","secretId":"k","regions":["EU"]}"#.into(),
                "regions[0]: expected an AWS Region, as in `us-east-1`, found \"EU\"",
            ),
            (
                r#"{"source":"secrets-manager","secretId":"k","regions":["eu-west-1","eu-west-1"]}"#.into(),
                "regions[1]: expected a Region that is listed once",
            ),
            (from(r#","refreshSeconds":0"#), "refreshSeconds: expected an integer from 1 to 86400, found 0"),
            (
                from(r#","maxStaleSeconds":2592001"#),
                "maxStaleSeconds: expected an integer from 1 to 2592000, found 2592001",
            ),
            (from(r#","maxStaleSeconds":299"#), "maxStaleSeconds: expected no less than `refreshSeconds`"),
        ] {
            assert_eq!(read(&credentials).err().as_deref(), Some(expected), "{credentials}");
        }
    }

    #[test]
    fn takes_an_endpoint_that_keeps_secrets_secret() {
        for endpoint in ["https://a.example.com", "https://a:8443", "http://127.0.0.1", "http://localhost:5000"] {
            assert!(is_endpoint(endpoint), "{endpoint}");
        }
        for endpoint in [
            "",
            "a.example.com",
            "http://a.example.com",
            "http://10.0.0.1:80",
            "https://",
            "https://a/",
            "https://a/b",
            "https://a:",
            "https://a:0",
            "https://a:123456",
            "https://u@a",
            "https://A",
            "ftp://127.0.0.1",
            "http://127.0.0.1.example.com",
            "https://a?b",
            "http://localhost:5000/x",
        ] {
            assert!(!is_endpoint(endpoint), "{endpoint}");
        }
    }
}
