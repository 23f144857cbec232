//! Why a request may not continue an upload.

use std::borrow::Cow;

/// What is wrong with the upload id of a request. The client isn't told which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadFault {
    /// ListParts is off, or there is neither an API nor a relay.
    ListPartsOff,
    /// The id has no seal.
    Unsealed,
    /// The id was sealed with a secret that this function doesn't have. Has the secret's number.
    UnknownSecret(u16),
    /// The id was sealed for another bucket or key, or was changed.
    SealMismatch,
    /// The upload began more than seven days ago, or more than an hour ahead of this function's clock.
    Expired,
    /// The upload began with an option that this release doesn't know.
    UnknownOptions,
}

impl UploadFault {
    /// One line for the operator's log.
    pub(crate) fn detail(self) -> Cow<'static, str> {
        match self {
            UploadFault::ListPartsOff => {
                "ListParts is not served: it needs `listParts`, and `api` or `relay`, in the configuration".into()
            }
            UploadFault::Unsealed => {
                "the upload id has no seal: the client cut it off, or the upload began elsewhere or with a release \
                 before 0.2.0, for which there is `unsealedUploadIds`"
                    .into()
            }
            UploadFault::UnknownSecret(number) => {
                format!("the upload id was sealed with secret {number}, which is not in the secrets").into()
            }
            UploadFault::SealMismatch => {
                "the upload id was sealed for another bucket or key, was changed, or is of another secret of the same \
                 number"
                    .into()
            }
            UploadFault::Expired => "the upload id is dated more than 7 days ago, or more than an hour ahead".into(),
            UploadFault::UnknownOptions => "the upload began with an option that this release does not serve".into(),
        }
    }
}
