//! Parts that are too small for S3. They are stored as objects beside the upload, and joined when it is completed.

use super::s3_headers::Header;
use crate::authenticate::Authenticated;
use crate::config::Config;
use crate::object_key::OWN_SEGMENT;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::upload_id::{Encryption, SmallParts, VerifiedUpload};

/// S3's least size of a part that isn't the last, in bytes (Amazon S3 User Guide, "Amazon S3 multipart upload limits").
pub(super) const LEAST_PART_BYTES: u64 = 5 * 1024 * 1024;

/// The folder of the parts of all uploads, under [`OWN_SEGMENT`].
pub(crate) const PARTS_FOLDER: &str = "parts";

/// The only header of an UploadPart that its staged object gets as well.
const OF_BODY: &str = "content-md5";

/// Where the small parts of an upload are staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staging {
    /// The name of the upload's folder, under `.oss-edge/parts/`.
    pub folder: String,
    /// The most bytes that are joined when the upload is completed.
    pub max_join_bytes: u64,
    /// The headers of a staged part; empty for other operations.
    pub headers: Vec<Header>,
}

impl Staging {
    /// The staging of the upload that a request continues; `None` if the upload stages no parts.
    ///
    /// # Errors
    /// [`Refusal::NotImplemented`] for a part of an upload with KMS, if no KMS key is configured any more.
    pub(super) fn of_upload(
        upload: Option<&VerifiedUpload<'_>>,
        operation: Operation,
        headers: &[Header],
        config: &Config,
    ) -> Result<Option<Self>, Refusal> {
        let Some(upload) = upload.filter(|upload| upload.options().small_parts == SmallParts::Staged) else {
            return Ok(None);
        };
        let mut of_part = Vec::new();
        if operation == Operation::UploadPart {
            of_part.extend(headers.iter().filter(|(name, _)| name == OF_BODY).cloned());
            of_part.extend(encryption(upload.options().encryption, config)?);
        }
        Ok(Some(Staging {
            folder: upload.folder().into_owned(),
            max_join_bytes: config.max_join_bytes,
            headers: of_part,
        }))
    }

    /// The S3 key of the request's part, if the part must be staged: its length is known, and too small for S3.
    pub(super) fn key(&self, authenticated: &Authenticated<'_>, length: Option<u64>) -> Option<String> {
        let is_small = length.is_some_and(|bytes| bytes < LEAST_PART_BYTES);
        let number = authenticated.query().get("partNumber").filter(|_| is_small)?;
        // Five digits, so that S3 lists the parts in their order.
        (authenticated.operation() == Operation::UploadPart)
            .then(|| format!("{OWN_SEGMENT}/{PARTS_FOLDER}/{}/{number:0>5}", self.folder))
    }
}

/// The headers for the encryption that was asked for when the upload began. The seal doesn't say which KMS key, so a
/// staged part is encrypted with any that is configured; the object gets the right one.
fn encryption(encryption: Encryption, config: &Config) -> Result<Vec<Header>, Refusal> {
    let header = |value: &str| ("x-amz-server-side-encryption".into(), value.to_owned());
    match (encryption, config.headers.any_kms_key()) {
        (Encryption::OfBucket, _) => Ok(Vec::new()),
        (Encryption::Aes256, _) => Ok(vec![header("AES256")]),
        (Encryption::Kms, Some(key)) => {
            Ok(vec![header("aws:kms"), ("x-amz-server-side-encryption-aws-kms-key-id".into(), key.to_owned())])
        }
        (Encryption::Kms, None) => {
            Err(Refusal::NotImplemented("x-oss-server-side-encryption".to_owned(), "KMS".to_owned()))
        }
    }
}
