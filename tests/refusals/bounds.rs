//! The bounds of ids, and of headers that version 1 reads.

use oss_edge::{AccessKeyFault, AuthorizationFault, CredentialFault, Refusal, UploadFault};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::request::{DATE, LATER, request};
use super::{RESOURCE, decide, forwarded, refused};

#[test]
fn takes_access_key_ids_of_up_to_128_bytes_in_each_scheme() {
    let v4 = "20261124/cn-hangzhou/oss/aliyun_v4_request";
    let put = |query: &str| request("PUT", "/dir/a.log", query);
    let form = |id: &str| {
        [
            put("").with("authorization", &format!("OSS {id}:c2ln")),
            put(&format!("OSSAccessKeyId={id}&Expires=1795485178&Signature=c2ln")).without("date"),
            put("").with("authorization", &format!("OSS4-HMAC-SHA256 Credential={id}/{v4},Signature=00")),
            put(&format!(
                "x-oss-credential={id}/{v4}&x-oss-date=20261124T015257Z&x-oss-expires=1&x-oss-signature=00\
                 &x-oss-signature-version=OSS4-HMAC-SHA256"
            ))
            .without("date"),
        ]
    };
    let longest = "k".repeat(128);
    for request in form(&longest) {
        let unknown = Refusal::InvalidAccessKeyId(longest.clone(), AccessKeyFault::Unknown);
        assert_eq!(refused(&request).0, unknown, "{request:?}");
    }
    let in_v1 = Refusal::MalformedAuthorization(AuthorizationFault::Form);
    let in_v4 = Refusal::InvalidCredential(CredentialFault::Form);
    let expected = [in_v1.clone(), in_v1, in_v4.clone(), in_v4];
    for (request, expected) in form(&"k".repeat(129)).into_iter().zip(expected) {
        assert_eq!(refused(&request).0, expected, "{request:?}");
    }
}

#[test]
fn takes_regions_of_1_to_128_bytes() {
    let of_region = |length: usize| {
        let credential = format!("nobody/20261124/{}/oss/aliyun_v4_request", "r".repeat(length));
        let request = request("PUT", "/dir/a.log", "");
        refused(&request.with("authorization", &format!("OSS4-HMAC-SHA256 Credential={credential},Signature=00"))).0
    };
    for length in [1, 127, 128] {
        let unknown = Refusal::InvalidAccessKeyId("nobody".into(), AccessKeyFault::Unknown);
        assert_eq!(of_region(length), unknown, "{length}");
    }
    for length in [0, 129, 1000] {
        assert_eq!(of_region(length), Refusal::InvalidCredential(CredentialFault::Region), "{length}");
    }
}

#[test]
fn takes_upload_ids_of_up_to_255_bytes_and_without_an_ampersand() {
    let part = |upload_id: &str, signed: &str| {
        let query = format!("partNumber=7&uploadId={upload_id}");
        request("PUT", "/dir/a.log", &query).signed(&format!("{RESOURCE}?partNumber=7&uploadId={signed}"))
    };
    let longest = "u".repeat(255);
    forwarded(&part(&longest, &longest), |forward| {
        assert_eq!(forward.query, format!("partNumber=7&uploadId={longest}"));
    });
    for length in [256, 1024] {
        let long = "u".repeat(length);
        assert_eq!(refused(&part(&long, &long)).0, Refusal::NoSuchUpload(long, UploadFault::Unsealed));
    }
    let refusal = Refusal::UnexpectedParameter("uploadId".into());
    let longer = "u".repeat(1025);
    assert_eq!(refused(&part(&longer, &longer)).0, refusal);
    // The same text is signed for `uploadId=U1&uploads`.
    for (sent, signed) in [("U1%26uploads", "U1&uploads"), ("%26", "&"), ("U1%26", "U1&"), ("", "")] {
        assert_eq!(refused(&part(sent, signed)).0, refusal, "{sent}");
    }
}

#[test]
fn refuses_a_header_that_is_repeated_with_another_printable_value() {
    for (name, value, other) in [
        ("host", "uploads.example.com", "uploads.example.com"),
        ("date", DATE, LATER),
        ("x-oss-date", DATE, LATER),
        ("content-md5", "XUFAKrxLKna5cZ2REBfFkg==", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ("content-type", "text/plain", "text/html"),
        ("x-oss-meta-a", "1", "2"),
        ("cache-control", "no-store", "private"),
        ("content-disposition", "inline", "attachment"),
        ("content-encoding", "gzip", "br"),
        ("content-language", "de", "en"),
        ("content-length", "5", "6"),
        ("expires", DATE, LATER),
    ] {
        let once = request("PUT", "/dir/a.log", "").set(name, value).signed(RESOURCE);
        forwarded(&once, |_| ());
        let repeated = Refusal::RepeatedHeader(name.into());
        assert_eq!(refused(&once.clone().with(name, other)).0, repeated, "{name} behind");
        let mut before = once;
        before.headers.insert(0, (name.into(), other.into()));
        assert_eq!(decide(&before.text()).outcome.err().map(|(refusal, _)| refusal), Some(repeated), "{name} before");
    }
}
