//! An input of the request target: what a device signs, and what becomes of it on its way.

use serde::{Deserialize, Serialize};

use crate::oracle::resource::{key_fault, meanings};
use crate::oracle::signature::{ORDERS, Presented, presented};
use crate::oracle::{date, key, seal};
use crate::wire::Wire;
use crate::world::{BUCKETS, Deployment, NOW};

/// How a device signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// Not at all: the request goes as it is.
    AsIs,
    #[default]
    V1Header,
    V1Url,
    V4Header,
    V4Url,
}

/// A change on the way from the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    Method(String),
    /// In the path the first of one text by another; at the end where the first is empty. In the query alike.
    Path(String, String),
    Query(String, String),
    /// The name and the value of a line, by its place.
    Name(usize, String, String),
    Value(usize, String, String),
    Add(String, String),
    Remove(usize),
    Repeat(usize),
    Swap(usize, usize),
    /// The query into the path, as `?` and `&` that are escaped, or the path's end into the query.
    QueryIntoPath,
    PathIntoQuery,
    /// Another character in the signature, so far from its end.
    Signature(usize),
}

/// A request before it is signed, how it is signed, and what becomes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Case {
    pub deployment: Deployment,
    /// Milliseconds from [`NOW`] on.
    pub later: i64,
    pub key: String,
    pub sign: Sign,
    /// Which of the meanings of the path is signed, and in which order the headers.
    pub meaning: usize,
    pub order: usize,
    /// Of a URL, seconds; of version 4, the additional headers.
    pub expires: i64,
    pub additional: String,
    /// Of version 4, days from the signed date to that of the scope.
    pub days: i64,
    /// Options of a sealed upload id, and hours since it began.
    pub options: String,
    pub hours: i64,
    pub wire: Wire,
    pub edits: Vec<Edit>,
}

impl Case {
    pub fn now(&self) -> i64 {
        NOW.saturating_add(self.later)
    }

    /// The request as it arrives.
    pub fn arriving(&self) -> Wire {
        let mut wire = self.wire.clone();
        let id = seal_for(&wire, self);
        wire.query = wire.query.replace("{id}", &id);
        self.sign(&mut wire);
        self.edits.iter().for_each(|edit| edit.apply(&mut wire));
        wire
    }

    fn sign(&self, wire: &mut Wire) {
        if self.sign == Sign::AsIs {
            return;
        }
        let text = wire.value("x-oss-date").map(str::trim).or(wire.value("date")).unwrap_or_default();
        let time = date::parse(text).unwrap_or(self.now());
        let day = date::to_iso_basic(time.saturating_add(self.days.saturating_mul(86_400_000)).max(0));
        let scope = format!("{}/cn-hangzhou/oss/aliyun_v4_request", &day[..8]);
        let credential = format!("{}/{scope}", self.key);
        match self.sign {
            Sign::AsIs => {}
            Sign::V1Header => wire.set("authorization", &format!("OSS {}:-", self.key)),
            Sign::V1Url => {
                let expires = (self.now() / 1000).saturating_add(self.expires);
                for (name, value) in
                    [("OSSAccessKeyId", &*self.key), ("Expires", &expires.to_string()), ("Signature", "-")]
                {
                    wire.add_parameter(name, value);
                }
            }
            Sign::V4Header => {
                let value = format!(
                    "OSS4-HMAC-SHA256 Credential={credential},AdditionalHeaders={},Signature=-",
                    self.additional
                );
                wire.set("authorization", &value);
            }
            Sign::V4Url => {
                for (name, value) in [
                    ("x-oss-signature-version", "OSS4-HMAC-SHA256"),
                    ("x-oss-credential", &credential),
                    ("x-oss-date", &date::to_iso_basic(time)),
                    ("x-oss-expires", &self.expires.to_string()),
                    ("x-oss-additional-headers", &self.additional),
                    ("x-oss-signature", "-"),
                ] {
                    wire.add_parameter(name, value);
                }
            }
        }
        let meanings = meanings(wire);
        let Some(meaning) = meanings.get(self.meaning % meanings.len().max(1)) else { return };
        let order = ORDERS[self.order % ORDERS.len()];
        let Some(presented) = presented(wire) else { return };
        let secret = key::secret(&self.key);
        let Some(text) = presented.string_to_sign(wire, &meaning.bucket, &meaning.key, order) else { return };
        let signature = presented.sign(&secret, &text);
        match presented {
            Presented::V1 { expires: None, .. } | Presented::V4 { url: None, .. } => {
                let header = wire.value("authorization").unwrap_or_default();
                let unsigned = header.strip_suffix('-').unwrap_or(header).to_owned();
                wire.set("authorization", &format!("{unsigned}{signature}"));
            }
            _ => {
                let unsigned = wire.query.strip_suffix('-').unwrap_or(&wire.query);
                wire.query = format!("{unsigned}{}", crate::oracle::encode(&signature, ""));
            }
        }
    }
}

/// A sealed id for the first meaning of the request that could be served.
fn seal_for(wire: &Wire, case: &Case) -> String {
    let meanings = meanings(wire);
    let meaning = meanings.get(case.meaning % meanings.len().max(1));
    let Some(meaning) = meaning.filter(|meaning| key_fault(&meaning.key).is_none()) else { return "U1".to_owned() };
    let s3_bucket = BUCKETS.iter().find(|(oss, _)| *oss == meaning.bucket).map_or("none", |(_, s3)| s3);
    let options = if case.options.is_empty() { "-" } else { &case.options };
    let begun = case.now().saturating_sub(case.hours.saturating_mul(3_600_000));
    seal::upload_id(s3_bucket, &meaning.key, "Upload-1_a.b", options, begun)
}

impl Edit {
    fn apply(&self, wire: &mut Wire) {
        let replace = |text: &mut String, from: &str, to: &str| match from {
            "" => text.push_str(to),
            from => *text = text.replacen(from, to, 1),
        };
        let lines = wire.headers.len().max(1);
        match self {
            Edit::Method(method) => wire.method.clone_from(method),
            Edit::Path(from, to) => replace(&mut wire.path, from, to),
            Edit::Query(from, to) => replace(&mut wire.query, from, to),
            Edit::Name(at, from, to) => {
                wire.headers.get_mut(at % lines).into_iter().for_each(|(name, _)| replace(name, from, to));
            }
            Edit::Value(at, from, to) => {
                wire.headers.get_mut(at % lines).into_iter().for_each(|(_, value)| replace(value, from, to));
            }
            Edit::Add(name, value) => wire.headers.push((name.clone(), value.clone())),
            Edit::Remove(at) if !wire.headers.is_empty() => drop(wire.headers.remove(at % lines)),
            Edit::Repeat(at) if !wire.headers.is_empty() => wire.headers.push(wire.headers[at % lines].clone()),
            Edit::Swap(one, other) if !wire.headers.is_empty() => wire.headers.swap(one % lines, other % lines),
            Edit::QueryIntoPath if !wire.query.is_empty() => {
                let query = std::mem::take(&mut wire.query);
                wire.path.push_str(&format!("%3F{}", query.replace('&', "%26").replace('=', "%3D")));
            }
            Edit::PathIntoQuery => {
                let path = wire.path.replace("%3f", "%3F");
                if let Some((path, query)) = path.split_once("%3F") {
                    wire.query = query.replace("%26", "&").replace("%3D", "=");
                    wire.path = path.to_owned();
                }
            }
            Edit::Signature(back) => {
                let in_header = wire.headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
                let text = in_header.map_or(&mut wire.query, |(_, value)| value);
                let at = text.len().saturating_sub(1 + back);
                if text.get(at..at + 1).is_some_and(|one| one.chars().all(|c| c.is_ascii_alphanumeric())) {
                    let other = if text.get(at..at + 1) == Some("0") { "1" } else { "0" };
                    text.replace_range(at..at + 1, other);
                }
            }
            Edit::Remove(_) | Edit::Repeat(_) | Edit::Swap(..) | Edit::QueryIntoPath => {}
        }
    }
}
