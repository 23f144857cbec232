//! The hosts that devices are pointed at, and how each addresses its bucket.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// How the requests to a host name their bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Addressing<'a> {
    /// The host's first label is the bucket: `bucket.endpoint`.
    VirtualHosted {
        /// The label, in lower case.
        bucket: &'a str,
    },
    /// The host stands for one bucket.
    Cname {
        /// The bucket that is configured for the host.
        bucket: &'a str,
    },
    /// The path's first segment is the bucket: `/bucket/key`.
    Path,
    /// The host is an endpoint itself. Java v1 sends it, as if it were a CNAME, for the one bucket that the device
    /// uses; a client in path style sends it with the bucket in the path. Only the signature tells the two apart.
    Endpoint {
        /// The bucket that is configured for the endpoint.
        bucket: &'a str,
    },
}

impl<'a> Addressing<'a> {
    /// The bucket, if the host names it.
    pub(crate) fn bucket(&self) -> Option<&'a str> {
        match self {
            Addressing::VirtualHosted { bucket } | Addressing::Cname { bucket } | Addressing::Endpoint { bucket } => {
                Some(bucket)
            }
            Addressing::Path => None,
        }
    }

    /// The style's name in the configuration.
    pub(crate) fn style(&self) -> &'static str {
        match self {
            Addressing::VirtualHosted { .. } => "virtual-hosted",
            Addressing::Cname { .. } => "cname",
            Addressing::Path => "path",
            Addressing::Endpoint { .. } => "endpoint",
        }
    }
}

/// Host names in lower case, without ports.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Hosts {
    /// Hosts that stand for one bucket, with that bucket.
    pub(crate) cname: BTreeMap<String, String>,
    /// Endpoints that are addressed in every style, with the bucket of requests that don't name one. Each is also in
    /// `virtual_hosted`.
    pub(crate) endpoints: BTreeMap<String, String>,
    /// Hosts with the bucket in the path.
    pub(crate) path: BTreeSet<String>,
    /// What follows the bucket's label: `endpoint` of `*.endpoint`.
    pub(crate) virtual_hosted: BTreeSet<String>,
}

impl Hosts {
    /// Whether an exact host is configured, in any style.
    #[cfg(feature = "documents")]
    pub(crate) fn has_exact(&self, host: &str) -> bool {
        self.cname.contains_key(host) || self.path.contains(host) || self.endpoints.contains_key(host)
    }

    /// How `host`, in lower case and without a port, addresses its bucket; `None` if it isn't configured. An exact name
    /// takes precedence over a pattern.
    pub(crate) fn addressing<'h>(&'h self, host: &'h str) -> Option<Addressing<'h>> {
        if let Some(bucket) = self.cname.get(host) {
            return Some(Addressing::Cname { bucket });
        }
        if self.path.contains(host) {
            return Some(Addressing::Path);
        }
        if let Some(bucket) = self.endpoints.get(host) {
            return Some(Addressing::Endpoint { bucket });
        }
        let (bucket, endpoint) = host.split_once('.')?;
        let is_known = !bucket.is_empty() && self.virtual_hosted.contains(endpoint);
        is_known.then_some(Addressing::VirtualHosted { bucket })
    }
}

/// The host of a Host header, in lower case and without its port; `None` if anything else follows the name.
pub(crate) fn without_port(header: &str) -> Option<String> {
    let (host, port) = header.split_once(':').unwrap_or((header, ""));
    let is_host_and_port = !host.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    is_host_and_port.then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        Hosts {
            cname: BTreeMap::from([("uploads.example.com".to_owned(), "fleet".to_owned())]),
            path: BTreeSet::from(["127.0.0.1".to_owned()]),
            virtual_hosted: BTreeSet::from(["example.com", "d1.cloudfront.net", "oss.example.org"].map(str::to_owned)),
            endpoints: BTreeMap::from([("oss.example.org".to_owned(), "fleet".to_owned())]),
        }
    }

    #[test]
    fn prefers_the_exact_host_to_the_pattern() {
        let hosts = hosts();
        assert_eq!(hosts.addressing("uploads.example.com"), Some(Addressing::Cname { bucket: "fleet" }));
        assert_eq!(hosts.addressing("other.example.com"), Some(Addressing::VirtualHosted { bucket: "other" }));
        assert_eq!(hosts.addressing("127.0.0.1"), Some(Addressing::Path));
        assert_eq!(hosts.addressing("oss.example.org"), Some(Addressing::Endpoint { bucket: "fleet" }));
        assert_eq!(hosts.addressing("logs.oss.example.org"), Some(Addressing::VirtualHosted { bucket: "logs" }));
    }

    #[cfg(feature = "documents")]
    #[test]
    fn knows_an_exact_host_of_each_style() {
        let has = |host| hosts().has_exact(host);
        assert_eq!(["uploads.example.com", "127.0.0.1", "oss.example.org"].map(has), [true; 3]);
        assert_eq!(["example.com", "other.example.com", "logs.oss.example.org"].map(has), [false; 3]);
    }

    #[test]
    fn takes_one_label_and_no_unknown_host() {
        let hosts = hosts();
        for host in ["a.b.example.com", "example.com", ".example.com", "example.com.", "x.example.com.", "evil.com", ""]
        {
            assert_eq!(hosts.addressing(host), None, "{host}");
        }
    }

    #[test]
    fn ignores_a_port_and_case_and_nothing_else() {
        assert_eq!(without_port("Uploads.Example.com:8443").as_deref(), Some("uploads.example.com"));
        assert_eq!(without_port("127.0.0.1:").as_deref(), Some("127.0.0.1"));
        for header in ["", ":80", "a:b", "a:80:80", "[::1]:80", "user@a:x"] {
            assert_eq!(without_port(header), None, "{header}");
        }
    }
}
