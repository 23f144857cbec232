//! Where access keys come from, as the configuration says.

use crate::baked::baked;
use crate::config::{is_host, is_region};
use crate::document::{DocumentError, Field};

/// How often access keys are read again when `refreshSeconds` is left out: every five minutes.
const DEFAULT_REFRESH_SECONDS: u64 = 300;

/// A day: a key that was disabled must not go on for longer than that.
const MAX_REFRESH_SECONDS: u64 = 86_400;

/// Thirty days: how long the last access keys may serve while none can be read.
const MAX_STALE_SECONDS: u64 = 2_592_000;

/// Where access keys come from. What else the configuration says of it, the shim reads: the core has no
/// part in fetching them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Baked into the functions.
    #[default]
    Bundled,
    /// AWS Secrets Manager.
    SecretsManager,
}

baked!(
    enum Credentials {
        Bundled,
        SecretsManager,
    }
);

impl Credentials {
    /// Reads `credentials` of `config.json`.
    ///
    /// # Errors
    /// The path of the field that is unknown, missing or malformed, and what was expected.
    pub(crate) fn read(field: &Field<'_>) -> Result<Self, DocumentError> {
        let [source, secret_id, regions, refresh, max_stale, endpoint] =
            field.fields(["source", "secretId", "regions", "refreshSeconds", "maxStaleSeconds", "endpoint"])?;
        let source = field.required(source, "source")?;
        match source.string()? {
            "bundled" => match [secret_id, regions, refresh, max_stale, endpoint].into_iter().flatten().next() {
                Some(extra) => Err(extra.error("no such field where the source is \"bundled\"")),
                None => Ok(Credentials::Bundled),
            },
            "secrets-manager" => {
                field.required(secret_id, "secretId")?.matching(is_secret_id, "a secret's name or ARN")?;
                check_secret_regions(&field.required(regions, "regions")?)?;
                check_freshness(refresh.as_ref(), max_stale.as_ref())?;
                if let Some(endpoint) = endpoint {
                    let expected = "`https://` and a host, as in `https://vpce-1.secretsmanager.eu-west-1.vpce.amazonaws.com`; \
                                    `http://` for a loopback address only";
                    endpoint.matching(is_endpoint, expected)?;
                }
                Ok(Credentials::SecretsManager)
            }
            _ => Err(source.error("one of \"bundled\", \"secrets-manager\"")),
        }
    }
}

/// The Regions that have the secret, or a replica of it.
fn check_secret_regions(field: &Field<'_>) -> Result<(), DocumentError> {
    let mut known = Vec::new();
    for element in field.elements()? {
        let region = element.matching(is_region, "an AWS Region, as in `us-east-1`")?;
        if known.contains(&region) {
            return Err(element.error("a Region that is listed once"));
        }
        known.push(region);
    }
    if known.is_empty() { Err(field.error("at least one Region")) } else { Ok(()) }
}

fn check_freshness(refresh: Option<&Field<'_>>, max_stale: Option<&Field<'_>>) -> Result<(), DocumentError> {
    let refresh_seconds = match refresh {
        Some(refresh) => refresh.integer_in(1, MAX_REFRESH_SECONDS)?,
        None => DEFAULT_REFRESH_SECONDS,
    };
    match max_stale {
        Some(max_stale) if max_stale.integer_in(1, MAX_STALE_SECONDS)? < refresh_seconds => {
            Err(max_stale.error("no less than `refreshSeconds`"))
        }
        _ => Ok(()),
    }
}

/// A secret's name or ARN in AWS Secrets Manager (its API reference, "CreateSecret" and "GetSecretValue").
pub(crate) fn is_secret_id(id: &str) -> bool {
    let byte_ok = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@:-".contains(&byte);
    (1..=2048).contains(&id.len()) && id.bytes().all(byte_ok)
}

/// A scheme, a host and maybe a port. Secrets cross no network in clear text.
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
    use crate::document::Document;

    fn read(text: &str) -> Result<Credentials, String> {
        let document = Document::from_json(text).unwrap();
        Credentials::read(&Field::root(&document)).map_err(|error| error.to_string())
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
            ("1".into(), "the document: expected an object"),
            ("{}".into(), "source: expected this field to be present"),
            (r#"{"source":"vault"}"#.into(), "source: expected one of \"bundled\", \"secrets-manager\""),
            (
                r#"{"source":"bundled","secretId":"k"}"#.into(),
                "secretId: expected no such field where the source is \"bundled\"",
            ),
            (r#"{"source":"secrets-manager"}"#.into(), "secretId: expected this field to be present"),
            (r#"{"source":"secrets-manager","secretId":"a b"}"#.into(), "secretId: expected a secret's name or ARN"),
            (r#"{"source":"secrets-manager","secretId":"k"}"#.into(), "regions: expected this field to be present"),
            (
                r#"{"source":"secrets-manager","secretId":"k","regions":[]}"#.into(),
                "regions: expected at least one Region",
            ),
            (
                r#"{"source":"secrets-manager","secretId":"k","regions":["EU"]}"#.into(),
                "regions[0]: expected an AWS Region, as in `us-east-1`",
            ),
            (
                r#"{"source":"secrets-manager","secretId":"k","regions":["a","a"]}"#.into(),
                "regions[1]: expected a Region that is listed once",
            ),
            (from(r#","refreshSeconds":0"#), "refreshSeconds: expected an integer from 1 to 86400"),
            (from(r#","maxStaleSeconds":2592001"#), "maxStaleSeconds: expected an integer from 1 to 2592000"),
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
