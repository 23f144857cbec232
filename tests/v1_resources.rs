//! By exhaustion over a small alphabet: no two requests that are accepted, of different operations, buckets, keys or
//! sub-resources, sign the same text in version 1. Its text has nothing between the key and the sub-resources, so whoever
//! sees one request could otherwise send another with its signature.

use std::collections::HashMap;

use oss_edge::{Gate, Origin, Refusal, UnixMillis};
use serde_json::json;

use crate::device::request::{ID, NOW, Request, SECRET, hmac_sha1, request};
use crate::device::{config, gate};

/// Pieces of keys, as they are decoded: everything that separates in the text, and names that are signed.
const PIECES: [&str; 12] = [
    "a",
    "/",
    "?",
    "&",
    "=",
    "+",
    " ",
    "uploads",
    "uploadId=1",
    "partNumber=1&uploadId=1",
    "acl",
    "x-oss-traffic-limit=1",
];

/// Pieces of a key in a list, at most.
const LONGEST_KEY: usize = 3;

/// The requests that are served, and what two of them could be taken for.
const SERVED: [(&str, &str); 6] = [
    ("PUT", ""),
    ("POST", "uploads"),
    ("PUT", "partNumber=1&uploadId=1"),
    ("POST", "uploadId=1"),
    ("DELETE", "uploadId=1"),
    ("GET", "uploadId=1"),
];

const METHODS: [&str; 4] = ["PUT", "POST", "DELETE", "GET"];

/// Each with its values, of which a query has one or none, encoded. An upload id that contains what separates would be
/// two parameters' text; `uploads` and `sequential` have no value.
const PARAMETERS: [(&str, &[&str]); 7] = [
    ("uploads", &["", "1"]),
    ("uploadId", &["1", "1%3DpartNumber", "1%26partNumber%3D1", "1%3Fuploads", "1%26x-oss-traffic-limit%3D1"]),
    ("partNumber", &["1", "1%26uploadId%3D1"]),
    ("sequential", &[""]),
    ("acl", &[""]),
    ("x-oss-traffic-limit", &["1", "1%26uploads"]),
    ("t", &["1%26uploads"]),
];

/// A host in each style, and what goes before the key in its path.
const HOSTS: [(&str, &str); 6] = [
    ("uploads.example.com", "/"),
    ("fleet-logs.oss.example.com", "/"),
    ("127.0.0.1", "/fleet-uploads/"),
    ("127.0.0.1", "/fleet-logs/"),
    ("oss.example.net", "/"),
    ("oss.example.net", "/fleet-logs/"),
];

fn test_gate() -> Gate {
    let config = config::with(&json!({
        "hosts": [
            { "host": "*.oss.example.com", "style": "virtual-hosted" },
            { "host": "uploads.example.com", "style": "cname", "bucket": "fleet-uploads" },
            { "host": "127.0.0.1", "style": "path" },
            { "host": "oss.example.net", "style": "endpoint", "bucket": "fleet-uploads" },
        ],
    }));
    gate::gate(&config, &json!({ "accessKeys": [{ "accessKeyId": ID, "accessKeySecret": SECRET }] }))
}

/// Every key of one to so many pieces.
fn keys(longest: usize) -> Vec<String> {
    let mut keys = vec![String::new()];
    let mut last = keys.clone();
    for _ in 0..longest {
        last = last.iter().flat_map(|key| PIECES.iter().map(move |piece| format!("{key}{piece}"))).collect();
        keys.extend(last.clone());
    }
    keys
}

/// Every choice of a value or none for each parameter.
fn queries() -> Vec<String> {
    PARAMETERS.iter().fold(vec![String::new()], |queries, (name, values)| {
        let with = |query: &String, value: &str| {
            let separator = if query.is_empty() { "" } else { "&" };
            format!("{query}{separator}{name}={value}")
        };
        let one_more = queries.iter().flat_map(|query| values.iter().map(move |value| with(query, value)));
        queries.iter().cloned().chain(one_more.collect::<Vec<_>>()).collect()
    })
}

/// A key on the wire, with a raw `+`, which one SDK means as a space.
fn encoded(key: &str) -> String {
    [("?", "%3F"), ("&", "%26"), ("=", "%3D"), (" ", "%20")]
        .iter()
        .fold(key.to_owned(), |key, (from, to)| key.replace(from, to))
}

/// What a signature of version 1 must tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Meaning {
    operation: &'static str,
    bucket: String,
    key: String,
    /// The signed parameters that S3 or the service acts on.
    query: String,
}

/// What the core makes of a request whose signature is that of a text; `None` where it is refused.
fn meaning(gate: &Gate, request: &Request, text: &str) -> Option<Meaning> {
    let authorization = format!("OSS {ID}:{}", hmac_sha1(SECRET, text));
    let decision = gate.decide(&request.clone().set("authorization", &authorization).text(), UnixMillis(NOW));
    let (operation, resource) = (decision.operation?, decision.resource?);
    let forward = decision.outcome.ok()?;
    assert!(matches!(forward.origin, Origin::S3 | Origin::Api(_)));
    let key = resource.key.as_deref().unwrap_or_default().to_owned();
    Some(Meaning { operation: operation.name(), bucket: resource.bucket, key, query: forward.query })
}

/// The text that the core says a request should have signed; `None` where it is refused before.
fn text_of(gate: &Gate, request: &Request) -> Option<String> {
    let unsigned = request.clone().set("authorization", &format!("OSS {ID}:AAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    match gate.decide(&unsigned.text(), UnixMillis(NOW)).outcome {
        Err((Refusal::SignatureDoesNotMatch(mismatch), _)) => Some(mismatch.string_to_sign),
        _ => None,
    }
}

/// Every text that the core may take for a request: that of its first reading, with a space for each raw `+`, and with the
/// bucket from the path.
fn texts_of(gate: &Gate, request: &Request) -> Vec<String> {
    let Some(first) = text_of(gate, request) else { return Vec::new() };
    let mut texts = vec![first.clone(), first.replace('+', " ")];
    if let Some((before, rest)) = first.split_once("/fleet-uploads/").filter(|_| has_host(request, "oss.example.net")) {
        texts.extend([format!("{before}/{rest}"), format!("{before}/{rest}").replace('+', " ")]);
    }
    texts
}

fn has_host(request: &Request, host: &str) -> bool {
    request.headers.iter().any(|(name, value)| name == "host" && value == host)
}

/// What each text means, in all requests so far.
#[derive(Default)]
struct Known {
    meanings: HashMap<String, Meaning>,
    accepted: usize,
}

impl Known {
    fn add(&mut self, gate: &Gate, request: &Request) {
        for text in texts_of(gate, request) {
            let Some(meaning) = meaning(gate, request, &text) else { continue };
            self.accepted += 1;
            let known = self.meanings.entry(text.clone()).or_insert_with(|| meaning.clone());
            assert_eq!(*known, meaning, "one text for both: {text:?}, the other as {request:?}");
        }
    }
}

#[test]
fn tells_every_request_apart_by_its_text() {
    let gate = test_gate();
    let mut known = Known::default();
    let on = |host: &str, before: &str, key: &str, method: &str, query: &str| {
        request(method, &format!("{before}{}", encoded(key)), query).set("host", host)
    };
    for key in keys(LONGEST_KEY) {
        for (method, query) in SERVED {
            known.add(&gate, &on("uploads.example.com", "/", &key, method, query));
        }
    }
    for key in keys(1) {
        for query in queries() {
            METHODS.iter().for_each(|method| known.add(&gate, &on("uploads.example.com", "/", &key, method, &query)));
        }
    }
    for key in keys(2) {
        for (host, before) in HOSTS {
            SERVED.iter().for_each(|(method, query)| known.add(&gate, &on(host, before, &key, method, query)));
        }
    }
    assert!(known.accepted > 10_000 && known.meanings.len() > 4000, "{} {}", known.accepted, known.meanings.len());
}

/// The same without a notion of which texts the core may take: each request with the signature of each text.
#[test]
fn takes_no_text_of_another_request() {
    let gate = test_gate();
    let requests: Vec<Request> = keys(2)
        .iter()
        .filter(|key| !key.contains(['&', 'c', ' ']))
        .flat_map(|key| SERVED[..3].iter().map(|(method, query)| request(method, &format!("/{}", encoded(key)), query)))
        .chain(
            ["fleet-logs/a", "a+", "a "]
                .iter()
                .map(|key| request("PUT", &format!("/{}", encoded(key)), "").set("host", "oss.example.net")),
        )
        .collect();
    let mut known = HashMap::new();
    let mut own = Vec::new();
    for request in &requests {
        for text in texts_of(&gate, request) {
            if let Some(meaning) = meaning(&gate, request, &text) {
                known.insert(text.clone(), meaning);
                own.push(text);
            }
        }
    }
    own.sort();
    own.dedup();
    for request in &requests {
        for text in own.iter().filter(|text| text.starts_with(&request.method)) {
            if let Some(meaning) = meaning(&gate, request, text) {
                assert_eq!(Some(&meaning), known.get(text), "{text:?} for {request:?}");
            }
        }
    }
    assert!(own.len() > 100, "{}", own.len());
}
