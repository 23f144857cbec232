//! What the targets besides request check.

use std::collections::BTreeSet;

use data_encoding::BASE64URL_NOPAD;
use oss_edge::{
    AccessKeys, CanonicalizedOssHeaders, Config, Credentials, DerivedKeyId, Gate, HandOver, ObjectKey, OriginResponse,
    Query, Request, Resource, SealUses, SealingKeys, UnixMillis, ViewerResponse, derived_secret, signature_v1,
    signature_v4,
};

use crate::checks::check_answer;
use crate::document;
use crate::inputs::{Answer, Canonical, Dated, Derived, Document, Sealed, Upload, change};
use crate::oracle::signature::{Order, Presented};
use crate::oracle::{date, key, resource, seal, signature};
use crate::wire::Wire;
use crate::world::{Deployment, sealing_keys};

/// The core seals what the oracle seals, and takes an id exactly where the oracle does.
pub fn check_upload(upload: &Upload) {
    let Upload { s3_bucket, key, s3_id, options, .. } = upload;
    let sealed = sealing_keys().seal_upload_id(s3_bucket, key, s3_id, options, UnixMillis(upload.begun));
    let expected = seal::upload_id(s3_bucket, key, s3_id, options, upload.begun);
    let known = ["-", "f", "s", "a", "k", "fs", "fa", "fk", "sa", "sk", "fsa", "fsk"];
    let is_sealed = !s3_id.is_empty() && known.contains(&options.as_str()) && expected.len() <= 255;
    assert_eq!(sealed.as_ref(), is_sealed.then_some(&expected));

    let mut presented = expected;
    change(&mut presented, &upload.changes);
    let (bucket, key) =
        (upload.presented_bucket.as_ref().unwrap_or(s3_bucket), upload.presented_key.as_ref().unwrap_or(key));
    let now = upload.begun.saturating_add(upload.later);
    let verified = sealing_keys().verify_upload_id(&presented, bucket, key, UnixMillis(now));
    let opened = verified.ok().map(|verified| (verified.s3_id().to_owned(), verified.options().to_string()));
    assert_eq!(opened, seal::open_upload_id(&presented, bucket, key, now), "{presented}");
}

/// origin-request opens what the oracle opens, and removes all that isn't sealed.
pub fn check_sealed(sealed: &Sealed) {
    let mut wire = sealed.wire.clone();
    let mut names: Vec<String> = Vec::new();
    for (at, (name, _)) in wire.headers.iter().enumerate() {
        let name = name.to_ascii_lowercase();
        let is_plain = name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
        if sealed.sealed >> (at % 16) & 1 == 1 && is_plain && !names.contains(&name) && !name.is_empty() {
            names.push(name);
        }
    }
    let refs: Vec<&str> = names.iter().map(String::as_str).collect();
    let now = crate::world::NOW;
    let mut value = seal::hand_over(&wire, &sealed.request_id, &sealed.origin, &refs, now);
    change(&mut value, &sealed.seal_changes);
    change(&mut wire.path, &sealed.path_changes);
    change(&mut wire.query, &sealed.query_changes);
    if let Some((_, value)) = wire.headers.first_mut() {
        change(value, &sealed.value_changes);
    }
    for at in &sealed.removed {
        if !wire.headers.is_empty() {
            wire.headers.remove(at % wire.headers.len());
        }
    }
    wire.method = sealed.another_method.clone().unwrap_or(wire.method);
    wire.headers.extend([("x-ossedge-seal".to_owned(), value), ("X-OssEdge-Origin".to_owned(), sealed.origin.clone())]);
    wire.headers.extend(sealed.added.clone());
    let id = sealed.another_id.as_ref().unwrap_or(&sealed.request_id);
    let text = wire.text(id);
    let Ok(request) = Request::parse(&text) else { return };
    if text.split('\0').count() != wire.headers.len() * 2 + 5 {
        return;
    }
    let now = now.saturating_add(sealed.later);
    let opened = sealing_keys().open_hand_over(&request, UnixMillis(now));

    let sealed_names: BTreeSet<String> = wire
        .value("x-ossedge-seal")
        .and_then(|seal| seal.split(';').nth(3))
        .map(|names| names.split(',').map(str::to_owned).collect())
        .unwrap_or_default();
    let of_cloudfront = "accept-encoding cdn-loop content-length host transfer-encoding user-agent via x-forwarded-for";
    let mut removed: Vec<String> = Vec::new();
    for (name, _) in &wire.headers {
        let name = name.to_ascii_lowercase();
        let is_kept = of_cloudfront.split(' ').any(|kept| kept == name) || name.starts_with("cloudfront-");
        if !sealed_names.contains(&name) && !is_kept {
            removed.push(name);
        }
    }
    let is_obeyed = removed.iter().any(|name| name.starts_with("x-amz-") || name.starts_with("if-"));
    // A control character in a sealed value, in the seal or in the origin is refused as a mismatch.
    let has_control = wire.headers.iter().any(|(name, value)| {
        let name = name.to_ascii_lowercase();
        (sealed_names.contains(&name) || name.starts_with("x-ossedge-"))
            && value.chars().any(|character| character.is_ascii_control() && character != '\t')
    });
    let opens = seal::opens_hand_over(&wire, id, now) && !is_obeyed && !has_control;
    assert_eq!(opened.is_ok(), opens, "{opened:?}");
    if let Ok(opened) = opened {
        assert_eq!(opened.origin, sealed.origin);
        assert_eq!(opened.removed, removed);
    }
    check_hand_over_text(&sealed.request_id);
}

/// What is handed over to the API is base64url in one spelling.
fn check_hand_over_text(text: &str) {
    let encoded = BASE64URL_NOPAD.encode(text.as_bytes());
    assert_eq!(HandOver::decode(&encoded).as_deref(), Ok(text));
    let as_it_is = BASE64URL_NOPAD.decode(text.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let is_version = text.split_once('.').is_some();
    assert!(HandOver::decode(text).ok() == as_it_is || is_version, "{text}");
}

/// A date is read as the oracle reads it, from a header, and an answer has the time that it was made at.
pub fn check_date(dated: &Dated) {
    if dated.text.contains('\0') {
        return;
    }
    let mut wire = Wire { method: "PUT".to_owned(), path: "/k".to_owned(), ..Wire::default() };
    wire.set("host", "uploads.example.com");
    wire.set("date", &dated.text);
    wire.set("authorization", "OSS nobody:AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let decide = |now| Deployment::Api.gate().decide(&wire.text("cf"), UnixMillis(now));
    let is_line = !dated.text.chars().any(|character| character.is_ascii_control() && character != '\t');
    let expected = if is_line { date::parse(&dated.text) } else { None };
    assert_eq!(decide(0).clock_difference_seconds, expected.map(|millis| millis / 1000), "{}", dated.text);
    let Err((_, answer)) = decide(dated.now).outcome else { panic!("accepted without a key") };
    let written = answer.headers.iter().find(|(name, _)| *name == "Date").map(|(_, value)| value.clone());
    let shown = dated.now.clamp(0, 253_402_300_799_999);
    assert_eq!(written, Some(date::to_rfc1123(shown)));
}

/// The id of a derived key has the oracle's parts, and its secret is the oracle's.
pub fn check_derived(derived: &Derived) {
    let Derived { id, master_secret } = derived;
    let parts = DerivedKeyId::parse(id).map(|id| (id.master, id.device, id.expiry.map(|expiry| expiry.0), id.scope));
    let expected = key::parts(id);
    assert_eq!(parts, expected);
    let is_secret = (32..=256).contains(&master_secret.len()) && master_secret.chars().all(|c| c.is_ascii_graphic());
    let secret = derived_secret(master_secret, id);
    assert_eq!(secret, (expected.is_some() && is_secret).then(|| key::derived_secret(master_secret, id)));
}

/// The canonical forms of a request are the oracle's, and two requests share one only where they are the same.
pub fn check_canonical(canonical: &Canonical) {
    let texts = [&canonical.one, &canonical.other].map(|(bucket, key, wire)| of_core(canonical, bucket, key, wire));
    let [Some(one), Some(other)] = texts else { return };
    if one.1 == other.1 {
        let meaning = |(bucket, key, wire): &(String, String, Wire)| {
            let mut parameters = crate::oracle::parameters(&wire.query).unwrap_or_default();
            parameters.retain(|(name, _)| name != "x-oss-signature");
            parameters.sort();
            (bucket.clone(), key.clone(), wire.method.clone(), parameters)
        };
        assert_eq!(meaning(&canonical.one), meaning(&canonical.other), "one text for two requests: {}", one.1);
    }
}

/// The texts of versions 1 and 4, each compared with the oracle's; `None` where the core refuses the request.
fn of_core(canonical: &Canonical, bucket: &str, object_key: &str, wire: &Wire) -> Option<(String, String)> {
    let text = wire.text("cf");
    let request = Request::parse(&text).ok()?;
    let parameters = crate::oracle::parameters(&wire.query);
    let Ok(query) = Query::parse(&wire.query) else {
        let all = parameters.unwrap_or_default();
        let names: BTreeSet<_> = all.iter().map(|(name, _)| name).collect();
        let is_control = |text: &str| text.chars().any(char::is_control);
        let is_refused = all.is_empty()
            || names.len() < all.len()
            || all.len() > 32
            || all.iter().any(|(name, value)| name.is_empty() || is_control(name) || is_control(value));
        assert!(is_refused, "a query that can be read: {}", wire.query);
        return None;
    };
    let read: Vec<_> = query.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!(Some(&read), parameters.as_ref());
    let object_key = ObjectKey::new(object_key.to_owned()).ok().filter(|key| resource::key_fault(key).is_none())?;
    let v1 = signature_v1::CanonicalizedResource::new(bucket, &object_key, &query).to_string();
    assert_eq!(Some(&v1), signature::canonicalized_resource(bucket, &object_key, &wire.query).as_ref());
    let additional = signature_v4::AdditionalHeaders::parse(&canonical.additional).ok()?;
    let oss_headers = CanonicalizedOssHeaders::new(request.headers.oss_headers().ok()?);
    let resource = Resource { bucket: bucket.to_owned(), key: Some(object_key), style: "path" };
    let v4 = signature_v4::CanonicalRequest::of_request(&request, &resource, &query, &oss_headers, &additional).ok()?;
    let scope = signature_v4::CredentialScope::parse("20261124/cn-hangzhou/oss/aliyun_v4_request").ok()?;
    let v4_text = v4.to_string();
    let string_to_sign = signature_v4::StringToSign::new("20261124T015257Z", scope, &v4_text).to_string();
    let mut names: Vec<_> = canonical.additional.split(';').map(|name| name.trim().to_ascii_lowercase()).collect();
    names.retain(|name| !name.is_empty() && name != "content-type" && name != "content-md5");
    names.sort();
    let presented = Presented::V4 {
        id: String::new(),
        scope: "20261124/cn-hangzhou/oss/aliyun_v4_request".to_owned(),
        additional: names,
        signature: String::new(),
        url: Some(("20261124T015257Z".to_owned(), String::new())),
    };
    let key = resource.key.as_deref().unwrap_or_default();
    assert_eq!(Some(&string_to_sign), presented.string_to_sign(wire, bucket, key, Order::Bytes).as_ref(), "{v4_text}");
    Some((v1, v4_text))
}

/// No text makes a reader panic; a fault is named by its path, and no value of a secret is.
pub fn check_document(input: &Document) {
    let (text, expected) = match input.text.as_str() {
        "" => document::faulty(input.kind, input.at, input.fault),
        text => (text.to_owned(), Vec::new()),
    };
    let uses = SealUses { upload_ids: true, hand_over: true };
    let read = |text: &str| match input.kind % 3 {
        0 => Config::from_json(text).map(|config| Some(Gate::new(config, AccessKeys::default()))),
        1 => AccessKeys::from_json(&[text], Credentials::Bundled).map(|keys| {
            let config = Config::from_json(&crate::world::config(Deployment::Api).to_string()).expect("config");
            Some(Gate::new(config, keys))
        }),
        _ => SealingKeys::from_json(text, uses).map(|_| None),
    };
    if expected.is_empty() {
        match read(&text) {
            Ok(Some(gate)) => {
                let bytes = gate.to_bytes();
                let again = Gate::from_bytes(&bytes).expect("what was written is read").to_bytes();
                assert_eq!(*bytes, *again);
            }
            Ok(None) => {}
            Err(error) => {
                let is_told = !input.kind.is_multiple_of(3) && error.to_string().contains(document::MARK);
                let is_a_name = error.path().contains(document::MARK) || error.to_string().contains("unknown field");
                assert!(!is_told || is_a_name, "a value that may be a secret: {error}");
            }
        }
        return;
    }
    assert!(read(&document::valid(input.kind).to_string()).is_ok(), "the valid document");
    let error = read(&text).err().unwrap_or_else(|| panic!("a fault at {expected:?} is taken: {text}"));
    assert!(expected.iter().any(|path| path == error.path()), "{error}: expected one of {expected:?}");
    assert!(error.to_string().contains(": expected") || error.to_string().contains("unknown field"), "{error}");
}

/// A translated answer tells nothing of AWS, and one that is replaced is well-formed.
pub fn check_origin_answer(answer: &Answer) {
    let Answer { wire, request_id, responder, content_md5, status, .. } = answer;
    let mut text = format!(
        "{}\0{request_id}\0{}\0{}\0{}\0{responder}\0{content_md5}\0{status}",
        wire.headers.len(),
        wire.method,
        wire.path,
        wire.query
    );
    wire.headers.iter().for_each(|(name, value)| text.push_str(&format!("\0{}\0{value}", name.to_ascii_lowercase())));
    let is_one = text.split('\0').count() == wire.headers.len() * 2 + 8 && ["s3", "api"].contains(&responder.as_str());
    let parsed = OriginResponse::parse(&text);
    assert_eq!(parsed.is_some(), is_one);
    let Some(response) = parsed else { return };
    match response.translate(UnixMillis(answer.now)) {
        ViewerResponse::Kept { removed, set } => {
            assert!((200..300).contains(status) || *status == 400 || responder == "api", "{status} is kept");
            for (name, _) in &wire.headers {
                let name = name.to_ascii_lowercase();
                let is_of_aws = name.starts_with("x-amz") || name == "server" || name.starts_with("x-ossedge-");
                let is_gone = removed.contains(&&*name);
                assert!(!is_of_aws || is_gone || name == "x-ossedge-origin", "{name} is told");
            }
            assert!(set.iter().all(|(name, _)| !name.to_ascii_lowercase().starts_with("x-amz")));
        }
        ViewerResponse::Replaced(replaced) => {
            assert!((400..600).contains(&replaced.status));
            check_answer(&replaced.body, replaced.status.min(499));
        }
    }
}
