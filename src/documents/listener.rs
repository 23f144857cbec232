//! `listener` of `config.json`: how the relay listens where it is the entrance. No decision depends on it, so it is
//! only checked here, and the relay reads it from the configuration.

use std::net::IpAddr;

use serde::{Deserialize, Deserializer};

use super::field::{Integer, Object, checked_text, one_of, present};
use super::json::DocumentError;

/// More proxies than there are on any way to the relay.
const MAX_HOPS: u64 = 10;

/// `listener` of the configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ListenerDocument {
    /// Without it, a load balancer ends TLS, or there is none.
    #[serde(default, rename = "tls", deserialize_with = "present")]
    _tls: Option<Object<TlsDocument>>,
    #[serde(default, deserialize_with = "client_address")]
    client_address: ClientAddress,
    #[serde(default, deserialize_with = "present")]
    trusted_proxies: Option<Vec<AddressRange>>,
    #[serde(default, deserialize_with = "present")]
    trusted_hops: Option<Integer<1, MAX_HOPS>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsDocument {
    #[serde(rename = "certificate")]
    _certificate: AbsolutePath,
    #[serde(rename = "key")]
    _key: AbsolutePath,
}

/// Where the client's address comes from.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum ClientAddress {
    /// The connection: there is no proxy, or it hides the client's address.
    #[default]
    Socket,
    /// The PROXY protocol header that a load balancer sends first on each connection.
    ProxyProtocol,
    /// The header X-Forwarded-For, which HTTP proxies send.
    ForwardedFor,
}

checked_text!(
    AbsolutePath,
    |text| text.len() > 1 && text.starts_with('/') && !text.contains('\0'),
    "the absolute path of a file in PEM, as in `/etc/oss-edge/tls.crt`"
);
checked_text!(
    AddressRange,
    is_range,
    "an address or a range of them, without bits beyond its prefix, as in `10.0.0.0/16` or `fd00::/8`"
);

fn client_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ClientAddress, D::Error> {
    let values = [
        ("socket", ClientAddress::Socket),
        ("proxy-protocol", ClientAddress::ProxyProtocol),
        ("x-forwarded-for", ClientAddress::ForwardedFor),
    ];
    one_of(deserializer, &values)
}

/// Whether a text is an address, or an address and the length of its prefix. A prefix of length 0 would trust everyone,
/// and isn't allowed.
fn is_range(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return text.parse::<IpAddr>().is_ok() };
    let is_plain = !length.is_empty() && !length.starts_with('0') && length.bytes().all(|byte| byte.is_ascii_digit());
    let (Ok(address), true, Ok(length)) = (address.parse::<IpAddr>(), is_plain, length.parse::<u32>()) else {
        return false;
    };
    let host_bits = match address {
        IpAddr::V4(v4) => 32_u32.checked_sub(length).map(|bits| (bits, u32::from(v4).trailing_zeros())),
        IpAddr::V6(v6) => 128_u32.checked_sub(length).map(|bits| (bits, u128::from(v6).trailing_zeros())),
    };
    host_bits.is_some_and(|(bits, zeros)| zeros >= bits)
}

impl ListenerDocument {
    /// # Errors
    /// The path of the field that doesn't fit the others, and what was expected.
    pub(super) fn check(self) -> Result<(), DocumentError> {
        match (self.client_address, self.trusted_proxies.map(|ranges| ranges.len())) {
            (ClientAddress::Socket, Some(_)) => {
                Err(DocumentError::new("trustedProxies", "expected none where `clientAddress` is \"socket\""))
            }
            (ClientAddress::ProxyProtocol | ClientAddress::ForwardedFor, None | Some(0)) => {
                let expected = "expected the addresses of those who may say what the client's address is";
                Err(DocumentError::new("trustedProxies", expected))
            }
            _ => Ok(()),
        }?;
        match (self.client_address, self.trusted_hops) {
            (ClientAddress::Socket | ClientAddress::ProxyProtocol, Some(_)) => {
                Err(DocumentError::new("trustedHops", "expected none unless `clientAddress` is \"x-forwarded-for\""))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::json::{Values, read};

    fn fault(json: &str) -> Option<String> {
        let read = read::<Object<ListenerDocument>>(json, Values::Shown);
        read.and_then(|Object(listener)| listener.check()).err().map(|error| error.to_string())
    }

    #[test]
    fn takes_each_way_to_listen() {
        for json in [
            "{}",
            r#"{"tls":{"certificate":"/etc/tls.crt","key":"/etc/tls.key"}}"#,
            r#"{"clientAddress":"socket"}"#,
            r#"{"clientAddress":"proxy-protocol","trustedProxies":["10.0.0.0/16"]}"#,
            r#"{"clientAddress":"x-forwarded-for","trustedProxies":["10.0.0.7","fd00::/8"],"trustedHops":2}"#,
        ] {
            assert_eq!(fault(json), None, "{json}");
        }
    }

    #[test]
    fn names_the_field_that_does_not_fit() {
        let files = "the absolute path of a file in PEM, as in `/etc/oss-edge/tls.crt`";
        for (json, expected) in [
            (r#"{"tls":{}}"#, "tls.certificate: expected this field to be present".to_owned()),
            (
                r#"{"tls":{"certificate":"tls.crt","key":"/k"}}"#,
                format!("tls.certificate: expected {files}, found \"tls.crt\""),
            ),
            (
                r#"{"clientAddress":"header"}"#,
                "clientAddress: expected one of \"socket\", \"proxy-protocol\", \"x-forwarded-for\", found \"header\""
                    .into(),
            ),
            (
                r#"{"trustedProxies":["10.0.0.0/8"]}"#,
                "trustedProxies: expected none where `clientAddress` is \"socket\"".into(),
            ),
            (
                r#"{"clientAddress":"proxy-protocol"}"#,
                "trustedProxies: expected the addresses of those who may say what the client's address is".into(),
            ),
            (
                r#"{"clientAddress":"proxy-protocol","trustedProxies":[]}"#,
                "trustedProxies: expected the addresses of those who may say what the client's address is".into(),
            ),
            (
                r#"{"clientAddress":"proxy-protocol","trustedProxies":["10.0.0.0/8"],"trustedHops":1}"#,
                "trustedHops: expected none unless `clientAddress` is \"x-forwarded-for\"".into(),
            ),
            (
                r#"{"clientAddress":"x-forwarded-for","trustedProxies":["10.0.0.0/8"],"trustedHops":0}"#,
                "trustedHops: expected an integer from 1 to 10, found 0".into(),
            ),
        ] {
            assert_eq!(fault(json).as_deref(), Some(&*expected), "{json}");
        }
    }

    #[test]
    fn takes_ranges_in_one_spelling_and_none_of_everyone() {
        for range in ["10.0.0.1", "10.0.0.0/8", "10.1.2.3/32", "::1", "fd00::/8", "2001:db8::1/128", "128.0.0.0/1"] {
            assert!(is_range(range), "{range}");
        }
        for range in [
            "",
            "10.0.0",
            "10.0.0.0/",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "0.0.0.0/0",
            "::/0",
            "fd00::/129",
            "fd00::1/8",
            "a",
            "10.0.0.0/8/8",
            "10.0.0.0/-1",
            "010.0.0.1",
        ] {
            assert!(!is_range(range), "{range}");
        }
    }
}
