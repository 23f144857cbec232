//! What oss2 sends for a small object, signed in each scheme.

use hmac::digest::Digest;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

use crate::gate::flat;

pub(crate) const ID: &str = "LTAI5tBenchDevice0001";
pub(crate) const SECRET: &str = "benchSecret0001abcdefghijklmno";
/// 2026-11-24T01:52:57Z.
pub(crate) const NOW: i64 = 1_795_485_177_000;

const DATE: &str = "Tue, 24 Nov 2026 01:52:57 GMT";
const ISO_DATE: &str = "20261124T015257Z";
const SCOPE: [&str; 4] = ["20261124", "cn-hangzhou", "oss", "aliyun_v4_request"];
const KEY: &str = "telemetry/2026/11/24/device-000001/boot.log";
const HEADERS: [(&str, &str); 9] = [
    ("content-length", "20001"),
    ("content-type", "application/octet-stream"),
    ("content-md5", "ZwsUcorZkCrsujLiL6T2vQ=="),
    ("accept", "*/*"),
    ("accept-encoding", "identity"),
    ("user-agent", "aliyun-sdk-python/2.19.1(Linux/6.1.0/aarch64;3.11.2)"),
    ("date", DATE),
    ("host", "uploads.example.com"),
    ("x-oss-meta-device", "device-000001"),
];

/// A request, and the text that it signs: of version 4, the canonical request.
pub(crate) struct Request {
    pub(crate) signed: String,
    query: String,
    headers: Vec<(&'static str, String)>,
}

impl Request {
    /// The text and the lengths of a `FlatRequest`.
    pub(crate) fn flat(&self) -> (String, Vec<i32>) {
        let headers = HEADERS.iter().copied().chain(self.headers.iter().map(|(name, value)| (*name, value.as_str())));
        let joined = flat("PUT", &format!("/{KEY}"), &self.query, headers);
        let parts = joined.split('\0').skip(1);
        (parts.clone().collect(), parts.map(|part| i32::try_from(part.len()).unwrap()).collect())
    }
}

pub(crate) fn v1_header() -> Request {
    let signed = v1_text(DATE);
    let headers = vec![("authorization", format!("OSS {ID}:{}", base64(&mac_sha1(&signed))))];
    Request { signed, query: String::new(), headers }
}

pub(crate) fn v1_url() -> Request {
    let expires = (NOW / 1000 + 600).to_string();
    let signed = v1_text(&expires);
    let signature = escaped(&base64(&mac_sha1(&signed)));
    let query = format!("OSSAccessKeyId={ID}&Expires={expires}&Signature={signature}");
    Request { signed, query, headers: Vec::new() }
}

pub(crate) fn v4_header() -> Request {
    let dated = [("x-oss-content-sha256", "UNSIGNED-PAYLOAD"), ("x-oss-date", ISO_DATE)];
    let signed = v4_text("", &dated);
    let credential = format!("Credential={ID}/{}", SCOPE.join("/"));
    let authorization = format!("OSS4-HMAC-SHA256 {credential},Signature={}", v4_signature(&signed));
    let mut headers = vec![("authorization", authorization)];
    headers.extend(dated.map(|(name, value)| (name, value.to_owned())));
    Request { signed, query: String::new(), headers }
}

pub(crate) fn v4_url() -> Request {
    let credential = escaped(&format!("{ID}/{}", SCOPE.join("/")));
    let query = format!(
        "x-oss-credential={credential}&x-oss-date={ISO_DATE}&x-oss-expires=600&x-oss-signature-version=OSS4-HMAC-SHA256"
    );
    let signed = v4_text(&query, &[]);
    let query = format!("{query}&x-oss-signature={}", v4_signature(&signed));
    Request { signed, query, headers: Vec::new() }
}

fn v1_text(date: &str) -> String {
    let [md5, content_type, device] = ["content-md5", "content-type", "x-oss-meta-device"].map(value);
    format!("PUT\n{md5}\n{content_type}\n{date}\nx-oss-meta-device:{device}\n/fleet-uploads/{KEY}")
}

fn v4_text(query: &str, dated: &[(&str, &str)]) -> String {
    let mut lines: Vec<_> =
        ["content-md5", "content-type", "x-oss-meta-device"].map(|name| (name, value(name))).to_vec();
    lines.extend(dated);
    lines.sort_unstable();
    let lines: String = lines.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    format!("PUT\n/fleet-uploads/{KEY}\n{query}\n{lines}\n\nUNSIGNED-PAYLOAD")
}

fn v4_signature(canonical_request: &str) -> String {
    let mut key = format!("aliyun_v4{SECRET}").into_bytes();
    for part in SCOPE {
        key = mac_sha256(&key, part);
    }
    let hash = hex(&Sha256::digest(canonical_request.as_bytes()));
    hex(&mac_sha256(&key, &format!("OSS4-HMAC-SHA256\n{ISO_DATE}\n{}\n{hash}", SCOPE.join("/"))))
}

fn value(name: &str) -> &'static str {
    HEADERS.iter().find(|(known, _)| *known == name).unwrap().1
}

fn mac_sha1(text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn mac_sha256(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn escaped(text: &str) -> String {
    text.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D")
}
