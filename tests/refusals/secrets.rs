//! Secrets and signatures appear in no answer and no log line.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::request::{ID, Request, SECRET, request};
use super::{API_OPERATIONS, RESOURCE, forwarded, operations, refused, variant};

/// A signature in every form in which it could be revealed.
fn forms(signature: &str) -> [String; 5] {
    let bytes = BASE64_STANDARD.decode(signature).unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let spaced: String = bytes.iter().map(|byte| format!("{byte:02X} ")).collect();
    [signature.to_owned(), BASE64_URL_SAFE_NO_PAD.encode(&bytes), hex.to_ascii_uppercase(), hex, spaced]
}

/// The variant of a refusal, and every text that an answer or a log could have of it.
fn revealed(request: &Request) -> (String, String) {
    let (refusal, response) = refused(request);
    let mut text = format!("{refusal:?}\n{}\n{}\n", refusal.detail(), response.body);
    for (name, value) in &response.headers {
        text.push_str(&format!("{name}: {value}\n"));
        if *name == "x-oss-err" {
            text.push_str(&String::from_utf8(BASE64_STANDARD.decode(value).unwrap()).unwrap());
        }
    }
    (variant(&refusal), text)
}

fn check(request: &Request, right: &str) -> String {
    let (variant, text) = revealed(request);
    let secrets = [SECRET.to_owned(), BASE64_STANDARD.encode(SECRET), "s3cr3tOfTheTestDevice02".to_owned()];
    for secret in secrets.iter().chain(&forms(right)) {
        assert!(!text.contains(secret.as_str()), "{variant} reveals {secret}: {text}");
    }
    variant
}

#[test]
fn never_reveals_the_right_signature_for_a_wrong_one() {
    for (name, signed, resource) in operations() {
        let right = signed.signature(&resource);
        let mut wrong = BASE64_STANDARD.decode(&right).unwrap();
        wrong[0] ^= 1;
        for presented in ["AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "c2ln", "x", &BASE64_STANDARD.encode(wrong)] {
            let request = signed.clone().set("authorization", &format!("OSS {ID}:{presented}"));
            assert_eq!(check(&request, &right), "SignatureDoesNotMatch", "{name}");
        }
    }
}

/// Debug output ends up in logs, where a signature could be copied and sent again.
#[test]
fn prints_no_signature_that_could_be_sent_again() {
    for (name, signed, resource) in operations() {
        let right = signed.signature(&resource);
        for form in forms(&right) {
            let printed = forwarded(&signed, |forward| format!("{forward:?}"));
            assert!(!printed.contains(&form), "{name}: {printed}");
        }
        let hand_over = forwarded(&signed, |forward| {
            let headers = forward.edge_headers();
            let (_, value) = headers.iter().find(|(name, _)| *name == "x-ossedge-request")?;
            Some(((*value).to_owned(), format!("{forward:?}")))
        });
        assert_eq!(hand_over.is_some(), API_OPERATIONS.contains(&name));
        assert!(hand_over.is_none_or(|(value, printed)| !printed.contains(&value)), "{name}");
        // A right signature that was sent with another path.
        let moved = Request { uri: "/elsewhere".into(), ..signed };
        let (refusal, _) = refused(&moved);
        let printed = format!("{refusal:?} {}", refusal.detail());
        assert!(!printed.contains(&right) && !printed.contains("elsewhere"), "{name}: {printed}");
    }
}

#[test]
fn never_reveals_a_secret_or_the_right_signature_when_refusing_early() {
    let right = request("PUT", "/dir/a.log", "").signature(RESOURCE);
    let put = || request("PUT", "/dir/a.log", "");
    let wrong = format!("OSS {ID}:AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    for (request, expected) in [
        (put().with("x-any", "\0"), "MalformedRequest"),
        (put().with("authorization", "OSS nobody:c2ln"), "InvalidAccessKeyId"),
        (put().with("authorization", &wrong).set("date", "no date"), "InvalidDate"),
        (put().with("authorization", &wrong).set("date", "20200101T000000Z"), "RequestTimeTooSkewed"),
        (put().with("authorization", &format!("OSS {ID}")), "MalformedAuthorization"),
        (put().with("authorization", &format!("OSS2 {ID}")), "SchemeNotEnabled"),
        (put(), "MissingSignature"),
        (request("HEAD", "/dir/a.log", "").with("authorization", &wrong), "MethodNotAllowed"),
    ] {
        assert_eq!(check(&request, &right), expected);
    }
}

#[test]
fn never_repeats_a_signature_that_verified() {
    let put = |name: &str, value: &str| request("PUT", "/dir/a.log", "").with(name, value).signed(RESOURCE);
    for (request, expected) in [
        (put("x-oss-security-token", "token"), "InvalidSecurityToken"),
        (put("x-oss-tagging", "a=b"), "NotImplemented"),
        (put("x-oss-storage-class", "Cold"), "InvalidHeaderValue"),
        (put("x-oss-meta-a", &"v".repeat(4096)), "MetadataTooLarge"),
        (put("transfer-encoding", "chunked"), "MissingContentLength"),
        (put("content-length", "-1"), "InvalidContentLength"),
        (request("PUT", "/no-such-bucket/k", "").set("host", "127.0.0.1").signed("/no-such-bucket/k"), "NoSuchBucket"),
    ] {
        let resource = if expected == "NoSuchBucket" { "/no-such-bucket/k" } else { RESOURCE };
        assert_eq!(check(&request, &request.signature(resource)), expected);
    }
}
