//! The day, region and product that a version 4 signature is bound to.

use std::fmt;

use crate::decimal;
use crate::keyed_hash::HmacSha256;
use crate::parts::parts;
use crate::refusal::{CredentialFault, Refusal};
use crate::signing_date::UnixMillis;
use crate::signing_secret::SigningSecret;
use crate::texts::joined;

/// `date/region/product/aliyun_v4_request`. The region is the device's own Aliyun region: only its
/// endpoint and access key were changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialScope<'a> {
    date: &'a str,
    region: &'a str,
    product: &'a str,
}

/// Above the longest region of OSS's and the longest id of a CloudBox, in bytes.
const MAX_REGION: usize = 128;

const TERMINATOR: &str = "aliyun_v4_request";

impl<'a> CredentialScope<'a> {
    /// Reads what follows the access key id in a credential.
    ///
    /// # Errors
    /// [`Refusal::InvalidCredential`] unless it has four parts, a date of eight digits, a region, one
    /// of OSS's products, and the terminator.
    pub fn parse(scope: &'a str) -> Result<Self, Refusal> {
        let mut parts = parts(scope, b'/');
        let [date, region, product, terminator, more] = [(); 5].map(|()| parts.next());
        let [date, region, product] = [date, region, product].map(Option::unwrap_or_default);
        let is_date = date.len() == 8 && decimal::number(date.as_bytes()).is_some();
        let is_terminated = terminator == Some(TERMINATOR) && more.is_none();
        let fault = if !is_terminated || !is_product(product) {
            CredentialFault::Form
        } else if !is_date {
            CredentialFault::Date
        } else if region.is_empty() || region.len() > MAX_REGION {
            CredentialFault::Region
        } else {
            return Ok(CredentialScope { date, region, product });
        };
        Err(Refusal::InvalidCredential(fault))
    }

    /// The scope as it stands in a credential.
    pub(crate) fn text(&self) -> String {
        joined(&[self.date, "/", self.region, "/", self.product, "/", TERMINATOR])
    }

    pub(crate) fn region(&self) -> &'a str {
        self.region
    }

    /// Checks that the scope is of the UTC day of the signed date.
    ///
    /// # Errors
    /// [`Refusal::InvalidCredential`].
    pub(crate) fn check_day(&self, date: UnixMillis) -> Result<(), Refusal> {
        if date.to_basic_day() == self.date { Ok(()) } else { Err(Refusal::InvalidCredential(CredentialFault::Date)) }
    }

    /// What one generation's derived key for this scope is called: no generation's name has a `/`.
    pub(crate) fn of_generation(&self, generation: &str) -> String {
        joined(&[generation, "/", self.date, "/", self.region, "/", self.product])
    }

    /// The schedule of the key that is derived for this scope: HMAC over its parts in turn, from
    /// `"aliyun_v4" + AccessKeySecret`.
    pub(crate) fn hmac_sha256(&self, secret: &SigningSecret<'_>) -> HmacSha256 {
        let mut key = HmacSha256::new(&secret.v4_secret());
        for part in [self.date, self.region, self.product, TERMINATOR] {
            key = HmacSha256::new(&key.code(part.as_bytes()));
        }
        key
    }
}

/// OSS, and OSS on CloudBox, whose region is the box's id.
fn is_product(text: &str) -> bool {
    matches!(text.strip_prefix("oss"), Some("" | "-cloudbox"))
}

impl fmt::Display for CredentialScope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}
