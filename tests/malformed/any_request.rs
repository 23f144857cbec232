//! Random requests: every one gets a decision, and no signed part of one can be changed.

use std::sync::OnceLock;

use oss_edge::{Gate, UnixMillis};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::api;
use super::gate::gate;
use super::request::{DATE, ID, LATER, NOW, Request, SECRET, request};

fn test_gate() -> &'static Gate {
    static GATE: OnceLock<Gate> = OnceLock::new();
    GATE.get_or_init(|| {
        let document = super::document();
        let keys = document["accessKeys"]["accessKeys"].as_array().unwrap();
        assert_eq!((keys[0]["accessKeyId"].as_str(), keys[0]["accessKeySecret"].as_str()), (Some(ID), Some(SECRET)));
        gate(&document["config"], &document["accessKeys"])
    })
}

/// The signed parts of a forwarded request, or `None` when it was refused, for which the answer is made too.
fn forwarded(text: &str) -> Option<String> {
    let decision = test_gate().decide(text, UnixMillis(NOW));
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
    let key = select(vec![("dir/a.log", "dir/a.log"), ("a%20%E6%97%A5", "a 日"), ("a%3Fb", "a?b")]);
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

/// Changes to one signed part, each of which makes another text to sign.
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
            // One of the signed headers left out, or one more where there is none.
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

/// Header lines with known names and values, and with any others.
fn random_headers() -> impl Strategy<Value = Vec<(String, String)>> {
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

fn random_path_or_query() -> impl Strategy<Value = String> {
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
    fn refuses_any_text(text in any::<String>()) {
        prop_assert_eq!(forwarded(&text), None);
    }

    #[test]
    fn refuses_any_strings(strings in prop::collection::vec(any::<String>(), 0..20), count in 0..10_usize) {
        let text = format!("{count}\0{}", strings.join("\0"));
        prop_assert_eq!(forwarded(&text), None);
        for hand_over in [&api::hand_over(&text), &text] {
            prop_assert!(test_gate().decide_at_api(hand_over, UnixMillis(NOW)).outcome.is_err());
        }
    }

    #[test]
    fn refuses_random_requests_at_any_time(
        method in select(vec!["PUT", "POST", "DELETE", "GET", "", "put"]),
        uri in random_path_or_query(),
        query in random_path_or_query(),
        headers in random_headers(),
        now in any::<i64>(),
    ) {
        let text = Request { method: method.into(), uri, query, headers }.text();
        prop_assert_eq!(forwarded(&text), None);
        prop_assert!(test_gate().decide(&text, UnixMillis(now)).outcome.is_err());
    }

    #[test]
    fn forwards_every_well_signed_request((request, _) in valid()) {
        prop_assert!(forwarded(&request.text()).is_some(), "{:?}", request);
    }

    #[test]
    fn refuses_a_request_with_any_signed_part_changed(
        (request, resource) in valid(),
        mutate in mutations(),
        index in any::<Index>(),
    ) {
        let mutated = mutate(request.clone(), &index);
        let same = mutated.text() == request.text();
        prop_assert!(same || forwarded(&mutated.text()).is_none(), "{:?} signed for {}", mutated, resource);
    }

    #[test]
    fn refuses_or_forwards_the_same_with_any_character_changed(
        (request, _) in valid(),
        index in any::<Index>(),
        character in prop_oneof![any::<char>(), (0_u8..128).prop_map(char::from)],
    ) {
        let text = request.text();
        let mut characters: Vec<char> = text.chars().collect();
        characters[index.index(text.chars().count())] = character;
        let changed: String = characters.into_iter().collect();
        if let Some(forward) = forwarded(&changed) {
            prop_assert_eq!(Some(forward), forwarded(&text), "{:?}", changed);
        }
    }

    #[test]
    fn refuses_a_request_that_is_cut_off((request, _) in valid(), index in any::<Index>()) {
        let text = request.text();
        let characters: Vec<char> = text.chars().collect();
        let cut_off: String = characters[..index.index(characters.len())].iter().collect();
        prop_assert_eq!(forwarded(&cut_off), None);
    }

    #[test]
    fn refuses_a_request_signed_with_another_secret((request, resource) in valid(), secret in "[!-~]{1,40}") {
        prop_assume!(secret != SECRET);
        let signature = super::request::hmac_sha1(&secret, &request.string_to_sign(&resource));
        let request = request.set("authorization", &format!("OSS {ID}:{signature}"));
        prop_assert_eq!(forwarded(&request.text()), None);
    }
}
