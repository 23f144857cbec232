//! Which pages of other origins may upload, and which headers of an answer they may read.

use serde::{Deserialize, Serialize};

/// The headers that pages need: a part's ETag to complete an upload, the request id to report a failure, and the
/// checksum that SDKs compare.
#[cfg(feature = "documents")]
pub(crate) const DEFAULT_EXPOSED_HEADERS: [&str; 3] = ["ETag", "x-oss-request-id", "x-oss-hash-crc64ecma"];

/// `cors` of the configuration, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cors {
    pub(crate) origins: Origins,
    pub(crate) exposed_headers: Vec<String>,
    pub(crate) max_age_seconds: u32,
}

/// Origins as browsers write them: a scheme, a host, and a port unless it is the scheme's default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origins {
    Any,
    Listed(Vec<String>),
}

impl Cors {
    /// The headers that let a page of this origin read an answer (Fetch standard, "HTTP responses"); `None` for an
    /// origin that isn't allowed.
    pub(crate) fn headers_for(&self, origin: &str) -> Option<Vec<(&'static str, String)>> {
        let allowed = match &self.origins {
            Origins::Any => "*",
            Origins::Listed(origins) => origins.iter().find(|known| *known == origin)?,
        };
        let exposed = (!self.exposed_headers.is_empty())
            .then(|| ("Access-Control-Expose-Headers", self.exposed_headers.join(", ")));
        let headers = [("Access-Control-Allow-Origin", allowed.to_owned()), ("Vary", "Origin".to_owned())];
        Some(headers.into_iter().chain(exposed).collect())
    }
}
