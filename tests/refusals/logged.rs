//! What a refusal tells the operator: the line of the log, and the header or parameter that was wrong.

use oss_edge::{AuthorizationFault, LengthFault, Mismatch, PreflightFault, Refusal, UploadFault};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn names_the_header_or_parameter_that_was_wrong() {
    for (refusal, field) in [
        (Refusal::RepeatedHeader(text("date")), Some("date")),
        (Refusal::MalformedHeader(text("x-oss-meta-a")), Some("x-oss-meta-a")),
        (Refusal::NotImplemented(text("x-oss-tagging"), text("a=b")), Some("x-oss-tagging")),
        (Refusal::RepeatedParameter(text("partNumber")), Some("partNumber")),
        // Encoded once more, a name has a signature in it.
        (Refusal::UnexpectedParameter(text("Signature=c2ln")), Some("Signature")),
        (Refusal::InvalidHeaderValue("x-oss-storage-class", text("Cold")), Some("x-oss-storage-class")),
        (Refusal::InvalidQueryValue("max-parts", text("0")), Some("max-parts")),
        (Refusal::UnknownHost(text("example.org")), Some("host")),
        (Refusal::InvalidPartNumber(text("0")), Some("partNumber")),
        (Refusal::InvalidEncodingType(text("xml")), Some("encoding-type")),
        (Refusal::NoSuchUpload(text("U1"), UploadFault::Unsealed), Some("uploadId")),
        (Refusal::MissingContentLength(LengthFault::NoRelay), Some("content-length")),
        (Refusal::InvalidContentLength, Some("content-length")),
        (Refusal::EntityTooLarge, Some("content-length")),
        (Refusal::MalformedAuthorization(AuthorizationFault::Form), Some("authorization")),
        (Refusal::AccessForbidden(PreflightFault::Origin(String::new())), Some("origin")),
        (Refusal::AccessForbidden(PreflightFault::Method(text("PATCH"))), Some("access-control-request-method")),
        (Refusal::AccessForbidden(PreflightFault::Headers), Some("access-control-request-headers")),
        (Refusal::MissingSignature, None),
        (Refusal::AccessDenied, None),
    ] {
        assert_eq!(refusal.field(), field, "{refusal:?}");
    }
}

#[test]
fn names_the_setting_that_takes_a_header() {
    for (name, expected) in [
        ("x-oss-callback", "see `headers.callback` in the configuration"),
        ("x-oss-callback-var", "see `headers.callback` in the configuration"),
        ("x-oss-object-acl", "see `headers.publicAcl` in the configuration"),
        ("x-oss-server-side-encryption", "see `headers.kmsKeys` in the configuration"),
        ("x-oss-server-side-encryption-key-id", "see `headers.kmsKeys` in the configuration"),
        ("x-oss-tagging", "see `headers.tagging` in the configuration"),
        ("x-oss-forbid-overwrite", "with `triggers` \"origin-request\" it needs a `relay`"),
        ("if-none-match", "header `if-none-match` would reach S3"),
        ("x-oss-symlink-target", "header `x-oss-symlink-target` is `k`: S3 does not do that"),
        ("x-oss-copy-source", "header `x-oss-copy-source` is `k`: copying is not served"),
    ] {
        let detail = Refusal::NotImplemented(name.into(), text("k")).detail();
        assert!(detail.contains(expected), "{detail}");
    }
}

#[test]
fn says_why_a_preflight_is_refused() {
    for (fault, expected) in [
        (PreflightFault::Origin(String::new()), "the preflight has no Origin, or several"),
        (PreflightFault::Origin(text("null")), "unknown origin `null`: add it to `cors.origins`"),
        (PreflightFault::Method(text("PATCH")), "the preflight asks for the method `PATCH`, which is not served"),
        (PreflightFault::Method(String::new()), "the preflight has no Access-Control-Request-Method, or several"),
        (PreflightFault::Headers, "the preflight's list of headers is malformed or too long"),
    ] {
        assert_eq!(Refusal::AccessForbidden(fault).detail(), expected);
    }
}

#[test]
fn prints_of_a_mismatch_the_access_key_id_alone() {
    let mismatch = Mismatch {
        access_key_id: text("ak"),
        host: text("h"),
        style: "cname",
        bucket: text("b"),
        signature_provided: text("c2ln"),
        string_to_sign: text("PUT"),
        canonical_request: None,
    };
    assert_eq!(format!("{mismatch:?}"), "Mismatch { access_key_id: \"ak\", .. }");
}
