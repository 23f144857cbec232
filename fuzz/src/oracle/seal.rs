//! The two seals, as docs/seals.md describes them.

use data_encoding::BASE64URL_NOPAD;

use super::hmac_sha256;
use crate::wire::Wire;
use crate::world::SEALING_SECRET;

const HOUR: i64 = 3_600_000;

/// HKDF-SHA256 (RFC 5869) without a salt, of which 32 bytes are the first block.
fn sealing_key(label: &str) -> Vec<u8> {
    let pseudorandom = hmac_sha256(&[0; 32], SEALING_SECRET.1);
    hmac_sha256(&pseudorandom, &[label.as_bytes(), &[1]].concat())
}

fn netstrings(texts: &[&str]) -> Vec<u8> {
    texts.iter().flat_map(|text| format!("{}:{text},", text.len()).into_bytes()).collect()
}

/// The id of an upload that begins at a time, with options as they are written.
pub fn upload_id(s3_bucket: &str, key: &str, s3_id: &str, options: &str, now: i64) -> String {
    let is_safe = s3_id.chars().all(|character| character.is_ascii_alphanumeric() || "._-".contains(character));
    let (form, id) = if is_safe { ("s1", s3_id.to_owned()) } else { ("s1b", BASE64URL_NOPAD.encode(s3_id.as_bytes())) };
    let hour = now.div_euclid(HOUR).to_string();
    let mac = hmac_sha256(
        &sealing_key("oss-edge upload ids"),
        &netstrings(&[form, "1", &hour, options, s3_bucket, key, &id]),
    );
    format!("{form}.1.{hour}.{options}.{}.{id}", BASE64URL_NOPAD.encode(&mac[..16]))
}

/// S3's id and the options of a sealed id; `None` unless it was sealed for the object, and not too long ago.
pub fn open_upload_id(sealed: &str, s3_bucket: &str, key: &str, now: i64) -> Option<(String, String)> {
    let fields: Vec<&str> = sealed.splitn(6, '.').collect();
    let [form, "1", hour, options, _, id] = fields[..] else { return None };
    let s3_id = match form {
        "s1" => id.to_owned(),
        "s1b" => String::from_utf8(BASE64URL_NOPAD.decode(id.as_bytes()).ok()?).ok()?,
        _ => return None,
    };
    let begun: i64 = hour.parse().ok().filter(|begun| *begun >= 0)?;
    let known = ["-", "f", "s", "a", "k", "fs", "fa", "fk", "sa", "sk", "fsa", "fsk"];
    // Made again, it must be the same; an id that is plain may have been encoded all the same.
    let mac =
        hmac_sha256(&sealing_key("oss-edge upload ids"), &netstrings(&[form, "1", hour, options, s3_bucket, key, id]));
    let again = format!("{form}.1.{hour}.{options}.{}.{id}", BASE64URL_NOPAD.encode(&mac[..16]));
    let is_whole = again == sealed
        && !id.is_empty()
        && sealed.len() <= 255
        && known.contains(&options)
        && begun.to_string() == hour;
    let is_in_time = (-1..=168).contains(&(now.div_euclid(HOUR) - begun));
    (is_whole && is_in_time).then(|| (s3_id, options.to_owned()))
}

/// The seal of what leaves viewer-request.
pub fn hand_over(wire: &Wire, request_id: &str, origin: &str, names: &[&str], now: i64) -> String {
    let seconds = now.div_euclid(1000).to_string();
    let mac = hand_over_mac(wire, request_id, origin, names, "1", &seconds);
    format!("1;1;{seconds};{};{}", names.join(","), BASE64URL_NOPAD.encode(&mac))
}

/// Whether the one seal of a request is right for what it names, and not too old.
pub fn opens_hand_over(wire: &Wire, request_id: &str, now: i64) -> bool {
    let [seal] = wire.values("x-ossedge-seal")[..] else { return false };
    let origins = wire.values("x-ossedge-origin");
    let fields: Vec<&str> = seal.split(';').collect();
    let ["1", number, seconds, names, mac] = fields[..] else { return false };
    let names: Vec<&str> = names.split(',').filter(|name| !name.is_empty()).collect();
    let is_single = names
        .iter()
        .all(|name| wire.headers.iter().filter(|(known, _)| known.to_ascii_lowercase() == *name).count() < 2);
    let Ok(sealed_at) = seconds.parse::<i64>() else { return false };
    let right = hand_over_mac(wire, request_id, origins.first().unwrap_or(&""), &names, number, seconds);
    origins.len() < 2
        && is_single
        && number.parse() == Ok(1)
        && BASE64URL_NOPAD.encode(&right) == mac
        && (now.div_euclid(1000) - sealed_at).abs() <= 60
}

fn hand_over_mac(wire: &Wire, request_id: &str, origin: &str, names: &[&str], number: &str, seconds: &str) -> Vec<u8> {
    let mut texts = vec!["1", number, seconds, request_id, &wire.method, origin, &wire.path, &wire.query];
    for name in names {
        let line = wire.headers.iter().find(|(known, _)| known.to_ascii_lowercase() == *name);
        texts.extend([*name, line.map_or("", |(_, value)| value).trim_matches([' ', '\t'])]);
    }
    hmac_sha256(&sealing_key("oss-edge hand-over"), &netstrings(&texts))
}
