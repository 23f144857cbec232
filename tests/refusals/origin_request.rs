//! The same requests where origin-request decides: what it decides alike, and what it can't do there.

use oss_edge::{Forward, Gate, LengthFault, Origin, Refusal, RelayedBody, UnixMillis};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::request::{ID, NOW, Request, SECRET, request};
use super::{RESOURCE, config, each_refusal, gate, gate_with, operations, test_gate};

fn gate_at_origin_request(fields: &Value) -> Gate {
    let mut fields = fields.clone();
    fields["triggers"] = json!("origin-request");
    gate_with(&fields)
}

/// The same without the API: with a relay, or with neither.
fn gate_without_api(fields: &Value) -> Gate {
    let mut document = config::with(fields);
    document.as_object_mut().unwrap().remove("api");
    document["triggers"] = json!("origin-request");
    gate::gate(&document, &json!({ "accessKeys": [{ "accessKeyId": ID, "accessKeySecret": SECRET }] }))
}

fn with_relay(fields: &Value) -> Gate {
    let mut fields = fields.clone();
    fields["relay"] = json!({ "domain": "relay.example.com", "path": "" });
    gate_without_api(&fields)
}

fn outcome<'g>(gate: &'g Gate, request: &Request) -> Result<Forward<'g>, Refusal> {
    gate.decide(&request.text(), UnixMillis(NOW)).outcome.map_err(|(refusal, _)| refusal)
}

/// Where a request goes, or why it is refused.
fn destination(gate: &Gate, request: &Request) -> String {
    match outcome(gate, request) {
        Ok(Forward { origin: Origin::S3, .. }) => "s3".into(),
        Ok(Forward { origin: Origin::Api(through), .. }) => format!("api{}", through.resource),
        Ok(Forward { origin: Origin::Relay(through), .. }) => format!("relay{}", through.resource),
        Ok(Forward { origin: Origin::Entrance(_), .. }) => "entrance".into(),
        Err(refusal) => refusal.detail().into_owned(),
    }
}

fn put(headers: &[(&str, &str)]) -> Request {
    let put = request("PUT", "/dir/a.log", "");
    headers.iter().fold(put, |request, (name, value)| request.with(name, value)).signed(RESOURCE)
}

const FORBIDDEN: (&str, &str) = ("x-oss-forbid-overwrite", "true");
const NEEDS_RELAY: &str =
    "header `x-oss-forbid-overwrite` is `true`: with `triggers` \"origin-request\" it needs a `relay`";

#[test]
fn refuses_what_viewer_request_refuses_and_for_the_same_cause() {
    let gate = gate_at_origin_request(&json!({}));
    let requests = each_refusal::requests();
    assert!(requests.len() > 40);
    for request in requests {
        let expected = outcome(test_gate(), &request).err();
        assert_eq!(outcome(&gate, &request).err(), expected, "{request:?}");
        assert!(expected.is_some(), "{request:?}");
    }
}

#[test]
fn sends_on_what_viewer_request_sends_on_and_nothing_that_is_meant_for_another_function() {
    let gate = gate_at_origin_request(&json!({}));
    for (name, request, resource) in operations() {
        let request = request.with("content-type", "text/plain").with("x-oss-meta-a", "1").signed(&resource);
        let (here, there) = (outcome(&gate, &request).unwrap(), outcome(test_gate(), &request).unwrap());
        assert_eq!(here.origin, there.origin, "{name}");
        assert_eq!((&here.uri, &here.query, &here.headers), (&there.uri, &there.query, &there.headers), "{name}");
        assert_eq!(here.edge_target(), there.edge_target(), "{name}");
        let mut headers = there.edge_headers();
        assert_eq!(
            headers.split_off(headers.len() - 2),
            [("x-ossedge-origin", here.origin_domain()), ("x-ossedge-seal", there.seal.as_deref().unwrap()),]
        );
        assert_eq!((here.edge_headers(), here.seal.as_ref()), (headers, None), "{name}");
    }
}

#[test]
fn names_the_origin_for_the_function_that_routes() {
    let text = |gate: &Gate, request: &Request| gate.decide(&request.text(), UnixMillis(NOW)).to_edge_text();
    let gate = gate_at_origin_request(&json!({}));
    for (name, request, _) in operations() {
        let json: Value = serde_json::from_str(&text(&gate, &request)).unwrap();
        assert_eq!(json["domain"], outcome(&gate, &request).unwrap().origin_domain(), "{name}");
        let json: Value = serde_json::from_str(&text(test_gate(), &request)).unwrap();
        assert_eq!(json.get("domain"), None, "{name}");
    }
}

#[test]
fn refuses_a_forbidden_overwrite_without_a_relay_and_names_it() {
    for gate in [gate_at_origin_request(&json!({})), gate_without_api(&json!({}))] {
        for framing in [("content-length", "7"), ("x-oss-meta-a", "1")] {
            let refusal = outcome(&gate, &put(&[FORBIDDEN, framing])).unwrap_err();
            assert_eq!((refusal.code(), refusal.status()), ("NotImplemented", 400));
            assert_eq!(refusal.field(), Some("x-oss-forbid-overwrite"));
            assert_eq!(refusal.detail(), NEEDS_RELAY);
        }
        assert_eq!(destination(&gate, &put(&[("x-oss-forbid-overwrite", "false")])), "s3");
    }
    assert_eq!(destination(test_gate(), &put(&[FORBIDDEN])), "s3");
}

#[test]
fn sends_a_forbidden_overwrite_through_the_relay_which_decides_the_same() {
    let gate = with_relay(&json!({}));
    let request = put(&[FORBIDDEN, ("content-length", "7"), ("x-oss-meta-a", "1")]);
    let forward = outcome(&gate, &request).unwrap();
    let Origin::Relay(through) = &forward.origin else { panic!("expected the relay") };
    assert_eq!(forward.edge_target(), ("/put-object", ""));
    let body = forward.relayed_body().unwrap();
    assert_eq!((body.length, body.is_chunked), (Some(7), false));
    assert!(forward.headers.contains(&("if-none-match".into(), "*".into())));
    let at_relay = gate.decide_at_relay(through.hand_over.as_str(), UnixMillis(NOW)).outcome;
    let at_relay = at_relay.map_err(|(refusal, _)| refusal).unwrap();
    assert_eq!((&at_relay.headers, at_relay.relayed_body()), (&forward.headers, forward.relayed_body()));
    // Any other object goes straight to S3, and the relay takes none that does.
    assert_eq!(destination(&gate, &put(&[("content-length", "7")])), "s3");
    assert_eq!(destination(&gate, &put(&[("x-oss-forbid-overwrite", "false"), ("content-length", "7")])), "s3");
}

#[test]
fn takes_a_forbidden_overwrite_without_a_length_only_where_bodies_without_one_are_taken() {
    for framing in [("transfer-encoding", "chunked"), ("x-oss-meta-a", "1")] {
        let request = put(&[FORBIDDEN, framing]);
        let refusal = outcome(&with_relay(&json!({})), &request).unwrap_err();
        assert_eq!(refusal, Refusal::MissingContentLength(LengthFault::TurnedOff), "{framing:?}");
        let relaying = with_relay(&json!({ "bodiesWithoutLength": "relay" }));
        let body = outcome(&relaying, &request).unwrap().relayed_body();
        let is_chunked = framing.1 == "chunked";
        let expected = RelayedBody { length: None, is_chunked, max_bytes: 5 * 1024 * 1024 * 1024 };
        assert_eq!(body, Some(expected), "{framing:?}");
    }
}

#[test]
fn completes_an_upload_that_forbids_overwriting_where_a_condition_can_be_set() {
    let complete = |headers: &[(&str, &str)]| {
        let complete = request("POST", "/dir/a.log", "uploadId=U1");
        let complete = headers.iter().fold(complete, |request, (name, value)| request.with(name, value));
        complete.signed(&format!("{RESOURCE}?uploadId=U1"))
    };
    let at_s3 = json!({ "completeMultipartUpload": "s3" });
    let gate = gate_at_origin_request(&at_s3);
    assert_eq!(destination(&gate, &complete(&[])), "s3");
    assert_eq!(destination(&gate, &complete(&[FORBIDDEN])), "api/complete-multipart-upload");
    assert_eq!(destination(&with_relay(&at_s3), &complete(&[FORBIDDEN])), "relay/complete-multipart-upload");
    assert_eq!(destination(&gate_without_api(&at_s3), &complete(&[FORBIDDEN])), NEEDS_RELAY);
    assert_eq!(destination(&gate_with(&at_s3), &complete(&[FORBIDDEN])), "s3");
    // 0.1.0's mark of an upload that began so; a sealed id says the same.
    let marked = request("POST", "/dir/a.log", "uploadId=U1~forbid-overwrite");
    let marked = marked.signed(&format!("{RESOURCE}?uploadId=U1~forbid-overwrite"));
    assert_eq!(destination(&gate, &marked), "api/complete-multipart-upload");
    assert_eq!(destination(&gate_without_api(&at_s3), &marked), NEEDS_RELAY);
}

#[test]
fn takes_conditions_behind_the_edge_while_the_triggers_change() {
    let gates = |triggers: &str| {
        let fields = json!({ "triggers": triggers, "completeMultipartUpload": "s3" });
        let mut document = config::with(&fields);
        let api = document.as_object_mut().unwrap().remove("api").unwrap();
        document["relay"] = api;
        let keys = json!({ "accessKeys": [{ "accessKeyId": ID, "accessKeySecret": SECRET }] });
        (gate_with(&fields), gate::gate(&document, &keys))
    };
    let ((api, relay), (former_api, former_relay)) = (gates("origin-request"), gates("viewer-request"));
    let complete = request("POST", "/dir/a.log", "uploadId=U1").with(FORBIDDEN.0, FORBIDDEN.1);
    let complete = complete.signed(&format!("{RESOURCE}?uploadId=U1"));
    let put = put(&[FORBIDDEN, ("content-length", "7")]);
    let hand_over = |gate: &Gate, request: &Request| match outcome(gate, request).unwrap().origin {
        Origin::S3 | Origin::Entrance(_) => panic!("expected a service"),
        Origin::Api(through) | Origin::Relay(through) => through.hand_over.as_str().to_owned(),
    };
    for request in [&put, &complete] {
        assert_eq!(destination(&former_relay, request), "s3");
        let handed_over = hand_over(&relay, request);
        let at_relay = former_relay.decide_at_relay(&handed_over, UnixMillis(NOW)).outcome;
        assert!(
            at_relay.map_err(|(refusal, _)| refusal).unwrap().headers.contains(&("if-none-match".into(), "*".into()))
        );
    }
    let handed_over = hand_over(&api, &complete);
    assert!(former_api.decide_at_api(&handed_over, UnixMillis(NOW)).outcome.is_ok());
}

#[test]
fn lets_no_condition_of_the_client_reach_s3() {
    let gate = gate_at_origin_request(&json!({}));
    for name in ["if-modified-since", "If-None-Match", "if-range", "If-Unmodified-Since"] {
        for (operation, request, _) in operations() {
            let found = destination(&gate, &request.clone().with(name, "*"));
            if destination(test_gate(), &request) == "s3" {
                let name = name.to_lowercase();
                let detail =
                    format!("header `{name}` would reach S3: with `triggers` \"origin-request\" nothing can remove it");
                assert_eq!(found, detail, "{operation}");
            } else {
                assert!(found.starts_with("api/"), "{operation}: {found}");
            }
        }
    }
    for name in ["if-match", "range"] {
        assert_eq!(destination(&gate, &put(&[(name, "*")])), "s3", "{name}");
    }
}

#[test]
fn refuses_chunks_beside_a_length_as_it_sees_what_s3_would_get() {
    let both = put(&[("transfer-encoding", "chunked"), ("content-length", "7")]);
    let refusal = outcome(&gate_at_origin_request(&json!({})), &both).unwrap_err();
    assert_eq!(refusal, Refusal::MissingContentLength(LengthFault::LengthAndChunks));
    assert!(refusal.detail().ends_with("a `relay` takes such a body"));
    assert_eq!(destination(&with_relay(&json!({})), &both), "relay/put-object");
    assert_eq!(destination(test_gate(), &both), "s3");
}
