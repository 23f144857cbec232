//! The seal of what viewer-request hands over to origin-request, which sends nothing on without it.
//!
//! ```text
//! x-ossedge-seal: 1;NUMBER;SECONDS;NAMES;MAC
//! ```
//!
//! NUMBER is the number of the secret, SECONDS the time in seconds since 1970, and NAMES the names of the sealed
//! headers, separated by commas. docs/seals.md specifies the format.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::mac::hmac_sha256_of_list;
use crate::request::Request;
use crate::sealing_keys::{NumberedKeys, SealingKeys};
use crate::time::UnixMillis;

/// The header with the domain name of the origin that a request must go to.
pub(crate) const ORIGIN_HEADER: &str = "x-ossedge-origin";

/// The header with the seal.
pub(crate) const SEAL_HEADER: &str = "x-ossedge-seal";

/// The first field of a seal. A release that changes the format must still accept the previous one.
const VERSION: &str = "1";

/// How old a seal may be, or how far ahead, in seconds: the time between the two functions and the difference of their
/// clocks. The request id limits a seal to one request anyway.
const MAX_AGE_SECONDS: i64 = 60;

/// Headers that CloudFront adds or keeps itself, besides `CloudFront-*`. None of them changes the object. Every other
/// header that isn't sealed is removed.
const OF_CLOUDFRONT: [&str; 8] = [
    "accept-encoding",
    "cdn-loop",
    "content-length",
    "host",
    "transfer-encoding",
    "user-agent",
    "via",
    "x-forwarded-for",
];

/// What viewer-request hands over.
pub(crate) struct HandedOver<'a> {
    /// CloudFront's id of the request.
    pub(crate) request_id: &'a str,
    pub(crate) method: &'a str,
    /// The origin's domain name.
    pub(crate) origin: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) query: &'a str,
    /// The headers for the origin: names in lower case, each once.
    pub(crate) headers: Vec<(&'a str, &'a str)>,
}

impl HandedOver<'_> {
    /// The value of the header `x-ossedge-seal`; `None` if the function has no key.
    pub(crate) fn seal(&self, keys: &NumberedKeys, now: UnixMillis) -> Option<String> {
        let (number, key) = keys.sealing()?;
        let (number, seconds) = (number.to_string(), now.0.div_euclid(1000).to_string());
        let mac = self.mac(key, &number, &seconds).finalize().into_bytes();
        let names: Vec<_> = self.headers.iter().map(|(name, _)| *name).collect();
        Some([VERSION, &number, &seconds, &names.join(","), &BASE64_URL_SAFE_NO_PAD.encode(mac)].join(";"))
    }

    fn mac(&self, key: &[u8], number: &str, seconds: &str) -> Hmac<Sha256> {
        let HandedOver { request_id, method, origin, uri, query, headers } = self;
        let mut texts = vec![VERSION, number, seconds, request_id, method, origin, uri, query];
        // White space around a value isn't part of it (RFC 9110 section 5.5).
        texts.extend(headers.iter().flat_map(|(name, value)| [*name, value.trim_matches([' ', '\t'])]));
        hmac_sha256_of_list(key, &texts)
    }
}

/// A request that origin-request may send on.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened<'r> {
    /// The domain name of the origin that the request must go to.
    pub origin: &'r str,
    /// The names of the headers to remove, in lower case.
    pub removed: Vec<&'r str>,
}

/// Why origin-request sends nothing on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandOverFault {
    /// The event isn't a request.
    Malformed,
    /// There is no seal.
    Unsealed,
    /// The seal has another format, or is repeated.
    OtherForm,
    /// The seal was made with a secret that this function doesn't have. Has the secret's number.
    UnknownSecret(u16),
    /// The request isn't the one that was sealed. Has the names of sealed headers that are missing.
    Mismatch(Vec<String>),
    /// The seal is too old, or from the future. Has its age in seconds, negative for the future.
    Expired(i64),
    /// A header that S3 would obey isn't sealed.
    Added(String),
}

impl HandOverFault {
    /// One line for the operator's log.
    pub fn detail(&self) -> String {
        match self {
            HandOverFault::Malformed => "the event is not a request".into(),
            HandOverFault::Unsealed => "no seal: viewer-request did not run, or is of a release before 0.2.0".into(),
            HandOverFault::OtherForm => "the seal has another form: viewer-request is of another release".into(),
            HandOverFault::UnknownSecret(number) => format!(
                "sealed with secret {number}, which this function does not have: bundle viewer-request and \
                 origin-request with the same secrets"
            ),
            HandOverFault::Mismatch(missing) if missing.is_empty() => {
                "the seal is not of this request: its id, method, origin, path, query or a header changed after \
                 viewer-request, or the secret is another one of the same number"
                    .into()
            }
            HandOverFault::Mismatch(missing) => format!(
                "the seal is not of this request: {} did not arrive, so check the origin request policy",
                missing.join(", ")
            ),
            HandOverFault::Expired(age) if *age < 0 => {
                format!("the seal is from {} s in the future, and {MAX_AGE_SECONDS} s are allowed", age.unsigned_abs())
            }
            HandOverFault::Expired(age) => format!("the seal is {age} s old, and {MAX_AGE_SECONDS} s are allowed"),
            HandOverFault::Added(name) => format!("header `{name}` was added after viewer-request"),
        }
    }
}

impl SealingKeys {
    /// Verifies the seal of the request that origin-request sees, as of `now`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn open_hand_over<'r>(&self, request: &'r Request<'_>, now: UnixMillis) -> Result<Opened<'r>, HandOverFault> {
        let once = |name: &'static str| request.headers.get_unique(name).map_err(|_| HandOverFault::OtherForm);
        let seal = Seal::parse(once(SEAL_HEADER)?.ok_or(HandOverFault::Unsealed)?).ok_or(HandOverFault::OtherForm)?;
        let origin = once(ORIGIN_HEADER)?.unwrap_or_default();
        seal.verify(request, origin, &self.hand_over, now)?;
        let mut removed = Vec::new();
        let names = request.headers.iter().map(|(name, _)| name);
        for name in names.filter(|name| !seal.names.contains(name) && !is_of_cloudfront(name)) {
            // S3 obeys both, and most of `if-*` can't be removed at origin request.
            if name.starts_with("x-amz-") || name.starts_with("if-") {
                return Err(HandOverFault::Added(name.to_owned()));
            }
            removed.push(name);
        }
        Ok(Opened { origin, removed })
    }
}

/// A seal. Number and time are kept as written as well, because the MAC covers the text.
struct Seal<'s> {
    number: (u16, &'s str),
    seconds: (i64, &'s str),
    names: Vec<&'s str>,
    mac: Vec<u8>,
}

impl<'s> Seal<'s> {
    /// Parses a seal; `None` for another version, or another format.
    fn parse(text: &'s str) -> Option<Self> {
        let mut fields = text.split(';');
        let mut next = || fields.next();
        let (version, number, seconds, names, mac) = (next()?, next()?, next()?, next()?, next()?);
        if version != VERSION || next().is_some() {
            return None;
        }
        Some(Seal {
            number: (number.parse().ok()?, number),
            seconds: (seconds.parse().ok()?, seconds),
            names: names.split(',').filter(|name| !name.is_empty()).collect(),
            mac: BASE64_URL_SAFE_NO_PAD.decode(mac).ok()?,
        })
    }

    fn verify(
        &self,
        request: &Request<'_>,
        origin: &str,
        keys: &NumberedKeys,
        now: UnixMillis,
    ) -> Result<(), HandOverFault> {
        let ((number, number_text), (sealed_at, seconds_text)) = (self.number, self.seconds);
        let key = keys.find(number).ok_or(HandOverFault::UnknownSecret(number))?;
        let mut missing = Vec::new();
        let mut headers = Vec::new();
        for name in &self.names {
            // CloudFront may drop a header without a value.
            let value = request.headers.get_unique(name).map_err(|_| HandOverFault::Mismatch(Vec::new()))?;
            if value.is_none() {
                missing.push((*name).to_owned());
            }
            headers.push((*name, value.unwrap_or_default()));
        }
        let Request { request_id, method, uri, query, .. } = request;
        let handed_over = HandedOver { request_id, method, origin, uri, query, headers };
        // Constant time, and over the whole MAC.
        let is_sealed = handed_over.mac(key, number_text, seconds_text).verify_slice(&self.mac);
        is_sealed.map_err(|_| HandOverFault::Mismatch(missing))?;
        let age = now.0.div_euclid(1000).saturating_sub(sealed_at);
        if (-MAX_AGE_SECONDS..=MAX_AGE_SECONDS).contains(&age) { Ok(()) } else { Err(HandOverFault::Expired(age)) }
    }
}

fn is_of_cloudfront(name: &str) -> bool {
    OF_CLOUDFRONT.contains(&name) || name.starts_with("cloudfront-")
}
