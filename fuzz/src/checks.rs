//! What each target checks of an input.

use oss_edge::{Decision, HandOver, Origin, Request, UnixMillis};

use crate::case::Case;
use crate::oracle::{Asked, forward, refusal};
use crate::wire::Wire;
use crate::world::{Deployment, KEYS, sealing_keys};

const REQUEST_ID: &str = "cf-request";

/// Decides over a request, and checks the decision, its answer and what is handed over.
///
/// # Panics
/// When anything isn't as the oracle has it.
pub fn check_case(case: &Case) {
    let wire = case.arriving();
    let asked = Asked { wire: &wire, deployment: case.deployment, now: case.now() };
    let gate = case.deployment.gate();
    let text = wire.text(REQUEST_ID);
    let decision = gate.decide(&text, UnixMillis(asked.now));
    match &decision.outcome {
        Ok(accepted) => {
            forward::check(asked, &decision, accepted);
            check_seal(&wire, &decision, asked.now);
            check_again(case.deployment, &decision, asked.now);
        }
        Err((refused, answer)) => {
            assert!(refusal::explains(asked, refused), "no such rule is broken: {refused:?}\n{wire:#?}");
            check_answer(&answer.body, answer.status);
        }
    }
}

/// An answer is XML that any parser reads, with a client's error, and without a secret.
pub fn check_answer(body: &str, status: u16) {
    assert!((400..500).contains(&status), "{status}");
    if !body.is_empty() {
        let document = roxmltree::Document::parse(body).expect("well-formed XML");
        let root = document.root_element();
        assert!(
            root.tag_name().name() == "Error" && root.attributes().len() == 0 && root.tag_name().namespace().is_none()
        );
        for name in ["Code", "Message", "RequestId", "HostId"] {
            let is_filled = root.children().any(|child| child.has_tag_name(name) && child.text().is_some());
            assert!(is_filled, "{name} in {body}");
        }
    }
    let secrets = KEYS.iter().flat_map(|key| key.secrets).map(|(secret, ..)| *secret);
    secrets.chain([crate::world::MASTER_SECRET]).for_each(|secret| assert!(!body.contains(secret), "a secret"));
}

/// What leaves viewer-request is opened by origin-request, and is not once a sealed part has changed.
fn check_seal(wire: &Wire, decision: &Decision<'_>, now: i64) {
    let Ok(forward) = &decision.outcome else { return };
    let (uri, query) = forward.edge_target();
    let headers = forward.edge_headers().into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let sent =
        Wire { method: wire.method.clone(), path: uri.to_owned(), query: query.to_owned(), headers: headers.collect() };
    let opens = |sent: &Wire| {
        let text = sent.text(REQUEST_ID);
        let request = Request::parse(&text).expect("a request");
        let opened = sealing_keys().open_hand_over(&request, UnixMillis(now));
        opened.ok().map(|opened| opened.origin.to_owned())
    };
    let origin = opens(&sent).expect("origin-request opens what viewer-request sealed");
    let expected = match &forward.origin {
        Origin::S3 => &*forward.s3_bucket.domain,
        Origin::Api(through) | Origin::Relay(through) => through.domain,
        Origin::Entrance(_) => panic!("no deployment has the relay as its entrance"),
    };
    assert_eq!(origin, expected);
    let changed = Wire { path: format!("{uri}x"), ..sent.clone() };
    assert_eq!(opens(&changed), None, "another path under the same seal");
}

/// The API or the relay decides the same over what is handed over.
fn check_again(deployment: Deployment, decision: &Decision<'_>, now: i64) {
    let Ok(forward) = &decision.outcome else { return };
    let (through, gate) = match &forward.origin {
        Origin::S3 | Origin::Entrance(_) => return,
        Origin::Api(through) | Origin::Relay(through) => (through, deployment.gate()),
    };
    let value = through.hand_over.as_str();
    assert!(HandOver::decode(value).is_ok());
    let again = match deployment {
        Deployment::Api => gate.decide_at_api(value, UnixMillis(now)),
        Deployment::Relay => gate.decide_at_relay(value, UnixMillis(now)),
    };
    assert_eq!(again.resource, decision.resource);
    assert_eq!(again.operation, decision.operation);
    let again = again.outcome.unwrap_or_else(|(refusal, _)| panic!("refused after the edge: {refusal:?}"));
    let of = |forward: &oss_edge::Forward<'_>| {
        (forward.uri.clone(), forward.query.clone(), forward.headers.clone(), forward.upload().cloned())
    };
    assert_eq!(of(&again), of(forward));
}
