//! Which operation a request is, by OSS's API reference.

use super::{Asked, parameters};

/// Names that belong to a signature and take no part in the operation.
const OF_SIGNATURES: [&str; 12] = [
    "OSSAccessKeyId",
    "Expires",
    "Signature",
    "security-token",
    "x-oss-signature-version",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-expires",
    "x-oss-signature",
    "x-oss-additional-headers",
    "x-oss-security-token",
    "x-oss-access-key-id",
];

/// Names that OSS takes on every operation.
const ANYWHERE: [&str; 2] = ["x-oss-request-payer", "x-oss-traffic-limit"];

/// The parameters that make an operation: name, value.
pub fn operands(query: &str) -> Option<Vec<(String, String)>> {
    let mut operands = parameters(query)?;
    operands.retain(|(name, _)| !OF_SIGNATURES.contains(&&**name) && !ANYWHERE.contains(&&**name));
    Some(operands)
}

/// The operation of a request with a key; `None` for one that isn't served, or with a parameter that it doesn't take.
/// Parameters of PutObject that mean nothing are left out of it: `is_stray` says which.
pub fn classify(asked: Asked<'_>) -> Option<&'static str> {
    let served = operands(&asked.wire.query)?;
    let method = asked.wire.method.as_str();
    let reads = asked.deployment == crate::world::Deployment::Relay;
    let named: Vec<(&str, &str)> = served.iter().map(|(name, value)| (&**name, &**value)).collect();
    let has = |name: &str| named.iter().any(|(known, _)| *known == name);
    let only = |names: &[&str]| named.iter().all(|(name, _)| names.contains(name));
    let url = named.iter().all(|(name, value)| *name != "encoding-type" || *value == "url");
    let empty = |name: &str| named.iter().all(|(known, value)| *known != name || value.is_empty());
    let id = named
        .iter()
        .all(|(name, value)| *name != "uploadId" || (!value.is_empty() && value.len() <= 1024 && !value.contains('&')));
    let number = |name: &str, least: u64, most: u64, may_be_empty: bool| {
        named.iter().filter(|(known, _)| *known == name).all(|(_, value)| {
            (value.is_empty() && may_be_empty)
                || value
                    .parse()
                    .is_ok_and(|number: u64| (least..=most).contains(&number) && number.to_string() == **value)
        })
    };
    match method {
        "PUT" if has("partNumber") && has("uploadId") => {
            (only(&["partNumber", "uploadId"]) && id && number("partNumber", 1, 10_000, false)).then_some("UploadPart")
        }
        "PUT" => named.iter().all(|(name, value)| is_stray(name, value)).then_some("PutObject"),
        "POST" if has("uploads") => {
            let is_plain = empty("uploads") && empty("sequential") && url;
            (only(&["uploads", "sequential", "encoding-type"]) && is_plain).then_some("InitiateMultipartUpload")
        }
        "POST" if has("uploadId") => {
            (only(&["uploadId", "encoding-type"]) && id && url).then_some("CompleteMultipartUpload")
        }
        "DELETE" if has("uploadId") => (only(&["uploadId"]) && id).then_some("AbortMultipartUpload"),
        "GET" if has("uploadId") => {
            let is_page = number("max-parts", 1, 1000, true) && number("part-number-marker", 0, 10_000, true);
            let names = ["uploadId", "max-parts", "part-number-marker", "encoding-type"];
            (only(&names) && id && url && is_page).then_some("ListParts")
        }
        "HEAD" if reads && named.is_empty() => Some("HeadObject"),
        "HEAD" | "GET" if reads && has("objectMeta") => {
            (only(&["objectMeta"]) && empty("objectMeta")).then_some("GetObjectMeta")
        }
        _ => None,
    }
}

/// Whether a parameter of PutObject means nothing to OSS and S3: it has a value, and a plain name that differs from every
/// known one in more than its case.
pub fn is_stray(name: &str, value: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let known = super::signature::SUB_RESOURCES.split_whitespace().chain([
        "encoding-type",
        "max-parts",
        "part-number-marker",
        "expires",
        "ossaccesskeyid",
        "signature",
    ]);
    !value.is_empty()
        && !lower.starts_with("x-oss-")
        && !lower.starts_with("x-amz-")
        && name.chars().all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character))
        && !known.map(str::to_ascii_lowercase).any(|known| known == lower)
}
