//! The two seals against vectors that were made by another implementation, in Python, and against changes of every bit.

use std::collections::BTreeSet;

#[cfg(not(target_arch = "wasm32"))]
use oss_edge::UploadFault;
use oss_edge::{HandOverFault, Request, SealUses, SealingKeys, UnixMillis};
#[cfg(not(target_arch = "wasm32"))]
use proptest::prelude::*;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::device::vectors::text;
use crate::device::{gate, json, vectors};

const VECTORS: &str = include_str!("vectors/seals.json");

fn entries(name: &str) -> Vec<Value> {
    vectors::document(VECTORS)[name].as_array().unwrap().clone()
}

fn sealing_keys() -> SealingKeys {
    let secrets = vectors::document(VECTORS)["secrets"].to_string();
    SealingKeys::from_json(&secrets, SealUses { upload_ids: true, hand_over: true }).unwrap()
}

fn now(vector: &Value) -> UnixMillis {
    UnixMillis(vector["now"].as_i64().unwrap())
}

/// The variant's name alone.
fn variant(fault: impl std::fmt::Debug) -> String {
    format!("{fault:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

#[test]
fn seals_each_upload_id() {
    let keys = sealing_keys();
    let vectors = entries("sealedUploadIds");
    assert!(vectors.len() > 20);
    for vector in vectors {
        let field = |name| text(&vector, name);
        let (target, id) = ((field("s3Bucket"), field("key")), field("s3UploadId"));
        let sealed = keys.seal_upload_id(target.0, target.1, id, field("options"), now(&vector));
        assert_eq!(sealed.as_deref(), vector["uploadId"].as_str(), "{}", field("id"));
        let Some(sealed) = sealed else { continue };
        assert!(sealed.len() < 256 && sealed.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)));
        let upload = keys.verify_upload_id(&sealed, target.0, target.1, now(&vector)).unwrap();
        assert_eq!((upload.s3_id(), &*upload.options().to_string()), (id, field("options")));
    }
}

#[test]
fn verifies_each_upload_id_for_its_object_and_time_alone() {
    let keys = sealing_keys();
    let vectors = entries("verifiedUploadIds");
    assert!(vectors.len() > 50);
    for vector in vectors {
        let field = |name| text(&vector, name);
        let verified = keys.verify_upload_id(field("uploadId"), field("s3Bucket"), field("key"), now(&vector));
        let found = match &verified {
            Ok(upload) => json!({ "s3UploadId": upload.s3_id(), "options": upload.options().to_string() }),
            Err(fault) => json!({ "fault": variant(fault) }),
        };
        let expected = match vector["fault"].as_str() {
            Some(fault) => json!({ "fault": fault }),
            None => json!({ "s3UploadId": field("s3UploadId"), "options": field("options") }),
        };
        assert_eq!(found, expected, "{}", field("id"));
    }
}

#[test]
fn seals_nothing_without_a_key_an_id_or_options() {
    let keys = sealing_keys();
    for (id, options) in [("", "-"), ("U1", ""), ("U1", "af"), ("U1", "forbid-overwrite")] {
        assert_eq!(keys.seal_upload_id("b", "k", id, options, UnixMillis(0)), None, "{id} {options}");
    }
    assert_eq!(SealingKeys::default().seal_upload_id("b", "k", "U1", "-", UnixMillis(0)), None);
}

/// What origin-request does with a vector's request, or the fault's name.
fn opened(keys: &SealingKeys, vector: &Value) -> Value {
    let field = |name| text(vector, name);
    let headers = json::pairs(&vector["headers"]);
    let request = gate::request_text(field("method"), field("uri"), field("query"), headers);
    let request = request.replacen("cf-request", field("requestId"), 1);
    let request = Request::parse(&request).unwrap();
    match keys.open_hand_over(&request, now(vector)) {
        Ok(opened) => json!({ "origin": opened.origin, "removed": BTreeSet::from_iter(opened.removed) }),
        Err(fault) => json!({ "fault": variant(fault) }),
    }
}

#[test]
fn opens_each_hand_over_as_it_was_sealed_and_in_time_alone() {
    let keys = sealing_keys();
    let vectors = entries("handOvers");
    assert!(vectors.len() > 40);
    for vector in vectors {
        let expected = match vector["fault"].as_str() {
            Some(fault) => json!({ "fault": fault }),
            None => json!({ "origin": vector["origin"], "removed": vector["removed"] }),
        };
        assert_eq!(opened(&keys, &vector), expected, "{}", text(&vector, "id"));
    }
}

#[test]
fn tells_the_operator_why_a_hand_over_is_not_opened() {
    let missing = vec!["content-md5".to_owned(), "x-amz-meta-a".to_owned()];
    for (fault, expected) in [
        (HandOverFault::Malformed, "the event is not a request"),
        (HandOverFault::Unsealed, "viewer-request did not run, or is of a release before 0.2.0"),
        (HandOverFault::OtherForm, "viewer-request is of another release"),
        (HandOverFault::UnknownSecret(3), "sealed with secret 3, which this function does not have"),
        (HandOverFault::Mismatch(Vec::new()), "its id, method, origin, path, query or a header changed"),
        (
            HandOverFault::Mismatch(missing),
            "content-md5, x-amz-meta-a did not arrive, so check the origin request policy",
        ),
        (HandOverFault::Expired(61), "the seal is 61 s old, and 60 s are allowed"),
        (HandOverFault::Expired(-61), "the seal is from 61 s in the future, and 60 s are allowed"),
        (HandOverFault::Added("x-amz-acl".into()), "header `x-amz-acl` was added after viewer-request"),
    ] {
        let detail = fault.detail();
        assert!(detail.contains(expected), "{fault:?}: {detail}");
    }
}

/// The text with one bit of one of its bytes flipped, where that is text.
#[cfg(not(target_arch = "wasm32"))]
fn with_each_bit_flipped(text: &str) -> impl Iterator<Item = String> {
    (0..text.len() * 8).filter_map(move |bit| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        String::from_utf8(bytes).ok()
    })
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn refuses_an_upload_id_with_any_bit_flipped_and_any_part_of_it() {
    let keys = sealing_keys();
    for vector in entries("verifiedUploadIds").iter().filter(|vector| vector["fault"].is_null()) {
        let field = |name| text(vector, name);
        let refused = |id: &str, s3_bucket: &str, key: &str| {
            let verified = keys.verify_upload_id(id, s3_bucket, key, now(vector));
            assert!(verified.is_err(), "{id} {s3_bucket} {key}");
        };
        let (id, s3_bucket, key) = (field("uploadId"), field("s3Bucket"), field("key"));
        with_each_bit_flipped(id).for_each(|flipped| refused(&flipped, s3_bucket, key));
        with_each_bit_flipped(s3_bucket).for_each(|flipped| refused(id, &flipped, key));
        with_each_bit_flipped(key).for_each(|flipped| refused(id, s3_bucket, &flipped));
        (0..id.len()).for_each(|end| refused(&id[..end], s3_bucket, key));
        (1..id.len()).for_each(|start| refused(&id[start..], s3_bucket, key));
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn refuses_a_hand_over_with_any_bit_flipped() {
    let keys = sealing_keys();
    let vector = entries("handOvers").remove(0);
    assert_eq!(opened(&keys, &vector)["fault"], Value::Null);
    let refused = |changed: &Value| {
        // A NUL or an invalid name makes another event of it, which isn't parsed.
        let is_request = !changed.to_string().contains("\\u0000");
        if is_request {
            assert_ne!(opened(&keys, changed)["fault"], Value::Null, "{changed}");
        }
    };
    for name in ["requestId", "method", "uri", "query"] {
        for flipped in with_each_bit_flipped(text(&vector, name)) {
            let mut changed = vector.clone();
            changed[name] = flipped.into();
            refused(&changed);
        }
    }
    let headers = vector["headers"].as_array().unwrap();
    let is_sealed = |name: &str| name.starts_with("x-") && name != "x-forwarded-for" || name == "content-md5";
    for (at, line) in headers.iter().enumerate().filter(|(_, line)| is_sealed(line[0].as_str().unwrap())) {
        for flipped in with_each_bit_flipped(line[1].as_str().unwrap()) {
            let mut changed = vector.clone();
            changed["headers"][at][1] = flipped.into();
            refused(&changed);
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
proptest! {
    #[test]
    fn opens_what_it_sealed_for_this_object_and_no_other(
        (s3_bucket, key) in ("[a-z0-9.-]{3,63}", "\\PC{1,40}"),
        (other_bucket, other_key) in ("[a-z0-9.-]{3,63}", "\\PC{1,40}"),
        id in "[A-Za-z0-9._-]{1,200}|\\PC{1,40}",
        options in prop::sample::select(vec!["-", "f", "a", "k", "fa", "fk"]),
        begun in 0_i64..4_102_444_800_000,
        hours_later in -10_i64..400,
    ) {
        let keys = sealing_keys();
        let sealed = keys.seal_upload_id(&s3_bucket, &key, &id, options, UnixMillis(begun)).unwrap();
        let at = |s3_bucket: &str, key: &str, now| {
            let verified = keys.verify_upload_id(&sealed, s3_bucket, key, UnixMillis(now));
            verified.map(|upload| (upload.s3_id().to_owned(), upload.options().to_string()))
        };
        prop_assert_eq!(at(&s3_bucket, &key, begun), Ok((id, options.to_owned())));
        let in_time = (-1..=168).contains(&hours_later);
        prop_assert_eq!(at(&s3_bucket, &key, begun + hours_later * 3_600_000).is_ok(), in_time);
        prop_assume!((&s3_bucket, &key) != (&other_bucket, &other_key));
        prop_assert_eq!(at(&other_bucket, &other_key, begun), Err(UploadFault::SealMismatch));
    }

    /// The same characters, divided between bucket and key at another place.
    #[test]
    fn tells_bucket_and_key_apart_whose_texts_join_to_the_same(text in "[a-z0-9]{4,80}", one in 1_usize..80, other in 1_usize..80) {
        let (one, other) = (one % text.len(), other % text.len());
        prop_assume!(one != other);
        let keys = sealing_keys();
        let sealed = keys.seal_upload_id(&text[..one], &text[one..], "U1", "-", UnixMillis(0)).unwrap();
        let verified = keys.verify_upload_id(&sealed, &text[..other], &text[other..], UnixMillis(0));
        prop_assert_eq!(verified.err(), Some(UploadFault::SealMismatch));
    }

    #[test]
    fn takes_no_text_that_was_not_sealed(text in "(s1b?\\.)?[0-9]{0,5}\\.?[0-9]{0,7}\\.?[-fsak]{0,3}\\.?[A-Za-z0-9_-]{0,24}\\.?\\PC{0,40}") {
        prop_assert!(sealing_keys().verify_upload_id(&text, "b", "k", UnixMillis(0)).is_err());
    }
}
