//! Which bucket and key a request may mean.

use super::decode;
use crate::wire::Wire;

/// One meaning of a host and a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    pub bucket: String,
    pub key: String,
    /// With a space for each raw `+`, as the SDK for Ruby means it; only in version 1.
    pub plus_is_space: bool,
}

/// How a host of world.rs names the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Style {
    /// The host stands for a bucket, or its first label is one.
    InHost(String),
    /// The bucket is the path's first segment.
    InPath,
    /// Either, for the bucket that is configured.
    Either(String),
}

/// The style of the request's Host; `None` for one that isn't configured.
pub fn style(wire: &Wire) -> Option<Style> {
    let host = wire.value("host")?;
    let (name, port) = match host.find(':') {
        Some(at) => (&host[..at], &host[at + 1..]),
        None => (host, ""),
    };
    if !port.chars().all(|character| character.is_ascii_digit()) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "uploads.example.com" => return Some(Style::InHost("fleet-uploads".to_owned())),
        "127.0.0.1" => return Some(Style::InPath),
        "oss.example.net" => return Some(Style::Either("fleet-uploads".to_owned())),
        _ => {}
    }
    let bucket = [".oss.example.com", ".oss.example.net"].into_iter().find_map(|end| name.strip_suffix(end))?;
    (!bucket.is_empty() && !bucket.contains('.')).then(|| Style::InHost(bucket.to_owned()))
}

/// Every meaning of the request's host and path.
pub fn meanings(wire: &Wire) -> Vec<Meaning> {
    let Some(style) = style(wire) else { return Vec::new() };
    let mut meanings = Vec::new();
    for plus_is_space in [false, true] {
        let raw = if plus_is_space { wire.path.replace('+', " ") } else { wire.path.clone() };
        let Some(path) = decode(&raw).and_then(|bytes| String::from_utf8(bytes).ok()) else { continue };
        let Some(path) = path.strip_prefix('/').filter(|_| raw.starts_with('/')) else { continue };
        let in_path = || {
            let at = path.find('/').unwrap_or(path.len());
            (path[..at].to_owned(), path[at..].chars().skip(1).collect::<String>())
        };
        let pairs = match &style {
            Style::InHost(bucket) => vec![(bucket.clone(), path.to_owned())],
            Style::InPath => vec![in_path()],
            Style::Either(bucket) => vec![(bucket.clone(), path.to_owned()), in_path()],
        };
        for (bucket, key) in pairs {
            let meaning = Meaning { bucket, key, plus_is_space: plus_is_space && wire.path.contains('+') };
            if !meanings.contains(&meaning) {
                meanings.push(meaning);
            }
        }
    }
    meanings
}

/// OSS: 3 to 63 lower-case letters, digits and hyphens, none of them at an end.
pub fn is_bucket_name(name: &str) -> bool {
    let is_known = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    (3..=63).contains(&name.len()) && name.chars().all(is_known) && !name.starts_with('-') && !name.ends_with('-')
}

/// Why a key is refused, by the name of the core's fault; `None` for one that is taken.
pub fn key_fault(key: &str) -> Option<&'static str> {
    let is_xml = |character: char| {
        let code = u32::from(character);
        [9, 10, 13].contains(&code)
            || (0x20..=0xd7ff).contains(&code)
            || (0xe000..=0xfffd).contains(&code)
            || code >= 0x10000
    };
    let first = key.split(['/', '\\']).next().unwrap_or_default();
    if key.len() > 1023 {
        Some("TooLong")
    } else if key.starts_with('/') || key.starts_with('\\') {
        Some("LeadingSlash")
    } else if !key.chars().all(is_xml) {
        Some("NotXml")
    } else if key.split('/').any(|segment| segment == "." || segment == "..") {
        Some("DotSegment")
    } else if first.eq_ignore_ascii_case(".oss-edge") {
        Some("Own")
    } else {
        None
    }
}
