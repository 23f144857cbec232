//! Access keys: the tables of world.rs, and derived keys as docs/access-keys.md describes them.

use super::hmac_sha256;
use crate::world::{KEYS, MASTER_RULES, MASTER_SECRET, REVOKED_DEVICE, Rule, SCOPE_RULES};

/// An access key that may be used at a time.
pub struct Found {
    pub secrets: Vec<String>,
    pub token: Option<&'static str>,
    pub takes_any_token: bool,
    pub skew_seconds: Option<i64>,
    pub max_bytes: Option<u64>,
    /// All of these lists must allow a request.
    rules: Vec<&'static [Rule]>,
    device: Option<String>,
}

/// The key of an id, or by the name of the core's fault why there is none.
pub fn find(id: &str, now: i64) -> Result<Found, &'static str> {
    if id.starts_with("OE1.") {
        return derived(id, now);
    }
    let key = KEYS.iter().find(|key| key.id == id).ok_or("Unknown")?;
    let live = key.secrets.iter().filter(|(_, from, until)| *from <= now && now < *until);
    let secrets: Vec<_> = live.map(|(secret, ..)| (*secret).to_owned()).collect();
    if key.disabled {
        return Err("Disabled");
    }
    if secrets.is_empty() {
        return Err("NoLiveSecret");
    }
    Ok(Found {
        secrets,
        token: key.token,
        takes_any_token: false,
        skew_seconds: key.skew_seconds,
        max_bytes: key.max_bytes,
        rules: key.rules.into_iter().collect(),
        device: None,
    })
}

/// The secret that a device of an id has, whether it may be used or not.
pub fn secret(id: &str) -> String {
    let listed = KEYS.iter().find(|key| key.id == id).and_then(|key| key.secrets.last());
    listed.map_or_else(|| derived_secret(MASTER_SECRET, id), |(secret, ..)| (*secret).to_owned())
}

/// The parts of a derived key's id: master, device, expiry in milliseconds, scope.
pub fn parts(id: &str) -> Option<(&str, &str, Option<i64>, Option<&str>)> {
    let fields: Vec<&str> = id.split('.').collect();
    let (fields, scope) = match fields.split_last() {
        Some((last, rest)) if rest.len() > 2 && last.starts_with('s') => (rest, Some(&last[1..])),
        _ => (&fields[..], None),
    };
    let (fields, expiry) = match fields.split_last() {
        Some((last, rest)) if rest.len() > 2 && last.starts_with('e') => (rest, Some(&last[1..])),
        _ => (fields, None),
    };
    let ["OE1", master, device] = fields[..] else { return None };
    let is = |text: &str, most: usize, others: &str, upper: bool| {
        !text.is_empty()
            && text.len() <= most
            && text.chars().all(|character| {
                character.is_ascii_lowercase()
                    || character.is_ascii_digit()
                    || others.contains(character)
                    || (upper && character.is_ascii_uppercase())
            })
    };
    let is_whole = is(master, 16, "", false) && is(device, 64, "_-", true);
    let is_scope = scope.is_none_or(|name| is(name, 16, "-", false));
    let expiry = match expiry {
        None => None,
        Some(digits) => {
            let is_number = digits.chars().all(|character| character.is_ascii_digit());
            let is_plain = is_number && (1..=10).contains(&digits.len()) && !digits.starts_with('0');
            Some(digits.parse::<i64>().ok().filter(|_| is_plain)? * 1000)
        }
    };
    (is_whole && is_scope).then_some((master, device, expiry, scope))
}

fn derived(id: &str, now: i64) -> Result<Found, &'static str> {
    let (master, device, expiry, scope) = parts(id).ok_or("Unknown")?;
    if master != "a1" {
        return Err("Unknown");
    }
    if scope.is_some_and(|name| name != "logs") {
        return Err("UnknownScope");
    }
    if device == REVOKED_DEVICE {
        return Err("Revoked");
    }
    if expiry.is_some_and(|expiry| expiry <= now) {
        return Err("Expired");
    }
    let mut rules = vec![MASTER_RULES];
    rules.extend(scope.map(|_| SCOPE_RULES));
    Ok(Found {
        secrets: vec![derived_secret(MASTER_SECRET, id)],
        token: None,
        takes_any_token: expiry.is_some(),
        skew_seconds: None,
        max_bytes: None,
        rules,
        device: Some(device.to_owned()),
    })
}

/// The last 30 digits to the base 62 of HMAC-SHA256 over `oss-edge/v1` and the id, bit by bit.
pub fn derived_secret(master_secret: &str, id: &str) -> String {
    let mac = hmac_sha256(master_secret.as_bytes(), format!("oss-edge/v1{id}").as_bytes());
    // Least significant first.
    let mut digits = vec![0_u32; 43];
    for bit in mac.iter().flat_map(|byte| (0..8).rev().map(move |bit| u32::from(byte >> bit & 1))) {
        let mut carry = bit;
        for digit in &mut digits {
            let doubled = *digit * 2 + carry;
            (*digit, carry) = (doubled % 62, doubled / 62);
        }
    }
    let letter = |digit: &u32| match digit {
        0..=9 => char::from_digit(*digit, 10).unwrap_or('?'),
        10..=35 => char::from_u32(u32::from('A') + digit - 10).unwrap_or('?'),
        _ => char::from_u32(u32::from('a') + digit - 36).unwrap_or('?'),
    };
    digits.iter().take(30).rev().map(letter).collect()
}

impl Found {
    /// Whether the rules allow it. Without rules, all that uploads is allowed.
    pub fn allows(&self, operation: &str, bucket: &str, key: &str) -> bool {
        let reads = operation == "HeadObject" || operation == "GetObjectMeta";
        let named = if operation == "GetObjectMeta" { "HeadObject" } else { operation };
        let covers = |rule: &Rule| {
            let prefix = match (rule.prefix, &self.device) {
                (None, _) => String::new(),
                (Some(prefix), Some(device)) => prefix.replace("{device}", device),
                (Some(prefix), None) if prefix.contains("{device}") => return false,
                (Some(prefix), None) => prefix.to_owned(),
            };
            rule.bucket.is_none_or(|known| known == bucket)
                && key.starts_with(&prefix)
                && rule.operations.map_or(!reads, |names| names.contains(&named))
        };
        match &self.rules[..] {
            [] => !reads,
            lists => lists.iter().all(|rules| rules.iter().any(covers)),
        }
    }
}
