//! The `x-oss-*` headers whose treatment an operator may configure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A storage class of OSS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum OssStorageClass {
    Standard,
    Ia,
    Archive,
    ColdArchive,
    DeepColdArchive,
}

/// OSS's storage classes, and the S3 class with the same access: at once, at once for a fee, or after a restore.
const STORAGE_CLASSES: [(&str, OssStorageClass, &str); 5] = [
    ("Standard", OssStorageClass::Standard, "STANDARD"),
    ("IA", OssStorageClass::Ia, "STANDARD_IA"),
    ("Archive", OssStorageClass::Archive, "GLACIER"),
    ("ColdArchive", OssStorageClass::ColdArchive, "DEEP_ARCHIVE"),
    ("DeepColdArchive", OssStorageClass::DeepColdArchive, "DEEP_ARCHIVE"),
];

/// The classes of a general purpose bucket (Amazon S3 API Reference, PutObject, `x-amz-storage-class`).
#[cfg(feature = "documents")]
pub(crate) const S3_STORAGE_CLASSES: [&str; 8] = [
    "DEEP_ARCHIVE",
    "GLACIER",
    "GLACIER_IR",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "REDUCED_REDUNDANCY",
    "STANDARD",
    "STANDARD_IA",
];

/// The name in `kmsKeys` for requests that ask for KMS without naming a key.
const DEFAULT_KMS_KEY: &str = "default";

/// `headers` of the configuration, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeaderRules {
    /// The S3 classes of OSS classes, where they differ from the default.
    pub(crate) storage_classes: BTreeMap<OssStorageClass, String>,
    pub(crate) tagging: Tagging,
    /// What becomes of an `x-oss-object-acl` that would make the object public.
    pub(crate) public_acl: Unsupported,
    /// What becomes of `x-oss-callback` and `callback`: OSS would call a URL, and pass on its answer.
    pub(crate) callback: Unsupported,
    /// KMS keys of AWS by the key ids that OSS clients send.
    pub(crate) kms_keys: BTreeMap<String, String>,
}

/// What becomes of `x-oss-tagging`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Tagging {
    /// Refused: it would need `s3:PutObjectTagging`.
    #[default]
    Refused,
    /// Forwarded as `x-amz-tagging`.
    Mapped,
}

/// What becomes of a header or parameter that asks for something that S3 doesn't do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Unsupported {
    /// Refused, so that the client knows that it doesn't get what it asks for.
    #[default]
    Refused,
    /// Dropped, and the object is stored without it.
    Dropped,
}

impl HeaderRules {
    /// The query parameters to ignore: a callback may also be in the query (OSS, "Callback").
    pub(crate) fn ignored_parameters(&self) -> &'static [&'static str] {
        match self.callback {
            Unsupported::Refused => &[],
            Unsupported::Dropped => &["callback", "callback-var"],
        }
    }

    /// The S3 class for an OSS class; `None` if OSS has no such class.
    pub(crate) fn storage_class(&self, oss: &str) -> Option<&str> {
        let (class, default) = oss_storage_class(oss)?;
        Some(self.storage_classes.get(&class).map_or(default, String::as_str))
    }

    /// A KMS key for when any will do: `default`, or the first one.
    pub(crate) fn any_kms_key(&self) -> Option<&str> {
        self.kms_key(None).or_else(|| self.kms_keys.values().next().map(String::as_str))
    }

    /// The KMS key for a key id that the client sent, or for none; `None` if the configuration has none.
    pub(crate) fn kms_key(&self, oss: Option<&str>) -> Option<&str> {
        self.kms_keys.get(oss.unwrap_or(DEFAULT_KMS_KEY)).map(String::as_str)
    }
}

/// The OSS class of a name, and its default S3 class.
pub(crate) fn oss_storage_class(name: &str) -> Option<(OssStorageClass, &'static str)> {
    STORAGE_CLASSES.iter().find(|(known, ..)| *known == name).map(|(_, class, s3)| (*class, *s3))
}
