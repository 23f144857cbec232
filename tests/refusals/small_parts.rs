//! Parts that are too small for S3: where they wait, what of a request goes with them, and who is told.

use oss_edge::{Decision, Gate, Origin, Refusal, UnixMillis};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::gate::sealing_keys;
use super::request::{ID, NOW, Request, SECRET, request};
use super::{RESOURCE, api, config, gate, gate_with};

const MIB_5: u64 = 5 * 1024 * 1024;

/// S3's id, and its folder: of one with other characters, base64url.
const S3_IDS: [(&str, &str); 2] = [("2.f-T_x", "2.f-T_x"), ("../8k/+=", "Li4vOGsvKz0")];

fn sealed(s3_id: &str, options: &str) -> String {
    sealing_keys().seal_upload_id("fleet-uploads-prod", "dir/a.log", s3_id, options, UnixMillis(NOW)).unwrap()
}

fn staging(fields: Value) -> Gate {
    gate_with(&{
        let mut all = json!({ "smallParts": "stage" });
        config::with_fields(&mut all, &fields);
        all
    })
}

fn of_upload(method: &str, before: &str, id: &str, headers: &[(&str, &str)]) -> Request {
    let request = request(method, "/dir/a.log", &format!("{before}uploadId={id}"));
    let request = headers.iter().fold(request, |request, (name, value)| request.with(name, value));
    request.signed(&format!("{RESOURCE}?{before}uploadId={id}"))
}

fn part(number: u32, id: &str, headers: &[(&str, &str)]) -> Request {
    of_upload("PUT", &format!("partNumber={number}&"), id, headers)
}

fn decide<'g>(gate: &'g Gate, request: &Request) -> Decision<'g> {
    gate.decide(&request.text(), UnixMillis(NOW))
}

/// What leaves the edge: whither, path, query, and the headers for the origin.
fn forwarded(gate: &Gate, request: &Request) -> Value {
    let json: Value = serde_json::from_str(&decide(gate, request).to_edge_text()).unwrap();
    let headers = json["headers"].as_array().unwrap().iter();
    let headers: Vec<_> = headers.filter(|line| !line[0].as_str().unwrap().starts_with("x-ossedge-")).collect();
    assert_eq!((&json["operation"], &json["key"]), (&json!("UploadPart"), &json!("dir/a.log")), "{json}");
    json!([json["origin"], json["uri"], json["query"], headers])
}

#[test]
fn stages_a_part_under_5_mib_and_no_other() {
    let gate = staging(json!({}));
    for (s3_id, folder) in S3_IDS {
        let id = sealed(s3_id, "s");
        for (number, length, is_staged) in
            [(1, 0, true), (7, 1, true), (10_000, MIB_5 - 1, true), (1, MIB_5, false), (2, 5 * 1024 * MIB_5 / 5, false)]
        {
            let sent = forwarded(&gate, &part(number, &id, &[("content-length", &length.to_string())]));
            let staged = json!(["s3", format!("/.oss-edge/parts/{folder}/{number:05}"), "", []]);
            match is_staged {
                true => assert_eq!(sent, staged),
                false => assert_eq!((&sent[0], &sent[1]), (&json!("s3"), &json!("/dir/a.log")), "{length}"),
            }
        }
        // S3 refuses a body without a length.
        assert_eq!(forwarded(&gate, &part(1, &id, &[]))[1], "/dir/a.log");
    }
}

#[test]
fn goes_by_the_seal_of_an_upload_and_not_by_the_configuration_of_the_moment() {
    let small = [("content-length", "9")];
    for fields in [json!({ "smallParts": "stage" }), json!({}), json!({ "completeMultipartUpload": "s3" })] {
        let gate = gate_with(&fields);
        assert_eq!(forwarded(&gate, &part(1, &sealed("U1", "s"), &small))[1], "/.oss-edge/parts/U1/00001", "{fields}");
        assert_eq!(forwarded(&gate, &part(1, &sealed("U1", "-"), &small))[1], "/dir/a.log", "{fields}");
        // An id without a seal says nothing of staged parts.
        assert_eq!(forwarded(&gate, &part(1, "U1", &small))[1], "/dir/a.log");
        let complete = of_upload("POST", "", &sealed("U1", "s"), &[]);
        let decision = decide(&gate, &complete);
        assert!(matches!(decision.outcome.as_ref().ok().unwrap().origin, Origin::Api(_)), "{fields}");
    }
}

#[test]
fn ends_no_upload_with_staged_parts_where_nothing_joins_them() {
    let without = gate::gate(
        &json!({
            "hosts": [{ "host": "uploads.example.com", "style": "cname", "bucket": "fleet-uploads" }],
            "buckets": { "fleet-uploads": { "s3Bucket": "fleet-uploads-prod", "region": "us-east-1" } },
            "completeMultipartUpload": "s3",
        }),
        &json!({ "accessKeys": [{ "accessKeyId": ID, "accessKeySecret": SECRET }] }),
    );
    let refusal = decide(&without, &of_upload("POST", "", &sealed("U1", "s"), &[])).outcome.err().unwrap().0;
    assert_eq!(refusal, Refusal::NoService("CompleteMultipartUpload"));
}

#[test]
fn sends_nothing_of_the_object_with_a_staged_part() {
    let headers = [
        ("content-length", "9"),
        ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        ("content-type", "image/png"),
        ("cache-control", "no-cache"),
        ("content-encoding", "gzip"),
        ("x-oss-meta-a", "1"),
        ("x-oss-forbid-overwrite", "true"),
        ("x-oss-storage-class", "IA"),
        ("x-oss-tagging", "a=b"),
        ("x-oss-server-side-encryption", "AES256"),
        ("x-oss-object-acl", "private"),
        ("if-match", "a"),
        ("if-none-match", "*"),
        ("x-amz-meta-a", "1"),
        ("x-amz-storage-class", "GLACIER"),
    ];
    let gate = staging(json!({ "headers": { "tagging": true } }));
    let md5 = json!(["content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="]);
    for options in ["s", "fs"] {
        let sent = forwarded(&gate, &part(3, &sealed("U1", options), &headers));
        assert_eq!(sent, json!(["s3", "/.oss-edge/parts/U1/00003", "", [md5]]));
    }
}

#[test]
fn encrypts_a_staged_part_as_the_upload() {
    let sse = "x-amz-server-side-encryption";
    let (kms, key) = (json!([sse, "aws:kms"]), format!("{sse}-aws-kms-key-id"));
    for (options, kms_keys, expected) in [
        ("sa", json!({}), json!([[sse, "AES256"]])),
        ("sk", json!({ "default": "alias/a", "one": "alias/b" }), json!([kms, [key, "alias/a"]])),
        ("fsk", json!({ "one": "alias/b" }), json!([kms, [key, "alias/b"]])),
    ] {
        let gate = staging(json!({ "headers": { "kmsKeys": kms_keys } }));
        let sent = forwarded(&gate, &part(1, &sealed("U1", options), &[("content-length", "9")]));
        assert_eq!(sent[3], expected, "{options}");
    }
}

#[test]
fn refuses_a_part_of_an_upload_with_kms_where_no_key_is_configured_any_more() {
    let gate = staging(json!({}));
    let request = part(1, &sealed("U1", "sk"), &[("content-length", "9")]);
    let refusal = decide(&gate, &request).outcome.err().unwrap().0;
    assert_eq!(refusal, Refusal::NotImplemented("x-oss-server-side-encryption".into(), "KMS".into()));
    let complete = of_upload("POST", "", &sealed("U1", "sk"), &[]);
    assert!(decide(&gate, &complete).outcome.is_ok());
}

#[test]
fn seals_that_small_parts_are_staged_only_where_that_is_configured() {
    let forbid: [(&str, &str); 1] = [("x-oss-forbid-overwrite", "true")];
    for (fields, headers, expected) in [
        (json!({}), &[][..], "-"),
        (json!({ "smallParts": "forward" }), &[], "-"),
        (json!({ "smallParts": "stage" }), &[], "s"),
        (json!({ "smallParts": "stage" }), &forbid, "fs"),
    ] {
        let initiate = request("POST", "/dir/a.log", "uploads");
        let initiate = headers.iter().fold(initiate, |request, (name, value)| request.with(name, value));
        let hand_over = api::hand_over(&initiate.signed(&format!("{RESOURCE}?uploads")).text());
        let gate = gate_with(&fields);
        let decision = gate.decide_at_api(&hand_over, UnixMillis(NOW));
        let json: Value = serde_json::from_str(&decision.to_service_text()).unwrap();
        assert_eq!((&json["uploadOptions"], &json["staging"]), (&json!(expected), &Value::Null), "{fields}");
    }
}

#[test]
fn tells_the_api_where_the_parts_wait() {
    let gate = staging(json!({ "maxJoinBytes": 1_000_000 }));
    for (s3_id, folder) in S3_IDS {
        for method in ["POST", "GET"] {
            for (options, expected) in [("s", (json!(folder), json!(1_000_000))), ("-", (Value::Null, Value::Null))] {
                let hand_over = api::hand_over(&of_upload(method, "", &sealed(s3_id, options), &[]).text());
                let decision = gate.decide_at_api(&hand_over, UnixMillis(NOW));
                let json: Value = serde_json::from_str(&decision.to_service_text()).unwrap();
                assert_eq!((&json["staging"], &json["maxJoinBytes"]), (&expected.0, &expected.1), "{method} {options}");
                assert_eq!(json["stagedHeaders"], Value::Null);
            }
        }
    }
}

#[test]
fn tells_the_relay_how_to_store_a_part_that_turns_out_small() {
    let mut document = config::with(&json!({ "smallParts": "stage", "bodiesWithoutLength": "relay" }));
    document.as_object_mut().unwrap().remove("api").unwrap();
    document["relay"] = json!({ "domain": "relay.example.com", "path": "" });
    let gate = gate::gate(&document, &json!({ "accessKeys": [{ "accessKeyId": ID, "accessKeySecret": SECRET }] }));
    let headers = [("transfer-encoding", "chunked"), ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")];
    let request = part(3, &sealed("U1", "sa"), &headers);
    let decision = decide(&gate, &request);
    let Origin::Relay(through) = &decision.outcome.as_ref().ok().unwrap().origin else { panic!("not to the relay") };
    let at_relay = gate.decide_at_relay(through.hand_over.as_str(), UnixMillis(NOW));
    let json: Value = serde_json::from_str(&at_relay.to_service_text()).unwrap();
    let md5 = json!(["content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="]);
    assert_eq!((&json["staging"], &json["query"]), (&json!("U1"), &json!("partNumber=3&uploadId=U1")));
    assert_eq!(json["headers"], json!([md5]));
    assert_eq!(json["stagedHeaders"], json!([md5, ["x-amz-server-side-encryption", "AES256"]]));
}

#[test]
fn takes_no_key_of_its_own_from_a_client_in_any_spelling_or_style() {
    let gate = gate_with(&json!({ "headObject": "absent" }));
    let keys = [
        ".oss-edge/parts/U1/00001",
        ".oss-edge%2Fparts%2FU1%2F00001",
        "%2Eoss-edge/uploads/U1",
        "%2eoss%2dedge%2fuploads",
        ".OSS-EDGE/parts/U1/00001",
        ".oss-edge",
        ".oss-edge/relay/a",
        ".oss-edge%5Cparts",
    ];
    for key in keys {
        for (host, path) in
            [("uploads.example.com", ""), ("fleet-uploads.oss.example.com", ""), ("127.0.0.1", "fleet-uploads/")]
        {
            for (method, query) in [
                ("PUT", ""),
                ("POST", "uploads"),
                ("PUT", "partNumber=7&uploadId=U1"),
                ("POST", "uploadId=U1"),
                ("DELETE", "uploadId=U1"),
                ("GET", "uploadId=U1"),
                ("HEAD", ""),
                ("HEAD", "objectMeta"),
            ] {
                let request = request(method, &format!("/{path}{key}"), query).set("host", host);
                let (refusal, answer) = decide(&gate, &request).outcome.err().unwrap();
                assert_eq!((answer.status, answer.code), (400, "InvalidObjectName"), "{method} {path}{key}?{query}");
                assert!(refusal.detail().contains("under `.oss-edge/`"), "{key}");
            }
        }
    }
}
