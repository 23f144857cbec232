//! Signature version 4: HMAC-SHA256 with a derived key over a StringToSign that holds the hash of a
//! CanonicalRequest (OSS, "Include a V4 signature in the Authorization header").

mod additional_headers;
mod canonical_request;
mod credential_scope;

use std::fmt;

pub use additional_headers::AdditionalHeaders;
pub use canonical_request::CanonicalRequest;
pub use credential_scope::CredentialScope;

use crate::access_keys::is_access_key_id;
use crate::authenticate::{Classified, Identified};
use crate::canonicalized_oss_headers::CanonicalizedOssHeaders;
use crate::clock_skew::{self, TimeLimits};
use crate::hex;
use crate::keyed_hash::{HmacSha256, is_same};
use crate::parts::{cut, parts};
use crate::query::Query;
use crate::refusal::{AuthorizationFault, CredentialFault, DateFault, Mismatch, Refusal};
use crate::request_view::{RequestView, trimmed};
use crate::signature_scheme::Scheme;
use crate::signing_date::{self, UnixMillis};
use crate::signing_secret::SigningSecret;
use crate::texts::{joined, owned, place_among};

const ALGORITHM: &str = "OSS4-HMAC-SHA256";

/// The longest life that OSS allows a signed URL: seven days.
const MAX_EXPIRES_MILLIS: i64 = 604_800_000;

/// A credential and a signature, as presented.
pub(crate) struct Presented<'a> {
    pub(crate) access_key_id: &'a str,
    pub(crate) scope: CredentialScope<'a>,
    additional_headers: AdditionalHeaders,
    signature: &'a str,
    carrier: Carrier<'a>,
}

/// Where the signature stands, and so what bounds its time.
enum Carrier<'a> {
    /// In the Authorization header: `x-oss-date` or Date is signed, and must be near now.
    Header,
    /// In the query: `x-oss-date`, and `x-oss-expires` in seconds after it.
    Url { date: &'a str, expires: &'a str },
}

impl<'a> Presented<'a> {
    /// Reads what follows the algorithm in the Authorization header: `Credential`, `Signature` and
    /// maybe `AdditionalHeaders`, in any order and with or without blanks after the commas (oss2
    /// sends `AdditionalHeaders` last, reqsign an empty one).
    ///
    /// # Errors
    /// [`Refusal::MalformedAuthorization`], [`Refusal::InvalidCredential`] or
    /// [`Refusal::SchemeNotEnabled`].
    #[inline(never)]
    pub(crate) fn from_header(credentials: &'a str) -> Result<Self, Refusal> {
        let [credential, additional, signature] = parameters(credentials)?;
        let missing = |fault| Refusal::MalformedAuthorization(fault);
        let credential = credential.ok_or_else(|| missing(AuthorizationFault::NoAccessKeyId))?;
        let signature = signature.ok_or_else(|| missing(AuthorizationFault::NoSignature))?;
        Self::new(credential, additional.unwrap_or_default(), signature, Carrier::Header)
    }

    /// Reads `x-oss-credential`, `x-oss-date`, `x-oss-expires`, `x-oss-signature`, and maybe
    /// `x-oss-additional-headers`.
    ///
    /// # Errors
    /// [`Refusal::IncompleteUrlSignature`], [`Refusal::SchemeNotEnabled`] or
    /// [`Refusal::InvalidCredential`].
    #[inline(never)]
    pub(crate) fn from_query(query: &'a Query<'_>) -> Result<Self, Refusal> {
        let required = |name| query.get(name).filter(|value| !value.is_empty());
        match required("x-oss-signature-version") {
            Some(ALGORITHM) => {}
            Some("OSS2") => return Err(Refusal::SchemeNotEnabled("OSS2")),
            Some(_) => return Err(Refusal::MalformedAuthorization(AuthorizationFault::Form)),
            None => return Err(Refusal::IncompleteUrlSignature),
        }
        let names = ["x-oss-date", "x-oss-expires", "x-oss-credential", "x-oss-signature"];
        let [Some(date), Some(expires), Some(credential), Some(signature)] = names.map(required) else {
            return Err(Refusal::IncompleteUrlSignature);
        };
        let additional = query.get("x-oss-additional-headers").unwrap_or_default();
        Self::new(credential, additional, signature, Carrier::Url { date, expires })
    }

    fn new(credential: &'a str, additional: &str, signature: &'a str, carrier: Carrier<'a>) -> Result<Self, Refusal> {
        let (access_key_id, scope) = cut(credential, b'/');
        if !is_access_key_id(access_key_id) {
            return Err(Refusal::InvalidCredential(CredentialFault::Form));
        }
        let scope = CredentialScope::parse(scope.unwrap_or_default())?;
        let additional_headers = AdditionalHeaders::parse(additional)?;
        Ok(Presented { access_key_id, scope, additional_headers, signature, carrier })
    }

    pub(crate) fn additional_headers(&self) -> &[String] {
        self.additional_headers.names()
    }

    pub(crate) fn scheme(&self) -> Scheme {
        match self.carrier {
            Carrier::Header => Scheme::V4Header,
            Carrier::Url { .. } => Scheme::V4Url,
        }
    }

    /// Checks the time that bounds the signature, and gives the literal text that was signed: Go v1
    /// signs the Date header's RFC 1123 text, Android ISO 8601 text in that header.
    ///
    /// # Errors
    /// [`Refusal::InvalidDate`], [`Refusal::RequestTimeTooSkewed`], [`Refusal::InvalidExpires`],
    /// [`Refusal::NotYetValid`], [`Refusal::Expired`], [`Refusal::ExpiresTooFar`], or [`Refusal::InvalidCredential`] when the
    /// scope is another day's.
    #[inline(never)]
    pub(crate) fn check_time<'r: 'a>(
        &self,
        request: &RequestView<'r>,
        limits: &TimeLimits,
    ) -> Result<&'a str, Refusal> {
        let (text, date) = match self.carrier {
            Carrier::Header => {
                let (text, date) = signing_date::of_request(request)?;
                clock_skew::check(date, limits.now, limits.max_clock_skew_seconds)?;
                (text, date)
            }
            Carrier::Url { date: text, expires } => {
                let date = UnixMillis::parse_signing_date(text).ok_or(Refusal::InvalidDate(DateFault::Malformed))?;
                check_url_time(date, expires, limits)?;
                (text, date)
            }
        };
        self.scope.check_day(date)?;
        Ok(text)
    }

    /// Checks that the credential's region is one of those configured; none configured means any.
    ///
    /// # Errors
    /// [`Refusal::InvalidCredential`].
    pub(crate) fn check_region(&self, regions: &[String]) -> Result<(), Refusal> {
        let allowed = regions.is_empty() || regions.iter().any(|region| region == self.scope.region());
        if allowed { Ok(()) } else { Err(Refusal::InvalidCredential(CredentialFault::Region)) }
    }

    /// Checks the signature under each of the key's secrets, and gives the generation of the one that it
    /// was made with.
    ///
    /// # Errors
    /// [`Refusal::SignatureDoesNotMatch`], with the text that should have been signed.
    #[inline(never)]
    pub(crate) fn authenticate<'k>(
        &self,
        identified: &Identified<'k, '_>,
        classified: &Classified<'_, '_>,
        oss_headers: CanonicalizedOssHeaders<'_, '_>,
    ) -> Result<&'k str, Refusal> {
        let canonical_request = CanonicalRequest::of_request(
            classified.request,
            classified.resource,
            classified.query,
            oss_headers,
            &self.additional_headers,
        )?;
        let string_to_sign = StringToSign::new(identified.date, self.scope, &canonical_request).text();
        let is_right = |hmac_sha256: &HmacSha256| is_signature(hmac_sha256, &string_to_sign, self.signature);
        if let Some(live) =
            identified.live_secrets().find(|live| identified.key.verifies_in_scope(live, self.scope, is_right))
        {
            return Ok(live.generation);
        }
        Err(Refusal::SignatureDoesNotMatch(Box::new(Mismatch {
            access_key_id: owned(self.access_key_id),
            signature_provided: owned(self.signature),
            string_to_sign,
            canonical_request: Some(canonical_request.into()),
        })))
    }
}

/// Whether `signature`, 64 lower-case hexadecimal digits, is that of `string_to_sign`. They are compared in
/// constant time.
pub fn verify(secret: &SigningSecret<'_>, string_to_sign: &StringToSign<'_>, signature: &str) -> bool {
    is_signature(&string_to_sign.scope.hmac_sha256(secret), &string_to_sign.text(), signature)
}

fn is_signature(hmac_sha256: &HmacSha256, string_to_sign: &str, signature: &str) -> bool {
    let expected = hex::lower(&hmac_sha256.code(string_to_sign.as_bytes()));
    is_same(expected.as_bytes(), signature.as_bytes())
}

/// The algorithm, the literal date, the scope and the hash of the CanonicalRequest, a line each. Its
/// `Display` is the signed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StringToSign<'a> {
    date: &'a str,
    scope: CredentialScope<'a>,
    request_hash: String,
}

impl<'a> StringToSign<'a> {
    /// From its parts; `date` is the literal text that was sent.
    pub fn new(date: &'a str, scope: CredentialScope<'a>, canonical_request: &CanonicalRequest) -> Self {
        StringToSign { date, scope, request_hash: canonical_request.hash() }
    }

    pub(crate) fn text(&self) -> String {
        joined(&[ALGORITHM, "\n", self.date, "\n", &self.scope.text(), "\n", &self.request_hash])
    }
}

impl fmt::Display for StringToSign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// `Credential`, `AdditionalHeaders` and `Signature`, each at most once and no other.
fn parameters(credentials: &str) -> Result<[Option<&str>; 3], Refusal> {
    const NAMES: [&str; 3] = ["Credential", "AdditionalHeaders", "Signature"];
    let mut found = [None; 3];
    for parameter in parts(credentials, b',') {
        let (name, value) = cut(trimmed(parameter), b'=');
        match place_among(name, &NAMES).and_then(|place| found.get_mut(place)) {
            Some(slot @ None) if value.is_some() => *slot = value,
            _ => return Err(Refusal::MalformedAuthorization(AuthorizationFault::Form)),
        }
    }
    Ok(found)
}

/// OSS accepts a URL from a skew before its date (EC 0002-00000235), until `x-oss-expires` after it.
fn check_url_time(date: UnixMillis, expires: &str, limits: &TimeLimits) -> Result<(), Refusal> {
    let life = UnixMillis::parse_seconds(expires).filter(|life| life.0 > 0).ok_or(Refusal::InvalidExpires)?;
    if life.0 > MAX_EXPIRES_MILLIS {
        return Err(Refusal::ExpiresTooFar);
    }
    if date > limits.now && clock_skew::check(date, limits.now, limits.max_clock_skew_seconds).is_err() {
        return Err(Refusal::NotYetValid);
    }
    limits.check_expiry(UnixMillis(date.0 + life.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(credentials: &str) -> Option<Refusal> {
        Presented::from_header(credentials).err()
    }

    #[test]
    fn takes_the_parameters_in_any_order_and_layout() {
        for credentials in [
            "Credential=ak/20261124/cn-hangzhou/oss/aliyun_v4_request,Signature=00",
            "Credential=ak/20261124/cn-hangzhou/oss/aliyun_v4_request, Signature=00, AdditionalHeaders=host",
            "Credential=ak/20261124/cn-hangzhou/oss/aliyun_v4_request, AdditionalHeaders=, Signature=00",
            "Signature=00,AdditionalHeaders=host;user-agent,Credential=ak/20261124/box-1/oss-cloudbox/aliyun_v4_request",
        ] {
            assert_eq!(fault(credentials), None, "{credentials}");
        }
    }

    #[test]
    fn refuses_every_other_grammar() {
        let scope = "20261124/cn-hangzhou/oss/aliyun_v4_request";
        for credentials in [
            "".into(),
            "ak:c2ln".into(),
            format!("Credential=ak/{scope}"),
            "Signature=00".into(),
            format!("Credential=ak/{scope},Signature=00,Signature=00"),
            format!("Credential=ak/{scope},Signature=00,SignedHeaders=host"),
            format!("Credential=/{scope},Signature=00"),
            "Credential=ak,Signature=00".into(),
            format!("Credential=ak/{scope}/x,Signature=00"),
            format!("Credential=ak/{scope}/,Signature=00"),
            format!("Credential=ak/{scope}/20261124,Signature=00"),
            "Credential=ak/2026112/cn-hangzhou/oss/aliyun_v4_request,Signature=00".into(),
            "Credential=ak/20261124/cn-hangzhou/s3/aliyun_v4_request,Signature=00".into(),
            "Credential=ak/20261124//oss/aliyun_v4_request,Signature=00".into(),
            "Credential=ak/20261124/cn-hangzhou/oss/aws4_request,Signature=00".into(),
        ] {
            assert!(fault(&credentials).is_some(), "{credentials}");
        }
    }

    #[test]
    fn takes_sixty_four_lower_case_digits() {
        let scope = CredentialScope::parse("20261124/cn-hangzhou/oss/aliyun_v4_request").unwrap();
        let string_to_sign = StringToSign { date: "date", scope, request_hash: "hash".to_owned() };
        let secret = SigningSecret::new("secret");
        let right = hex::lower(&scope.hmac_sha256(&secret).code(string_to_sign.text().as_bytes()));
        assert!(verify(&secret, &string_to_sign, &right));
        let (shorter, longer) = (right.get(1..).unwrap(), format!("{right}0"));
        for wrong in ["", &right.to_uppercase(), shorter, &longer, &right.replace('a', "g"), &"0".repeat(64)] {
            assert!(!verify(&secret, &string_to_sign, wrong), "{wrong}");
        }
    }
}
