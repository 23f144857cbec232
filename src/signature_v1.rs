//! Signature version 1: HMAC-SHA1 over a StringToSign (OSS, "Add a signature to the header").

mod canonicalized_resource;
mod string_to_sign;

pub use canonicalized_resource::CanonicalizedResource;
pub use string_to_sign::StringToSign;

use crate::access_keys::is_access_key_id;
use crate::authenticate::Identified;
use crate::base64::Alphabet;
use crate::characters::Characters;
use crate::clock_skew::{self, TimeLimits};
use crate::keyed_hash::HmacSha1;
use crate::parts::{cut, parts};
use crate::query::Query;
use crate::refusal::{AuthorizationFault, KeyFault, Mismatch, Refusal};
use crate::request_view::RequestView;
use crate::resource::Resource;
use crate::signature_scheme::Scheme;
use crate::signing_date::{self, UnixMillis};
use crate::signing_secret::SigningSecret;
use crate::sub_resource;
use crate::texts::owned;

/// An access key id and a signature, as presented.
pub(crate) struct Presented<'a> {
    pub(crate) access_key_id: &'a str,
    signature: &'a str,
    /// What the signature is in base64; `None` where it is no such code.
    code: Option<Code>,
    carrier: Carrier<'a>,
}

/// An HMAC-SHA1.
type Code = [u8; 20];

/// Where the signature stands, and so what bounds its time.
enum Carrier<'a> {
    /// In the Authorization header: `x-oss-date` or Date is signed, and must be near now.
    Header,
    /// In the query: `Expires` is signed in the date's place, in seconds since the epoch.
    Url { expires: &'a str },
}

impl<'a> Presented<'a> {
    /// Reads what follows `OSS ` in the Authorization header.
    ///
    /// # Errors
    /// [`Refusal::MalformedAuthorization`] unless it is two non-empty parts around one colon.
    pub(crate) fn from_header(credentials: &'a str) -> Result<Self, Refusal> {
        let fault = match cut(credentials, b':') {
            (_, None) => AuthorizationFault::Form,
            ("", _) => AuthorizationFault::NoAccessKeyId,
            (_, Some("")) => AuthorizationFault::NoSignature,
            (access_key_id, _) if !is_access_key_id(access_key_id) => AuthorizationFault::Form,
            (access_key_id, Some(signature)) => match code_of(signature) {
                None if has_delimiter(signature) => AuthorizationFault::Form,
                code => return Ok(Presented { access_key_id, signature, code, carrier: Carrier::Header }),
            },
        };
        Err(Refusal::MalformedAuthorization(fault))
    }

    /// Reads `OSSAccessKeyId`, `Expires` and `Signature` (OSS, "Add a signature to a URL").
    ///
    /// # Errors
    /// [`Refusal::IncompleteUrlSignature`] unless all three are there.
    #[inline(never)]
    pub(crate) fn from_query(query: &'a Query<'_>) -> Result<Self, Refusal> {
        let required = |name| query.get(name).filter(|value| !value.is_empty()).ok_or(Refusal::IncompleteUrlSignature);
        let access_key_id = required("OSSAccessKeyId")?;
        if !is_access_key_id(access_key_id) {
            return Err(Refusal::MalformedAuthorization(AuthorizationFault::Form));
        }
        let expires = required("Expires")?;
        let signature = required("Signature")?;
        Ok(Presented { access_key_id, signature, code: code_of(signature), carrier: Carrier::Url { expires } })
    }

    pub(crate) fn scheme(&self) -> Scheme {
        match self.carrier {
            Carrier::Header => Scheme::V1Header,
            Carrier::Url { .. } => Scheme::V1Url,
        }
    }

    /// Checks the time that bounds the signature, and gives the literal text that was signed as DATE.
    ///
    /// # Errors
    /// [`Refusal::InvalidDate`] or [`Refusal::RequestTimeTooSkewed`] for a header;
    /// [`Refusal::InvalidExpires`], [`Refusal::Expired`] or [`Refusal::ExpiresTooFar`] for a URL.
    pub(crate) fn check_time<'r: 'a>(
        &self,
        request: &RequestView<'r>,
        limits: &TimeLimits,
    ) -> Result<&'a str, Refusal> {
        match self.carrier {
            Carrier::Header => {
                let (text, date) = signing_date::of_request(request)?;
                clock_skew::check(date, limits.now, limits.max_clock_skew_seconds)?;
                Ok(text)
            }
            Carrier::Url { expires } => {
                let end = UnixMillis::parse_seconds(expires).ok_or(Refusal::InvalidExpires)?;
                limits.check_expiry(end)?;
                Ok(expires)
            }
        }
    }

    /// Checks the signature of `string_to_sign` under each of the key's secrets, and gives the generation
    /// of the one that it was made with.
    ///
    /// # Errors
    /// [`Refusal::SignatureDoesNotMatch`], with the text that should have been signed.
    pub(crate) fn authenticate<'k>(
        &self,
        identified: &Identified<'k, '_>,
        string_to_sign: &StringToSign<'_>,
    ) -> Result<&'k str, Refusal> {
        let text = string_to_sign.text();
        let made_with = self.code.as_ref().and_then(|code| {
            let is_right = |hmac_sha1: &HmacSha1| hmac_sha1.verifies(text.as_bytes(), code);
            identified.live_secrets().find(|live| identified.key.verifies(live, is_right))
        });
        match made_with {
            Some(live) => Ok(live.generation),
            None => Err(self.mismatch(text)),
        }
    }

    #[cold]
    #[inline(never)]
    fn mismatch(&self, string_to_sign: String) -> Refusal {
        Refusal::SignatureDoesNotMatch(Box::new(Mismatch {
            access_key_id: owned(self.access_key_id),
            signature_provided: owned(self.signature),
            string_to_sign,
            canonical_request: None,
        }))
    }
}

/// Whether `signature`, in canonical base64 (28 characters, no stray bits), is the HMAC-SHA1 of
/// `string_to_sign`. The 20 bytes are compared in constant time.
pub fn verify(secret: &SigningSecret<'_>, string_to_sign: &StringToSign<'_>, signature: &str) -> bool {
    code_of(signature).is_some_and(|code| secret.hmac_sha1().verifies(string_to_sign.text().as_bytes(), &code))
}

/// What a signature is in canonical base64.
fn code_of(signature: &str) -> Option<Code> {
    let mut decoded = [0; 21];
    let length = Alphabet::Standard.decode(signature, &mut decoded)?;
    decoded.first_chunk().copied().filter(|code: &Code| length == code.len())
}

fn has_delimiter(signature: &str) -> bool {
    Characters::of(signature).have(const { Characters::COLON.or(Characters::SPACE).or(Characters::TAB) })
}

/// A key whose signature could be another request's is refused before it is compared.
///
/// The key stands decoded in the StringToSign and nothing separates it from the sub-resources, so
/// `PUT /k%3FpartNumber%3D1%26uploadId%3Did` signs the text of `PUT /k?partNumber=1&uploadId=id`:
/// whoever has seen a part uploaded could store an object of the other name. So it is with operations
/// that aren't served: `PUT /k%3Facl` signs the text of `PUT /k?acl`, which a device may send and be
/// refused. With no key that contains `?` and a sub-resource's name, every text has one reading.
///
/// # Errors
/// [`Refusal::InvalidObjectName`] for such a key.
pub(crate) fn check_unambiguous(resource: &Resource<'_>) -> Result<(), Refusal> {
    match &resource.key {
        Some(key) if key.characters().have(Characters::QUESTION_MARK) => check_names(key),
        _ => Ok(()),
    }
}

#[inline(never)]
fn check_names(key: &str) -> Result<(), Refusal> {
    // What follows a question mark is a name up to the next one, an equals sign or an ampersand.
    let is_signed = |rest| sub_resource::is_signed(cut(cut(rest, b'=').0, b'&').0);
    if parts(key, b'?').skip(1).any(is_signed) {
        Err(Refusal::InvalidObjectName(KeyFault::SubResource))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::canonicalized_oss_headers::CanonicalizedOssHeaders;
    use crate::object_key::ObjectKey;

    fn fault(credentials: &str) -> Option<Refusal> {
        Presented::from_header(credentials).err()
    }

    #[test]
    fn takes_two_parts_around_one_colon() {
        let presented = Presented::from_header("ak:c2ln").ok().unwrap();
        assert_eq!((presented.access_key_id, presented.signature), ("ak", "c2ln"));
        for (credentials, expected) in [
            ("", AuthorizationFault::Form),
            ("ak", AuthorizationFault::Form),
            (":c2ln", AuthorizationFault::NoAccessKeyId),
            ("ak:", AuthorizationFault::NoSignature),
            ("ak:c2ln:c2ln", AuthorizationFault::Form),
            (" ak:c2ln", AuthorizationFault::Form),
            ("ak: c2ln", AuthorizationFault::Form),
            ("ak:c2ln ", AuthorizationFault::Form),
        ] {
            assert_eq!(fault(credentials), Some(Refusal::MalformedAuthorization(expected)), "{credentials:?}");
        }
    }

    #[test]
    fn takes_the_canonical_base64_of_twenty_bytes_only() {
        let query = crate::Query::parse("").unwrap();
        let (resource, headers) =
            (CanonicalizedResource::new("bucket", "key", &query), CanonicalizedOssHeaders::default());
        let text = StringToSign::new("PUT", "", "", "date", headers, resource);
        let secret = SigningSecret::new("secret");
        let signature = "yjvr4dkFHG6TyYxOEIAWzkRvdT8=";
        assert!(verify(&secret, &text, signature));
        for other in [
            "yjvr4dkFHG6TyYxOEIAWzkRvdT8",  // padding left out
            "yjvr4dkFHG6TyYxOEIAWzkRvdT9=", // stray bits after the last byte
            "yjvr4dkFHG6TyYxOEIAWzkRvdT==",
            "yjvr4dkFHG6TyYxOEIAWzkRvdT8A",
            "yjvr4dkFHG6TyYxOEIAWzkRvdT8=\n",
            "Yjvr4dkFHG6TyYxOEIAWzkRvdT8=",
            "",
            "=",
        ] {
            assert!(!verify(&secret, &text, other), "{other:?}");
        }
    }

    #[test]
    fn refuses_a_key_that_signs_like_a_sub_resource() {
        let check = |key: &'static str| {
            let key = Some(ObjectKey::new(Cow::Borrowed(key)).unwrap());
            check_unambiguous(&Resource { bucket: Cow::Borrowed("bucket"), key })
        };
        for key in [
            "k?partNumber=1&uploadId=id",
            "k?uploads",
            "a?b?uploadId=x",
            "?sequential&uploads",
            "k?acl",
            "k?x-oss-process=a",
        ] {
            assert_eq!(check(key), Err(Refusal::InvalidObjectName(KeyFault::SubResource)), "{key}");
        }
        for key in ["k", "what?", "k?a=b", "k&uploads", "k?uploadsX", "uploads"] {
            assert_eq!(check(key), Ok(()), "{key}");
        }
    }
}
