//! Why an upload may not go on.

use std::borrow::Cow;

/// What is wrong with the id that a request names. A client isn't told which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadFault {
    /// ListParts is off, or there is no API.
    ListPartsOff,
    /// Its id has no seal.
    Unsealed,
    /// Its id was sealed with a secret that this function doesn't have, by its number.
    UnknownSecret(u16),
    /// Its id was sealed for another bucket or key, or was changed.
    SealMismatch,
    /// It began more than seven days ago.
    Expired,
    /// It began with an option that this release doesn't serve.
    UnknownOptions,
}

impl UploadFault {
    /// One line for the operator's log.
    pub(crate) fn detail(self) -> Cow<'static, str> {
        match self {
            UploadFault::ListPartsOff => "ListParts is not served".into(),
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
            UploadFault::Expired => "the upload began more than 7 days ago".into(),
            UploadFault::UnknownOptions => "the upload began with an option that this release does not serve".into(),
        }
    }
}
