//! The hosts that devices are pointed at, and how each carries the bucket.

use std::borrow::Cow;

use crate::baked::baked;
use crate::by_name::ByName;
use crate::characters::Characters;
use crate::id_table::IdTable;
use crate::parts::cut;
use crate::texts::in_lower_case;

/// Where a host's requests carry their bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// The bucket, where the host says it.
    pub(crate) fn bucket(self) -> Option<&'a str> {
        match self {
            Addressing::VirtualHosted { bucket } | Addressing::Cname { bucket } => Some(bucket),
            Addressing::Path => None,
        }
    }
}

/// Host names in lower case, without ports.
#[derive(Default)]
pub(crate) struct Hosts {
    /// Host to the one bucket that it stands for.
    pub(crate) cname: ByName<String>,
    /// Hosts with the bucket in the path.
    pub(crate) path: IdTable,
    /// What follows the bucket's label: `endpoint` of `*.endpoint`.
    pub(crate) virtual_hosted: IdTable,
}

baked!(struct Hosts { cname, path, virtual_hosted });

impl Hosts {
    /// How `host`, in lower case and without a port, carries its bucket; an exact name goes before
    /// a pattern. `None` for a host that isn't configured.
    pub(crate) fn addressing<'h>(&'h self, host: &'h str) -> Option<Addressing<'h>> {
        if let Some(bucket) = self.cname.get(host) {
            return Some(Addressing::Cname { bucket });
        }
        if self.path.find(host).is_some() {
            return Some(Addressing::Path);
        }
        let (bucket, endpoint) = cut(host, b'.');
        let known = !bucket.is_empty() && self.virtual_hosted.find(endpoint?).is_some();
        known.then_some(Addressing::VirtualHosted { bucket })
    }
}

/// The Host header's host in lower case: a port is ignored, anything else after the name is not.
pub(crate) fn without_port(header: &str) -> Option<Cow<'_, str>> {
    let characters = Characters::of(header);
    let (host, port) = if characters.have(Characters::COLON) { cut(header, b':') } else { (header, None) };
    if host.is_empty() || !Characters::of(port.unwrap_or_default()).are_among(Characters::DIGITS) {
        return None;
    }
    // A port has none.
    let has_upper_case = characters.have(Characters::UPPER_CASE);
    Some(if has_upper_case { Cow::Owned(in_lower_case(host)) } else { Cow::Borrowed(host) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        Hosts {
            cname: ByName::from_iter([("uploads.example.com", "fleet".to_owned())]),
            path: IdTable::from_iter(["127.0.0.1"]),
            virtual_hosted: IdTable::from_iter(["example.com", "d1.cloudfront.net"]),
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
