//! Signature version 4: HMAC-SHA256 with a derived key over a StringToSign that holds the hash of a CanonicalRequest
//! (OSS, "Include a V4 signature in the Authorization header").

mod additional_headers;
mod canonical_request;
mod credential_scope;
mod string_to_sign;

pub use additional_headers::AdditionalHeaders;
pub use canonical_request::CanonicalRequest;
pub use credential_scope::CredentialScope;
use hmac::Mac;
pub(super) use string_to_sign::ALGORITHM;
pub use string_to_sign::StringToSign;

use super::clock_skew::{self, TimeLimits};
use super::signing_date::signing_date;
use crate::access_keys::access_key::{LiveSecret, is_access_key_id};
use crate::access_keys::signing_keys::SigningKeys;
use crate::limits::MAX_V4_EXPIRES_MILLIS;
use crate::mac::hmac_sha256;
use crate::refusal::{AuthorizationFault, CredentialFault, DateFault, Refusal};
use crate::request::Request;
use crate::request::query::Query;
use crate::scheme::Scheme;
use crate::time::UnixMillis;

/// A credential and a signature, as presented.
pub(crate) struct Presented<'r> {
    pub(super) access_key_id: &'r str,
    pub(super) scope: CredentialScope<'r>,
    pub(super) additional_headers: AdditionalHeaders,
    pub(super) signature: &'r str,
    carrier: Carrier<'r>,
}

/// Where the signature is, and which time bounds it.
enum Carrier<'r> {
    /// The Authorization header: `x-oss-date` or Date is signed, and must be near now.
    Header,
    /// The query: `x-oss-date`, and `x-oss-expires` in seconds after it.
    Url { date: &'r str, expires: &'r str },
}

impl<'r> Presented<'r> {
    /// Reads what follows the algorithm in the Authorization header: `Credential`, `Signature` and optionally
    /// `AdditionalHeaders`, in any order, with or without blanks after the commas. oss2 sends `AdditionalHeaders` last,
    /// reqsign sends it empty.
    ///
    /// # Errors
    /// [`Refusal::MalformedAuthorization`] or [`Refusal::InvalidCredential`].
    pub(super) fn from_header(credentials: &'r str) -> Result<Self, Refusal> {
        let HeaderParameters { credential, additional_headers, signature } = parse_header(credentials)?;
        let missing = Refusal::MalformedAuthorization;
        let credential = credential.ok_or(missing(AuthorizationFault::NoAccessKeyId))?;
        let signature = signature.ok_or(missing(AuthorizationFault::NoSignature))?;
        Self::new(credential, additional_headers.unwrap_or_default(), signature, Carrier::Header)
    }

    /// Reads `x-oss-credential`, `x-oss-date`, `x-oss-expires`, `x-oss-signature`, and optionally
    /// `x-oss-additional-headers`.
    ///
    /// # Errors
    /// [`Refusal::IncompleteUrlSignature`], [`Refusal::SchemeNotEnabled`], [`Refusal::MalformedAuthorization`] or
    /// [`Refusal::InvalidCredential`].
    pub(super) fn from_query(query: &'r Query) -> Result<Self, Refusal> {
        let required = |name| query.get(name).filter(|value| !value.is_empty()).ok_or(Refusal::IncompleteUrlSignature);
        match required("x-oss-signature-version")? {
            ALGORITHM => {}
            "OSS2" => return Err(Refusal::SchemeNotEnabled("OSS2")),
            _ => return Err(Refusal::MalformedAuthorization(AuthorizationFault::Form)),
        }
        let carrier = Carrier::Url { date: required("x-oss-date")?, expires: required("x-oss-expires")? };
        let (credential, signature) = (required("x-oss-credential")?, required("x-oss-signature")?);
        Self::new(credential, query.get("x-oss-additional-headers").unwrap_or_default(), signature, carrier)
    }

    fn new(credential: &'r str, additional: &str, signature: &'r str, carrier: Carrier<'r>) -> Result<Self, Refusal> {
        let (access_key_id, scope) = credential.split_once('/').unwrap_or((credential, ""));
        if !is_access_key_id(access_key_id) {
            return Err(Refusal::InvalidCredential(CredentialFault::Form));
        }
        let scope = CredentialScope::parse(scope)?;
        let additional_headers = AdditionalHeaders::parse(additional)?;
        Ok(Presented { access_key_id, scope, additional_headers, signature, carrier })
    }

    pub(super) fn scheme(&self) -> Scheme {
        match self.carrier {
            Carrier::Header => Scheme::V4Header,
            Carrier::Url { .. } => Scheme::V4Url,
        }
    }

    pub(super) fn signed_at(&self, request: &Request<'_>) -> Option<UnixMillis> {
        match self.carrier {
            Carrier::Header => signing_date(request).ok().map(|(_, date)| date),
            Carrier::Url { date, .. } => UnixMillis::parse_signing_date(date),
        }
    }

    /// Checks the time of the signature, and returns the date that was signed, as sent: Go v1 signs RFC 1123 in the
    /// Date header, the Android SDK ISO 8601.
    pub(super) fn check_time(&self, request: &'r Request<'_>, limits: &TimeLimits) -> Result<&'r str, Refusal> {
        let (text, date) = match self.carrier {
            Carrier::Header => {
                let (text, date) = signing_date(request)?;
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

    /// Whether the signature is that of `string_to_sign` with this secret. A signing key that verified it is cached.
    pub(super) fn verifies(&self, live: &LiveSecret<'_>, signing_keys: &SigningKeys, string_to_sign: &str) -> bool {
        let name = format!("{} {} {}", self.access_key_id, live.generation, self.scope);
        if let Some(signing_key) = signing_keys.get(&name) {
            return verify(&signing_key, string_to_sign, self.signature);
        }
        let signing_key = self.scope.signing_key(live.secret);
        let verifies = verify(&signing_key, string_to_sign, self.signature);
        if verifies {
            signing_keys.insert(name, signing_key);
        }
        verifies
    }

    /// Checks that the credential's region is one of `regions`. If `regions` is empty, any is allowed.
    ///
    /// # Errors
    /// [`Refusal::OtherRegion`].
    pub(super) fn check_region(&self, regions: &[String]) -> Result<(), Refusal> {
        let is_allowed = regions.is_empty() || regions.iter().any(|region| region == self.scope.region());
        if is_allowed { Ok(()) } else { Err(Refusal::OtherRegion(self.scope.region().to_owned())) }
    }
}

/// Whether `signature`, 64 lower-case hexadecimal digits, is that of `string_to_sign`. They are compared in constant
/// time.
pub fn verify(signing_key: &[u8; 32], string_to_sign: &str, signature: &str) -> bool {
    let mac = hmac_sha256(signing_key, string_to_sign.as_bytes());
    base16ct::lower::decode_vec(signature).is_ok_and(|code| mac.verify_slice(&code).is_ok())
}

/// Signs a text as a client does.
#[cfg(feature = "documents")]
pub(crate) fn signature_of(signing_key: &[u8; 32], string_to_sign: &str) -> String {
    base16ct::lower::encode_string(&hmac_sha256(signing_key, string_to_sign.as_bytes()).finalize().into_bytes())
}

#[derive(Default)]
struct HeaderParameters<'r> {
    credential: Option<&'r str>,
    additional_headers: Option<&'r str>,
    signature: Option<&'r str>,
}

/// Reads `Credential`, `AdditionalHeaders` and `Signature`, each at most once, and refuses any other parameter.
fn parse_header(credentials: &str) -> Result<HeaderParameters<'_>, Refusal> {
    let malformed = || Refusal::MalformedAuthorization(AuthorizationFault::Form);
    let mut parameters = HeaderParameters::default();
    for parameter in credentials.split(',') {
        let (name, value) = parameter.trim_ascii().split_once('=').ok_or_else(malformed)?;
        let slot = match name {
            "Credential" => &mut parameters.credential,
            "AdditionalHeaders" => &mut parameters.additional_headers,
            "Signature" => &mut parameters.signature,
            _ => return Err(malformed()),
        };
        if slot.replace(value).is_some() {
            return Err(malformed());
        }
    }
    Ok(parameters)
}

/// Checks the time of a URL. As in OSS, it is valid from its date, less the clock skew (EC 0002-00000235), until
/// `x-oss-expires` after its date.
fn check_url_time(date: UnixMillis, expires: &str, limits: &TimeLimits) -> Result<(), Refusal> {
    let life = UnixMillis::parse_seconds(expires).filter(|life| life.0 > 0).ok_or(Refusal::InvalidExpires)?;
    if life.0 > MAX_V4_EXPIRES_MILLIS {
        return Err(Refusal::ExpiresTooFar);
    }
    if date.0.saturating_sub(limits.now.0) > i64::from(limits.max_clock_skew_seconds) * 1000 {
        return Err(Refusal::NotYetValid);
    }
    limits.check_expiry(UnixMillis(date.0 + life.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_keys::secret::Secret;

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
        let signing_key = scope.signing_key(&Secret::new("secret"));
        let mac = hmac_sha256(&*signing_key, b"text").finalize().into_bytes();
        let right = base16ct::lower::encode_string(&mac);
        assert!(verify(&signing_key, "text", &right));
        let (shorter, longer) = (right.get(1..).unwrap(), format!("{right}0"));
        let even = right.get(2..).unwrap();
        for wrong in ["", &right.to_uppercase(), shorter, even, &longer, &right.replace('a', "g"), &"0".repeat(64)] {
            assert!(!verify(&signing_key, "text", wrong), "{wrong}");
        }
    }
}
