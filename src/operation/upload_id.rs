//! The id of a multipart upload, as the client has it and as S3 does.

/// The suffix of an id whose client forbade overwriting when it began the upload. S3 checks that when an upload is
/// completed, and OSS's clients may say it only at the beginning, so the id carries it. S3's own ids have no `~`.
pub(crate) const FORBID_OVERWRITE: &str = "~forbid-overwrite";

/// The longest id that is passed on, in bytes. S3's have up to about 170.
const MAX_LENGTH: usize = 1024;

/// An upload id that a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UploadId<'q> {
    /// S3's id, decoded.
    pub(crate) s3: &'q str,
    pub(crate) overwrite: Overwrite,
}

/// Whether the upload may replace an existing object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overwrite {
    Allowed,
    Forbidden,
}

impl<'q> UploadId<'q> {
    /// Reads a decoded `uploadId`; `None` when it is empty or too long, or has a `&`: signature version 1 would sign
    /// the same text for what follows as for a parameter of its own.
    pub(crate) fn parse(text: &'q str) -> Option<Self> {
        let (s3, overwrite) = match text.strip_suffix(FORBID_OVERWRITE) {
            Some(s3) => (s3, Overwrite::Forbidden),
            None => (text, Overwrite::Allowed),
        };
        (!s3.is_empty() && text.len() <= MAX_LENGTH && !text.contains('&')).then_some(UploadId { s3, overwrite })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_suffix_off() {
        let allowed = UploadId { s3: "a~b", overwrite: Overwrite::Allowed };
        assert_eq!(UploadId::parse("a~b"), Some(allowed));
        assert_eq!(
            UploadId::parse("abc~forbid-overwrite"),
            Some(UploadId { s3: "abc", overwrite: Overwrite::Forbidden })
        );
        for text in ["", "~forbid-overwrite", &"u".repeat(1025)] {
            assert_eq!(UploadId::parse(text), None, "{text}");
        }
    }
}
