//! A device can't leave its own path, however the path is written: random requests, rightly signed.

use std::collections::HashSet;

use oss_edge::Refusal;
use proptest::prelude::*;

use super::request::{Request, request};
use super::{decide, signed_by_derived};

/// The parts of random paths: those of the device's own path and of other devices', and every spelling that could lead
/// from one to the other.
const PIECES: [&str; 34] = [
    "devices/SN-1/",
    "devices/SN-10/",
    "devices/",
    "SN-1",
    "SN-10",
    "logs",
    "a",
    "/",
    "//",
    "%2F",
    "%2f",
    "%252F",
    "%5C",
    "\\",
    ".",
    "..",
    "/../",
    "/./",
    "%2E%2E",
    "%2e",
    ".%2E",
    "%64evices",
    "%53N-1",
    "%EF%BC%8F",
    "%00",
    "%20",
    "+",
    ";",
    "%3F",
    "%23",
    "%25",
    "{device}",
    "é",
    "~",
];

/// The path decoded once, as a device's SDK had it before it was encoded; `None` when it isn't UTF-8.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

fn is_dotted(key: &str) -> bool {
    key.split('/').any(|segment| matches!(segment, "." | ".."))
}

fn signed(path: &str, key: &str, id: &str) -> Request {
    signed_by_derived(request("PUT", path, ""), id, &format!("/fleet-uploads/{key}"))
}

/// The path of the object in S3 that a request is forwarded for, or why it isn't.
fn stored(request: &Request) -> Result<String, Refusal> {
    let outcome = decide(&request.text()).outcome;
    outcome.map(|forward| decoded(&forward.uri).unwrap()).map_err(|(refusal, _)| refusal)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn never_leaves_the_device_s_path(
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..7),
        inside in any::<bool>(),
        scoped in any::<bool>(),
    ) {
        let path = format!("/{}{}", if inside { "devices/SN-1/" } else { "" }, pieces.concat());
        let Some(key) = decoded(&path[1..]) else { return Ok(()) };
        let (id, own) = if scoped {
            ("OE1.a1.SN-1.slogs", "devices/SN-1/logs/")
        } else {
            ("OE1.a1.SN-1", "devices/SN-1/")
        };
        // A plus in the path is a plus in one reading and a space in the other.
        for key in HashSet::from([key.clone(), key.replace('+', " ")]) {
            match stored(&signed(&path, &key, id)) {
                Ok(uri) => prop_assert!(uri.starts_with(&format!("/{own}")) && !is_dotted(&uri), "{}: {}", path, uri),
                Err(Refusal::AccessDenied) => prop_assert!(!key.starts_with(own), "{}", path),
                Err(Refusal::InvalidObjectName(_)) => {
                    prop_assert!(is_dotted(&key) || key.contains('\0') || key.starts_with(['/', '\\']), "{}", path);
                },
                Err(Refusal::MethodNotAllowed) => prop_assert!(key.is_empty(), "{}", path),
                Err(refusal) => prop_assert!(false, "{}: {:?}", path, refusal),
            }
        }
    }

    #[test]
    fn never_verifies_under_a_changed_id(
        device in "[A-Za-z0-9_-]{1,8}",
        expiry in proptest::option::of(1_795_485_178_u64..=9_999_999_999),
        change in any::<prop::sample::Index>(),
        to in "[A-Za-z0-9_.-]{0,2}",
    ) {
        let expiry = expiry.map(|seconds| format!(".e{seconds}")).unwrap_or_default();
        let id = format!("OE1.a1.{device}{expiry}");
        let at = change.index(id.len());
        let changed = format!("{}{to}{}", &id[..at], &id[at + 1..]);
        let path = format!("/devices/{device}/a");
        let request = signed(&path, &path[1..], &id);
        prop_assert!(stored(&request).is_ok());
        let authorization = request.headers.iter().find(|(name, _)| name == "authorization").unwrap().1.clone();
        let other = request.set("authorization", &authorization.replacen(&id, &changed, 1));
        prop_assert_eq!(stored(&other).is_ok(), changed == id, "{}", changed);
    }

    #[test]
    fn lets_no_device_sign_for_another(one in "[A-Za-z0-9_-]{1,4}", other in "[A-Za-z0-9_-]{1,4}") {
        let path = format!("/devices/{other}/a");
        let allowed = stored(&signed(&path, &path[1..], &format!("OE1.a1.{one}"))).is_ok();
        prop_assert_eq!(allowed, one == other);
    }
}
