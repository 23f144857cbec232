//! Signature version 1: HMAC-SHA1 over a StringToSign (OSS, "Add a signature to the header").

mod canonicalized_resource;
mod string_to_sign;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
pub use canonicalized_resource::CanonicalizedResource;
use hmac::Mac;
pub use string_to_sign::StringToSign;

use super::clock_skew::{self, TimeLimits};
use super::signing_date::signing_date;
use crate::access_keys::access_key::is_access_key_id;
use crate::access_keys::secret::Secret;
use crate::mac::hmac_sha1;
use crate::refusal::{AuthorizationFault, KeyFault, Refusal};
use crate::request::Request;
use crate::request::query::Query;
use crate::resource::Resource;
use crate::scheme::Scheme;
use crate::sub_resource;
use crate::time::UnixMillis;

/// An access key id and a signature, as presented.
pub(crate) struct Presented<'r> {
    pub(super) access_key_id: &'r str,
    pub(super) signature: &'r str,
    carrier: Carrier<'r>,
}

/// Where the signature is, and which time bounds it.
enum Carrier<'r> {
    /// The Authorization header: `x-oss-date` or Date is signed, and must be near now.
    Header,
    /// The query: `Expires` is signed in place of the date, in seconds since the epoch.
    Url { expires: &'r str },
}

impl<'r> Presented<'r> {
    /// Reads what follows `OSS ` in the Authorization header.
    ///
    /// # Errors
    /// [`Refusal::MalformedAuthorization`] unless it is two non-empty parts around one colon.
    pub(super) fn from_header(credentials: &'r str) -> Result<Self, Refusal> {
        let fault = match credentials.split_once(':') {
            None => AuthorizationFault::Form,
            Some(("", _)) => AuthorizationFault::NoAccessKeyId,
            Some((_, "")) => AuthorizationFault::NoSignature,
            Some((access_key_id, signature)) => {
                if is_access_key_id(access_key_id) && !signature.contains([':', ' ', '\t']) {
                    return Ok(Presented { access_key_id, signature, carrier: Carrier::Header });
                }
                AuthorizationFault::Form
            }
        };
        Err(Refusal::MalformedAuthorization(fault))
    }

    /// Reads `OSSAccessKeyId`, `Expires` and `Signature` (OSS, "Add a signature to a URL").
    ///
    /// # Errors
    /// [`Refusal::IncompleteUrlSignature`] unless all three are present; [`Refusal::MalformedAuthorization`] for an
    /// access key id that can't be one.
    pub(super) fn from_query(query: &'r Query) -> Result<Self, Refusal> {
        let required = |name| query.get(name).filter(|value| !value.is_empty()).ok_or(Refusal::IncompleteUrlSignature);
        let access_key_id = required("OSSAccessKeyId")?;
        if !is_access_key_id(access_key_id) {
            return Err(Refusal::MalformedAuthorization(AuthorizationFault::Form));
        }
        let expires = required("Expires")?;
        Ok(Presented { access_key_id, signature: required("Signature")?, carrier: Carrier::Url { expires } })
    }

    pub(super) fn scheme(&self) -> Scheme {
        match self.carrier {
            Carrier::Header => Scheme::V1Header,
            Carrier::Url { .. } => Scheme::V1Url,
        }
    }

    pub(super) fn signed_at(&self, request: &Request<'_>) -> Option<UnixMillis> {
        match self.carrier {
            Carrier::Header => signing_date(request).ok().map(|(_, date)| date),
            Carrier::Url { .. } => None,
        }
    }

    /// Checks the time of the signature, and returns the text that was signed as DATE, as sent.
    pub(super) fn check_time(&self, request: &'r Request<'_>, limits: &TimeLimits) -> Result<&'r str, Refusal> {
        match self.carrier {
            Carrier::Header => {
                let (text, date) = signing_date(request)?;
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
}

/// Whether `signature`, in canonical base64 (28 characters, no stray bits), is the HMAC-SHA1 of `string_to_sign`.
/// The 20 bytes are compared in constant time.
pub fn verify(secret: &Secret, string_to_sign: &str, signature: &str) -> bool {
    let mac = hmac_sha1(secret.as_bytes(), string_to_sign.as_bytes());
    BASE64_STANDARD.decode(signature).is_ok_and(|code| mac.verify_slice(&code).is_ok())
}

/// Signs a text as a client does.
#[cfg(feature = "documents")]
pub(crate) fn signature_of(secret: &Secret, string_to_sign: &str) -> String {
    BASE64_STANDARD.encode(hmac_sha1(secret.as_bytes(), string_to_sign.as_bytes()).finalize().into_bytes())
}

/// Refuses a key that signs like another request.
///
/// The StringToSign has the decoded key, and nothing separates it from the sub-resources. So `PUT
/// /k%3FpartNumber%3D1%26uploadId%3Did` has the StringToSign of `PUT /k?partNumber=1&uploadId=id`, and whoever sees a
/// part being uploaded could store an object under the first name. The same holds for operations that aren't served:
/// `PUT /k%3Facl` signs like `PUT /k?acl`, which a device may send although it is refused. Without keys that contain
/// `?` and a sub-resource's name, no two requests have the same StringToSign.
///
/// # Errors
/// [`Refusal::InvalidObjectName`] for such a key.
pub(super) fn check_unambiguous(resource: &Resource) -> Result<(), Refusal> {
    // After each question mark there is a name, up to the next question mark, equals sign or ampersand.
    let is_sub_resource = |rest: &str| rest.split(['=', '&']).next().is_some_and(sub_resource::is_signed);
    if resource.key_or_empty().split('?').skip(1).any(is_sub_resource) {
        return Err(Refusal::InvalidObjectName(KeyFault::SubResource));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let text = "PUT\n\n\ndate\n/bucket/key";
        let secret = Secret::new("secret");
        let signature = "yjvr4dkFHG6TyYxOEIAWzkRvdT8=";
        assert!(verify(&secret, text, signature));
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
            assert!(!verify(&secret, text, other), "{other:?}");
        }
    }

    #[test]
    fn refuses_a_key_that_signs_like_a_sub_resource() {
        let check = |key: &'static str| {
            let key = Some(ObjectKey::new(key.to_owned()).unwrap());
            check_unambiguous(&Resource { bucket: "bucket".to_owned(), key, style: "path" })
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
