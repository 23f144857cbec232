//! The same requests under other configurations than that of the other tests.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oss_edge::{ApiOption, Gate, Origin, Refusal, UnixMillis, UploadFault};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::request::{ID, NOW, Request, request};
use super::{API_OPERATIONS, OTHER_SECRET, RESOURCE, api, gate_with, operations};

/// The headers for S3, or why there are none.
fn s3_headers(gate: &Gate, request: &Request) -> Result<Vec<(String, String)>, Refusal> {
    let outcome = gate.decide(&request.text(), UnixMillis(NOW)).outcome;
    let forward = outcome.map_err(|(refusal, _)| refusal)?;
    Ok(forward.headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect())
}

fn put(headers: &[(&str, &str)]) -> Request {
    signed(request("PUT", "/dir/a.log", ""), headers, RESOURCE)
}

fn signed(request: Request, headers: &[(&str, &str)], resource: &str) -> Request {
    headers.iter().fold(request, |request, (name, value)| request.with(name, value)).signed(resource)
}

fn pairs(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn with_headers(rules: Value) -> Gate {
    gate_with(&json!({ "headers": rules }))
}

#[test]
fn maps_storage_classes_as_configured() {
    let gate = with_headers(json!({ "storageClasses": { "Archive": "GLACIER_IR", "IA": "INTELLIGENT_TIERING" } }));
    for (oss, s3) in [("Archive", "GLACIER_IR"), ("IA", "INTELLIGENT_TIERING"), ("ColdArchive", "DEEP_ARCHIVE")] {
        let found = s3_headers(&gate, &put(&[("x-oss-storage-class", oss)]));
        assert_eq!(found, Ok(pairs(&[("x-amz-storage-class", s3)])), "{oss}");
    }
}

#[test]
fn maps_tags_once_configured_and_refuses_malformed_ones() {
    let gate = with_headers(json!({ "tagging": true }));
    let tags = |value| put(&[("x-oss-tagging", value)]);
    assert_eq!(s3_headers(&gate, &tags("a=b&c+d=e%2Ff")), Ok(pairs(&[("x-amz-tagging", "a=b&c%20d=e%2Ff")])));
    for value in ["", "a=1&a=2", "a=%", "a=b&=c"] {
        assert_eq!(s3_headers(&gate, &tags(value)), Err(Refusal::InvalidHeaderValue("x-oss-tagging", value.into())));
    }
    let part = request("PUT", "/dir/a.log", "partNumber=7&uploadId=U1");
    let part = signed(part, &[("x-oss-tagging", "a=b")], &format!("{RESOURCE}?partNumber=7&uploadId=U1"));
    assert_eq!(s3_headers(&gate, &part), Ok(Vec::new()));
}

#[test]
fn drops_a_public_acl_once_configured() {
    let gate = with_headers(json!({ "publicAcl": "dropped" }));
    for acl in ["public-read", "public-read-write", "private", "default"] {
        assert_eq!(s3_headers(&gate, &put(&[("x-oss-object-acl", acl)])), Ok(Vec::new()), "{acl}");
    }
    let unknown = s3_headers(&gate, &put(&[("x-oss-object-acl", "authenticated-read")]));
    assert!(matches!(unknown, Err(Refusal::InvalidHeaderValue(..))));
}

#[test]
fn drops_a_callback_once_configured() {
    let gate = with_headers(json!({ "callback": "dropped" }));
    let in_headers = [("x-oss-callback", "e30="), ("x-oss-callback-var", "e30=")];
    assert_eq!(s3_headers(&gate, &put(&in_headers)), Ok(Vec::new()));
    let in_query = |query: &str| request("PUT", "/dir/a.log", query).signed(&format!("{RESOURCE}?{query}"));
    assert_eq!(s3_headers(&gate, &in_query("callback=e30=&callback-var=e30=")), Ok(Vec::new()));
    let unsigned = request("PUT", "/dir/a.log", "callback=e30=").signed(RESOURCE);
    assert!(matches!(s3_headers(&gate, &unsigned), Err(Refusal::SignatureDoesNotMatch(_))));
    let part = "?callback=e30=&partNumber=1&uploadId=U1";
    let moved = request("PUT", "/dir/a.log", "callback=e30%3D%26partNumber%3D1%26uploadId%3DU1");
    let refused = s3_headers(&gate, &moved.signed(&format!("{RESOURCE}{part}")));
    assert_eq!(refused, Err(Refusal::UnexpectedParameter("callback".into())));
    let refusing = with_headers(json!({}));
    assert_eq!(s3_headers(&refusing, &in_query("callback=e30=")), Err(Refusal::MethodNotAllowed));
}

#[test]
fn maps_kms_to_the_configured_keys_and_to_no_other() {
    let arn = "arn:aws:kms:us-east-1:111122223333:key/1";
    let gate = with_headers(json!({ "kmsKeys": { "default": "alias/uploads", "9468da86": arn } }));
    let kms = ("x-oss-server-side-encryption", "KMS");
    let key_id = |id| ("x-oss-server-side-encryption-key-id", id);
    let s3 = |key| {
        Ok(pairs(&[("x-amz-server-side-encryption", "aws:kms"), ("x-amz-server-side-encryption-aws-kms-key-id", key)]))
    };
    assert_eq!(s3_headers(&gate, &put(&[kms])), s3("alias/uploads"));
    assert_eq!(s3_headers(&gate, &put(&[kms, key_id("9468da86")])), s3(arn));
    let initiate = request("POST", "/dir/a.log", "uploads");
    let initiate = signed(initiate, &[kms, key_id("9468da86")], &format!("{RESOURCE}?uploads"));
    assert_eq!(s3_headers(&gate, &initiate), s3(arn));
    assert_eq!(
        s3_headers(&gate, &put(&[kms, key_id("other")])),
        Err(Refusal::NotImplemented("x-oss-server-side-encryption".into(), "KMS".into()))
    );
    assert_eq!(
        s3_headers(&gate, &put(&[("x-oss-server-side-encryption", "AES256"), key_id("9468da86")])),
        Err(Refusal::InvalidHeaderValue("x-oss-server-side-encryption-key-id", "9468da86".into()))
    );
    let without_default = with_headers(json!({ "kmsKeys": { "9468da86": arn } }));
    assert!(matches!(s3_headers(&without_default, &put(&[kms])), Err(Refusal::NotImplemented(..))));
}

#[test]
fn names_each_bucket_and_where_its_objects_go() {
    let gate = gate_with(&json!({}));
    let buckets: Vec<_> = gate.buckets().map(|(name, s3)| (name, &*s3.name, &*s3.region, &*s3.domain)).collect();
    let expected = [
        ("fleet-logs", "fleet-logs-prod", "eu-west-1", "fleet-logs-prod.s3.eu-west-1.amazonaws.com"),
        ("fleet-uploads", "fleet-uploads-prod", "us-east-1", "fleet-uploads-prod.s3.us-east-1.amazonaws.com"),
    ];
    assert_eq!(buckets, expected);
}

#[test]
fn names_a_kms_key_only_where_an_object_begins_that_asks_for_kms() {
    let gate = with_headers(json!({ "kmsKeys": { "default": "alias/uploads" } }));
    assert_eq!(s3_headers(&gate, &put(&[])), Ok(Vec::new()));
    let aes256 = pairs(&[("x-amz-server-side-encryption", "AES256")]);
    assert_eq!(s3_headers(&gate, &put(&[("x-oss-server-side-encryption", "AES256")])), Ok(aes256));
    let part = request("PUT", "/dir/a.log", "partNumber=7&uploadId=U1");
    let kms = [("x-oss-server-side-encryption", "KMS")];
    let part = signed(part, &kms, &format!("{RESOURCE}?partNumber=7&uploadId=U1"));
    assert_eq!(s3_headers(&gate, &part), Ok(Vec::new()));
}

#[test]
fn captures_a_named_key_s_request_at_the_edge_and_not_again_at_the_api() {
    let gate = gate_with(&json!({ "capture": { "accessKeyIds": [ID] } }));
    let resource = format!("{RESOURCE}?uploads");
    let initiate = || request("POST", "/dir/a.log", "uploads");
    let text = initiate().signed(&resource).text();
    assert!(gate.decide(&text, UnixMillis(NOW)).captured.is_some());
    assert!(gate.decide_at_api(&api::hand_over(&text), UnixMillis(NOW)).captured.is_none());
    let of_another = initiate().signed_by("slow-clock", OTHER_SECRET, &resource).text();
    let decision = gate.decide(&of_another, UnixMillis(NOW));
    assert!(decision.outcome.is_ok() && decision.captured.is_none());
    assert!(gate_with(&json!({})).decide(&text, UnixMillis(NOW)).captured.is_none());
}

#[test]
fn answers_list_parts_with_no_such_upload_once_it_is_off() {
    let list = request("GET", "/dir/a.log", "uploadId=U1").signed(&format!("{RESOURCE}?uploadId=U1"));
    let text = list.text();
    let gate = gate_with(&json!({ "listParts": false }));
    let Err((refusal, answer)) = gate.decide(&text, UnixMillis(NOW)).outcome else { panic!("forwarded") };
    assert_eq!(refusal, Refusal::NoSuchUpload("U1".into(), UploadFault::ListPartsOff));
    assert_eq!((answer.status, refusal.code()), (404, "NoSuchUpload"));
    assert!(answer.body.contains("  <UploadId>U1</UploadId>\n</Error>"), "{}", answer.body);
    assert!(!answer.headers.iter().any(|(name, value)| *name == "x-oss-ec" || value.is_empty()));
    // Without a signature nothing is revealed.
    let unsigned = list.without("authorization").text();
    assert_eq!(gate.decide(&unsigned, UnixMillis(NOW)).outcome.err().unwrap().0, Refusal::MissingSignature);
}

/// HeadObject, and GetObjectMeta with each of its methods; with the sub-resources that are signed.
fn questions(key: &str) -> [(Request, String); 3] {
    let question = |method, query, sub_resources| {
        (request(method, &format!("/{key}"), query), format!("/fleet-uploads/{key}{sub_resources}"))
    };
    [
        question("HEAD", "", ""),
        question("HEAD", "objectMeta", "?objectMeta"),
        question("GET", "objectMeta", "?objectMeta"),
    ]
}

#[test]
fn says_that_an_object_is_absent_once_configured() {
    let gate = gate_with(&json!({ "headObject": "absent" }));
    for (question, resource) in questions("dir/a.log") {
        let text = question.clone().signed_by("looks-first", OTHER_SECRET, &resource).text();
        let Err((refusal, answer)) = gate.decide(&text, UnixMillis(NOW)).outcome else { panic!("forwarded") };
        assert_eq!(refusal, Refusal::NoSuchKey("dir/a.log".into()));
        assert_eq!((answer.status, answer.code, answer.status_description), (404, "NoSuchKey", "Not Found"));
        let header = |name| answer.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        assert_eq!(header("x-oss-ec"), Some("0026-00000001"));
        let document = match (question.method.as_str(), header("x-oss-err")) {
            ("HEAD", Some(document)) => {
                assert_eq!(answer.body, "");
                String::from_utf8(BASE64_STANDARD.decode(document).unwrap()).unwrap()
            }
            ("GET", None) => answer.body.clone(),
            (method, document) => panic!("{method} {document:?}"),
        };
        assert!(document.contains("<Message>The specified key does not exist.</Message>"), "{document}");
        assert!(document.contains("  <Key>dir/a.log</Key>\n  <EC>0026-00000001</EC>\n"), "{document}");
    }
}

#[test]
fn says_nothing_of_an_object_to_who_may_not_ask() {
    let gate = gate_with(&json!({ "headObject": "absent" }));
    let refusal =
        |request: Request| gate.decide(&request.text(), UnixMillis(NOW)).outcome.err().map(|(refusal, _)| refusal);
    for (question, resource) in questions("dir/a.log") {
        assert_eq!(refusal(question.clone()), Some(Refusal::MissingSignature));
        let wrong = question.clone().signed_by("looks-first", "anotherSecret", &resource);
        assert!(matches!(refusal(wrong), Some(Refusal::SignatureDoesNotMatch(_))));
        // A key without rules, and one whose rule names no operation.
        assert_eq!(refusal(question.clone().signed(&resource)), Some(Refusal::AccessDenied));
        let small = question.clone().signed_by("small", OTHER_SECRET, &resource);
        assert_eq!(refusal(small), Some(Refusal::AccessDenied));
    }
    for (question, resource) in questions("other/a.log") {
        let outside = question.signed_by("looks-first", OTHER_SECRET, &resource);
        assert_eq!(refusal(outside), Some(Refusal::AccessDenied));
    }
}

#[test]
fn asks_the_service_for_an_object_once_configured_and_only_for_who_may() {
    let served = json!({ "headObject": "served" });
    let mut relayed = super::config::with(&served);
    let api = relayed.as_object_mut().unwrap().remove("api").unwrap();
    relayed["relay"] = json!({ "domain": "relay.example.com", "path": api["path"] });
    let relayed = super::gate::gate(&relayed, &super::access_keys());
    for (gate, origin) in [(gate_with(&served), "api"), (relayed, "relay")] {
        for (question, resource) in questions("dir/a.log") {
            let signed = question.clone().signed_by("looks-first", OTHER_SECRET, &resource);
            let forward = gate.decide(&signed.text(), UnixMillis(NOW)).outcome.ok().unwrap();
            assert_eq!(matches!(forward.origin, Origin::Api(_)), origin == "api");
            assert_eq!((forward.edge_target(), &*forward.query), (("/head-object", ""), ""));
            assert!(forward.headers.is_empty());
            for request in [question.clone(), question.clone().signed(&resource)] {
                let refusal = gate.decide(&request.text(), UnixMillis(NOW)).outcome.err().map(|(refusal, _)| refusal);
                assert!(matches!(refusal, Some(Refusal::MissingSignature | Refusal::AccessDenied)), "{refusal:?}");
            }
        }
    }
}

#[test]
fn refuses_to_say_whether_an_object_is_there_unless_configured() {
    for gate in [gate_with(&json!({})), gate_with(&json!({ "headObject": "refused" }))] {
        for (question, resource) in questions("dir/a.log") {
            for request in [question.clone(), question.signed_by("looks-first", OTHER_SECRET, &resource)] {
                let refusal = gate.decide(&request.text(), UnixMillis(NOW)).outcome.err().map(|(refusal, _)| refusal);
                assert_eq!(refusal, Some(Refusal::MethodNotAllowed));
            }
        }
    }
}

#[test]
fn says_that_an_object_is_absent_after_every_other_check() {
    let gate = gate_with(&json!({ "headObject": "absent" }));
    let signed = |request: Request, bucket: &str| {
        let resource = format!("/{bucket}/dir/a.log");
        request.signed_by("looks-first", OTHER_SECRET, &resource)
    };
    let path = |request: Request, bucket: &str| Request { uri: format!("/{bucket}/dir/a.log"), ..request };
    let mut request = request("HEAD", "/no-such-bucket/dir/a.log", "uploads")
        .set("host", "127.0.0.1")
        .with("x-oss-process", "image/info")
        .with("content-length", "x");
    let steps: [(&str, &dyn Fn(Request) -> Request); 6] = [
        ("InvalidArgument", &|request| Request { query: String::new(), ..request }),
        ("AccessDenied", &|request| request.with("authorization", "OSS looks-first:c2ln")),
        ("SignatureDoesNotMatch", &|request| signed(request, "no-such-bucket")),
        ("NoSuchBucket", &|request| signed(path(request, "fleet-uploads"), "fleet-uploads")),
        ("NotImplemented", &|request| signed(request.without("x-oss-process"), "fleet-uploads")),
        ("InvalidArgument", &|request| request.without("content-length")),
    ];
    for (expected, correct) in steps {
        let refusal = gate.decide(&request.text(), UnixMillis(NOW)).outcome.err().map(|(refusal, _)| refusal.code());
        assert_eq!(refusal, Some(expected));
        request = correct(request);
    }
    let refusal = gate.decide(&request.text(), UnixMillis(NOW)).outcome.err().map(|(refusal, _)| refusal.code());
    assert_eq!(refusal, Some("NoSuchKey"));
}

#[test]
fn sends_complete_straight_to_s3_once_configured() {
    let gate = gate_with(&json!({ "completeMultipartUpload": "s3" }));
    let complete = request("POST", "/dir/a.log", "uploadId=U1");
    let text = complete.clone().signed(&format!("{RESOURCE}?uploadId=U1")).text();
    let forward = gate.decide(&text, UnixMillis(NOW)).outcome.ok().unwrap();
    assert_eq!(forward.origin, Origin::S3);
    assert_eq!(forward.edge_target(), ("/dir/a.log", "uploadId=U1"));
    // S3 requires the list of parts.
    let all = signed(complete, &[("x-oss-complete-all", "yes")], &format!("{RESOURCE}?uploadId=U1"));
    assert_eq!(s3_headers(&gate, &all), Err(Refusal::NotImplemented("x-oss-complete-all".into(), "yes".into())));
}

#[test]
fn serves_without_an_api_the_operations_that_need_none() {
    let document = json!({
        "hosts": [{ "host": "uploads.example.com", "style": "cname", "bucket": "fleet-uploads" }],
        "buckets": { "fleet-uploads": { "s3Bucket": "fleet-uploads-prod", "region": "us-east-1" } },
        "unsealedUploadIds": "forward",
    });
    let keys = json!({ "accessKeys": [
        { "accessKeyId": super::request::ID, "accessKeySecret": super::request::SECRET },
    ] });
    let gate = super::gate::gate(&document, &keys);
    for (name, request, _) in operations() {
        let refusal = gate.decide(&request.text(), UnixMillis(NOW)).outcome.err().map(|(refusal, _)| refusal);
        let expected = match name {
            "ListParts" => Some(Refusal::NoSuchUpload("U1".into(), UploadFault::ListPartsOff)),
            name if API_OPERATIONS.contains(&name) => Some(Refusal::NoService(name)),
            _ => None,
        };
        assert_eq!(refusal, expected, "{name}");
    }
    let (_, initiate, _) = operations().into_iter().find(|(name, ..)| *name == "InitiateMultipartUpload").unwrap();
    let (refusal, answer) = gate.decide(&initiate.text(), UnixMillis(NOW)).outcome.err().unwrap();
    assert_eq!((answer.status, refusal.code()), (405, "MethodNotAllowed"));
    assert_eq!(refusal.detail(), "InitiateMultipartUpload needs `api` or `relay` in the configuration");
    assert!(answer.body.contains("<Method>POST</Method>"), "{}", answer.body);
}

#[test]
fn passes_complete_all_to_the_api() {
    let gate = gate_with(&json!({}));
    let complete = request("POST", "/dir/a.log", "encoding-type=url&uploadId=U1");
    let text = signed(complete, &[("x-oss-complete-all", "yes")], &format!("{RESOURCE}?uploadId=U1")).text();
    let forward = gate.decide(&text, UnixMillis(NOW)).outcome.ok().unwrap();
    assert_eq!(forward.options(), [ApiOption::EncodeKey, ApiOption::CompleteAll]);
}
