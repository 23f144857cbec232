//! A request as a device sends it. It is signed here, and not by the crate under test.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::gate::request_text;

/// The device's access key.
pub(crate) const ID: &str = "LTAI5tTestDevice01";
/// Its secret.
pub(crate) const SECRET: &str = "s3cr3tOfTheTestDevice01";
/// The time of the tests, 2026-11-24T01:52:57Z.
pub(crate) const NOW: i64 = 1_795_485_177_000;
/// The same as a device writes it.
pub(crate) const DATE: &str = "Tue, 24 Nov 2026 01:52:57 GMT";
/// What a device writes a second later.
pub(crate) const LATER: &str = "Tue, 24 Nov 2026 01:52:58 GMT";

/// Method, path, query and header lines, each as sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
}

/// A request to the host that stands for the bucket `fleet-uploads`, dated now, not signed.
pub(crate) fn request(method: &str, uri: &str, query: &str) -> Request {
    let request = Request { method: method.into(), uri: uri.into(), query: query.into(), headers: Vec::new() };
    request.with("host", "uploads.example.com").with("date", DATE)
}

impl Request {
    /// One more header line.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// One line of this header in place of all others.
    pub(crate) fn set(self, name: &str, value: &str) -> Self {
        self.without(name).with(name, value)
    }

    /// No line of this header.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// Signed with the device's key for a resource, as in `/bucket/key?uploads`.
    pub(crate) fn signed(self, resource: &str) -> Self {
        let authorization = format!("OSS {ID}:{}", self.signature(resource));
        self.set("authorization", &authorization)
    }

    /// The right signature.
    pub(crate) fn signature(&self, resource: &str) -> String {
        hmac_sha1(SECRET, &self.string_to_sign(resource))
    }

    /// OSS, "Add a signature to the header", from the header lines as they are.
    pub(crate) fn string_to_sign(&self, resource: &str) -> String {
        let value = |name: &str| {
            let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        let mut text = String::new();
        let date = value("x-oss-date").or(value("date"));
        for line in [Some(&*self.method), value("content-md5"), value("content-type"), date] {
            text.push_str(line.unwrap_or_default());
            text.push('\n');
        }
        let mut oss_headers: Vec<(String, &str)> = Vec::new();
        for (name, value) in &self.headers {
            let name = name.to_ascii_lowercase();
            if name.starts_with("x-oss-") {
                oss_headers.push((name, value.trim()));
            }
        }
        oss_headers.sort();
        oss_headers.dedup();
        for (name, value) in oss_headers {
            text.push_str(&format!("{name}:{value}\n"));
        }
        text + resource
    }

    /// The text that `oss_edge::Request::parse` reads.
    pub(crate) fn text(&self) -> String {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        request_text(&self.method, &self.uri, &self.query, headers)
    }
}

/// Base64 of the HMAC-SHA1 of `text`.
pub(crate) fn hmac_sha1(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}
