//! What goes to the relay, what it decides again, and what is refused without one.

use oss_edge::{Gate, HandOver, LengthFault, Origin, Refusal, RelayedBody, UnixMillis};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::request::{ID, NOW, Request, SECRET};
use super::{OPERATIONS, RESOURCE, config, gate, gate_with, operations};

const GIB_5: u64 = 5 * 1024 * 1024 * 1024;

/// A gate with a relay in place of the API.
fn gate_with_relay(fields: Value) -> Gate {
    gate_of(fields, &json!({ "accessKeys": [{ "accessKeyId": ID, "accessKeySecret": SECRET }] }))
}

fn gate_of(fields: Value, keys: &Value) -> Gate {
    let mut document = config::with(&fields);
    let api = document.as_object_mut().unwrap().remove("api").unwrap();
    document["relay"] = json!({ "domain": "relay.example.com", "path": api["path"] });
    gate::gate(&document, keys)
}

fn relaying() -> Gate {
    gate_with_relay(json!({ "bodiesWithoutLength": "relay" }))
}

/// Each way to frame a body, by the headers.
const FRAMINGS: [(&str, &[(&str, &str)]); 4] = [
    ("length", &[("content-length", "7")]),
    ("chunks", &[("transfer-encoding", "chunked")]),
    ("both", &[("transfer-encoding", "chunked"), ("content-length", "7")]),
    ("neither", &[]),
];

fn framed(request: &Request, headers: &[(&str, &str)]) -> Request {
    headers.iter().fold(request.clone(), |request, (name, value)| request.with(name, value))
}

/// Where a request goes, or why it is refused.
fn destination(gate: &Gate, request: &Request) -> String {
    match gate.decide(&request.text(), UnixMillis(NOW)).outcome {
        Ok(forward) => match forward.origin {
            Origin::S3 => "s3".into(),
            Origin::Api(_) => "api".into(),
            Origin::Relay(_) | Origin::Entrance(_) => "relay".into(),
        },
        Err((refusal, _)) => refusal.code().into(),
    }
}

fn operation(name: &str) -> Request {
    operations().into_iter().find(|(known, ..)| *known == name).unwrap().1
}

/// The hand-over to the relay, and what it is decided to store.
fn handed_over(gate: &Gate, request: &Request) -> (String, Option<RelayedBody>) {
    let outcome = gate.decide(&request.text(), UnixMillis(NOW)).outcome;
    let forward = outcome.map_err(|(refusal, _)| refusal).unwrap();
    let Origin::Relay(through) = &forward.origin else { panic!("expected the relay: {request:?}") };
    assert_eq!(forward.edge_target(), (through.resource, ""));
    assert_eq!(through.domain, "relay.example.com");
    (through.hand_over.as_str().to_owned(), forward.relayed_body())
}

fn refusal_at_relay(gate: &Gate, hand_over: &str) -> Option<Refusal> {
    gate.decide_at_relay(hand_over, UnixMillis(NOW)).outcome.err().map(|(refusal, _)| refusal)
}

/// docs/configuration.md has the same table.
#[test]
fn sends_each_operation_where_the_table_says() {
    let page = include_str!("../../docs/configuration.md");
    let start = page.find("| operation, and how its body ends |").unwrap();
    let gates = [
        gate_with(&json!({})),
        gate_with_relay(json!({})),
        relaying(),
        gate::gate(
            &json!({
                "hosts": [{ "host": "uploads.example.com", "style": "cname", "bucket": "fleet-uploads" }],
                "buckets": { "fleet-uploads": { "s3Bucket": "fleet-uploads-prod", "region": "us-east-1" } },
                "unsealedUploadIds": "forward",
            }),
            &json!({ "accessKeys": [{ "accessKeyId": ID, "accessKeySecret": SECRET }] }),
        ),
    ];
    let mut written = Vec::new();
    for (name, ..) in OPERATIONS {
        let takes_body = matches!(name, "PutObject" | "UploadPart" | "CompleteMultipartUpload");
        let framings = if takes_body { &FRAMINGS[..] } else { &FRAMINGS[3..] };
        for (framing, headers) in framings {
            let request = framed(&operation(name), headers);
            let row: Vec<_> = gates.iter().map(|gate| destination(gate, &request)).collect();
            let what = if takes_body { format!("{name}, {framing}") } else { name.to_owned() };
            written.push(format!("| {what} | {} |", row.join(" | ")));
        }
    }
    let expected: Vec<_> = page[start..].lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    assert_eq!(written, expected, "\n{}\n", written.join("\n"));
}

#[test]
fn names_the_option_that_would_take_a_body_without_a_length() {
    let put = framed(&operation("PutObject"), FRAMINGS[1].1);
    let fault = |gate: &Gate| gate.decide(&put.text(), UnixMillis(NOW)).outcome.err().map(|(refusal, _)| refusal);
    let without = fault(&gate_with(&json!({}))).unwrap();
    assert_eq!(without, Refusal::MissingContentLength(LengthFault::NoRelay));
    assert!(without.detail().contains("a `relay` with `bodiesWithoutLength` \"relay\""));
    let off = fault(&gate_with_relay(json!({}))).unwrap();
    assert_eq!(off, Refusal::MissingContentLength(LengthFault::TurnedOff));
    assert!(off.detail().contains("`bodiesWithoutLength` is \"refuse\""));
}

#[test]
fn takes_a_document_in_chunks_only_where_the_relay_completes_the_upload() {
    let complete = framed(&operation("CompleteMultipartUpload"), FRAMINGS[1].1);
    assert_eq!(destination(&gate_with_relay(json!({})), &complete), "relay");
    for gate in [gate_with_relay(json!({ "completeMultipartUpload": "s3" })), gate_with(&json!({}))] {
        let refusal = gate.decide(&complete.text(), UnixMillis(NOW)).outcome.err().unwrap().0;
        assert_eq!(refusal, Refusal::MissingContentLength(LengthFault::DocumentElsewhere));
        assert!(refusal.detail().contains("a `relay` with `completeMultipartUpload` \"relay\""));
    }
}

#[test]
fn decides_the_same_at_the_relay_as_at_the_edge() {
    let gate = relaying();
    for (name, ..) in OPERATIONS.iter().filter(|(name, ..)| *name != "AbortMultipartUpload") {
        for (framing, headers) in &FRAMINGS[1..] {
            let request = framed(&operation(name), headers)
                .with("x-oss-meta-a", "日")
                .signed(&format!("{RESOURCE}{}", OPERATIONS.iter().find(|(known, ..)| known == name).unwrap().3));
            let (hand_over, body) = handed_over(&gate, &request);
            let decision = gate.decide_at_relay(&hand_over, UnixMillis(NOW));
            let at_edge = gate.decide(&request.text(), UnixMillis(NOW)).outcome.ok().unwrap();
            let at_relay = decision.outcome.map_err(|(refusal, _)| refusal).unwrap();
            assert_eq!((&at_relay.uri, &at_relay.query), (&at_edge.uri, &at_edge.query), "{name} {framing}");
            assert_eq!((&at_relay.headers, at_relay.relayed_body()), (&at_edge.headers, body), "{name} {framing}");
        }
    }
}

#[test]
fn hands_the_declared_length_over_and_nothing_where_there_is_none() {
    for name in ["PutObject", "UploadPart"] {
        let body = |framing: usize| handed_over(&relaying(), &framed(&operation(name), FRAMINGS[framing].1)).1;
        assert_eq!(body(1), Some(RelayedBody { length: None, is_chunked: true, max_bytes: GIB_5 }), "{name}");
        assert_eq!(body(2), Some(RelayedBody { length: Some(7), is_chunked: true, max_bytes: GIB_5 }), "{name}");
        assert_eq!(body(3), Some(RelayedBody { length: None, is_chunked: false, max_bytes: GIB_5 }), "{name}");
    }
    assert_eq!(handed_over(&relaying(), &operation("ListParts")).1, None);
}

#[test]
fn holds_the_limit_of_a_key_by_the_declared_length_or_by_count() {
    let keys = json!({ "accessKeys": [{ "accessKeyId": ID, "accessKeySecret": SECRET, "maxObjectBytes": 6 }] });
    let put = |framing: usize| framed(&operation("PutObject"), FRAMINGS[framing].1);
    let on = gate_of(json!({ "bodiesWithoutLength": "relay" }), &keys);
    assert_eq!(handed_over(&on, &put(1)).1, Some(RelayedBody { length: None, is_chunked: true, max_bytes: 6 }));
    assert_eq!(destination(&on, &put(2)), "EntityTooLarge");
    let off = gate_of(json!({}), &keys);
    for framing in [1, 3] {
        assert_eq!(destination(&off, &put(framing)), "MissingContentLength");
    }
}

#[test]
fn refuses_at_the_relay_what_the_edge_sends_elsewhere() {
    let on = relaying();
    let (hand_over, _) = handed_over(&on, &framed(&operation("PutObject"), FRAMINGS[1].1));
    // Taken out of a request through the relay, the framing says that the body goes to S3.
    let text = HandOver::decode(&hand_over).unwrap();
    let with_length = text.replace("transfer-encoding\0chunked", "content-length\x007");
    assert_ne!(with_length, text);
    let refused = |gate: &Gate, text: &str| refusal_at_relay(gate, &super::api::hand_over(text));
    assert_eq!(refused(&on, &with_length), Some(Refusal::MethodNotAllowed));
    assert_eq!(
        refused(&on, &text.replace("a.log", "b.log")).map(|refusal| refusal.code()),
        Some("SignatureDoesNotMatch")
    );
    let off = gate_with_relay(json!({}));
    assert_eq!(refusal_at_relay(&off, &hand_over), Some(Refusal::MissingContentLength(LengthFault::TurnedOff)));
    let abort = operation("AbortMultipartUpload").text();
    assert_eq!(refused(&on, &abort), Some(Refusal::MethodNotAllowed));
    // The authorizer of an API takes nothing for a relay, and a relay nothing for an API.
    let initiate = operation("InitiateMultipartUpload").text();
    let at_api = on.decide_at_api(&super::api::hand_over(&initiate), UnixMillis(NOW)).outcome.err();
    assert_eq!(at_api.map(|(refusal, _)| refusal), Some(Refusal::MethodNotAllowed));
    assert_eq!(refused(&gate_with(&json!({})), &initiate), Some(Refusal::MethodNotAllowed));
}

#[test]
fn refuses_codings_that_the_relay_does_not_read() {
    for coding in ["gzip, chunked", "chunked, chunked", "identity", "", "\"chunked\"", "chunked;a=b"] {
        for length in [&[][..], &[("content-length", "7")]] {
            let request = framed(&operation("PutObject"), length).with("transfer-encoding", coding);
            assert_eq!(destination(&relaying(), &request), "NotImplemented", "{coding:?} {length:?}");
        }
    }
    let repeated = framed(&operation("UploadPart"), FRAMINGS[1].1).with("transfer-encoding", "chunked");
    assert_eq!(destination(&relaying(), &repeated), "InvalidArgument");
    assert_eq!(
        destination(&relaying(), &framed(&operation("PutObject"), &[("transfer-encoding", "Chunked")])),
        "relay"
    );
}
