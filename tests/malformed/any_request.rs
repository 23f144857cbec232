//! Requests at random: whatever comes, there is a decision, and nothing that was signed can be
//! changed.

use std::sync::OnceLock;

use oss_edge::{Gate, UnixMillis};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::gate::gate;
use crate::request::{DATE, ID, LATER, NOW, Request, SECRET, request};

fn test_gate() -> &'static Gate {
    static GATE: OnceLock<Gate> = OnceLock::new();
    GATE.get_or_init(|| {
        let document = crate::document();
        let keys = document["accessKeys"]["accessKeys"].as_array().unwrap();
        assert_eq!((keys[0]["accessKeyId"].as_str(), keys[0]["accessKeySecret"].as_str()), (Some(ID), Some(SECRET)));
        gate(&document["config"], &document["accessKeys"])
    })
}

/// What of a forwarded request was signed, or `None` when it was refused. The answer to a refusal is
/// made either way.
fn forwarded(flat: &str) -> Option<String> {
    let decision = test_gate().decide_joined(flat, UnixMillis(NOW));
    let (resource, operation) = (decision.resource, decision.operation);
    decision.outcome.ok().map(|forward| {
        let s3 = (&forward.s3_bucket, &forward.uri, &forward.query, &forward.headers);
        format!("{resource:?} {operation:?} {:?} {s3:?}", decision.access_key_id)
    })
}

/// A signed request for each of the five operations. Every header that S3 gets is a signed one.
fn valid() -> impl Strategy<Value = (Request, String)> {
    let operation = select(vec![
        ("PUT", "", ""),
        ("POST", "uploads", "?uploads"),
        ("POST", "sequential&uploads", "?sequential&uploads"),
        ("PUT", "partNumber=7&uploadId=U1", "?partNumber=7&uploadId=U1"),
        ("POST", "uploadId=U1", "?uploadId=U1"),
        ("DELETE", "uploadId=U1", "?uploadId=U1"),
    ]);
    let host = select(vec!["uploads.example.com", "fleet-uploads.oss.example.com", "127.0.0.1:8080"]);
    let key = select(vec![("dir/a.log", "dir/a.log"), ("a%20%E6%97%A5", "a 日"), ("%2Fa%3Fb", "/a?b")]);
    (operation, host, key, any::<[bool; 4]>()).prop_map(|((method, query, sub_resources), host, key, with)| {
        let bucket = if host.starts_with("127") { "/fleet-uploads" } else { "" };
        let mut request = request(method, &format!("{bucket}/{}", key.0), query).set("host", host);
        let headers = [
            ("content-type", "text/plain"),
            ("content-md5", "XUFAKrxLKna5cZ2REBfFkg=="),
            ("x-oss-meta-a", "1"),
            ("x-oss-date", DATE),
        ];
        for ((name, value), _) in headers.into_iter().zip(with).filter(|(_, with)| *with) {
            request = request.with(name, value);
        }
        let resource = format!("/fleet-uploads/{}{sub_resources}", key.1);
        let signed = request.signed(&resource);
        (signed, resource)
    })
}

/// One part of what was signed, changed into something that signs another text.
fn mutations() -> impl Strategy<Value = fn(Request, &Index) -> Request> {
    let mutations: Vec<fn(Request, &Index) -> Request> = vec![
        |request, index| {
            let methods = ["PUT", "POST", "DELETE", "GET", "put"];
            let others: Vec<_> = methods.into_iter().filter(|method| *method != request.method).collect();
            Request { method: (*index.get(&others)).into(), ..request }
        },
        |request, _| Request { uri: request.uri.clone() + "x", ..request },
        |request, _| Request { uri: request.uri.clone() + "%20", ..request },
        |request, _| Request { uri: request.uri.replacen('a', "b", 1), ..request },
        |request, _| Request { uri: format!("/{}", request.uri), ..request },
        |request, index| {
            let hosts = ["fleet-logs.oss.example.com", "uploads.example.org", "other.oss.example.com", ""];
            request.set("host", hosts[index.index(hosts.len())])
        },
        |request, index| {
            let queries =
                ["uploads", "uploadId=U1", "uploadId=U2", "partNumber=8&uploadId=U1", "acl", "", "sequential&uploads"];
            let others: Vec<_> = queries.into_iter().filter(|query| *query != request.query).collect();
            Request { query: (*index.get(&others)).into(), ..request }
        },
        |request, _| request.set("date", LATER).set("x-oss-date", LATER),
        |request, _| request.with("content-type", "text/html"),
        |request, _| request.with("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        |request, _| request.with("x-oss-meta-a", "2"),
        |request, _| request.with("x-oss-meta-b", ""),
        |request, _| request.with("x-oss-anything", "1"),
        |request, _| request.with("x-oss-security-token", "token"),
        |request, _| request.with("authorization", "OSS nobody:c2ln"),
        |request, _| request.without("authorization"),
        |request, _| request.without("date").without("x-oss-date"),
        |request, index| flip_signature(request, index),
        |mut request, index| {
            // Any one of the signed headers left out, or the first of another value.
            let signed = |name: &str| name.starts_with("content-") || name.starts_with("x-oss-");
            let lines: Vec<_> = request.headers.iter().filter(|(name, _)| signed(name)).cloned().collect();
            match lines.get(index.index(lines.len().max(1))) {
                Some((name, _)) => request.without(&name.clone()),
                None => {
                    request.headers.push(("x-oss-meta-c".into(), "3".into()));
                    request
                }
            }
        },
    ];
    select(mutations)
}

fn flip_signature(request: Request, index: &Index) -> Request {
    let (_, authorization) = request.headers.iter().find(|(name, _)| name == "authorization").unwrap().clone();
    let (id, signature) = authorization.split_once(':').unwrap();
    let mut signature = signature.as_bytes().to_vec();
    let at = index.index(signature.len());
    signature[at] = if signature[at] == b'A' { b'B' } else { b'A' };
    request.set("authorization", &format!("{id}:{}", String::from_utf8(signature).unwrap()))
}

/// Names and values that mean something, and some that do not.
fn header_soup() -> impl Strategy<Value = Vec<(String, String)>> {
    let known_names = [
        "host",
        "Host",
        "date",
        "Date",
        "x-oss-date",
        "authorization",
        "Authorization",
        "content-type",
        "content-md5",
        "content-length",
        "transfer-encoding",
        "x-oss-meta-a",
        "X-OSS-META-A",
        "x-oss-",
        "x-oss-security-token",
        "x-oss-storage-class",
        "x-oss-forbid-overwrite",
        "x-amz-acl",
        "x-ossedge-origin",
        "expires",
        "",
    ];
    let known_values = [
        "uploads.example.com",
        "fleet-uploads.oss.example.com",
        "127.0.0.1",
        DATE,
        "20261124T015257Z",
        "OSS",
        "OSS LTAI5tTestDevice01:AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "OSS4-HMAC-SHA256 a",
        "chunked",
        "5",
        "true",
        "IA",
        "",
        " ",
        "\t",
        "\u{0}",
        "\n",
        "=?",
        "%",
        "日志",
    ];
    let name = prop_oneof![8 => select(known_names.to_vec()).prop_map(str::to_owned), 1 => any::<String>()];
    let value = prop_oneof![8 => select(known_values.to_vec()).prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec((name, value), 0..12)
}

fn path_or_query() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "/",
        "a",
        "..",
        ".",
        "%",
        "%2",
        "%2F",
        "%2e",
        "%00",
        "%FF",
        "?",
        "&",
        "=",
        ";",
        "+",
        "uploads",
        "uploadId",
        "partNumber",
        "=1",
        "acl",
        "encoding-type=url",
        "fleet-uploads",
        "日",
        "\u{0}",
        "\\",
        " ",
        "\u{FFFD}",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decides_over_any_text(flat in any::<String>()) {
        prop_assert_eq!(forwarded(&flat), None);
    }

    #[test]
    fn decides_over_any_fields(fields in prop::collection::vec(any::<String>(), 0..20), count in 0..10_usize) {
        let flat = format!("{count}\0{}", fields.join("\0"));
        prop_assert_eq!(forwarded(&flat), None);
        let at_api = test_gate().decide_at_api(&flat, UnixMillis(NOW));
        prop_assert!(at_api.outcome.is_err());
    }

    #[test]
    fn forwards_no_soup_of_headers(
        method in select(vec!["PUT", "POST", "DELETE", "GET", "", "put"]),
        uri in path_or_query(),
        query in path_or_query(),
        headers in header_soup(),
        now in any::<i64>(),
    ) {
        let flat = Request { method: method.into(), uri, query, headers }.flat();
        prop_assert_eq!(forwarded(&flat), None);
        prop_assert!(test_gate().decide_joined(&flat, UnixMillis(now)).outcome.is_err());
    }

    #[test]
    fn forwards_what_is_rightly_signed((request, _) in valid()) {
        prop_assert!(forwarded(&request.flat()).is_some(), "{:?}", request);
    }

    #[test]
    fn forwards_nothing_of_which_a_signed_part_was_changed(
        (request, resource) in valid(),
        mutate in mutations(),
        index in any::<Index>(),
    ) {
        let mutated = mutate(request.clone(), &index);
        let same = mutated.flat() == request.flat();
        prop_assert!(same || forwarded(&mutated.flat()).is_none(), "{:?} signed for {}", mutated, resource);
    }

    #[test]
    fn forwards_the_same_or_nothing_with_any_character_changed(
        (request, _) in valid(),
        index in any::<Index>(),
        character in prop_oneof![any::<char>(), (0_u8..128).prop_map(char::from)],
    ) {
        let flat = request.flat();
        let mut characters: Vec<char> = flat.chars().collect();
        characters[index.index(flat.chars().count())] = character;
        let changed: String = characters.into_iter().collect();
        if let Some(forward) = forwarded(&changed) {
            prop_assert_eq!(Some(forward), forwarded(&flat), "{:?}", changed);
        }
    }

    #[test]
    fn forwards_nothing_that_is_cut_off((request, _) in valid(), index in any::<Index>()) {
        let flat = request.flat();
        let characters: Vec<char> = flat.chars().collect();
        let cut_off: String = characters[..index.index(characters.len())].iter().collect();
        prop_assert_eq!(forwarded(&cut_off), None);
    }

    #[test]
    fn forwards_nothing_signed_with_another_secret((request, resource) in valid(), secret in "[!-~]{1,40}") {
        prop_assume!(secret != SECRET);
        let signature = crate::request::hmac_sha1(&secret, &request.string_to_sign(&resource));
        let request = request.set("authorization", &format!("OSS {ID}:{signature}"));
        prop_assert_eq!(forwarded(&request.flat()), None);
    }
}
