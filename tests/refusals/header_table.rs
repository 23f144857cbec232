//! Every header that OSS defines for the served operations, and what S3 gets for it.

use oss_edge::Refusal;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::request::{DATE, LATER, Request};
use super::{decide, forwarded, operations, refused};

/// What S3 gets for a header.
#[derive(Clone, Copy, Debug)]
enum Becomes {
    Nothing,
    Header(&'static str, &'static str),
    NotImplemented,
    Invalid,
}

use Becomes::{Header, Invalid, Nothing};

const DROPPED: [Becomes; 6] = [Nothing; 6];
const REFUSED: [Becomes; 6] = [Becomes::NotImplemented; 6];
const INVALID: [Becomes; 6] = [Invalid; 6];

const fn object(name: &'static str, value: &'static str) -> [Becomes; 6] {
    [Header(name, value), Header(name, value), Nothing, Nothing, Nothing, Nothing]
}

const fn storage_class(class: &'static str) -> [Becomes; 6] {
    object("x-amz-storage-class", class)
}

/// `aws-chunked` would make S3 take the body for one in chunks.
const AWS_CHUNKED: [Becomes; 6] =
    [Becomes::NotImplemented, Becomes::NotImplemented, Nothing, Nothing, Nothing, Nothing];
const OVERWRITE: Becomes = Header("if-none-match", "*");
const MD5: Becomes = Header("content-md5", "XUFAKrxLKna5cZ2REBfFkg==");

/// Header, value, and the outcome for each of `OPERATIONS` in their order.
static TABLE: [(&str, &str, [Becomes; 6]); 71] = [
    ("cache-control", "no-store", object("cache-control", "no-store")),
    ("content-disposition", "attachment", object("content-disposition", "attachment")),
    ("content-encoding", "gzip", object("content-encoding", "gzip")),
    ("content-encoding", "aws-chunked", AWS_CHUNKED),
    ("content-encoding", "gzip, AWS-Chunked", AWS_CHUNKED),
    ("content-disposition", "attachment; filename=日志", object("content-disposition", "attachment; filename=日志")),
    ("content-language", "zh-CN", object("content-language", "zh-CN")),
    ("content-md5", "XUFAKrxLKna5cZ2REBfFkg==", [MD5, Nothing, MD5, MD5, Nothing, Nothing]),
    ("content-type", "text/plain; charset=utf-8", object("content-type", "text/plain; charset=utf-8")),
    ("content-type", "", DROPPED),
    ("content-language", "", DROPPED),
    ("expires", "Thu, 01 Dec 2033 16:00:00 GMT", object("expires", "Thu, 01 Dec 2033 16:00:00 GMT")),
    ("x-oss-callback", "e30=", REFUSED),
    ("x-oss-callback-var", "e30=", REFUSED),
    ("x-oss-complete-all", "yes", DROPPED),
    ("x-oss-complete-all", "no", INVALID),
    ("x-oss-content-sha256", "UNSIGNED-PAYLOAD", DROPPED),
    ("x-oss-copy-source", "/fleet-logs/k", REFUSED),
    ("x-oss-copy-source-if-match", "\"a\"", REFUSED),
    ("x-oss-copy-source-if-modified-since", DATE, REFUSED),
    ("x-oss-copy-source-if-none-match", "\"a\"", REFUSED),
    ("x-oss-copy-source-if-unmodified-since", DATE, REFUSED),
    ("x-oss-copy-source-range", "bytes=0-9", REFUSED),
    ("x-oss-date", LATER, DROPPED),
    ("x-oss-forbid-overwrite", "false", DROPPED),
    ("x-oss-forbid-overwrite", "true", [OVERWRITE, Nothing, Nothing, OVERWRITE, Nothing, Nothing]),
    ("x-oss-forbid-overwrite", "True", INVALID),
    ("x-oss-forbid-overwrite", "", INVALID),
    ("x-oss-hash-sha1", "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33", DROPPED),
    ("x-oss-metadata-directive", "REPLACE", REFUSED),
    ("x-oss-object-acl", "private", DROPPED),
    ("x-oss-object-acl", "default", DROPPED),
    ("x-oss-object-acl", "public-read", REFUSED),
    ("x-oss-object-acl", "public-read-write", REFUSED),
    ("x-oss-object-acl", "Private", INVALID),
    ("x-oss-object-acl", "", INVALID),
    ("x-oss-process", "image/resize,w_100", REFUSED),
    ("x-oss-request-payer", "requester", DROPPED),
    ("x-oss-server-side-data-encryption", "SM4", REFUSED),
    ("x-oss-server-side-encryption", "AES256", object("x-amz-server-side-encryption", "AES256")),
    ("x-oss-server-side-encryption", "KMS", REFUSED),
    ("x-oss-server-side-encryption", "SM4", REFUSED),
    ("x-oss-server-side-encryption", "aes256", INVALID),
    ("x-oss-server-side-encryption", "aws:kms", INVALID),
    // Has no meaning without `x-oss-server-side-encryption: KMS`.
    ("x-oss-server-side-encryption-key-id", "9468da86-3509-4f8d-a61e-6eab1eac0000", INVALID),
    ("x-oss-storage-class", "Standard", storage_class("STANDARD")),
    ("x-oss-storage-class", "IA", storage_class("STANDARD_IA")),
    ("x-oss-storage-class", "Archive", storage_class("GLACIER")),
    ("x-oss-storage-class", "ColdArchive", storage_class("DEEP_ARCHIVE")),
    ("x-oss-storage-class", "DeepColdArchive", storage_class("DEEP_ARCHIVE")),
    ("x-oss-storage-class", "STANDARD", INVALID),
    ("x-oss-storage-class", "GLACIER", INVALID),
    ("x-oss-storage-class", "", INVALID),
    ("x-oss-symlink-target", "k", REFUSED),
    ("x-oss-tagging", "a=b", REFUSED),
    ("x-oss-tagging", "", REFUSED),
    ("x-oss-tagging-directive", "Replace", REFUSED),
    ("x-oss-traffic-limit", "819200", DROPPED),
    ("x-oss-meta-a", "1", object("x-amz-meta-a", "1")),
    ("X-Oss-Meta-Device", " cam 1\t", object("x-amz-meta-device", "cam 1")),
    ("x-oss-meta-a", "日志", object("x-amz-meta-a", "=?UTF-8?B?5pel5b+X?=")),
    ("x-oss-meta-x-amz-acl", "public-read", object("x-amz-meta-x-amz-acl", "public-read")),
    // Not defined by OSS: ignored, as OSS ignores them.
    ("x-oss-acl", "public-read", DROPPED),
    ("x-oss-amz-acl", "public-read", DROPPED),
    ("x-oss-", "1", DROPPED),
    ("x-oss-meta", "1", DROPPED),
    ("x-oss-storage-class-x", "IA", DROPPED),
    ("x-oss-anything", "1", DROPPED),
    ("x-oss-tagging-count", "1", DROPPED),
    ("x-oss-persistent-headers", "a:b", DROPPED),
    ("x-oss-user-agent", "aliyun-sdk-js/6.23.0", DROPPED),
];

#[test]
fn maps_drops_or_refuses_each_header_for_each_operation() {
    for (name, value, outcomes) in TABLE {
        for ((operation, request, resource), becomes) in operations().zip(outcomes) {
            let request = request.with(name, value).signed(&resource);
            let lower = name.to_ascii_lowercase();
            match becomes {
                Nothing => assert_eq!(s3_headers(&request), [], "{operation}: {name}: {value}"),
                Header(s3, s3_value) => {
                    assert_eq!(
                        s3_headers(&request),
                        [(s3.to_owned(), s3_value.to_owned())],
                        "{operation}: {name}: {value}"
                    );
                }
                Becomes::NotImplemented => {
                    assert_eq!(
                        refused(&request).0,
                        Refusal::NotImplemented(lower, value.into()),
                        "{operation}: {name}: {value}"
                    );
                }
                Invalid => {
                    let (refusal, _) = refused(&request);
                    let Refusal::InvalidHeaderValue(header, invalid) = refusal else {
                        panic!("{operation}: {name}: {value}: {refusal:?}");
                    };
                    assert_eq!((header, &*invalid), (&*lower, value), "{operation}: {name}: {value}");
                }
            }
        }
    }
}

#[test]
fn maps_equal_repeats_as_one_header() {
    for (name, value) in
        [("content-md5", "XUFAKrxLKna5cZ2REBfFkg=="), ("cache-control", "no-store"), ("x-oss-meta-a", "1")]
    {
        let request = put(&[(name, value), (name, value)]);
        assert_eq!(s3_headers(&request).len(), 1, "{name}");
    }
    for name in ["cache-control", "content-disposition", "content-encoding", "content-language", "expires"] {
        let text = put(&[(name, "a"), (name, "b")]).text();
        let refusal = decide(&text).outcome.err().map(|(refusal, _)| refusal);
        assert_eq!(refusal, Some(Refusal::RepeatedHeader(name.into())));
        let text = put(&[(name, "a\u{1}")]).text();
        let refusal = decide(&text).outcome.err().map(|(refusal, _)| refusal);
        assert_eq!(refusal, Some(Refusal::MalformedHeader(name.into())));
    }
}

#[test]
fn counts_the_bytes_of_metadata_names_and_values() {
    let limit = 2048;
    for (headers, fits) in [
        (vec![("x-oss-meta-ab", "v".repeat(limit - 2))], true),
        (vec![("x-oss-meta-ab", "v".repeat(limit - 1))], false),
        (vec![("x-oss-meta-a", "v".repeat(limit / 2 - 1)), ("x-oss-meta-b", "v".repeat(limit / 2 - 1))], true),
        (vec![("x-oss-meta-a", "v".repeat(limit / 2)), ("x-oss-meta-b", "v".repeat(limit / 2 - 1))], false),
        // As `=?UTF-8?B?` and `?=` around four characters for every three bytes.
        (vec![("x-oss-meta-ab", "é".repeat(762))], true),
        (vec![("x-oss-meta-ab", "é".repeat(763))], false),
        (vec![("x-oss-anything", "v".repeat(limit * 2))], true),
    ] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
        let text = put(&headers).text();
        let refusal = decide(&text).outcome.err().map(|(refusal, _)| refusal);
        assert_eq!(refusal, (!fits).then_some(Refusal::MetadataTooLarge), "{} bytes", headers[0].1.len());
    }
}

#[test]
fn refuses_metadata_without_a_name() {
    let refusal = decide(&put(&[("x-oss-meta-", "1")]).text()).outcome.err().map(|(refusal, _)| refusal);
    assert_eq!(refusal, Some(Refusal::MalformedHeader("x-oss-meta-".into())));
}

#[test]
fn counts_the_bytes_of_headers_that_go_through_the_api() {
    let limit = 3072 - "cache-control".len();
    for (length, fits) in [(limit, true), (limit + 1, false)] {
        for (operation, request, resource) in operations() {
            let text = request.with("cache-control", &"v".repeat(length)).signed(&resource).text();
            let refusal = decide(&text).outcome.err().map(|(refusal, _)| refusal);
            let refused = operation == "InitiateMultipartUpload" && !fits;
            assert_eq!(refusal, refused.then_some(Refusal::RequestTooLarge), "{operation}, {length} bytes");
        }
    }
}

fn put(headers: &[(&str, &str)]) -> Request {
    let (_, mut request, resource) = operations().next().unwrap();
    let mut once = request.clone();
    for (name, value) in headers {
        once = once.set(name, value);
        request = request.with(name, value);
    }
    let signature = once.signature(&resource);
    request.set("authorization", &format!("OSS {}:{signature}", super::request::ID))
}

fn s3_headers(request: &Request) -> Vec<(String, String)> {
    forwarded(request, |forward| {
        forward.headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect()
    })
}
