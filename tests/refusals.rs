//! Every refusal, what its answer says and never says, and what of a forwarded request is sent on.

use std::sync::OnceLock;

use oss_edge::{Decision, ErrorResponse, Forward, Gate, Refusal, UnixMillis, derived_secret};
use serde_json::{Value, json};

use crate::device::request::{ID, NOW, Request, SECRET, request};
use crate::device::{api, config, gate, request};

mod access_keys;
mod bounds;
mod changed_after_signing;
mod clock;
mod configured;
mod cors;
#[cfg(not(target_arch = "wasm32"))]
mod device_paths;
mod each_refusal;
mod entrance;
mod hand_over;
mod header_table;
mod logged;
mod order;
mod origin_request;
mod readings;
mod relay;
mod secrets;
mod small_parts;
mod upload_ids;
mod version_4;
mod viewer_headers;

/// The object that most tests are about, as signature version 1 signs it.
const RESOURCE: &str = "/fleet-uploads/dir/a.log";

/// The served operations: name, method, query, and the sub-resources that are signed.
const OPERATIONS: [(&str, &str, &str, &str); 6] = [
    ("PutObject", "PUT", "", ""),
    ("InitiateMultipartUpload", "POST", "uploads", "?uploads"),
    ("UploadPart", "PUT", "partNumber=7&uploadId=U1", "?partNumber=7&uploadId=U1"),
    ("CompleteMultipartUpload", "POST", "uploadId=U1", "?uploadId=U1"),
    ("AbortMultipartUpload", "DELETE", "uploadId=U1", "?uploadId=U1"),
    ("ListParts", "GET", "uploadId=U1", "?uploadId=U1"),
];

/// The operations that go through the API: their answers must be in OSS's XML.
const API_OPERATIONS: [&str; 3] = ["InitiateMultipartUpload", "CompleteMultipartUpload", "ListParts"];

fn test_gate() -> &'static Gate {
    static GATE: OnceLock<Gate> = OnceLock::new();
    GATE.get_or_init(|| gate_with(&json!({})))
}

/// The gate of the tests with further fields in its configuration, or others in their place.
fn gate_with(fields: &Value) -> Gate {
    gate::gate(&config::with(fields), &access_keys())
}

/// The secret of every access key of the tests but the device's own.
const OTHER_SECRET: &str = "s3cr3tOfTheOtherTestDevices";

/// The secret of the master keys of the tests.
const MASTER_SECRET: &str = "m4sterS3cr3tOfTheTests0123456789abcdef";

fn access_keys() -> Value {
    json!({
        "accessKeys": [
            { "accessKeyId": ID, "accessKeySecret": SECRET },
            { "accessKeyId": "LTAI5tTestDevice02", "accessKeySecret": "s3cr3tOfTheTestDevice02" },
            { "accessKeyId": "disabled", "accessKeySecret": OTHER_SECRET, "status": "disabled" },
            { "accessKeyId": "ended", "secrets": [
                { "generation": "1", "secret": OTHER_SECRET, "notAfter": "2026-11-24T01:52:57Z" },
            ] },
            { "accessKeyId": "rotating", "secrets": [
                { "generation": "old", "secret": "s3cr3tThatHasEnded", "notAfter": "2026-11-24T01:52:57Z" },
                { "generation": "ending", "secret": OTHER_SECRET, "notAfter": "2026-11-24T01:52:58Z" },
                { "generation": "new", "secret": "s3cr3tThatHasBegun", "notBefore": "2026-11-24T01:52:57Z" },
            ] },
            { "accessKeyId": "logs-only", "accessKeySecret": OTHER_SECRET, "allow": [
                { "bucket": "fleet-uploads", "prefix": "logs/", "operations": ["PutObject"] },
            ] },
            { "accessKeyId": "slow-clock", "accessKeySecret": OTHER_SECRET, "maxClockSkewSeconds": 7200 },
            { "accessKeyId": "good-clock", "accessKeySecret": OTHER_SECRET, "maxClockSkewSeconds": 60 },
            {
                "accessKeyId": "narrow", "accessKeySecret": OTHER_SECRET, "maxClockSkewSeconds": 60,
                "maxObjectBytes": 1000, "allow": [{ "prefix": "logs/" }],
            },
            { "accessKeyId": "small", "accessKeySecret": OTHER_SECRET, "maxObjectBytes": 1000 },
            { "accessKeyId": "looks-first", "accessKeySecret": OTHER_SECRET, "allow": [
                {}, { "prefix": "dir/", "operations": ["HeadObject"] },
            ] },
        ],
        "masterKeys": [
            {
                "id": "a1", "secret": MASTER_SECRET,
                "allow": [{ "prefix": "devices/{device}/" }],
                "scopes": { "logs": { "allow": [{ "prefix": "devices/{device}/logs/" }] } },
            },
            { "id": "off", "secret": MASTER_SECRET, "status": "disabled" },
        ],
        "revokedDevices": [{ "masterKey": "a1", "deviceId": "SN-2" }],
    })
}

impl Request {
    /// Signed with another access key than the device's.
    fn signed_by(self, id: &str, secret: &str, resource: &str) -> Self {
        let signature = request::hmac_sha1(secret, &self.string_to_sign(resource));
        self.set("authorization", &format!("OSS {id}:{signature}"))
    }
}

/// A request signed with the derived key of an id.
fn signed_by_derived(request: Request, id: &str, resource: &str) -> Request {
    let secret = derived_secret(MASTER_SECRET, id).unwrap_or_else(|| OTHER_SECRET.into());
    request.signed_by(id, &secret, resource)
}

/// A signed request for each served operation, with its name, and its resource.
fn operations() -> impl Iterator<Item = (&'static str, Request, String)> {
    OPERATIONS.into_iter().map(|(name, method, query, sub_resources)| {
        let resource = format!("{RESOURCE}{sub_resources}");
        (name, request(method, "/dir/a.log", query).signed(&resource), resource)
    })
}

fn decide(text: &str) -> Decision<'static> {
    test_gate().decide(text, UnixMillis(NOW))
}

/// Calls `then` with the forwarded request; fails with the refusal otherwise.
fn forwarded<T>(request: &Request, then: impl FnOnce(&Forward<'_>) -> T) -> T {
    match &decide(&request.text()).outcome {
        Ok(forward) => then(forward),
        Err((refusal, _)) => panic!("refused: {refusal:?}: {request:?}"),
    }
}

/// The refusal and its answer; fails when the request was forwarded.
fn refused(request: &Request) -> (Refusal, ErrorResponse) {
    match decide(&request.text()).outcome {
        Ok(_) => panic!("forwarded: {request:?}"),
        Err(refused) => refused,
    }
}

/// The variant's name alone.
fn variant(refusal: &Refusal) -> String {
    format!("{refusal:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}
