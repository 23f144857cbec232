//! The id of a multipart upload: S3's own, sealed for the client.
//!
//! ```text
//! s1.NUMBER.HOUR.OPTIONS.MAC.ID
//! ```
//!
//! The seal says with which secret it was made, when the upload began (hours since 1970), and what the client asked for
//! at the beginning that matters later. Its MAC ties all of that and S3's id to the bucket and the key. Every request
//! that names an upload must have such an id, so nobody gains anything by cutting the seal off.
//!
//! docs/seals.md describes the format for others, and tests/vectors/seals.json has vectors.

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

/// What an id begins with whose last field is S3's id itself.
const PLAIN: &str = "s1";

/// What an id begins with whose last field is S3's id in base64url, because it has other characters than ours.
const ENCODED: &str = "s1b";

/// The longest sealed id, in characters: some C clients have room for 255 and a NUL. S3's own have up to about 190.
const MAX_SEALED_LENGTH: usize = 255;

/// The longest id that a request may name, in bytes.
const MAX_LENGTH: usize = 1024;

/// How long a sealed id is good for, in hours: seven days, for which deployments keep incomplete uploads.
const MAX_AGE_HOURS: i64 = 7 * 24;

/// How far ahead the clock of the function may be that began the upload, in hours.
const MAX_AHEAD_HOURS: i64 = 1;

const MILLIS_PER_HOUR: i64 = 3_600_000;

/// 128 bits of HMAC-SHA256.
const MAC_BYTES: usize = 16;

/// The end of an id by which 0.1.0 knew that the upload may not overwrite an object.
const FORMER_FORBID_OVERWRITE: &str = "~forbid-overwrite";

/// Whether ids without a seal go on to S3 as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum UnsealedUploadIds {
    #[default]
    Refused,
    /// Those of uploads that 0.1.0 or others began.
    Forwarded,
}

/// An upload that a request may go on with: the only way to S3's id.
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

    /// Its name in the folders of oss-edge: S3's id as the sealed one has it, of characters that are safe in a key.
    pub(crate) fn folder(&self) -> Cow<'_, str> {
        in_safe_characters(&self.s3_id).1
    }

    /// What the client asked for when it began.
    pub fn options(&self) -> UploadOptions {
        self.options
    }
}

/// Whether a decoded `uploadId` may be one at all: not empty, not too long, and without a `&`, after which signature
/// version 1 would sign the same text as for a parameter of its own.
pub(crate) fn is_upload_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_LENGTH && !text.contains('&')
}

impl SealingKeys {
    /// Seals S3's id of an upload that begins now, for the client.
    ///
    /// `None` when the options aren't a text of [`UploadOptions`], when S3's id is empty or too long, or when there is no
    /// key.
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

    /// Verifies that the id that a request names was sealed for its object, and not too long ago.
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
        // In constant time, and over all of the MAC: its length is fixed.
        seal.mac(sealing_key, s3_bucket, key).verify_truncated_left(&mac).map_err(|_| UploadFault::SealMismatch)?;
        seal.opened(now)
    }
}

/// An upload by an id that isn't sealed, as 0.1.0 took it: only for [`UnsealedUploadIds::Forwarded`].
///
/// # Errors
/// [`UploadFault::Unsealed`] when it is too long, or not one.
pub(crate) fn unsealed_upload(text: &str) -> Result<VerifiedUpload<'_>, UploadFault> {
    let (s3_id, overwrite) = match text.strip_suffix(FORMER_FORBID_OVERWRITE) {
        Some(s3_id) => (s3_id, Overwrite::Forbidden),
        None => (text, Overwrite::Allowed),
    };
    // The functions behind the API get it twice, and have 8 KB for all they get.
    if s3_id.is_empty() || text.len() > MAX_SEALED_LENGTH {
        return Err(UploadFault::Unsealed);
    }
    Ok(VerifiedUpload { s3_id: s3_id.into(), options: UploadOptions { overwrite, ..UploadOptions::default() } })
}

/// The fields of a sealed id but its MAC, as they are written.
struct Seal<'t> {
    form: &'t str,
    number: &'t str,
    hour: &'t str,
    options: &'t str,
    id: &'t str,
}

impl<'t> Seal<'t> {
    /// The fields, the secret's number and the MAC; `None` when the text doesn't have the form of a sealed id.
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

    /// What a verified seal says, unless it is too old.
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

/// S3's id in the characters of sealed ids, and the form of an id that has it.
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

/// Characters that no client encodes in a query, so that what is signed is what is sent.
fn is_of_sealed_ids(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}
