//! The exact fields of a decision as JSON, which the functions in JavaScript read.

use oss_edge::{Gate, HandOverFault, Opened, OriginResponse, UnixMillis, ViewerResponse};
use serde_json::{Value, json};

use crate::device::request::{DATE, ID, NOW, Request, SECRET, request};
use crate::device::{api, config, gate};

/// The id in OSS's form for CloudFront's `cf-request`.
const OSS_REQUEST_ID: &str = "EB79EE84280FC701D77D9B59";

fn test_gate() -> Gate {
    let keys = json!({ "accessKeys": [{
        "accessKeyId": ID,
        "secrets": [{ "generation": "2026", "secret": SECRET }],
        "allow": [{ "bucket": "fleet-uploads", "prefix": "dir/" }],
    }] });
    gate::gate(&config::with(&json!({})), &keys)
}

/// A decision with its body, which is after the JSON.
fn read(text: &str) -> Value {
    let Some((json, body)) = text.split_once('\0') else { return serde_json::from_str(text).unwrap() };
    let mut decision: Value = serde_json::from_str(json).unwrap();
    decision["body"] = json!(body);
    decision
}

fn at_edge(request: &Request) -> Value {
    read(&test_gate().decide(&request.text(), UnixMillis(NOW)).to_edge_text())
}

fn at_api(hand_over: &str) -> Value {
    read(&test_gate().decide_at_api(hand_over, UnixMillis(NOW)).to_service_text())
}

fn at_relay(request: &Request) -> Value {
    let mut document = config::with(&json!({ "bodiesWithoutLength": "relay" }));
    let api = document.as_object_mut().unwrap().remove("api").unwrap();
    document["relay"] = api;
    let keys = json!({ "accessKeys": [{ "accessKeyId": ID, "accessKeySecret": SECRET, "maxObjectBytes": 9 }] });
    let gate = gate::gate(&document, &keys);
    let edge: Value = read(&gate.decide(&request.text(), UnixMillis(NOW)).to_edge_text());
    assert_eq!(edge["origin"], "relay");
    let headers = edge["headers"].as_array().unwrap();
    let hand_over = headers.iter().find(|header| header[0] == "x-ossedge-request").unwrap()[1].as_str().unwrap();
    read(&gate.decide_at_relay(hand_over, UnixMillis(NOW)).to_service_text())
}

fn explanation(request: &Request) -> Value {
    serde_json::to_value(test_gate().decide(&request.text(), UnixMillis(NOW)).explain()).unwrap()
}

fn put() -> Request {
    request("PUT", "/dir/a.log", "").with("content-type", "text/plain").with("x-oss-meta-a", "日")
}

fn initiate() -> Request {
    request("POST", "/dir/a.log", "encoding-type=url&uploads")
        .with("x-oss-storage-class", "IA")
        .with("x-oss-forbid-overwrite", "true")
        .signed("/fleet-uploads/dir/a.log?uploads")
}

/// The fields of a refusal that is answered with 403. `elements` are those of its error document alone.
fn refusal(detail: &str, renewal: &str, code: &str, message: &str, elements: &str, ec: &str) -> Value {
    let link = format!("https://api.aliyun.com/troubleshoot?q={ec}");
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  <Code>{code}</Code>\n  <Message>{message}</Message>\n  \
         <RequestId>{OSS_REQUEST_ID}</RequestId>\n  <HostId>uploads.example.com</HostId>\n{elements}  <EC>{ec}</EC>\n  \
         <RecommendDoc>{link}</RecommendDoc>\n</Error>\n"
    );
    json!({
        "decision": "refuse",
        "detail": detail,
        "renewal": renewal,
        "ossRequestId": OSS_REQUEST_ID,
        "code": code,
        "status": 403,
        "statusDescription": "Forbidden",
        "headers": [
            ["Content-Type", "application/xml"],
            ["Date", DATE],
            ["x-oss-request-id", OSS_REQUEST_ID],
            ["x-oss-ec", ec],
        ],
        "body": body,
    })
}

fn with(mut object: Value, fields: &Value) -> Value {
    config::with_fields(&mut object, fields);
    object
}

#[test]
fn has_the_fields_of_a_forward_to_s3() {
    assert_eq!(
        at_edge(&put().signed("/fleet-uploads/dir/a.log")),
        json!({
            "decision": "forward",
            "operation": "PutObject",
            "bucket": "fleet-uploads",
            "key": "dir/a.log",
            "accessKeyId": ID,
            "scheme": "v1-header",
            "style": "cname",
            "clockDifferenceSeconds": 0,
            "generation": "2026",
            "origin": "s3",
            "uri": "/dir/a.log",
            "query": "",
            "headers": [
                ["content-type", "text/plain"],
                ["x-amz-meta-a", "=?UTF-8?B?5pel?="],
                ["x-ossedge-origin", "fleet-uploads-prod.s3.us-east-1.amazonaws.com"],
                // By tests/vectors/seals.py, as below.
                ["x-ossedge-seal", "1;2;1795485177;content-type,x-amz-meta-a;ikfNLDG6iBt-SHo03wkTmlUVZEHCoCABeUBhJ7p3VUY"],
            ],
        })
    );
}

#[test]
fn has_the_fields_of_a_forward_to_the_api() {
    assert_eq!(
        at_edge(&initiate()),
        json!({
            "decision": "forward",
            "operation": "InitiateMultipartUpload",
            "bucket": "fleet-uploads",
            "key": "dir/a.log",
            "accessKeyId": ID,
            "scheme": "v1-header",
            "style": "cname",
            "clockDifferenceSeconds": 0,
            "generation": "2026",
            "origin": "api",
            "uri": "/initiate-multipart-upload",
            "query": "",
            "headers": [
                ["x-ossedge-request", api::hand_over(&initiate().text())],
                ["x-ossedge-origin", "abc123.execute-api.us-east-1.amazonaws.com"],
                ["x-ossedge-seal", "1;2;1795485177;x-ossedge-request;ffY8UL0gW35mJIhgRV4v-qPsM2i3nsXRtWPqIQFgBHQ"],
            ],
        })
    );
}

#[test]
fn has_the_fields_of_a_forward_at_the_api() {
    assert_eq!(
        at_api(&api::hand_over(&initiate().text())),
        json!({
            "decision": "forward",
            "operation": "InitiateMultipartUpload",
            "bucket": "fleet-uploads",
            "key": "dir/a.log",
            "accessKeyId": ID,
            "scheme": "v1-header",
            "style": "cname",
            "clockDifferenceSeconds": 0,
            "generation": "2026",
            "requestId": OSS_REQUEST_ID,
            "s3Bucket": "fleet-uploads-prod",
            "region": "us-east-1",
            "query": "uploads",
            "options": ["encode-key", "forbid-overwrite"],
            "uploadOptions": "f",
            "headers": [["x-amz-storage-class", "STANDARD_IA"]],
        })
    );
}

#[test]
fn has_empty_lists_for_no_options_and_no_headers_at_the_api() {
    let list = request("GET", "/dir/a.log", "uploadId=U1").signed("/fleet-uploads/dir/a.log?uploadId=U1");
    let decision = at_api(&api::hand_over(&list.text()));
    assert_eq!((&decision["options"], &decision["headers"]), (&json!([]), &json!([])));
    assert_eq!((&decision["operation"], &decision["query"]), (&json!("ListParts"), &json!("uploadId=U1")));
    assert_eq!(decision["uploadId"], "U1");
}

#[test]
fn has_the_fields_of_a_refusal_after_a_verified_signature() {
    let denied = request("PUT", "/other/a.log", "").signed("/fleet-uploads/other/a.log");
    let known = json!({
        "operation": "PutObject",
        "bucket": "fleet-uploads",
        "key": "other/a.log",
        "accessKeyId": ID,
        "scheme": "v1-header",
        "style": "cname",
        "clockDifferenceSeconds": 0,
        "generation": "2026",
    });
    let detail = "no rule of the access key's `allow` covers the request";
    let message = "You have no right to access this object.";
    let expected = refusal(detail, "never", "AccessDenied", message, "", "0003-00000001");
    assert_eq!(at_edge(&denied), with(expected, &known));
}

#[test]
fn leaves_out_the_generation_of_a_signature_that_was_not_verified() {
    let unknown = put().with("authorization", "OSS nobody:c2ln");
    let known = json!({
        "operation": "PutObject",
        "bucket": "fleet-uploads",
        "key": "dir/a.log",
        "accessKeyId": "nobody",
        "scheme": "v1-header",
        "style": "cname",
        "clockDifferenceSeconds": 0,
    });
    let message = "The OSS Access Key Id you provided does not exist in our records.";
    let elements = "  <OSSAccessKeyId>nobody</OSSAccessKeyId>\n";
    let code = "InvalidAccessKeyId";
    let expected = refusal("unknown access key id", "at-once", code, message, elements, "0002-00000902");
    assert_eq!(at_edge(&unknown), with(expected.clone(), &known));
    assert_eq!(at_api(&api::hand_over(&unknown.text())), with(expected, &known));
}

#[test]
fn leaves_out_every_field_of_a_request_that_does_not_parse() {
    let decision = at_api("not a hand-over");
    let fields: Vec<_> = decision.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = "body code decision detail headers ossRequestId renewal status statusDescription"
        .split(' ')
        .collect::<Vec<_>>();
    assert_eq!(fields, expected);
    assert_eq!((&decision["code"], &decision["status"]), (&json!("InvalidArgument"), &json!(400)));
}

#[test]
fn has_an_empty_body_for_head() {
    let decision = at_edge(&request("HEAD", "/dir/a.log", ""));
    assert_eq!((&decision["body"], &decision["status"]), (&json!(""), &json!(405)));
    let names: Vec<_> = decision["headers"].as_array().unwrap().iter().map(|header| &header[0]).collect();
    assert_eq!(names, ["Content-Type", "Date", "x-oss-request-id", "x-oss-ec", "x-oss-err"]);
}

#[test]
fn explains_a_mismatch_with_the_texts_that_should_have_been_signed() {
    let detail = format!("signature mismatch for {ID} at uploads.example.com (cname, bucket fleet-uploads)");
    let string_to_sign = put().string_to_sign("/fleet-uploads/dir/a.log");
    let v1 = put().with("authorization", &format!("OSS {ID}:c2ln"));
    assert_eq!(explanation(&v1), json!({ "refusal": detail, "stringToSign": string_to_sign }));

    let credential = format!("{ID}/20261124/cn-hangzhou/oss/aliyun_v4_request");
    let v4 = put().with("authorization", &format!("OSS4-HMAC-SHA256 Credential={credential},Signature=00"));
    let v4 = explanation(&v4);
    let canonical_request = "PUT\n/fleet-uploads/dir/a.log\n\ncontent-type:text/plain\nx-oss-meta-a:日\n\n\n\
                             UNSIGNED-PAYLOAD";
    assert_eq!((&v4["refusal"], &v4["canonicalRequest"]), (&json!(detail), &json!(canonical_request)));
    let begin = format!("OSS4-HMAC-SHA256\n{DATE}\n20261124/cn-hangzhou/oss/aliyun_v4_request\n");
    assert!(v4["stringToSign"].as_str().is_some_and(|text| text.starts_with(&begin)), "{v4}");
}

#[test]
fn explains_any_other_refusal_by_its_detail_and_a_forward_not_at_all() {
    assert_eq!(explanation(&put()), json!({ "refusal": "no signature" }));
    assert_eq!(explanation(&put().signed("/fleet-uploads/dir/a.log")), json!({}));
}

#[test]
fn tells_the_clock_s_difference_the_reading_and_the_field_that_was_wrong() {
    let late = put().set("date", "Tue, 24 Nov 2026 01:42:56 GMT").signed("/fleet-uploads/dir/a.log");
    assert_eq!(at_edge(&late)["clockDifferenceSeconds"], json!(-601));
    let url = at_edge(&request("PUT", "/dir/a.log", "OSSAccessKeyId=ak&Expires=1&Signature=c2ln"));
    assert_eq!((&url["scheme"], &url["clockDifferenceSeconds"]), (&json!("v1-url"), &Value::Null));
    let plus = request("PUT", "/dir/a+b", "").signed("/fleet-uploads/dir/a b");
    assert_eq!(at_edge(&plus)["reading"], json!("plus-is-space"));
    let refused = at_edge(&put().with("x-oss-symlink-target", "k").signed("/fleet-uploads/dir/a.log"));
    assert_eq!((&refused["code"], &refused["field"]), (&json!("NotImplemented"), &json!("x-oss-symlink-target")));
}

#[test]
fn tells_the_relay_how_long_a_body_may_be() {
    let put = put().with("transfer-encoding", "chunked").signed("/fleet-uploads/dir/a.log");
    let mut expected = json!({
        "decision": "forward",
        "operation": "PutObject",
        "bucket": "fleet-uploads",
        "key": "dir/a.log",
        "accessKeyId": ID,
        "scheme": "v1-header",
        "generation": "1",
        "style": "cname",
        "clockDifferenceSeconds": 0,
        "requestId": OSS_REQUEST_ID,
        "s3Bucket": "fleet-uploads-prod",
        "region": "us-east-1",
        "options": [],
        "bodyIsChunked": true,
        "maxBodyBytes": 9,
        "query": "",
        "headers": [["content-type", "text/plain"], ["x-amz-meta-a", "=?UTF-8?B?5pel?="]],
    });
    assert_eq!(at_relay(&put), expected);
    expected["bodyLength"] = json!(5);
    assert_eq!(at_relay(&put.with("content-length", "5")), expected);
}

#[test]
fn has_the_captured_parts_of_a_named_key_s_request() {
    let config = config::with(&json!({ "capture": { "accessKeyIds": [ID] } }));
    let gate = gate::gate(&config, &json!({ "accessKeys": [{ "accessKeyId": ID, "accessKeySecret": SECRET }] }));
    let put = request("PUT", "/dir/a.log", "").signed("/fleet-uploads/dir/a.log");
    let captured = |gate: &Gate| read(&gate.decide(&put.text(), UnixMillis(NOW)).to_edge_text())["captured"].clone();
    let parts = captured(&gate);
    assert_eq!((&parts["uri"], &parts["query"]), (&json!("/dir/a.log"), &json!([])));
    assert_eq!(parts["headers"][0], json!(["date", DATE]));
    assert_eq!(captured(&test_gate()), Value::Null);
}

#[test]
fn lets_a_page_that_is_allowed_read_an_answer_of_the_adapter() {
    let config = config::with(&json!({ "cors": { "origins": ["https://a"], "exposedHeaders": ["ETag"] } }));
    let gate = gate::gate(&config, &json!({ "accessKeys": [{ "accessKeyId": ID, "accessKeySecret": SECRET }] }));
    let headers = |origin: &str| read(&gate.cors_headers_json(origin));
    assert_eq!(
        headers("https://a"),
        json!([
            ["Access-Control-Allow-Origin", "https://a"],
            ["Vary", "Origin"],
            ["Access-Control-Expose-Headers", "ETag"],
        ])
    );
    assert_eq!(headers("https://b"), json!([]));
}

#[test]
fn has_the_fields_of_a_translated_answer() {
    let translated = |status: u16| {
        let text = format!("1\0cf-request\0PUT\0/dir/a.log\0\0s3\0false\0{status}\0server\0AmazonS3");
        let response = OriginResponse::parse(&text).unwrap();
        let answer = response.translate(UnixMillis(NOW));
        let error = match &answer {
            ViewerResponse::Kept { .. } => Value::Null,
            ViewerResponse::Replaced(error) => read(&error.to_json()),
        };
        (read(&answer.to_json()), error)
    };
    let set = json!([["x-oss-server-time", "0"], ["x-oss-request-id", OSS_REQUEST_ID]]);
    assert_eq!(translated(200), (json!({ "translation": "keep", "remove": ["server"], "set": set }), Value::Null));
    let (answer, error) = translated(412);
    assert_eq!(answer, json!({ "translation": "replace", "error": error }));
    assert_eq!((&error["code"], &error["status"]), (&json!("FileAlreadyExists"), &json!(409)));
    assert_eq!(
        (&error["statusDescription"], &error["headers"][0]),
        (&json!("Conflict"), &json!(["Content-Type", "application/xml"]))
    );
    assert!(error["body"].as_str().unwrap().contains("<Code>FileAlreadyExists</Code>"), "{error}");
}

#[test]
fn has_the_fields_of_an_opened_hand_over() {
    let opened = Opened { origin: "b.s3.us-east-1.amazonaws.com", removed: vec!["x-ossedge-seal"] };
    let expected = json!({ "origin": "b.s3.us-east-1.amazonaws.com", "remove": ["x-ossedge-seal"] });
    assert_eq!(read(&opened.to_json()), expected);
    let fault = HandOverFault::Expired(61);
    assert_eq!(read(&fault.to_json())["fault"], json!("the seal is 61 s old, and 60 s are allowed"));
}

#[test]
fn answers_a_preflight() {
    let gate = gate::gate(
        &config::with(&json!({ "cors": { "origins": ["*"] } })),
        &json!({ "accessKeys": [{ "accessKeyId": ID, "accessKeySecret": SECRET }] }),
    );
    let asking =
        request("OPTIONS", "/dir/a.log", "").with("origin", "https://a").with("access-control-request-method", "PUT");
    let decision = read(&gate.decide_at_edge(&asking.text(), UnixMillis(NOW)).to_text());
    assert_eq!(
        decision,
        json!({
            "decision": "answer",
            "bucket": "fleet-uploads",
            "key": "dir/a.log",
            "style": "cname",
            "ossRequestId": OSS_REQUEST_ID,
            "status": 200,
            "statusDescription": "OK",
            "body": "",
            "headers": [
                ["Date", DATE],
                ["x-oss-request-id", OSS_REQUEST_ID],
                ["Access-Control-Allow-Origin", "*"],
                ["Vary", "Origin"],
                ["Access-Control-Expose-Headers", "ETag, x-oss-request-id, x-oss-hash-crc64ecma"],
                ["Access-Control-Allow-Methods", "PUT, POST, DELETE, GET"],
                ["Access-Control-Max-Age", "600"],
            ],
        })
    );
    let refused: Value = read(&gate.decide_at_edge(&put().text(), UnixMillis(NOW)).to_text());
    assert_eq!(refused["decision"], "refuse");
}
