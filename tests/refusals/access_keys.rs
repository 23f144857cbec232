//! Access keys: several secrets at once, rules, clock skews, sizes, and derived keys.

use oss_edge::{Refusal, UnixMillis};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::request::{DATE, ID, NOW, Request, request};
use super::{
    MASTER_SECRET, OPERATIONS, OTHER_SECRET, RESOURCE, decide, forwarded, refused, signed_by_derived, test_gate,
    variant,
};

fn put() -> Request {
    request("PUT", "/dir/a.log", "")
}

/// A request for a key of the one bucket, as it is sent, signed with a derived key.
fn derived(uri: &str, key: &str, id: &str) -> Request {
    signed_by_derived(request("PUT", uri, ""), id, &format!("/fleet-uploads/{key}"))
}

fn generation(request: &Request) -> Option<String> {
    decide(&request.text()).generation
}

#[test]
fn accepts_every_secret_that_is_valid_now_and_names_its_generation() {
    let signed = |secret| put().signed_by("rotating", secret, RESOURCE);
    for (secret, expected) in [(OTHER_SECRET, "ending"), ("s3cr3tThatHasBegun", "new")] {
        let request = signed(secret);
        forwarded(&request, |_| ());
        assert_eq!(generation(&request).as_deref(), Some(expected));
    }
    let old = signed("s3cr3tThatHasEnded");
    let (refusal, response) = refused(&old);
    assert_eq!(variant(&refusal), "SignatureDoesNotMatch");
    assert!(response.body.contains(&format!("<StringToSign>PUT\n\n\n{DATE}\n{RESOURCE}</StringToSign>")));
    assert_eq!(generation(&old), None);
}

#[test]
fn bounds_a_secret_to_the_millisecond() {
    let decided = |secret, now: i64| {
        let text = put().signed_by("rotating", secret, RESOURCE).text();
        let decision = test_gate().decide(&text, UnixMillis(NOW + now));
        decision.outcome.is_ok().then(|| decision.generation.unwrap())
    };
    assert_eq!(decided("s3cr3tThatHasEnded", -1).as_deref(), Some("old"));
    assert_eq!(decided("s3cr3tThatHasEnded", 0), None);
    assert_eq!(decided(OTHER_SECRET, 999).as_deref(), Some("ending"));
    assert_eq!(decided(OTHER_SECRET, 1000), None);
    assert_eq!(decided("s3cr3tThatHasBegun", -1), None);
    assert_eq!(decided("s3cr3tThatHasBegun", 0).as_deref(), Some("new"));
}

#[test]
fn names_the_generation_of_a_refused_request_only_when_its_signature_verified() {
    let denied = put().signed_by("logs-only", OTHER_SECRET, RESOURCE);
    assert_eq!((variant(&refused(&denied).0).as_str(), generation(&denied).as_deref()), ("AccessDenied", Some("1")));
    let tagged = put().with("x-oss-tagging", "a=b").signed(RESOURCE);
    assert_eq!((variant(&refused(&tagged).0).as_str(), generation(&tagged).as_deref()), ("NotImplemented", Some("1")));
    let token = put().with("x-oss-security-token", "token").signed(RESOURCE);
    let wrong = put().with("authorization", &format!("OSS {ID}:c2ln"));
    for unverified in [put(), wrong, put().with("x-any", "\0"), token] {
        refused(&unverified);
        assert_eq!(generation(&unverified), None);
    }
    assert_eq!(generation(&derived("/devices/SN-1/k", "devices/SN-1/k", "OE1.a1.SN-1")).as_deref(), Some("a1"));
}

#[test]
fn reveals_of_an_unusable_key_only_that_it_is_disabled() {
    let message = |id: &str| {
        let (_, response) = refused(&signed_by_derived(put(), id, RESOURCE));
        assert_eq!((response.status, response.code), (403, "InvalidAccessKeyId"), "{id}");
        response.body.contains("<Message>The OSS Access Key Id you provided is disabled.</Message>")
    };
    assert!(message("disabled") && message("OE1.off.any"));
    for id in ["nobody", "ended", "OE1.a1.SN-2", "OE1.a1.SN-1.e1", "OE1.a1.SN-1.sno", "OE1.b.SN-1", "OE1.a1.SN-1.x"] {
        assert!(!message(id), "{id}");
    }
}

#[test]
fn limits_a_key_to_its_rules_in_every_operation() {
    for (name, method, query, sub_resources) in OPERATIONS {
        for (uri, allowed) in [("/logs/a", name == "PutObject"), ("/dir/a", false)] {
            let resource = format!("/fleet-uploads{uri}{sub_resources}");
            let request = request(method, uri, query).signed_by("logs-only", OTHER_SECRET, &resource);
            let decision = decide(&request.text()).outcome.map_err(|(refusal, _)| refusal).map(|_| ());
            assert_eq!(decision, if allowed { Ok(()) } else { Err(Refusal::AccessDenied) }, "{name} {uri}");
        }
    }
    for host in ["fleet-logs.oss.example.com", "no-such-bucket.oss.example.com"] {
        let bucket = host.split('.').next().unwrap();
        let other = request("PUT", "/logs/a", "").set("host", host);
        let other = other.signed_by("logs-only", OTHER_SECRET, &format!("/{bucket}/logs/a"));
        assert_eq!(refused(&other).0, Refusal::AccessDenied, "{host}");
    }
}

#[test]
fn matches_a_prefix_on_the_key_that_is_forwarded() {
    let signed = |uri: &str, key: &str| {
        request("PUT", uri, "").signed_by("logs-only", OTHER_SECRET, &format!("/fleet-uploads/{key}"))
    };
    for (uri, key) in [("/logs/a", "logs/a"), ("/logs%2Fa", "logs/a"), ("/%6Cogs//a", "logs//a"), ("/logs/", "logs/")] {
        forwarded(&signed(uri, key), |forward| assert!(forward.uri.starts_with("/logs/"), "{uri}: {}", forward.uri));
    }
    for (uri, key) in [
        ("/a//logs/a", "a//logs/a"),
        ("/a%2Flogs/a", "a/logs/a"),
        ("/logs", "logs"),
        ("/logs%252Fa", "logs%2Fa"),
        ("/LOGS/a", "LOGS/a"),
        ("/logs%5Ca", "logs\\a"),
        ("/logs%EF%BC%8Fa", "logs／a"),
        ("/a/logs/a", "a/logs/a"),
        ("/log%73%20/a", "logs /a"),
    ] {
        assert_eq!(refused(&signed(uri, key)).0, Refusal::AccessDenied, "{uri}");
    }
    for (uri, key) in [
        ("/logs/../a", "logs/../a"),
        ("/logs/%2E%2E/a", "logs/../a"),
        ("/logs/./a", "logs/./a"),
        ("//logs/a", "/logs/a"),
    ] {
        assert_eq!(variant(&refused(&signed(uri, key)).0), "InvalidObjectName", "{uri}");
    }
}

#[test]
fn limits_each_device_to_its_own_path() {
    for (id, key, allowed) in [
        ("OE1.a1.SN-1", "devices/SN-1/a", true),
        ("OE1.a1.SN-1.e1795485178", "devices/SN-1/a", true),
        ("OE1.a1.SN-1.slogs", "devices/SN-1/logs/a", true),
        ("OE1.a1.SN-1.e1795485178.slogs", "devices/SN-1/logs/a", true),
        ("OE1.a1.SN-1.slogs", "devices/SN-1/a", false),
        ("OE1.a1.SN-1", "devices/SN-10/a", false),
        ("OE1.a1.SN-10", "devices/SN-1/a", false),
        ("OE1.a1.SN-1", "devices/SN-1", false),
        ("OE1.a1.SN-1", "devices/sn-1/a", false),
        ("OE1.a1.SN-1", "a/devices/SN-1/a", false),
        ("OE1.a1.SN-1", "devices//SN-1/a", false),
        ("OE1.a1.SN-1", "devices/{device}/a", false),
    ] {
        let request = derived(&format!("/{key}"), key, id);
        let decision = decide(&request.text()).outcome.map_err(|(refusal, _)| refusal).map(|_| ());
        assert_eq!(decision, if allowed { Ok(()) } else { Err(Refusal::AccessDenied) }, "{id} {key}");
    }
}

#[test]
fn takes_any_token_with_a_derived_key_that_expires() {
    let put = |query: &str| request("PUT", "/devices/SN-1/a", query);
    let with_token = |id: &str| {
        let resource = "/fleet-uploads/devices/SN-1/a";
        signed_by_derived(put("").with("x-oss-security-token", "any/token+=="), id, resource)
    };
    for id in ["OE1.a1.SN-1.e1795485178", "OE1.a1.SN-1.e9999999999"] {
        forwarded(&with_token(id), |forward| assert_eq!(forward.headers, Vec::new(), "{id}"));
        let changed = with_token(id).set("x-oss-security-token", "another");
        assert_eq!(variant(&refused(&changed).0), "SignatureDoesNotMatch", "{id}");
    }
    assert_eq!(refused(&with_token("OE1.a1.SN-1")).0, Refusal::InvalidSecurityToken);
    assert_eq!(refused(&with_token("OE1.a1.SN-1.e1795485177")).0, Refusal::SecurityTokenExpired);
    for id in ["OE1.a1.SN-2.e1", "OE1.off.SN-1.e1", "OE1.zz.SN-1.e1", "OE1.a1.SN-1.e1.sother"] {
        assert_eq!(refused(&with_token(id)).0, Refusal::SecurityTokenExpired, "{id}");
    }
    assert_eq!(variant(&refused(&with_token("OE1.a1.SN-2.e9999999999")).0), "InvalidAccessKeyId");
    // Python v2 and Java v2 send it in a header of another name, which version 1 doesn't sign.
    let unsigned =
        |id: &str| signed_by_derived(put("").with("security-token", "any"), id, "/fleet-uploads/devices/SN-1/a");
    forwarded(&unsigned("OE1.a1.SN-1.e9999999999"), |forward| assert_eq!(forward.headers, Vec::new()));
    assert_eq!(refused(&unsigned("OE1.a1.SN-1")).0, Refusal::InvalidSecurityToken);
    // The key is looked at before the token: that two are presented isn't told of a key that has expired.
    let two_tokens = with_token("OE1.a1.SN-1.e1795485177").with("security-token", "another");
    assert_eq!(variant(&refused(&two_tokens).0), "InvalidAccessKeyId");
}

#[test]
fn takes_no_derived_key_for_another() {
    let id = "OE1.a1.SN-1.e1795485178.slogs";
    let request = derived("/devices/SN-1/logs/a", "devices/SN-1/logs/a", id);
    forwarded(&request, |_| ());
    let authorization = &request.headers.iter().find(|(name, _)| name == "authorization").unwrap().1;
    for other in [
        "OE1.a1.SN-1.e1795485179.slogs",
        "OE1.a1.SN-1.slogs",
        "OE1.a1.SN-1.e1795485178",
        "OE1.a1.SN-1",
        "OE1.a1.SN-10.e1795485178.slogs",
        "OE1.a1.sn-1.e1795485178.slogs",
    ] {
        let changed = request.clone().set("authorization", &authorization.replace(id, other));
        assert_eq!(variant(&refused(&changed).0), "SignatureDoesNotMatch", "{other}");
    }
    let with_master_secret = put().signed_by("OE1.a1.SN-1", MASTER_SECRET, RESOURCE);
    assert_eq!(variant(&refused(&with_master_secret).0), "SignatureDoesNotMatch");
}

#[test]
fn applies_a_key_s_own_clock_skew_without_revealing_it() {
    let dated = |date: &str| put().set("date", date);
    let (hour_off, day_off) = ("Tue, 24 Nov 2026 00:52:57 GMT", "Mon, 23 Nov 2026 01:52:57 GMT");
    forwarded(&dated(hour_off).signed_by("slow-clock", OTHER_SECRET, RESOURCE), |_| ());
    let skewed = |request: &Request| {
        let (refusal, response) = refused(request);
        let Refusal::RequestTimeTooSkewed(skewed) = refusal else { panic!("{refusal:?}") };
        (skewed.max_millis, response.body.replace("slow-clock", "nobody"))
    };
    let unknown = skewed(&dated(hour_off).signed_by("nobody", OTHER_SECRET, RESOURCE));
    assert_eq!(unknown.0, 300_000);
    assert_eq!(skewed(&dated(hour_off).signed_by("slow-clock", "wrong", RESOURCE)), unknown);
    assert_eq!(skewed(&dated(hour_off).signed_by(ID, "wrong", RESOURCE)), unknown);
    assert_eq!(skewed(&dated(hour_off).signed_by("disabled", OTHER_SECRET, RESOURCE)), unknown);
    // A signature that can't be checked reveals no more than a wrong one.
    for name in ["content-md5", "content-type"] {
        let unchecked = dated(hour_off).with(name, "one").with(name, "two");
        assert_eq!(skewed(&unchecked.signed_by("slow-clock", "wrong", RESOURCE)), unknown, "{name}");
    }
    assert_eq!(skewed(&dated(day_off).signed_by("slow-clock", OTHER_SECRET, RESOURCE)).0, 300_000);
    let minutes_off = "Tue, 24 Nov 2026 01:50:57 GMT";
    forwarded(&dated(minutes_off).signed(RESOURCE), |_| ());
    assert_eq!(skewed(&dated(minutes_off).signed_by("good-clock", OTHER_SECRET, RESOURCE)).0, 60_000);
    let wrong = dated(minutes_off).signed_by("good-clock", "wrong", RESOURCE);
    assert_eq!(variant(&refused(&wrong).0), "SignatureDoesNotMatch");
}

#[test]
fn requires_a_length_where_the_key_limits_it() {
    for (name, method, query, sub_resources) in OPERATIONS {
        let decided = |id: &str, secret: &str| {
            let request = request(method, "/dir/a.log", query);
            let request = request.signed_by(id, secret, &format!("{RESOURCE}{sub_resources}"));
            decide(&request.text()).outcome.err().map(|(refusal, _)| variant(&refusal))
        };
        let stores = matches!(name, "PutObject" | "UploadPart");
        let missing = Some("MissingContentLength".to_owned()).filter(|_| stores);
        assert_eq!(decided("small", OTHER_SECRET), missing, "{name}");
        assert_eq!(decided(ID, super::request::SECRET), None, "{name}");
    }
}

#[test]
fn limits_bodies_to_the_size_of_the_key_or_of_s3() {
    let decided = |(method, query, sub_resources): (&str, &str, &str), id: &str, secret: &str, length: &str| {
        let request = request(method, "/dir/a.log", query).with("content-length", length);
        let request = request.signed_by(id, secret, &format!("{RESOURCE}{sub_resources}"));
        decide(&request.text()).outcome.err().map(|(refusal, _)| variant(&refusal))
    };
    let too_large = Some("EntityTooLarge".to_owned());
    for (name, method, query, sub_resources) in OPERATIONS {
        let stores = matches!(name, "PutObject" | "UploadPart");
        let small = |length| decided((method, query, sub_resources), "small", OTHER_SECRET, length);
        assert_eq!((small("0"), small("1000")), (None, None), "{name}");
        assert_eq!(small("1001"), too_large.clone().filter(|_| stores), "{name}");
        let any = |length| decided((method, query, sub_resources), ID, super::request::SECRET, length);
        let zeros = "0".repeat(400);
        for length in ["5368709120", "00000000000000000005368709120", &zeros] {
            assert_eq!(any(length), None, "{name} {length}");
        }
        for length in [
            "5368709121",
            "00000000000000000005368709121",
            "999999999999999999",
            "1000000000000000000",
            "18446744073709551616",
            &"9".repeat(400),
        ] {
            assert_eq!(any(length), too_large.clone().filter(|_| stores), "{name} {length}");
        }
    }
}
