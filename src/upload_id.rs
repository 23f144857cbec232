//! The id of a multipart upload: S3's own, sealed for the client.
//!
//! ```text
//! s1.NUMBER.HOUR.OPTIONS.MAC.ID
//! ```
//!
//! The seal has the number of its secret, the hour in which the upload began (hours since 1970), and the options that
//! the client chose then and that matter later. Its MAC binds all of that and S3's id to the bucket and the key. A
//! request that names an upload without a seal is refused, so cutting the seal off gains nothing.
//!
//! docs/seals.md specifies the format, and tests/vectors/seals.json has vectors.

mod fault;
mod options;

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::mac::hmac_sha256_of_list;
use crate::sealing_keys::SealingKeys;
use crate::time::UnixMillis;
pub use fault::UploadFault;
pub use options::{Encryption, Overwrite, SmallParts, UploadOptions};

/// The first field of an id whose last field is S3's id as it is.
const PLAIN: &str = "s1";

/// The first field of an id whose last field is S3's id in base64url, because S3's id has characters that aren't safe.
const ENCODED: &str = "s1b";

/// The longest sealed id, in characters: some C clients have room for 255 and a NUL. S3's own ids have up to about 190.
const MAX_SEALED_LENGTH: usize = 255;

/// The longest id that a request may name, in bytes.
const MAX_LENGTH: usize = 1024;

/// How long a sealed id is valid, in hours: seven days, the time that deployments keep incomplete uploads.
const MAX_AGE_HOURS: i64 = 7 * 24;

/// How far the clock of the function that began the upload may be ahead, in hours.
const MAX_AHEAD_HOURS: i64 = 1;

const MILLIS_PER_HOUR: i64 = 3_600_000;

/// The length of the MAC: the first 128 bits of an HMAC-SHA256.
const MAC_BYTES: usize = 16;

/// The suffix by which 0.1.0 marked the id of an upload that may not overwrite an object.
const FORMER_FORBID_OVERWRITE: &str = "~forbid-overwrite";

/// Whether upload ids without a seal are forwarded to S3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum UnsealedUploadIds {
    #[default]
    Refused,
    /// For uploads that 0.1.0 or another tool began.
    Forwarded,
}

/// An upload that a request may continue. INVARIANT: S3's id is only available through this type.
#[derive(Debug, PartialEq, Eq)]
pub struct VerifiedUpload<'q> {
    s3_id: Cow<'q, str>,
    options: UploadOptions,
}

impl VerifiedUpload<'_> {
    /// S3's id, decoded.
    pub fn s3_id(&self) -> &str {
        &self.s3_id
    }

    /// The name of its folder of staged parts: S3's id as the sealed id has it, in characters that are safe in a key.
    pub(crate) fn folder(&self) -> Cow<'_, str> {
        in_safe_characters(&self.s3_id).1
    }

    /// What the client asked for when it began the upload.
    pub fn options(&self) -> UploadOptions {
        self.options
    }
}

/// Whether a decoded `uploadId` can be an upload id: not empty, not too long, and without `&`. In signature version 1,
/// text after a `&` would sign like another parameter.
pub(crate) fn is_upload_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_LENGTH && !text.contains('&')
}

impl SealingKeys {
    /// Seals S3's id of an upload that begins `now`, and returns the id for the client.
    ///
    /// `None` when the options aren't a text of [`UploadOptions`], when S3's id is empty or too long, or when there is
    /// no key.
    pub fn seal_upload_id(
        &self,
        s3_bucket: &str,
        key: &str,
        s3_id: &str,
        options: &str,
        now: UnixMillis,
    ) -> Option<String> {
        let options = UploadOptions::parse(options)?.to_string();
        let (number, sealing_key) = self.upload_ids.sealing()?;
        let (form, id) = in_safe_characters(s3_id);
        let (number, hour) = (number.to_string(), hours(now).to_string());
        let seal = Seal { form, number: &number, hour: &hour, options: &options, id: &id };
        let mac = seal.mac(sealing_key, s3_bucket, key).finalize().into_bytes();
        let mac = BASE64_URL_SAFE_NO_PAD.encode(mac.first_chunk::<MAC_BYTES>()?);
        let sealed = [form, &number, &hour, &options, &mac, &id].join(".");
        (!s3_id.is_empty() && sealed.len() <= MAX_SEALED_LENGTH).then_some(sealed)
    }

    /// Verifies that an upload id was sealed for this object, and not too long ago.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn verify_upload_id<'q>(
        &self,
        text: &'q str,
        s3_bucket: &str,
        key: &str,
        now: UnixMillis,
    ) -> Result<VerifiedUpload<'q>, UploadFault> {
        let (seal, number, mac) = Seal::parse(text).ok_or(UploadFault::Unsealed)?;
        let sealing_key = self.upload_ids.find(number).ok_or(UploadFault::UnknownSecret(number))?;
        // Constant time. `mac` has a fixed length, so the client can't shorten what is compared.
        seal.mac(sealing_key, s3_bucket, key).verify_truncated_left(&mac).map_err(|_| UploadFault::SealMismatch)?;
        seal.opened(now)
    }
}

/// Takes an upload id without a seal, as 0.1.0 did: only for [`UnsealedUploadIds::Forwarded`].
///
/// # Errors
/// [`UploadFault::Unsealed`] when it is too long, or not one.
pub(crate) fn unsealed_upload(text: &str) -> Result<VerifiedUpload<'_>, UploadFault> {
    let (s3_id, overwrite) = match text.strip_suffix(FORMER_FORBID_OVERWRITE) {
        Some(s3_id) => (s3_id, Overwrite::Forbidden),
        None => (text, Overwrite::Allowed),
    };
    // The functions behind the API get the id twice, and at most 8 KB in all.
    if s3_id.is_empty() || text.len() > MAX_SEALED_LENGTH {
        return Err(UploadFault::Unsealed);
    }
    Ok(VerifiedUpload { s3_id: s3_id.into(), options: UploadOptions { overwrite, ..UploadOptions::default() } })
}

/// The fields of a sealed id except the MAC, as written.
struct Seal<'t> {
    form: &'t str,
    number: &'t str,
    hour: &'t str,
    options: &'t str,
    id: &'t str,
}

impl<'t> Seal<'t> {
    /// Splits a sealed id into its fields, the number of its secret, and its MAC; `None` if it isn't one.
    fn parse(text: &'t str) -> Option<(Self, u16, [u8; MAC_BYTES])> {
        let mut fields = text.splitn(6, '.');
        let mut next = || fields.next();
        let (form, number, hour, options, mac, id) = (next()?, next()?, next()?, next()?, next()?, next()?);
        let has_form = (form == PLAIN || form == ENCODED)
            && is_digits(number)
            && is_digits(hour)
            && !id.is_empty()
            && text.len() <= MAX_SEALED_LENGTH
            && text.bytes().all(is_of_sealed_ids);
        let mac = BASE64_URL_SAFE_NO_PAD.decode(mac).ok()?.try_into().ok()?;
        let seal = Seal { form, number, hour, options, id };
        if has_form { Some((seal, number.parse().ok()?, mac)) } else { None }
    }

    /// The upload of a seal that was verified, unless the seal has expired.
    fn opened(&self, now: UnixMillis) -> Result<VerifiedUpload<'t>, UploadFault> {
        let begun: i64 = self.hour.parse().map_err(|_| UploadFault::SealMismatch)?;
        let age = hours(now).saturating_sub(begun);
        if !(-MAX_AHEAD_HOURS..=MAX_AGE_HOURS).contains(&age) {
            return Err(UploadFault::Expired);
        }
        let options = UploadOptions::parse(self.options).ok_or(UploadFault::UnknownOptions)?;
        Ok(VerifiedUpload { s3_id: self.s3_id().ok_or(UploadFault::SealMismatch)?, options })
    }

    fn s3_id(&self) -> Option<Cow<'t, str>> {
        if self.form == PLAIN {
            return Some(self.id.into());
        }
        Some(String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(self.id).ok()?).ok()?.into())
    }

    fn mac(&self, sealing_key: &[u8], s3_bucket: &str, key: &str) -> Hmac<Sha256> {
        let Seal { form, number, hour, options, id } = self;
        hmac_sha256_of_list(sealing_key, &[form, number, hour, options, s3_bucket, key, id])
    }
}

/// S3's id in the characters of sealed ids, and the first field for it: [`PLAIN`] or [`ENCODED`].
fn in_safe_characters(s3_id: &str) -> (&'static str, Cow<'_, str>) {
    match s3_id.bytes().all(is_of_sealed_ids) {
        true => (PLAIN, s3_id.into()),
        false => (ENCODED, BASE64_URL_SAFE_NO_PAD.encode(s3_id).into()),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn hours(time: UnixMillis) -> i64 {
    time.0.div_euclid(MILLIS_PER_HOUR)
}

/// Whether a byte may occur in a sealed id: no client percent-encodes it in a query, so what is signed is what is sent.
fn is_of_sealed_ids(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}
