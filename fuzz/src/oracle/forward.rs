//! What must hold for a request that the core accepts.

use data_encoding::BASE64;
use oss_edge::{Decision, Forward, Origin};

use super::resource::{is_bucket_name, key_fault, meanings};
use super::signature::{Presented, presented, tokens};
use super::{Asked, date, encode, key, operation, parameter, refusal, seal};
use crate::world::{BUCKETS, Deployment};

/// HTTP's own headers that go on, with the operations that they go on with.
const PASSED: [(&str, &[&str]); 7] = [
    ("cache-control", &["PutObject", "InitiateMultipartUpload"]),
    ("content-disposition", &["PutObject", "InitiateMultipartUpload"]),
    ("content-encoding", &["PutObject", "InitiateMultipartUpload"]),
    ("content-language", &["PutObject", "InitiateMultipartUpload"]),
    ("content-md5", &["PutObject", "UploadPart", "CompleteMultipartUpload"]),
    ("content-type", &["PutObject", "InitiateMultipartUpload"]),
    ("expires", &["PutObject", "InitiateMultipartUpload"]),
];

/// Checks an accepted request.
///
/// # Panics
/// When anything about it isn't as the documents say.
pub fn check(asked: Asked<'_>, decision: &Decision<'_>, forward: &Forward<'_>) {
    let Asked { wire, now, .. } = asked;
    let presented = presented(wire).expect("an accepted request has one signature");
    let name = decision.operation.expect("an accepted request has an operation").name();
    assert_eq!(operation::classify(asked), Some(name), "the operation");
    let found = key::find(presented.id(), now).expect("an access key that may be used");

    // Bucket and key: one meaning of the request, the one that was signed, and the one that is forwarded.
    let resource = decision.resource.as_ref().expect("an accepted request has a resource");
    let object_key = resource.key.as_deref().expect("an accepted request has a key");
    let is_meant = meanings(wire).iter().any(|meaning| {
        (&*meaning.bucket, &*meaning.key) == (&*resource.bucket, object_key)
            && (presented.is_version_1() || !meaning.plus_is_space)
    });
    assert!(is_meant, "the request doesn't mean {resource:?}");
    assert!(is_bucket_name(&resource.bucket) && key_fault(object_key).is_none(), "{resource:?}");
    assert!(
        presented.is_right_for(wire, &resource.bucket, object_key, &found.secrets),
        "the signature isn't right for {resource:?}"
    );
    let s3_bucket = BUCKETS.iter().find(|(oss, _)| *oss == resource.bucket).expect("a bucket that is configured").1;
    assert_eq!(forward.s3_bucket.name, s3_bucket);
    assert_eq!(forward.uri, format!("/{}", encode(object_key, "/")), "the path for S3");

    assert!(!refusal::signs_like_a_sub_resource(wire, &presented), "a key that signs like a sub-resource");
    let is_line = |value: &str| value.chars().all(|character| !character.is_ascii_control() || character == '\t');
    assert!(forward.headers.iter().all(|(_, value)| is_line(value)), "a header of two lines");
    let of_oss = wire.headers.iter().filter(|(name, _)| name.to_ascii_lowercase().starts_with("x-oss-"));
    assert!(of_oss.into_iter().all(|(_, value)| is_line(value)), "a signed header of two lines");

    check_time(asked, &presented, found.skew_seconds);
    assert!(found.allows(name, &resource.bucket, object_key), "no rule allows it");
    match (&tokens(wire)[..], found.token) {
        ([], None) => {}
        ([presented], Some(token)) => assert_eq!(presented.trim_ascii(), token),
        ([_], None) => assert!(found.takes_any_token, "a token that nobody gave"),
        _ => panic!("a token that is missing, or in two places"),
    }

    let upload = check_query(asked, name, s3_bucket, object_key, forward);
    check_headers(asked, name, upload.as_deref().unwrap_or("-"), forward);
    check_origin(asked, name, forward);
    // No rule forbids it. What the edge decides alone is that a signature is right, which was checked.
    assert_eq!(refusal::of_headers(asked, name), None, "accepted against a rule of headers");
    if let (Some(most), Ok(length)) = (found.max_bytes, wire.value("content-length").unwrap_or("").parse::<u64>()) {
        assert!(length <= most || !["PutObject", "UploadPart"].contains(&name), "too large for the key");
    }
}

fn check_time(asked: Asked<'_>, presented: &Presented, own_skew: Option<i64>) {
    let skew = own_skew.unwrap_or(300) * 1000;
    match presented.url_times() {
        Some((begin, end)) => {
            assert!(
                asked.now <= end && end - asked.now <= 604_800_000,
                "an expired URL, or one that is good for too long"
            );
            assert!(begin.is_none_or(|begin| begin - asked.now <= skew), "a URL of the future");
        }
        None => {
            assert!(!presented.is_in_url(), "a URL without an end");
            let text = presented.date_text(asked.wire).expect("a date");
            let date = date::parse(&text).expect("a date in a known form");
            assert!((date - asked.now).abs() <= skew, "a date too far from now");
        }
    }
    if let Presented::V4 { scope, .. } = presented {
        let date = date::parse(&presented.date_text(asked.wire).expect("a date")).expect("a date in a known form");
        assert_eq!(scope[..8], date::to_iso_basic(date)[..8], "the scope's day");
    }
}

/// Checks the query for S3, and returns the options of the upload that goes on.
fn check_query(asked: Asked<'_>, name: &str, bucket: &str, key: &str, forward: &Forward<'_>) -> Option<String> {
    let query = &asked.wire.query;
    let of = |name: &str| parameter(query, name).unwrap_or_default();
    let goes_on = ["UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload", "ListParts"].contains(&name);
    let upload = goes_on.then(|| {
        let id = of("uploadId");
        match seal::open_upload_id(&id, bucket, key, asked.now) {
            Some(opened) => opened,
            None => {
                assert_eq!(asked.deployment, Deployment::Relay, "an id without a right seal");
                match id.strip_suffix("~forbid-overwrite") {
                    Some(s3_id) => (s3_id.to_owned(), "f".to_owned()),
                    None => (id, "-".to_owned()),
                }
            }
        }
    });
    let id = upload.as_ref().map(|(id, _)| format!("uploadId={}", encode(id, ""))).unwrap_or_default();
    let mut expected = match name {
        "InitiateMultipartUpload" => "uploads".to_owned(),
        "UploadPart" => format!("partNumber={}&{id}", of("partNumber")),
        _ => id,
    };
    if name == "ListParts" {
        for page in ["max-parts", "part-number-marker"] {
            if !of(page).is_empty() {
                expected.push_str(&format!("&{page}={}", of(page)));
            }
        }
    }
    assert_eq!(forward.query, expected, "the query for S3");
    upload.map(|(_, options)| options)
}

/// Checks that the headers for S3 are those that were asked for, and no other.
fn check_headers(asked: Asked<'_>, name: &str, options: &str, forward: &Forward<'_>) {
    let wire = asked.wire;
    let makes_object = ["PutObject", "InitiateMultipartUpload"].contains(&name);
    let oss = |name: &str| wire.value(name).map(str::trim_ascii);
    let mut expected: Vec<(String, String)> = Vec::new();
    for (header, operations) in PASSED {
        if let Some(value) = wire.value(header).filter(|value| operations.contains(&name) && !value.is_empty()) {
            expected.push((header.to_owned(), value.to_owned()));
        }
    }
    let mut set = |name: &str, value: &str| expected.push((name.to_owned(), value.to_owned()));
    if makes_object {
        let mut names: Vec<_> = wire.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort();
        names.dedup();
        for name in names.iter().filter(|name| name.starts_with("x-oss-meta-")) {
            let value = oss(name).unwrap_or_default();
            let value = if value.is_ascii() {
                value.to_owned()
            } else {
                format!("=?UTF-8?B?{}?=", BASE64.encode(value.as_bytes()))
            };
            set(&name.replace("x-oss-", "x-amz-"), &value);
        }
        let class = oss("x-oss-storage-class").map(|class| match class {
            "Standard" => "STANDARD",
            "IA" => "STANDARD_IA",
            "Archive" => "GLACIER",
            _ => "DEEP_ARCHIVE",
        });
        class.into_iter().for_each(|class| set("x-amz-storage-class", class));
        match oss("x-oss-server-side-encryption") {
            Some("AES256") => set("x-amz-server-side-encryption", "AES256"),
            Some("KMS") => {
                set("x-amz-server-side-encryption", "aws:kms");
                set("x-amz-server-side-encryption-aws-kms-key-id", "kms-key-1");
            }
            _ => {}
        }
    }
    let forbids = oss("x-oss-forbid-overwrite") == Some("true");
    if (name == "PutObject" && forbids) || (name == "CompleteMultipartUpload" && (forbids || options.contains('f'))) {
        set("if-none-match", "*");
    }
    let mut found: Vec<(String, String)> = Vec::new();
    for (header, value) in &forward.headers {
        if header == "x-amz-tagging" {
            // S3's form of tags: its own rules are tested where they are.
            assert!(makes_object && oss("x-oss-tagging").is_some());
        } else {
            found.push((header.to_string(), value.clone()));
        }
    }
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "the headers for S3");
}

fn check_origin(asked: Asked<'_>, name: &str, forward: &Forward<'_>) {
    let needs_service = !["PutObject", "UploadPart", "AbortMultipartUpload"].contains(&name);
    let is_body = ["PutObject", "UploadPart"].contains(&name);
    let chunked = asked.wire.value("transfer-encoding").is_some();
    let length = asked.wire.value("content-length");
    match (&forward.origin, asked.deployment) {
        (Origin::S3, Deployment::Api) => assert!(!(needs_service || is_body && chunked && length.is_none())),
        (Origin::S3, Deployment::Relay) => assert!(!needs_service && (!is_body || (!chunked && length.is_some()))),
        (Origin::Api(_), Deployment::Api) => assert!(needs_service),
        (Origin::Relay(through), Deployment::Relay) => {
            assert_eq!(through.operation.body.is_some(), is_body);
            assert!(needs_service || chunked || length.is_none());
            if let Some(body) = through.operation.body {
                assert_eq!(body.length, length.and_then(|length| length.parse().ok()));
            }
        }
        (origin, deployment) => panic!("{origin:?} in {deployment:?}"),
    }
}
