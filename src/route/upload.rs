//! The multipart upload that a request begins, continues or lists.

use super::s3_headers::Header;
use crate::authenticate::Authenticated;
use crate::authorize::Authorized;
use crate::config::Config;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::sealing_keys::SealingKeys;
use crate::time::UnixMillis;
use crate::upload_id::{
    Encryption, Overwrite, UnsealedUploadIds, UploadFault, UploadOptions, VerifiedUpload, unsealed_upload,
};

/// The upload that the API's or the relay's answer names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceUpload {
    /// A new upload with these options, which are sealed into its id.
    Begins(UploadOptions),
    /// An upload in progress, by the id that the client has.
    GoesOn(String),
}

/// Verifies the upload id of a request, if its operation has one.
///
/// # Errors
/// [`Refusal::NoSuchUpload`].
pub(super) fn verified_upload<'r>(
    authorized: &Authorized<'r, '_>,
    config: &Config,
    sealing_keys: &SealingKeys,
    now: UnixMillis,
) -> Result<Option<VerifiedUpload<'r>>, Refusal> {
    let authenticated = authorized.authenticated();
    if !authenticated.operation().names_upload() {
        return Ok(None);
    }
    let text = authenticated.query().get("uploadId").unwrap_or_default();
    let (s3_bucket, key) = (&authorized.s3_bucket().name, authenticated.resource().key_or_empty());
    let verified = match sealing_keys.verify_upload_id(text, s3_bucket, key, now) {
        Err(UploadFault::Unsealed) if config.unsealed_upload_ids == UnsealedUploadIds::Forwarded => {
            unsealed_upload(text)
        }
        verified => verified,
    };
    verified.map(Some).map_err(|fault| Refusal::NoSuchUpload(text.to_owned(), fault))
}

/// The upload that the API's or the relay's answer names; `None` for operations whose answer names none.
pub(super) fn service_upload(
    authenticated: &Authenticated<'_>,
    headers: &[Header],
    config: &Config,
) -> Option<ServiceUpload> {
    match authenticated.operation() {
        Operation::InitiateMultipartUpload => {
            let encryption = headers.iter().find(|(name, _)| name == "x-amz-server-side-encryption");
            Some(ServiceUpload::Begins(UploadOptions {
                overwrite: match super::forbids_overwrite(authenticated) {
                    true => Overwrite::Forbidden,
                    false => Overwrite::Allowed,
                },
                encryption: match encryption.map(|(_, value)| value.as_str()) {
                    Some("AES256") => Encryption::Aes256,
                    Some("aws:kms") => Encryption::Kms,
                    _ => Encryption::OfBucket,
                },
                small_parts: config.small_parts,
            }))
        }
        Operation::ListParts => authenticated.query().get("uploadId").map(|id| ServiceUpload::GoesOn(id.to_owned())),
        _ => None,
    }
}
