//! Sealed upload ids from the beginning of an upload to its end, at the edge and at the API.

use oss_edge::{Forward, Gate, Origin, Refusal, SealingKeys, ServiceUpload, UnixMillis, UploadFault};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::gate::sealing_keys;
use super::request::{NOW, Request, request};
use super::{RESOURCE, api, gate_with, variant};

const BUCKET: &str = "fleet-uploads-prod";
const KEY: &str = "dir/a.log";
const HOUR: i64 = 3_600_000;

/// The operations that name an upload: method, and the query before the id.
const OPERATIONS: [(&str, &str); 4] = [("PUT", "partNumber=7&"), ("POST", ""), ("DELETE", ""), ("GET", "")];

/// A gate that takes sealed ids alone, as by default.
fn sealed_only() -> Gate {
    gate_with(&json!({ "unsealedUploadIds": "refuse" }))
}

fn sealed(options: &str) -> String {
    sealing_keys().seal_upload_id(BUCKET, KEY, "U1", options, UnixMillis(NOW)).unwrap()
}

fn request_of(method: &str, before: &str, id: &str) -> Request {
    request(method, "/dir/a.log", &format!("{before}uploadId={id}"))
        .signed(&format!("{RESOURCE}?{before}uploadId={id}"))
}

/// Why it is refused, at the edge and behind it; `None` when it is forwarded.
fn faults(gate: &Gate, request: &Request, now: i64) -> [Option<UploadFault>; 2] {
    let text = request.text();
    let hand_over = api::hand_over(&text);
    [gate.decide(&text, UnixMillis(now)), gate.decide_at_api(&hand_over, UnixMillis(now))].map(|decision| {
        match decision.outcome {
            Ok(_) => None,
            Err((Refusal::NoSuchUpload(_, fault), answer)) => {
                assert_eq!((answer.status, answer.code), (404, "NoSuchUpload"));
                Some(fault)
            }
            // Not of the API.
            Err((Refusal::MethodNotAllowed, _)) => None,
            Err((refusal, _)) => panic!("{refusal:?}"),
        }
    })
}

fn s3_headers(forward: &Forward<'_>) -> Vec<(String, String)> {
    forward.headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect()
}

#[test]
fn goes_on_with_s3_s_own_id_for_a_sealed_one() {
    let (gate, id) = (sealed_only(), sealed("-"));
    for (method, before) in OPERATIONS {
        let decision = gate.decide(&request_of(method, before, &id).text(), UnixMillis(NOW));
        assert_eq!(decision.outcome.ok().unwrap().query, format!("{before}uploadId=U1"), "{method}");
    }
}

#[test]
fn refuses_an_id_without_its_seal_and_an_id_of_another_object() {
    let gate = sealed_only();
    let keys = sealing_keys();
    let seal = |s3_bucket, key| keys.seal_upload_id(s3_bucket, key, "U1", "-", UnixMillis(NOW)).unwrap();
    for (id, expected) in [
        ("U1".to_owned(), UploadFault::Unsealed),
        ("U1~forbid-overwrite".to_owned(), UploadFault::Unsealed),
        ("U".repeat(1024), UploadFault::Unsealed),
        (seal("fleet-logs-prod", KEY), UploadFault::SealMismatch),
        (seal("fleet-uploads", KEY), UploadFault::SealMismatch),
        (seal(BUCKET, "dir/b.log"), UploadFault::SealMismatch),
        (seal(BUCKET, "/dir/a.log"), UploadFault::SealMismatch),
        (sealed("f").replace(".f.", ".-."), UploadFault::SealMismatch),
        (sealed("-") + "1", UploadFault::SealMismatch),
        (sealed("-").replacen("s1.2.", "s1.9.", 1), UploadFault::UnknownSecret(9)),
        // Of an Initiate of another release.
        (sealed("-").replacen("s1.", "s2.", 1), UploadFault::Unsealed),
    ] {
        for (method, before) in OPERATIONS {
            let [edge, api] = faults(&gate, &request_of(method, before, &id), NOW);
            assert_eq!(edge.as_ref(), Some(&expected), "{method} {id}");
            // The API's authorizer is asked directly, and refuses as the edge does.
            assert_eq!(api.as_ref(), Some(&expected), "{method} {id} at the API");
        }
    }
}

#[test]
fn tells_the_operator_why_an_upload_goes_on_no_more_and_never_the_client() {
    for (fault, expected) in [
        (
            UploadFault::ListPartsOff,
            "ListParts is not served: it needs `listParts`, and `api` or `relay`, in the configuration",
        ),
        (UploadFault::Unsealed, "the upload id has no seal"),
        (UploadFault::UnknownSecret(9), "sealed with secret 9, which is not in the secrets"),
        (UploadFault::SealMismatch, "sealed for another bucket or key, was changed, or is of another secret"),
        (UploadFault::Expired, "the upload id is dated more than 7 days ago, or more than an hour ahead"),
        (UploadFault::UnknownOptions, "an option that this release does not serve"),
    ] {
        let refusal = Refusal::NoSuchUpload("U1".into(), fault);
        assert!(refusal.detail().contains(expected), "{}", refusal.detail());
    }
    let gate = sealed_only();
    let answer = |id: &str| {
        let decision = gate.decide(&request_of("DELETE", "", id).text(), UnixMillis(NOW));
        decision.outcome.err().unwrap().1.body.replace(id, "ID")
    };
    assert_eq!(answer("U1"), answer(&(sealed("-") + "1")));
}

#[test]
fn refuses_an_id_after_seven_days() {
    let gate = gate_with(&json!({ "unsealedUploadIds": "refuse", "maxUrlExpirySeconds": 315_360_000 }));
    let begun = NOW - NOW % HOUR;
    for (age, expected) in [(168 * HOUR + HOUR - 1, None), (169 * HOUR, Some(UploadFault::Expired))] {
        let id = sealing_keys().seal_upload_id(BUCKET, KEY, "U1", "-", UnixMillis(begun)).unwrap();
        let expires = (begun + age) / 1000 + 60;
        let resource = format!("{RESOURCE}?uploadId={id}");
        let text = format!("DELETE\n\n\n{expires}\n{resource}");
        let signature = super::request::hmac_sha1(super::request::SECRET, &text);
        let encoded = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let query =
            format!("uploadId={id}&OSSAccessKeyId={}&Expires={expires}&Signature={encoded}", super::request::ID);
        let request = request("DELETE", "/dir/a.log", &query).without("date");
        assert_eq!(faults(&gate, &request, begun + age)[0], expected, "{age}");
    }
}

#[test]
fn says_nothing_of_an_id_before_the_signature_was_verified() {
    let gate = sealed_only();
    for id in ["U1".to_owned(), sealed("-").replacen("s1.2.", "s1.9.", 1), sealed("-") + "1"] {
        let (refusal, _) = gate
            .decide(
                &request_of("DELETE", "", &id).set("authorization", "OSS LTAI5tTestDevice01:c2ln").text(),
                UnixMillis(NOW),
            )
            .outcome
            .err()
            .unwrap();
        assert_eq!(refusal.code(), "SignatureDoesNotMatch");
    }
}

#[test]
fn checks_the_id_after_the_headers_and_before_the_body() {
    let gate = sealed_only();
    let with_faults = |bucket: &str, host: &str, id: &str, callback: bool| {
        let resource = format!("/{bucket}/dir/a.log?partNumber=7&uploadId={id}");
        let request = request("PUT", "/dir/a.log", &format!("partNumber=7&uploadId={id}"));
        let request = request.set("host", host).with("content-length", "x");
        let request = if callback { request.with("x-oss-callback", "a") } else { request };
        let decision = gate.decide(&request.signed(&resource).text(), UnixMillis(NOW));
        variant(&decision.outcome.err().unwrap().0)
    };
    assert_eq!(with_faults("no-such", "no-such.oss.example.com", "U1", true), "NoSuchBucket");
    assert_eq!(with_faults("fleet-uploads", "uploads.example.com", "U1", true), "NotImplemented");
    assert_eq!(with_faults("fleet-uploads", "uploads.example.com", "U1", false), "NoSuchUpload");
    assert_eq!(with_faults("fleet-uploads", "uploads.example.com", &sealed("-"), false), "InvalidContentLength");
}

#[test]
fn tells_the_api_what_to_seal() {
    let gate = gate_with(&json!({ "headers": { "kmsKeys": { "default": "alias/uploads" } } }));
    let forbid = ("x-oss-forbid-overwrite", "true");
    let allow = ("x-oss-forbid-overwrite", "false");
    let encrypted = |with| ("x-oss-server-side-encryption", with);
    for (headers, expected) in [
        (&[][..], "-"),
        (&[forbid], "f"),
        (&[allow], "-"),
        (&[encrypted("AES256")], "a"),
        (&[encrypted("KMS")], "k"),
        (&[forbid, encrypted("AES256")], "fa"),
        (&[encrypted("KMS"), forbid], "fk"),
    ] {
        let initiate = request("POST", "/dir/a.log", "uploads");
        let initiate = headers.iter().fold(initiate, |request, (name, value)| request.with(name, value));
        let hand_over = api::hand_over(&initiate.signed(&format!("{RESOURCE}?uploads")).text());
        let decision = gate.decide_at_api(&hand_over, UnixMillis(NOW));
        let json: Value = serde_json::from_str(&decision.to_service_text()).unwrap();
        assert_eq!((&json["uploadOptions"], &json["uploadId"]), (&json!(expected), &Value::Null));
        let forward = decision.outcome.ok().unwrap();
        assert!(matches!(forward.upload(), Some(ServiceUpload::Begins(options)) if options.to_string() == expected));
    }
}

#[test]
fn tells_the_api_the_id_that_the_client_has() {
    let list = request_of("GET", "", &sealed("f"));
    let decision = sealed_only();
    let decision = decision.decide_at_api(&api::hand_over(&list.text()), UnixMillis(NOW));
    let json: Value = serde_json::from_str(&decision.to_service_text()).unwrap();
    assert_eq!((&json["uploadId"], &json["query"]), (&json!(sealed("f")), &json!("uploadId=U1")));
    assert_eq!(json["uploadOptions"], Value::Null);
}

#[test]
fn keeps_a_forbidden_overwrite_from_the_start_of_an_upload_to_its_end() {
    for fields in [json!({}), json!({ "completeMultipartUpload": "s3" })] {
        let gate = gate_with(&fields);
        for (options, headers, expected) in [
            ("f", &[][..], &[("if-none-match", "*")][..]),
            ("fa", &[], &[("if-none-match", "*")]),
            ("f", &[("x-oss-forbid-overwrite", "true")], &[("if-none-match", "*")]),
            ("f", &[("x-oss-forbid-overwrite", "false")], &[("if-none-match", "*")]),
            ("-", &[("x-oss-forbid-overwrite", "true")], &[("if-none-match", "*")]),
            ("-", &[], &[]),
        ] {
            let id = sealed(options);
            let complete = request("POST", "/dir/a.log", &format!("uploadId={id}"));
            let complete = headers.iter().fold(complete, |request, (name, value)| request.with(name, value));
            let text = complete.signed(&format!("{RESOURCE}?uploadId={id}")).text();
            let forward = gate.decide(&text, UnixMillis(NOW)).outcome.ok().unwrap();
            let expected: Vec<_> =
                expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!((s3_headers(&forward), &*forward.query), (expected, "uploadId=U1"), "{options} {headers:?}");
        }
    }
}

#[test]
fn forwards_unsealed_ids_as_they_are_once_configured() {
    let gate = gate_with(&json!({ "unsealedUploadIds": "forward" }));
    let query = |id: &str| {
        let request = request_of("DELETE", "", id);
        gate.decide(&request.text(), UnixMillis(NOW)).outcome.ok().map(|forward| forward.query)
    };
    assert_eq!(query("U1").as_deref(), Some("uploadId=U1"));
    assert_eq!(query("U1~forbid-overwrite").as_deref(), Some("uploadId=U1"));
    assert_eq!(query(&sealed("-")).as_deref(), Some("uploadId=U1"));
    // An id that says that it is sealed must be, and one that can't be S3's isn't forwarded.
    for id in ["~forbid-overwrite", &(sealed("-") + "1"), &"U".repeat(256)] {
        assert_eq!(query(id), None, "{id}");
    }
    let complete = request_of("POST", "", "U1~forbid-overwrite");
    let decision = gate.decide(&complete.text(), UnixMillis(NOW));
    assert_eq!(s3_headers(&decision.outcome.ok().unwrap()), [("if-none-match".to_owned(), "*".to_owned())]);
}

#[test]
fn takes_no_id_where_there_are_no_keys() {
    let gate = sealed_only().with_sealing_keys(SealingKeys::default());
    let [edge, api] = faults(&gate, &request_of("GET", "", &sealed("-")), NOW);
    assert_eq!([edge, api], [(); 2].map(|()| Some(UploadFault::UnknownSecret(2))));
}

#[test]
fn seals_what_leaves_the_edge_and_nothing_without_a_key() {
    let part = request_of("PUT", "partNumber=7&", &sealed("-")).with("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==");
    let part = part.signed(&format!("{RESOURCE}?partNumber=7&uploadId={}", sealed("-"))).text();
    let gate = sealed_only();
    let forward = gate.decide(&part, UnixMillis(NOW)).outcome.ok().unwrap();
    assert_eq!(forward.origin, Origin::S3);
    let headers: Vec<_> = forward.edge_headers();
    let seal = headers.iter().find(|(name, _)| *name == "x-ossedge-seal").unwrap().1;
    assert!(seal.starts_with("1;2;1795485177;content-md5;"), "{seal}");
    // What origin-request then sees.
    let (uri, query) = forward.edge_target();
    let seen = super::gate::request_text("PUT", uri, query, headers.iter().copied());
    let keys = sealing_keys();
    let seen = oss_edge::Request::parse(&seen).unwrap();
    let opened = keys.open_hand_over(&seen, UnixMillis(NOW)).unwrap();
    assert_eq!(opened.origin, "fleet-uploads-prod.s3.us-east-1.amazonaws.com");
    assert_eq!(opened.removed, ["x-ossedge-origin", "x-ossedge-seal"]);

    let initiate = request("POST", "/dir/a.log", "uploads").signed(&format!("{RESOURCE}?uploads")).text();
    let without = sealed_only().with_sealing_keys(SealingKeys::default());
    for (gate, is_sealed) in [(&gate, true), (&without, false)] {
        let forward = gate.decide(&initiate, UnixMillis(NOW)).outcome.ok().unwrap();
        assert_eq!(forward.edge_headers().iter().any(|(name, _)| *name == "x-ossedge-seal"), is_sealed);
    }
}
