//! The signature schemes that are served, as the configuration names them.

use crate::baked::baked;

/// A signature version with its carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

baked!(
    enum Scheme {
        V1Header,
        V1Url,
        V4Header,
        V4Url,
    }
);

impl Scheme {
    /// Every scheme that is served.
    pub(crate) const ALL: [Scheme; 4] = [Scheme::V1Header, Scheme::V1Url, Scheme::V4Header, Scheme::V4Url];

    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::V1Header => "v1-header",
            Scheme::V1Url => "v1-url",
            Scheme::V4Header => "v4-header",
            Scheme::V4Url => "v4-url",
        }
    }
}
