//! Whether a refusal names a rule that the request breaks (docs/refusals.md).

use oss_edge::{DateFault, KeyFault, Refusal};

use super::resource::{Meaning, is_bucket_name, key_fault, meanings, style};
use super::signature::{Order, Presented, SUB_RESOURCES, presented, seconds, tokens};
use super::{Asked, date, decode, key, operation, parameter, parameters, seal};
use crate::wire::Wire;
use crate::world::{BUCKETS, Deployment};

const OF_V1: [&str; 4] = ["OSSAccessKeyId", "Expires", "Signature", "security-token"];
const OF_V4: [&str; 7] = [
    "x-oss-signature-version",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-expires",
    "x-oss-signature",
    "x-oss-additional-headers",
    "x-oss-security-token",
];

/// Whether the request breaks the rule that a refusal names, and with the values that it names.
pub fn explains(asked: Asked<'_>, refusal: &Refusal) -> bool {
    let Asked { wire, now, .. } = asked;
    let has = |name: &str| parameter(&wire.query, name).is_some();
    let signature = presented(wire);
    let value = |name: &str| parameter(&wire.query, name).unwrap_or_default();
    match refusal {
        Refusal::MalformedRequest => !is_readable(wire),
        Refusal::RepeatedHeader(name) => wire.values(name).len() > 1,
        Refusal::MalformedHeader(name) => {
            name == "x-oss-meta-" || wire.values(name).iter().any(|value| has_control(value, '\t'))
        }
        Refusal::UnknownHost(_) => style(wire).is_none(),
        Refusal::InvalidBucketName => meanings(wire).iter().any(|meaning| !is_bucket_name(&meaning.bucket)),
        Refusal::InvalidObjectName(fault) => has_key_fault(wire, signature.as_ref(), *fault),
        Refusal::MalformedQuery => is_malformed_query(&wire.query),
        Refusal::RepeatedParameter(name) => {
            // A later parameter may be malformed too.
            let names = wire.query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
            names.filter(|encoded| super::decode_text(encoded).as_ref() == Some(name)).count() > 1
        }
        Refusal::UnexpectedParameter(name) => has(name) && operation::classify(asked).is_none(),
        Refusal::InvalidPartNumber(number) => {
            value("partNumber") == *number
                && !number.parse().is_ok_and(|plain: u16| (1..=10_000).contains(&plain) && plain.to_string() == *number)
        }
        Refusal::InvalidEncodingType(kind) => value("encoding-type") == *kind && kind != "url",
        Refusal::InvalidQueryValue(name, number) => value(name) == *number && operation::classify(asked).is_none(),
        Refusal::MethodNotAllowed => {
            operation::classify(asked).is_none() || meanings(wire).iter().any(|meaning| meaning.key.is_empty())
        }
        Refusal::MissingSignature => {
            wire.values("authorization").is_empty() && OF_V1.iter().chain(&OF_V4).all(|name| !has(name))
        }
        Refusal::ConflictingSignatures => {
            let in_header = !wire.values("authorization").is_empty();
            let v4 = OF_V4.iter().any(|name| has(name));
            let v1 = OF_V1.iter().any(|name| has(name));
            (in_header && (v1 || v4)) || (v1 && v4)
        }
        Refusal::IncompleteUrlSignature => {
            let lacks = |names: &[&str]| names.iter().any(|name| value(name).is_empty());
            lacks(&OF_V1[..3]) && lacks(&OF_V4[..5])
        }
        Refusal::InvalidCredential(_) => !signature.as_ref().is_some_and(|signature| has_right_scope(wire, signature)),
        Refusal::InvalidExpires => {
            let text = if has("Expires") { value("Expires") } else { value("x-oss-expires") };
            seconds(&text).is_none() || text.trim_start_matches('0').is_empty()
        }
        Refusal::Expired(end) => {
            let times = signature.and_then(|signature| signature.url_times());
            times.is_some_and(|(_, known)| known == end.0 && known < now)
        }
        Refusal::ExpiresTooFar => {
            let life = seconds(&value("x-oss-expires")).unwrap_or(0);
            let end = signature.and_then(|signature| signature.url_times()).map_or(0, |(_, end)| end);
            life > 604_800 || end - now > 604_800_000
        }
        Refusal::NotYetValid => {
            let times = signature.and_then(|signature| signature.url_times());
            times.is_some_and(|(begin, _)| begin.is_some_and(|begin| begin - now > 60_000))
        }
        Refusal::MalformedAuthorization(_) => {
            !signature.as_ref().is_some_and(|signature| follows_grammar(wire, signature))
        }
        Refusal::SchemeNotEnabled("OSS2") => {
            has("x-oss-access-key-id")
                || value("x-oss-signature-version") == "OSS2"
                || wire.values("authorization").iter().any(|value| value.starts_with("OSS2"))
        }
        Refusal::InvalidDate(DateFault::Missing) => {
            wire.values("date").is_empty() && wire.values("x-oss-date").is_empty()
        }
        Refusal::InvalidDate(DateFault::Malformed) => {
            let text = signature.and_then(|signature| signature.date_text(wire));
            text.is_none_or(|text| date::parse(&text).is_none())
        }
        Refusal::RequestTimeTooSkewed(skewed) => {
            let text = signature.as_ref().and_then(|signature| signature.date_text(wire)).unwrap_or_default();
            let own = signature.and_then(|signature| key::find(signature.id(), now).ok()?.skew_seconds);
            let allowed = [300_000].into_iter().chain(own.map(|seconds| seconds * 1000));
            let mut allowed = allowed.filter(|allowed| i64::try_from(skewed.max_millis) == Ok(*allowed));
            date::parse(&text) == Some(skewed.requested.0)
                && skewed.now.0 == now
                && allowed.any(|allowed| (skewed.requested.0 - now).abs() > allowed)
        }
        Refusal::InvalidAccessKeyId(id, fault) => {
            signature.is_some_and(|signature| signature.id() == id)
                && key::find(id, now).err() == Some(&*format!("{fault:?}"))
        }
        Refusal::SecurityTokenExpired => {
            let expiry = signature.as_ref().and_then(|signature| key::parts(signature.id())?.2);
            expiry.is_some_and(|expiry| expiry <= now) && !tokens(wire).is_empty()
        }
        Refusal::SignatureDoesNotMatch(mismatch) => {
            let Some(signature) = signature else { return false };
            let text = |meaning: &Meaning| signature.string_to_sign(wire, &meaning.bucket, &meaning.key, Order::Bytes);
            right_meaning(asked, &signature).is_none()
                && meanings(wire).iter().any(|meaning| text(meaning).as_ref() == Some(&mismatch.string_to_sign))
        }
        Refusal::InvalidSecurityToken => {
            let Some(found) = signature.and_then(|signature| key::find(signature.id(), now).ok()) else { return false };
            match &tokens(wire)[..] {
                [] => found.token.is_some(),
                [presented] => match found.token {
                    Some(token) => presented != token || !wire.values("security-token").is_empty(),
                    None => !found.takes_any_token || !wire.values("security-token").is_empty(),
                },
                _ => true,
            }
        }
        Refusal::AccessDenied => {
            let Some(signature) = signature else { return false };
            let (Some(meaning), Ok(found)) = (right_meaning(asked, &signature), key::find(signature.id(), now)) else {
                return false;
            };
            operation::classify(asked).is_some_and(|name| !found.allows(name, &meaning.bucket, &meaning.key))
        }
        Refusal::NoSuchBucket(name) => {
            BUCKETS.iter().all(|(known, _)| known != name)
                && meanings(wire).iter().any(|meaning| meaning.bucket == *name)
        }
        Refusal::NoSuchUpload(id, _) => {
            let Some(meaning) = signature.and_then(|signature| right_meaning(asked, &signature)) else { return false };
            let s3_bucket = BUCKETS.iter().find(|(oss, _)| *oss == meaning.bucket).map_or("", |(_, s3)| s3);
            let is_forwarded = asked.deployment == Deployment::Relay
                && !has_form_of_seal(id)
                && id.len() <= 255
                && id != "~forbid-overwrite";
            value("uploadId") == *id
                && !is_forwarded
                && seal::open_upload_id(id, s3_bucket, &meaning.key, now).is_none()
        }
        Refusal::NotImplemented(name, _) => broken_by(asked, name, "NotImplemented"),
        Refusal::InvalidHeaderValue(name, _) => broken_by(asked, name, "InvalidHeaderValue"),
        Refusal::MetadataTooLarge => broken_by(asked, "x-oss-meta-", "MetadataTooLarge"),
        Refusal::MissingContentLength(_) => {
            let (chunked, length) = (wire.value("transfer-encoding").is_some(), wire.value("content-length"));
            length.is_none() && asked.deployment == Deployment::Api && (chunked || limit(asked).is_some())
        }
        Refusal::InvalidContentLength => {
            let length = wire.value("content-length").unwrap_or_default();
            length.is_empty() || !length.chars().all(|character| character.is_ascii_digit())
        }
        Refusal::EntityTooLarge => {
            let length = wire.value("content-length").unwrap_or_default().parse::<u128>().unwrap_or(u128::MAX);
            length > u128::from(limit(asked).unwrap_or(5 << 30))
        }
        Refusal::RequestTooLarge => wire.text("").len() > 2500,
        _ => false,
    }
}

/// The meaning of a request that its signature is right for, among those that could be served.
fn right_meaning(asked: Asked<'_>, signature: &Presented) -> Option<Meaning> {
    let secrets = key::find(signature.id(), asked.now).ok()?.secrets;
    meanings(asked.wire).into_iter().find(|meaning| {
        is_bucket_name(&meaning.bucket)
            && !meaning.key.is_empty()
            && key_fault(&meaning.key).is_none()
            && (signature.is_version_1() || !meaning.plus_is_space)
            && signature.is_right_for(asked.wire, &meaning.bucket, &meaning.key, &secrets)
    })
}

fn limit(asked: Asked<'_>) -> Option<u64> {
    key::find(presented(asked.wire)?.id(), asked.now).ok()?.max_bytes
}

/// No NUL, and names that are tokens (RFC 9110 section 5.6.2).
fn is_readable(wire: &Wire) -> bool {
    let is_token = |name: &str| {
        !name.is_empty()
            && name.chars().all(|character| character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character))
    };
    wire.text("").split('\0').count() == wire.headers.len() * 2 + 5
        && wire.headers.iter().all(|(name, _)| is_token(name))
}

fn has_control(text: &str, allowed: char) -> bool {
    text.chars().any(|character| character.is_ascii_control() && character != allowed)
}

fn is_malformed_query(query: &str) -> bool {
    let Some(all) = parameters(query) else { return true };
    let has_control = |text: &str| text.chars().any(|character| matches!(u32::from(character), 0..=0x1f | 0x7f..=0x9f));
    all.len() > 32 || all.iter().any(|(name, value)| name.is_empty() || has_control(name) || has_control(value))
}

fn has_key_fault(wire: &Wire, signature: Option<&Presented>, fault: KeyFault) -> bool {
    let bytes = wire.path.strip_prefix('/').and_then(decode);
    let keys: Vec<_> = meanings(wire).into_iter().map(|meaning| meaning.key).collect();
    match fault {
        KeyFault::Escape => bytes.is_none(),
        KeyFault::NotUtf8 => bytes.is_some_and(|bytes| String::from_utf8(bytes).is_err()),
        KeyFault::SubResource => signature.is_some_and(|signature| signs_like_a_sub_resource(wire, signature)),
        other => keys.iter().any(|key| key_fault(key) == Some(&*format!("{other:?}"))),
    }
}

/// Whether in version 1 the text of a key may be the text of a shorter key and a sub-resource.
pub fn signs_like_a_sub_resource(wire: &Wire, signature: &Presented) -> bool {
    let ends = |rest: &str| rest.find(['?', '=', '&']).unwrap_or(rest.len());
    let is_signed = |rest: &str| {
        let name = &rest[..ends(rest)];
        name.starts_with("x-oss-") || SUB_RESOURCES.split_whitespace().any(|known| known == name)
    };
    let has = |key: &str| key.match_indices('?').any(|(at, _)| is_signed(&key[at + 1..]));
    signature.is_version_1() && meanings(wire).iter().any(|meaning| has(&meaning.key))
}

/// 1 to 128 visible ASCII characters without those that delimit an id.
fn is_id(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id.chars().all(|character| character.is_ascii_graphic() && !":/,".contains(character))
}

fn has_right_scope(wire: &Wire, signature: &Presented) -> bool {
    let Presented::V4 { id, scope, .. } = signature else { return false };
    let [day, region, product, "aliyun_v4_request"] = scope.split('/').collect::<Vec<_>>()[..] else { return false };
    let signed = signature.date_text(wire).and_then(|text| date::parse(&text));
    is_id(id)
        && (1..=128).contains(&region.len())
        && ["oss", "oss-cloudbox"].contains(&product)
        && signed.is_none_or(|time| date::to_iso_basic(time)[..8] == *day)
}

fn follows_grammar(wire: &Wire, signature: &Presented) -> bool {
    let lists = [
        parameter(&wire.query, "x-oss-additional-headers").unwrap_or_default(),
        wire.value("authorization").unwrap_or_default().to_owned(),
    ];
    match signature {
        Presented::V1 { id, signature, .. } => {
            is_id(id) && !signature.is_empty() && !signature.contains([':', ' ', '\t'])
        }
        // The lists of additional headers and the fields of the header: their grammar is strict, and told by example in
        // the core's own tests.
        Presented::V4 { additional, .. } => {
            let version = parameter(&wire.query, "x-oss-signature-version");
            version.is_none_or(|version| version == "OSS4-HMAC-SHA256")
                && additional.windows(2).all(|pair| pair[0] != pair[1])
                && lists.iter().all(|list| !list.contains(";;") && !list.contains(" ;") && list.is_ascii())
                && wire.value("authorization").is_none_or(|header| {
                    header.split_once(' ').is_some_and(|(_, fields)| {
                        let names = fields.split(',').map(|field| field.trim().split('=').next().unwrap_or_default());
                        let names: Vec<_> = names.collect();
                        let known = ["Credential", "Signature", "AdditionalHeaders"];
                        names
                            .iter()
                            .all(|name| known.contains(name) && names.iter().filter(|n| n == &name).count() == 1)
                    })
                })
        }
    }
}

fn has_form_of_seal(id: &str) -> bool {
    let fields: Vec<&str> = id.splitn(6, '.').collect();
    fields.len() == 6 && ["s1", "s1b"].contains(&fields[0])
}

/// Whether a rule of headers of this outcome is broken, for any operation that the request could be.
fn broken_by(asked: Asked<'_>, name: &str, outcome: &str) -> bool {
    let operation = operation::classify(asked).unwrap_or("PutObject");
    let of_name = of_header(asked, operation, name);
    of_name == Some(outcome)
}

/// The rule of headers that a request breaks, if any.
pub fn of_headers(asked: Asked<'_>, operation: &str) -> Option<&'static str> {
    let names = asked.wire.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    // Tags have rules of their own.
    names
        .filter(|name| name != "x-oss-tagging")
        .chain(["x-oss-meta-".to_owned()])
        .find_map(|name| of_header(asked, operation, &name))
}

fn of_header(asked: Asked<'_>, operation: &str, name: &str) -> Option<&'static str> {
    let wire = asked.wire;
    let oss = |name: &str| wire.value(name).map(str::trim_ascii);
    let makes_object = ["PutObject", "InitiateMultipartUpload"].contains(&operation);
    let encryption = oss("x-oss-server-side-encryption");
    let kms_key_is_known = oss("x-oss-server-side-encryption-key-id").is_none_or(|id| id == "default");
    if name == "x-oss-meta-" {
        return (makes_object && metadata_bytes(wire) > 2048).then_some("MetadataTooLarge");
    }
    let value = oss(name)?;
    match name {
        "x-oss-process"
        | "x-oss-symlink-target"
        | "x-oss-server-side-data-encryption"
        | "x-oss-metadata-directive"
        | "x-oss-tagging-directive"
        | "x-oss-callback"
        | "x-oss-callback-var"
        | "x-oss-copy-source"
        | "x-oss-copy-source-range"
        | "x-oss-copy-source-if-match"
        | "x-oss-copy-source-if-none-match"
        | "x-oss-copy-source-if-modified-since"
        | "x-oss-copy-source-if-unmodified-since" => Some("NotImplemented"),
        "x-oss-complete-all" => (value != "yes").then_some("InvalidHeaderValue"),
        "x-oss-forbid-overwrite" => (!["true", "false"].contains(&value)).then_some("InvalidHeaderValue"),
        "x-oss-object-acl" => match value {
            "private" | "default" => None,
            "public-read" | "public-read-write" => Some("NotImplemented"),
            _ => Some("InvalidHeaderValue"),
        },
        "x-oss-server-side-encryption" => match value {
            "AES256" => None,
            "KMS" if kms_key_is_known => None,
            "KMS" | "SM4" => Some("NotImplemented"),
            _ => Some("InvalidHeaderValue"),
        },
        "x-oss-server-side-encryption-key-id" => match encryption {
            Some("KMS") if kms_key_is_known => None,
            Some("KMS") => Some("NotImplemented"),
            _ => Some("InvalidHeaderValue"),
        },
        "x-oss-storage-class" => {
            let known = ["Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive"];
            (!known.contains(&value)).then_some("InvalidHeaderValue")
        }
        "x-oss-tagging" => Some("InvalidHeaderValue"),
        "content-encoding" => {
            (makes_object && value.to_ascii_lowercase().contains("aws-chunked")).then_some("NotImplemented")
        }
        "transfer-encoding" => {
            let is_read = ["PutObject", "UploadPart", "CompleteMultipartUpload"].contains(&operation);
            let is_relay = asked.deployment == Deployment::Relay;
            let chunked = wire.values(name).iter().all(|value| value.eq_ignore_ascii_case("chunked"));
            // The document of Complete is read however it is framed, where it has a length.
            let is_read = is_read && (operation != "CompleteMultipartUpload" || wire.value("content-length").is_none());
            (is_relay && is_read && !chunked).then_some("NotImplemented")
        }
        _ => None,
    }
}

/// Names and values of user metadata as S3 gets them.
fn metadata_bytes(wire: &Wire) -> usize {
    let mut seen = Vec::new();
    for (name, value) in &wire.headers {
        let name = name.to_ascii_lowercase();
        if let Some(key) = name.strip_prefix("x-oss-meta-").filter(|_| !seen.iter().any(|(known, _)| *known == name)) {
            let value = value.trim_ascii();
            // RFC 2047: 12 characters around base64.
            let length = if value.is_ascii() { value.len() } else { value.len().div_ceil(3) * 4 + 12 };
            seen.push((name.clone(), key.len() + length));
        }
    }
    seen.iter().map(|(_, bytes)| bytes).sum()
}
