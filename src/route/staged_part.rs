//! Parts that are too small for S3: they are stored as objects beside the upload, and joined when it is completed.

use super::s3_headers::Header;
use crate::authenticate::Authenticated;
use crate::config::Config;
use crate::object_key::OWN_SEGMENT;
use crate::operation::Operation;
use crate::upload_id::{Encryption, SmallParts, VerifiedUpload};

/// S3's least size of a part that isn't the last, in bytes (Amazon S3 User Guide, "Amazon S3 multipart upload limits").
pub(super) const LEAST_PART_BYTES: u64 = 5 * 1024 * 1024;

/// The folder of the parts of all uploads, under [`OWN_SEGMENT`].
pub(crate) const PARTS_FOLDER: &str = "parts";

/// Of a part, all that the object gets that waits in its place: nothing of the object that the upload makes may be lost
/// or changed by it.
const OF_BODY: &str = "content-md5";

/// Where the parts of an upload wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staging {
    /// The upload's name in the folders that oss-edge keeps.
    pub folder: String,
    /// The most bytes that are joined when the upload is completed.
    pub max_join_bytes: u64,
    /// The headers of a part that waits.
    pub headers: Vec<Header>,
}

impl Staging {
    /// That of the upload that a request goes on with, if its small parts are staged.
    pub(super) fn of_upload(upload: Option<&VerifiedUpload<'_>>, headers: &[Header], config: &Config) -> Option<Self> {
        let upload = upload.filter(|upload| upload.options().small_parts == SmallParts::Staged)?;
        let of_body = headers.iter().filter(|(name, _)| name == OF_BODY).cloned();
        Some(Staging {
            folder: upload.folder().into_owned(),
            max_join_bytes: config.max_join_bytes,
            headers: of_body.chain(encryption(upload.options().encryption, config)).collect(),
        })
    }

    /// The key of the part that a request has, if it must wait: one whose length is known and too small for S3.
    pub(super) fn key(&self, authenticated: &Authenticated<'_>, length: Option<u64>) -> Option<String> {
        let is_small = length.is_some_and(|bytes| bytes < LEAST_PART_BYTES);
        let number = authenticated.query().get("partNumber").filter(|_| is_small)?;
        let is_part = authenticated.operation() == Operation::UploadPart;
        // Five digits, so that S3 lists parts in their order.
        is_part.then(|| format!("{OWN_SEGMENT}/{PARTS_FOLDER}/{}/{number:0>5}", self.folder))
    }
}

/// The encryption that was asked for when the upload began. Which of the KMS keys it was isn't known any more: any that is
/// configured will do while the part waits, and the object gets the one that was asked for.
fn encryption(encryption: Encryption, config: &Config) -> Vec<Header> {
    let header = |value: &str| ("x-amz-server-side-encryption".into(), value.to_owned());
    match encryption {
        Encryption::OfBucket => Vec::new(),
        Encryption::Aes256 => vec![header("AES256")],
        Encryption::Kms => config.headers.any_kms_key().map_or_else(Vec::new, |key| {
            vec![header("aws:kms"), ("x-amz-server-side-encryption-aws-kms-key-id".into(), key.to_owned())]
        }),
    }
}
