//! What a client asked for when it began an upload, as far as it matters until the end.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The options of an upload, written as letters in this order: `f` forbids overwriting, `s` stages small parts, `a`
/// encrypts with AES256 or `k` with KMS; `-` stands for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UploadOptions {
    /// Whether the upload may replace an existing object.
    pub overwrite: Overwrite,
    /// Where parts that are too small for S3 go.
    pub small_parts: SmallParts,
    /// How the object, and so each staged part, is encrypted.
    pub encryption: Encryption,
}

/// Whether an upload may replace an existing object. OSS's clients may say so only when they begin it, but S3 checks
/// when it is completed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// The default.
    #[default]
    Allowed,
    /// `x-oss-forbid-overwrite: true`.
    Forbidden,
}

/// Where parts under 5 MiB go. The seal fixes it for the whole upload, even if the configuration changes meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SmallParts {
    /// To S3, which refuses all but the last such part when the upload is completed.
    #[default]
    Forwarded,
    /// To objects beside the upload, which are joined when it is completed.
    Staged,
}

/// How the object of an upload is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// As the bucket says.
    #[default]
    OfBucket,
    /// `x-oss-server-side-encryption: AES256`.
    Aes256,
    /// `x-oss-server-side-encryption: KMS`.
    Kms,
}

impl UploadOptions {
    /// Reads the letters; `None` for any other text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let options = UploadOptions {
            overwrite: if text.contains('f') { Overwrite::Forbidden } else { Overwrite::Allowed },
            small_parts: if text.contains('s') { SmallParts::Staged } else { SmallParts::Forwarded },
            encryption: match (text.contains('a'), text.contains('k')) {
                (true, _) => Encryption::Aes256,
                (_, true) => Encryption::Kms,
                _ => Encryption::OfBucket,
            },
        };
        // Each set of options has one spelling: other letters or another order are refused.
        (options.to_string() == text).then_some(options)
    }
}

impl fmt::Display for UploadOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == UploadOptions::default() {
            return f.write_str("-");
        }
        f.write_str(if self.overwrite == Overwrite::Forbidden { "f" } else { "" })?;
        f.write_str(if self.small_parts == SmallParts::Staged { "s" } else { "" })?;
        f.write_str(match self.encryption {
            Encryption::OfBucket => "",
            Encryption::Aes256 => "a",
            Encryption::Kms => "k",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        for text in ["-", "f", "s", "a", "k", "fs", "fa", "fk", "sa", "sk", "fsa", "fsk"] {
            assert_eq!(UploadOptions::parse(text).map(|options| options.to_string()).as_deref(), Some(text));
        }
        for text in ["", "--", "-f", "f-", "ff", "sf", "ak", "ka", "af", "F", "x", "fx", "f ", " f"] {
            assert_eq!(UploadOptions::parse(text), None, "{text}");
        }
    }
}
