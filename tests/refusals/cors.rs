//! Pages of other origins: their preflights, and whether they can read a refusal.

use oss_edge::{EdgeDecision, Gate, PreflightFault, Refusal, UnixMillis};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::gate_with;
use super::request::{NOW, Request, request};

const PAGE: &str = "https://app.example.com";

fn cors(origins: Value) -> Gate {
    gate_with(&json!({ "cors": { "origins": origins } }))
}

/// A preflight as browsers send it: without a signature.
fn preflight(method: &str, headers: &str) -> Request {
    request("OPTIONS", "/dir/a.log", "")
        .without("date")
        .with("origin", PAGE)
        .with("access-control-request-method", method)
        .with("access-control-request-headers", headers)
}

fn answered(gate: &Gate, request: &Request) -> Result<Vec<(&'static str, String)>, Refusal> {
    match gate.decide_at_edge(&request.text(), UnixMillis(NOW)) {
        EdgeDecision::Preflight(preflight) => Ok(preflight.headers),
        EdgeDecision::Other(decision) => Err(decision.outcome.err().unwrap().0),
    }
}

fn refused_headers(gate: &Gate, request: &Request) -> Vec<(&'static str, String)> {
    let headers = gate.decide(&request.text(), UnixMillis(NOW)).outcome.err().unwrap().1.headers;
    headers.into_iter().filter(|(name, _)| name.starts_with("Access-Control") || *name == "Vary").collect()
}

fn pairs(headers: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

#[test]
fn answers_a_preflight_without_a_signature() {
    let exposed = "ETag, x-oss-request-id, x-oss-hash-crc64ecma";
    let headers = answered(&cors(json!([PAGE])), &preflight("PUT", "authorization,Content-Type, x-oss-date"));
    let expected = pairs(&[
        ("Date", "Tue, 24 Nov 2026 01:52:57 GMT"),
        ("x-oss-request-id", "EB79EE84280FC701D77D9B59"),
        ("Access-Control-Allow-Origin", PAGE),
        ("Vary", "Origin"),
        ("Access-Control-Expose-Headers", exposed),
        ("Access-Control-Allow-Methods", "PUT, POST, DELETE, GET"),
        ("Access-Control-Allow-Headers", "authorization, content-type, x-oss-date"),
        ("Access-Control-Max-Age", "600"),
    ]);
    assert_eq!(headers, Ok(expected));
}

#[test]
fn answers_a_preflight_for_every_request_that_is_served() {
    for (method, query) in [
        ("PUT", ""),
        ("POST", "uploads"),
        ("PUT", "partNumber=1&uploadId=U1"),
        ("GET", "uploadId=U1"),
        ("DELETE", "uploadId=U1"),
        ("PUT", "OSSAccessKeyId=a&Expires=1&Signature=b"),
    ] {
        let asking = Request { query: query.into(), ..preflight(method, "") };
        let headers = answered(&cors(json!(["*"])), &asking).unwrap();
        assert!(headers.contains(&("Access-Control-Allow-Origin", "*".to_owned())), "{method} {query}");
        assert!(!headers.iter().any(|(name, _)| *name == "Access-Control-Allow-Headers"));
    }
}

#[test]
fn answers_as_configured() {
    let fields = json!({ "origins": ["http://localhost:3000", PAGE], "exposedHeaders": ["ETag"], "maxAgeSeconds": 60 });
    let headers =
        answered(&gate_with(&json!({ "cors": fields, "headObject": "absent" })), &preflight("HEAD", "")).unwrap();
    for (name, value) in [
        ("Access-Control-Expose-Headers", "ETag"),
        ("Access-Control-Max-Age", "60"),
        ("Access-Control-Allow-Methods", "PUT, POST, DELETE, GET, HEAD"),
    ] {
        assert!(headers.contains(&(name, value.to_owned())), "{headers:?}");
    }
}

#[test]
fn refuses_a_preflight_that_asks_for_what_is_not_allowed() {
    let gate = cors(json!([PAGE]));
    let origin = |origin: &str| PreflightFault::Origin(origin.into());
    let method = |method: &str| PreflightFault::Method(method.into());
    let put = || preflight("PUT", "");
    for (asking, fault) in [
        (put().without("origin"), origin("")),
        (put().set("origin", "https://other.example.com"), origin("https://other.example.com")),
        (put().set("origin", "http://app.example.com"), origin("http://app.example.com")),
        (put().set("origin", "https://app.example.com.evil.example"), origin("https://app.example.com.evil.example")),
        (put().set("origin", "https://APP.example.com"), origin("https://APP.example.com")),
        (put().set("origin", "null"), origin("null")),
        (put().with("origin", PAGE), origin("")),
        (put().without("access-control-request-method"), method("")),
        (put().with("access-control-request-method", "PUT"), method("")),
        (preflight("HEAD", ""), method("HEAD")),
        (preflight("PATCH", ""), method("PATCH")),
        (preflight("put", ""), method("put")),
        (preflight("PUT", "a b"), PreflightFault::Headers),
        (preflight("PUT", "a\r\nb"), PreflightFault::Headers),
        (preflight("PUT", &"a,".repeat(2049)), PreflightFault::Headers),
        (put().with("access-control-request-headers", "a"), PreflightFault::Headers),
    ] {
        assert_eq!(answered(&gate, &asking), Err(Refusal::AccessForbidden(fault)), "{asking:?}");
    }
    let longest = preflight("PUT", &"a,".repeat(2048));
    assert!(answered(&gate, &longest).is_ok());
    // The checks before it have their own answers.
    assert_eq!(answered(&gate, &put().set("host", "nobody")), Err(Refusal::UnknownHost("nobody".into())));
    let repeated = Request { query: "a&a".into(), ..put() };
    assert_eq!(answered(&gate, &repeated), Err(Refusal::RepeatedParameter("a".into())));
    let of_bucket = Request { uri: "/".into(), ..put() };
    assert_eq!(answered(&gate, &of_bucket), Err(Refusal::MethodNotAllowed));
}

#[test]
fn answers_a_refused_preflight_as_oss_does() {
    let asking = preflight("PUT", "").set("origin", "https://other.example.com");
    let (refusal, answer) = cors(json!([PAGE])).decide(&asking.text(), UnixMillis(NOW)).outcome.err().unwrap();
    assert_eq!((answer.status, answer.code), (403, "AccessForbidden"));
    assert_eq!(refusal.field(), Some("origin"));
    assert_eq!(refusal.detail(), "unknown origin `https://other.example.com`: add it to `cors.origins`");
    assert!(answer.body.contains("<Message>CORSResponse: This CORS request is not allowed."), "{}", answer.body);
    assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("Access-Control") || *name == "x-oss-ec"));
}

#[test]
fn lets_a_page_read_its_refusals() {
    let skewed =
        || request("PUT", "/dir/a.log", "").set("date", "Tue, 24 Nov 2015 01:52:57 GMT").signed(super::RESOURCE);
    let headers =
        [("Access-Control-Allow-Origin", PAGE), ("Vary", "Origin"), ("Access-Control-Expose-Headers", "ETag")];
    let gate = gate_with(&json!({ "cors": { "origins": [PAGE], "exposedHeaders": ["ETag"] } }));
    assert_eq!(refused_headers(&gate, &skewed().with("origin", PAGE)), pairs(&headers));
    for origin in ["https://other.example.com", "null", ""] {
        assert_eq!(refused_headers(&gate, &skewed().with("origin", origin)), [], "{origin}");
    }
    assert_eq!(refused_headers(&gate, &skewed()), []);
    assert_eq!(refused_headers(&gate, &skewed().with("origin", PAGE).with("origin", PAGE)), []);
    let any = gate_with(&json!({ "cors": { "origins": ["*"], "exposedHeaders": [] } }));
    let expected = pairs(&[("Access-Control-Allow-Origin", "*"), ("Vary", "Origin")]);
    assert_eq!(refused_headers(&any, &skewed().with("origin", "https://other.example.com")), expected);
}

#[test]
fn verifies_a_page_s_own_request_as_any_other() {
    let gate = cors(json!([PAGE]));
    let refusal =
        |request: &Request| gate.decide(&request.text(), UnixMillis(NOW)).outcome.err().map(|(refusal, _)| refusal);
    let put = request("PUT", "/dir/a.log", "").with("origin", PAGE).with("access-control-request-method", "PUT");
    assert_eq!(refusal(&put), Some(Refusal::MissingSignature));
    assert_eq!(refusal(&put.signed(super::RESOURCE)), None);
}

#[test]
fn knows_nothing_of_pages_unless_configured() {
    let gate = gate_with(&json!({}));
    assert_eq!(answered(&gate, &preflight("PUT", "")), Err(Refusal::MethodNotAllowed));
    let unsigned = request("PUT", "/dir/a.log", "").with("origin", PAGE);
    assert_eq!(refused_headers(&gate, &unsigned), []);
}
