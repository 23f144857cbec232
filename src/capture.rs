//! The signed parts of a request for the log: enough to find out why a signature is wrong, too little to replay the
//! request.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::request::Request;
use crate::request::query::Query;
use crate::scheme::Scheme;
use crate::signature::PresentedSignature;

/// The prefix of the hash of a signature or token.
pub(crate) const HASH_PREFIX: &str = "sha256-";

/// The most bytes of signed parts in a line of the log. No SDK's request has so many.
const MAX_BYTES: usize = 4096;

/// Words in the name of a header or parameter, in any case, whose value must not be logged.
const HIDDEN: [&str; 5] = ["authorization", "cookie", "secret", "signature", "token"];

/// The signed parts of a request. Signature and security token are hashes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", untagged)]
pub enum Captured {
    /// All of them.
    Parts {
        /// As sent.
        uri: String,
        /// Decoded.
        query: Vec<(String, String)>,
        /// Names in lower case, values as sent.
        headers: Vec<(String, String)>,
    },
    /// They have too many bytes for a line.
    #[serde(rename_all = "camelCase")]
    TooLarge {
        /// How many.
        too_large: usize,
    },
}

impl Captured {
    /// The signed parts of a request; `None` unless it has exactly one signature with a valid syntax.
    pub(crate) fn of(request: &Request<'_>, enabled: &[Scheme]) -> Option<Self> {
        let query = Query::parse(request.query).ok()?;
        let presented = PresentedSignature::from_request(request, &query, enabled).ok()?;
        let parameters = query
            .iter()
            .map(|(name, value)| (name.to_owned(), if is_hidden(name) { hashed(value) } else { value.to_owned() }));
        let lines = request.headers.iter().filter_map(|(name, value)| {
            let shown = match name {
                // Written from the parsed signature, so that nothing else that was sent gets into the log.
                "authorization" => presented.authorization_with(&hashed(presented.signature())),
                _ if !is_signed(name, &presented) => return None,
                _ if is_hidden(name) => hashed(value),
                _ => value.to_owned(),
            };
            Some((name.to_owned(), shown))
        });
        let (query, headers): (Vec<_>, Vec<_>) = (parameters.collect(), lines.collect());
        let pairs = query.iter().chain(&headers).map(|(name, value)| name.len() + value.len());
        match request.uri.len() + pairs.sum::<usize>() {
            bytes if bytes > MAX_BYTES => Some(Captured::TooLarge { too_large: bytes }),
            _ => Some(Captured::Parts { uri: request.uri.to_owned(), query, headers }),
        }
    }
}

fn is_hidden(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name != "x-oss-signature-version" && HIDDEN.iter().any(|part| name.contains(part))
}

fn is_signed(name: &str, presented: &PresentedSignature<'_>) -> bool {
    matches!(name, "content-md5" | "content-type" | "date" | "security-token")
        || name.starts_with("x-oss-")
        || presented.additional_headers().iter().any(|additional| additional == name)
}

fn hashed(text: &str) -> String {
    format!("{HASH_PREFIX}{}", base16ct::lower::encode_string(&Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(text: &str) -> Option<String> {
        let request = Request::parse(text).unwrap();
        Captured::of(&request, &Scheme::ALL).map(|captured| serde_json::to_string(&captured).unwrap())
    }

    #[test]
    fn has_hashes_in_place_of_signature_and_token() {
        let text = "6\0id\0PUT\0/k\0uploads\0Host\0h\0Date\0d\0authorization\0OSS ak:c2ln\0x-oss-security-token\0token\0\
                    cookie\0c\0Content-Type\0t";
        let hash_of = |text: &str| hashed(text);
        assert_eq!(
            captured(text).unwrap(),
            format!(
                r#"{{"uri":"/k","query":[["uploads",""]],"headers":[["date","d"],["authorization","OSS ak:{}"],["x-oss-security-token","{}"],["content-type","t"]]}}"#,
                hash_of("c2ln"),
                hash_of("token")
            )
        );
        let of_url =
            captured("0\0id\0PUT\0/k\0OSSAccessKeyId=ak&Expires=1&%53ignature=c2ln&security-token=token").unwrap();
        assert!(of_url.contains(&hash_of("c2ln")) && of_url.contains(&hash_of("token")), "{of_url}");
        assert!(!of_url.contains("\"c2ln\"") && !of_url.contains("\"token\""), "{of_url}");
    }

    #[test]
    fn hashes_secrets_under_every_name() {
        let scope = "20261124/r/oss/aliyun_v4_request";
        let sent = format!("OSS4-HMAC-SHA256 Credential=ak/{scope}, Signature=c2ln, AdditionalHeaders=x-auth-token");
        let query = "Security-Token=CLEAR&a-SECRET=CLEAR";
        let text = format!("2\0id\0PUT\0/k\0{query}\0x-auth-token\0CLEAR\0authorization\0{sent}");
        let captured = captured(&text).unwrap();
        assert!(captured.contains("x-auth-token") && !captured.contains("CLEAR"), "{captured}");
        assert!(!is_hidden("x-oss-signature-version") && is_hidden("X-Oss-Signature"));
    }

    #[test]
    fn writes_a_version_4_header_anew() {
        let scope = "20261124/r/oss/aliyun_v4_request";
        let sent = format!("OSS4-HMAC-SHA256 Credential=ak/{scope}, Signature=c2ln, AdditionalHeaders=host");
        let text = format!("2\0id\0PUT\0/k\0\0host\0h\0authorization\0{sent}");
        let expected =
            format!("OSS4-HMAC-SHA256 Credential=ak/{scope},AdditionalHeaders=host,Signature={}", hashed("c2ln"));
        let captured = captured(&text).unwrap();
        assert!(captured.contains(&expected) && captured.contains(r#"["host","h"]"#), "{captured}");
    }

    #[test]
    fn leaves_out_what_it_cannot_test_or_hold() {
        assert_eq!(captured("1\0id\0PUT\0/k\0\0authorization\0OSS ak: c2ln"), None);
        assert_eq!(captured("1\0id\0PUT\0/k\0Signature=a\0authorization\0OSS ak:c2ln"), None);
        let of_value = |bytes: usize| {
            let value = "a".repeat(bytes);
            captured(&format!("2\0id\0PUT\0/k\0\0authorization\0OSS ak:c2ln\0x-oss-meta-a\0{value}")).unwrap()
        };
        assert_eq!(of_value(3992), r#"{"tooLarge":4097}"#);
        assert!(of_value(3991).starts_with(r#"{"uri":"/k","#));
    }
}
