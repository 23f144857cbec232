//! The configurable part of what becomes of `x-oss-*` headers.

use crate::baked::{Baked, Image, bake_choice, baked, read_choice};
use crate::characters::Characters;
use crate::document::{DocumentError, Field};
use crate::texts::{place_among, same};

/// OSS's storage classes and the S3 class with the same access: at once, at once for a fee, or after
/// a restore.
const STORAGE_CLASSES: [(&str, &str); 5] = [
    ("Standard", "STANDARD"),
    ("IA", "STANDARD_IA"),
    ("Archive", "GLACIER"),
    ("ColdArchive", "DEEP_ARCHIVE"),
    ("DeepColdArchive", "DEEP_ARCHIVE"),
];

/// The classes of a general purpose bucket (Amazon S3 API Reference, PutObject, `x-amz-storage-class`).
const S3_STORAGE_CLASSES: [&str; 8] = [
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

/// The longest key id or ARN that is taken, in bytes (AWS KMS API Reference, `KeyId`).
const MAX_KMS_KEY: usize = 2048;

/// How the headers are mapped that an operator may map otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeaderRules {
    /// The S3 class of each of OSS's, in the order of [`STORAGE_CLASSES`].
    storage_classes: [S3Class; 5],
    pub(crate) tagging: Tagging,
    pub(crate) public_acl: PublicAcl,
    /// OSS's key id to S3's.
    kms_keys: Vec<(String, String)>,
}

/// One of [`S3_STORAGE_CLASSES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct S3Class(&'static str);

/// What becomes of `x-oss-tagging`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tagging {
    /// Refused: it would need `s3:PutObjectTagging`.
    Refused,
    /// `x-amz-tagging`.
    Mapped,
}

/// What becomes of an `x-oss-object-acl` that would make the object public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PublicAcl {
    /// Refused: the object would be private, and the client would not know.
    Refused,
    /// Dropped: the object is private.
    Dropped,
}

baked!(struct HeaderRules { storage_classes, tagging, public_acl, kms_keys });
baked!(
    enum Tagging {
        Refused,
        Mapped,
    }
);
baked!(
    enum PublicAcl {
        Refused,
        Dropped,
    }
);

/// As its place in the list.
impl Baked for S3Class {
    fn bake(&self, image: &mut Vec<u8>) {
        bake_choice(&S3_STORAGE_CLASSES, &self.0, image);
    }

    #[inline(never)]
    fn read(image: &mut Image<'_>) -> Self {
        S3Class(read_choice(&S3_STORAGE_CLASSES, image).unwrap_or_default())
    }
}

impl Default for HeaderRules {
    fn default() -> Self {
        HeaderRules {
            storage_classes: STORAGE_CLASSES.map(|(_, s3)| S3Class(s3)),
            tagging: Tagging::Refused,
            public_acl: PublicAcl::Refused,
            kms_keys: Vec::new(),
        }
    }
}

impl HeaderRules {
    /// Reads `headers` of the configuration; what is left out is as by default.
    ///
    /// # Errors
    /// The path of the first field that is unknown or malformed, and what was expected.
    pub(crate) fn read(field: &Field<'_>) -> Result<Self, DocumentError> {
        let mut rules = HeaderRules::default();
        let [storage_classes, tagging, public_acl, kms_keys] =
            field.fields(["storageClasses", "tagging", "publicAcl", "kmsKeys"])?;
        if let Some(field) = storage_classes {
            rules.read_storage_classes(&field)?;
        }
        if let Some(field) = tagging {
            rules.tagging = if field.boolean()? { Tagging::Mapped } else { Tagging::Refused };
        }
        if let Some(field) = public_acl {
            rules.public_acl = match field.string()? {
                "refused" => PublicAcl::Refused,
                "dropped" => PublicAcl::Dropped,
                _ => return Err(field.error("one of \"refused\", \"dropped\"")),
            };
        }
        if let Some(field) = kms_keys {
            rules.kms_keys = field.entries()?.iter().map(read_kms_key).collect::<Result<_, _>>()?;
        }
        Ok(rules)
    }

    /// The S3 class of one of OSS's; `None` for a class that OSS doesn't have.
    pub(crate) fn storage_class(&self, oss: &str) -> Option<&'static str> {
        self.storage_classes.get(storage_class_row(oss)?).map(|class| class.0)
    }

    /// S3's key for one of OSS's, or for none named; `None` where the configuration has none.
    pub(crate) fn kms_key(&self, oss: Option<&str>) -> Option<&str> {
        let name = oss.unwrap_or(DEFAULT_KMS_KEY);
        self.kms_keys.iter().find(|(known, _)| known == name).map(|(_, key)| key.as_str())
    }

    fn read_storage_classes(&mut self, field: &Field<'_>) -> Result<(), DocumentError> {
        for (name, class) in field.entries()? {
            let slot = storage_class_row(name).and_then(|row| self.storage_classes.get_mut(row));
            let slot = slot.ok_or_else(|| {
                class
                    .error("one of \"Standard\", \"IA\", \"Archive\", \"ColdArchive\", \"DeepColdArchive\" as its name")
            })?;
            let text = class.string()?;
            let known = place_among(text, &S3_STORAGE_CLASSES).and_then(|place| S3_STORAGE_CLASSES.get(place));
            *slot = S3Class(known.ok_or_else(|| class.error("a storage class of S3, as in \"STANDARD_IA\""))?);
        }
        Ok(())
    }
}

/// Which of the table's rows is that of one of OSS's classes.
#[inline(never)]
fn storage_class_row(oss: &str) -> Option<usize> {
    STORAGE_CLASSES.iter().position(|(name, _)| same(name, oss))
}

fn read_kms_key((name, key): &(&str, Field<'_>)) -> Result<(String, String), DocumentError> {
    let visible =
        |text: &str| (1..=MAX_KMS_KEY).contains(&text.len()) && Characters::of(text).are_among(Characters::VISIBLE);
    if !visible(name) {
        return Err(key.error("a key id of OSS's as its name, or \"default\""));
    }
    let text = key.string()?;
    if visible(text) {
        Ok(((*name).to_owned(), text.to_owned()))
    } else {
        Err(key.error("the id or the ARN of a KMS key"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    fn read(text: &str) -> Result<HeaderRules, String> {
        let document = Document::from_json(text).unwrap();
        HeaderRules::read(&Field::root(&document)).map_err(|error| error.to_string())
    }

    #[test]
    fn changes_only_what_is_named() {
        let rules = read(r#"{"storageClasses":{"Archive":"GLACIER_IR"}}"#).unwrap();
        assert_eq!(rules.storage_class("Archive"), Some("GLACIER_IR"));
        assert_eq!(rules.storage_class("IA"), Some("STANDARD_IA"));
        assert_eq!(rules.storage_class("GLACIER_IR"), None);
        assert_eq!(read("{}"), Ok(HeaderRules::default()));
    }

    #[test]
    fn finds_the_key_that_is_named_or_the_default() {
        let rules = read(r#"{"kmsKeys":{"default":"arn:a","9468da86":"arn:b"}}"#).unwrap();
        assert_eq!(rules.kms_key(None), Some("arn:a"));
        assert_eq!(rules.kms_key(Some("9468da86")), Some("arn:b"));
        assert_eq!(rules.kms_key(Some("other")), None);
        assert_eq!(HeaderRules::default().kms_key(None), None);
    }

    #[test]
    fn names_the_field_and_what_was_expected() {
        for (text, expected) in [
            (r#"{"storageClasses":{"Cold":"GLACIER"}}"#, "storageClasses.Cold: expected one of \"Standard\""),
            (r#"{"storageClasses":{"IA":"IA"}}"#, "storageClasses.IA: expected a storage class of S3"),
            (r#"{"tagging":"yes"}"#, "tagging: expected true or false"),
            (r#"{"publicAcl":true}"#, "publicAcl: expected a string"),
            (r#"{"publicAcl":"public"}"#, "publicAcl: expected one of \"refused\", \"dropped\""),
            (r#"{"kmsKeys":{"default":""}}"#, "kmsKeys.default: expected the id or the ARN"),
            (r#"{"kmsKeys":{"a b":"arn"}}"#, "kmsKeys.a b: expected a key id of OSS's"),
            (r#"{"callback":{}}"#, "callback: expected no such field"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
