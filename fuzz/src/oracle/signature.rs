//! The signatures of versions 1 and 4, in the header and in the URL (OSS, "Add a signature to the header" and "to a URL",
//! "Include a V4 signature in the Authorization header" and "in a URL").

use std::cmp::Ordering;

use data_encoding::{BASE64, HEXLOWER};

use super::{date, decode_text, encode, hmac_sha1, hmac_sha256, parameter, parameters};
use crate::wire::Wire;

/// The parameters that version 1 signs: the union of the lists in the SDKs' sources. Those that begin with `x-oss-` are
/// signed too.
pub const SUB_RESOURCES: &str = "accessPoint accessPointPolicy acl append asyncFetch bucketArchiveDirectRead bucketInfo \
    callback callback-var cleanRestoredObject cloudboxes cname comp continuation-token cors delete encryption endTime \
    group httpsConfig img inventory inventoryId lifecycle link live location logging metaQuery objectInfo objectMeta \
    partNumber policy policyStatus position processConfiguration publicAccessBlock qos qosInfo qosRequester \
    redundancyTransition referer regionList replication replicationLocation replicationProgress requestPayment \
    requesterQosInfo resourceGroup resourcePool resourcePoolBuckets resourcePoolInfo response-cache-control \
    response-content-disposition response-content-encoding response-content-language response-content-type \
    response-expires responseHeader restore rtc seal security-token sequential startTime stat status style styleName \
    symlink tagging transferAcceleration udf udfApplication udfApplicationLog udfId udfImage udfImageDesc udfName \
    uploadId uploads versionId versioning versions vip vod vpcip website withHashContext worm wormExtend wormId";

/// The one signature of a request, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presented {
    V1 { id: String, signature: String, expires: Option<String> },
    V4 { id: String, scope: String, additional: Vec<String>, signature: String, url: Option<(String, String)> },
}

/// The order in which a client wrote the `x-oss-*` headers into the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Of the names' bytes, as OSS documents.
    Bytes,
    /// `apr_strnatcasecmp`, as the SDK for C.
    Natural,
    /// Of whole lines, as early releases of Java v2.
    Lines,
}

pub const ORDERS: [Order; 3] = [Order::Bytes, Order::Natural, Order::Lines];

/// Reads the one signature; `None` where there is none, or more than one, or one of another grammar.
pub fn presented(wire: &Wire) -> Option<Presented> {
    let in_header = wire.values("authorization");
    let query = parameters(&wire.query)?;
    let value = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    match (&in_header[..], value("x-oss-signature"), value("Signature")) {
        ([header], None, None) => from_header(header),
        ([], Some(signature), None) => {
            let credential = value("x-oss-credential")?;
            let (id, scope) = credential.split_at(credential.find('/')?);
            Some(Presented::V4 {
                id: id.to_owned(),
                scope: scope[1..].to_owned(),
                additional: additional(&value("x-oss-additional-headers").unwrap_or_default()),
                signature,
                url: Some((value("x-oss-date")?, value("x-oss-expires")?)),
            })
        }
        ([], None, Some(signature)) => {
            Some(Presented::V1 { id: value("OSSAccessKeyId")?, signature, expires: Some(value("Expires")?) })
        }
        _ => None,
    }
}

fn from_header(header: &str) -> Option<Presented> {
    if let Some(rest) = header.strip_prefix("OSS ") {
        let (id, signature) = rest.trim_end().split_at(rest.find(':')?);
        return Some(Presented::V1 { id: id.to_owned(), signature: signature[1..].to_owned(), expires: None });
    }
    let fields = header.strip_prefix("OSS4-HMAC-SHA256 ")?;
    let field = |name: &str| {
        let mut named = fields.split(',').filter_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
        named.next().filter(|_| named.next().is_none())
    };
    let credential = field("Credential")?;
    let (id, scope) = credential.split_at(credential.find('/')?);
    Some(Presented::V4 {
        id: id.to_owned(),
        scope: scope[1..].to_owned(),
        additional: additional(field("AdditionalHeaders").unwrap_or_default()),
        signature: field("Signature")?.to_owned(),
        url: None,
    })
}

/// Lower-case names in order, without those that are signed anyway.
fn additional(list: &str) -> Vec<String> {
    let mut names: Vec<_> = list.split(';').map(|name| name.trim().to_ascii_lowercase()).collect();
    names.retain(|name| {
        !name.is_empty() && !name.starts_with("x-oss-") && !["content-md5", "content-type"].contains(&&**name)
    });
    names.sort();
    names
}

impl Presented {
    pub fn id(&self) -> &str {
        match self {
            Presented::V1 { id, .. } | Presented::V4 { id, .. } => id,
        }
    }

    pub fn is_version_1(&self) -> bool {
        matches!(self, Presented::V1 { .. })
    }

    pub fn is_in_url(&self) -> bool {
        matches!(self, Presented::V1 { expires: Some(_), .. } | Presented::V4 { url: Some(_), .. })
    }

    /// The literal date text that is signed.
    pub fn date_text(&self, wire: &Wire) -> Option<String> {
        match self {
            Presented::V1 { expires: Some(expires), .. } => Some(expires.clone()),
            Presented::V4 { url: Some((date, _)), .. } => Some(date.clone()),
            _ => wire.value("x-oss-date").map(str::trim).or(wire.value("date")).map(str::to_owned),
        }
    }

    /// The text that is signed for a resource, with the headers in an order; `None` where headers contradict each other.
    pub fn string_to_sign(&self, wire: &Wire, bucket: &str, key: &str, order: Order) -> Option<String> {
        let date = self.date_text(wire)?;
        match self {
            Presented::V1 { .. } => {
                let mut text = format!("{}\n", wire.method);
                for name in ["content-md5", "content-type"] {
                    text.push_str(single(wire, name)?);
                    text.push('\n');
                }
                text.push_str(&date);
                text.push('\n');
                for (name, value) in oss_headers(wire, &[], order)? {
                    text.push_str(&format!("{name}:{value}\n"));
                }
                Some(text + &canonicalized_resource(bucket, key, &wire.query)?)
            }
            Presented::V4 { scope, additional, .. } => {
                let hash = hmac_sha256::Hash::hash(canonical_request(wire, bucket, key, additional, order)?.as_bytes());
                Some(format!("OSS4-HMAC-SHA256\n{date}\n{scope}\n{}", HEXLOWER.encode(&hash)))
            }
        }
    }

    /// The right signature of a text.
    pub fn sign(&self, secret: &str, string_to_sign: &str) -> String {
        match self {
            Presented::V1 { .. } => BASE64.encode(&hmac_sha1(secret.as_bytes(), string_to_sign.as_bytes())),
            Presented::V4 { scope, .. } => {
                let first = format!("aliyun_v4{secret}").into_bytes();
                let signing_key = scope.split('/').fold(first, |key, part| hmac_sha256(&key, part.as_bytes()));
                HEXLOWER.encode(&hmac_sha256(&signing_key, string_to_sign.as_bytes()))
            }
        }
    }

    fn signature(&self) -> &str {
        match self {
            Presented::V1 { signature, .. } | Presented::V4 { signature, .. } => signature,
        }
    }

    /// Whether it is the signature of the request for a resource, under one of the secrets, in any order of headers.
    pub fn is_right_for(&self, wire: &Wire, bucket: &str, key: &str, secrets: &[String]) -> bool {
        ORDERS.into_iter().any(|order| {
            let text = self.string_to_sign(wire, bucket, key, order);
            text.is_some_and(|text| secrets.iter().any(|secret| self.sign(secret, &text) == self.signature()))
        })
    }

    /// The latest and earliest time at which a URL is good: from a skew before its date, if it has one, to its end.
    pub fn url_times(&self) -> Option<(Option<i64>, i64)> {
        match self {
            Presented::V1 { expires: Some(expires), .. } => Some((None, seconds(expires)? * 1000)),
            Presented::V4 { url: Some((date, expires)), .. } => {
                let begin = date::parse(date)?;
                Some((Some(begin), begin + seconds(expires)? * 1000))
            }
            _ => None,
        }
    }
}

/// 1 to 12 digits.
pub fn seconds(text: &str) -> Option<i64> {
    let is_number = (1..=12).contains(&text.len()) && text.chars().all(|character| character.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// The value of a header of which all lines are equal; empty where there is none.
fn single<'w>(wire: &'w Wire, name: &str) -> Option<&'w str> {
    let values = wire.values(name);
    values.windows(2).all(|pair| pair[0] == pair[1]).then(|| values.first().copied().unwrap_or_default())
}

/// Names and values of the `x-oss-*` headers and of others by name, in an order.
fn oss_headers(wire: &Wire, others: &[String], order: Order) -> Option<Vec<(String, String)>> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in &wire.headers {
        let (name, value) = (name.to_ascii_lowercase(), value.trim_ascii());
        if !name.starts_with("x-oss-") && !others.contains(&name) {
            continue;
        }
        match headers.iter().find(|(known, _)| *known == name) {
            Some((_, known)) if known != value => return None,
            Some(_) => {}
            None => headers.push((name, value.to_owned())),
        }
    }
    headers.sort_by(|(one, _), (other, _)| match order {
        Order::Bytes => one.cmp(other),
        Order::Lines => format!("{one}:").cmp(&format!("{other}:")),
        Order::Natural => one.cmp(other),
    });
    if order == Order::Natural {
        headers.sort_by(|(one, _), (other, _)| natural(one.as_bytes(), other.as_bytes()));
    }
    Some(headers)
}

/// `apr_strnatcasecmp`, a character at a time.
fn natural(one: &[u8], other: &[u8]) -> Ordering {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = 0;
    loop {
        let (a, b) = match (one.get(at), other.get(at)) {
            (None, None) => return Ordering::Equal,
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(a), Some(b)) => (a.to_ascii_uppercase(), b.to_ascii_uppercase()),
        };
        if a.is_ascii_digit() && b.is_ascii_digit() {
            let (first, second) = (&one[at..at + digits(&one[at..])], &other[at..at + digits(&other[at..])]);
            let order = if a == b'0' || b == b'0' {
                first.cmp(second)
            } else {
                first.len().cmp(&second.len()).then(first.cmp(second))
            };
            if order != Ordering::Equal {
                return order;
            }
        } else if a != b {
            return a.cmp(&b);
        }
        at += 1;
    }
}

/// `/bucket/key` and the signed parameters, all decoded.
pub fn canonicalized_resource(bucket: &str, key: &str, query: &str) -> Option<String> {
    let mut signed = parameters(query)?;
    signed
        .retain(|(name, _)| name.starts_with("x-oss-") || SUB_RESOURCES.split_whitespace().any(|known| known == name));
    signed.sort();
    let signed: Vec<_> = signed
        .into_iter()
        .map(|(name, value)| if value.is_empty() { name } else { format!("{name}={value}") })
        .collect();
    let mark = if signed.is_empty() { "" } else { "?" };
    Some(format!("/{bucket}/{key}{mark}{}", signed.join("&")))
}

fn canonical_request(wire: &Wire, bucket: &str, key: &str, additional: &[String], order: Order) -> Option<String> {
    let mut query = Vec::new();
    for pair in wire.query.split('&').filter(|pair| !pair.is_empty()) {
        let at = pair.find('=').unwrap_or(pair.len());
        let (name, value) = (decode_text(&pair[..at])?, decode_text(pair.get(at + 1..).unwrap_or_default())?);
        if name != "x-oss-signature" {
            query.push((encode(&name, ""), encode(&value, "")));
        }
    }
    query.sort();
    let query: Vec<_> = query
        .into_iter()
        .map(|(name, value)| if value.is_empty() { name } else { format!("{name}={value}") })
        .collect();
    let mut others = vec!["content-md5".to_owned(), "content-type".to_owned()];
    others.extend_from_slice(additional);
    let headers: String = oss_headers(wire, &others, order)?.iter().map(|(n, v)| format!("{n}:{v}\n")).collect();
    let payload = wire.value("x-oss-content-sha256").map_or("UNSIGNED-PAYLOAD", str::trim);
    Some(format!(
        "{}\n/{}/{}\n{}\n{headers}\n{}\n{payload}",
        wire.method,
        encode(bucket, ""),
        encode(key, "/"),
        query.join("&"),
        additional.join(";")
    ))
}

/// The token that a request presents in a place that its scheme signs, or where Python v2 sends it.
pub fn tokens(wire: &Wire) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for name in ["x-oss-security-token", "security-token"] {
        tokens.extend(wire.value(name).map(str::to_owned));
        tokens.extend(parameter(&wire.query, name));
    }
    tokens
}
