//! `cors` of `config.json`.

use serde::Deserialize;

use super::field::{Integer, checked_text, present};
use super::json::DocumentError;
use crate::config::cors::{Cors, DEFAULT_EXPOSED_HEADERS, Origins};
use crate::config::names::is_host;
use crate::request::header::is_token;

/// Ten minutes.
const DEFAULT_MAX_AGE_SECONDS: u32 = 600;

/// A day: no browser keeps an answer for longer.
const MAX_AGE_SECONDS: u64 = 86_400;

/// `cors` of the configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct CorsDocument {
    origins: Vec<Origin>,
    #[serde(default, deserialize_with = "present")]
    exposed_headers: Option<Vec<HeaderName>>,
    #[serde(default, deserialize_with = "present")]
    max_age_seconds: Option<Integer<0, MAX_AGE_SECONDS>>,
}

checked_text!(
    Origin,
    |text| text == "*" || is_origin(text),
    "an origin as browsers send it, as in \"https://app.example.com\", without a path or a slash at its end; or \"*\""
);
checked_text!(HeaderName, is_token, "a header's name, as in \"ETag\"");

/// Whether it is an origin of HTTPS, or of plain HTTP on the same machine.
fn is_origin(text: &str) -> bool {
    let (scheme, address) = text.split_once("://").unwrap_or_default();
    let (host, port) = address.split_once(':').map_or((address, None), |(host, port)| (host, Some(port)));
    // A browser leaves out the scheme's own port.
    let is_port = |port: &str| {
        port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port)
            && !matches!((scheme, port), ("https", "443") | ("http", "80"))
    };
    let is_scheme = scheme == "https" || (scheme == "http" && matches!(host, "localhost" | "127.0.0.1"));
    is_scheme && is_host(host) && port.is_none_or(is_port)
}

impl CorsDocument {
    /// # Errors
    /// The path of the field that is malformed, and what was expected.
    pub(super) fn check(self) -> Result<Cors, DocumentError> {
        let origins: Vec<_> = self.origins.into_iter().map(|origin| origin.0).collect();
        let defaults = || DEFAULT_EXPOSED_HEADERS.map(str::to_owned).to_vec();
        let exposed_headers =
            self.exposed_headers.map_or_else(defaults, |names| names.into_iter().map(|name| name.0).collect());
        let max_age_seconds = self.max_age_seconds.and_then(|seconds| seconds.0.try_into().ok());
        Ok(Cors {
            origins: check_origins(origins)?,
            exposed_headers,
            max_age_seconds: max_age_seconds.unwrap_or(DEFAULT_MAX_AGE_SECONDS),
        })
    }
}

fn check_origins(origins: Vec<String>) -> Result<Origins, DocumentError> {
    let any = origins.iter().position(|origin| origin == "*");
    match (any, origins.len()) {
        (_, 0) => Err(DocumentError::new("origins", "expected at least one origin")),
        (Some(_), 1) => Ok(Origins::Any),
        (Some(index), _) => {
            Err(DocumentError::new(format!("origins[{index}]"), "expected \"*\" alone: it allows every origin"))
        }
        (None, _) => Ok(Origins::Listed(origins)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::field::Object;
    use crate::documents::json::{self, Values};

    fn read(text: &str) -> Result<Cors, String> {
        let document = json::read::<Object<CorsDocument>>(text, Values::Shown);
        document.and_then(|Object(cors)| cors.check()).map_err(|error| error.to_string())
    }

    #[test]
    fn takes_origins_as_browsers_write_them() {
        for origin in
            ["https://app.example.com", "https://a:8443", "http://localhost:3000", "http://127.0.0.1", "https://[*]"]
        {
            let read = read(&format!(r#"{{"origins":["{origin}"]}}"#));
            assert_eq!(read.is_ok(), origin != "https://[*]", "{origin}");
        }
        let cors = read(r#"{"origins":["*"]}"#).unwrap();
        assert_eq!((cors.origins, cors.max_age_seconds), (Origins::Any, 600));
        assert_eq!(cors.exposed_headers, ["ETag", "x-oss-request-id", "x-oss-hash-crc64ecma"]);
        assert_eq!(read(r#"{"origins":["*"],"exposedHeaders":[]}"#).unwrap().exposed_headers, [""; 0]);
    }

    #[test]
    fn names_the_field_and_what_was_expected() {
        for origin in [
            "app.example.com",
            "https://app.example.com/",
            "https://App.example.com",
            "https://*.example.com",
            "http://app.example.com",
            "https://a:443",
            "https://a:080",
            "https://a:0",
            "https://a:65536",
            "https://a:",
            "https://",
            "null",
            "",
        ] {
            let error = read(&format!(r#"{{"origins":["{origin}"]}}"#)).unwrap_err();
            assert!(error.starts_with("origins[0]: expected an origin as browsers send it"), "{error}");
        }
        for (text, expected) in [
            ("{}", "origins: expected this field to be present"),
            (r#"{"origins":[]}"#, "origins: expected at least one origin"),
            (r#"{"origins":["https://a","*"]}"#, "origins[1]: expected \"*\" alone: it allows every origin"),
            (
                r#"{"origins":["*"],"exposedHeaders":["a b"]}"#,
                "exposedHeaders[0]: expected a header's name, as in \"ETag\", found \"a b\"",
            ),
            (
                r#"{"origins":["*"],"maxAgeSeconds":86401}"#,
                "maxAgeSeconds: expected an integer from 0 to 86400, found 86401",
            ),
            (
                r#"{"origins":["*"],"methods":[]}"#,
                "the document: unknown field `methods`, expected one of origins, exposedHeaders, maxAgeSeconds",
            ),
        ] {
            assert_eq!(read(text).err().as_deref(), Some(expected));
        }
    }
}
