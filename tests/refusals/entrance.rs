//! The relay as the entrance: it decides over the requests themselves, and performs every operation.

use oss_edge::{Decision, EdgeDecision, Gate, LengthFault, Origin, Refusal, RelayedBody, UnixMillis};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::request::{NOW, Request};
use super::{access_keys, config, each_refusal, gate, gate_with, operations};

const GIB_5: u64 = 5 * 1024 * 1024 * 1024;

/// A gate whose relay is the entrance.
fn entered(fields: &Value) -> Gate {
    let mut document = config::with(fields);
    document.as_object_mut().unwrap().remove("api").unwrap();
    document["entrance"] = json!("relay");
    gate::gate(&document, &access_keys())
}

fn at_entrance<'g>(gate: &'g Gate, request: &Request) -> Decision<'g> {
    match gate.decide_at_entrance(&request.text(), UnixMillis(NOW)) {
        EdgeDecision::Other(decision) => *decision,
        EdgeDecision::Preflight(_) => panic!("a preflight: {request:?}"),
    }
}

fn refusal(decision: Decision<'_>) -> Option<Refusal> {
    decision.outcome.err().map(|(refusal, _)| refusal)
}

fn with_length(name: &str, request: Request) -> Request {
    if matches!(name, "PutObject" | "UploadPart") { request.with("content-length", "7") } else { request }
}

#[test]
fn makes_the_same_request_to_s3_as_the_edge() {
    let (edge, entrance) = (gate_with(&json!({})), entered(&json!({})));
    for (name, request, _) in operations() {
        let request = with_length(name, request);
        let at_edge = edge.decide(&request.text(), UnixMillis(NOW)).outcome.ok().unwrap();
        let forward = at_entrance(&entrance, &request).outcome.map_err(|(refusal, _)| refusal).unwrap();
        assert!(matches!(forward.origin, Origin::Entrance(_)), "{name}");
        assert_eq!((&forward.uri, &forward.query), (&at_edge.uri, &at_edge.query), "{name}");
        assert_eq!((&forward.headers, &forward.seal), (&at_edge.headers, &None), "{name}");
        assert_eq!((forward.options(), forward.upload()), (at_edge.options(), at_edge.upload()), "{name}");
    }
}

#[test]
fn decides_alike_however_it_is_asked() {
    let entrance = entered(&json!({}));
    for (name, request, _) in operations() {
        let request = with_length(name, request);
        let replayed = entrance.decide(&request.text(), UnixMillis(NOW)).outcome.ok().unwrap();
        assert_eq!(at_entrance(&entrance, &request).outcome.ok().unwrap(), replayed, "{name}");
    }
}

#[test]
fn serves_nothing_where_cloudfront_is_the_entrance() {
    let mut relayed = config::with(&json!({}));
    relayed.as_object_mut().unwrap().remove("api").unwrap();
    relayed["relay"] = json!({ "domain": "relay.example.com", "path": "" });
    for gate in [gate_with(&json!({})), gate::gate(&relayed, &access_keys())] {
        for (name, request, _) in operations() {
            let decision = at_entrance(&gate, &with_length(name, request));
            assert_eq!(refusal(decision), Some(Refusal::MethodNotAllowed), "{name}");
        }
    }
}

#[test]
fn takes_no_hand_over_of_an_edge() {
    let entrance = entered(&json!({}));
    for (name, request, _) in operations() {
        let hand_over = super::api::hand_over(&with_length(name, request).text());
        let now = UnixMillis(NOW);
        assert_eq!(refusal(entrance.decide_at_relay(&hand_over, now)), Some(Refusal::MethodNotAllowed), "{name}");
        assert_eq!(refusal(entrance.decide_at_api(&hand_over, now)), Some(Refusal::MethodNotAllowed), "{name}");
    }
}

#[test]
fn says_how_each_body_is_stored() {
    let framed = |name: &str, headers: &[(&str, &str)]| {
        let request = operations().find(|(known, ..)| *known == name).unwrap().1;
        headers.iter().fold(request, |request, (name, value)| request.with(name, value))
    };
    let (off, on) = (entered(&json!({})), entered(&json!({ "bodiesWithoutLength": "relay" })));
    let stored = |length, is_chunked| Ok(Some(RelayedBody { length, is_chunked, max_bytes: GIB_5 }));
    let chunked = ("transfer-encoding", "chunked");
    for name in ["PutObject", "UploadPart"] {
        let body = |gate: &Gate, headers: &[(&str, &str)]| {
            let forward = at_entrance(gate, &framed(name, headers)).outcome;
            forward.map(|forward| forward.relayed_body()).map_err(|(refusal, _)| refusal)
        };
        for gate in [&off, &on] {
            assert_eq!(body(gate, &[("content-length", "7")]), stored(Some(7), false), "{name}");
            assert_eq!(body(gate, &[("content-length", "7"), chunked]), stored(Some(7), true), "{name}");
            assert_eq!(body(gate, &[]), Err(Refusal::MissingContentLength(LengthFault::NoFraming)), "{name}");
        }
        assert_eq!(body(&off, &[chunked]), Err(Refusal::MissingContentLength(LengthFault::TurnedOff)), "{name}");
        assert_eq!(body(&on, &[chunked]), stored(None, true), "{name}");
    }
}

#[test]
fn refuses_what_the_edge_refuses() {
    let (edge, entrance) = (gate_with(&json!({})), entered(&json!({})));
    let mut compared = 0;
    for (request, ..) in each_refusal::table() {
        let at_edge = edge.decide(&request.text(), UnixMillis(NOW)).outcome.err().unwrap();
        let found = at_entrance(&entrance, &request).outcome.err();
        // Nothing there must fit through API Gateway, and a body without a length could be taken.
        match at_edge.0 {
            Refusal::RequestTooLarge => assert!(!matches!(found, Some((Refusal::RequestTooLarge, _)))),
            Refusal::MissingContentLength(_) => assert_eq!(found.unwrap().1.code, at_edge.1.code),
            refusal => {
                let (found, response) = found.unwrap();
                assert_eq!((found, response.headers, response.body), (refusal, at_edge.1.headers, at_edge.1.body));
            }
        }
        compared += 1;
    }
    assert!(compared >= 60, "{compared}");
}

#[test]
fn answers_preflights_of_pages_that_may_send_their_request() {
    let entrance = entered(&json!({ "cors": { "origins": ["https://app.example.com"] } }));
    let preflight = |origin: &str| {
        let request = super::request::request("OPTIONS", "/dir/a.log", "");
        request.with("origin", origin).with("access-control-request-method", "PUT").text()
    };
    let decided = entrance.decide_at_entrance(&preflight("https://app.example.com"), UnixMillis(NOW));
    assert!(decided.to_service_text().starts_with(r#"{"decision":"answer""#));
    let refused = entrance.decide_at_entrance(&preflight("https://other.example.com"), UnixMillis(NOW));
    assert!(refused.to_service_text().starts_with(r#"{"decision":"refuse""#));
}
