//! Access keys that aren't listed: a device's secret is derived from a master secret and the key's id.
//!
//! ```text
//! id     = "OE1." master "." device [ ".e" expiry ] [ ".s" scope ]
//! master = 1*16( a-z 0-9 )
//! device = 1*64( A-Z a-z 0-9 "_" "-" )
//! expiry = 1-9 *9( 0-9 )            ; seconds since the epoch
//! scope  = 1*16( a-z 0-9 "-" )
//! secret = base62( HMAC-SHA256( master secret, "oss-edge/v1" id ) )
//! ```
//!
//! No part can contain a `.`, so an id has only one reading, and a key only one id.

use hmac::Mac;
use zeroize::Zeroizing;

use super::secret::Secret;
use crate::config::names::is_visible_ascii;
use crate::mac::hmac_sha256;
use crate::time::UnixMillis;

/// The beginning of every derived key's id. No other id may begin with it.
pub(crate) const PREFIX: &str = "OE1.";

/// Separates the derivation from any other use of the same secret.
const DOMAIN: &str = "oss-edge/v1";

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The length of a derived secret, the same as of OSS's own.
const SECRET_LENGTH: usize = 30;

/// The id of a derived key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DerivedKeyId<'a> {
    text: &'a str,
    /// The master key's id.
    pub master: &'a str,
    /// The device's id.
    pub device: &'a str,
    /// The time from which the key is refused.
    pub expiry: Option<UnixMillis>,
    /// The name of one of the master key's scopes.
    pub scope: Option<&'a str>,
}

impl<'a> DerivedKeyId<'a> {
    /// Parses an id; `None` if it isn't that of a derived key.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.split('.').peekable();
        let master = parts.next().filter(|part| is_master_key_id(part))?;
        let device = parts.next().filter(|part| is_device_id(part))?;
        let expiry = match parts.next_if(|part| part.starts_with('e')) {
            Some(part) => Some(parse_expiry(part.strip_prefix('e')?)?),
            None => None,
        };
        let scope = parts.next_if(|part| part.starts_with('s')).and_then(|part| part.strip_prefix('s'));
        let is_whole = parts.next().is_none() && scope.is_none_or(is_scope_name);
        is_whole.then_some(DerivedKeyId { text, master, device, expiry, scope })
    }

    /// Derives the secret of this id: 30 base-62 digits.
    pub(crate) fn derive(&self, master_secret: &Secret) -> Secret {
        let mac = hmac_sha256(master_secret.as_bytes(), format!("{DOMAIN}{}", self.text).as_bytes());
        Secret::new(&base62(Zeroizing::new(mac.finalize().into_bytes().into())))
    }
}

/// 1 to 16 lower-case letters and digits.
pub(crate) fn is_master_key_id(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// 1 to 64 letters, digits, `_` and `-`.
pub(crate) fn is_device_id(text: &str) -> bool {
    let is_device_char = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(is_device_char)
}

/// 1 to 16 lower-case letters, digits and `-`.
pub(crate) fn is_scope_name(text: &str) -> bool {
    let is_scope_char = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=16).contains(&text.len()) && text.bytes().all(is_scope_char)
}

/// 1 to 10 digits, the first of them not `0`: `01` would be another spelling of `1`.
fn parse_expiry(digits: &str) -> Option<UnixMillis> {
    let is_plain = digits.len() <= 10 && !digits.starts_with('0');
    if is_plain { UnixMillis::parse_seconds(digits) } else { None }
}

/// 32 to 256 visible ASCII characters: whoever guesses the master secret has the secrets of all devices.
pub(crate) fn is_master_secret(text: &str) -> bool {
    text.len() >= 32 && is_visible_ascii(text, 256)
}

/// The secret of a derived key's id; `None` if the id or the master secret isn't valid.
pub fn derived_secret(master_secret: &str, id: &str) -> Option<String> {
    let id = DerivedKeyId::parse(id).filter(|_| is_master_secret(master_secret))?;
    let secret = id.derive(&Secret::new(master_secret));
    String::from_utf8(secret.as_bytes().to_vec()).ok()
}

/// The 30 least significant base-62 digits of a 256-bit number, both in big-endian order.
fn base62(mut number: Zeroizing<[u8; 32]>) -> Zeroizing<String> {
    let mut digits = Zeroizing::new(['0'; SECRET_LENGTH]);
    digits.iter_mut().rev().for_each(|digit| *digit = base62_digit(divide_by_62(&mut number)));
    // With enough capacity: a `String` that grows would leave copies of the secret behind.
    let mut text = Zeroizing::new(String::with_capacity(SECRET_LENGTH));
    text.extend(digits.iter());
    text
}

fn base62_digit(value: u8) -> char {
    DIGITS.get(usize::from(value)).copied().map_or('0', char::from)
}

/// Divides a big-endian number in place, and returns the remainder.
fn divide_by_62(number: &mut [u8; 32]) -> u8 {
    number.iter_mut().fold(0, |remainder, byte| {
        let value = u16::from_be_bytes([remainder, *byte]);
        // Both fit a byte, because the remainder is below 62.
        *byte = u8::try_from(value / 62).unwrap_or_default();
        u8::try_from(value % 62).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Parts of ids, right and wrong.
    const PARTS: &str = "[a-zA-Z0-9_.-]{0,12}|OE1|e[0-9]{0,11}|s[a-z-]{0,3}|[a-z0-9]{1,17}|[ -~é１]{0,3}";

    fn written(master: &str, device: &str, expiry: Option<u64>, scope: Option<&str>) -> String {
        let expiry = expiry.map(|seconds| format!(".e{seconds}")).unwrap_or_default();
        let scope = scope.map(|name| format!(".s{name}")).unwrap_or_default();
        format!("OE1.{master}.{device}{expiry}{scope}")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        // So no two keys share an id.
        #[test]
        fn reads_back_what_was_written(
            master in "[a-z0-9]{1,16}",
            device in "[A-Za-z0-9_-]{1,64}",
            expiry in proptest::option::of(1_u64..=9_999_999_999),
            scope in proptest::option::of("[a-z0-9-]{1,16}"),
        ) {
            let text = written(&master, &device, expiry, scope.as_deref());
            let id = DerivedKeyId::parse(&text).unwrap();
            let millis = id.expiry.map(|expiry| u64::try_from(expiry.0).unwrap());
            prop_assert_eq!(
                (id.master, id.device, millis, id.scope),
                (&*master, &*device, expiry.map(|seconds| seconds * 1000), scope.as_deref())
            );
            prop_assert!(crate::access_keys::access_key::is_access_key_id(&text));
        }

        #[test]
        fn has_one_spelling_for_what_it_reads(parts in proptest::collection::vec(PARTS, 0..6)) {
            let text = format!("OE1.{}", parts.join("."));
            if let Some(id) = DerivedKeyId::parse(&text) {
                let seconds = id.expiry.map(|expiry| u64::try_from(expiry.0 / 1000).unwrap());
                prop_assert_eq!(written(id.master, id.device, seconds, id.scope), text);
            }
        }

        #[test]
        fn derives_other_secrets_for_other_ids(one in "[a-z]{1,8}", other in "[a-z]{1,8}") {
            let secret = |device: &str| derived_secret(&"m".repeat(32), &written("a", device, None, None)).unwrap();
            prop_assert_eq!(secret(&one) == secret(&other), one == other);
        }
    }

    #[test]
    fn reads_every_part() {
        let id = DerivedKeyId::parse("OE1.a1.SN_0-1.e1795485177.slogs").unwrap();
        assert_eq!((id.master, id.device, id.scope), ("a1", "SN_0-1", Some("logs")));
        assert_eq!(id.expiry, Some(UnixMillis(1_795_485_177_000)));
        let id = DerivedKeyId::parse("OE1.a1.e5.se5").unwrap();
        assert_eq!((id.device, id.expiry, id.scope), ("e5", None, Some("e5")));
    }

    #[test]
    fn refuses_every_other_spelling() {
        let (master, device) = ("a".repeat(17), "d".repeat(65));
        for id in [
            "",
            "OE1",
            "OE1.",
            "OE1.a",
            "OE1.a.",
            "OE1..d",
            "oe1.a.d",
            "OE2.a.d",
            " OE1.a.d",
            "OE1.a.d ",
            "OE1.A.d",
            "OE1.a.d.",
            "OE1.a.d.e",
            "OE1.a.d.e0",
            "OE1.a.d.e01",
            "OE1.a.d.e+1",
            "OE1.a.d.e-1",
            "OE1.a.d.e12345678901",
            "OE1.a.d.e1.e2",
            "OE1.a.d.s",
            "OE1.a.d.sA",
            "OE1.a.d.s_",
            "OE1.a.d.slogs.e1",
            "OE1.a.d.slogs.slogs",
            "OE1.a.d.x",
            "OE1.a.d.e1.",
            "OE1.a.d.e1.slogs.",
            "OE1.a.d é",
            "OE1.a.d/e",
            "OE1.a.d:e",
            "OE1.a.d..slogs",
            &format!("OE1.{master}.d"),
            &format!("OE1.a.{device}"),
            &format!("OE1.a.d.s{master}"),
        ] {
            assert_eq!(DerivedKeyId::parse(id), None, "{id}");
        }
    }

    #[test]
    fn writes_the_last_thirty_digits() {
        let digits = |last: u8| {
            let mut number = Zeroizing::new([0; 32]);
            number[31] = last;
            base62(number).to_string()
        };
        assert_eq!(digits(0), "0".repeat(30));
        assert!(digits(61).ends_with("0z"));
        assert!(digits(62).ends_with("10"));
    }
}
