//! The signed date, and how far it may be from now.

use oss_edge::{DateFault, Refusal, UnixMillis};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::request::{DATE, LATER, NOW, request};
use super::{RESOURCE, forwarded, refused, test_gate, variant};

/// An hour later than the tests' time.
const FAR: &str = "Tue, 24 Nov 2026 02:52:57 GMT";

#[test]
fn allows_the_skew_to_the_millisecond_in_both_directions() {
    let text = request("PUT", "/dir/a.log", "").signed(RESOURCE).text();
    for (difference, allowed) in
        [(0, true), (299_999, true), (300_000, true), (300_001, false), (301_000, false), (i64::MAX - NOW, false)]
    {
        for now in [NOW + difference, NOW - difference] {
            let decision = test_gate().decide(&text, UnixMillis(now));
            assert_eq!(decision.outcome.is_ok(), allowed, "{difference} at {now}");
            if let Err((refusal, _)) = &decision.outcome {
                assert_eq!(variant(refusal), "RequestTimeTooSkewed", "{difference} at {now}");
            }
        }
    }
    for now in [i64::MIN, 0, i64::MAX] {
        assert!(test_gate().decide(&text, UnixMillis(now)).outcome.is_err(), "{now}");
    }
}

#[test]
fn prefers_x_oss_date_to_date() {
    for (oss_date, date, expected) in [
        (Some(DATE), Some(FAR), None),
        (Some(DATE), Some("no date"), None),
        (Some(DATE), None, None),
        (Some("20261124T015257Z"), Some(FAR), None),
        (Some(" 20261124T015257Z\t"), None, None),
        (None, Some("20261124T015257Z"), None),
        (Some(FAR), Some(DATE), Some("RequestTimeTooSkewed")),
        (Some("no date"), Some(DATE), Some("InvalidDate")),
        (Some(""), Some(DATE), Some("InvalidDate")),
        (None, Some(""), Some("InvalidDate")),
        (None, None, Some("InvalidDate")),
    ] {
        let mut request = request("PUT", "/dir/a.log", "").without("date");
        for (name, value) in [("x-oss-date", oss_date), ("date", date)] {
            if let Some(value) = value {
                request = request.with(name, value);
            }
        }
        // A device signs the text without the blanks around it.
        let signature = match oss_date {
            Some(value) => request.clone().set("x-oss-date", value.trim()).signature(RESOURCE),
            None => request.signature(RESOURCE),
        };
        let request = request.with("authorization", &format!("OSS {}:{signature}", super::request::ID));
        match expected {
            None => forwarded(&request, |_| ()),
            Some(expected) => assert_eq!(variant(&refused(&request).0), expected, "{oss_date:?}, {date:?}"),
        }
    }
}

#[test]
fn refuses_a_signature_over_the_date_that_does_not_count() {
    let both = request("PUT", "/dir/a.log", "").set("date", LATER).with("x-oss-date", DATE);
    let with_date = both.string_to_sign(RESOURCE).replacen(DATE, LATER, 1);
    let signature = super::request::hmac_sha1(super::request::SECRET, &with_date);
    let request = both.with("authorization", &format!("OSS {}:{signature}", super::request::ID));
    assert_eq!(variant(&refused(&request).0), "SignatureDoesNotMatch");
}

#[test]
fn distinguishes_a_missing_date_from_a_malformed_one() {
    let missing = request("PUT", "/dir/a.log", "").without("date").signed(RESOURCE);
    assert_eq!(refused(&missing).0, Refusal::InvalidDate(DateFault::Missing));
    let malformed = missing.with("date", "24 Nov 2026").signed(RESOURCE);
    assert_eq!(refused(&malformed).0, Refusal::InvalidDate(DateFault::Malformed));
}

#[test]
fn refuses_a_repeated_x_oss_date_even_when_equal() {
    let request = request("PUT", "/dir/a.log", "").with("x-oss-date", DATE).signed(RESOURCE).with("x-oss-date", DATE);
    assert_eq!(refused(&request).0, Refusal::RepeatedHeader("x-oss-date".into()));
}
