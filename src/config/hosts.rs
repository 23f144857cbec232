//! The hosts that devices are pointed at, and how each addresses its bucket.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Where the requests to a host name their bucket.
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
}

impl<'a> Addressing<'a> {
    /// The bucket, where the host names it.
    pub(crate) fn bucket(&self) -> Option<&'a str> {
        match self {
            Addressing::VirtualHosted { bucket } | Addressing::Cname { bucket } => Some(bucket),
            Addressing::Path => None,
        }
    }

    /// The style's name in the configuration.
    pub(crate) fn style(&self) -> &'static str {
        match self {
            Addressing::VirtualHosted { .. } => "virtual-hosted",
            Addressing::Cname { .. } => "cname",
            Addressing::Path => "path",
        }
    }
}

/// Host names in lower case, without ports.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Hosts {
    /// Hosts that stand for one bucket, and the bucket.
    pub(crate) cname: BTreeMap<String, String>,
    /// Hosts with the bucket in the path.
    pub(crate) path: BTreeSet<String>,
    /// What follows the bucket's label: `endpoint` of `*.endpoint`.
    pub(crate) virtual_hosted: BTreeSet<String>,
}

impl Hosts {
    /// How `host`, in lower case and without a port, addresses its bucket; an exact name goes before a pattern.
    /// `None` for a host that isn't configured.
    pub(crate) fn addressing<'h>(&'h self, host: &'h str) -> Option<Addressing<'h>> {
        if let Some(bucket) = self.cname.get(host) {
            return Some(Addressing::Cname { bucket });
        }
        if self.path.contains(host) {
            return Some(Addressing::Path);
        }
        let (bucket, endpoint) = host.split_once('.')?;
        let is_known = !bucket.is_empty() && self.virtual_hosted.contains(endpoint);
        is_known.then_some(Addressing::VirtualHosted { bucket })
    }
}

/// The host of a Host header, in lower case. A port is ignored; anything else after the name is not.
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
            virtual_hosted: BTreeSet::from(["example.com", "d1.cloudfront.net"].map(str::to_owned)),
        }
    }

    #[test]
    fn prefers_the_exact_host_to_the_pattern() {
        let hosts = hosts();
        assert_eq!(hosts.addressing("uploads.example.com"), Some(Addressing::Cname { bucket: "fleet" }));
        assert_eq!(hosts.addressing("other.example.com"), Some(Addressing::VirtualHosted { bucket: "other" }));
        assert_eq!(hosts.addressing("127.0.0.1"), Some(Addressing::Path));
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
