//! A second, slow verifier, written from OSS's documentation and this project's documents. It shares no code with the
//! core, nor the libraries by which the core hashes, decodes and compares.

pub mod date;
pub mod forward;
pub mod key;
pub mod operation;
pub mod refusal;
pub mod resource;
pub mod seal;
pub mod signature;

use crate::wire::Wire;
use crate::world::Deployment;

/// What is decided on.
#[derive(Clone, Copy)]
pub struct Asked<'w> {
    pub wire: &'w Wire,
    pub deployment: Deployment,
    pub now: i64,
}

/// Everything but unreserved characters (RFC 3986) and those of `kept` as `%XX`.
pub fn encode(text: &str, kept: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        let character = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-._~".contains(character) || (byte < 128 && kept.contains(character)) {
            encoded.push(character);
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// The bytes of a percent-encoded text, each escape decoded once; `None` for an escape that isn't one.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            decoded.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

/// The same, of UTF-8.
pub fn decode_text(text: &str) -> Option<String> {
    String::from_utf8(decode(text)?).ok()
}

/// Names and values of a query, decoded; `None` when it can't be.
pub fn parameters(query: &str) -> Option<Vec<(String, String)>> {
    if query.is_empty() {
        return Some(Vec::new());
    }
    let pairs = query.split('&').map(|pair| {
        let at = pair.find('=').unwrap_or(pair.len());
        let value = if at < pair.len() { &pair[at + 1..] } else { "" };
        Some((decode_text(&pair[..at])?, decode_text(value)?))
    });
    pairs.collect()
}

/// The value of the one parameter of a name.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    parameters(query)?.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

pub fn hmac_sha1(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac_sha1_compact::HMAC::mac(text, key).to_vec()
}

pub fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac_sha256::HMAC::mac(text, key).to_vec()
}
