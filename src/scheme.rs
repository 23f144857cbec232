//! The signature schemes, and which query parameters belong to a signature.

use serde::{Deserialize, Serialize};

/// A signature version with its carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scheme {
    /// Version 1 in the Authorization header.
    V1Header,
    /// Version 1 in the query.
    V1Url,
    /// Version 4 in the Authorization header.
    V4Header,
    /// Version 4 in the query.
    V4Url,
}

impl Scheme {
    /// Every scheme that is served.
    #[cfg(any(feature = "documents", test))]
    pub(crate) const ALL: [Scheme; 4] = [Scheme::V1Header, Scheme::V1Url, Scheme::V4Header, Scheme::V4Url];

    /// Its name in the configuration and in the log.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::V1Header => "v1-header",
            Scheme::V1Url => "v1-url",
            Scheme::V4Header => "v4-header",
            Scheme::V4Url => "v4-url",
        }
    }
}

/// The parameters of a version 1 URL (OSS, "Add a signature to a URL").
pub(crate) const V1_PARAMETERS: [&str; 3] = ["Expires", "OSSAccessKeyId", "Signature"];

/// The security token in URLs of version 1, and in those of version 4 that some releases of Java v1 sign.
pub(crate) const SECURITY_TOKEN_PARAMETER: &str = "security-token";

/// The parameters of a version 4 URL (OSS, "Include a V4 signature in a URL").
pub(crate) const V4_PARAMETERS: [&str; 7] = [
    "x-oss-additional-headers",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-expires",
    "x-oss-security-token",
    "x-oss-signature",
    "x-oss-signature-version",
];

/// A parameter of version 2, which isn't served but recognised, so that the refusal can name it.
pub(crate) const V2_PARAMETER: &str = "x-oss-access-key-id";

/// Whether a query parameter belongs to a signature and so takes no part in the operation.
pub(crate) fn is_signature_parameter(name: &str) -> bool {
    V1_PARAMETERS.contains(&name)
        || V4_PARAMETERS.contains(&name)
        || name == V2_PARAMETER
        || name == SECURITY_TOKEN_PARAMETER
}
