//! The day, region and product that a version 4 signature is bound to.

use std::fmt;

use hmac::Mac;
use zeroize::Zeroizing;

use crate::access_keys::secret::Secret;
use crate::mac::hmac_sha256;
use crate::refusal::{CredentialFault, Refusal};
use crate::time::UnixMillis;

/// `date/region/product/aliyun_v4_request`. The region is still the device's Alibaba Cloud region: only its endpoint
/// and access key were changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialScope<'a> {
    date: &'a str,
    region: &'a str,
    product: &'a str,
}

/// The longest region, in bytes: more than any region of OSS or id of a CloudBox has.
const MAX_REGION: usize = 128;

const TERMINATOR: &str = "aliyun_v4_request";

/// OSS, and OSS on CloudBox, where the region is the id of the box.
const PRODUCTS: [&str; 2] = ["oss", "oss-cloudbox"];

impl<'a> CredentialScope<'a> {
    /// Reads what follows the access key id in a credential.
    ///
    /// # Errors [`Refusal::InvalidCredential`] unless it has four parts, a date of eight digits, a region, one of OSS's
    /// products, and the terminator.
    pub fn parse(scope: &'a str) -> Result<Self, Refusal> {
        let parts: Vec<&str> = scope.split('/').collect();
        let fault = match *parts {
            [date, region, product, TERMINATOR] if PRODUCTS.contains(&product) => {
                if date.len() != 8 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
                    CredentialFault::Date
                } else if region.is_empty() || region.len() > MAX_REGION {
                    CredentialFault::Region
                } else {
                    return Ok(CredentialScope { date, region, product });
                }
            }
            _ => CredentialFault::Form,
        };
        Err(Refusal::InvalidCredential(fault))
    }

    pub(super) fn region(&self) -> &'a str {
        self.region
    }

    /// Checks that the scope's day is that of the signed date, in UTC.
    ///
    /// # Errors
    /// [`Refusal::InvalidCredential`].
    pub(super) fn check_day(&self, date: UnixMillis) -> Result<(), Refusal> {
        if date.to_basic_day() == self.date { Ok(()) } else { Err(Refusal::InvalidCredential(CredentialFault::Date)) }
    }

    /// Derives the signing key for this scope: HMACs over its parts in turn, beginning with the key
    /// `"aliyun_v4" + AccessKeySecret`.
    pub fn signing_key(&self, secret: &Secret) -> Zeroizing<[u8; 32]> {
        let first = Zeroizing::new([b"aliyun_v4", secret.as_bytes()].concat());
        let mut key = derive(&first, self.date);
        for part in [self.region, self.product, TERMINATOR] {
            key = derive(&*key, part);
        }
        key
    }
}

fn derive(key: &[u8], part: &str) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(hmac_sha256(key, part.as_bytes()).finalize().into_bytes().into())
}

impl fmt::Display for CredentialScope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{TERMINATOR}", self.date, self.region, self.product)
    }
}
