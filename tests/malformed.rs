//! Malformed, forged and ambiguous requests: none is forwarded, and each is refused for what is wrong with it.

use std::collections::HashSet;

use oss_edge::{Refusal, UnixMillis};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(not(target_arch = "wasm32"))]
use crate::device::request;
use crate::device::{api, gate, json};

#[cfg(not(target_arch = "wasm32"))]
mod any_request;

const REQUESTS: &str = include_str!("malformed/requests.json");

fn document() -> Value {
    serde_json::from_str(REQUESTS).unwrap()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}"))
}

fn request_text(entry: &Value) -> String {
    gate::request_text(text(entry, "method"), text(entry, "uri"), text(entry, "query"), json::pairs(&entry["headers"]))
}

#[test]
fn refuses_each_request_for_what_is_wrong_with_it() {
    let document = document();
    let gate = gate::gate(&document["config"], &document["accessKeys"]);
    let entries = document["requests"].as_array().unwrap();
    assert!(entries.len() >= 120, "{}", entries.len());
    let mut wrong = Vec::new();
    for entry in entries {
        let found = match gate.decide(&request_text(entry), json::millis(text(entry, "now"))).outcome {
            Ok(_) => json!("forwarded"),
            Err((refusal, response)) => json!({ "status": response.status, "code": refusal.code() }),
        };
        if found != entry["expected"] {
            wrong.push(format!("{}: {}: {found}, expected {}", entry["id"], entry["why"], entry["expected"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn forwards_the_same_requests_when_they_are_well_formed() {
    let document = document();
    let gate = gate::gate(&document["config"], &document["accessKeys"]);
    for entry in document["wellFormed"].as_array().unwrap() {
        let decision = gate.decide(&request_text(entry), json::millis(text(entry, "now")));
        let refusal = decision.outcome.err().map(|(refusal, _)| refusal);
        let operation = decision.operation.map(|operation| operation.name());
        assert_eq!((refusal, operation), (None, entry["operation"].as_str()), "{}", entry["id"]);
    }
}

#[test]
fn refuses_each_request_at_the_api_too() {
    let document = document();
    let gate = gate::gate(&document["config"], &document["accessKeys"]);
    for entry in document["requests"].as_array().unwrap() {
        let hand_over = api::hand_over(&request_text(entry));
        let decision = gate.decide_at_api(&hand_over, json::millis(text(entry, "now")));
        assert!(decision.outcome.is_err(), "{}", entry["id"]);
    }
}

/// But what only API Gateway can't carry: large headers, and a document in chunks.
#[test]
fn refuses_each_request_where_the_relay_is_the_entrance() {
    let document = document();
    let mut config = document["config"].clone();
    config.as_object_mut().unwrap().remove("api").unwrap();
    config["entrance"] = json!("relay");
    let gate = gate::gate(&config, &document["accessKeys"]);
    let refused = |entry: &&Value| {
        let decided = gate.decide_at_entrance(&request_text(entry), json::millis(text(entry, "now")));
        decided.to_service_text().starts_with(r#"{"decision":"refuse""#)
    };
    let requests = document["requests"].as_array().unwrap();
    let others: Vec<_> = requests.iter().filter(|entry| !refused(entry)).map(|entry| text(entry, "id")).collect();
    let of_the_api =
        ["header-32-kb-to-the-api", "header-4-kb-to-the-api", "header-9-kb-to-the-api", "body-chunked-complete"];
    assert_eq!(others, of_the_api);
}

#[test]
fn has_requests_with_unique_ids_and_a_stated_fault() {
    let document = document();
    let mut known = HashSet::new();
    for entry in document["requests"].as_array().unwrap() {
        assert!(known.insert(text(entry, "id")), "{}", entry["id"]);
        assert!(!text(entry, "why").is_empty(), "{}", entry["id"]);
        let status = entry["expected"]["status"].as_u64().unwrap();
        assert!((400..500).contains(&status), "{}", entry["id"]);
    }
}

/// Texts that no adapter writes.
#[test]
fn refuses_a_text_whose_count_is_not_the_number_of_its_headers() {
    let document = document();
    let gate = gate::gate(&document["config"], &document["accessKeys"]);
    for request_text in [
        "",
        "\0",
        "\0\0\0\0",
        "0",
        "0\0id\0PUT\0/k",
        "-1\0id\0PUT\0/k\0",
        "+\0id\0PUT\0/k\0",
        "1\0id\0PUT\0/k\0",
        "0\0id\0PUT\0/k\0\0host\0uploads.example.com",
        "1\0id\0PUT\0/k\0\0host",
        "2\0id\0PUT\0/k\0\0host\0uploads.example.com",
        "0x1\0id\0PUT\0/k\0\0host\0uploads.example.com",
        "1 \0id\0PUT\0/k\0\0host\0uploads.example.com",
        "1.0\0id\0PUT\0/k\0\0host\0uploads.example.com",
        "18446744073709551616\0id\0PUT\0/k\0\0host\0uploads.example.com",
        "18446744073709551615\0id\0PUT\0/k\0\0host\0uploads.example.com",
        "4294967297\0id\0PUT\0/k\0\0host\0uploads.example.com",
    ] {
        let refusal = gate.decide(request_text, UnixMillis(0)).outcome.err().map(|(refusal, _)| refusal);
        assert_eq!(refusal, Some(Refusal::MalformedRequest), "{request_text:?}");
    }
}
