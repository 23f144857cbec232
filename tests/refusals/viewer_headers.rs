//! Headers that a viewer may send, and those that are sent on.

use std::collections::BTreeMap;

use oss_edge::{ApiOption, Origin};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::request::request;
use super::{API_OPERATIONS, RESOURCE, forwarded, operations};

/// Headers that have a meaning to S3, API Gateway or the origin-request function, or in logs.
const FORGED: [(&str, &str); 45] = [
    ("x-amz-acl", "public-read"),
    ("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"),
    ("x-amz-copy-source", "/fleet-logs-prod/secret"),
    ("x-amz-date", "20261124T015257Z"),
    ("x-amz-decoded-content-length", "5"),
    ("x-amz-expected-bucket-owner", "111122223333"),
    ("x-amz-grant-full-control", "id=forged"),
    ("x-amz-meta-a", "forged"),
    ("x-amz-object-lock-mode", "COMPLIANCE"),
    ("x-amz-object-lock-retain-until-date", "2099-01-01T00:00:00Z"),
    ("x-amz-security-token", "forged"),
    ("x-amz-server-side-encryption", "aws:kms"),
    ("x-amz-server-side-encryption-customer-key", "forged"),
    ("x-amz-storage-class", "DEEP_ARCHIVE"),
    ("x-amz-tagging", "a=forged"),
    ("x-amz-trailer", "x-amz-checksum-crc32"),
    ("x-amz-website-redirect-location", "https://example.org/"),
    ("x-amz-mfa", "forged"),
    ("x-amzn-trace-id", "forged"),
    ("x-amz-cf-id", "forged"),
    ("x-ossedge-origin", "forged.example.org"),
    ("x-ossedge-request", "Zm9yZ2Vk"),
    ("x-ossedge-seal", "1;2;1795485177;;AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ("X-OssEdge-Anything", "forged"),
    ("cookie", "session=forged"),
    ("if-match", "\"forged\""),
    ("if-none-match", "*"),
    ("if-modified-since", "Tue, 24 Nov 2026 01:52:57 GMT"),
    ("if-unmodified-since", "Tue, 24 Nov 2026 01:52:57 GMT"),
    ("range", "bytes=0-0"),
    ("expect", "100-continue"),
    ("te", "trailers"),
    ("trailer", "x-amz-checksum-crc32"),
    ("via", "1.1 forged"),
    ("forwarded", "for=192.0.2.1;host=forged.example.org"),
    ("x-forwarded-for", "192.0.2.1"),
    ("x-forwarded-host", "forged.example.org"),
    ("x-forwarded-proto", "https"),
    ("x-http-method-override", "DELETE"),
    ("x-original-url", "/forged"),
    ("origin", "https://forged.example.org"),
    ("referer", "https://forged.example.org/"),
    ("user-agent", "aliyun-sdk-js"),
    ("cloudfront-viewer-country", "XX"),
    ("proxy-authorization", "Basic Zm9yZ2Vk"),
];

#[test]
fn forwards_no_header_that_a_viewer_forges() {
    for (name, clean, _) in operations() {
        let mut forged = clean.clone();
        for (header, value) in FORGED {
            forged = forged.with(header, value);
        }
        let without_forged = forwarded(&clean, |forward| forward.headers.clone());
        forwarded(&forged, |forward| {
            assert_eq!(forward.headers, without_forged, "{name}");
            let sent: BTreeMap<_, _> = forward.edge_headers().into_iter().collect();
            assert_eq!(sent.len(), forward.edge_headers().len(), "{name} repeats a header");
            for (header, value) in FORGED {
                let sent = sent.get(&*header.to_ascii_lowercase());
                assert!(sent.is_none_or(|sent| *sent != value), "{name} sends {header} on");
            }
            let domain = match &forward.origin {
                Origin::S3 => "fleet-uploads-prod.s3.us-east-1.amazonaws.com",
                Origin::Relay(..) | Origin::Entrance(_) => panic!("{name} goes to a relay"),
                Origin::Api(..) => "abc123.execute-api.us-east-1.amazonaws.com",
            };
            assert_eq!(sent["x-ossedge-origin"], domain, "{name}");
        });
    }
}

#[test]
fn sends_only_the_headers_that_were_decided() {
    for (name, request, resource) in operations() {
        let request = request
            .with("content-type", "text/plain")
            .with("x-oss-meta-a", "1")
            .with("x-oss-storage-class", "IA")
            .with("x-oss-anything", "1")
            .with("content-length", "0")
            .with("cookie", "a=b");
        let sent = forwarded(&request.signed(&resource), |forward| {
            forward.edge_headers().iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>()
        });
        let expected: &[&str] = match name {
            "PutObject" => {
                &["content-type", "x-amz-meta-a", "x-amz-storage-class", "x-ossedge-origin", "x-ossedge-seal"]
            }
            name if API_OPERATIONS.contains(&name) => &["x-ossedge-request", "x-ossedge-origin", "x-ossedge-seal"],
            _ => &["x-ossedge-origin", "x-ossedge-seal"],
        };
        assert_eq!(sent, expected, "{name}");
    }
}

#[test]
fn sends_no_credentials_to_s3() {
    for (name, request, _) in operations() {
        let authorization = request.headers.iter().find(|(name, _)| name == "authorization").unwrap().1.clone();
        forwarded(&request, |forward| {
            for secret in ["authorization", "date", "host", "x-oss-date", "security-token"] {
                assert!(!forward.headers.iter().any(|(header, _)| header == secret), "{name}: {secret}");
            }
            for (header, value) in forward.edge_headers() {
                assert!(!value.contains(&authorization), "{name}: {header}");
            }
        });
    }
}

#[test]
fn sends_the_verified_path_in_s3_s_encoding() {
    for (host, uri, resource, s3_uri, s3_bucket) in [
        ("uploads.example.com", "/dir/a.log", RESOURCE, "/dir/a.log", "fleet-uploads-prod"),
        ("UPLOADS.example.com:8443", "/dir%2fa.log", RESOURCE, "/dir/a.log", "fleet-uploads-prod"),
        ("fleet-uploads.oss.example.com", "/%64ir/a.log", RESOURCE, "/dir/a.log", "fleet-uploads-prod"),
        ("fleet-logs.oss.example.com", "/dir/a.log", "/fleet-logs/dir/a.log", "/dir/a.log", "fleet-logs-prod"),
        ("127.0.0.1", "/fleet-logs%2Fdir/a.log", "/fleet-logs/dir/a.log", "/dir/a.log", "fleet-logs-prod"),
        ("127.0.0.1", "/fleet-logs/a//b", "/fleet-logs/a//b", "/a//b", "fleet-logs-prod"),
        ("uploads.example.com", "/a%2F%2Fb/", "/fleet-uploads/a//b/", "/a//b/", "fleet-uploads-prod"),
        (
            "uploads.example.com",
            "/a+b%20c~!*'()",
            "/fleet-uploads/a+b c~!*'()",
            "/a%2Bb%20c~%21%2A%27%28%29",
            "fleet-uploads-prod",
        ),
        ("uploads.example.com", "/%E6%97%A5", "/fleet-uploads/日", "/%E6%97%A5", "fleet-uploads-prod"),
        ("uploads.example.com", "/日", "/fleet-uploads/日", "/%E6%97%A5", "fleet-uploads-prod"),
        (
            "uploads.example.com",
            "/a%3Fb%23c%26d%252Fe",
            "/fleet-uploads/a?b#c&d%2Fe",
            "/a%3Fb%23c%26d%252Fe",
            "fleet-uploads-prod",
        ),
    ] {
        let request = request("PUT", uri, "").set("host", host).signed(resource);
        forwarded(&request, |forward| {
            assert_eq!((&*forward.uri, &*forward.s3_bucket.name), (s3_uri, s3_bucket), "{host}{uri}");
            assert_eq!(forward.query, "");
        });
    }
}

#[test]
fn sends_the_operation_s_parameters_in_canonical_form() {
    for (method, query, sub_resources, s3_query, encodes) in [
        ("PUT", "", "", "", false),
        ("POST", "uploads=", "?uploads", "uploads", false),
        ("POST", "sequential&encoding-type=url&uploads", "?sequential&uploads", "uploads", true),
        (
            "PUT",
            "uploadId=a%2Bb+&partNumber=10000",
            "?partNumber=10000&uploadId=a+b+",
            "partNumber=10000&uploadId=a%2Bb%2B",
            false,
        ),
        (
            "PUT",
            "part%4eumber=1&uploadId=%3Duploads",
            "?partNumber=1&uploadId==uploads",
            "partNumber=1&uploadId=%3Duploads",
            false,
        ),
        ("POST", "encoding-type=url&uploadId=U1", "?uploadId=U1", "uploadId=U1", true),
        ("DELETE", "uploadId=U%201", "?uploadId=U 1", "uploadId=U%201", false),
        ("GET", "uploadId=U1", "?uploadId=U1", "uploadId=U1", false),
        (
            "GET",
            "part-number-marker=7&uploadId=U1&encoding-type=url&max-parts=10",
            "?uploadId=U1",
            "uploadId=U1&max-parts=10&part-number-marker=7",
            true,
        ),
        ("DELETE", "uploadId=U1%7Eforbid-overwrite", "?uploadId=U1~forbid-overwrite", "uploadId=U1", false),
    ] {
        let request = request(method, "/dir/a.log", query).signed(&format!("{RESOURCE}{sub_resources}"));
        forwarded(&request, |forward| {
            let options: &[ApiOption] = if encodes { &[ApiOption::EncodeKey] } else { &[] };
            assert_eq!((&*forward.query, forward.options()), (s3_query, options), "{method} {query}");
        });
    }
}

#[test]
fn sends_to_the_api_only_the_path_of_its_resource() {
    for (name, request, _) in operations() {
        let expected = match name {
            "InitiateMultipartUpload" => ("/initiate-multipart-upload", ""),
            "CompleteMultipartUpload" => ("/complete-multipart-upload", ""),
            "ListParts" => ("/list-parts", ""),
            "UploadPart" => ("/dir/a.log", "partNumber=7&uploadId=U1"),
            "AbortMultipartUpload" => ("/dir/a.log", "uploadId=U1"),
            _ => ("/dir/a.log", ""),
        };
        forwarded(&request, |forward| assert_eq!(forward.edge_target(), expected, "{name}"));
    }
}
