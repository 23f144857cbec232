//! A signed request of which one part was changed after signing.

use oss_edge::{KeyFault, Refusal, SUB_RESOURCES};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::request::{DATE, LATER, Request, request};
use super::{RESOURCE, forwarded, refused, variant};

/// A change, by what it changes.
type Change = (&'static str, fn(Request) -> Request);

fn put() -> Request {
    request("PUT", "/dir/a.log", "")
        .with("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")
        .with("content-type", "text/plain")
        .with("x-oss-meta-a", "1")
        .with("x-oss-storage-class", "IA")
        .with("x-oss-forbid-overwrite", "true")
        .signed(RESOURCE)
}

fn part() -> Request {
    request("PUT", "/dir/a.log", "partNumber=7&uploadId=U1").signed(&format!("{RESOURCE}?partNumber=7&uploadId=U1"))
}

fn path(request: Request, uri: &str) -> Request {
    Request { uri: uri.into(), ..request }
}

fn query(request: Request, query: &str) -> Request {
    Request { query: query.into(), ..request }
}

fn method(request: Request, method: &str) -> Request {
    Request { method: method.into(), ..request }
}

const OF_A_PUT: [Change; 33] = [
    ("method to POST", |request| query(method(request, "POST"), "uploads")),
    ("method to DELETE", |request| query(method(request, "DELETE"), "uploadId=U1")),
    ("key", |request| path(request, "/dir/b.log")),
    ("key's case", |request| path(request, "/dir/A.log")),
    ("key with a slash at its end", |request| path(request, "/dir/a.log/")),
    ("key with a double slash", |request| path(request, "/dir//a.log")),
    ("key encoded twice", |request| path(request, "/dir%252Fa.log")),
    ("key with a blank", |request| path(request, "/dir/a.log%20")),
    ("key cut off", |request| path(request, "/dir/a.lo")),
    ("key with a question mark", |request| path(request, "/dir/a.log%3F")),
    ("bucket in the host", |request| request.set("host", "fleet-logs.oss.example.com")),
    ("bucket in the path", |request| path(request.set("host", "127.0.0.1"), "/fleet-logs/dir/a.log")),
    ("bucket moved into the key", |request| path(request, "/fleet-uploads/dir/a.log")),
    ("part added", |request| query(request, "partNumber=7&uploadId=U1")),
    ("Content-MD5", |request| request.set("content-md5", "XUFAKrxLKna5cZ2REBfFkQ==")),
    ("Content-MD5 removed", |request| request.without("content-md5")),
    ("Content-MD5 emptied", |request| request.set("content-md5", "")),
    ("Content-Type", |request| request.set("content-type", "text/html")),
    ("Content-Type's case", |request| request.set("content-type", "Text/plain")),
    ("Content-Type's parameter", |request| request.set("content-type", "text/plain; charset=utf-8")),
    ("Content-Type removed", |request| request.without("content-type")),
    ("Content-MD5 and Content-Type swapped", |request| {
        request.set("content-md5", "text/plain").set("content-type", "XUFAKrxLKna5cZ2REBfFkg==")
    }),
    ("Date", |request| request.set("date", LATER)),
    ("Date in the other format", |request| request.set("date", "20261124T015257Z")),
    ("x-oss-date added", |request| request.with("x-oss-date", LATER)),
    ("x-oss-date added with the same time", |request| request.with("x-oss-date", DATE)),
    ("metadata", |request| request.set("x-oss-meta-a", "2")),
    ("metadata's name", |request| request.without("x-oss-meta-a").with("x-oss-meta-b", "1")),
    ("metadata removed", |request| request.without("x-oss-meta-a")),
    ("metadata added", |request| request.with("x-oss-meta-b", "")),
    ("storage class", |request| request.set("x-oss-storage-class", "Standard")),
    ("forbidden overwrite removed", |request| request.without("x-oss-forbid-overwrite")),
    ("header that isn't forwarded", |request| request.with("x-oss-hash-sha1", "0")),
];

const OF_A_PART: [Change; 9] = [
    ("partNumber", |request| query(request, "partNumber=8&uploadId=U1")),
    ("partNumber with a digit more", |request| query(request, "partNumber=77&uploadId=U1")),
    ("uploadId", |request| query(request, "partNumber=7&uploadId=U2")),
    ("uploadId's case", |request| query(request, "partNumber=7&uploadId=u1")),
    ("uploadId with another inside", |request| query(request, "partNumber=7&uploadId=U1%3Fuploads")),
    ("uploadId encoded twice", |request| query(request, "partNumber=7&uploadId=%2555%31")),
    ("part to a whole object", |request| query(request, "")),
    ("part to an abort", |request| query(method(request, "DELETE"), "uploadId=U1")),
    ("part to a completion", |request| query(method(request, "POST"), "uploadId=U1")),
];

#[test]
fn refuses_each_change_to_a_signed_part() {
    let changes = OF_A_PUT.iter().map(|change| (put(), change)).chain(OF_A_PART.iter().map(|change| (part(), change)));
    for (signed, (what, change)) in changes {
        forwarded(&signed, |_| ());
        assert_eq!(variant(&refused(&change(signed)).0), "SignatureDoesNotMatch", "{what}");
    }
}

#[test]
fn refuses_one_operation_signed_as_another() {
    for (signed_method, signed_query, sent_method, sent_query) in [
        ("POST", "uploads", "POST", "sequential&uploads"),
        ("POST", "sequential&uploads", "POST", "uploads"),
        ("POST", "uploads", "POST", "uploadId=U1"),
        ("POST", "uploadId=U1", "DELETE", "uploadId=U1"),
        ("DELETE", "uploadId=U1", "POST", "uploadId=U1"),
        ("GET", "uploadId=U1", "DELETE", "uploadId=U1"),
        ("PUT", "acl", "PUT", ""),
        ("put", "", "PUT", ""),
    ] {
        let resource = if signed_query.is_empty() { RESOURCE.to_owned() } else { format!("{RESOURCE}?{signed_query}") };
        let signed = request(signed_method, "/dir/a.log", signed_query).signed(&resource);
        let sent = query(method(signed, sent_method), sent_query);
        assert_eq!(variant(&refused(&sent).0), "SignatureDoesNotMatch", "{signed_method} {signed_query}");
    }
}

#[test]
fn refuses_a_key_that_signs_like_a_sub_resource() {
    for (method, uri, resource) in [
        ("PUT", "/dir/a.log%3FpartNumber=7&uploadId=U1", "/fleet-uploads/dir/a.log?partNumber=7&uploadId=U1"),
        ("PUT", "/dir/a.log%3FpartNumber%3D7%26uploadId%3DU1", "/fleet-uploads/dir/a.log?partNumber=7&uploadId=U1"),
        ("PUT", "/dir/a.log%3fuploads", "/fleet-uploads/dir/a.log?uploads"),
        ("PUT", "/dir/a.log?uploadId=U1", "/fleet-uploads/dir/a.log?uploadId=U1"),
        ("PUT", "/a%3Fb%3Fsequential", "/fleet-uploads/a?b?sequential"),
        ("PUT", "/%3Fuploads", "/fleet-uploads/?uploads"),
        ("PUT", "/dir/a.log%3Facl", "/fleet-uploads/dir/a.log?acl"),
        ("PUT", "/dir/a.log%3Fx-oss-process%3Da", "/fleet-uploads/dir/a.log?x-oss-process=a"),
    ] {
        let request = request(method, uri, "").signed(resource);
        assert_eq!(refused(&request).0, Refusal::InvalidObjectName(KeyFault::SubResource), "{uri}");
    }
    let part_as_object = path(query(part(), ""), "/dir/a.log%3FpartNumber%3D7%26uploadId%3DU1");
    assert_eq!(refused(&part_as_object).0, Refusal::InvalidObjectName(KeyFault::SubResource));
    for name in SUB_RESOURCES {
        let refused_operation = request("PUT", "/dir/a.log", name).signed(&format!("/fleet-uploads/dir/a.log?{name}"));
        refused(&refused_operation);
        let as_object = path(query(refused_operation, ""), &format!("/dir/a.log%3F{name}"));
        assert_eq!(refused(&as_object).0, Refusal::InvalidObjectName(KeyFault::SubResource), "{name}");
    }
}

#[test]
fn accepts_a_key_with_a_question_mark_and_no_sub_resource() {
    for (uri, key) in
        [("/what%3F", "what?"), ("/k%3Fa%3Db", "k?a=b"), ("/k%26uploads", "k&uploads"), ("/k%3FuploadsX", "k?uploadsX")]
    {
        let request = request("PUT", uri, "").signed(&format!("/fleet-uploads/{key}"));
        forwarded(&request, |forward| assert_eq!(forward.uri.len(), uri.len(), "{uri}"));
    }
}

#[test]
fn refuses_two_signed_headers_written_as_one() {
    let two = request("PUT", "/dir/a.log", "").with("x-oss-meta-a", "1").with("x-oss-meta-b", "2").signed(RESOURCE);
    forwarded(&two, |_| ());
    let one = two.without("x-oss-meta-a").without("x-oss-meta-b").with("x-oss-meta-a:1\nx-oss-meta-b", "2");
    assert_eq!(refused(&one).0, Refusal::MalformedRequest);
}

#[test]
fn forwards_the_same_for_every_equivalent_spelling() {
    let same: [Change; 11] = [
        ("slash in the key encoded", |request| path(request, "/dir%2Fa.log")),
        ("letters encoded", |request| path(request, "/%64%69r/a%2elog")),
        ("host's case and port", |request| request.set("host", "Uploads.Example.Com:443")),
        ("bucket in the host", |request| request.set("host", "fleet-uploads.oss.example.com")),
        ("bucket in the path", |request| path(request.set("host", "127.0.0.1"), "/fleet-uploads/dir/a.log")),
        ("header names' case", |mut request| {
            for (name, _) in &mut request.headers {
                *name = name.to_ascii_uppercase();
            }
            request
        }),
        ("header order", |mut request| {
            request.headers.reverse();
            request
        }),
        ("blanks around an x-oss-* value", |request| request.set("x-oss-meta-a", " 1\t")),
        ("an equal repeat of an x-oss-* header", |request| request.with("X-Oss-Meta-A", "1 ")),
        ("an equal repeat of Content-MD5", |request| request.with("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==")),
        ("a header that means nothing", |request| request.with("x-amz-acl", "public-read")),
    ];
    let shown = |request: &Request| {
        forwarded(request, |forward| format!("{:?} {} {:?}", forward.s3_bucket, forward.uri, forward.headers))
    };
    for (what, change) in same {
        assert_eq!(shown(&change(put())), shown(&put()), "{what}");
    }
}

#[test]
fn refuses_another_devices_signature() {
    let as_other = |request: Request| {
        let signature = request.headers.iter().find(|(name, _)| name == "authorization").unwrap().1.clone();
        request.set("authorization", &signature.replace("Device01", "Device02"))
    };
    assert_eq!(variant(&refused(&as_other(put())).0), "SignatureDoesNotMatch");
}
